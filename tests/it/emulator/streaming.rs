//! Answers that functions stream: to who takes them as they come, and to everybody else.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{
    function_url::{Public, allow, path_of},
    lambda::{self, create, create_from},
    local::Local,
};
use crate::support::{interpreters::here, raw::Client as Raw};
use aws_sdk_lambda::{
    Client,
    primitives::Blob,
    types::{
        FunctionUrlAuthType, InvokeMode, InvokeWithResponseStreamCompleteEvent as Complete,
        InvokeWithResponseStreamResponseEvent as Event, LogType,
    },
};
use serde_json::{Value, json};

/// Streams what the event, or the query, says; waits for a file between two pieces.
const INDEX: &str = r"
const fs = require('fs');
exports.handler = awslambda.streamifyResponse(async (event, output) => {
  const { head, wait, fail } = event.queryStringParameters ?? event;
  if (fail === 'before') throw new Error('before the first byte');
  if (head) output = awslambda.HttpResponseStream.from(output, JSON.parse(head));
  else output.setContentType('text/plain');
  output.write('one ');
  while (wait && !fs.existsSync(wait)) await new Promise((resolve) => setTimeout(resolve, 2));
  if (fail) throw new RangeError('in the middle é');
  output.end('two');
});
";

async fn stream(client: &Client, event: &Value) -> (String, Complete) {
    let call = client.invoke_with_response_stream().function_name("f").log_type(LogType::Tail);
    let mut events = call.payload(Blob::new(event.to_string())).send().await.unwrap().event_stream;
    let mut text = Vec::new();
    loop {
        match events.recv().await.unwrap().unwrap() {
            Event::PayloadChunk(chunk) => text.extend(chunk.payload.unwrap().into_inner()),
            Event::InvokeComplete(end) => {
                assert!(events.recv().await.unwrap().is_none());
                return (String::from_utf8(text).unwrap(), end);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_does_not_stream_is_one_piece_to_who_wants_many() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let (text, end) = stream(&client, &json!({ "do": "echo" })).await;
    assert_eq!((text.as_str(), end.error_code()), (r#"{"do":"echo"}"#, None));
    assert!(end.log_result().is_some());
    let (text, end) = stream(&client, &json!({ "do": "crash" })).await;
    assert_eq!((text.as_str(), end.error_code()), ("", Some("Unhandled")));
    assert!(end.error_details().unwrap().contains("Runtime.ExitError"));
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_comes_as_it_is_written_and_an_error_comes_behind_it() {
    let Some(runtime) = here("nodejs").await.into_iter().next() else { return };
    let local = Local::start().await;
    let client = create_from(&local, "f", runtime, "index.handler", &[("index.js", INDEX)]).await;
    assert_eq!(stream(&client, &json!({})).await.0, "one two");
    for (fail, before, kind) in [("before", "", "Error"), ("in the middle", "one ", "RangeError")] {
        let (text, end) = stream(&client, &json!({ "fail": fail })).await;
        assert_eq!((text.as_str(), end.error_code()), (before, Some("Unhandled")));
        let details: Value = serde_json::from_str(end.error_details().unwrap()).unwrap();
        assert_eq!(details["errorType"], kind, "{details}");
    }
    // Who does not take it piece by piece has it whole.
    assert_eq!(lambda::text(&lambda::invoke(&client, "f", "{}").await), "one two");

    let public = Public::open(&local).await;
    let creation = client.create_function_url_config().function_name("f").auth_type(FunctionUrlAuthType::None);
    let url = creation.invoke_mode(InvokeMode::ResponseStream).send().await.unwrap().function_url;
    allow(&client).await;
    let file = local.folder().join("go-on");
    let get = |query: String| format!("GET {}/?{query} HTTP/1.1\r\nhost: localhost\r\n\r\n", path_of(&url));
    let mut caller = Raw::connect(public.address).await;
    let head = "%7B%22statusCode%22:201,%22headers%22:%7B%22x-a%22:%22b%22%7D,%22cookies%22:[%22c=1%22]%7D";
    caller.send(get(format!("head={head}&wait={}", file.display()))).await;
    let answer = caller.answer_in_chunks().await.unwrap();
    assert_eq!((answer.status, answer.header("x-a"), answer.header("set-cookie")), (201, Some("b"), Some("c=1")));
    assert_eq!(caller.chunk().await, Ok(Some(b"one ".to_vec())), "nothing comes before the function has ended");
    std::fs::write(&file, "").unwrap();
    assert_eq!(caller.chunk().await, Ok(Some(b"two".to_vec())));
    assert_eq!(caller.chunk().await, Ok(None));
    // The connection is good for another call, which is broken off.
    caller.send(get("fail=later".to_owned())).await;
    let answer = caller.answer_in_chunks().await.unwrap();
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/plain")));
    assert_eq!(caller.chunk().await, Ok(Some(b"one ".to_vec())));
    assert_eq!(caller.chunk().await, Err(()), "half an answer looks like a whole one");
    let mut caller = Raw::connect(public.address).await;
    caller.send(get("fail=before".to_owned())).await;
    assert_eq!(caller.answer().await.unwrap().status, 502);
    public.close().await;
    local.stop().await;
}
