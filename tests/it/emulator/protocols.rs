//! What is refused, in each protocol's own shape. The calls are made below the edge: the SDKs cannot send them.

use super::cloud::config;
use atelier::{
    clock::Clock,
    edge::{AwsCall, Upstream, keyring::Keyring},
    emulator::Emulator,
    http1::{Request, Response, ids::RequestIds},
};
use bytes::Bytes;

async fn call(service: &str, target: Option<&str>, body: &'static str) -> (Response, String) {
    let mut request = http::Request::post("/").body(Bytes::from_static(body.as_bytes())).unwrap();
    if let Some(target) = target {
        request.headers_mut().insert("x-amz-target", target.parse().unwrap());
    }
    send(service, request).await
}

async fn send(service: &str, request: Request) -> (Response, String) {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), "http://127.0.0.1:1", Clock::System, Keyring::default());
    let (service, region, access_key_id) = (service.to_owned(), "us-east-1".to_owned(), "AKIATEST".to_owned());
    let request_id = RequestIds::default().draw();
    let call = AwsCall { request_id, service, region, access_key_id, request };
    let answer = Emulator::open(config).unwrap().aws(call).await;
    let text = String::from_utf8(answer.body().to_vec()).unwrap();
    (answer, text)
}

#[tokio::test]
async fn a_missing_operation_is_a_501_that_names_it_in_its_protocol() {
    let (answer, text) = call("ec2", None, "Action=CreateVpnGateway&Version=2016-11-15").await;
    assert_eq!(answer.status(), 501);
    assert!(text.contains("<Response><Errors><Error><Code>NotImplemented</Code>"), "{text}");
    assert!(text.contains("CreateVpnGateway"), "{text}");
    let (answer, text) = call("iam", None, "Action=UploadSSHPublicKey&Version=2010-05-08").await;
    assert_eq!(answer.status(), 501);
    assert!(text.contains("<ErrorResponse") && text.contains("UploadSSHPublicKey"), "{text}");
    let (answer, text) = call("logs", Some("Logs_20140328.CreateExportTask"), "{}").await;
    assert_eq!(answer.status(), 501);
    assert!(text.contains("CreateExportTask"), "{text}");
    assert_eq!(answer.headers()["content-type"], "application/x-amz-json-1.1");
    let (answer, text) = call("dynamodb", Some("DynamoDB_20120810.ListTables"), "{}").await;
    assert_eq!(answer.status(), 501);
    assert!(text.contains("ListTables of dynamodb"), "{text}");
}

#[tokio::test]
async fn a_missing_rest_operation_is_named_although_its_call_has_a_method_and_a_path_only() {
    for (service, method, path, name) in [
        ("lambda", "PUT", "/2020-06-30/functions/f/code-signing-config", "PutFunctionCodeSigningConfig"),
        ("lambda", "POST", "/2015-03-31/event-source-mappings/", "CreateEventSourceMapping"),
        ("apigateway", "POST", "/domainnames", "CreateDomainName"),
        ("apigateway", "POST", "/clientcertificates", "GenerateClientCertificate"),
        ("apigateway", "POST", "/apikeys?mode=import&format=csv", "ImportApiKeys"),
        ("lambda", "GET", "/2015-03-31/nonsense", "GET /2015-03-31/nonsense"),
    ] {
        let request = http::Request::builder().method(method).uri(path).body(Bytes::new()).unwrap();
        let (answer, text) = send(service, request).await;
        assert_eq!(answer.status(), 501, "{method} {path}: {text}");
        assert!(text.contains(&format!("The operation {name} of {service} is")), "{method} {path}: {text}");
    }
}

#[tokio::test]
async fn requests_that_say_too_much_too_little_or_twice_are_refused() {
    for (body, code) in [
        ("", "MissingAction"),
        ("Action=StopInstances&Version=2016-11-15", "MissingParameter"),
        ("Action=DescribeInstances&Action=RunInstances", "MalformedQueryString"),
        ("Action=DescribeInstances&Colour=red", "UnknownParameter"),
        ("Action=DescribeInstances&DryRun=perhaps", "InvalidParameterValue"),
        ("Action=RunInstances&ImageId=ami-1&MinCount=0&MaxCount=1", "InvalidParameterValue"),
        ("Action=RunInstances&ImageId=ami-1&MaxCount=1", "MissingParameter"),
        ("Action=DescribeInstances&NextToken=%7F", "InvalidNextToken"),
        // What XML cannot hold would make every later answer with it unreadable.
        ("Action=CreateTags&ResourceId.1=i-1&Tag.1.Key=a&Tag.1.Value=%1B", "InvalidParameterValue"),
        ("Action=CreateTags&ResourceId.1=i-1&Tag.1.Key=%EF%BF%BE&Tag.1.Value=", "InvalidParameterValue"),
        ("Action=DescribeInstances&%00=", "InvalidParameterValue"),
    ] {
        let (answer, text) = call("ec2", None, body).await;
        assert_eq!(answer.status(), 400, "{body}");
        assert!(text.contains(&format!("<Code>{code}</Code>")), "{body}: {text}");
        let id = answer.headers()["x-amzn-requestid"].to_str().unwrap();
        assert!(text.contains(&format!("<RequestID>{id}</RequestID>")), "{text}");
    }
}

#[tokio::test]
async fn json_of_the_wrong_shape_is_a_serialization_exception() {
    for body in ["{", "[]", "null", r#"{"logGroupName":1}"#, "\u{1}"] {
        let (answer, text) = call("logs", Some("Logs_20140328.CreateLogGroup"), body).await;
        assert_eq!(answer.status(), 400, "{body}");
        assert!(text.contains("SerializationException") && !text.contains("expected a map"), "{text}");
    }
}

#[tokio::test]
async fn a_member_that_aws_has_is_lacking_and_any_other_is_wrong() {
    for (service, target, body, named) in [
        ("logs", "Logs_20140328.FilterLogEvents", r#"{"logGroupName":"g","unmask":true}"#, "unmask"),
        ("events", "AWSEvents.PutRule", r#"{"Name":"r","ScheduleExpression":"rate(1 day)","RoleArn":"a"}"#, "RoleArn"),
        (
            "events",
            "AWSEvents.PutTargets",
            r#"{"Rule":"r","Targets":[{"Id":"t","Arn":"a","DeadLetterConfig":{"Arn":"q"}}]}"#,
            "Targets[0].DeadLetterConfig",
        ),
        (
            "monitoring",
            "GraniteServiceVersion20100801.GetMetricData",
            r#"{"StartTime":0,"EndTime":60,"MetricDataQueries":[{"Id":"a","Expression":"b","AccountId":"1"}]}"#,
            "MetricDataQueries[0].AccountId",
        ),
    ] {
        let request = http::Request::post("/").header("content-type", "application/x-amz-json-1.1");
        let request = request.header("x-amz-target", target).body(Bytes::from_static(body.as_bytes())).unwrap();
        let (answer, text) = send(service, request).await;
        assert_eq!(answer.status(), 501, "{target}: {text}");
        assert!(text.contains("NotImplemented") && text.contains(&format!("(parameter {named})")), "{target}: {text}");
    }
    let body = r#"{"logGroupName":"g","colour":"red"}"#;
    let (answer, text) = call("logs", Some("Logs_20140328.FilterLogEvents"), body).await;
    assert_eq!(answer.status(), 400, "{text}");
    assert!(text.contains("InvalidParameterException") && text.contains("'colour'"), "{text}");
}

#[tokio::test]
async fn what_aws_has_not_either_is_no_operation_in_the_words_of_each_protocol() {
    for (service, body, words) in [
        ("ec2", "Action=FooBar&Version=2016-11-15", "The action FooBar is not valid for this web service."),
        ("ec2", "Action=DescribeRegions&Version=1999-01-01", "The action DescribeRegions is not valid"),
        ("iam", "Action=FooBar&Version=2010-05-08", "Could not find operation FooBar for version 2010-05-08"),
        ("iam", "Action=ListRoles&Version=1999-01-01", "Could not find operation ListRoles for version 1999-01-01"),
        ("sts", "Action=FooBar", "Could not find operation FooBar for version 2011-06-15"),
    ] {
        let (answer, text) = call(service, None, body).await;
        assert_eq!(answer.status(), 400, "{body}");
        assert!(text.contains("<Code>InvalidAction</Code>") && text.contains(words), "{body}: {text}");
    }
    for target in ["Logs_20140328.FooBar", "DynamoDB_20120810.DescribeLogGroups", "DescribeLogGroups"] {
        let (answer, text) = call("logs", Some(target), "{}").await;
        assert_eq!(answer.status(), 400, "{target}");
        assert!(text.contains("UnknownOperationException"), "{target}: {text}");
    }
    for body in ["Action=DescribeRegions", "Action=DescribeRegions&Version=2014-10-01"] {
        assert_eq!(call("ec2", None, body).await.0.status(), 200, "{body}");
    }
}

#[tokio::test]
async fn a_service_of_one_protocol_reads_every_call_as_that() {
    for service in ["ec2", "iam", "sts"] {
        for (name, value) in [("content-type", "application/x-amz-json-1.1"), ("smithy-protocol", "rpc-v2-cbor")] {
            let request = http::Request::post("/").header(name, value).header("x-amz-target", "X.GetCallerIdentity");
            let (answer, text) = send(service, request.body(Bytes::from_static(b"{}")).unwrap()).await;
            assert_eq!(answer.status(), 400, "{service} {value}: {text}");
            assert!(text.contains("<Code>MissingAction</Code>"), "{service} {value}: {text}");
        }
    }
}
