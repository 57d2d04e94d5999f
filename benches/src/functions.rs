//! A function in Python that calls nobody: its cold start over the interpreter's own, and its answers when it is warm.

use crate::atelier::Project;
use crate::aws_cli;
use crate::embedded::median;
use crate::ministack::MiniStack;
use crate::signed::Signed;
use crate::table::{Row, ms, row};
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const COLD_STARTS: usize = 9;
const WARM_CALLS: usize = 1_000;
const CODE: &str = "def handler(event, context):\n    return event\n";

/// Measures everything and returns the table's rows.
pub fn measure(binary: &Path) -> io::Result<Vec<Row>> {
    let version = version()?;
    let bare = median((0..COLD_STARTS).map(|_| interpreter()).collect::<io::Result<_>>()?);
    let project = Project::new(binary, &["--engine", "embedded"])?;
    project.run(&["up"])?;
    let ours = Figures::of(project.address(), project.credentials()?, &version)?;
    let engine = MiniStack::start()?;
    let peer = Figures::of(engine.address(), ("test".to_owned(), "test".to_owned()), &version)?;
    let over = |cold: Duration| ms(cold.saturating_sub(bare));
    Ok(vec![
        row(&format!("`python3 -c pass` ({version}), median"), "", ms(bare), "the same"),
        row("Python, first answer over that, median", "≤ 120 ms", over(ours.cold), over(peer.cold)),
        row("Python, warm, 1 client, p50", "≤ 3 ms", ms(ours.warm), ms(peer.warm)),
    ])
}

struct Figures {
    cold: Duration,
    warm: Duration,
}

impl Figures {
    fn of(engine: SocketAddr, credentials: (String, String), version: &str) -> io::Result<Self> {
        let code = archive()?;
        aws_cli::create_function(engine, &credentials, &code, version)?;
        // Each with a connection of its own: the AWS CLI takes so long that an engine may close an idle one.
        let connect = || Signed::connect(engine, credentials.clone());
        let timed = |client: &mut Signed| {
            let start = Instant::now();
            client.invoke("bench", "{}").map(|_| start.elapsed())
        };
        let mut cold = vec![timed(&mut connect()?)?];
        for at in 1..COLD_STARTS {
            // A changed function has no process yet.
            aws_cli::touch_function(engine, &credentials, at)?;
            cold.push(timed(&mut connect()?)?);
        }
        let mut client = connect()?;
        let warm = (0..WARM_CALLS).map(|_| timed(&mut client)).collect::<io::Result<_>>()?;
        fs::remove_file(code)?;
        Ok(Self { cold: median(cold), warm: median(warm) })
    }
}

/// The archive of the function, zipped by Python.
fn archive() -> io::Result<PathBuf> {
    let path = std::env::temp_dir().join(format!("atelier-bench-{}.zip", std::process::id()));
    let program = "import sys, zipfile; zipfile.ZipFile(sys.argv[1], 'w').writestr('app.py', sys.argv[2])";
    let status = Command::new("python3").args(["-c", program]).arg(&path).arg(CODE).status()?;
    if status.success() { Ok(path) } else { Err(io::Error::other("the function could not be zipped")) }
}

fn interpreter() -> io::Result<Duration> {
    let start = Instant::now();
    Command::new("python3").args(["-c", "pass"]).stdin(Stdio::null()).status()?;
    Ok(start.elapsed())
}

/// The runtime of the Python on the `PATH` (`python3.12`).
fn version() -> io::Result<String> {
    let program = "import sys; print('python3.%d' % sys.version_info[1])";
    let output = Command::new("python3").args(["-c", program]).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
