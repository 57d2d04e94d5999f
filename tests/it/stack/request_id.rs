//! A request's id, from the client through the edge and the gateway into the function's log.

use super::Workshop;
use crate::support::{eventually, raw};
use atelier::aws::Connection;
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use serde_json::Value;
use std::{net::SocketAddr, time::Duration};

impl Workshop {
    /// Calls the API with this id and gives the one of the answer.
    fn answered_id(&self, url: &str, id: &str) -> String {
        let path = url.strip_prefix(&format!("http://127.0.0.1:{}", self.port)).unwrap();
        let host = format!("127.0.0.1:{}", self.port);
        let request = format!("GET {path}/infra?action=status HTTP/1.1\r\nhost: {host}\r\nx-request-id: {id}\r\n\r\n");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut client = raw::Client::connect(SocketAddr::from(([127, 0, 0, 1], self.port))).await;
            client.send(request).await;
            client.answer().await.unwrap().header("x-request-id").unwrap().to_owned()
        })
    }

    /// Deletes the function and leaves the API as it is.
    fn delete_function(&self) {
        let text = std::fs::read_to_string(self.project.path().join(".atelier/credentials.json")).unwrap();
        let stored: Value = serde_json::from_str(&text).unwrap();
        let key = |name: &str| stored[name].as_str().unwrap().to_owned();
        let credentials = Credentials::from_keys(key("access_key_id"), key("secret_access_key"), None);
        let connection = Connection {
            endpoint: Some(format!("http://127.0.0.1:{}", self.port)),
            region: "us-east-1".to_owned(),
            credentials: SharedCredentialsProvider::new(credentials),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let lambda = aws_sdk_lambda::Client::new(&connection.sdk_config());
        runtime.block_on(lambda.delete_function().function_name("infrastructure-handler").send()).unwrap();
    }

    /// The levels of the engine's log lines about the request of this id.
    fn levels(&self, id: &str) -> Vec<String> {
        let log = std::fs::read_to_string(self.project.path().join(".atelier/engine.log")).unwrap();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line["request_id"] == id).map(|line| line["level"].as_str().unwrap().to_owned()).collect()
    }

    fn logged(&self, source: &str, id: &str) -> bool {
        let lines = self.ok(&["logs", "--raw", "--source", source, "-n", "10000"]).stdout;
        lines.lines().any(|line| line.contains(&format!(r#""request_id":"{id}""#)))
    }
}

#[test]
fn a_clean_id_is_in_the_answer_and_in_every_log_and_another_one_in_none() {
    let workshop = Workshop::new();
    workshop.up();
    let url = workshop.ok(&["deploy", "--json"]).json()["data"]["url"].as_str().unwrap().to_owned();
    assert_eq!(workshop.answered_id(&url, "lesson-1"), "lesson-1");
    for dirty in ["a b", "lesson\"1", &"x".repeat(65)] {
        let given = workshop.answered_id(&url, dirty);
        assert!(given != dirty && given.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{given}");
        assert!(eventually(Duration::from_mins(1), || workshop.logged("lambda", &given)));
    }
    for source in ["engine", "lambda"] {
        assert!(eventually(Duration::from_mins(1), || workshop.logged(source, "lesson-1")), "{source}");
    }
    let everything = workshop.ok(&["logs", "--raw", "-n", "10000"]).stdout;
    assert!(!everything.contains("a b") && !everything.contains("xxxxxxxxxxxxxxxxxxx"), "{everything}");
}

#[test]
fn the_gateway_warns_under_the_id_that_the_edge_logs() {
    let workshop = Workshop::new();
    workshop.up();
    let url = workshop.ok(&["deploy", "--json"]).json()["data"]["url"].as_str().unwrap().to_owned();
    workshop.delete_function();
    for id in ["lesson-2", "not one"] {
        let id = workshop.answered_id(&url, id);
        assert!(eventually(Duration::from_mins(1), || workshop.levels(&id) == ["WARN", "INFO"]), "{id}");
    }
}
