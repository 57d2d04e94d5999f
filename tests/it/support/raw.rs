//! A client that sends exactly the bytes it is given, and reads answers one by one.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// The longest wait for anything; passing it fails the test.
const DEADLINE: Duration = Duration::from_secs(20);

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Gives the only value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "`{name}` came twice: {self:?}");
        value
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A connection.
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = timeout(DEADLINE, TcpStream::connect(address)).await.unwrap().unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: Vec::new() }
    }

    /// Sends bytes; a server that has closed already is no failure here, its answer tells.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = timeout(DEADLINE, self.stream.write_all(bytes.as_ref())).await.unwrap();
    }

    /// Ends this side of the connection.
    pub(crate) async fn finish(&mut self) {
        let _ = self.stream.shutdown().await;
    }

    /// Reads the next answer; `None` when the server closes instead.
    pub(crate) async fn answer(&mut self) -> Option<Answer> {
        self.next(true).await
    }

    /// Reads the next answer, which has no body although it names a length.
    pub(crate) async fn answer_to_head(&mut self) -> Option<Answer> {
        self.next(false).await
    }

    /// Reads whatever comes until the server closes.
    pub(crate) async fn drain(&mut self) {
        while self.fill().await {
            self.buffer.clear();
        }
    }

    /// Waits for the server to close; bytes in between are a failure.
    pub(crate) async fn closed(&mut self) {
        assert!(self.buffer.is_empty(), "left over: {:?}", String::from_utf8_lossy(&self.buffer));
        while self.fill().await {
            assert!(self.buffer.is_empty(), "after the answer: {:?}", String::from_utf8_lossy(&self.buffer));
        }
    }

    async fn next(&mut self, with_body: bool) -> Option<Answer> {
        let end = loop {
            if let Some(at) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            if !self.fill().await {
                assert!(self.buffer.is_empty(), "half an answer: {:?}", String::from_utf8_lossy(&self.buffer));
                return None;
            }
        };
        let head = String::from_utf8(self.buffer.drain(..end).collect()).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<_> =
            lines.map(|line| line.split_once(": ").unwrap()).map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        let mut answer = Answer { status, headers, body: Vec::new() };
        if with_body && answer.header("transfer-encoding") == Some("chunked") {
            while let Some(chunk) = self.chunk().await.expect("the body is broken off") {
                answer.body.extend(chunk);
            }
            return Some(answer);
        }
        let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        if with_body {
            while self.buffer.len() < length {
                assert!(self.fill().await, "the body is cut short");
            }
            answer.body = self.buffer.drain(..length).collect();
        }
        Some(answer)
    }

    /// Reads the head of an answer whose body comes in chunks.
    pub(crate) async fn answer_in_chunks(&mut self) -> Option<Answer> {
        self.next(false).await
    }

    /// Reads the next chunk of a body, `None` at its end.
    ///
    /// # Errors
    /// When the server closes before it.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Vec<u8>>, ()> {
        loop {
            let line = self.buffer.windows(2).position(|window| window == b"\r\n");
            let size =
                line.map(|end| usize::from_str_radix(std::str::from_utf8(&self.buffer[..end]).unwrap(), 16).unwrap());
            if let Some((line, size)) = line.zip(size).filter(|(line, size)| self.buffer.len() >= line + size + 4) {
                let chunk = self.buffer[line + 2..line + 2 + size].to_vec();
                self.buffer.drain(..line + size + 4);
                return Ok((size > 0).then_some(chunk));
            }
            if !self.fill().await {
                return Err(());
            }
        }
    }

    /// Reads some more; `false` at the end, however the server came to it.
    async fn fill(&mut self) -> bool {
        let read = timeout(DEADLINE, self.stream.read_buf(&mut self.buffer)).await.expect("the server says nothing");
        matches!(read, Ok(count) if count > 0)
    }
}

/// Sends `bytes` on a connection of its own, and gives the first answer, after which the server must have closed.
pub(crate) async fn refused(address: SocketAddr, bytes: impl AsRef<[u8]>) -> Answer {
    let mut client = Client::connect(address).await;
    client.send(bytes).await;
    let answer = client.answer().await.expect("an answer");
    client.closed().await;
    answer
}
