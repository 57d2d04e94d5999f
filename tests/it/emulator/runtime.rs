//! Function processes: warm and cold, crashing and hanging, and what they see of the machine.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{
    function,
    lambda::{create, creation, invoke, text},
    local::{Local, PROCESSES},
    tmp::lets_mount,
};
use crate::support::raw::Client as Raw;
use atelier::{deadlines::FUNCTION, emulator::runtime::MAX_WAITING};
use aws_sdk_lambda::{
    Client,
    error::ProvideErrorMetadata,
    primitives::Blob,
    types::{Environment, FunctionCode, LogType},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use std::{path::Path, time::Duration};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Waits until a process is gone (or is a zombie, which has closed and freed everything).
pub(super) async fn gone(pid: &str) {
    let stat = Path::new("/proc").join(pid).join("stat");
    let wait = async {
        while std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_mins(1), wait).await.unwrap_or_else(|_| panic!("process {pid} still lives"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warm_process_is_used_again() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let first = text(&invoke(&client, "f", r#"{"do":"pid"}"#).await);
    let second = text(&invoke(&client, "f", r#"{"do":"pid"}"#).await);
    assert_eq!(first, second);
    local.stop().await;
    gone(&first).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_invocations_at_a_time_have_a_process_each() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let (a, b) = (local.folder().join("a"), local.folder().join("b"));
    let (one, two) = (json!({"do":"meet","mine":a,"theirs":b}), json!({"do":"meet","mine":b,"theirs":a}));
    let (one, two) = (one.to_string(), two.to_string());
    let (first, second) = tokio::join!(invoke(&client, "f", &one), invoke(&client, "f", &two));
    assert_ne!(text(&first), text(&second));
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_invocation_more_than_may_wait_is_refused_at_once_in_the_words_of_lambda() {
    let local = Local::start().await;
    create(&local, "f", &[]).await;
    let body = r#"{"do":"hang"}"#;
    let head = format!(
        "POST /2015-03-31/functions/f/invocations HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\nauthorization: \
         AWS4-HMAC-SHA256 Credential=AKIATEST/20260102/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0",
        body.len()
    );
    let request = format!("{head}\r\n\r\n{body}");
    let mut asked = JoinSet::new();
    for _ in 0..PROCESSES + MAX_WAITING + 3 {
        let (address, request) = (local.address, request.clone());
        asked.spawn(async move {
            let mut client = Raw::connect(address).await;
            client.send(request).await;
            client.answer().await.unwrap()
        });
    }
    for _ in 0..3 {
        let refused = timeout(Duration::from_secs(20), asked.join_next()).await.unwrap().unwrap().unwrap();
        assert_eq!((refused.status, refused.header("x-amzn-errortype")), (429, Some("TooManyRequestsException")));
    }
    assert!(asked.try_join_next().is_none(), "the others run, or wait for those that do");
    asked.shutdown().await;
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_is_told_and_the_next_call_works() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let crashed = invoke(&client, "f", r#"{"do":"crash"}"#).await;
    assert_eq!(crashed.function_error(), Some("Unhandled"));
    let error = document(&text(&crashed));
    assert_eq!(error["errorType"], "Runtime.ExitError");
    let message = error["errorMessage"].as_str().unwrap();
    assert!(message.ends_with("Error: Runtime exited with error: exit status 1"), "{message}");
    assert_eq!(text(&invoke(&client, "f", "[1]").await), "[1]");
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_hangs_is_killed_with_what_it_started_and_the_next_call_works() {
    let local = Local::start().await;
    let client = Client::new(&local.sdk);
    let seconds = FUNCTION.as_secs().try_into().unwrap();
    creation(&client, "f", &[]).timeout(seconds).send().await.unwrap();
    local.settle();
    let pid = text(&invoke(&client, "f", r#"{"do":"pid"}"#).await);
    let runs_out = async {
        local.says("hanging").await;
        local.clock.advance(FUNCTION.saturating_sub(Duration::from_millis(1)));
        // The process that hangs is still there, so a second one has to answer.
        let other = text(&invoke(&client, "f", r#"{"do":"pid"}"#).await);
        assert!(other != pid && Path::new("/proc").join(&pid).exists(), "ended a moment before its time");
        local.clock.advance(Duration::from_millis(1));
    };
    let (hung, ()) = tokio::join!(invoke(&client, "f", r#"{"do":"hang"}"#), runs_out);
    let error = document(&text(&hung));
    assert_eq!(error["errorType"], "Sandbox.Timedout");
    assert!(error["errorMessage"].as_str().unwrap().ends_with("Task timed out after 28.00 seconds"));
    gone(&pid).await;
    assert_eq!(text(&invoke(&client, "f", "[1]").await), "[1]");
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_to_the_runtime_api_is_tolerated() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let output = invoke(&client, "f", r#"{"do":"garbage"}"#).await;
    assert_eq!(output.function_error(), None, "{}", text(&output));
    let large = invoke(&client, "f", r#"{"do":"large"}"#).await;
    assert_eq!(document(&text(&large))["errorType"], "Function.ResponseSizeTooLarge");
    assert_eq!(text(&invoke(&client, "f", "[1]").await), "[1]");
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_in_a_browser_can_neither_take_an_event_nor_answer_it() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let output = invoke(&client, "f", r#"{"do":"page"}"#).await;
    assert_eq!((output.function_error(), text(&output).as_str()), (None, "4"));
    assert_eq!(text(&invoke(&client, "f", "[1]").await), "[1]");
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_cannot_start_says_why() {
    let local = Local::start().await;
    let client = create(&local, "exits", &[("INIT", "exit")]).await;
    let exited = document(&text(&invoke(&client, "exits", "{}").await));
    assert_eq!(exited["errorType"], "Runtime.ExitError");
    assert!(exited["errorMessage"].as_str().unwrap().ends_with("exit status 3"));
    create(&local, "reports", &[("INIT", "error")]).await;
    let reported = document(&text(&invoke(&client, "reports", "{}").await));
    assert_eq!(reported["errorType"], "Init.Broken");
    local.stop().await;
}

/// What the log says of starts: the phase and what came of it.
fn starts(lines: &[(i64, String)]) -> Vec<&str> {
    let reports = lines.iter().filter(|(_, line)| line.starts_with("INIT_REPORT"));
    reports.map(|(_, line)| line.split_once('\t').unwrap().1).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_takes_too_long_is_made_again_in_the_time_of_the_invocation() {
    let local = Local::start_with_init_limit(Duration::from_secs(1)).await;
    let client = Client::new(&local.sdk);
    let mark = local.folder().join("mark");
    let run = format!("exec \"${}\" emulator::function::runs_as_a_lambda_function --exact", function::PROGRAM);
    let once = format!("[ -e \"$MARK\" ] || {{ : > \"$MARK\"; exec sleep 3600; }}\n{run}");
    for (name, script) in [("f", once.as_str()), ("never", "exec sleep 3600")] {
        let code = FunctionCode::builder().zip_file(Blob::new(function::script(script))).build();
        creation(&client, name, &[("MARK", mark.to_str().unwrap())]).code(code).send().await.unwrap();
    }
    local.settle();
    let slow = invoke(&client, "f", "[1]").await;
    assert_eq!((slow.function_error(), text(&slow).as_str()), (None, "[1]"));
    let lines = logged(&local, |lines| lines.iter().any(|(_, line)| line.starts_with("REPORT"))).await;
    assert_eq!(starts(&lines), ["Phase: init\tStatus: timeout"]);
    let report = lines.iter().find(|(_, line)| line.starts_with("REPORT")).unwrap();
    assert!(!report.1.contains("Init Duration"), "{report:?}");
    assert_eq!(text(&invoke(&client, "f", "[2]").await), "[2]");

    let passes = async {
        loop {
            local.clock.advance(Duration::from_secs(1));
            sleep(Duration::from_millis(10)).await;
        }
    };
    let never = tokio::select! {
        never = invoke(&client, "never", "{}") => never,
        () = passes => unreachable!(),
    };
    let error = document(&text(&never));
    assert_eq!(error["errorType"], "Sandbox.Timedout");
    let message = error["errorMessage"].as_str().unwrap();
    assert!(message.ends_with(" Error: Task timed out after 20.00 seconds"), "{message}");
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_cannot_be_executed_is_an_invalid_entrypoint() {
    let local = Local::start().await;
    let client = Client::new(&local.sdk);
    let zip = function::zip(&[("bootstrap", 0o755, b"#!/no/such/interpreter\n")]);
    let code = FunctionCode::builder().zip_file(Blob::new(zip)).build();
    creation(&client, "f", &[]).code(code).send().await.unwrap();
    local.settle();
    let error = document(&text(&invoke(&client, "f", "{}").await));
    assert_eq!(error["errorType"], "Runtime.InvalidEntrypoint");
    let message = error["errorMessage"].as_str().unwrap();
    assert!(message.ends_with(" Error: fork/exec /var/task/bootstrap: no such file or directory"), "{message}");
    let lines = logged(&local, |lines| starts(lines).len() == 2).await;
    let why = "Status: error\tError Type: Runtime.InvalidEntrypoint";
    assert_eq!(starts(&lines), [format!("Phase: init\t{why}"), format!("Phase: invoke\t{why}")]);
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_ends_between_two_calls_is_replaced() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    for _ in 0..5 {
        let output = invoke(&client, "f", r#"{"do":"answer and exit"}"#).await;
        assert_eq!(output.function_error(), None, "{}", text(&output));
    }
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_ends_the_old_process_and_the_new_code_answers() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let old = text(&invoke(&client, "f", r#"{"do":"pid"}"#).await);
    let program = std::env::current_exe().unwrap();
    let environment =
        Environment::builder().variables(function::PROGRAM, program.to_string_lossy()).variables("VERSION", "two");
    let update = client.update_function_configuration().function_name("f").environment(environment.build());
    update.send().await.unwrap();
    gone(&old).await;
    local.settle();
    let environment = document(&text(&invoke(&client, "f", r#"{"do":"environment"}"#).await));
    assert_eq!(environment["VERSION"], "two");
    client.delete_function().function_name("f").send().await.unwrap();
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_sees_lambdas_environment_and_nothing_of_the_emulators() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let environment = document(&text(&invoke(&client, "f", r#"{"do":"environment"}"#).await));
    assert_eq!(environment["AWS_LAMBDA_FUNCTION_NAME"], "f");
    assert_eq!(environment["AWS_REGION"], "us-east-1");
    assert_eq!(environment["AWS_ENDPOINT_URL"], format!("http://{}", local.address));
    assert_eq!(environment["_HANDLER"], "bootstrap");
    assert_eq!(environment["TZ"], ":UTC");
    // Set by cargo for every test: it must not get through.
    assert!(environment["CARGO_MANIFEST_DIR"].is_null());
    let key = environment["AWS_ACCESS_KEY_ID"].as_str().unwrap();
    let lent = local.keyring.get(key).unwrap();
    assert!(lent.secret.matches(environment["AWS_SECRET_ACCESS_KEY"].as_str().unwrap()));
    let keyring = local.keyring.clone();
    local.stop().await;
    assert!(keyring.get(key).is_none(), "the credentials outlived the process");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_gets_the_invocations_context_and_works_in_its_own_folder() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let context = document(&text(&invoke(&client, "f", r#"{"do":"context"}"#).await));
    let headers = &context["headers"];
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
    assert_eq!(headers["lambda-runtime-invoked-function-arn"], arn);
    assert!(headers["lambda-runtime-trace-id"].as_str().unwrap().starts_with("Root=1-"));
    assert!(headers["lambda-runtime-deadline-ms"].as_str().unwrap().parse::<u64>().is_ok());
    let folder = Path::new(context["cwd"].as_str().unwrap());
    if lets_mount() {
        assert_eq!(folder, Path::new("/var/task"));
    } else {
        assert!(folder.starts_with(local.folder().canonicalize().unwrap()));
    }
    local.stop().await;
}

/// Waits until the log of function `f` is `enough`; gives its lines, each with its time in milliseconds.
pub(super) async fn logged(local: &Local, enough: impl Fn(&[(i64, String)]) -> bool) -> Vec<(i64, String)> {
    let logs = aws_sdk_cloudwatchlogs::Client::new(&local.sdk);
    let wait = async {
        loop {
            let found = logs.filter_log_events().log_group_name("/aws/lambda/f").send().await;
            let events = found.map(|found| found.events.unwrap_or_default()).unwrap_or_default();
            let lines = events.into_iter().map(|event| (event.timestamp.unwrap(), event.message.unwrap()));
            let lines: Vec<_> = lines.collect();
            if enough(&lines) {
                return lines;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_mins(1), wait).await.expect("no such log")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_process_writes_is_in_its_functions_log_group() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    invoke(&client, "f", r#"{"do":"print"}"#).await;
    let lines = logged(&local, |lines| lines.iter().any(|(_, line)| line.starts_with("REPORT"))).await;
    for expected in ["a line on stdout", "a line on stderr"] {
        assert!(lines.iter().any(|(_, line)| line == expected), "{lines:?}");
    }
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invocation_for_which_there_is_no_process_left_waits_for_one() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let other = create(&local, "g", &[]).await;
    let gate = local.folder().join("gate");
    let mut calls = JoinSet::new();
    for number in 0..PROCESSES {
        let (client, mine) = (client.clone(), local.folder().join(format!("here-{number}")));
        let event = json!({ "do": "meet", "mine": mine, "theirs": gate }).to_string();
        calls.spawn(async move { text(&invoke(&client, "f", &event).await) });
    }
    let all_are_in = async {
        let is_in = |number| local.folder().join(format!("here-{number}")).exists();
        while !(0..PROCESSES).all(is_in) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(18), all_are_in).await.expect("processes that were not started");
    for (client, name) in [(&client, "f"), (&other, "g")] {
        let client = client.clone();
        calls.spawn(async move { text(&invoke(&client, name, r#"{"do":"pid"}"#).await) });
    }
    std::fs::write(&gate, "").unwrap();
    let mut processes = calls.join_all().await;
    assert_eq!(processes.len(), PROCESSES + 2);
    processes.sort();
    processes.dedup();
    // That of `g` needed the place of one of `f`; the last call of `f` was answered by a process that was there.
    assert_eq!(processes.len(), PROCESSES + 1, "{processes:?}");
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_emulator_takes_every_process_with_it() {
    let local = Local::start().await;
    let client = Client::new(&local.sdk);
    let code = FunctionCode::builder().zip_file(Blob::new(function::script("sleep 600"))).build();
    creation(&client, "f", &[]).code(code).send().await.unwrap();
    local.settle();
    let mut calls = JoinSet::new();
    for _ in 0..=PROCESSES {
        calls.spawn(client.invoke().function_name("f").send());
    }
    let scratch = local.folder().join("functions/scratch");
    let all_started = async {
        while std::fs::read_dir(&scratch).map_or(0, Iterator::count) < PROCESSES {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_mins(1), all_started).await.expect("processes that were not started");
    local.emulator.shutdown().await;
    assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 0, "a process left its folder behind");
    calls.join_all().await;
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_has_limits() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let limits: Vec<String> = serde_json::from_str(&text(&invoke(&client, "f", r#"{"do":"limits"}"#).await)).unwrap();
    let limit = |name: &str| limits.iter().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    assert!(limit("Max core file size").starts_with("0 "), "{limits:?}");
    assert!(limit("Max open files").starts_with("1024 "), "{limits:?}");
    assert!(limit("Max file size").starts_with("1073741824 "), "{limits:?}");
    assert!(limit("Max address space").starts_with("68719476736 "), "{limits:?}");
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_words_of_a_deleted_function_do_not_bring_its_log_group_back() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let logs = aws_sdk_cloudwatchlogs::Client::new(&local.sdk);
    logs.create_log_group().log_group_name("/aws/lambda/f").tags("mine", "yes").send().await.unwrap();
    invoke(&client, "f", r#"{"do":"print"}"#).await;
    client.delete_function().function_name("f").send().await.unwrap();
    logs.delete_log_group().log_group_name("/aws/lambda/f").send().await.unwrap();
    // Its end waits for everything that still wants to be written.
    local.emulator.shutdown().await;
    let left = logs.describe_log_groups().send().await.unwrap();
    assert_eq!(left.log_groups().len(), 0, "{left:?}");
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_says_about_itself_reaches_the_function() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let call = |context: &str| {
        client.invoke().function_name("f").client_context(context).payload(Blob::new(r#"{"do":"context"}"#))
    };
    // {"client":{"app":"x"}}
    let seen = text(&call("eyJjbGllbnQiOnsiYXBwIjoieCJ9fQ==").send().await.unwrap());
    let context = document(&seen)["headers"]["lambda-runtime-client-context"].as_str().unwrap().to_owned();
    assert_eq!(document(&context), json!({ "client": { "app": "x" } }));
    for bad in ["%%%", "bm90IGpzb24=", "WzFd"] {
        let error = call(bad).send().await.unwrap_err();
        assert_eq!(error.code(), Some("InvalidRequestContentException"), "{bad}");
    }
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_no_function_has_any_more_leaves_the_disk() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    create(&local, "g", &[]).await;
    let count = |folder: &str| std::fs::read_dir(local.folder().join(folder)).unwrap().count();
    assert_eq!((count("blobs"), count("functions/code")), (1, 1), "equal code is kept once");
    client.delete_function().function_name("f").send().await.unwrap();
    assert_eq!(text(&invoke(&client, "g", "[1]").await), "[1]");
    client.delete_function().function_name("g").send().await.unwrap();
    local.emulator.shutdown().await;
    assert_eq!((count("blobs"), count("functions/code")), (0, 0));
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_function_started_ends_with_it_wherever_it_went() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let leave = |name: &str, hang: bool| {
        let file = local.folder().join(name);
        (json!({"do": "leave", "file": file, "hang": hang}).to_string(), file)
    };
    let number = |file: &Path| std::fs::read_to_string(file).unwrap().trim().to_owned();

    let (event, file) = leave("outlived", true);
    let runs_out = async {
        local.says("hanging").await;
        local.clock.advance(Duration::from_secs(20));
    };
    let (hung, ()) = tokio::join!(invoke(&client, "f", &event), runs_out);
    assert!(text(&hung).contains("Task timed out"), "{}", text(&hung));
    gone(&number(&file)).await;

    let (event, file) = leave("stopped", false);
    assert_eq!(text(&invoke(&client, "f", &event).await), "null");
    let left = number(&file);
    assert!(Path::new("/proc").join(&left).exists());
    local.stop().await;
    gone(&left).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_holds_more_memory_than_it_may_is_ended_and_the_next_call_works() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let hold = |megabytes: u32| json!({"do": "hold", "megabytes": megabytes}).to_string();
    let tailed = |event: String| client.invoke().function_name("f").log_type(LogType::Tail).payload(Blob::new(event));

    let error = tailed(hold(400)).send().await.unwrap();
    assert_eq!(document(&text(&error))["errorType"], "Runtime.ExitError");
    let message = document(&text(&error))["errorMessage"].to_string();
    assert!(message.ends_with("Error: Runtime exited with error: signal: killed\""), "{message}");
    let log = String::from_utf8(BASE64_STANDARD.decode(error.log_result().unwrap()).unwrap()).unwrap();
    assert!(log.contains("Memory Size: 128 MB\tMax Memory Used: 128 MB"), "{log}");
    assert!(log.contains("\tStatus: error\tError Type: Runtime.OutOfMemory"), "{log}");

    let kept = tailed(hold(64)).send().await.unwrap();
    assert_eq!(text(&kept), (64 << 20).to_string());
    let log = String::from_utf8(BASE64_STANDARD.decode(kept.log_result().unwrap()).unwrap()).unwrap();
    let used: u32 = log.split("Max Memory Used: ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!((64..128).contains(&used), "{log}");
    local.stop().await;
}
