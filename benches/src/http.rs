//! A keep-alive HTTP/1.1 client that costs next to nothing, so that what is measured is the server.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// One connection to one server.
pub struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

impl Connection {
    /// Connects; every read and write of the connection is bounded to 30 s.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.set_write_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self { stream: BufReader::new(stream), host: address.to_string() })
    }

    /// Sends a GET with extra header lines (each ended by CRLF) and reads the whole answer: its status and body.
    pub fn get(&mut self, path: &str, headers: &str) -> io::Result<(u16, Vec<u8>)> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", self.host);
        self.stream.get_mut().write_all(request.as_bytes())?;
        self.read_answer()
    }

    /// Sends a POST with extra header lines (each ended by CRLF) and reads the whole answer: its status and body.
    pub fn post(&mut self, path: &str, headers: &str, body: &str) -> io::Result<(u16, Vec<u8>)> {
        let (host, length) = (&self.host, body.len());
        let request = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\ncontent-length: {length}\r\n{headers}\r\n{body}");
        self.stream.get_mut().write_all(request.as_bytes())?;
        self.read_answer()
    }

    fn read_answer(&mut self) -> io::Result<(u16, Vec<u8>)> {
        let status_line = self.read_line()?;
        let status = status_line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(malformed)?;
        let mut length = None;
        let mut chunked = false;
        loop {
            let line = self.read_line()?.to_ascii_lowercase();
            match line.split_once(':') {
                None if line.is_empty() => break,
                Some(("content-length", value)) => length = value.trim().parse().ok(),
                Some(("transfer-encoding", value)) => chunked = value.trim() == "chunked",
                _ => {}
            }
        }
        let body = if chunked { self.read_chunks()? } else { self.read_exactly(length.ok_or_else(malformed)?)? };
        Ok((status, body))
    }

    fn read_chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let size = usize::from_str_radix(self.read_line()?.trim(), 16).map_err(|_| malformed())?;
            body.extend(self.read_exactly(size)?);
            self.read_line()?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    fn read_exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(body)
    }

    fn read_line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "malformed HTTP answer")
}
