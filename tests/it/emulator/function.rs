//! The function that the tests deploy: this very test binary, started again by a `bootstrap` script. What it does is
//! in the event (`{"do":"echo"}`) or, at its start, in the variable `INIT`. It adds its events to the file in `RECORD`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::exit, clippy::print_stdout, clippy::print_stderr, reason = "functions exit and print")]
#![allow(clippy::disallowed_methods, reason = "the function under test reads its environment, as functions do")]

use serde_json::{Value, json};
use std::{
    collections::HashMap,
    env,
    io::{Cursor, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};
use zip::{ZipWriter, write::SimpleFileOptions};

/// The variable through which the script finds this binary: its copy in the archive would be 100 MB.
pub(super) const PROGRAM: &str = "FUNCTION_PROGRAM";

/// The archive of the function.
pub(super) fn archive() -> Vec<u8> {
    script(&format!("exec \"${PROGRAM}\" emulator::function::runs_as_a_lambda_function --exact --nocapture"))
}

/// An archive whose `bootstrap` is a shell script.
pub(super) fn script(command: &str) -> Vec<u8> {
    zip(&[("bootstrap", 0o755, format!("#!/bin/sh\n{command}\n").as_bytes())])
}

pub(super) fn zip(files: &[(&str, u32, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, mode, content) in files {
        writer.start_file(*name, SimpleFileOptions::default().unix_permissions(*mode)).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Plays the function when it is started as one. In an ordinary test run it only makes sure that it is not.
#[test]
fn runs_as_a_lambda_function() {
    let started_as_function = env::var_os(PROGRAM).is_some();
    let api = env::var("AWS_LAMBDA_RUNTIME_API");
    assert_eq!(api.is_ok(), started_as_function, "half of a function's environment");
    if let Ok(api) = api {
        serve(&api);
    }
}

fn serve(api: &str) {
    match env::var("INIT").as_deref() {
        Ok("exit") => std::process::exit(3),
        Ok("hang") => hang(),
        Ok("extension") => extend(api),
        Ok("error") => {
            let body = br#"{"errorType":"Init.Broken","errorMessage":"no luck"}"#;
            call(api, "POST", "/2018-06-01/runtime/init/error", body);
            hang()
        }
        _ => {}
    }
    loop {
        let next = call(api, "GET", "/2018-06-01/runtime/invocation/next", b"");
        let id = next.headers["lambda-runtime-aws-request-id"].clone();
        let event: Value = serde_json::from_slice(&next.body).unwrap_or_default();
        // A call of a URL says it in a header.
        let event =
            event["headers"]["x-event"].as_str().map_or(event.clone(), |text| serde_json::from_str(text).unwrap());
        if let Ok(record) = env::var("RECORD") {
            let mut record = std::fs::File::options().create(true).append(true).open(record).unwrap();
            record.write_all(format!("{event}\n").as_bytes()).unwrap();
        }
        let (kind, answer) = act(api, &id, &event, &next);
        call(api, "POST", &format!("/2018-06-01/runtime/invocation/{id}/{kind}"), answer.as_bytes());
        if event["do"] == "answer and exit" {
            std::process::exit(0);
        }
    }
}

/// Answers an authorizer's question as the caller's token says.
fn authorize(event: &Value) -> Option<(&'static str, String)> {
    let arn = event.get("methodArn").or_else(|| event.get("routeArn"))?;
    let token = event["authorizationToken"].as_str().or_else(|| event["identitySource"][0].as_str());
    let token = token.or_else(|| event["headers"]["X-Token"].as_str()).unwrap_or_default();
    let policy = |effect: &str, resource: &Value| {
        let statement = json!({ "Effect": effect, "Action": "execute-api:Invoke", "Resource": resource });
        json!({
            "principalId": "ann", "context": { "who": "ann", "n": 1, "ok": true },
            "policyDocument": { "Version": "2012-10-17", "Statement": [statement] },
        })
    };
    let answer = match token.split_once(' ').unwrap_or((token, "")) {
        ("allow", _) => policy("Allow", arn),
        ("deny", _) => policy("Deny", arn),
        ("other", _) => policy("Allow", &json!("arn:aws:execute-api:*:*:*/*/GET/nowhere")),
        ("key", key) => {
            let mut answer = policy("Allow", &json!("*"));
            answer["usageIdentifierKey"] = key.into();
            answer
        }
        ("yes", _) => json!({ "isAuthorized": true, "context": { "who": "ann", "n": 1 } }),
        ("no", _) => json!({ "isAuthorized": false }),
        ("unauthorized", _) => return Some(("error", json!({ "errorMessage": "Unauthorized" }).to_string())),
        ("fail", _) => return Some(("error", json!({ "errorMessage": "mine" }).to_string())),
        _ => json!({ "nonsense": true }),
    };
    Some(("response", answer.to_string()))
}

/// Does what the event says; gives the kind of the answer and the answer.
fn act(api: &str, id: &str, event: &Value, next: &Answer) -> (&'static str, String) {
    if let Some(answer) = authorize(event) {
        return answer;
    }
    match event["do"].as_str().unwrap_or("echo") {
        "crash" => {
            eprintln!("about to crash");
            std::process::exit(1)
        }
        "hang" => hang(),
        // A process that leaves the group, the session and its parent, and writes down its number.
        "leave" => {
            let file = event["file"].as_str().unwrap();
            let command = format!("setsid sh -c 'echo $$ > {file}.new; mv {file}.new {file}; exec sleep 3600' &");
            assert!(Command::new("sh").args(["-c", &command]).stdout(Stdio::null()).status().unwrap().success());
            wait_for(Path::new(file));
            if event["hang"] == true { hang() } else { ("response", "null".to_owned()) }
        }
        "hold" => {
            let held = vec![1_u8; usize::try_from(event["megabytes"].as_u64().unwrap()).unwrap() << 20];
            std::thread::sleep(Duration::from_millis(300));
            ("response", held.len().to_string())
        }
        "pid" => ("response", std::process::id().to_string()),
        "print" => {
            println!("a line on stdout");
            eprintln!("a line on stderr");
            ("response", "null".to_owned())
        }
        "limits" => {
            let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
            ("response", json!(limits.lines().collect::<Vec<_>>()).to_string())
        }
        "error" => ("error", json!({ "errorType": "Own", "errorMessage": "mine" }).to_string()),
        "environment" => ("response", json!(env::vars().collect::<HashMap<_, _>>()).to_string()),
        "context" => ("response", json!({ "headers": next.headers, "cwd": env::current_dir().unwrap() }).to_string()),
        "large" => ("response", json!("x".repeat(7 << 20)).to_string()),
        "garbage" => {
            for (method, path) in [("POST", "/2018-06-01/runtime/invocation/wrong/response"), ("PUT", "/nonsense")] {
                assert!((400..500).contains(&call(api, method, path, b"\xff\x00").status));
            }
            let mut stream = TcpStream::connect(api).unwrap();
            stream.write_all(b"\x00\x01 this is no HTTP\r\n\r\n").unwrap();
            let _ = stream.read_to_end(&mut Vec::new());
            ("response", json!(id).to_string())
        }
        // A page of a browser on this machine: it reaches this port, and says that it is one, or has another's name.
        "page" => {
            let next = "/2018-06-01/runtime/invocation/next";
            let answer = format!("/2018-06-01/runtime/invocation/{id}/response");
            // A body that is too large, wherever it is sent, would end the invocation.
            let nobodys = "/2018-06-01/runtime/invocation/wrong/response";
            let calls = [("GET", next, 0), ("POST", answer.as_str(), 1), ("POST", nobodys, 9 << 20)];
            let pages = [
                format!("host: {api}\r\norigin: http://evil.example"),
                format!("host: {api}\r\nreferer: http://evil.example/"),
                format!("host: {api}\r\nsec-fetch-site: cross-site"),
                "host: evil.example".to_owned(),
            ];
            for head in &pages {
                for (method, path, length) in calls {
                    assert_eq!(call_as(head, api, method, path, &vec![b'1'; length]).status, 403, "{head}: {path}");
                }
            }
            ("response", json!(pages.len()).to_string())
        }
        // Two of these answer only if they run at the same time.
        "meet" => {
            std::fs::write(event["mine"].as_str().unwrap(), "").unwrap();
            wait_for(Path::new(event["theirs"].as_str().unwrap()));
            ("response", std::process::id().to_string())
        }
        "told" => ("response", json!(told(usize::try_from(event["least"].as_u64().unwrap()).unwrap())).to_string()),
        "raw" => ("response", event["answer"].as_str().unwrap().to_owned()),
        "answer and exit" | "echo" => ("response", answer_to(event)),
        other => panic!("no such behaviour: {other}"),
    }
}

/// What the internal extension was told.
static TOLD: Mutex<Vec<Value>> = Mutex::new(Vec::new());

/// Registers an extension inside this process, which takes events from then on.
fn extend(api: &str) {
    const PATH: &str = "/2020-01-01/extension";
    let ask = |header: &str, method: &str, path: &str, body: &[u8]| {
        call_as(&format!("host: {api}\r\n{header}"), api, method, &format!("{PATH}/{path}"), body)
    };
    let refused = ask("lambda-extension-name: inside", "POST", "register", br#"{"events":["SHUTDOWN"]}"#);
    assert_eq!(refused.status, 403);
    let registered = ask("lambda-extension-name: inside", "POST", "register", br#"{"events":["INVOKE"]}"#);
    let id = format!("lambda-extension-identifier: {}", registered.headers["lambda-extension-identifier"]);
    TOLD.lock().unwrap().push(serde_json::from_slice(&registered.body).unwrap());
    let api = api.to_owned();
    thread::spawn(move || {
        loop {
            let line = format!("host: {api}\r\n{id}");
            let next = call_as(&line, &api, "GET", &format!("{PATH}/event/next"), b"");
            TOLD.lock().unwrap().push(serde_json::from_slice(&next.body).unwrap());
        }
    });
}

/// What the extension was told, once that is so much.
fn told(least: usize) -> Vec<Value> {
    let deadline = Instant::now() + Duration::from_secs(20);
    while TOLD.lock().unwrap().len() < least && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(2));
    }
    TOLD.lock().unwrap().clone()
}

/// An API Gateway answer to a proxy event (the query may say what it is), the event itself to any other.
fn answer_to(event: &Value) -> String {
    if event["httpMethod"].is_null() {
        return event.to_string();
    }
    match event["queryStringParameters"]["answer"].as_str() {
        Some("hang") => hang(),
        Some("crash") => std::process::exit(1),
        Some(raw) => raw.to_owned(),
        None => json!({
            "statusCode": 200,
            "headers": { "content-type": "application/json", "x-from": "function" },
            "body": event.to_string(),
        })
        .to_string(),
    }
}

fn hang() -> ! {
    println!("hanging");
    loop {
        thread::sleep(Duration::from_mins(1));
    }
}

fn wait_for(path: &Path) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !path.exists() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(2));
    }
}

struct Answer {
    status: u16,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

/// One call of the Runtime API on a connection of its own.
fn call(api: &str, method: &str, path: &str, body: &[u8]) -> Answer {
    call_as(&format!("host: {api}"), api, method, path, body)
}

/// The same with these lines in the place of its `Host`.
fn call_as(lines: &str, api: &str, method: &str, path: &str, body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(api).unwrap();
    let head =
        format!("{method} {path} HTTP/1.1\r\n{lines}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).unwrap();
    // A server that refuses a large body answers before it has read it.
    let _ = stream.write_all(body);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers =
        lines.filter_map(|line| line.split_once(": ")).map(|(k, v)| (k.to_lowercase(), v.to_owned())).collect();
    Answer { status, headers, body: answer[end + 4..].to_vec() }
}
