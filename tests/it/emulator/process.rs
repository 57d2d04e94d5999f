//! The engine as a process: killed while many write, and out of disk.

use super::function;
use crate::support::{Project, engine_port, eventually};
use aws_sdk_cloudwatchlogs::{
    Client,
    config::{Builder, retry::RetryConfig},
    error::ProvideErrorMetadata,
};
use aws_sdk_lambda::{
    client::Waiters,
    primitives::Blob,
    types::{FunctionCode, InvocationType, Runtime as FunctionRuntime},
};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, prlimit};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{runtime::Runtime, task::JoinSet};

/// How often the engine is killed, and how many write to it.
const KILLS: usize = 50;
const WRITERS: usize = 64;

/// A project with an engine, and a client of it that tries nothing twice.
struct Engine {
    project: Project,
    port: u16,
    runtime: Runtime,
}

impl Engine {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        Self { project: Project::new(), port: engine_port(), runtime }
    }

    fn up(&self) -> Client {
        let up = self.project.run(&["up", "--engine", "embedded", "--port", &self.port.to_string()]);
        assert_eq!(up.code, Some(0), "{up:?}");
        self.client()
    }

    /// Starts the engine so that a file that grows too large is an error to it, and not its end.
    fn up_without_signal(&self) -> Client {
        let mut shell = Command::new("/bin/sh");
        let up = self.project.command(&["up", "--engine", "embedded", "--port", &self.port.to_string()]);
        shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(up.get_program()).args(up.get_args());
        shell.env_clear().envs(up.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.current_dir(self.project.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        assert!(shell.status().unwrap().success());
        self.client()
    }

    fn client(&self) -> Client {
        let config = Builder::from(&self.project.sdk(self.port)).retry_config(RetryConfig::disabled());
        Client::from_conf(config.build())
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&fs::read_to_string(self.project.path().join(".atelier").join(name)).unwrap()).unwrap()
    }

    fn pid(&self) -> Pid {
        let pid = self.json("engine.json")["process"]["pid"].as_i64().unwrap();
        Pid::from_raw(i32::try_from(pid).unwrap()).unwrap()
    }

    /// The log groups whose names begin like this.
    fn groups(&self, client: &Client, prefix: &str) -> BTreeSet<String> {
        let pages = client.describe_log_groups().log_group_name_prefix(prefix).into_paginator().items();
        let groups = self.runtime.block_on(pages.send().collect::<Result<Vec<_>, _>>()).unwrap();
        groups.into_iter().map(|group| group.log_group_name.unwrap()).collect()
    }
}

/// What a writer knows: which groups are there, and which are not. Of those whose answer never came it knows nothing.
#[derive(Default)]
struct Known {
    there: BTreeSet<String>,
    gone: BTreeSet<String>,
}

/// Makes groups, and removes every other one, until the engine is no more.
async fn write(client: Client, prefix: String, answers: Arc<AtomicUsize>) -> Known {
    let mut known = Known::default();
    for number in 0.. {
        let name = format!("{prefix}/{number}");
        if client.create_log_group().log_group_name(&name).send().await.is_err() {
            break;
        }
        answers.fetch_add(1, Ordering::Relaxed);
        if number % 2 == 0 {
            known.there.insert(name);
            continue;
        }
        if client.delete_log_group().log_group_name(&name).send().await.is_err() {
            break;
        }
        answers.fetch_add(1, Ordering::Relaxed);
        known.gone.insert(name);
    }
    known
}

#[test]
fn every_acknowledged_write_is_there_after_a_kill_at_any_moment() {
    let engine = Engine::new();
    let mut client = engine.up();
    let mut acknowledged = 0;
    for round in 0..KILLS {
        let (prefix, pid) = (format!("round-{round}/"), engine.pid());
        let answers = Arc::new(AtomicUsize::new(0));
        let known = engine.runtime.block_on(async {
            let mut writers = JoinSet::new();
            for writer in 0..WRITERS {
                writers.spawn(write(client.clone(), format!("{prefix}{writer}"), Arc::clone(&answers)));
            }
            // Another moment each time, from the first answer on.
            while answers.load(Ordering::Relaxed) <= round * 3 {
                assert!(writers.try_join_next().is_none(), "a writer gave up before the kill");
                tokio::task::yield_now().await;
            }
            kill_process(pid, Signal::KILL).unwrap();
            writers.join_all().await
        });
        client = engine.up();
        let found = engine.groups(&client, &prefix);
        for Known { there, gone } in known {
            assert!(there.is_subset(&found), "round {round}: {:?}", there.difference(&found));
            assert!(gone.is_disjoint(&found), "round {round}: {:?}", gone.intersection(&found));
            acknowledged += there.len() + gone.len();
        }
    }
    assert!(acknowledged > KILLS, "{acknowledged}");
}

#[test]
fn a_deploy_onto_a_full_disk_says_so_at_once_and_goes_on_when_there_is_room() {
    let engine = Engine::new();
    engine.up_without_signal();
    let limit = |current| {
        let maximum = getrlimit(Resource::Fsize).maximum;
        prlimit(Some(engine.pid()), Resource::Fsize, Rlimit { current, maximum }).unwrap();
    };
    limit(Some(1 << 20));
    let full = engine.project.run(&["deploy", "--json"]);
    assert_eq!(full.code, Some(1), "{full:?}");
    let error = &full.json()["error"];
    assert!(error["hints"].to_string().contains("make room"), "{error}");
    let log = fs::read_to_string(engine.project.path().join(".atelier/engine.log")).unwrap();
    let asked =
        log.lines().filter(|line| line.contains("\"POST\"") && line.contains("/2015-03-31/functions\"")).count();
    assert_eq!(asked, 1, "it was tried again: {log}");
    limit(getrlimit(Resource::Fsize).current);
    let deployed = engine.project.run(&["deploy"]);
    assert_eq!(deployed.code, Some(0), "{deployed:?}");
}

#[test]
fn what_a_function_started_ends_with_a_killed_engine_or_with_the_next_one() {
    let engine = Engine::new();
    engine.up();
    let started = engine.project.path().join("started");
    let file = started.display();
    // It leaves group, session and parent.
    let script =
        format!("setsid sh -c 'echo $PPID $$ > {file}.new; mv {file}.new {file}; exec sleep 3600' & sleep 3600");
    let numbers = || -> Vec<String> {
        until(|| started.exists());
        let numbers = fs::read_to_string(&started).unwrap();
        fs::remove_file(&started).unwrap();
        numbers.split_whitespace().map(str::to_owned).collect()
    };
    let is_gone = |pid: &str| !fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
    let lambda = aws_sdk_lambda::Client::new(&engine.project.sdk(engine.port));
    let iam = aws_sdk_iam::Client::new(&engine.project.sdk(engine.port));
    engine.runtime.block_on(async {
        let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
        let role = iam.create_role().role_name("r").assume_role_policy_document(trust).send().await.unwrap();
        let code = FunctionCode::builder().zip_file(Blob::new(function::script(&script))).build();
        let creation = lambda.create_function().function_name("f").handler("bootstrap").timeout(60).code(code);
        creation.role(role.role.unwrap().arn).runtime(FunctionRuntime::Providedal2023).send().await.unwrap();
        lambda.wait_until_function_active_v2().function_name("f").wait(Duration::from_secs(30)).await.unwrap();
    });
    let invoke = || {
        let event = lambda.invoke().function_name("f").invocation_type(InvocationType::Event);
        engine.runtime.block_on(event.send()).unwrap();
    };

    // The engine dies at once, and with it what its function started.
    invoke();
    let first = numbers();
    kill_process(engine.pid(), Signal::KILL).unwrap();
    until(|| first.iter().all(|pid| is_gone(pid)));

    // Both die at once, the engine and the parent of the function's processes: the next engine finds what is left.
    engine.up();
    invoke();
    let second = numbers();
    let sandbox = parent(&second[0]);
    kill_process(engine.pid(), Signal::STOP).unwrap();
    kill_process(sandbox, Signal::KILL).unwrap();
    kill_process(engine.pid(), Signal::KILL).unwrap();
    assert!(!is_gone(&second[1]), "nobody is there to end it");
    engine.up();
    until(|| second.iter().all(|pid| is_gone(pid)));
}

fn until(condition: impl FnMut() -> bool) {
    assert!(eventually(Duration::from_secs(20), condition));
}

/// The parent of a process.
fn parent(pid: &str) -> Pid {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    Pid::from_raw(stat.rsplit(") ").next().unwrap().split(' ').nth(1).unwrap().parse().unwrap()).unwrap()
}

#[test]
fn a_full_disk_costs_an_error_and_leaves_memory_and_disk_as_they_were() {
    let engine = Engine::new();
    let client = engine.up_without_signal();
    let create = |name: String| {
        let tags = (0..40).map(|tag| (format!("tag-{tag}"), "x".repeat(200)));
        let call = client.create_log_group().log_group_name(name).set_tags(Some(tags.collect()));
        engine.runtime.block_on(call.send()).map_err(Box::new)
    };
    let file = engine.project.path().join(".atelier/engine/state.redb");
    let limit = |current| {
        let maximum = getrlimit(Resource::Fsize).maximum;
        prlimit(Some(engine.pid()), Resource::Fsize, Rlimit { current, maximum }).unwrap();
    };
    let mut made = BTreeSet::new();
    for round in 0..3 {
        limit(Some(fs::metadata(&file).unwrap().len()));
        let refused = (0..2000).map(|number| format!("full-{round}/{number}")).find_map(|name| {
            let error = create(name.clone()).err();
            if error.is_none() {
                made.insert(name.clone());
            }
            Some((name, error?))
        });
        let (name, error) = refused.expect("the file has grown although it could not");
        assert_eq!(error.code(), Some("InsufficientStorage"), "{error:?}");
        assert_eq!(engine.groups(&client, "full-"), made);
        limit(getrlimit(Resource::Fsize).current);
        create(name.clone()).unwrap();
        made.insert(name);
        assert_eq!(engine.groups(&client, "full-"), made);
    }
    kill_process(engine.pid(), Signal::KILL).unwrap();
    assert_eq!(engine.groups(&engine.up(), "full-"), made);
}
