//! What a write and a read cost the embedded engine as its state grows: instances in one region, up to 100,000.

use crate::atelier::Project;
use crate::embedded::{median, megabytes};
use crate::signed::Signed;
use crate::table::{Row, ms, row};
use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

const SIZES: [usize; 4] = [1, 100, 10_000, 100_000];
/// How many instances are launched at a time to fill the state. There are addresses for 12,273 that live, so most are
/// terminated: they stay known for an hour.
const BATCH: usize = 1_000;
const WRITES: usize = 201;
const READS: usize = 1_001;
const STARTS: usize = 5;

/// Measures everything and returns the table's rows.
pub fn measure(binary: &Path) -> io::Result<Vec<Row>> {
    let figures = SIZES.map(|size| at(binary, size)).into_iter().collect::<io::Result<Vec<_>>>()?;
    let times = |of: fn(&Figures) -> Duration| figures.iter().map(|one| ms(of(one))).collect::<Vec<_>>().join(" / ");
    let sizes = |of: fn(&Figures) -> u64| figures.iter().map(|one| megabytes(of(one))).collect::<Vec<_>>().join(" / ");
    let flat = "≤ 2x from 100 to 100,000";
    Ok(vec![
        row("`RunInstances` at 1 / 100 / 10,000 / 100,000 instances, median", flat, times(|one| one.run), "-"),
        row("`CreateTags`, median", flat, times(|one| one.tag), "-"),
        row("`DescribeInstances` by id, median", flat, times(|one| one.describe), "-"),
        row("`up` to ready, median", "", times(|one| one.up), "-"),
        row("`up` after kill -9, once", "", times(|one| one.up_killed), "-"),
        row("engine after the start, RSS", "", sizes(|one| one.memory_kib), "-"),
        row("the state's file", "", sizes(|one| one.file_kib), "-"),
    ])
}

struct Figures {
    run: Duration,
    tag: Duration,
    describe: Duration,
    up: Duration,
    up_killed: Duration,
    memory_kib: u64,
    file_kib: u64,
}

fn at(binary: &Path, size: usize) -> io::Result<Figures> {
    let project = Project::new(binary, &["--engine", "embedded"])?;
    project.run(&["up"])?;
    let mut ec2 = Signed::connect(project.address(), project.credentials()?)?;
    let id = fill(&mut ec2, size)?;
    let tag = |number| format!("Action=CreateTags&ResourceId.1={id}&Tag.1.Key=number&Tag.1.Value={number}");
    let tag = timed(WRITES, |number| ec2.ec2(&tag(number)))?;
    let describe = timed(READS, |_| ec2.ec2(&format!("Action=DescribeInstances&InstanceId.1={id}")))?;
    let run = timed(WRITES, |_| ec2.ec2(&launch(1)))?;
    drop(ec2);
    let mut ups = Vec::new();
    for _ in 0..STARTS {
        project.run(&["down"])?;
        ups.push(project.run(&["up"])?);
    }
    let memory_kib = project.engine_memory()?;
    project.kill_engine()?;
    let up_killed = project.run(&["up"])?;
    let file_kib = fs::metadata(project.engine_file("state.redb"))?.len() / 1024;
    Ok(Figures { run, tag, describe, up: median(ups), up_killed, memory_kib, file_kib })
}

/// Launches instances until there are so many; gives the id of one that lives.
fn fill(ec2: &mut Signed, size: usize) -> io::Result<String> {
    let mut left = size;
    loop {
        let answer = ec2.ec2(&launch(left.min(BATCH)))?;
        let ids: Vec<&str> = answer.split("<instanceId>").skip(1).filter_map(|rest| rest.split('<').next()).collect();
        left = left.saturating_sub(BATCH);
        if left == 0 {
            return ids.first().map(ToString::to_string).ok_or_else(|| io::Error::other("no instance"));
        }
        let ids: Vec<String> = ids.iter().enumerate().map(|(at, id)| format!("InstanceId.{}={id}", at + 1)).collect();
        ec2.ec2(&format!("Action=TerminateInstances&{}", ids.join("&")))?;
    }
}

fn launch(count: usize) -> String {
    format!("Action=RunInstances&ImageId=ami-0c02fb55956c7d316&InstanceType=t2.micro&MinCount={count}&MaxCount={count}")
}

fn timed(count: usize, mut call: impl FnMut(usize) -> io::Result<String>) -> io::Result<Duration> {
    let mut times = Vec::new();
    for number in 0..count {
        let start = Instant::now();
        call(number)?;
        times.push(start.elapsed());
    }
    Ok(median(times))
}
