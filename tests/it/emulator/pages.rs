//! What the edge leaves to an API of the embedded engine, and what it keeps to itself: asked of a real engine.

use crate::support::{Project, engine_port, raw::Client as Raw};
use aws_sdk_apigateway::{Client, primitives::Blob};
use serde_json::{Value, json};
use std::fs;

/// An API of a user's own: a constant with headers of its own, and what a preflight is answered.
fn document() -> Value {
    let constant = |headers: Value| {
        json!({
            "responses": { "200": { "description": "ok" } },
            "x-amazon-apigateway-integration": {
                "type": "mock",
                "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
                "responses": { "default": { "statusCode": "200", "responseParameters": headers } },
            },
        })
    };
    let origin = json!({ "method.response.header.Access-Control-Allow-Origin": "'*'" });
    let cached = json!({ "method.response.header.Cache-Control": "'max-age=60'" });
    json!({
        "openapi": "3.0.1",
        "info": { "title": "mine", "version": "1" },
        "paths": { "/x": { "get": constant(cached), "options": constant(origin) } },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_answers_pages_itself_unless_it_is_ateliers_own() {
    let (project, port) = (Project::new(), engine_port());
    for verb in [&["up", "--engine", "embedded", "--port", &port.to_string()][..], &["deploy"]] {
        let run = project.run(verb);
        assert_eq!(run.code, Some(0), "{run:?}");
    }
    let client = Client::new(&project.sdk(port));
    let id = client.create_rest_api().name("mine").send().await.unwrap().id.unwrap();
    client.put_rest_api().rest_api_id(&id).body(Blob::new(document().to_string())).send().await.unwrap();
    client.create_deployment().rest_api_id(&id).stage_name("s").send().await.unwrap();
    let mine = |path: &str| format!("/restapis/{id}/s/_user_request_{path}");
    let own = fs::read_to_string(project.path().join(".api_id")).unwrap();
    let own = format!("/restapis/{}/dev/_user_request_/infra?action=status", own.trim());
    let ask = async |method: &str, target: &str, headers: &str| {
        let mut client = Raw::connect(([127, 0, 0, 1], port).into()).await;
        client.send(format!("{method} {target} HTTP/1.1\r\nhost: localhost:{port}\r\n{headers}\r\n")).await;
        client.answer().await.unwrap()
    };
    let elsewhere = "origin: https://elsewhere.example\r\n";

    let preflight = ask("OPTIONS", &mine("/x"), elsewhere).await;
    assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (200, Some("*")));
    let answer = ask("GET", &mine("/x"), elsewhere).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("max-age=60")));
    let escaped = ask("GET", &mine("/a%2Fb"), "").await;
    assert_eq!((escaped.status, escaped.text().as_str()), (403, r#"{"message":"Missing Authentication Token"}"#));
    let stage = ask("GET", &format!("/restapis/{id}/nostage/_user_request_/x"), "").await;
    assert_eq!((stage.status, stage.text().as_str()), (403, r#"{"message":"Forbidden"}"#));
    assert_eq!(ask("GET", "/restapis/nosuchapi/s/_user_request_/x", "").await.status, 404);

    let refused = ask("GET", &own, elsewhere).await;
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (403, None));
    let preflight = ask("OPTIONS", &own, elsewhere).await;
    assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (204, None));
    let answer = ask("GET", &own, "").await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));

    // Whoever has a link to a function's code needs no signature, and no other link is one.
    let function = aws_sdk_lambda::Client::new(&project.sdk(port)).get_function();
    let function = function.function_name("infrastructure-handler").send().await.unwrap();
    let link = function.code().unwrap().location().unwrap().to_owned();
    let link = &link[link.find("/_aws/code/").unwrap()..];
    let mut client = Raw::connect(([127, 0, 0, 1], port).into()).await;
    client.send(format!("HEAD {link} HTTP/1.1\r\nhost: localhost:{port}\r\n\r\n")).await;
    let head = client.answer_to_head().await.unwrap();
    let size = function.configuration().unwrap().code_size().to_string();
    assert_eq!((head.status, head.header("content-length")), (200, Some(size.as_str())));
    assert_eq!(head.header("content-type"), Some("application/zip"));
    assert_eq!(ask("GET", &link.replace("Expires=", "Expires=9"), "").await.status, 403);
    assert_eq!(ask("GET", link.split('?').next().unwrap(), "").await.status, 403);
    assert_eq!(ask("POST", link, "content-length: 0\r\n").await.status, 405);
}
