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
mod workshop;

use std::{
    io::{Read, Write},
    net::TcpListener,
    thread,
};

/// Gives the URL of a forwarded port that is private: it answers as GitHub's tunnel does.
fn tunnel() -> String {
    door("401 Unauthorized\r\nwww-authenticate: tunnel", "")
}

/// Gives the URL of a server that has one answer for everything: its status and headers, and its body.
pub(crate) fn door(head: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 1024]);
            let length = body.len();
            let answer = format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}
