//! The role that `deploy` gives the function, where policies have a say: it is enough, and without any of its actions
//! something fails.

use super::Workshop;
use crate::support::{eventually, raw};
use aws_sdk_iam::Client;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use std::{net::SocketAddr, time::Duration};

const ROLE: &str = "atelier-infrastructure-handler";
const POLICY: &str = "atelier";

/// What the API may be asked for.
const ASKED: [&str; 9] = [
    "action=stop",
    "action=start&for=2h",
    "action=start",
    "action=status",
    "action=list",
    "action=restart",
    "action=modify&type=t3.small&restart=1",
    "action=modify&type=t2.micro&restart=1",
    "action=stop",
];

struct Deployed {
    workshop: Workshop,
    path: String,
    runtime: tokio::runtime::Runtime,
    iam: Client,
    lambda: aws_sdk_lambda::Client,
    events: aws_sdk_eventbridge::Client,
}

impl Deployed {
    fn new() -> Self {
        let workshop = Workshop::new();
        workshop.project.write("atelier.toml", "modify = true\n");
        workshop.ok(&["up", "--engine", "embedded", "--iam"]);
        let url = workshop.ok(&["deploy", "--json"]).json()["data"]["url"].as_str().unwrap().to_owned();
        let path = url.strip_prefix(&format!("http://127.0.0.1:{}", workshop.port)).unwrap().to_owned();
        let sdk = workshop.project.sdk(workshop.port);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (iam, lambda) = (Client::new(&sdk), aws_sdk_lambda::Client::new(&sdk));
        Self { workshop, path, runtime, iam, lambda, events: aws_sdk_eventbridge::Client::new(&sdk) }
    }

    fn policy(&self) -> Value {
        let found = self.iam.get_role_policy().role_name(ROLE).policy_name(POLICY).send();
        let text = self.runtime.block_on(found).unwrap().policy_document;
        serde_json::from_str(&percent_decode_str(&text).decode_utf8_lossy()).unwrap()
    }

    /// Takes the rules away that the function has made.
    async fn forget_rules(&self) {
        for rule in self.events.list_rules().send().await.unwrap().rules() {
            let name = rule.name().unwrap();
            let targets = self.events.list_targets_by_rule().rule(name).send().await.unwrap();
            for target in targets.targets() {
                self.events.remove_targets().rule(name).ids(target.id()).send().await.unwrap();
            }
            self.events.delete_rule().name(name).send().await.unwrap();
        }
    }

    /// Gives the role this policy, and the function a new process.
    fn give(&self, policy: &Value, turn: usize) {
        let put = self.iam.put_role_policy().role_name(ROLE).policy_name(POLICY).policy_document(policy.to_string());
        let anew = self
            .lambda
            .update_function_configuration()
            .function_name("infrastructure-handler")
            .description(format!("turn {turn}"));
        self.runtime.block_on(async {
            self.forget_rules().await;
            put.send().await.unwrap();
            anew.send().await.unwrap();
        });
        let is_active = || {
            let found = self.lambda.get_function_configuration().function_name("infrastructure-handler").send();
            let found = self.runtime.block_on(found).unwrap();
            found.last_update_status().is_some_and(|status| status.as_str() == "Successful")
        };
        assert!(eventually(Duration::from_secs(20), is_active));
    }

    /// Calls the API; gives the status of the answer.
    fn ask(&self, query: &str) -> u16 {
        let (port, path) = (self.workshop.port, &self.path);
        let request = format!("GET {path}/infra?{query} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n\r\n");
        self.runtime.block_on(async {
            let mut client = raw::Client::connect(SocketAddr::from(([127, 0, 0, 1], port))).await;
            client.send(request).await;
            client.answer().await.unwrap().status
        })
    }

    /// The actions that were refused since the engine's journal was emptied.
    fn refused(&self) -> Vec<String> {
        let told = self.workshop.ok(&["explain", "--json"]).json();
        let decisions = told["data"]["decisions"].as_array().unwrap().clone();
        decisions.iter().map(|decision| decision["action"].as_str().unwrap().to_owned()).collect()
    }
}

/// The policy without one action of one statement; a statement that has no other goes.
fn without(policy: &Value, statement: usize, action: &str) -> Value {
    let mut policy = policy.clone();
    let statements = policy["Statement"].as_array_mut().unwrap();
    let rest: Vec<Value> =
        actions(&statements[statement]).into_iter().filter(|known| known != action).map(Value::from).collect();
    if rest.is_empty() {
        statements.remove(statement);
    } else {
        statements[statement]["Action"] = rest.into();
    }
    policy
}

fn actions(statement: &Value) -> Vec<String> {
    match &statement["Action"] {
        Value::Array(actions) => actions.iter().map(|action| action.as_str().unwrap().to_owned()).collect(),
        one => vec![one.as_str().unwrap().to_owned()],
    }
}

#[test]
fn the_functions_role_is_enough_and_without_any_of_its_actions_something_fails() {
    let deployed = Deployed::new();
    let whole = deployed.policy();
    for query in ASKED {
        assert_eq!(deployed.ask(query), 200, "{query}");
    }
    assert_eq!(deployed.refused(), Vec::<String>::new(), "the whole role is enough");
    let mut turn = 0;
    for (at, statement) in whole["Statement"].as_array().unwrap().iter().enumerate() {
        for action in actions(statement) {
            turn += 1;
            deployed.give(&without(&whole, at, &action), turn);
            let failed = ASKED.iter().any(|query| deployed.ask(query) != 200);
            // What the role does not let Lambda write is lost, and what goes without is not done: the journal has it.
            let is_lost = || deployed.refused().contains(&action);
            assert!(eventually(Duration::from_secs(20), is_lost), "nothing needs {action}");
            let is_orders =
                ["ec2:DescribeInstances", "ec2:StartInstances", "ec2:StopInstances"].contains(&action.as_str());
            assert!(failed || !is_orders, "every call goes without {action}");
        }
    }
    assert!(turn >= 5, "{turn}");
    deployed.give(&whole, turn + 1);
    assert!(ASKED.iter().all(|query| deployed.ask(query) == 200));
}
