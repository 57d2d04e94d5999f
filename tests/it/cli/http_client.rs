//! The client of the public URL against servers that do not mean well.

use atelier::http_client::{Answer, CallError, HttpClient};
use bytes::Bytes;
use http::Method;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinSet,
};

/// Answers the first request with these bytes and keeps the connection open; `None` never answers.
async fn call(answer: Option<Vec<u8>>, deadline: Duration) -> Result<Answer, CallError> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/infra", listener.local_addr().unwrap());
    let mut server = JoinSet::new();
    server.spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 1024];
        let _ = stream.read(&mut request).await;
        if let Some(answer) = answer {
            let _ = stream.write_all(&answer).await;
        }
        // Until the client closes.
        while matches!(stream.read(&mut request).await, Ok(1..)) {}
    });
    HttpClient::for_url(&url).unwrap().call(Method::GET, &url, Bytes::new(), deadline).await
}

const LONG: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_private_codespaces_port_is_recognised_and_nothing_else_is() {
    let answer = |head: &str| Some(format!("HTTP/1.1 {head}\r\ncontent-length: 0\r\n\r\n").into_bytes());
    for private in
        ["401 Unauthorized\r\nwww-authenticate: tunnel", "302 Found\r\nlocation: /x\r\nWWW-Authenticate: Tunnel a"]
    {
        assert!(call(answer(private), LONG).await.unwrap().is_private_port(), "{private}");
    }
    for other in ["401 Unauthorized\r\nwww-authenticate: Bearer", "403 Forbidden", "200 OK\r\nwww-authenticate: tunnel"]
    {
        assert!(!call(answer(other), LONG).await.unwrap().is_private_port(), "{other}");
    }
}

#[tokio::test]
async fn a_redirect_to_where_people_log_in_is_a_private_port_without_the_tunnels_header_too() {
    let redirect = |status: &str, to: &str| {
        Some(format!("HTTP/1.1 {status}\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n").into_bytes())
    };
    for login in [
        "https://github.com/codespaces/fuzzy-fish",
        "https://GitHub.com",
        "https://github.com?return_to=x",
        "https://auth.github.com/x",
        "https://pf-signin.example/signin",
        "https://pf.example/SignIn?port=4566#top",
        "/signin",
        "/login?next=%2Finfra",
        "https://fuzzy-fish-4566.app.github.dev/auth/postback?to=%2Finfra",
    ] {
        for status in ["302 Found", "307 Temporary Redirect"] {
            let answer = call(redirect(status, login), LONG).await.unwrap();
            assert!(answer.is_private_port(), "{status} to {login}");
        }
        let answer = call(redirect("200 OK", login), LONG).await.unwrap();
        assert!(!answer.is_private_port(), "no redirect, whatever it names: {login}");
    }
    for other in [
        "https://example.com/infra",
        "/infra",
        "https://notgithub.com/x",
        "https://github.com.example.com/x",
        "https://example.com/?to=https://github.com/login",
        "https://example.com/authors/1",
        "/signins",
    ] {
        let answer = call(redirect("302 Found", other), LONG).await.unwrap();
        assert!(!answer.is_private_port(), "{other}");
    }
    let nowhere = Some(b"HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n".to_vec());
    assert!(!call(nowhere, LONG).await.unwrap().is_private_port(), "it leads nowhere");
}

#[tokio::test]
async fn silence_ends_at_the_deadline() {
    let error = call(None, Duration::from_millis(50)).await.unwrap_err();
    assert!(matches!(error, CallError::Deadline { .. }), "{error}");
}

#[tokio::test]
async fn an_answer_larger_than_the_bound_is_refused() {
    let mut answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2000000\r\n\r\n".to_vec();
    answer.resize(answer.len() + 2_000_000, b'x');
    let error = call(Some(answer), LONG).await.unwrap_err();
    assert!(matches!(error, CallError::Broken { .. }), "{error}");
}

#[tokio::test]
async fn nobody_there_and_no_url_are_errors() {
    let client = HttpClient::for_url("http://127.0.0.1:1").unwrap();
    let error = client.call(Method::GET, "http://127.0.0.1:1/", Bytes::new(), LONG).await.unwrap_err();
    assert!(matches!(error, CallError::Unreachable { .. }), "{error}");
    let error = client.call(Method::GET, "http://not a url/", Bytes::new(), LONG).await.unwrap_err();
    assert!(matches!(error, CallError::Url(_)), "{error}");
}
