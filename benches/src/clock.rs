//! What happens by the clock: one look at many instances with office hours, and rules that wait for their time.

use crate::atelier::Project;
use crate::embedded::median;
use crate::signed::Signed;
use crate::table::{Row, ms, row};
use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

const INSTANCES: usize = 100;
const TICKS: usize = 21;
/// On how many days all of them start.
const DAYS: usize = 15;
const RULES: usize = 1_000;
/// How long the idle engine is watched.
const WATCH: Duration = Duration::from_secs(20);
const TICK: &str = r#"{"source":"aws.events","detail-type":"Scheduled Event"}"#;
/// Asks for the instances that are on their way.
const UNSETTLED: &str = "Action=DescribeInstances&Filter.1.Name=instance-state-name\
                         &Filter.1.Value.1=pending&Filter.1.Value.2=stopping";
const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:infrastructure-handler";

/// Measures everything and returns the table's rows.
pub fn measure(binary: &Path) -> io::Result<Vec<Row>> {
    let Ticks { idle: tick, reads, start, orders } = tick(binary)?;
    let [without, with] = idle(binary)?;
    let share = |share: f64| format!("{:.2} %", share * 100.0);
    Ok(vec![
        row(&format!("a tick over {INSTANCES} instances with office hours, median"), "≤ 150 ms", ms(tick), "-"),
        row("reads of EC2 in a tick", "1", format!("{reads:.1}"), "-"),
        row(&format!("a tick that starts all {INSTANCES}, median"), "", ms(start), "-"),
        row("calls of `StartInstances` in it", "1", format!("{orders:.1}"), "-"),
        row("idle engine without rules, of a core", "", share(without), "-"),
        row(&format!("idle engine with {RULES} rules, of a core"), "< 1 %", share(with), "-"),
    ])
}

/// What ticks over many instances cost.
struct Ticks {
    /// The time of one with nothing to do.
    idle: Duration,
    /// How often that one reads EC2.
    reads: f64,
    /// The time of one that starts all instances.
    start: Duration,
    /// How many orders to start that one gives.
    orders: f64,
}

fn tick(binary: &Path) -> io::Result<Ticks> {
    let project = Project::new(binary, &["--engine", "embedded"])?;
    let names = (0..INSTANCES).map(|number| format!("i{number}"));
    let instances: String = names.clone().map(|name| format!("{name} = \"t3.micro\"\n")).collect();
    let schedules: String =
        names.map(|name| format!("[schedule.{name}]\nstart = \"08:00\"\nstop = \"18:30\"\n")).collect();
    fs::write(project.file("atelier.toml"), format!("[instances]\n{instances}{schedules}"))?;
    project.run(&["up"])?;
    project.run(&["deploy"])?;
    let mut lambda = Signed::connect(project.address(), project.credentials()?)?;
    // The first does what is due, and starts the process.
    lambda.invoke("infrastructure-handler", TICK)?;
    let calls = |operation: &str| -> io::Result<usize> {
        let log = fs::read_to_string(project.file(".atelier/engine.log"))?;
        Ok(log.matches(operation).count())
    };
    let before = calls("ec2 DescribeInstances")?;
    let mut times = Vec::new();
    for _ in 0..TICKS {
        let start = Instant::now();
        lambda.invoke("infrastructure-handler", TICK)?;
        times.push(start.elapsed());
    }
    let reads = (calls("ec2 DescribeInstances")? - before) as f64 / TICKS as f64;
    let before = calls("ec2 StartInstances")?;
    let start = starts(&project, &mut lambda)?;
    let orders = (calls("ec2 StartInstances")? - before) as f64 / DAYS as f64;
    Ok(Ticks { idle: median(times), reads, start, orders })
}

/// The time of a tick that starts all instances. Its event says what time it is: days to come, one after the other.
fn starts(project: &Project, lambda: &mut Signed) -> io::Result<Duration> {
    let mut ec2 = Signed::connect(project.address(), project.credentials()?)?;
    let mut tick = |day: usize, time: &str, done: &str| -> io::Result<Duration> {
        let event = TICK.replace('}', &format!(r#","time":"2099-01-{day:02}T{time}:00Z"}}"#));
        let start = Instant::now();
        let answer = lambda.invoke("infrastructure-handler", &event)?;
        let took = start.elapsed();
        if answer.matches(done).count() != INSTANCES {
            return Err(io::Error::other(format!("not all are {done}: {answer}")));
        }
        while ec2.ec2(UNSETTLED)?.contains("<instanceId>") {
            thread::sleep(Duration::from_millis(10));
        }
        Ok(took)
    };
    tick(1, "18:30", "stopped")?;
    let mut times = Vec::new();
    for day in 2..DAYS + 2 {
        times.push(tick(day, "08:00", "started")?);
        tick(day, "18:30", "stopped")?;
    }
    Ok(median(times))
}

/// What share of a core the engine uses, without rules and with many that are not due.
fn idle(binary: &Path) -> io::Result<[f64; 2]> {
    let project = Project::new(binary, &["--engine", "embedded"])?;
    project.run(&["up"])?;
    let share = || -> io::Result<f64> {
        let before = project.engine_cpu()?;
        thread::sleep(WATCH);
        Ok((project.engine_cpu()? - before).as_secs_f64() / WATCH.as_secs_f64())
    };
    let without = share()?;
    let mut events = Signed::connect(project.address(), project.credentials()?)?;
    for number in 0..RULES {
        let rule = format!(r#"{{"Name":"r{number}","ScheduleExpression":"rate(1 day)"}}"#);
        events.json("events", "AWSEvents.PutRule", &rule)?;
        let target = format!(r#"{{"Rule":"r{number}","Targets":[{{"Id":"f","Arn":"{FUNCTION}"}}]}}"#);
        events.json("events", "AWSEvents.PutTargets", &target)?;
    }
    drop(events);
    Ok([without, share()?])
}
