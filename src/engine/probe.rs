//! Asks a door of ours one question over plain HTTP: does it answer, and with which status.

use std::{io, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// How long an answer may take; a door that takes longer is not healthy.
const ANSWER: Duration = Duration::from_secs(2);

/// Sends `GET path` and gives the status of the answer.
///
/// # Errors
/// Returns why there is no connection or no answer in HTTP, or that it took too long.
pub(crate) async fn status(address: SocketAddr, path: &str) -> io::Result<u16> {
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        // `HTTP/1.1 200`: all that is wanted is in the first twelve bytes.
        let mut start = [0; 12];
        stream.read_exact(&mut start).await?;
        let text = std::str::from_utf8(&start).ok().and_then(|text| text.strip_prefix("HTTP/1."));
        text.and_then(|text| text[2..].parse().ok()).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
    };
    timeout(ANSWER, ask).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    async fn ask_a_server_that_says(answer: &'static str) -> io::Result<u16> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let read = stream.read(&mut request).await.unwrap();
            assert!(request[..read].starts_with(b"GET /health HTTP/1.1\r\n"));
            stream.write_all(answer.as_bytes()).await.unwrap();
        };
        tokio::join!(status(address, "/health"), serve).0
    }

    #[tokio::test]
    async fn the_status_is_what_the_door_says() {
        assert_eq!(ask_a_server_that_says("HTTP/1.1 200 OK\r\n\r\n").await.unwrap(), 200);
        assert_eq!(ask_a_server_that_says("HTTP/1.0 503 Busy\r\n\r\n").await.unwrap(), 503);
    }

    #[tokio::test]
    async fn an_answer_that_is_not_http_is_an_error() {
        assert!(ask_a_server_that_says("SSH-2.0-OpenSSH_9\r\n").await.is_err());
        assert!(ask_a_server_that_says("").await.is_err());
    }
}
