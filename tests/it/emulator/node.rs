//! Functions in JavaScript, on this machine's own Node.js.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{
    lambda::{self, create_from, document},
    local::Local,
};
use crate::support::interpreters::here;
use atelier::runtimes::Runtime;
use aws_sdk_lambda::{Client, primitives::Blob, types::LogType};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

/// What most tests run: it does what the event says.
const INDEX: &str = r"
let calls = 0;
exports.handler = async (event, context) => {
  calls += 1;
  switch (event.do) {
    case 'context':
      return { ...context, left: context.getRemainingTimeInMillis(), environment: process.env.AWS_EXECUTION_ENV };
    case 'log':
      console.log('one\ntwo %s', 'é');
      console.log();
      console.error(new TypeError('seen'));
      return null;
    case 'throw':
      throw new RangeError('boom é');
    case 'circle': {
      const circle = {};
      circle.circle = circle;
      return circle;
    }
    case 'never':
      return new Promise(() => {});
    case 'later':
      setTimeout(() => { throw new Error('nobody catches this'); }, 1);
      return new Promise((resolve) => setTimeout(resolve, 10_000));
    default:
      return { calls, event };
  }
};
exports.inner = { callback: (event, context, callback) => setTimeout(callback, 1, null, event.text) };
exports.stream = awslambda.streamifyResponse(async (event, output) => {
  output.setContentType('text/plain');
  output.write('one ');
  if (event.fail) throw new Error('in the middle');
  output.end('two');
});
";

async fn error(client: &Client, name: &str, event: &str) -> Value {
    let output = lambda::invoke(client, name, event).await;
    assert_eq!(output.function_error(), Some("Unhandled"), "{}", lambda::text(&output));
    document(&output)
}

/// A runtime whose interpreter is here, and whose handlers may answer through callbacks.
async fn any() -> Option<Runtime> {
    here("nodejs").await.into_iter().find(|runtime| runtime.to_string() != "nodejs24.x")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_node_of_this_machine_runs_its_functions_cold_and_warm() {
    for runtime in here("nodejs").await {
        let local = Local::start().await;
        let client = create_from(&local, "f", runtime, "index.handler", &[("index.js", INDEX)]).await;
        for calls in 1..3 {
            let output = lambda::invoke(&client, "f", r#"{"text":"é"}"#).await;
            assert_eq!(output.function_error(), None, "{runtime}: {}", lambda::text(&output));
            assert_eq!(document(&output), json!({ "calls": calls, "event": { "text": "é" } }), "{runtime}");
        }
        let seen = document(&lambda::invoke(&client, "f", r#"{"do":"context"}"#).await);
        assert_eq!(seen["environment"], format!("AWS_Lambda_{runtime}"));
        assert_eq!(seen["functionName"], "f");
        assert_eq!(seen["invokedFunctionArn"], "arn:aws:lambda:us-east-1:000000000000:function:f");
        assert!((1..=20_000).contains(&seen["left"].as_i64().unwrap()), "{seen}");
        local.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_has_the_time_the_request_and_the_level() {
    let Some(runtime) = any().await else { return };
    let local = Local::start().await;
    let client = create_from(&local, "f", runtime, "index.handler", &[("index.js", INDEX)]).await;
    let call = client.invoke().function_name("f").log_type(LogType::Tail).payload(Blob::new(r#"{"do":"log"}"#));
    let output = call.send().await.unwrap();
    let tail = String::from_utf8(BASE64_STANDARD.decode(output.log_result().unwrap()).unwrap()).unwrap();
    let id = tail.split("RequestId: ").nth(1).unwrap().split(' ').next().unwrap();
    assert!(tail.contains(&format!("Z\t{id}\tINFO\tone\ntwo é\n")), "{tail}");
    assert!(tail.contains(&format!("Z\t{id}\tINFO\tundefined\n")), "{tail}");
    assert!(tail.contains(&format!("Z\t{id}\tERROR\tTypeError: seen\n    at ")), "{tail}");
    local.says("\tINFO\tone\ntwo é").await;
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_have_the_shape_that_aws_gives_them_and_the_next_call_works() {
    let Some(runtime) = any().await else { return };
    let local = Local::start().await;
    let client = create_from(&local, "f", runtime, "index.handler", &[("index.js", INDEX)]).await;
    for (what, kind, message) in [
        ("throw", "RangeError", "boom é"),
        ("circle", "Error", "Unable to stringify response body"),
        ("never", "Runtime.NodeJsExit", "The Lambda runtime client detected an unexpected Node.js exit code."),
        ("later", "Error", "nobody catches this"),
    ] {
        let error = error(&client, "f", &json!({ "do": what }).to_string()).await;
        assert_eq!(error["errorType"], kind, "{error}");
        assert!(error["errorMessage"].as_str().unwrap().starts_with(message), "{error}");
        assert!(error["trace"][0].as_str().unwrap().starts_with(&format!("{kind}: ")), "{error}");
    }
    assert_eq!(lambda::invoke(&client, "f", "{}").await.function_error(), None);
    local.says("\tERROR\tInvoke Error \t{\"errorType\":\"RangeError\",\"errorMessage\":\"boom é\"").await;
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_does_not_load_says_why_in_awss_words() {
    const REJECTED: &str = "Promise.reject(new Error('nobody')); exports.handler = async () => 1;";
    let Some(runtime) = any().await else { return };
    let local = Local::start().await;
    let absent = "Error: Cannot find module 'absent'\nRequire stack:\n- /var/runtime/index.mjs";
    for (name, handler, text, kind, message) in [
        ("a", "absent.handler", "", "ImportModuleError", absent),
        ("b", "index.handler", "require('no-such-package')", "ImportModuleError", "Error: Cannot find module 'no-such"),
        ("c", "index.handler", "const x = ;", "UserCodeSyntaxError", "SyntaxError: Unexpected token ';'"),
        ("d", "index.handler", "", "HandlerNotFound", "index.handler is undefined or not exported"),
        ("e", "index.handler", "exports.handler = 7", "HandlerNotFound", "index.handler is not a function"),
        ("f", "index", "", "MalformedHandlerName", "Bad handler"),
        ("g", "index.handler", REJECTED, "UnhandledPromiseRejection", "Error: nobody"),
    ] {
        let client = create_from(&local, name, runtime, handler, &[("index.js", text)]).await;
        let error = error(&client, name, "{}").await;
        assert_eq!(error["errorType"], format!("Runtime.{kind}"), "{error}");
        assert!(error["errorMessage"].as_str().unwrap().starts_with(message), "{error}");
        assert!(!error.to_string().contains("/clients/node/"), "a folder of this machine's: {error}");
    }
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_kinds_of_modules_are_loaded_and_members_are_followed() {
    let Some(runtime) = any().await else { return };
    let local = Local::start().await;
    let esm = "export const handler = async () => typeof require;";
    let cjs = "exports.handler = async () => typeof require;";
    let module = ("package.json", r#"{"type":"module"}"#);
    let from_root = "exports.handler = async () => require('lib/own').kind;";
    for (name, handler, files, answer) in [
        ("a", "index.handler", &[("index.mjs", esm)][..], "undefined"),
        ("b", "index.handler", &[("index.cjs", cjs)], "function"),
        ("c", "index.handler", &[("index.js", esm), module], "undefined"),
        ("d", "src/index.handler", &[("src/index.js", cjs)], "function"),
        ("e", "index.inner.callback", &[("index.js", INDEX)], "é"),
        ("f", "app.handler", &[("app/index.js", cjs)], "function"),
        ("g", "index.handler", &[("index.js", from_root), ("lib/own.js", "exports.kind = 'own';")], "own"),
    ] {
        let client = create_from(&local, name, runtime, handler, files).await;
        let output = lambda::invoke(&client, name, r#"{"text":"é"}"#).await;
        assert_eq!(lambda::text(&output), json!(answer).to_string(), "{name}");
    }
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn node_has_what_it_has_at_aws_and_no_more() {
    const CODE: &str = "exports.handler = async () => {
  try {
    require('./lib.mjs');
  } catch (error) {
    return [typeof gc, error.code];
  }
};";
    let Some(runtime) = any().await else { return };
    let local = Local::start().await;
    let files = [("index.js", CODE), ("lib.mjs", "export const kind = 'esm';")];
    let client = create_from(&local, "f", runtime, "index.handler", &files).await;
    let seen = document(&lambda::invoke(&client, "f", "{}").await);
    assert_eq!(seen, json!(["function", "ERR_REQUIRE_ESM"]));
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_with_a_callback_is_warned_of_the_runtime_without() {
    let Some(runtime) = any().await else { return };
    let local = Local::start().await;
    let client = create_from(&local, "f", runtime, "index.inner.callback", &[("index.js", INDEX)]).await;
    assert_eq!(lambda::text(&lambda::invoke(&client, "f", r#"{"text":"é"}"#).await), "\"é\"");
    let warning = "\tundefined\tWARN\tAWS Lambda plans to remove support for callback-based function handlers starting \
                   with Node.js 24. ";
    local.says(warning).await;
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_its_answer_and_half_a_stream_is_an_error() {
    let Some(runtime) = any().await else { return };
    let local = Local::start().await;
    let client = create_from(&local, "f", runtime, "index.stream", &[("index.js", INDEX)]).await;
    assert_eq!(lambda::text(&lambda::invoke(&client, "f", "{}").await), "one two");
    assert_eq!(error(&client, "f", r#"{"fail":true}"#).await["errorMessage"], "in the middle");
    assert_eq!(lambda::text(&lambda::invoke(&client, "f", "{}").await), "one two");
    local.stop().await;
}
