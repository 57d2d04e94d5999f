//! Who listens where: for the sentence that refuses a taken port, and for `doctor`. Linux tells through `/proc`;
//! elsewhere nobody is named.

use crate::text::{Message, Verbatim};
use std::{
    fmt, fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    path::Path,
};

/// How many ports are tried until there are three free ones in a row; more than one is rarely needed.
const FREE_TRIES: usize = 100;

/// A listening socket of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listener {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    inode: String,
}

/// The process behind a listening socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder {
    /// Its number.
    pub(crate) pid: u32,
    /// Its command's name.
    pub(crate) name: String,
}

impl Verbatim for Holder {}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` (pid {})", self.name, self.pid)
    }
}

/// Finds the process that stands in the way of `address`, where this user may see it.
pub(super) fn holder(address: SocketAddr) -> Option<Holder> {
    listeners().into_iter().find(|listener| listener.is_in_the_way_of(address))?.holder()
}

/// What a holder is called for people (`nginx (pid 123)`), known or not.
pub(crate) fn named(holder: Option<Holder>) -> Message {
    holder.map_or_else(|| Message::new("docker.port_holder"), Message::literal)
}

/// Whether nothing of this machine listens on an address. Another process may take it before it is used.
pub(super) fn is_free(address: SocketAddr) -> bool {
    TcpListener::bind(address).is_ok()
}

/// Finds a port that is free on every address, together with the two after it, which a set of containers takes as well.
/// Another process may take them before they are used.
pub(super) fn free() -> io::Result<u16> {
    let is_free = |port: u16| is_free((Ipv4Addr::UNSPECIFIED, port).into());
    for _ in 0..FREE_TRIES {
        let first = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        let port = first.local_addr()?.port();
        if port < u16::MAX - 2 && is_free(port + 1) && is_free(port + 2) {
            return Ok(port);
        }
    }
    Err(io::ErrorKind::AddrInUse.into())
}

/// Lists every listening TCP socket of this machine.
pub(crate) fn listeners() -> Vec<Listener> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| fs::read_to_string(table).unwrap_or_default());
    tables.iter().flat_map(|table| listening(table)).collect()
}

impl Listener {
    /// Makes a socket that nobody is seen to hold.
    #[cfg(test)]
    pub(crate) fn unheld(address: SocketAddr) -> Self {
        Self { address, inode: "none".to_owned() }
    }

    /// Whether nobody else can listen on `address` while this socket does.
    fn is_in_the_way_of(&self, address: SocketAddr) -> bool {
        self.address.port() == address.port()
            && (self.address.ip() == address.ip() || self.address.ip().is_unspecified())
    }

    /// Finds the process that holds the socket, where this user may see it.
    pub(crate) fn holder(&self) -> Option<Holder> {
        let link = format!("socket:[{}]", self.inode);
        fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            let holds = fs::read_dir(entry.path().join("fd"))
                .ok()?
                .flatten()
                .any(|fd| fs::read_link(fd.path()).is_ok_and(|target| target == Path::new(&link)));
            let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            holds.then(|| Holder { pid, name: name.trim().to_owned() })
        })
    }
}

/// Reads a table of `/proc/net`: local address in the second column, state `0A` in the fourth, inode in the tenth.
fn listening(table: &str) -> Vec<Listener> {
    let parse = |line: &str| {
        let columns: Vec<&str> = line.split_ascii_whitespace().collect();
        let listens = *columns.get(3)? == "0A";
        let (address, inode) = (address(columns.get(1)?)?, (*columns.get(9)?).to_owned());
        listens.then_some(Listener { address, inode })
    };
    table.lines().skip(1).filter_map(parse).collect()
}

/// Reads `0100007F:11D6`: 32-bit words in this machine's byte order, which is little-endian wherever atelier runs.
fn address(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.split_once(':')?;
    let word = |at: usize| u32::from_str_radix(host.get(at * 8..at * 8 + 8)?, 16).ok().map(u32::swap_bytes);
    let host = match host.len() {
        8 => IpAddr::from(Ipv4Addr::from_bits(word(0)?)),
        32 => {
            let bits = (0..4).try_fold(0, |bits: u128, at| Some(bits << 32 | u128::from(word(at)?)))?;
            Ipv6Addr::from_bits(bits).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(host, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listening_sockets_are_found_with_their_addresses() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
            0: 0100007F:11D6 00000000:0000 01 00000000:00000000 00:00000000 00000000     0        0 111 1 0\n   \
            1: 010011AC:11D6 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 222 1 0\n";
        let found = listening(table);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].address.to_string().as_str(), found[0].inode.as_str()), ("172.17.0.1:4566", "222"));
    }

    #[test]
    fn addresses_of_both_families_are_read() {
        let read = |text| address(text).map(|address| address.to_string());
        assert_eq!(read("0100007F:0050").as_deref(), Some("127.0.0.1:80"));
        assert_eq!(read("00000000000000000000000001000000:0050").as_deref(), Some("[::1]:80"));
        assert_eq!(read("0000000000000000FFFF00000100007F:0050").as_deref(), Some("127.0.0.1:80"));
        for bad in ["", "0100007F", "01:0050", "0100007G:0050", "0100007F:10000"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn our_own_listener_is_named_with_our_pid() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let named = holder(address).unwrap().to_string();
        assert!(named.contains(&format!("(pid {})", std::process::id())), "{named}");
        assert_eq!(holder(SocketAddr::from(([127, 0, 0, 2], address.port()))), None, "it is in nobody's way there");
    }
}
