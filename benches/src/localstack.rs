//! The `localstack` engine side by side with the same image used by hand: `docker run`, then the AWS CLI call by call.

use crate::atelier::{Project, free_port, resident_kib};
use crate::aws_cli;
use crate::embedded::median;
use crate::http::Connection;
use crate::load::Load;
use crate::table::{Row, ms, row};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{fs, io};

const IMAGE: &str = "localstack/localstack:4.14.0";
const RUNS: usize = 3;
const STATUS_REQUESTS: usize = 500;
const LIST_REQUESTS: usize = 20_000;
/// What tells LocalStack which service a call is for; it does not check the signature.
const EC2_CALL: &str = "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0\r\n";

/// Tells whether Docker answers and the image is here.
pub fn is_possible() -> bool {
    docker(&["image", "inspect", IMAGE]).is_ok()
}

/// Measures everything and returns the table's rows.
pub fn measure(binary: &Path) -> io::Result<Vec<Row>> {
    let (mut up, mut by_hand, mut deploy, mut by_cli) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let archive = std::env::temp_dir().join(format!("atelier-bench-{}.zip", std::process::id()));
    for _ in 0..RUNS {
        // In turns, so that neither has to share the machine with the other.
        {
            let project = Project::new(binary, &["--engine", "localstack"])?;
            up.push(project.run(&["up"])?);
            deploy.push(project.run(&["deploy"])?);
            fs::copy(project.archive()?, &archive)?;
        }
        let engine = ByHand::start()?;
        by_hand.push(engine.ready_after);
        by_cli.push(aws_cli::deploy(engine.address(), &archive)?);
    }
    fs::remove_file(&archive)?;
    let project = Project::new(binary, &["--engine", "localstack"])?;
    project.run(&["up"])?;
    project.run(&["deploy"])?;
    let proxy = Proxy::of(&project)?;
    let proxy_memory = proxy.memory()?;
    let path = project.status_path()?;
    let engine = published(&format!("localstack-main-{}", project.address().port()), 4566)?;
    let (direct, edge) = interleaved(engine, project.address(), &path);
    let (rate, lost) = proxy.list_rate()?;
    let (up, by_hand) = (median(up), median(by_hand));
    let (deploy, by_cli) = (median(deploy), median(by_cli));
    Ok(vec![
        row("`up` to ready, median", "LocalStack's own + ≤ 0.5 s", ms(up), ms(by_hand)),
        row("`deploy`, median", "≤ a quarter", ms(deploy), ms(by_cli)),
        row("status through the edge, p50", "direct + ≤ 3 ms", ms(edge), ms(direct)),
        row("docker proxy, `List` requests/s", "≥ 2,000", format!("{rate:.0} ({lost} lost)"), "-"),
        row("docker proxy idle, RSS", "≤ 4 MB", proxy_memory, "-"),
    ])
}

/// p50 of the same call made to LocalStack directly and through the edge, in turns so that both see the same machine.
fn interleaved(direct: SocketAddr, edge: SocketAddr, path: &str) -> (Duration, Duration) {
    let (mut directs, mut edges) = (Vec::new(), Vec::new());
    for _ in 0..10 {
        directs.push(Load::run(direct, path, "", 1, STATUS_REQUESTS / 10).percentile(50));
        edges.push(Load::run(edge, path, "", 1, STATUS_REQUESTS / 10).percentile(50));
    }
    (median(directs), median(edges))
}

/// LocalStack as its own users start it.
struct ByHand {
    name: String,
    port: u16,
    /// From `docker run` to the first answered EC2 call after a healthy health page.
    ready_after: Duration,
}

impl ByHand {
    fn start() -> io::Result<Self> {
        let port = free_port()?;
        let name = format!("atelier-bench-localstack-{port}");
        let publish = format!("127.0.0.1:{port}:4566");
        let start = Instant::now();
        docker(&[
            "run",
            "-d",
            "--rm",
            "--name",
            &name,
            "-p",
            &publish,
            "-v",
            "/var/run/docker.sock:/var/run/docker.sock",
            "-e",
            "SKIP_SSL_CERT_DOWNLOAD=1",
            "-e",
            "DISABLE_EVENTS=1",
            IMAGE,
        ])?;
        let mut engine = Self { name, port, ready_after: Duration::ZERO };
        while start.elapsed() < Duration::from_secs(120) {
            let health = Connection::open(engine.address()).and_then(|mut open| open.get("/_localstack/health", ""));
            if matches!(health, Ok((200, _))) {
                let describe = "/?Action=DescribeInstances&Version=2016-11-15";
                Connection::open(engine.address())?.get(describe, EC2_CALL)?;
                engine.ready_after = start.elapsed();
                return Ok(engine);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(io::Error::new(io::ErrorKind::TimedOut, "LocalStack did not become healthy in 120 s"))
    }

    fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }
}

/// Its function containers end with it; they carry its name.
impl Drop for ByHand {
    fn drop(&mut self) {
        let _ = docker(&["stop", "-t", "10", &self.name]);
        let filter = format!("name={}-lambda-", self.name);
        for id in docker(&["ps", "-aq", "--filter", &filter]).unwrap_or_default().split_whitespace() {
            let _ = docker(&["rm", "-f", id]);
        }
    }
}

/// The docker proxy's container of a project.
struct Proxy {
    address: SocketAddr,
    token: String,
    pid: String,
}

impl Proxy {
    fn of(project: &Project) -> io::Result<Self> {
        let name = format!("docker-proxy-{}", project.address().port());
        let pid = docker(&["inspect", "-f", "{{.State.Pid}}", &name])?;
        Ok(Self { address: published(&name, 2375)?, token: project.proxy_token()?, pid })
    }

    fn list_rate(&self) -> io::Result<(f64, usize)> {
        let authorization = format!("Authorization: Bearer {}\r\n", self.token);
        Load::run(self.address, "/containers", &authorization, 8, 800);
        let load = Load::run(self.address, "/containers", &authorization, 8, LIST_REQUESTS);
        Ok((load.rate(), load.failed))
    }

    fn memory(&self) -> io::Result<String> {
        Ok(format!("{:.1} MB", resident_kib(self.pid.trim())? as f64 * 1024.0 / 1e6))
    }
}

/// Where a container's port is published.
fn published(container: &str, port: u16) -> io::Result<SocketAddr> {
    docker(&["port", container, &port.to_string()])?.trim().parse().map_err(io::Error::other)
}

fn docker(arguments: &[&str]) -> io::Result<String> {
    let output = Command::new("docker").args(arguments).output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
}
