//! Calls as people see them: `logs`, `trace`, `history`, `metrics`, and looking again and again, on the embedded engine.

use super::journey::{deployed, succeeds};
use crate::support::{Output, Project, Running, Terminal, eventually, raw};
use serde_json::Value;
use std::{net::SocketAddr, time::Duration};

const WAIT: Duration = Duration::from_secs(30);

/// Calls the deployed API with this id and these headers, and gives the status.
fn call(project: &Project, id: &str, query: &str, headers: &str) -> u16 {
    let status = project.run(&["status", "--json"]).json();
    let url = status["data"]["url"].as_str().unwrap().to_owned();
    let rest = url.strip_prefix("http://127.0.0.1:").unwrap();
    let (port, path) = rest.split_once('/').unwrap();
    let port: u16 = port.parse().unwrap();
    let request =
        format!("GET /{path}?{query} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nx-request-id: {id}\r\n{headers}\r\n");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut client = raw::Client::connect(SocketAddr::from(([127, 0, 0, 1], port))).await;
        client.send(request).await;
        client.answer().await.unwrap().status
    })
}

/// Waits until the whole of a call is in the logs, and gives it.
fn traced(project: &Project, id: &str) -> Value {
    let mut found = Value::Null;
    let is_whole =
        |call: &Value| call["stations"].as_array().is_some_and(|all| all.iter().any(|s| s["place"] == "function"));
    let came = eventually(WAIT, || {
        let output = project.run(&["trace", id, "--json"]);
        found = output.json()["data"]["call"].clone();
        is_whole(&found) && found["lines"].to_string().contains("REPORT RequestId")
    });
    assert!(came, "{found}");
    found
}

fn entries(output: &Output) -> Vec<Value> {
    succeeds(output);
    output.json()["data"]["entries"].as_array().cloned().unwrap_or_default()
}

#[test]
fn a_call_is_one_line_and_its_id_is_the_same_in_every_log() {
    let project = deployed();
    assert_eq!(call(&project, "lesson-1", "action=start", ""), 200);
    assert_eq!(call(&project, "lesson-2", "action=reboot", ""), 400);
    let trace = traced(&project, "lesson-1");
    let sources: Vec<&str> =
        trace["lines"].as_array().unwrap().iter().map(|line| line["source"].as_str().unwrap()).collect();
    assert!(sources.contains(&"engine") && sources.contains(&"lambda"), "{trace}");
    // Compared: each event that names a request names this one.
    let mut named = 0;
    for line in trace["lines"].as_array().unwrap() {
        if let Ok(Value::Object(members)) = serde_json::from_str(line["text"].as_str().unwrap()) {
            assert_eq!(members["request_id"], "lesson-1", "{line}");
            named += 1;
        }
    }
    assert!(named >= 4, "edge, gateway, function, and what the function asked of EC2: {trace}");
    let places: Vec<&str> =
        trace["stations"].as_array().unwrap().iter().map(|s| s["place"].as_str().unwrap()).collect();
    for place in ["edge", "gateway", "function", "ec2"] {
        assert!(places.contains(&place), "{place}: {places:?}");
    }
    traced(&project, "lesson-2");
    let output = project.run(&["logs"]);
    succeeds(&output);
    let about = |id: &str| output.stdout.lines().filter(|line| line.ends_with(id)).collect::<Vec<_>>();
    let (first, second) = (about("lesson-1"), about("lesson-2"));
    assert_eq!((first.len(), second.len()), (1, 1), "{}", output.stdout);
    assert!(first[0].contains("  GET /infra?action=start  200  "), "{first:?}");
    assert!(second[0].contains("  GET /infra?action=reboot  400 invalid_parameter  "), "{second:?}");
    for noise in ["START RequestId", "END RequestId", "REPORT RequestId", "atelier-trace-", "_aws", "DescribeInstances"]
    {
        assert!(!output.stdout.contains(noise), "{noise}: {}", output.stdout);
    }
    let whole = project.run(&["logs", "-v"]).stdout;
    assert!(whole.contains("atelier-trace-") && whole.lines().count() > output.stdout.lines().count(), "{whole}");
}

#[test]
fn calls_are_found_by_status_action_id_pattern_and_time() {
    let project = deployed();
    call(&project, "found-1", "action=status", "");
    call(&project, "found-2", "action=reboot", "");
    traced(&project, "found-1");
    traced(&project, "found-2");
    let ids = |args: &[&str]| {
        let all: Vec<&str> = ["logs", "--json"].iter().chain(args).copied().collect();
        let entries = entries(&project.run(&all));
        let calls = entries.iter().filter(|entry| entry["kind"] == "call");
        calls.map(|call| call["request_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&["--status", "4xx"]), ["found-2"]);
    assert_eq!(ids(&["--status", "200,404", "--action", "status"]), ["found-1"]);
    assert_eq!(ids(&["--request", "found-"]), ["found-1", "found-2"]);
    assert_eq!(ids(&["--grep", "action=re.oot"]), ["found-2"]);
    assert!(ids(&["--until", "1h"]).is_empty());
    let endless = project.run(&["logs", "-f", "--until", "10m"]);
    assert_eq!(endless.code, Some(2), "what has come to its end is not followed: {endless:?}");
    assert!(ids(&["--stack", "nothere"]).is_empty(), "who names a stack means it");
    assert_eq!(ids(&["--stack", "atelier"]), ["found-1", "found-2"]);
    assert!(ids(&["--since", "2100-01-01T00:00:00Z"]).is_empty());
    assert_eq!(ids(&["--since", "1h", "-n", "1"]), ["found-2"]);
    let nothing = project.run(&["logs", "--grep", "no line has this"]);
    assert_eq!((nothing.code, nothing.stdout.as_str()), (Some(0), "no call and no line is like that\n"), "{nothing:?}");
    let backwards = project.run(&["logs", "--since", "1h", "--until", "2h"]);
    assert!(backwards.code == Some(2) && backwards.stderr.contains("--until"), "{backwards:?}");
    let raw = project.run(&["logs", "--raw", "--request", "found-1"]).stdout;
    assert!(raw.contains("START RequestId") && raw.contains(r#""request_id":"found-1""#), "{raw}");
    for (args, rule) in [(["--status", "9xx"], "4xx"), (["--grep", "("], "regular"), (["--since", "soon"], "10m")] {
        let output = project.run(&["logs", args[0], args[1]]);
        assert!(output.code == Some(2) && output.stderr.contains(rule), "{output:?}");
    }
}

#[test]
fn a_trace_shows_where_the_time_went_and_an_unknown_id_is_said_to_be_one() {
    let project = deployed();
    let output = project.run(&["trace"]);
    assert_eq!((output.code, output.stderr.contains("nothing has been called yet")), (Some(1), true), "{output:?}");
    // What runs is rebooted: who has done it to which instance is known all the same.
    call(&project, "anew-1", "action=restart", "");
    let trace = traced(&project, "anew-1");
    assert!(trace["changes"][0]["resource"].as_str().unwrap().starts_with("i-"), "{trace}");
    assert_eq!(trace["changes"][0]["after"], "running", "{trace}");
    call(&project, "lesson-3", "action=stop", "");
    let trace = traced(&project, "lesson-3");
    assert_eq!(
        (&trace["changes"][0]["before"], &trace["changes"][0]["after"]),
        (&"running".into(), &"stopped".into()),
        "{trace}"
    );
    assert!(trace["total_ms"].as_f64().unwrap() > 0.0 && trace["cold"].is_boolean(), "{trace}");
    let nothere = project.run(&["trace", "--stack", "nothere", "--json"]);
    assert_eq!((nothere.code, &nothere.json()["error"]["code"]), (Some(1), &"no_call".into()), "{nothere:?}");
    let output = project.run(&["trace", "lesson-3"]);
    succeeds(&output);
    for words in ["edge", "gateway", "function (run)", "EC2", "ec2 StopInstances", "running -> stopped"] {
        assert!(output.stdout.contains(words), "{words}: {}", output.stdout);
    }
    // What our own lines say is told already; a program gets them all.
    assert!(!output.stdout.contains("START RequestId"), "{}", output.stdout);
    let lines = trace["lines"].as_array().unwrap();
    assert!(lines.iter().any(|line| line["text"].as_str().unwrap().starts_with("START RequestId")), "{trace}");
    assert!(project.run(&["trace", "--lang", "fr"]).stdout.contains("changé"), "in French");
    let output = project.run(&["trace", "no-such-id", "--json"]);
    assert_eq!((output.code, &output.json()["error"]["code"]), (Some(1), &"no_such_call".into()), "{output:?}");
}

#[test]
fn the_history_tells_who_changed_what_and_never_a_keys_value() {
    let project = deployed();
    let value = |output: &Output| output.json()["data"]["value"].as_str().unwrap_or_default().to_owned();
    let alice = project.run(&["key", "create", "--scope", "control", "--name", "alice", "--json"]);
    let bob = project.run(&["key", "create", "--scope", "status", "--name", "bob", "--json"]);
    succeeds(&project.run(&["deploy", "--auth", "api-key"]));
    let (alice, bob) = (value(&alice), value(&bob));
    assert!(alice.starts_with("atl_") && bob.starts_with("atl_"));
    let with = |key: &str| format!("x-api-key: {key}\r\n");
    assert_eq!(call(&project, "h-1", "action=stop", &with(&alice)), 200);
    assert_eq!(call(&project, "h-2", "action=start", &with(&bob)), 403);
    assert_eq!(call(&project, "h-3", "action=status", &with(&bob)), 200);
    traced(&project, "h-3");
    let output = project.run(&["history", "--json"]);
    let all = entries(&output);
    let told: Vec<(&str, &str, &str)> = all
        .iter()
        .map(|entry| {
            (
                entry["request_id"].as_str().unwrap(),
                entry["key"].as_str().unwrap_or("-"),
                entry["outcome"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(told, [("h-1", "alice", "ok"), ("h-2", "bob", "forbidden")], "what only looks is not in it");
    assert_eq!(
        (&all[0]["changes"][0]["before"], &all[0]["source"]),
        (&"running".into(), &"127.0.0.1".into()),
        "{all:?}"
    );
    assert_eq!(entries(&project.run(&["history", "--key", "bob", "--since", "1h", "--json"])).len(), 1);
    let shown = project.run(&["history"]).stdout;
    assert!(shown.contains("alice") && shown.contains("running -> stopped"), "{shown}");
    let logs = project.run(&["logs", "--key", "alice"]).stdout;
    assert!(logs.contains("key alice") && !logs.contains("key bob"), "{logs}");
    let everything = project.run(&["logs", "--raw", "-n", "10000"]).stdout;
    assert!(!everything.contains(&alice) && !everything.contains(&bob));
}

#[test]
fn metrics_count_what_was_called_and_call_the_cost_an_estimate() {
    let project = deployed();
    for (id, query) in [("m-1", "action=status"), ("m-2", "action=status"), ("m-3", "action=reboot")] {
        call(&project, id, query, "");
        traced(&project, id);
    }
    let data = project.run(&["metrics", "--json"]).json()["data"].clone();
    let numbers = &data["numbers"];
    assert_eq!((&numbers["calls"], &numbers["errors"]), (&3.into(), &1.into()), "{data}");
    assert_eq!(
        (&numbers["by_code"]["invalid_parameter"], &numbers["actions"]["status"]["calls"]),
        (&1.into(), &2.into())
    );
    assert!(numbers["actions"]["status"]["p50_ms"].as_f64().unwrap() > 0.0, "{data}");
    assert!(numbers["cold_starts"].as_u64().unwrap() >= 1, "{data}");
    assert_eq!(
        (&data["instances"][0]["type"], &data["cost"]["kind"]),
        (&"t2.micro".into(), &"estimate".into()),
        "{data}"
    );
    let output = project.run(&["metrics"]);
    succeeds(&output);
    assert!(output.stdout.contains("estimate") && output.stdout.contains("p95"), "{}", output.stdout);
    let french = project.run(&["metrics", "--lang", "fr"]).stdout;
    assert!(french.contains("estimation") && french.contains("us-east-1, Linux à la demande"), "{french}");
    assert!(!french.contains("free tier"), "{french}");
    let has_point = |text: &str| {
        let is_number = |three: &[u8]| three[0].is_ascii_digit() && three[1] == b'.' && three[2].is_ascii_digit();
        text.as_bytes().windows(3).any(is_number)
    };
    assert!(has_point(&output.stdout) && !has_point(&french), "{french}");
    let nothere = project.run(&["metrics", "--stack", "nothere", "--json"]).json()["data"].clone();
    assert_eq!((&nothere["numbers"]["calls"], &nothere["usage"]["api_calls"]), (&0.into(), &0.into()), "{nothere}");
    assert_eq!(data["usage"]["api_calls"], 3, "{data}");
    // Where nobody has ever counted, there is no zero to tell.
    let nothing = Project::new().run(&["metrics", "--json"]);
    assert_eq!((nothing.code, &nothing.json()["error"]["code"]), (Some(5), &"not_running".into()), "{nothing:?}");
}

#[test]
fn what_is_watched_in_a_pipe_is_a_line_per_change_and_on_a_terminal_drawn_over() {
    let project = deployed();
    let watch = Running::start(project.command(&["status", "--watch"]));
    watch.says("instance running");
    let before = watch.lines();
    call(&project, "w-1", "action=stop", "");
    watch.says("instance stopped");
    watch.says("last call 200 at ");
    watch.interrupt();
    let output = watch.end();
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(output.stdout.lines().count() > before && !output.stdout.contains('\u{1b}'), "{}", output.stdout);

    let json = Running::start(project.command(&["metrics", "--watch", "--json"]));
    json.says("\"schema\":1");
    json.interrupt();
    let output = json.end();
    let first: Value = serde_json::from_str(output.stdout.lines().next().unwrap()).unwrap();
    assert!(first["entry"]["numbers"]["calls"].is_u64(), "{first}");
    let terminal = Terminal::start(project.command(&["status", "--watch", "--color", "never"]), 100);
    let drawn = eventually(WAIT, || terminal.seen().contains("\u{1b}[J"));
    assert!(drawn, "{}", terminal.seen());
    // One that can only append lines is given lines.
    let mut command = project.command(&["status", "--watch"]);
    command.env("TERM", "dumb");
    let dumb = Terminal::start(command, 100);
    assert!(eventually(WAIT, || dumb.seen().contains("  instance stopped")), "{}", dumb.seen());
    assert!(!dumb.seen().contains('\u{1b}'), "{}", dumb.seen());
}

#[test]
fn every_folder_with_an_engine_is_seen_and_stopped_from_any_other() {
    let first = deployed();
    let cache = first.path().parent().unwrap().join("home/.cache").display().to_string();
    let second = Project::new().with("XDG_CACHE_HOME", &cache).up();
    let rows = |project: &Project| {
        let data = project.run(&["status", "--all", "--json"]).json()["data"].clone();
        data["rows"].as_array().unwrap().clone()
    };
    let seen = rows(&second);
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert!(seen[0]["here"] == true && seen[0]["running"] == true && seen[0]["stack"].is_null(), "{seen:?}");
    assert!(seen[1]["stack"] == "atelier" && seen[1]["instance_state"] == "running", "{seen:?}");
    assert!(seen[1]["url"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{seen:?}");
    assert!(second.run(&["status", "--all"]).stdout.contains("atelier"));
    let output = second.run(&["down", "--all", "--yes", "--json"]);
    succeeds(&output);
    let folders = output.json()["data"]["folders"].as_array().unwrap().clone();
    assert!(folders.len() == 2 && folders.iter().all(|folder| folder["changed"] == true), "{folders:?}");
    assert!(rows(&second).is_empty(), "{:?}", rows(&second));
    assert_eq!(first.run(&["status", "--check"]).code, Some(5));
}

#[test]
fn lines_before_a_rotation_are_not_lost() {
    let project = Project::new().with("ATELIER_LOG_SIZE", "64kB").with("ATELIER_LOG_FILES", "50").up();
    succeeds(&project.run(&["deploy"]));
    call(&project, "rotated-1", "action=status", "");
    traced(&project, "rotated-1");
    let put_aside = project.path().join(".atelier/engine.log.1");
    let mut rounds = 0;
    while !put_aside.exists() {
        rounds += 1;
        assert!(rounds < 60, "the log is never put aside");
        project.run(&["plan"]);
    }
    // It goes on into the new file.
    call(&project, "rotated-2", "action=status", "");
    traced(&project, "rotated-2");
    traced(&project, "rotated-1");
    let shown = project.run(&["logs", "--request", "rotated-"]).stdout;
    assert_eq!(shown.lines().count(), 2, "{shown}");
    for bad in ["1kB", "16", "much"] {
        let output = project.command(&["up"]).env("ATELIER_LOG_SIZE", bad).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{bad}");
    }
}

#[test]
fn of_more_calls_than_are_read_at_a_time_none_is_lost_and_none_comes_twice() {
    const CALLS: usize = 6_000;
    let project = Project::new();
    std::fs::create_dir(project.path().join(".atelier")).unwrap();
    let begin = time::OffsetDateTime::now_utc() - time::Duration::hours(1);
    let lines: Vec<String> = (0..CALLS)
        .map(|number| {
            // Several end in one moment, and lines that are written at once stand a little out of their order.
            let ms = i64::try_from(number / 5 * 50 + number % 3 * 2).unwrap();
            let time = begin + time::Duration::milliseconds(ms);
            let time = time.format(&time::format_description::well_known::Rfc3339).unwrap();
            let line = serde_json::json!({
                "time": time, "message": "request", "request_id": format!("n-{number}"), "peer": "127.0.0.1:5",
                "method": "GET", "path": "/restapis/a/dev/_user_request_/infra", "action": "status", "stack": "atelier",
                "status": 200, "duration_ms": 1.5
            });
            format!("{line}\n{time} other {number}\n")
        })
        .collect();
    project.write(".atelier/engine.log", &lines.concat());
    let entries = entries(&project.run(&["logs", "--json", "-n", "20000"]));
    let told = |name: &str| {
        let mut all: Vec<&str> = entries.iter().filter_map(|entry| entry[name].as_str()).collect();
        let given = all.len();
        all.sort_unstable();
        all.dedup();
        (given, all.len())
    };
    assert_eq!(told("request_id"), (CALLS, CALLS), "calls, and how many different ones");
    assert_eq!(told("text"), (CALLS, CALLS), "lines that belong to none");
}

/// The line of the edge about a call that ended then.
fn answered(time: &str, id: &str, status: u16) -> String {
    let line = serde_json::json!({
        "time": time, "message": "request", "request_id": id, "peer": "127.0.0.1:5", "method": "GET",
        "path": "/restapis/a/dev/_user_request_/infra", "action": "stop", "stack": "atelier", "status": status,
        "duration_ms": 30.0
    });
    format!("{line}\n")
}

#[test]
fn what_the_docker_proxy_writes_a_moment_late_is_of_the_call_on_both_sides_of_a_windows_edge() {
    let project = Project::new();
    std::fs::create_dir(project.path().join(".atelier")).unwrap();
    let edge = time::OffsetDateTime::now_utc() - time::Duration::hours(1);
    let at = |ms: i64| {
        let time = edge + time::Duration::milliseconds(ms);
        time.format(&time::format_description::well_known::Rfc3339).unwrap()
    };
    let told = serde_json::json!({
        "time": at(5), "request_id": "r-1", "decision": "allow", "reason": "ok", "operation": "stop",
        "container": "web", "duration_ms": 2.0
    });
    project.write(".atelier/engine.log", &[answered(&at(-5), "r-1", 200), answered(&at(60_000), "r-2", 200)].concat());
    project.write(".atelier/proxy.log", &format!("{told}\n"));
    let calls = |options: &[&str]| {
        let entries = entries(&project.run(&[&["logs", "--json"], options].concat()));
        let call = |entry: &Value| {
            let id = entry["request_id"].as_str().unwrap_or_default().to_owned();
            (id, entry["lines"].as_array().map(Vec::len))
        };
        entries.iter().map(call).collect::<Vec<_>>()
    };
    let (first, second) = (("r-1".to_owned(), Some(2)), ("r-2".to_owned(), Some(1)));
    assert_eq!(calls(&[]), [first.clone(), second.clone()]);
    assert_eq!(calls(&["--until", &at(0)]), [first], "its line is behind the window");
    assert_eq!(calls(&["--since", &at(0)]), [second], "its call is before the window");
}

#[test]
fn only_what_went_wrong_is_shown_where_that_is_asked_for() {
    let project = Project::new();
    std::fs::create_dir(project.path().join(".atelier")).unwrap();
    let now = time::OffsetDateTime::now_utc().format(&time::format_description::well_known::Rfc3339).unwrap();
    let others = format!("{now} ERROR a part is broken\n{now} INFO a part is well\n");
    project.write(".atelier/engine.log", &[answered(&now, "r-1", 200), answered(&now, "r-2", 404), others].concat());
    let shown = |options: &[&str]| {
        let entries = entries(&project.run(&[&["logs", "--json"], options].concat()));
        let text = |entry: &Value, name: &str| entry[name].as_str().map(ToOwned::to_owned);
        let word = |entry: &Value| text(entry, "request_id").or_else(|| text(entry, "text")).unwrap();
        entries.iter().map(word).collect::<Vec<_>>()
    };
    assert_eq!(shown(&[]).len(), 4);
    let mut wrong = shown(&["--errors"]);
    wrong.sort_unstable();
    assert_eq!(wrong, [format!("{now} ERROR a part is broken"), "r-2".to_owned()]);
}

/// What strangers write to be seen by whoever looks: escape sequences, control characters, marks of direction, line ends.
const HOSTILE: [&str; 12] = [
    "\u{1b}[2J\u{1b}[H",
    "\u{1b}]0;owned\u{7}",
    "\u{1b}]8;;http://evil.example\u{1b}\\click\u{1b}]8;;\u{1b}\\",
    "\u{9b}31m",
    "\u{202e}gpj.exe",
    "\u{2066}\u{2069}\u{200f}\u{200e}",
    "\r\nfake  GET /infra  200",
    "\u{8}\u{8}\u{8}",
    "\u{2028}\u{2029}",
    "\u{0}\u{7f}\u{85}",
    "<script>alert(1)</script>",
    "\u{e0041}\u{feff}\u{200b}",
];

#[test]
fn what_strangers_write_reaches_the_terminal_as_text_only() {
    let project = Project::new();
    std::fs::create_dir(project.path().join(".atelier")).unwrap();
    let now = time::OffsetDateTime::now_utc().format(&time::format_description::well_known::Rfc3339).unwrap();
    let mut log = String::new();
    for (number, hostile) in HOSTILE.iter().enumerate() {
        // Numbers are of one stack.
        let stack = if number % 2 == 0 { "atelier" } else { *hostile };
        let line = serde_json::json!({
            "time": now, "message": "request", "request_id": format!("r-{number}{hostile}"), "peer": hostile,
            "method": hostile, "path": format!("/restapis/a/dev/_user_request_/infra/{hostile}"), "action": hostile,
            "target": hostile, "name": hostile, "stack": stack, "key": hostile, "status": 400, "code": hostile,
            "duration_ms": 1.5
        });
        let other = hostile.replace('\n', " ");
        log.extend([line.to_string().as_str(), "\n", &now, " other ", &other, "\n"]);
    }
    project.write(".atelier/engine.log", &log);
    let calls: Vec<Value> = {
        let document: Value = serde_json::from_str(&project.run(&["logs", "--json"]).stdout).unwrap();
        document["data"]["entries"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|entry| entry["kind"] == "call")
            .cloned()
            .collect()
    };
    assert_eq!(calls.len(), HOSTILE.len(), "each is data, whole");
    assert_eq!(calls[0]["key"], HOSTILE[0]);
    for args in [&["logs"][..], &["logs", "--raw"], &["logs", "-v"], &["trace", "r-1"], &["trace", "r-4"], &["metrics"]]
    {
        let output = project.run(args);
        let is_text = |c: char| {
            c == '\n'
                || !(c.is_control()
                    || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'))
        };
        assert!(output.stdout.chars().all(is_text), "{args:?}: {:?}", output.stdout);
        assert!(output.stderr.chars().all(is_text), "{args:?}: {:?}", output.stderr);
    }
    let logs = project.run(&["logs"]).stdout;
    assert!(!logs.lines().any(|line| line.starts_with("fake")), "{logs}");
    assert_eq!(logs.lines().count(), 2 * HOSTILE.len(), "{logs}");
}
