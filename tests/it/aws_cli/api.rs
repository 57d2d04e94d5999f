//! API Gateway through the AWS CLI: import, deploy, call, delete.

use super::Cli;

#[tokio::test]
async fn an_api_is_imported_deployed_called_and_deleted() {
    let cli = Cli::start();
    let document = r#"{"openapi":"3.0.1","info":{"title":"mine","version":"1"},"paths":{"/hello":{"get":{"responses":{"200":{"description":"ok"}},
        "x-amazon-apigateway-integration":{"type":"mock","requestTemplates":{"application/json":"{\"statusCode\": 200}"},
        "responses":{"default":{"statusCode":"200","responseTemplates":{"application/json":"{\"hello\":\"world\"}"}}}}}}}}"#;
    std::fs::write(cli.project.path().join("api.json"), document).expect("the document is written");
    let api = cli.ok(&["apigateway", "import-rest-api", "--body", "fileb://api.json"]);
    let id = api["id"].as_str().expect("an id");
    assert_eq!(api["name"], "mine");

    let url = format!("/restapis/{id}/v1/_user_request_/hello");
    assert_eq!(
        cli.get(&url).await,
        (403, r#"{"message":"Forbidden"}"#.to_owned()),
        "nothing is served before the first deployment"
    );
    cli.ok(&["apigateway", "create-deployment", "--rest-api-id", id, "--stage-name", "v1"]);
    assert_eq!(cli.get(&url).await, (200, r#"{"hello":"world"}"#.to_owned()));
    assert_eq!(cli.get(&format!("/_aws/execute-api/{id}/v1/hello")).await.0, 200);

    cli.ok(&["apigateway", "delete-rest-api", "--rest-api-id", id]);
    assert_eq!(cli.refused(&["apigateway", "get-rest-api", "--rest-api-id", id]), "NotFoundException");
    assert_eq!(cli.get(&url).await.0, 404);
}

#[tokio::test]
async fn an_imported_api_reaches_a_function_once_it_may() {
    let cli = Cli::start();
    cli.deploy();
    let function = cli.ok(&["lambda", "get-function-configuration", "--function-name", "infrastructure-handler"]);
    let arn = function["FunctionArn"].as_str().expect("an ARN");
    let document = serde_json::json!({
        "openapi": "3.0.1",
        "info": { "title": "mine", "version": "1" },
        "paths": { "/infra": { "get": { "responses": {}, "x-amazon-apigateway-integration": {
            "type": "aws_proxy",
            "httpMethod": "POST",
            "uri": format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"),
        } } } },
    });
    std::fs::write(cli.project.path().join("api.json"), document.to_string()).expect("the document is written");
    let api = cli.ok(&["apigateway", "import-rest-api", "--body", "fileb://api.json"]);
    let id = api["id"].as_str().expect("an id");
    cli.ok(&["apigateway", "create-deployment", "--rest-api-id", id, "--stage-name", "v1"]);
    let url = format!("/restapis/{id}/v1/_user_request_/infra?action=status");
    assert_eq!(cli.get(&url).await.0, 500, "the function does not let this API call it yet");

    let source = format!("arn:aws:execute-api:us-east-1:000000000000:{id}/*/GET/infra");
    let permission = cli.ok(&[
        "lambda",
        "add-permission",
        "--function-name",
        "infrastructure-handler",
        "--statement-id",
        "mine",
        "--action",
        "lambda:InvokeFunction",
        "--principal",
        "apigateway.amazonaws.com",
        "--source-arn",
        &source,
    ]);
    assert!(permission["Statement"].as_str().expect("a statement").contains(&source));
    let (status, body) = cli.get(&url).await;
    assert_eq!(status, 200, "{body}");
    let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(body["type"], "t2.micro");
}
