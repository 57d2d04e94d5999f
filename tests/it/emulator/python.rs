//! Functions in Python, on this machine's own interpreters.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{
    function,
    lambda::{self, create_from, document},
    local::Local,
};
use crate::support::interpreters::here;
use atelier::runtimes::Runtime;
use aws_sdk_lambda::{
    Client,
    error::ProvideErrorMetadata,
    primitives::Blob,
    types::{Environment, FunctionCode, LogType},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

/// What most tests run: it does what the event says.
const APP: &str = r#"
import collections, decimal, logging, os, sys

logging.getLogger().warning("at init")
calls = 0

def handler(event, context):
    global calls
    calls += 1
    do = event.get("do")
    if do == "context":
        members = ["aws_request_id", "function_name", "function_version", "invoked_function_arn", "log_group_name",
                   "log_stream_name", "memory_limit_in_mb"]
        seen = {name: getattr(context, name) for name in members}
        return {**seen, "left": context.get_remaining_time_in_millis(), "identity": context.identity.cognito_identity_id,
                "client": context.client_context and context.client_context.custom["é"],
                "trace": os.environ["_X_AMZN_TRACE_ID"][:7], "environment": os.environ["AWS_EXECUTION_ENV"],
                "root": os.environ["LAMBDA_TASK_ROOT"] == sys.path[0] == os.getcwd()}
    if do == "log":
        logging.getLogger().setLevel("INFO")
        logging.info("one\ntwo")
        print("a line", "é")
        print("to stderr", file=sys.stderr)
        return None
    if do == "raise":
        raise ValueError("boom é")
    if do == "set":
        return {1}
    if do == "number":
        return {"price": decimal.Decimal("1.10"), "bytes": b"x", "text": "é"}
    if do == "tuple":
        point = collections.namedtuple("Point", "x y")(1, decimal.Decimal("2.50"))
        return {"points": [point, (3, 4)], b"key": {"inner": point}}
    if do == "exit":
        sys.exit(3)
    if do == "boto3":
        import boto3
    return {"calls": calls, "event": event}
"#;

/// The newest runtime whose interpreter is here.
async fn newest() -> Option<Runtime> {
    here("python").await.pop()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_python_of_this_machine_runs_its_functions_cold_and_warm() {
    for runtime in here("python").await {
        let local = Local::start().await;
        let client = create_from(&local, "f", runtime, "app.handler", &[("app.py", APP)]).await;
        for calls in 1..3 {
            let output = lambda::invoke(&client, "f", r#"{"text":"é"}"#).await;
            assert_eq!(output.function_error(), None, "{runtime}: {}", lambda::text(&output));
            assert_eq!(document(&output), json!({ "calls": calls, "event": { "text": "é" } }), "{runtime}");
        }
        let seen = document(&lambda::invoke(&client, "f", r#"{"do":"context"}"#).await);
        assert_eq!(seen["environment"], format!("AWS_Lambda_{runtime}"));
        local.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_is_told_all_that_it_is_told_at_aws() {
    let Some(runtime) = newest().await else { return };
    let local = Local::start().await;
    let client = create_from(&local, "f", runtime, "app.handler", &[("app.py", APP)]).await;
    let context = BASE64_STANDARD.encode(r#"{"custom":{"é":"ü"}}"#);
    let call = client.invoke().function_name("f").client_context(context).payload(Blob::new(r#"{"do":"context"}"#));
    let seen = document(&call.send().await.unwrap());
    for (name, value) in [
        ("function_name", json!("f")),
        ("function_version", json!("$LATEST")),
        ("invoked_function_arn", json!("arn:aws:lambda:us-east-1:000000000000:function:f")),
        ("log_group_name", json!("/aws/lambda/f")),
        ("memory_limit_in_mb", json!("128")),
        ("identity", Value::Null),
        ("client", json!("ü")),
        ("trace", json!("Root=1-")),
        ("root", json!(true)),
    ] {
        assert_eq!(seen[name], value, "{name}: {seen}");
    }
    assert_eq!(seen["aws_request_id"].as_str().unwrap().len(), 36);
    assert!((1..=20_000).contains(&seen["left"].as_i64().unwrap()), "{seen}");
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_logs_is_one_event_each_with_the_request_id() {
    let Some(runtime) = newest().await else { return };
    let local = Local::start().await;
    let client = create_from(&local, "f", runtime, "app.handler", &[("app.py", APP)]).await;
    let call = client.invoke().function_name("f").log_type(LogType::Tail).payload(Blob::new(r#"{"do":"log"}"#));
    let output = call.send().await.unwrap();
    assert_eq!(lambda::text(&output), "null");
    let tail = String::from_utf8(BASE64_STANDARD.decode(output.log_result().unwrap()).unwrap()).unwrap();
    let id = tail.split("RequestId: ").nth(1).unwrap().split(' ').next().unwrap();
    let info = tail.lines().find(|line| line.starts_with("[INFO]\t")).unwrap();
    assert!(info.ends_with(&format!("Z\t{id}\tone")), "{tail}");
    let order = ["\ntwo\n", "\na line é\n", "\nto stderr\n", "\nEND RequestId: "];
    let places = order.map(|text| tail.find(text).unwrap_or_else(|| panic!("{text}: {tail}")));
    assert!(places.is_sorted(), "{tail}");
    local.says("one\ntwo").await;
    local.says("[WARNING]\t").await;
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_have_the_shape_that_aws_gives_them_and_the_next_call_works() {
    let Some(runtime) = newest().await else { return };
    let local = Local::start().await;
    let client = create_from(&local, "f", runtime, "app.handler", &[("app.py", APP)]).await;
    let output = lambda::invoke(&client, "f", r#"{"do":"raise"}"#).await;
    assert_eq!(output.function_error(), Some("Unhandled"));
    let error = document(&output);
    assert_eq!((&error["errorType"], &error["errorMessage"]), (&json!("ValueError"), &json!("boom é")));
    assert_eq!(error["requestId"].as_str().unwrap().len(), 36);
    let trace = error["stackTrace"].as_array().unwrap();
    let frame = trace[0].as_str().unwrap();
    assert!(
        trace.len() == 1 && frame.contains("app.py\", line ") && frame.ends_with("raise ValueError(\"boom é\")\n"),
        "{error}"
    );
    let error = document(&lambda::invoke(&client, "f", r#"{"do":"set"}"#).await);
    let message = "Unable to marshal response: Object of type set is not JSON serializable";
    assert_eq!((&error["errorType"], &error["errorMessage"]), (&json!("Runtime.MarshalError"), &json!(message)));
    let exit = document(&lambda::invoke(&client, "f", r#"{"do":"exit"}"#).await);
    assert_eq!(exit["errorType"], "Runtime.ExitError", "{exit}");
    assert!(exit["errorMessage"].as_str().unwrap().ends_with("exit status 3"), "{exit}");
    let numbers = lambda::text(&lambda::invoke(&client, "f", r#"{"do":"number"}"#).await);
    assert_eq!(numbers.replace("\\u00e9", "é"), r#"{"price": 1.10, "bytes": "x", "text": "é"}"#);
    let tuples = lambda::text(&lambda::invoke(&client, "f", r#"{"do":"tuple"}"#).await);
    let point = r#"{"x": 1, "y": 2.50}"#;
    assert_eq!(tuples, format!(r#"{{"points": [{point}, [3, 4]], "key": {{"inner": {point}}}}}"#));
    local.says("[ERROR] ValueError: boom é\nTraceback (most recent call last):\n").await;

    // What fails before the function's first line has no frame of it: the runtime's stay, under the name they have at AWS.
    let one = "def handler(event):\n    return 1\n";
    let client = create_from(&local, "one", runtime, "app.handler", &[("app.py", one)]).await;
    let error = document(&lambda::invoke(&client, "one", "{}").await);
    assert_eq!(error["errorMessage"], "handler() takes 1 positional argument but 2 were given", "{error}");
    let frame = error["stackTrace"][0].as_str().unwrap();
    assert!(frame.starts_with("  File \"/var/runtime/bootstrap.py\", line "), "{error}");
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_does_not_load_says_why_in_awss_words() {
    let Some(runtime) = newest().await else { return };
    let local = Local::start().await;
    for (name, handler, files, kind, message) in [
        (
            "a",
            "app.handler",
            &[("other.py", "")][..],
            "ImportModuleError",
            "Unable to import module 'app': No module named 'app'",
        ),
        (
            "b",
            "app.handler",
            &[("app.py", "import no_such_module")],
            "ImportModuleError",
            "Unable to import module 'app': No module named 'no_such_module'",
        ),
        (
            "c",
            "pkg/app.handler",
            &[("pkg/app.py", "def handler(:")],
            "UserCodeSyntaxError",
            "Syntax error in module 'pkg/app': invalid syntax (app.py, line 1)",
        ),
        ("d", "app.handler", &[("app.py", "x = 1")], "HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        (
            "e",
            "app",
            &[("app.py", "")],
            "MalformedHandlerName",
            "Bad handler 'app': not enough values to unpack (expected 2, got 1)",
        ),
    ] {
        let files: Vec<_> = [&[("read.me", "")], files].concat();
        let client = create_from(&local, name, runtime, handler, &files).await;
        for _ in 0..2 {
            let output = lambda::invoke(&client, name, "{}").await;
            assert_eq!(output.function_error(), Some("Unhandled"), "{name}");
            let error = document(&output);
            assert_eq!(error["errorType"], format!("Runtime.{kind}"), "{error}");
            assert_eq!(error["errorMessage"], message);
        }
    }
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn handlers_in_packages_are_found_with_slashes_and_with_dots() {
    let Some(runtime) = newest().await else { return };
    let local = Local::start().await;
    let module = "def handler(event, context):\n    return __name__\n";
    for (name, handler) in [("a", "pkg/sub/mod.handler"), ("b", "pkg.sub.mod.handler")] {
        let client = create_from(&local, name, runtime, handler, &[("pkg/sub/mod.py", module)]).await;
        assert_eq!(lambda::text(&lambda::invoke(&client, name, "{}").await), r#""pkg.sub.mod""#);
    }
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_are_json_and_have_a_level_where_the_function_asks_for_it() {
    let Some(runtime) = newest().await else { return };
    let local = Local::start().await;
    let module = "import logging\ndef handler(event, context):\n    logging.info('told', extra={'order': 7})\n    \
         logging.info({'a': 1})\n    1 / 0\n";
    let client = create_from(&local, "f", runtime, "app.handler", &[("app.py", module)]).await;
    let variables = [("AWS_LAMBDA_LOG_FORMAT", "JSON"), ("AWS_LAMBDA_LOG_LEVEL", "INFO")];
    let variables = variables.iter().fold(Environment::builder(), |all, (name, value)| all.variables(*name, *value));
    let update = client.update_function_configuration().function_name("f").environment(variables.build());
    update.send().await.unwrap();
    local.settle();
    assert_eq!(document(&lambda::invoke(&client, "f", "{}").await)["errorType"], "ZeroDivisionError");
    local.says(r#""level": "INFO", "message": "told", "logger": "root", "requestId": ""#).await;
    local.says(r#""order": 7}"#).await;
    local.says(r#""message": "{'a': 1}", "logger": "root""#).await;
    local.says(r#""log_level": "ERROR", "errorMessage": "division by zero""#).await;
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrapper_starts_the_interpreter_and_one_that_cannot_is_the_functions_end() {
    const CODE: &str = "import os\n\ndef handler(event, context):\n    return [os.environ['WRAPPED'], os.environ['PWD'] == \
                        os.getcwd()]\n";
    let Some(runtime) = newest().await else { return };
    let local = Local::start().await;
    let client = Client::new(&local.sdk);
    let script = "#!/bin/sh\nexport WRAPPED=yes\nexec \"$@\"\n";
    let files: [(&str, u32, &[u8]); 3] =
        [("app.py", 0o644, CODE.as_bytes()), ("wrapper", 0o755, script.as_bytes()), ("plain", 0o644, b"")];
    for (name, wrapper, end) in
        [("a", "./wrapper", None), ("b", "/idontexist.sh", Some("127")), ("c", "./plain", Some("126"))]
    {
        let code = FunctionCode::builder().zip_file(Blob::new(function::zip(&files))).build();
        let variables = Environment::builder().variables("AWS_LAMBDA_EXEC_WRAPPER", wrapper).build();
        let creation = client.create_function().function_name(name).role(lambda::ROLE).handler("app.handler");
        let creation = creation.runtime(runtime.to_string().as_str().into()).timeout(20).code(code);
        creation.environment(variables).send().await.unwrap();
        local.settle();
        let answer = document(&lambda::invoke(&client, name, "{}").await);
        let Some(end) = end else {
            assert_eq!(answer, json!(["yes", true]));
            continue;
        };
        assert_eq!(answer["errorType"], "Runtime.ExitError", "{answer}");
        let message = answer["errorMessage"].as_str().unwrap();
        assert!(message.ends_with(&format!("Error: Runtime exited with error: exit status {end}")), "{message}");
    }
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_lacks_boto3_is_told_how_to_get_it() {
    let Some(runtime) = newest().await else { return };
    let local = Local::start().await;
    // Whatever this machine's Python has: a module of the function's own that imports like one that is not there.
    let module = "raise ModuleNotFoundError(\"No module named 'boto3'\", name='boto3')\n";
    let client = create_from(&local, "f", runtime, "app.handler", &[("app.py", module)]).await;
    let error = document(&lambda::invoke(&client, "f", "{}").await);
    assert_eq!(error["errorMessage"], "Unable to import module 'app': No module named 'boto3'");
    local.says(&format!("`atelier runtimes install {runtime}`")).await;
    local.says("Z\t\tLAMBDA_WARNING: Unhandled exception. ").await;
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_release_than_the_functions_own_is_told_in_its_state_and_its_log() {
    let Some(runtime) = newest().await else { return };
    let here = here("python").await;
    let absent = Runtime::all().find(|other| other.language() == runtime.language() && !here.contains(other));
    let Some(absent) = absent else { return crate::support::skipped("every release of Python is here") };
    let local = Local::start().await;
    let client = create_from(&local, "f", absent, "app.handler", &[("app.py", APP)]).await;
    let shown = client.get_function_configuration().function_name("f").send().await.unwrap();
    let reason = shown.state_reason().unwrap();
    assert!(
        reason.ends_with(&format!("runs this {absent} function: no Python {} was found", absent.release())),
        "{reason}"
    );
    assert_eq!(lambda::invoke(&client, "f", "{}").await.function_error(), None);
    local.says(reason).await;
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runtime_without_a_handler_or_that_aws_does_not_have_is_refused() {
    let local = Local::start().await;
    let client = Client::new(&local.sdk);
    let code = || FunctionCode::builder().zip_file(Blob::new(function::zip(&[("app.py", 0o644, b"")]))).build();
    for (runtime, handler, said) in [
        ("python3.8", Some("app.handler"), "The runtime parameter of python3.8 is no longer supported for"),
        ("python4", Some("app.handler"), "Value python4 at 'runtime' failed to satisfy constraint"),
        ("python3.12", None, "Runtime and Handler are mandatory parameters"),
        ("provided.al2023", None, "Runtime and Handler are mandatory parameters"),
    ] {
        let creation = client.create_function().function_name("f").role(lambda::ROLE).code(code());
        let creation = creation.runtime(runtime.into()).set_handler(handler.map(str::to_owned));
        let error = creation.send().await.unwrap_err();
        assert_eq!(error.code(), Some("InvalidParameterValueException"), "{runtime}");
        assert!(error.message().unwrap().starts_with(said), "{error:?}");
    }
    local.stop().await;
}
