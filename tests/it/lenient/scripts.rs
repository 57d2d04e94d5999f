//! What scripts for `LocalStack` do that AWS refuses: it works on a lenient engine, and a strict one refuses it with the
//! words that the lenient one has noted.

use super::{Lab, ROLE, has_awslocal};

const APP: &str = r#"
import json, os

def handler(event, context):
    names = ["MODE", "AWS_REGION", "LOCALSTACK_HOSTNAME", "EDGE_PORT", "AWS_ENDPOINT_URL"]
    body = {name: os.environ.get(name) for name in names}
    return {"statusCode": 200, "body": json.dumps(body)}
"#;

/// A proxy to the function by this method, without its permission; gives the API's id.
fn api(lab: &Lab, function: &str, method: &str) -> String {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let api = text(&lab.ok(&["apigateway", "create-rest-api", "--name", "api"])["id"]);
    let root = text(&lab.ok(&["apigateway", "get-resources", "--rest-api-id", &api])["items"][0]["id"]);
    let at = ["--rest-api-id", &api, "--resource-id", &root, "--http-method", "GET"];
    lab.ok(&[&["apigateway", "put-method", "--authorization-type", "NONE"], &at[..]].concat());
    let uri = format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations");
    let proxy = ["--type", "AWS_PROXY", "--integration-http-method", method, "--uri", &uri];
    lab.ok(&[&["apigateway", "put-integration"], &at[..], &proxy[..]].concat());
    lab.ok(&["apigateway", "create-deployment", "--rest-api-id", &api, "--stage-name", "prod"]);
    api
}

/// A URL of the function that is anybody's, without its permissions; gives the host under which scripts call it.
fn url(lab: &Lab) -> String {
    let created = lab.ok(&["lambda", "create-function-url-config", "--function-name", "f", "--auth-type", "NONE"]);
    let id = created["FunctionUrl"].as_str().unwrap().trim_end_matches('/').rsplit('/').next().unwrap().to_owned();
    format!("{id}.lambda-url.us-east-1.localhost.localstack.cloud:{}", lab.port)
}

#[test]
fn a_script_with_any_credentials_runs_to_its_url_on_a_lenient_engine() {
    let lab = Lab::lenient();
    assert_eq!(lab.ok(&["sts", "get-caller-identity"])["Account"], "000000000000");
    let launched = lab.ok(&["ec2", "run-instances", "--image-id", "ami-ff0fea8310f3", "--instance-type", "t2.micro"]);
    assert!(launched["Instances"][0]["InstanceId"].as_str().unwrap().starts_with("i-"));
    let image = lab.ok(&["ec2", "register-image", "--name", "mine"])["ImageId"].clone();
    let launched = lab.ok(&["ec2", "run-instances", "--image-id", image.as_str().unwrap()]);
    assert_eq!(launched["Instances"][0]["RootDeviceName"], "/dev/sda1");
    let environment = ["--role", ROLE, "--environment", "Variables={MODE=x,AWS_REGION=eu-west-1}"];
    let Some(created) = lab.create("f", APP, &environment) else { return };
    let function = created.unwrap();
    assert_eq!(function["Environment"]["Variables"], serde_json::json!({ "MODE": "x" }));
    lab.ok(&["lambda", "wait", "function-active-v2", "--function-name", "f"]);
    let api = api(&lab, function["FunctionArn"].as_str().unwrap(), "GET");

    let port = lab.port;
    let host = format!("{api}.execute-api.localhost.localstack.cloud:{port}");
    let mut bodies = Vec::new();
    for (host, path) in [
        (format!("localhost:{port}"), format!("/restapis/{api}/prod/_user_request_/")),
        (format!("127.0.0.1:{port}"), format!("/_aws/execute-api/{api}/prod/")),
        (format!("localhost.localstack.cloud:{port}"), format!("/restapis/{api}/prod/_user_request_")),
        (host.clone(), "/prod/".to_owned()),
        (host, "/prod?x=y".to_owned()),
    ] {
        let (status, body) = lab.get_at(&host, &path);
        assert_eq!(status, 200, "{host}{path}: {body}");
        bodies.push(body);
    }
    let seen: serde_json::Value = serde_json::from_str(&bodies[0]).unwrap();
    assert_eq!((seen["MODE"].as_str(), seen["AWS_REGION"].as_str()), (Some("x"), Some("us-east-1")), "{seen}");
    assert_eq!(seen["EDGE_PORT"], port.to_string());
    assert_eq!(seen["LOCALSTACK_HOSTNAME"], "127.0.0.1");
    assert_eq!(seen["AWS_ENDPOINT_URL"], format!("http://127.0.0.1:{port}"));

    let (status, body) = lab.get_at(&url(&lab), "/");
    assert_eq!(status, 200, "{body}");

    // A role that is changed, and variables that are.
    let change = ["lambda", "update-function-configuration", "--function-name", "f", "--role"];
    lab.ok(&[&change[..], &["arn:aws:iam::123456789012:role/other", "--environment", "Variables={_HANDLER=x,V=1}"]]
        .concat());
    let kinds = ["credentials", "host", "image", "method", "permission", "role", "snapshot", "url"];
    assert_eq!(lab.kinds(), [&kinds[..], &["variable_names", "variables"]].concat());
}

#[test]
fn a_strict_engine_refuses_each_of_it_in_the_same_words() {
    let lab = Lab::strict();
    let refused = lab.aws(&["ec2", "register-image", "--name", "mine"]).unwrap_err();
    assert!(refused.contains("The root device /dev/sda1 must be mapped to a snapshot."), "{refused}");
    let Some(refused) = lab.create("f", APP, &["--role", ROLE]) else { return };
    let refused = refused.unwrap_err();
    assert!(refused.contains("InvalidParameterValueException"), "{refused}");
    assert!(refused.contains("The role defined for the function cannot be assumed by Lambda."), "{refused}");
    let environment = ["--role", ROLE, "--environment", "Variables={MODE=x,AWS_REGION=eu-west-1}"];
    let refused = lab.create("f", APP, &environment).unwrap().unwrap_err();
    assert!(refused.contains("Reserved keys used in this request: AWS_REGION"), "{refused}");

    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    lab.ok(&["iam", "create-role", "--role-name", "irrelevant", "--assume-role-policy-document", trust]);
    let function = lab.create("f", APP, &["--role", ROLE]).unwrap().unwrap();
    let seen = lab.invoke("f");
    let seen: serde_json::Value = serde_json::from_str(seen["body"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&seen["LOCALSTACK_HOSTNAME"], &seen["EDGE_PORT"]),
        (&serde_json::Value::Null, &serde_json::Value::Null)
    );
    let by_get = api(&lab, function["FunctionArn"].as_str().unwrap(), "GET");
    assert_eq!(lab.get(&format!("/restapis/{by_get}/prod/_user_request_/")).0, 500);
    let api = api(&lab, function["FunctionArn"].as_str().unwrap(), "POST");
    let path = format!("/restapis/{api}/prod/_user_request_/");
    assert_eq!(lab.get(&path).0, 500);
    let log = std::fs::read_to_string(lab.project.path().join(".atelier/engine.log")).unwrap();
    assert!(log.contains("Invalid permissions on Lambda function"), "{log}");
    assert!(log.contains("Unable to determine service/operation name to be authorized"), "{log}");
    assert_eq!(lab.get_at(&format!("{api}.execute-api.localhost.localstack.cloud:{}", lab.port), "/prod/").0, 500);
    let (status, body) = lab.get_at(&url(&lab), "/");
    assert_eq!(status, 403);
    assert!(body.contains("Forbidden. For troubleshooting Function URL authorization issues, see: "), "{body}");
    assert_eq!(lab.kinds(), [""; 0]);

    let lab = lab.with_any_credentials();
    let refused = lab.aws(&["sts", "get-caller-identity"]).unwrap_err();
    for way_out in ["InvalidClientTokenId", "eval \"$(atelier env)\"", "atelier run --", "atelier up --lenient"] {
        assert!(refused.contains(way_out), "{refused}");
    }
}

#[test]
fn awslocal_is_a_client_of_a_lenient_engine() {
    if !has_awslocal() {
        return;
    }
    let mut lab = Lab::lenient();
    lab.environment = vec![("LOCALSTACK_HOST".to_owned(), format!("localhost:{}", lab.port))];
    let awslocal = |arguments: &[&str]| lab.tool("ATELIER_AWSLOCAL", "awslocal", arguments);
    let launched = awslocal(&["ec2", "run-instances", "--image-id", "ami-12345678", "--count", "1"]).unwrap();
    let id = launched["Instances"][0]["InstanceId"].as_str().unwrap();
    let stopped = awslocal(&["ec2", "stop-instances", "--instance-ids", id]).unwrap();
    assert_eq!(stopped["StoppingInstances"][0]["InstanceId"], id);
    assert_eq!(awslocal(&["lambda", "list-functions"]).unwrap()["Functions"], serde_json::json!([]));
    assert!(awslocal(&["logs", "describe-log-groups"]).is_ok());
    assert_eq!(awslocal(&["apigateway", "get-rest-apis"]).unwrap()["items"], serde_json::json!([]));
}
