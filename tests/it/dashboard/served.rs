//! A dashboard that runs, and a client that sends what a test wants.

use crate::support::{Output, Project, Running, eventually};
use std::{
    fmt::Write as _,
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

/// Nothing here takes longer unless something hangs.
const DEADLINE: Duration = Duration::from_mins(1);

/// A dashboard that runs in a project.
pub(super) struct Served {
    running: Running,
    /// What lets one browser in.
    pub(super) url: String,
    /// What lets others look, where that was asked for.
    pub(super) share_url: Option<String>,
    pub(super) port: u16,
}

/// An answer.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Answer {
    /// The value of a header that came once.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "`{name}` came twice: {self:?}");
        value
    }

    /// What the page's forms carry.
    pub(super) fn form(&self) -> String {
        let (_, rest) = self.body.split_once(r#"name="form" value=""#).expect("a form");
        rest.split('"').next().unwrap().to_owned()
    }
}

impl Served {
    /// Starts one with these arguments behind `dashboard --url`.
    pub(super) fn start(project: &Project, args: &[&str]) -> Self {
        let running = Running::start(project.command(&[&["dashboard", "--url"], args].concat()));
        let lines = if args.contains(&"--share") { 2 } else { 1 };
        assert!(eventually(DEADLINE, || running.lines() >= lines), "no URL");
        let said = running.said();
        let mut urls = said.lines().map(ToOwned::to_owned);
        let (url, share_url) = (urls.next().unwrap(), urls.next());
        let authority = url.strip_prefix("http://127.0.0.1:").unwrap_or_else(|| panic!("{url}"));
        let port = authority.split('/').next().unwrap().parse().unwrap();
        Self { running, url, share_url, port }
    }

    /// The token in a URL.
    pub(super) fn token(url: &str) -> &str {
        url.split_once("/enter#").unwrap().1
    }

    /// What it wrote to stdout so far.
    pub(super) fn said(&self) -> String {
        self.running.said()
    }

    /// Sends what Ctrl-C sends, and waits for the end.
    pub(super) fn end(self) -> Output {
        self.running.interrupt();
        self.running.end()
    }

    /// Sends a request with exactly these headers.
    pub(super) fn raw(&self, head: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        raw(self.port, head, headers, body)
    }

    /// Sends a request as a browser without a session does.
    pub(super) fn ask(&self, head: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let host = self.host();
        self.raw(head, &[&[("host", host.as_str())], headers].concat(), body)
    }

    /// The host that its URL names.
    pub(super) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The origin of its pages.
    pub(super) fn origin(&self) -> String {
        format!("http://{}", self.host())
    }

    /// Exchanges a token for a cookie.
    pub(super) fn enter(&self, token: &str) -> Answer {
        self.ask("POST /session", &[("origin", &self.origin())], &format!("token={token}"))
    }

    /// Lets a visitor in by this URL.
    pub(super) fn visit(&self, url: &str) -> Visit<'_> {
        let answer = self.enter(Self::token(url));
        assert_eq!(answer.status, 303, "{answer:?}");
        let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        Visit { served: self, cookie }
    }
}

/// A browser that was let in.
pub(super) struct Visit<'a> {
    pub(super) served: &'a Served,
    pub(super) cookie: String,
}

impl Visit<'_> {
    /// Loads a page.
    pub(super) fn get(&self, path: &str) -> Answer {
        self.served.ask(&format!("GET {path}"), &[("cookie", &self.cookie), ("accept", "text/html")], "")
    }

    /// Loads a page again and again until it holds a text.
    pub(super) fn shows(&self, path: &str, text: &str) -> Answer {
        let mut last = None;
        let shown = eventually(DEADLINE, || {
            let answer = self.get(path);
            let holds = answer.body.contains(text);
            last = Some(answer);
            holds
        });
        let last = last.unwrap();
        assert!(shown, "no `{text}` at {path}: {}", last.body);
        last
    }

    /// Sends a form of one of its pages.
    pub(super) fn post(&self, path: &str, fields: &str) -> Answer {
        let form = self.get("/doctor").form();
        self.post_with(path, &format!("form={form}&{fields}"))
    }

    /// Sends these fields.
    pub(super) fn post_with(&self, path: &str, body: &str) -> Answer {
        let origin = self.served.origin();
        self.served.ask(&format!("POST {path}"), &[("cookie", &self.cookie), ("origin", &origin)], body)
    }
}

/// Reads an answer: to the length that it says, else to the end. A browser's driver leaves its connections open.
fn whole(stream: &mut TcpStream) -> Vec<u8> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 16 * 1024]);
    loop {
        let read = stream.read(&mut chunk).unwrap();
        bytes.extend_from_slice(&chunk[..read]);
        let head = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let said = head.and_then(|end| {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            length.map(|length: usize| end + 4 + length)
        });
        if read == 0 || said.is_some_and(|length| bytes.len() >= length) {
            return bytes;
        }
    }
}

/// Sends a request with exactly these headers to a port of this machine.
pub(super) fn raw(port: u16, head: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut text = format!("{head} HTTP/1.1\r\nconnection: close\r\n");
    for (name, value) in headers {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    if !body.is_empty() {
        let _ = write!(text, "content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n", body.len());
    }
    stream.write_all(format!("{text}\r\n{body}").as_bytes()).unwrap();
    let text = String::from_utf8(whole(&mut stream)).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{text}"));
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let pair = |line: &str| {
        let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("{line}: {text}"));
        (name.to_owned(), value.trim_start().to_owned())
    };
    Answer { status, headers: lines.map(pair).collect(), body: body.to_owned() }
}
