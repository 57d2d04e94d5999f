//! API keys from `deploy --auth api-key` to the call that they let through, and back.

use super::{Workshop, faults::hit};
use crate::support::{
    engine_state,
    fault::{At, Fault, FaultProxy},
    raw,
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, net::SocketAddr, os::unix::fs::PermissionsExt};

impl Workshop {
    /// Calls the deployed API with a key, or without one.
    fn call_with(&self, url: &str, query: &str, key: Option<&str>) -> (u16, Value) {
        let path = url.strip_prefix(&format!("http://127.0.0.1:{}", self.port)).unwrap();
        let key = key.map(|key| format!("x-api-key: {key}\r\n")).unwrap_or_default();
        let request = format!("GET {path}/infra{query} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\n{key}\r\n", self.port);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answer = runtime.block_on(async {
            let mut client = raw::Client::connect(SocketAddr::from(([127, 0, 0, 1], self.port))).await;
            client.send(request).await;
            client.answer().await.unwrap()
        });
        (answer.status, serde_json::from_slice(&answer.body).unwrap())
    }

    fn make_key(&self, args: &[&str]) -> String {
        let made = self.ok(&[&["key"], args, &["--json"]].concat()).json();
        let value = made["data"]["value"].as_str().unwrap().to_owned();
        assert_eq!(value.strip_prefix("atl_").unwrap().len(), 40);
        value
    }

    fn names(&self) -> Vec<String> {
        let listed = self.ok(&["key", "list", "--json"]).json();
        assert!(!listed.to_string().contains("atl_"));
        let keys = listed["data"]["keys"].as_array().unwrap();
        keys.iter().map(|key| key["name"].as_str().unwrap().to_owned()).collect()
    }
}

/// A workshop with a key `mine`, the URL, and a proxy through which commands can be killed.
fn with_a_key() -> (Workshop, String, String, FaultProxy) {
    let workshop = Workshop::new();
    workshop.up();
    let deployed = workshop.ok(&["deploy", "--auth", "api-key", "--json"]).json();
    let url = deployed["data"]["url"].as_str().unwrap().to_owned();
    let key = workshop.make_key(&["create", "--scope", "control", "--name", "mine"]);
    let proxy = FaultProxy::to(workshop.port);
    (workshop, url, key, proxy)
}

/// Kills a rotation of `mine` when the new key is there, and the old one still is.
fn rotate_and_die(workshop: &Workshop, proxy: &FaultProxy) {
    proxy.arm(Some((At::Named("POST /apikeys".to_owned(), 0), Fault::KillAfter)));
    hit(workshop, proxy, &["key", "rotate", "mine"], Fault::KillAfter);
    assert!(proxy.has_struck());
    assert_eq!(workshop.names(), ["mine", "mine"]);
}

/// What the file holds for `curl -H @file`.
fn header(workshop: &Workshop) -> Option<String> {
    std::fs::read_to_string(workshop.project.path().join(".atelier/api-key.header")).ok()
}

fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["code"].as_str().unwrap_or_default())
}

#[test]
fn keys_open_what_their_scope_says_until_they_are_revoked() {
    let workshop = Workshop::new();
    workshop.up();
    let deployed = workshop.ok(&["deploy", "--auth", "api-key", "--json"]).json()["data"].clone();
    let url = deployed["url"].as_str().unwrap();
    assert_eq!(deployed["keys"], 0);
    assert_eq!(deployed["parts"].as_array().unwrap().len(), 6);
    assert_eq!(code(&workshop.call_with(url, "?action=status", None)), (401, "unauthorized"));

    let look = workshop.make_key(&["create", "--scope", "status"]);
    let change = workshop.make_key(&["create", "--scope", "control", "--name", "mine"]);
    // Keys of one second stand in the order of their names.
    assert_eq!(workshop.names().iter().collect::<BTreeSet<_>>().len(), 2);
    assert_eq!(workshop.call_with(url, "?action=status", Some(&look)).0, 200);
    assert_eq!(code(&workshop.call_with(url, "?action=start", Some(&look))), (403, "forbidden"));
    assert_eq!(workshop.call_with(url, "?action=start", Some(&change)).0, 200);
    for wrong in ["atl_0000000000000000000000000000000000000000", "", "mine"] {
        assert_eq!(code(&workshop.call_with(url, "?action=status", Some(wrong))), (401, "unauthorized"));
    }

    let rotated = workshop.make_key(&["rotate", "mine"]);
    assert_eq!(code(&workshop.call_with(url, "?action=stop", Some(&change))), (401, "unauthorized"));
    assert_eq!(workshop.call_with(url, "?action=stop", Some(&rotated)).0, 200);
    workshop.ok(&["key", "revoke", "status"]);
    assert_eq!(code(&workshop.call_with(url, "?action=status", Some(&look))), (401, "unauthorized"));
    assert_eq!(workshop.names(), ["mine"]);
    assert_eq!(workshop.ok(&["deploy", "--json"]).json()["data"]["changed"], false);

    let removed = workshop.ok(&["clean", "--yes", "--json"]).json();
    assert_eq!(removed["data"]["removed"].as_array().unwrap().len(), 7);
    assert_eq!(engine_state::read(&workshop.engine())["us-east-1"]["apigateway"], Value::Null);
}

#[test]
fn the_wish_for_keys_is_kept_and_can_be_taken_back() {
    let workshop = Workshop::new();
    workshop.up();
    workshop.project.write("atelier.toml", "# mine\nregion = 'us-east-1' # here\n");
    let deploy = |args: &[&str]| workshop.ok(&[&["deploy", "--json"], args].concat()).json()["data"].clone();
    let first = deploy(&["--auth", "api-key"]);
    let file = || std::fs::read_to_string(workshop.project.path().join("atelier.toml")).unwrap();
    assert_eq!(file(), "# mine\nregion = 'us-east-1' # here\nauth = \"api-key\"\n");
    assert_eq!(deploy(&[])["changed"], false);
    let url = first["url"].as_str().unwrap();
    assert_eq!(workshop.call_with(url, "?action=status", None).0, 401);
    let plan = workshop.ok(&["deploy", "--dry-run", "--auth", "none", "--json"]).json();
    assert_eq!(plan["data"]["changes"], true);
    assert!(file().contains("api-key"));
    let open = deploy(&["--auth", "none"]);
    assert_eq!((&open["changed"], &open["keys"]), (&json!(true), &json!(null)));
    assert_eq!(workshop.call_with(url, "?action=status", None).0, 200);
}

#[test]
fn test_and_env_use_a_key_without_printing_it() {
    let workshop = Workshop::new();
    workshop.up();
    let deployed = workshop.ok(&["deploy", "--auth", "api-key"]);
    assert!(deployed.stderr.contains("atelier key create --scope control"), "{}", deployed.stderr);
    let refused = workshop.run(&["test", "--json"]);
    assert_eq!((refused.code, &refused.json()["error"]["code"]), (Some(1), &json!("no_key")));
    let key = workshop.make_key(&["create", "--scope", "control"]);
    let tested = workshop.ok(&["test"]);
    let env = workshop.ok(&["env", "--json"]);
    for output in [&tested, &env] {
        assert!(!output.stdout.contains("atl_") && !output.stderr.contains("atl_"), "{output:?}");
    }
    let path = env.json()["data"]["variables"]["ATELIER_API_KEY_HEADER"].as_str().unwrap().to_owned();
    let (file, header) = path.split_once('@').map_or((path.as_str(), &path), |(_, file)| (file, &path));
    assert!(header.starts_with('@'), "what `curl -H` reads from a file starts with `@`: {header}");
    assert_eq!(std::fs::read_to_string(file).unwrap(), format!("x-api-key: {key}\n"));
    assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    workshop.ok(&["clean", "--yes"]);
    assert!(std::fs::metadata(file).is_err());
}

#[test]
fn a_second_key_of_a_name_and_the_revocation_of_none_are_refused() {
    let workshop = Workshop::new();
    workshop.up();
    workshop.ok(&["deploy", "--auth", "api-key"]);
    workshop.make_key(&["create", "--scope", "status"]);
    let code = |args: &[&str]| {
        let refused = workshop.run(&[args, &["--json"]].concat());
        assert_eq!(refused.code, Some(1), "{refused:?}");
        refused.json()["error"]["code"].as_str().unwrap().to_owned()
    };
    assert_eq!(code(&["key", "create", "--scope", "status"]), "key_exists");
    assert_eq!(code(&["key", "revoke", "mine"]), "no_such_key");
    assert_eq!(code(&["key", "rotate", "mine"]), "no_such_key");
    assert_eq!(workshop.names(), ["status"]);
}

#[test]
fn an_engine_that_came_back_empty_has_no_keys_and_deploy_says_so() {
    let workshop = Workshop::new();
    workshop.up();
    workshop.ok(&["deploy", "--auth", "api-key"]);
    workshop.make_key(&["create", "--scope", "control"]);
    workshop.ok(&["down"]);
    std::fs::remove_dir_all(workshop.project.path().join(".atelier/engine")).unwrap();
    workshop.up();
    let output = workshop.ok(&["deploy"]);
    assert!(output.stderr.contains("no key opens the API yet"), "{}", output.stderr);
    assert_eq!(workshop.names(), [""; 0]);
    let url = workshop.ok(&["deploy", "--json"]).json()["data"]["url"].as_str().unwrap().to_owned();
    assert_eq!(workshop.call_with(&url, "?action=status", None).0, 401);
}

#[test]
fn a_key_opens_what_its_scope_says_and_the_functions_role_grows_with_it() {
    let workshop = Workshop::new();
    workshop.ok(&["up", "--engine", "embedded", "--iam"]);
    let deployed = workshop.ok(&["deploy", "--auth", "api-key", "--json"]).json();
    let url = deployed["data"]["url"].as_str().unwrap();
    let mut keys = Vec::new();
    for (nth, scope) in ["status", "control", "modify"].into_iter().enumerate() {
        keys.push(workshop.make_key(&["create", "--scope", scope, "--name", scope]));
        for (query, needed) in [("?action=status", 0), ("?action=stop", 1), ("?action=modify&type=t3.small", 2)] {
            // Every one that there is: a new key takes nothing from the others.
            for (key, scope) in keys.iter().zip(0..) {
                let answer = workshop.call_with(url, query, Some(key));
                let expected = if scope >= needed { 200 } else { 403 };
                assert_eq!(answer.0, expected, "key {scope} of {nth}, {query}: {}", answer.1);
            }
        }
    }
}

#[test]
fn what_is_shown_to_try_or_to_mend_works_as_it_stands() {
    let workshop = Workshop::new();
    workshop.up();
    let two = ["--instance", "web=t3.micro", "--instance", "db=t3.small"];
    let deployed = workshop.ok(&[&["deploy", "--auth", "api-key", "--json"][..], &two].concat()).json();
    let url = deployed["data"]["url"].as_str().unwrap();
    let made = workshop.ok(&["key", "create", "--scope", "control"]).stdout;
    let key = made.lines().find(|line| line.starts_with("atl_")).unwrap();
    // Of several instances one must be named.
    let tried = made.split_once("/infra").and_then(|(_, rest)| rest.split('"').next()).unwrap();
    assert_eq!(workshop.call_with(url, tried, Some(key)).0, 200, "{made}");
    let opened = workshop.ok(&["open", "--url"]).stdout;
    assert_eq!(opened.trim().split_once("/infra").unwrap().1, tried);

    let modify = ["call", "modify", "--type", "t3.small", "--name", "web", "--restart", "--json"];
    let refused = workshop.run(&modify).json();
    assert_eq!(refused["error"]["code"], "no_key", "{refused}");
    let hint = refused["error"]["hints"][0].as_str().unwrap();
    let command: Vec<&str> = hint.split('`').nth(1).unwrap().split(' ').skip(1).collect();
    assert_eq!(command, ["key", "create", "--scope", "modify"]);
    workshop.ok(&command);
    workshop.ok(&modify);
}

#[test]
fn keys_of_another_stack_are_asked_of_that_stack_only() {
    let workshop = Workshop::new();
    workshop.up();
    workshop.ok(&["deploy"]);
    let other = workshop.ok(&["deploy", "--stack", "two", "--auth", "api-key"]);
    assert!(other.stderr.contains("`ATELIER_AUTH=api-key`"), "{}", other.stderr);
    let file = std::fs::read_to_string(workshop.project.path().join("atelier.toml")).unwrap_or_default();
    assert!(!file.contains("auth"), "{file}");
    workshop.ok(&["call", "status"]);
    let refused = workshop.run(&["call", "status", "--stack", "two"]);
    assert!(refused.code == Some(1) && refused.stderr.contains("status 401"), "{refused:?}");
    assert!(refused.stderr.contains("`atelier key create --scope status`"), "{refused:?}");
    let listed = workshop.ok(&["key", "list", "--stack", "two"]);
    assert!(listed.stderr.contains("`ATELIER_AUTH=api-key atelier deploy --stack two`"), "{listed:?}");

    // What a file wishes for is not what is deployed.
    workshop.project.write("atelier.toml", "auth = \"api-key\"\n");
    workshop.ok(&["call", "status"]);
    // The folder's own stack is the one that its file names.
    workshop.project.write("atelier.toml", "stack = \"two\"\n");
    workshop.ok(&["deploy", "--stack", "two", "--auth", "api-key"]);
    let file = std::fs::read_to_string(workshop.project.path().join("atelier.toml")).unwrap();
    assert!(file.contains("auth = \"api-key\""), "{file}");
}

#[test]
fn keys_of_an_open_api_are_said_to_protect_nothing() {
    let workshop = Workshop::new();
    workshop.up();
    workshop.ok(&["deploy"]);
    let made = workshop.ok(&["key", "create", "--scope", "control"]);
    assert!(made.stderr.contains("does not ask for keys"), "{}", made.stderr);
    assert!(made.stdout.contains("atl_"), "{}", made.stdout);
}

#[test]
fn a_rotation_that_was_killed_in_between_is_finished_by_the_next_one() {
    let (workshop, url, old, proxy) = with_a_key();
    rotate_and_die(&workshop, &proxy);
    assert_eq!(workshop.call_with(&url, "?action=status", Some(&old)).0, 200);
    let new = workshop.make_key(&["rotate", "mine"]);
    assert_eq!(workshop.names(), ["mine"]);
    assert_eq!(code(&workshop.call_with(&url, "?action=status", Some(&old))), (401, "unauthorized"));
    assert_eq!(workshop.call_with(&url, "?action=start", Some(&new)).0, 200);
}

#[test]
fn a_revocation_takes_every_key_of_the_name() {
    let (workshop, url, old, proxy) = with_a_key();
    rotate_and_die(&workshop, &proxy);
    workshop.ok(&["key", "revoke", "mine"]);
    assert_eq!(workshop.names(), [""; 0]);
    assert_eq!(code(&workshop.call_with(&url, "?action=status", Some(&old))), (401, "unauthorized"));
}

#[test]
fn the_key_that_is_kept_is_one_that_opens_the_api_or_none() {
    let (workshop, _, mine, _) = with_a_key();
    let line = |key: &str| Some(format!("x-api-key: {key}\n"));
    assert_eq!(header(&workshop), line(&mine));
    let other = workshop.make_key(&["create", "--scope", "control", "--name", "other"]);
    workshop.make_key(&["create", "--scope", "status"]);
    assert_eq!(header(&workshop), line(&mine), "it opens as much as the new ones");
    let rotated = workshop.make_key(&["rotate", "mine"]);
    assert_eq!(header(&workshop), line(&rotated));
    workshop.ok(&["test"]);
    workshop.ok(&["key", "revoke", "mine"]);
    assert_eq!(header(&workshop), None);
    // This engine keeps digests only: a value that is nowhere any more can be replaced, not read.
    let refused = workshop.run(&["call", "status", "--json"]).json();
    assert_eq!(refused["error"]["code"], "no_key");
    assert!(refused["error"]["hints"].to_string().contains("key create"), "{refused}");
    let rotated = workshop.make_key(&["rotate", "other"]);
    assert_ne!(rotated, other);
    assert_eq!(header(&workshop), line(&rotated));
    workshop.ok(&["call", "status"]);
}
