//! The embedded engine side by side with MiniStack: same machine, same run, same function archive, same client.

use crate::atelier::Project;
use crate::cold_start;
use crate::floor::Floor;
use crate::load::Load;
use crate::ministack::MiniStack;
use crate::table::{Row, ms, row};
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

const UP_RUNS: usize = 11;
const PEER_UP_RUNS: usize = 3;
const DEPLOY_RUNS: usize = 5;
const COLD_STARTS: usize = 21;
/// Requests of one client, and of eight together.
const REQUESTS: [usize; 2] = [2_000, 16_000];
/// The peer takes as long for these as the embedded engine for those.
const PEER_REQUESTS: [usize; 2] = [500, 1_000];

/// Measures everything and returns the table's rows.
pub fn measure(binary: &Path) -> io::Result<Vec<Row>> {
    let ours = measure_atelier(binary)?;
    let floor = Floor::start()?;
    floor.load(8, 80);
    let floor = (floor.load(1, REQUESTS[0]).percentile(50), floor.load(8, REQUESTS[1]).rate());
    let peer = measure_ministack(binary)?;
    let cold = median((0..COLD_STARTS).map(|_| cold_start::measure(binary)).collect::<io::Result<_>>()?);
    let ratio = |a: Duration, b: Duration| format!("{} ({:.0}x)", ms(b), b.as_secs_f64() / a.as_secs_f64());
    Ok(vec![
        row("`up` to ready, median", "≤ 50 ms, ≥ 10x", ms(ours.up), ratio(ours.up, peer.up)),
        row(
            "full `deploy`, the first one (makes the archive)",
            "≤ 500 ms",
            ms(ours.first),
            ratio(ours.first, peer.first),
        ),
        row("full `deploy`, median of the next", "≤ 500 ms", ms(ours.deploy), ratio(ours.deploy, peer.deploy)),
        row("status, 1 client, p50", "≤ 2 ms, ≥ 5x", ms(ours.served.p50), ratio(ours.served.p50, peer.served.p50)),
        row("status, 1 client, p99", "", ms(ours.served.p99), ratio(ours.served.p99, peer.served.p99)),
        row(
            "status, 8 clients, requests/s",
            "≥ 2,000",
            format!("{:.0}", ours.served.rate),
            format!("{:.0}", peer.served.rate),
        ),
        row("the floor: the same round trips with no work, 1 client, p50", "", ms(floor.0), "the same"),
        row("the floor, 8 clients, requests/s", "", format!("{:.0}", floor.1), "the same"),
        row("status, 8 clients, lost", "0", ours.served.lost.to_string(), peer.served.lost.to_string()),
        row("cold start (exec to first `next`), median", "≤ 15 ms", ms(cold), "-"),
        row("engine idle, nothing deployed, RSS", "≤ 25 MB", megabytes(ours.fresh_kib), megabytes(peer.fresh_kib)),
        row("engine after all of the above, RSS", "", megabytes(ours.used_kib), megabytes(peer.used_kib)),
        row("function archive", "≤ 5 MB", megabytes(ours.archive_bytes / 1024), "the same"),
        row("binary", "≤ 12 MB", megabytes(fs::metadata(binary)?.len() / 1024), "-"),
    ])
}

struct Figures {
    up: Duration,
    first: Duration,
    deploy: Duration,
    served: Served,
    fresh_kib: u64,
    used_kib: u64,
    archive_bytes: u64,
}

fn measure_atelier(binary: &Path) -> io::Result<Figures> {
    let project = Project::new(binary, &["--engine", "embedded"])?;
    let mut ups = Vec::new();
    for _ in 0..UP_RUNS {
        ups.push(project.run(&["up"])?);
        project.run(&["down"])?;
    }
    project.run(&["up"])?;
    let fresh_kib = project.engine_memory()?;
    let (first, deploy) = deploys(&project)?;
    let archive_bytes = fs::metadata(project.archive()?)?.len();
    let served = Served::by(project.address(), &project.status_path()?, REQUESTS);
    let used_kib = project.engine_memory()?;
    Ok(Figures { up: median(ups), first, deploy, served, fresh_kib, used_kib, archive_bytes })
}

fn measure_ministack(binary: &Path) -> io::Result<Figures> {
    let mut ups = Vec::new();
    for _ in 0..PEER_UP_RUNS {
        ups.push(MiniStack::start()?.ready_after);
    }
    let engine = MiniStack::start()?;
    let fresh_kib = engine.memory()?;
    let url = engine.url();
    let project = Project::new(binary, &["--endpoint", &url])?;
    let (first, deploy) = deploys(&project)?;
    let served = Served::by(engine.address(), &project.status_path()?, PEER_REQUESTS);
    let used_kib = engine.memory()?;
    Ok(Figures { up: median(ups), first, deploy, served, fresh_kib, used_kib, archive_bytes: 0 })
}

/// The first deploy, and the median of some more; each starts from nothing but the archive, which the first one makes.
fn deploys(project: &Project) -> io::Result<(Duration, Duration)> {
    let first = project.run(&["deploy"])?;
    let mut next = Vec::new();
    for _ in 0..DEPLOY_RUNS {
        project.run(&["clean", "--yes"])?;
        next.push(project.run(&["deploy"])?);
    }
    Ok((first, median(next)))
}

/// How an engine answered one client, and then eight.
struct Served {
    p50: Duration,
    p99: Duration,
    rate: f64,
    lost: usize,
}

impl Served {
    /// Measures after a warm-up.
    fn by(address: SocketAddr, path: &str, [one, eight]: [usize; 2]) -> Self {
        Load::run(address, path, "", 8, 80);
        let one = Load::run(address, path, "", 1, one);
        let eight = Load::run(address, path, "", 8, eight);
        Self { p50: one.percentile(50), p99: one.percentile(99), rate: eight.rate(), lost: one.failed + eight.failed }
    }
}

/// The middle one.
pub fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort_unstable();
    durations[durations.len() / 2]
}

/// Megabytes with one digit, for a table.
pub fn megabytes(kib: u64) -> String {
    format!("{:.1} MB", kib as f64 * 1024.0 / 1e6)
}
