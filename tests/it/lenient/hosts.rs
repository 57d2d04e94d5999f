//! The names under which scripts, containers and functions call `LocalStack`, and its own pages.

use super::{Lab, ROLE, newest};
use serde_json::Value;

#[test]
fn the_pages_answer_as_localstacks_do_and_say_who_answers() {
    let lab = Lab::lenient();
    for path in ["/_localstack/health", "/health", "/_localstack/health?reload"] {
        let (status, body) = lab.get(path);
        assert_eq!(status, 200, "{path}");
        assert!(body.contains(r#""lambda": "available""#), "{body}");
        assert!(body.contains(r#""edition": "atelier""#), "{body}");
    }
    lab.ok(&["lambda", "list-functions"]);
    assert!(lab.get("/_localstack/health").1.contains(r#""lambda": "running""#));
    let read = |path: &str| serde_json::from_str::<Value>(&lab.get(path).1).unwrap();
    assert_eq!(read("/_localstack/init")["completed"]["READY"], true);
    assert_eq!(read("/_localstack/init/ready")["completed"], true);
    assert_eq!(read("/_localstack/info")["edition"], "atelier");
    assert_eq!(lab.request("HEAD /_localstack/health", &["Host: localhost"]).0, 200);
    // What stops `LocalStack`, or shows what is in it, is not there.
    assert_eq!(lab.request("POST /_localstack/health", &["Host: localhost", "Content-Length: 0"]).0, 404);
    assert_eq!(lab.get("/_localstack/diagnose").0, 404);
    let page = ["Host: localhost", "Origin: https://evil.example"];
    assert_eq!(lab.request("GET /_localstack/info", &page).0, 403);
}

#[test]
fn localstacks_names_are_known_to_a_lenient_engine_only() {
    let (lenient, strict) = (Lab::lenient(), Lab::strict());
    for host in [
        "localstack",
        "localstack-main:4566",
        "localhost.localstack.cloud:4566",
        "sts.localhost.localstack.cloud",
        "0.0.0.0:4566",
    ] {
        assert_eq!(lenient.get_at(host, "/healthz").0, 200, "{host}");
        assert_eq!(strict.get_at(host, "/healthz").0, 403, "{host}");
    }
    assert_eq!(lenient.get_at("evil.example", "/healthz").0, 403);
    assert_eq!(lenient.get_at("localstack.evil.example", "/healthz").0, 403);
    for path in ["/_localstack/health", "/_localstack/init", "/_localstack/info"] {
        assert_eq!(strict.get(path).0, 404, "{path}");
    }
    assert_eq!(strict.get("/health").0, 403);
    assert_eq!(lenient.kinds(), ["host"]);
}

#[test]
fn calls_that_nobody_has_signed_and_dockers_name_pass_on_a_lenient_engine_and_are_noted() {
    let (lenient, strict) = (Lab::lenient(), Lab::strict());
    assert_eq!((lenient.get("/").0, strict.get("/").0), (200, 403));
    let path = "/?Action=DescribeInstances&Version=2016-11-15";
    let (status, body) = lenient.get(path);
    assert!(status == 200 && body.contains("<DescribeInstancesResponse"), "{status} {body}");
    assert_eq!(lenient.get("/2015-03-31/functions").0, 200);
    assert_eq!(strict.get(path).0, 403);
    let browser = ["Host: localhost", "User-Agent: Mozilla/5.0"];
    assert_eq!(lenient.request(&format!("GET {path}"), &browser).0, 403, "no page may do that");
    assert_eq!(lenient.kinds(), ["credentials", "page"]);
    assert_eq!(lenient.get_at("host.docker.internal:4566", "/healthz").0, 200);
    assert_eq!(lenient.kinds(), ["credentials", "host", "page"]);
    assert_eq!(strict.get_at("host.docker.internal:4566", "/healthz").0, 200);
}

/// Asks for a page of the engine under each of the names, and what the system itself makes of one.
const PYTHON: &str = r#"
import os, socket, subprocess, urllib.request

def handler(event, context):
    port, seen = os.environ["EDGE_PORT"], {}
    for host in ["localhost", os.environ["LOCALSTACK_HOSTNAME"], "localstack", "localstack-main", "host.docker.internal",
                 "localhost.localstack.cloud", "lambda.localhost.localstack.cloud", "172.17.0.1", "172.17.0.2"]:
        try:
            with urllib.request.urlopen("http://{}:{}/_localstack/info".format(host, port), timeout=5) as answer:
                seen[host] = answer.status
        except Exception as error:
            seen[host] = str(error)
    found = subprocess.run(["getent", "hosts", "localstack"], capture_output=True, text=True)
    return {"seen": seen, "system": found.stdout.split()[:1], "elsewhere": socket.gethostbyname("127.0.0.2")}
"#;

#[test]
fn a_python_function_reaches_the_engine_under_every_name() {
    let lab = Lab::lenient();
    let Some(created) = lab.create("f", PYTHON, &["--role", ROLE]) else { return };
    created.unwrap();
    let answer = lab.invoke("f");
    for (host, seen) in answer["seen"].as_object().unwrap() {
        assert_eq!(*seen, 200, "{host}: {answer}");
    }
    assert_eq!(answer["elsewhere"], "127.0.0.2");
    // The own hosts file, where the system lets a process have one.
    if rustix::process::geteuid().is_root() {
        assert_eq!(answer["system"], serde_json::json!(["127.0.0.1"]), "{answer}");
    }
}

/// The same in Node.js, by its own clients: `http`, `fetch`, and a plain connection.
const NODE: &str = r"
import http from 'node:http';
import net from 'node:net';

const get = (url) => new Promise((done) => {
  http.get(url, (answer) => { answer.resume(); done(answer.statusCode); }).on('error', (error) => done(String(error)));
});
const connect = (...args) => new Promise((done) => {
  const socket = net.connect(...args, () => { socket.destroy(); done(200); });
  socket.on('error', (error) => done(String(error)));
});

export async function handler() {
  const { EDGE_PORT: port, LOCALSTACK_HOSTNAME: own } = process.env;
  const seen = {};
  for (const host of [own, 'localstack', 'localstack-main', 'host.docker.internal', 'localhost.localstack.cloud',
    'lambda.localhost.localstack.cloud', '172.17.0.1', '172.17.0.2']) {
    const url = `http://${host}:${port}/_localstack/info`;
    seen[`http ${host}`] = await get(url);
    seen[`fetch ${host}`] = await fetch(url).then((answer) => answer.status, String);
    seen[`connect ${host}`] = await connect(Number(port), host);
  }
  return seen;
}
";

#[test]
fn a_node_function_reaches_the_engine_under_every_name() {
    let Some(runtime) = newest("nodejs") else { return };
    let lab = Lab::lenient();
    lab.create_in(runtime, "f", ("app.mjs", NODE), &["--role", ROLE]).unwrap();
    let answer = lab.invoke("f");
    for (way, seen) in answer.as_object().unwrap() {
        assert_eq!(*seen, 200, "{way}: {answer}");
    }
}
