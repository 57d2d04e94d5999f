//! The stream of changes: bounded, and heard soon.

use super::served::{Served, Visit};
use crate::{
    cli::journey::{deployed, succeeds},
    support::{Project, eventually},
};
use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::{Arc, Mutex},
    time::Duration,
};

const DEADLINE: Duration = Duration::from_mins(1);
const MOST: usize = 8;

/// An open stream, and what came on it.
struct Stream {
    socket: TcpStream,
    text: Arc<Mutex<String>>,
}

impl Stream {
    fn open(visit: &Visit<'_>) -> Self {
        let mut socket = TcpStream::connect(("127.0.0.1", visit.served.port)).unwrap();
        let head = format!("GET /events HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\n\r\n", visit.served.host(), visit.cookie);
        socket.write_all(head.as_bytes()).unwrap();
        let text = Arc::new(Mutex::new(String::new()));
        let (mut reader, sink) = (socket.try_clone().unwrap(), text.clone());
        std::thread::spawn(move || {
            let mut buffer = [0; 1024];
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                sink.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..read]));
            }
        });
        Self { socket, text }
    }

    fn holds(&self, text: &str) -> bool {
        eventually(DEADLINE, || self.text.lock().unwrap().contains(text))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
    }
}

#[test]
fn a_change_is_heard_by_all_who_listen_and_nothing_is_said_of_what() {
    let project = deployed();
    let served = Served::start(&project, &[]);
    let visit = served.visit(&served.url);
    visit.shows("/", "running");
    let streams = [Stream::open(&visit), Stream::open(&visit)];
    assert!(streams.iter().all(|stream| stream.holds("retry: ")));
    succeeds(&project.run(&["call", "stop"]));
    for stream in &streams {
        assert!(stream.holds("event: change"), "{}", stream.text.lock().unwrap());
        assert!(!stream.text.lock().unwrap().contains("stopped"));
    }
}

#[test]
fn there_are_so_many_streams_and_who_leaves_makes_room() {
    let project = Project::new().up();
    let served = Served::start(&project, &[]);
    let visit = served.visit(&served.url);
    let mut streams: Vec<Stream> = (0..MOST).map(|_| Stream::open(&visit)).collect();
    assert!(streams.iter().all(|stream| stream.holds("200 OK") && stream.holds("retry: ")));
    let answer = visit.get("/events");
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")));
    assert_eq!(visit.get("/doctor").status, 200, "pages are served all the same");
    streams.pop();
    let mut next = Vec::new();
    let is_let_in = eventually(DEADLINE, || {
        let stream = Stream::open(&visit);
        let is_open = stream.holds("HTTP/1.1") && stream.text.lock().unwrap().contains("200 OK");
        if is_open {
            next.push(stream);
        }
        is_open
    });
    assert!(is_let_in);
    // Nobody who listens keeps the command from its end.
    assert_eq!(served.end().code, Some(0));
}
