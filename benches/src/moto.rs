//! moto's server, the oldest peer: its calls of EC2 side by side with the embedded engine's. Its functions need Docker
//! and images from a registry, so there is no status call to compare.

use crate::atelier::{Project, free_port, resident_kib};
use crate::embedded::{median, megabytes};
use crate::http::Connection;
use crate::signed::Signed;
use crate::table::{Row, ms, row};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const CALLS: usize = 500;

/// Measures everything and returns the table's rows.
pub fn measure(binary: &Path) -> io::Result<Vec<Row>> {
    let project = Project::new(binary, &["--engine", "embedded"])?;
    let up = project.run(&["up"])?;
    let ours = Figures::of(project.address(), project.credentials()?)?;
    let ours_kib = project.engine_memory()?;
    let moto = Moto::start()?;
    let peer = Figures::of(moto.address(), ("test".to_owned(), "test".to_owned()))?;
    let peer_kib = resident_kib(&moto.process.id().to_string())?;
    Ok(vec![
        row("`up` to ready", "", ms(up), ms(moto.ready_after)),
        row("RunInstances, 1 client, p50", "", ms(ours.run), ms(peer.run)),
        row("DescribeInstances by id, 1 client, p50", "", ms(ours.describe), ms(peer.describe)),
        row(&format!("engine with {CALLS} instances, RSS"), "", megabytes(ours_kib), megabytes(peer_kib)),
    ])
}

struct Figures {
    run: Duration,
    describe: Duration,
}

impl Figures {
    fn of(engine: SocketAddr, credentials: (String, String)) -> io::Result<Self> {
        let mut client = Signed::connect(engine, credentials)?;
        let mut last = String::new();
        let mut timed = |form: &str| {
            let start = Instant::now();
            let answer = client.ec2(form)?;
            Ok::<_, io::Error>((start.elapsed(), answer))
        };
        let mut run = Vec::with_capacity(CALLS);
        for _ in 0..CALLS {
            let (took, answer) =
                timed("Action=RunInstances&ImageId=ami-0c02fb55956c7d316&InstanceType=t2.micro&MinCount=1&MaxCount=1")?;
            run.push(took);
            let id = answer.split_once("<instanceId>").and_then(|(_, rest)| rest.split('<').next());
            last = id.ok_or_else(|| io::Error::other("no instance in the answer"))?.to_owned();
        }
        let form = format!("Action=DescribeInstances&InstanceId.1={last}");
        let describe = (0..CALLS).map(|_| timed(&form).map(|(took, _)| took)).collect::<io::Result<_>>()?;
        Ok(Self { run: median(run), describe: median(describe) })
    }
}

/// A running server on a free loopback port.
struct Moto {
    process: Child,
    port: u16,
    ready_after: Duration,
}

impl Moto {
    /// Starts it and waits, at most 60 s, until it answers.
    fn start() -> io::Result<Self> {
        let port = free_port()?;
        let start = Instant::now();
        let process = Command::new("moto_server")
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut server = Self { process, port, ready_after: Duration::ZERO };
        while start.elapsed() < Duration::from_secs(60) {
            if Connection::open(server.address()).and_then(|mut open| open.get("/moto-api/data.json", "")).is_ok() {
                server.ready_after = start.elapsed();
                return Ok(server);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Err(io::Error::new(io::ErrorKind::TimedOut, "moto's server did not answer in 60 s"))
    }

    fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
