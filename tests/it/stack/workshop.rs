//! The workshop's four steps in an empty folder, and what users do after them.

use super::Workshop;
use crate::support::{
    Running, engine_port, engine_state, eventually,
    fault::{Call, FaultProxy},
    has_ended, raw,
};
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Duration};

impl Workshop {
    /// Calls the deployed API through the URL that `deploy` told.
    fn call(&self, url: &str, query: &str) -> (u16, Value) {
        let path = url.strip_prefix(&format!("http://127.0.0.1:{}", self.port)).unwrap();
        let host = format!("127.0.0.1:{}", self.port);
        let request = format!("GET {path}/infra{query} HTTP/1.1\r\nhost: {host}\r\n\r\n");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answer = runtime.block_on(async {
            let mut client = raw::Client::connect(SocketAddr::from(([127, 0, 0, 1], self.port))).await;
            client.send(request).await;
            client.answer().await.unwrap()
        });
        (answer.status, serde_json::from_slice(&answer.body).unwrap())
    }

    fn deploy(&self) -> Value {
        self.ok(&["deploy", "--json"]).json()["data"].clone()
    }
}

fn outcomes(deployed: &Value) -> Vec<String> {
    let parts = deployed["parts"].as_array().unwrap();
    parts.iter().map(|part| part["outcome"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_four_steps_work_in_an_empty_folder() {
    let workshop = Workshop::new();
    workshop.up();
    let deployed = workshop.deploy();
    assert_eq!(outcomes(&deployed), ["created"; 5]);
    let (url, id) = (deployed["url"].as_str().unwrap(), &deployed["instance_id"]);

    let started = (200, json!({ "status": "started", "instance_id": id, "state": "running" }));
    assert_eq!(workshop.call(url, "?action=start"), started);
    let stopped = (200, json!({ "status": "stopped", "instance_id": id, "state": "stopped" }));
    assert_eq!(workshop.call(url, "?action=stop"), stopped);
    let status = (200, json!({ "instance_id": id, "state": "stopped", "type": "t2.micro" }));
    assert_eq!(workshop.call(url, "?action=status"), status);
    assert_eq!(workshop.call(url, "").0, 400);

    workshop.ok(&["test"]);
    let removed = workshop.ok(&["clean", "--yes", "--json"]).json();
    assert_eq!(removed["data"]["removed"].as_array().unwrap().len(), 5);
    assert_eq!(workshop.call(url, "?action=status").0, 404);
    let again = workshop.ok(&["clean", "--yes", "--json"]).json();
    assert_eq!(again["data"]["removed"], json!([]));
}

#[test]
fn fifty_equal_starts_at_once_are_fifty_successes_and_one_order() {
    let port = engine_port();
    // What the function asks of EC2 goes through the proxy, and is counted.
    let proxy = FaultProxy::to(port);
    let workshop = Workshop::on(port, &proxy.url());
    workshop.up();
    let deployed = workshop.deploy();
    let (url, id) = (deployed["url"].as_str().unwrap(), &deployed["instance_id"]);
    assert_eq!(workshop.call(url, "?action=stop").0, 200);
    proxy.arm(None);
    let started = (200, json!({ "status": "started", "instance_id": id, "state": "running" }));
    std::thread::scope(|scope| {
        let calls: Vec<_> = (0..50).map(|_| scope.spawn(|| workshop.call(url, "?action=start"))).collect();
        for call in calls {
            assert_eq!(call.join().unwrap(), started);
        }
    });
    let orders = proxy.calls().iter().filter(|call| call.name() == "StartInstances").count();
    assert_eq!(orders, 1);
}

#[test]
fn start_against_stop_in_many_processes_never_answers_a_lie() {
    let workshop = Workshop::new();
    workshop.up();
    let deployed = workshop.deploy();
    let (url, id) = (deployed["url"].as_str().unwrap(), &deployed["instance_id"]);
    let said = |status: &str, state: &str| json!({ "status": status, "instance_id": id, "state": state });
    let truths = [said("started", "running"), said("stopped", "stopped")];
    std::thread::scope(|scope| {
        let queries = ["?action=start", "?action=stop"];
        let workshop = &workshop;
        let calls: Vec<_> = (0..24).map(|turn| scope.spawn(move || workshop.call(url, queries[turn % 2]))).collect();
        for (turn, call) in calls.into_iter().enumerate() {
            match call.join().unwrap() {
                (200, body) => assert_eq!(body, truths[turn % 2]),
                (409, body) => assert_eq!(body["code"], "conflict"),
                other => panic!("{other:?}"),
            }
        }
    });
    // Whoever gave the last order has waited for where it led.
    let (status, last) = workshop.call(url, "?action=status");
    assert!(status == 200 && truths.iter().any(|truth| truth["state"] == last["state"]), "{last}");
}

#[test]
fn a_query_of_thousands_of_parameters_is_refused_as_any_other() {
    let workshop = Workshop::new();
    workshop.up();
    let deployed = workshop.deploy();
    let url = deployed["url"].as_str().unwrap();
    for count in [10, 700, 2_000] {
        let query: Vec<String> = (0..count).map(|number| format!("{number:x}")).collect();
        let (status, body) = workshop.call(url, &format!("?action=status&{}", query.join("&")));
        assert!(matches!(status, 400 | 414 | 431), "{count}: {status} {body}");
        assert!(body["code"].is_string() && body["error"].is_string(), "{count}: {body}");
    }
}

#[test]
fn deploy_writes_the_files_that_scripts_read_and_clean_takes_them_away() {
    let workshop = Workshop::new();
    workshop.up();
    let deployed = workshop.deploy();
    let read = |name: &str| std::fs::read_to_string(workshop.project.path().join(name));
    assert_eq!(read(".api_id").unwrap().trim_end(), deployed["api_id"]);
    assert_eq!(read(".instance_id").unwrap().trim_end(), deployed["instance_id"]);
    assert!(read("deploy.log").unwrap().contains("function infrastructure-handler created"));
    workshop.ok(&["clean", "--yes"]);
    for name in [".api_id", ".instance_id", "deploy.log", ".atelier/state.json"] {
        assert!(read(name).is_err(), "{name}");
    }
}

#[test]
fn the_steps_read_as_in_the_workshops_readme() {
    let workshop = Workshop::new();
    workshop.up();
    let output = workshop.ok(&["deploy", "--lang", "fr"]);
    let api = std::fs::read_to_string(workshop.project.path().join(".api_id")).unwrap();
    let instance = std::fs::read_to_string(workshop.project.path().join(".instance_id")).unwrap();
    let steps = format!(
        "🚀 Création de l'instance EC2...\n✅ Instance créée : {}\n📦 Packaging de la Lambda...\n✅ Lambda déployée : \
         infrastructure-handler\n🌐 Configuration de l'API Gateway...\n✅ API Gateway créée : {}\n",
        instance.trim_end(),
        api.trim_end(),
    );
    assert!(output.stderr.starts_with(&steps), "{}", output.stderr);
    assert!(output.stdout.contains(&format!("✨ Déploiement terminé !\nAPI_ID: {api}")), "{}", output.stdout);
}

#[test]
fn a_second_deploy_only_reads_and_says_unchanged() {
    let workshop = Workshop::new();
    workshop.up();
    let proxy = FaultProxy::to(workshop.port);
    let endpoint = format!("http://127.0.0.1:{}", proxy.port);
    let deploy = || workshop.ok(&["deploy", "--json", "--endpoint", &endpoint]).json()["data"].clone();
    let first = deploy();
    assert!(proxy.calls().iter().any(Call::is_mutating));
    proxy.arm(None);
    let second = deploy();
    let mutating: Vec<_> = proxy.calls().into_iter().filter(Call::is_mutating).collect();
    assert!(mutating.is_empty(), "{mutating:?}");
    assert_eq!(second["changed"], false);
    assert_eq!(outcomes(&second), ["unchanged"; 5]);
    assert_eq!((&first["api_id"], &first["instance_id"]), (&second["api_id"], &second["instance_id"]));
}

#[test]
fn the_stack_survives_down_and_up_and_a_kill_of_the_engine() {
    let workshop = Workshop::new();
    workshop.up();
    let deployed = workshop.deploy();
    let url = deployed["url"].as_str().unwrap();
    let wanted = workshop.call(url, "?action=stop");
    workshop.ok(&["down"]);
    workshop.up();
    assert_eq!(workshop.call(url, "?action=stop"), wanted);
    let pid = workshop.pid();
    kill_process(pid, Signal::KILL).unwrap();
    assert!(eventually(Duration::from_mins(1), || has_ended(pid)));
    workshop.up();
    assert_eq!(workshop.call(url, "?action=stop"), wanted);
    assert_eq!(outcomes(&workshop.deploy()), ["unchanged"; 5]);
}

#[test]
fn an_engine_that_came_back_empty_gets_the_same_url_again() {
    let workshop = Workshop::new();
    workshop.up();
    let first = workshop.deploy();
    workshop.ok(&["down"]);
    std::fs::remove_dir_all(workshop.project.path().join(".atelier/engine")).unwrap();
    workshop.up();
    let output = workshop.ok(&["deploy"]);
    assert!(output.stderr.contains("the engine was reset: deploying afresh"), "{}", output.stderr);
    assert!(output.stdout.contains(first["url"].as_str().unwrap()), "{}", output.stdout);
}

#[test]
fn whatever_happens_to_our_files_costs_a_sentence_and_nothing_else() {
    let workshop = Workshop::new();
    workshop.up();
    let first = workshop.deploy();
    for text in ["", "{", "\u{0}\u{1}", r#"{"schema":99}"#] {
        for name in [".api_id", ".instance_id", "deploy.log", ".atelier/state.json"] {
            workshop.project.write(name, text);
        }
        let again = workshop.deploy();
        assert_eq!(again["changed"], false, "{text:?}");
        assert_eq!(again["url"], first["url"]);
    }
    std::fs::remove_file(workshop.project.path().join(".api_id")).unwrap();
    std::fs::create_dir(workshop.project.path().join(".api_id")).unwrap();
    let refused = workshop.run(&["deploy", "--json"]);
    assert_eq!((refused.code, &refused.json()["error"]["code"]), (Some(4), &json!("file")));
}

#[test]
fn a_dry_run_tells_what_a_deploy_would_do_and_changes_nothing() {
    let workshop = Workshop::new();
    workshop.up();
    let proxy = FaultProxy::to(workshop.port);
    let endpoint = format!("http://127.0.0.1:{}", proxy.port);
    let changes = |args: &[&str]| {
        let plan = workshop.ok(&[args, &["--json", "--endpoint", &endpoint]].concat()).json();
        let parts = plan["data"]["parts"].as_array().unwrap().iter();
        parts.map(|part| part["change"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(changes(&["plan"]), ["create"; 5]);
    assert_eq!(changes(&["deploy", "--dry-run"]), ["create"; 5]);
    workshop.ok(&["deploy", "--endpoint", &endpoint]);
    proxy.arm(None);
    assert_eq!(changes(&["plan"]), ["unchanged"; 5]);
    let mutating: Vec<_> = proxy.calls().into_iter().filter(Call::is_mutating).collect();
    assert!(mutating.is_empty(), "{mutating:?}");
}

#[test]
fn a_plan_changes_nothing_where_nothing_is_deployed() {
    let workshop = Workshop::new();
    workshop.up();
    let proxy = FaultProxy::to(workshop.port);
    let endpoint = format!("http://127.0.0.1:{}", proxy.port);
    let check = |args: &[&str]| workshop.run(&[args, &["--check", "--endpoint", &endpoint]].concat());
    assert_eq!(check(&["plan"]).code, Some(1));
    assert!(!proxy.calls().is_empty());
    assert!(!proxy.calls().iter().any(Call::is_mutating), "{:?}", proxy.calls());
    workshop.ok(&["deploy", "--endpoint", &endpoint]);
    assert_eq!(check(&["plan"]).code, Some(0));
}

#[test]
fn a_plan_names_what_differs_and_never_its_value() {
    let workshop = Workshop::new();
    workshop.up();
    workshop.deploy();
    let mut plan = workshop.project.command(&["plan"]);
    plan.env("AWS_ENDPOINT_INTERNAL", "http://127.0.0.1:9");
    let output = Running::start(plan).end();
    let line = output.stdout.lines().find(|line| line.starts_with('~')).unwrap();
    assert_eq!(line, "~ function: update  infrastructure-handler, environment AWS_ENDPOINT_URL");
    assert!(output.stdout.contains("0 to create, 1 to update, 0 to replace"), "{}", output.stdout);
}

#[test]
fn what_bears_our_name_and_is_not_ours_is_refused_and_nothing_is_changed() {
    let workshop = Workshop::new();
    workshop.up();
    workshop.deploy();
    workshop.ok(&["down"]);
    // Another stack's tags make everything of our names somebody else's.
    let tag = |name: &str| format!(r#""atelier:stack":"{name}""#);
    engine_state::edit(&workshop.engine(), |json| json.replace(&tag("atelier"), &tag("theirs")));
    workshop.up();
    let inventory = || engine_state::read(&workshop.engine());
    let before = inventory();
    let refused = workshop.run(&["deploy", "--json"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    let error = &refused.json()["error"];
    assert_eq!(error["code"], "not_ours");
    assert!(error["message"].as_str().unwrap().contains("stack `theirs`"), "{error}");
    assert_eq!(workshop.ok(&["clean", "--yes", "--json"]).json()["data"]["removed"], json!([]));
    assert_eq!(inventory(), before);
}

#[test]
fn two_stacks_live_side_by_side_and_clean_takes_only_its_own_unless_told_all() {
    let workshop = Workshop::new();
    workshop.up();
    let ours = workshop.deploy();
    let theirs = workshop.ok(&["deploy", "--stack", "other", "--json"]).json()["data"].clone();
    assert_ne!(ours["api_id"], theirs["api_id"]);
    workshop.ok(&["clean", "--yes", "--stack", "other"]);
    assert_eq!(outcomes(&workshop.deploy()), ["unchanged"; 5]);
    workshop.ok(&["deploy", "--stack", "other"]);
    let removed = workshop.ok(&["clean", "--yes", "--all", "--json"]).json();
    assert_eq!(removed["data"]["removed"].as_array().unwrap().len(), 10);
}

#[test]
fn clean_asks_nobody_where_nobody_can_answer() {
    let workshop = Workshop::new();
    workshop.up();
    workshop.deploy();
    let refused = workshop.run(&["clean", "--json"]);
    assert_eq!((refused.code, &refused.json()["error"]["code"]), (Some(3), &json!("confirmation_needed")));
    assert_eq!(outcomes(&workshop.deploy()), ["unchanged"; 5]);
}
