//! Which user of the machine a connection on loopback comes from: Linux tells whose each socket is. Where a system does
//! not, nobody knows.

use std::{
    fs,
    net::{IpAddr, SocketAddr},
};

/// The sockets of this network, and those of programs that speak IPv6 and mean IPv4.
const TABLES: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];
/// What stands before an address of IPv4 among those of IPv6.
const MAPPED: &str = "0000000000000000FFFF0000";

/// How often a connection is looked for: a table is not read at one instant.
const LOOKS: usize = 3;

/// Tells whether a connection comes from a process of another user than this one. One that has gone already may be anybody's.
pub(super) fn is_another(client: SocketAddr, server: SocketAddr) -> bool {
    let own = rustix::process::geteuid().as_raw();
    for _ in 0..LOOKS {
        let tables: Vec<String> = TABLES.iter().filter_map(|table| fs::read_to_string(table).ok()).collect();
        if let Some(owner) = tables.iter().find_map(|table| owner(table, client, server)) {
            return owner != own;
        }
        // Where not even the door itself is told of, nothing is.
        if !tables.iter().any(|table| tells_of(table, server)) {
            return false;
        }
    }
    true
}

/// Whether a table has a socket with this own end.
fn tells_of(table: &str, own: SocketAddr) -> bool {
    let Some(own) = written(own) else { return false };
    let mut ends = table.lines().skip(1).filter_map(|line| line.split_ascii_whitespace().nth(1));
    ends.any(|end| end.strip_prefix(MAPPED).unwrap_or(end) == own)
}

/// The user whose socket has these ends, by a table: the own end in the second column, the other one in the third, the
/// user in the eighth.
fn owner(table: &str, own: SocketAddr, other: SocketAddr) -> Option<u32> {
    let (own, other) = (written(own)?, written(other)?);
    let is = |column: &str, end: &str| column.strip_prefix(MAPPED).unwrap_or(column) == end;
    table.lines().skip(1).find_map(|line| {
        let columns: Vec<&str> = line.split_ascii_whitespace().collect();
        let is_it = is(columns.get(1)?, &own) && is(columns.get(2)?, &other);
        is_it.then(|| columns.get(7)?.parse().ok()).flatten()
    })
}

/// Writes an address as the tables do: its bytes as a word of the machine's.
fn written(address: SocketAddr) -> Option<String> {
    match address.ip() {
        IpAddr::V4(ip) => Some(format!("{:08X}:{:04X}", u32::from_ne_bytes(ip.octets()), address.port())),
        IpAddr::V6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn a_socket_is_its_users() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
            0: 0100007F:11D6 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 111 1 0\n   \
            1: 0000000000000000FFFF00000100007F:C350 0000000000000000FFFF00000100007F:11D6 01 00000000:00000000 \
            00:00000000 00000000  1001        0 222 1 0\n";
        let [server, client] = [4566, 50000].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        assert_eq!((owner(table, client, server), owner(table, server, client)), (Some(1001), Some(1000)));
        assert_eq!(owner(table, client, client), None);
        let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
        assert!(tells_of(table, server) && tells_of(table, client) && !tells_of(table, nobody));
    }

    #[test]
    fn who_has_gone_before_anybody_looked_is_another() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = listener.local_addr().unwrap();
        let gone = SocketAddr::from(([127, 0, 0, 2], 9));
        assert_eq!(is_another(gone, server), cfg!(target_os = "linux"));
        let unknown = SocketAddr::from(([127, 0, 0, 3], 9));
        assert!(!is_another(gone, unknown), "a door that no table tells of");
    }

    #[test]
    fn who_connects_to_himself_is_nobody_else() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, from) = listener.accept().unwrap();
        assert!(!is_another(from, server.local_addr().unwrap()));
        if cfg!(target_os = "linux") {
            let table = fs::read_to_string(TABLES[0]).unwrap();
            let own = rustix::process::geteuid().as_raw();
            assert_eq!(owner(&table, client.local_addr().unwrap(), client.peer_addr().unwrap()), Some(own));
        }
    }
}
