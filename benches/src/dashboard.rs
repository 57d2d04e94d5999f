//! The dashboard: what it holds, how soon a page is there, and what its readers cost those who call the API.

use crate::atelier::{Project, resident_kib};
use crate::embedded::{median, megabytes};
use crate::http::Connection;
use crate::load::Load;
use crate::table::{Row, ms, row};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const CALLS: usize = 10_000;
const READERS: usize = 50;
const REQUESTS: usize = 2_000;
const PAGES: usize = 21;
/// How long it has nothing to do before its memory is looked at.
const REST: Duration = Duration::from_secs(5);

/// Measures everything and returns the table's rows.
pub fn measure(binary: &Path) -> io::Result<Vec<Row>> {
    let project = Project::new(binary, &["--engine", "embedded"])?;
    project.run(&["up"])?;
    project.run(&["deploy"])?;
    let (api, path) = (project.address(), project.status_path()?);
    Load::run(api, &path, "", 8, 80);
    let dashboard = Dashboard::start(&project)?;
    let mut pages = Vec::new();
    for _ in 0..PAGES {
        pages.push(dashboard.page("/")?);
    }
    thread::sleep(REST);
    let idle_kib = dashboard.memory()?;
    let alone = Load::run(api, &path, "", 1, REQUESTS).percentile(50);
    let read = dashboard.read_by(READERS, || Load::run(api, &path, "", 1, REQUESTS).percentile(50))?;
    Load::run(api, &path, "", 8, CALLS);
    let calls = dashboard.page("/calls")?;
    thread::sleep(REST);
    let full_kib = dashboard.memory()?;
    let more = (read.as_secs_f64() / alone.as_secs_f64() - 1.0) * 100.0;
    Ok(vec![
        row("dashboard idle, RSS", "≤ 15 MB", megabytes(idle_kib), "-"),
        row(&format!("dashboard with {CALLS} calls kept, RSS"), "≤ 40 MB", megabytes(full_kib), "-"),
        row("its first page, median", "≤ 200 ms", ms(median(pages)), "-"),
        row(&format!("its page of calls after {CALLS}"), "", ms(calls), "-"),
        row("status, 1 client, p50, nobody reads pages", "", ms(alone), "-"),
        row(&format!("the same, {READERS} read pages"), "≤ 10 % more", format!("{} ({more:+.0} %)", ms(read)), "-"),
    ])
}

/// A dashboard that runs, and the session of one browser.
struct Dashboard {
    process: Child,
    address: SocketAddr,
    cookie: String,
}

impl Dashboard {
    fn start(project: &Project) -> io::Result<Self> {
        let mut process = project.start(&["dashboard", "--url"])?;
        let mut url = String::new();
        let output = process.stdout.take().ok_or_else(|| io::Error::other("no output"))?;
        BufReader::new(output).read_line(&mut url)?;
        let (address, token) = url
            .trim()
            .strip_prefix("http://")
            .and_then(|rest| rest.split_once("/enter#"))
            .ok_or_else(|| io::Error::other("the dashboard printed no URL"))?;
        let address: SocketAddr = address.parse().map_err(io::Error::other)?;
        let cookie = enter(address, token)?;
        Ok(Self { process, address, cookie })
    }

    fn headers(&self) -> String {
        format!("cookie: {}\r\naccept: text/html\r\n", self.cookie)
    }

    /// Loads a page and tells how long that took.
    fn page(&self, path: &str) -> io::Result<Duration> {
        let mut connection = Connection::open(self.address)?;
        let start = Instant::now();
        let (status, _) = connection.get(path, &self.headers())?;
        let elapsed = start.elapsed();
        if status == 200 { Ok(elapsed) } else { Err(io::Error::other(format!("{path} answered {status}"))) }
    }

    fn memory(&self) -> io::Result<u64> {
        resident_kib(&self.process.id().to_string())
    }

    /// Does something while so many pages are open, which are loaded again at every change as a browser does.
    fn read_by<T>(&self, readers: usize, act: impl FnOnce() -> T) -> io::Result<T> {
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..readers {
                scope.spawn(|| self.follow(&is_over));
            }
            thread::sleep(Duration::from_secs(2));
            let done = act();
            is_over.store(true, Ordering::Relaxed);
            Ok(done)
        })
    }

    fn follow(&self, is_over: &AtomicBool) -> io::Result<()> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(Duration::from_millis(500)))?;
        write!(stream, "GET /events HTTP/1.1\r\nHost: {}\r\n{}\r\n", self.address, self.headers())?;
        let mut piece = [0; 4096];
        while !is_over.load(Ordering::Relaxed) {
            match stream.read(&mut piece) {
                Ok(0) => break,
                Ok(length) if piece[..length].windows(6).any(|word| word == b"change") => {
                    self.page("/")?;
                }
                Ok(_) => {}
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Exchanges the token of the URL for the cookie of a session.
fn enter(address: SocketAddr, token: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let body = format!("token={token}");
    let kind = "content-type: application/x-www-form-urlencoded";
    write!(
        stream,
        "POST /session HTTP/1.1\r\nHost: {address}\r\norigin: http://{address}\r\n{kind}\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let line = answer.lines().find_map(|line| line.strip_prefix("set-cookie: "));
    let cookie = line.and_then(|line| line.split(';').next());
    cookie.map(ToOwned::to_owned).ok_or_else(|| io::Error::other(format!("no session: {answer}")))
}
