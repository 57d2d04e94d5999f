//! The floor: what the round trips of one status call cost on this machine when nothing is done between them.
//!
//! A call of the embedded engine is four round trips over loopback: client and edge, edge and function (the invocation),
//! function and EC2, function and edge (the response). Here each is answered by a thread that does nothing else, in the
//! same order and one inside the other, so that no implementation can be faster than this.

use crate::load::Load;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;

/// The round trips of a call, the client's own among them.
const ROUND_TRIPS: usize = 4;
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
const QUESTION: &[u8] = b"GET / HTTP/1.1\r\n\r\n";

/// The stations of a call; they last as long as this process.
pub struct Floor {
    first: SocketAddr,
}

impl Floor {
    /// Starts one station for each round trip, each on a free port.
    pub fn start() -> io::Result<Self> {
        let mut next = None;
        for _ in 0..ROUND_TRIPS {
            next = Some(station(next)?);
        }
        next.map(|first| Self { first }).ok_or_else(|| io::Error::other("no round trip"))
    }

    /// Sends so many requests over so many connections.
    pub fn load(&self, clients: usize, requests: usize) -> Load {
        Load::run(self.first, "/", "", clients, requests)
    }
}

/// Answers each request after the next station has answered it, over a connection of its own for each client.
fn station(next: Option<SocketAddr>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            thread::spawn(move || {
                // A client that goes away ends its thread, and nothing else.
                let _ = serve(client, next);
            });
        }
    });
    Ok(address)
}

fn serve(client: TcpStream, next: Option<SocketAddr>) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut client = BufReader::new(client);
    let mut next = next.map(TcpStream::connect).transpose()?;
    if let Some(next) = &next {
        next.set_nodelay(true)?;
    }
    let mut answers = next.as_ref().map(TcpStream::try_clone).transpose()?.map(BufReader::new);
    while read_head(&mut client)? {
        if let (Some(next), Some(answers)) = (&mut next, &mut answers) {
            next.write_all(QUESTION)?;
            read_head(answers)?;
            io::copy(&mut io::Read::take(&mut *answers, 2), &mut io::sink())?;
        }
        client.get_mut().write_all(ANSWER)?;
    }
    Ok(())
}

/// Reads to the empty line; `false` at the end of the connection.
fn read_head(stream: &mut BufReader<TcpStream>) -> io::Result<bool> {
    let mut line = String::new();
    while stream.read_line(&mut line)? > 0 {
        if line == "\r\n" {
            return Ok(true);
        }
        line.clear();
    }
    Ok(false)
}
