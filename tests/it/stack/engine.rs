//! The embedded engine as a process: how it starts, ends, and what stands in its way.

use super::Workshop;
use crate::support::{Project, eventually, has_ended};
use rustix::process::{Pid, Signal, getsid, kill_process};
use std::{net::TcpListener, os::unix::fs::PermissionsExt, time::Duration};

/// Nothing that a test waits for takes longer unless something hangs.
const PATIENCE: Duration = Duration::from_mins(1);

#[test]
fn up_and_down_say_what_changed_and_twice_that_nothing_did() {
    let workshop = Workshop::new();
    let first = workshop.ok(&["up", "--engine", "embedded", "--json"]).json();
    assert_eq!(first["data"]["changed"], true);
    assert_eq!(first["data"]["url"], format!("http://127.0.0.1:{}", workshop.port));
    let second = workshop.ok(&["up", "--json"]).json();
    assert_eq!(second["data"]["changed"], false);
    assert_eq!(first["data"]["pid"], second["data"]["pid"]);
    assert_eq!(workshop.ok(&["down", "--json"]).json()["data"]["changed"], true);
    assert_eq!(workshop.ok(&["down", "--json"]).json()["data"]["changed"], false);
}

#[test]
fn the_engine_has_a_session_of_its_own_and_is_gone_after_down() {
    let workshop = Workshop::new();
    workshop.up();
    let pid = workshop.pid();
    assert_eq!(getsid(Some(pid)).unwrap(), pid);
    workshop.ok(&["down"]);
    assert!(eventually(PATIENCE, || has_ended(pid)));
}

#[test]
fn a_taken_port_is_refused_with_the_name_of_its_holder() {
    let workshop = Workshop::new();
    let _holder = TcpListener::bind(("127.0.0.1", workshop.port)).unwrap();
    let refused = workshop.run(&["up", "--engine", "embedded", "--json"]);
    assert_eq!(refused.code, Some(4));
    let error = &refused.json()["error"];
    assert_eq!(error["code"], "port_taken");
    if cfg!(target_os = "linux") {
        let holder = format!("(pid {})", std::process::id());
        assert!(error["message"].as_str().unwrap().contains(&holder), "{error}");
    }
}

#[test]
fn a_killed_engine_is_replaced_and_its_record_does_not_mislead() {
    let workshop = Workshop::new();
    workshop.up();
    let pid = workshop.pid();
    kill_process(pid, Signal::KILL).unwrap();
    assert!(eventually(PATIENCE, || workshop.run(&["deploy"]).code == Some(5)));
    assert_eq!(workshop.ok(&["up", "--engine", "embedded", "--json"]).json()["data"]["changed"], true);
    assert_ne!(workshop.pid(), pid);
}

/// The processes whose parent this is.
fn children(parent: Pid) -> Vec<Pid> {
    let is_child = |pid: &Pid| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let after_name = stat.rsplit(") ").next().unwrap_or_default();
        after_name.split(' ').nth(1) == Some(&parent.to_string())
    };
    let names = std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    names.filter_map(|name| Pid::from_raw(name.parse().ok()?)).filter(is_child).collect()
}

/// The sockets that a process has open, by inode.
fn sockets(process: Pid) -> Vec<String> {
    let open = std::fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten();
    let targets =
        open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok()?.into_os_string().into_string().ok());
    targets.filter_map(|target| Some(target.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())).collect()
}

/// The addresses in the kernel's words on which some sockets listen.
fn listening(sockets: &[String]) -> Vec<String> {
    let tables = ["tcp", "tcp6"].map(|table| std::fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default());
    let lines = tables.iter().flat_map(|table| table.lines().skip(1));
    let fields = lines.map(|line| line.split_ascii_whitespace().collect::<Vec<_>>());
    let listeners = fields.filter(|fields| fields[3] == "0A" && sockets.iter().any(|socket| socket == fields[9]));
    listeners.map(|fields| fields[1].to_owned()).collect()
}

#[test]
fn an_engine_and_its_functions_listen_on_loopback_only() {
    let workshop = Workshop::new();
    workshop.up();
    workshop.ok(&["deploy"]);
    workshop.ok(&["test"]);
    let processes = [vec![workshop.pid()], children(workshop.pid())].concat();
    assert!(processes.len() > 1, "no function is warm");
    let addresses = listening(&processes.into_iter().flat_map(sockets).collect::<Vec<_>>());
    // 127.0.0.1, its bytes as a number of this machine's order.
    let loopback = format!("{:08X}", u32::from_ne_bytes([127, 0, 0, 1]));
    let (inside, outside): (Vec<String>, Vec<String>) =
        addresses.into_iter().partition(|address| address.starts_with(&format!("{loopback}:")));
    assert!(inside.contains(&format!("{loopback}:{:04X}", workshop.port)), "{inside:?}");
    assert!(outside.is_empty(), "{outside:?}");
}

#[test]
fn functions_die_with_an_engine_that_is_killed() {
    let workshop = Workshop::new();
    workshop.up();
    workshop.ok(&["deploy"]);
    workshop.ok(&["test"]);
    let functions = children(workshop.pid());
    assert!(!functions.is_empty(), "no function is warm");
    kill_process(workshop.pid(), Signal::KILL).unwrap();
    for function in functions {
        assert!(eventually(PATIENCE, || has_ended(function)), "{function} lives on");
    }
}

#[test]
fn a_record_whose_number_has_gone_to_another_process_kills_nobody() {
    let workshop = Workshop::new();
    workshop.up();
    let mut record = workshop.record();
    workshop.ok(&["down"]);
    // This very test process, said to have started at another time.
    record["process"] = serde_json::json!({ "pid": std::process::id(), "started": 1 });
    workshop.project.write(".atelier/engine.json", &record.to_string());
    assert_eq!(workshop.ok(&["down", "--json"]).json()["data"]["changed"], false);
    assert_eq!(workshop.ok(&["up", "--engine", "embedded", "--json"]).json()["data"]["changed"], true);
}

#[test]
fn a_state_that_was_set_aside_is_told_by_up() {
    let workshop = Workshop::new();
    workshop.up();
    workshop.ok(&["deploy"]);
    workshop.ok(&["down"]);
    std::fs::write(workshop.engine().join("state.redb"), "{").unwrap();
    let up = workshop.ok(&["up", "--engine", "embedded", "--json"]).json();
    let warnings = up["warnings"].to_string();
    assert!(warnings.contains("state.redb.damaged-") && warnings.contains("is not known"), "{up}");
    assert_eq!(workshop.ok(&["up", "--json"]).json()["warnings"], serde_json::json!([]));
}

#[test]
fn an_engine_that_cannot_use_its_state_says_why_and_what_to_do() {
    let workshop = Workshop::new();
    workshop.up();
    workshop.ok(&["down"]);
    let engine = workshop.engine();
    let (lock, state, elsewhere) = (engine.join("lock"), engine.join("state.redb"), engine.join("elsewhere"));
    let stub = std::fs::read_to_string(engine.join("global.json")).unwrap();
    let refused = |code: i32, name: &str, words: &[&str]| {
        let up = workshop.run(&["up", "--engine", "embedded", "--json"]);
        let error = &up.json()["error"];
        assert_eq!((up.code, error["code"].as_str()), (Some(code), Some(name)), "{up:?}");
        assert!(!error["hints"].as_array().unwrap().is_empty(), "{up:?}");
        let text = error.to_string();
        assert!(words.iter().all(|word| text.contains(word)), "{up:?}");
        // The log's last line is of the run before, and has nothing to do with it.
        assert!(error["causes"].as_array().unwrap().len() <= 1, "{up:?}");
    };
    std::fs::write(engine.join("global.json"), r#"{"schema":99}"#).unwrap();
    refused(4, "state_newer", &["global.json", "format 99"]);
    std::fs::write(engine.join("global.json"), stub).unwrap();

    let held = std::fs::File::open(&lock).unwrap();
    held.try_lock().unwrap();
    // Whoever ended it would take somebody's engine away.
    refused(75, "state_in_use", &["fuser", "wait for it to end", "--folder"]);
    drop(held);

    std::fs::remove_file(&lock).unwrap();
    std::fs::create_dir(&lock).unwrap();
    refused(4, "file", &["engine/lock", "it is a folder"]);
    std::fs::remove_dir(&lock).unwrap();

    std::fs::rename(&state, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &state).unwrap();
    refused(4, "file", &["state.redb", "it is a symbolic link to", "elsewhere"]);
    std::fs::rename(&elsewhere, &state).unwrap();
    assert_eq!(workshop.ok(&["up", "--engine", "embedded", "--json"]).json()["warnings"], serde_json::json!([]));
}

#[test]
fn two_ups_at_once_start_one_engine() {
    let workshop = Workshop::new();
    let outputs: Vec<_> = std::thread::scope(|scope| {
        let runs: Vec<_> =
            (0..2).map(|_| scope.spawn(|| workshop.ok(&["up", "--engine", "embedded", "--json"]))).collect();
        runs.into_iter().map(|run| run.join().unwrap().json()).collect()
    });
    assert_eq!(outputs[0]["data"]["pid"], outputs[1]["data"]["pid"]);
    assert_ne!(outputs[0]["data"]["changed"], outputs[1]["data"]["changed"]);
}

#[test]
fn without_an_engine_deploy_says_so_and_clean_has_nothing_to_do() {
    let project = Project::new();
    let deploy = project.run(&["deploy", "--json"]);
    assert_eq!((deploy.code, deploy.json()["error"]["code"].as_str()), (Some(5), Some("not_running")), "{deploy:?}");
    let clean = project.run(&["clean", "--json"]);
    assert_eq!((clean.code, clean.json()["data"]["removed"].to_string()), (Some(0), "[]".to_owned()), "{clean:?}");
}

#[test]
fn clean_is_not_mistaken_about_a_stopped_engine_that_keeps_its_state() {
    let workshop = Workshop::new();
    workshop.up();
    workshop.ok(&["down"]);
    let clean = workshop.run(&["clean", "--yes", "--json"]);
    assert_eq!((clean.code, clean.json()["error"]["code"].as_str()), (Some(5), Some("not_running")), "{clean:?}");
}

#[test]
fn credentials_are_for_their_owner_only_and_stay_the_same() {
    let workshop = Workshop::new();
    workshop.up();
    let path = workshop.project.path().join(".atelier/credentials.json");
    let first = std::fs::read_to_string(&path).unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    workshop.ok(&["down"]);
    workshop.up();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), first);
}

#[test]
fn whatever_stands_in_the_credentials_place_costs_a_sentence() {
    let workshop = Workshop::new();
    let own = workshop.project.path().join(".atelier");
    std::fs::create_dir(&own).unwrap();
    let (path, theirs) = (own.join("credentials.json"), own.join("theirs"));
    std::fs::write(&theirs, "theirs").unwrap();
    let strange: [(&str, &dyn Fn()); 5] = [
        ("empty", &|| std::fs::write(&path, "").unwrap()),
        ("half", &|| std::fs::write(&path, "{\"schema\":1,").unwrap()),
        ("link", &|| std::os::unix::fs::symlink(&theirs, &path).unwrap()),
        ("folder", &|| std::fs::create_dir(&path).unwrap()),
        ("fifo", &|| {
            use rustix::fs::{CWD, FileType, Mode, mknodat};
            mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        }),
    ];
    for (name, plant) in strange {
        plant();
        let output = workshop.up();
        assert_eq!(output.stderr.matches("credentials.json").count(), 1, "{name}: {output:?}");
        assert!(std::fs::symlink_metadata(&path).unwrap().is_file(), "{name}");
        workshop.ok(&["down"]);
        std::fs::remove_file(&path).unwrap();
    }
    assert_eq!(std::fs::read_to_string(theirs).unwrap(), "theirs");
}

#[test]
fn secrets_are_neither_in_arguments_nor_in_the_environment_nor_in_the_log() {
    let workshop = Workshop::new();
    workshop.up();
    let own = workshop.project.path().join(".atelier");
    let stored: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(own.join("credentials.json")).unwrap()).unwrap();
    let pid = workshop.pid().as_raw_nonzero();
    let mut seen = std::fs::read_to_string(own.join("engine.log")).unwrap();
    for place in ["cmdline", "environ"] {
        seen += &String::from_utf8_lossy(&std::fs::read(format!("/proc/{pid}/{place}")).unwrap_or_default());
    }
    for secret in ["secret_access_key", "proxy_token"] {
        assert!(!seen.contains(stored[secret].as_str().unwrap()), "{secret}");
    }
}
