//! The command line, run as a process.

mod alarms;
mod aws;
mod bonus;
mod call;
mod codespace;
mod completions;
mod config;
mod doctor;
mod documents;
mod engines;
mod errors;
mod explain;
mod foreground;
mod french;
mod help;
mod hints;
mod http_client;
pub(crate) mod journey;
mod json;
mod language;
mod locales;
mod logs;
mod openapi;
mod own;
mod reports;
mod run;
mod runtimes;
mod signals;
mod status;
mod streams;
mod terminal;
mod trace;
mod troubleshooting;
mod watch;
mod words;
mod workshop;

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    thread,
};

/// Gives the URL of a forwarded port that is private: it answers as GitHub's tunnel does.
fn tunnel() -> String {
    door("401 Unauthorized\r\nwww-authenticate: tunnel", "")
}

/// Answers a health check as the engine of a project does, which a tunnel before it passes on; `false` where `head`, a
/// request's, asks for something else.
pub(crate) fn passes_on(project: &Path, head: &str, stream: &mut impl Write) -> bool {
    if !head.starts_with("GET /healthz ") {
        return false;
    }
    let record = std::fs::read_to_string(project.join(".atelier/engine.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    let port = u16::try_from(record["port"].as_u64().unwrap()).unwrap();
    let challenge = head.lines().find(|line| line.starts_with("x-atelier-challenge:")).unwrap_or("x-none: x");
    let mut engine = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let asked = format!("GET /healthz HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n{challenge}\r\n\r\n");
    engine.write_all(asked.as_bytes()).unwrap();
    let mut answer = Vec::new();
    engine.read_to_end(&mut answer).unwrap();
    let _ = stream.write_all(&answer);
    true
}

/// Gives the URL of a tunnel that leads to the engine of a project, and has one answer for every call of an API.
pub(crate) fn bent(project: &Path, head: &'static str, body: &'static str) -> String {
    let project = project.to_owned();
    serve(move |request, stream| {
        if !passes_on(&project, request, stream) {
            answer_with(head, body, stream);
        }
    })
}

/// Gives the URL of a server that has one answer for everything: its status and headers, and its body.
pub(crate) fn door(head: &'static str, body: &'static str) -> String {
    serve(move |_, stream| answer_with(head, body, stream))
}

fn answer_with(head: &str, body: &str, stream: &mut impl Write) {
    let length = body.len();
    let answer = format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
    let _ = stream.write_all(answer.as_bytes());
}

fn serve(answer: impl Fn(&str, &mut TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 1024];
            let read = stream.read(&mut request).unwrap_or_default();
            answer(&String::from_utf8_lossy(&request[..read]), &mut stream);
        }
    });
    url
}
