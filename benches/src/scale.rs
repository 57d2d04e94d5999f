//! What commands take as a stack and an engine grow: instances of one stack, and stacks on one engine.

use crate::atelier::Project;
use crate::table::{Row, ms, row};
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

const INSTANCES: [usize; 4] = [1, 10, 100, 1_000];
const STACKS: [usize; 3] = [1, 10, 50];

/// Measures everything and returns the table's rows.
pub fn measure(binary: &Path) -> io::Result<Vec<Row>> {
    let of_instances = INSTANCES.map(|count| instances(binary, count)).into_iter().collect::<io::Result<Vec<_>>>()?;
    let of_stacks = STACKS.map(|count| stacks(binary, count)).into_iter().collect::<io::Result<Vec<_>>>()?;
    let times = |figures: &[Figures], of: fn(&Figures) -> Duration| {
        figures.iter().map(|one| ms(of(one))).collect::<Vec<_>>().join(" / ")
    };
    let ours = |of| times(&of_instances, of);
    let theirs = |of| times(&of_stacks, of);
    let linear = "linear or better";
    Ok(vec![
        row("`deploy` of 1 / 10 / 100 / 1,000 instances", linear, ours(|one| one.deploy), "-"),
        row("`deploy` again, nothing to do", linear, ours(|one| one.again), "-"),
        row("`plan`", linear, ours(|one| one.plan), "-"),
        row("`status`", linear, ours(|one| one.status), "-"),
        row("`clean`", linear, ours(|one| one.clean), "-"),
        row("`deploy` as the 1st / 10th / 50th stack of an engine", "flat", theirs(|one| one.deploy), "-"),
        row("`plan` of that stack", "flat", theirs(|one| one.plan), "-"),
        row("`status --all` of 1 / 10 / 50 stacks", linear, theirs(|one| one.status), "-"),
        row("`clean --all`", linear, theirs(|one| one.clean), "-"),
    ])
}

struct Figures {
    deploy: Duration,
    again: Duration,
    plan: Duration,
    status: Duration,
    clean: Duration,
}

fn instances(binary: &Path, count: usize) -> io::Result<Figures> {
    let project = Project::new(binary, &["--engine", "embedded"])?;
    let names: String = (0..count).map(|number| format!("i{number} = \"t3.micro\"\n")).collect();
    fs::write(project.file("atelier.toml"), format!("[instances]\n{names}"))?;
    project.run(&["up"])?;
    // What it takes to make the archive is no matter of instances.
    project.run(&["deploy", "--stack", "first"])?;
    project.run(&["clean", "--yes", "--stack", "first"])?;
    Ok(Figures {
        deploy: project.run(&["deploy"])?,
        again: project.run(&["deploy"])?,
        plan: project.run(&["plan"])?,
        status: project.run(&["status"])?,
        clean: project.run(&["clean", "--yes"])?,
    })
}

fn stacks(binary: &Path, count: usize) -> io::Result<Figures> {
    let project = Project::new(binary, &["--engine", "embedded"])?;
    project.run(&["up"])?;
    project.run(&["deploy", "--stack", "first"])?;
    project.run(&["clean", "--yes", "--stack", "first"])?;
    let mut deploy = Duration::ZERO;
    for number in 1..=count {
        deploy = project.run(&["deploy", "--stack", &format!("s{number}")])?;
    }
    let last = format!("s{count}");
    Ok(Figures {
        deploy,
        again: project.run(&["deploy", "--stack", &last])?,
        plan: project.run(&["plan", "--stack", &last])?,
        status: project.run(&["status", "--all"])?,
        clean: project.run(&["clean", "--all", "--yes"])?,
    })
}
