//! What `--lenient` opens, for whom, and who is asked before.

use super::{Lab, alone, any_credentials, send};
use crate::{
    crash::daemon::{Daemon, Reply},
    support::{Project, engine_port},
};

/// A call as somebody signs it who has no credentials.
const SIGNED: &str = "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, \
                      SignedHeaders=host;x-amz-date, Signature=0";
const LIST: &str = "GET /2015-03-31/functions/";

fn up(project: &Project, port: u16, more: &[&str]) -> crate::support::Output {
    project.run(&[&["up", "--port", &port.to_string()], more].concat())
}

#[test]
fn behind_a_public_url_somebody_has_to_agree_and_the_tunnel_stays_closed() {
    let (project, port) = (alone().with("AWS_ENDPOINT_PUBLIC", "https://mine.example"), engine_port());
    let refused = up(&project, port, &["--lenient"]);
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(refused.stderr.contains("--yes") && refused.stderr.contains("whoever has the URL"), "{refused:?}");
    let refused = up(&project, port, &["--lenient", "--json"]);
    assert_eq!(refused.json()["error"]["code"], "confirmation_needed");
    assert_eq!(up(&project, port, &["--lenient", "--yes"]).code, Some(0));
    // It was asked once.
    assert_eq!(up(&project, port, &["--lenient"]).code, Some(0));

    let lab = Lab { project, port, environment: any_credentials(port) };
    assert_eq!(lab.request(LIST, &["Host: localhost", SIGNED]).0, 200);
    for tunnel in [
        "Host: mine.example",
        "Host: localhost\r\nX-Forwarded-Host: mine.example",
        "Host: localhost\r\nX-Forwarded-For: 203.0.113.1",
        "Host: localhost\r\nForwarded: for=203.0.113.1",
        "Host: localhost\r\nVia: 1.1 somebody",
    ] {
        let (status, body) = lab.request(LIST, &[tunnel, SIGNED]);
        assert_eq!(status, 403, "{tunnel}: {body}");
        assert_eq!(lab.request("GET /_localstack/health", &[tunnel]).0, 404, "{tunnel}");
    }
    let page = ["Host: localhost", "Origin: https://evil.example", SIGNED];
    assert_eq!(lab.request(LIST, &page).0, 403);

    let refused = up(&lab.project, port, &["--lenient=public"]);
    assert_eq!(refused.code, Some(3), "{refused:?}");
    let public = up(&lab.project, port, &["--lenient=public", "--yes", "--json"]);
    assert_eq!(public.json()["data"]["lenient"], "public", "{public:?}");
    assert_eq!(lab.request(LIST, &["Host: mine.example", SIGNED]).0, 200);
    assert_eq!(lab.request(LIST, &["Host: other.example", SIGNED]).0, 403);
}

#[test]
fn a_public_url_on_this_machine_opens_nothing_and_closes_nothing() {
    let port = engine_port();
    let project = alone().with("AWS_ENDPOINT_PUBLIC", &format!("http://localhost:{port}"));
    assert_eq!(up(&project, port, &["--lenient"]).code, Some(0), "nobody is asked");
    let lab = Lab { project, port, environment: any_credentials(port) };
    for host in ["localhost", "127.0.0.1"] {
        assert_eq!(lab.request(LIST, &[&format!("Host: {host}:{port}"), SIGNED]).0, 200, "{host}");
        let (status, body) =
            lab.request(LIST, &[&format!("Host: {host}:{port}"), "X-Forwarded-For: 203.0.113.1", SIGNED]);
        assert_eq!(status, 403, "{body}");
    }
}

#[test]
fn of_credentials_only_those_with_a_key_a_region_and_a_service_are_taken_at_their_word() {
    let lab = Lab::lenient();
    assert_eq!(lab.request(LIST, &["Host: localhost", SIGNED]).0, 200);
    assert_eq!(lab.request(LIST, &["Host: localhost"]).0, 200, "nobody has signed it, as at LocalStack");
    for other in [
        "Authorization: Bearer test",
        "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/mars/lambda/aws4_request",
        "Authorization: AWS4-HMAC-SHA256 Credential=test",
    ] {
        let (status, body) = lab.request(LIST, &["Host: localhost", other]);
        assert!(status == 403 && !body.contains("--lenient"), "what it is already is no way out: {other}: {body}");
    }
    let other_service = "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request";
    assert_eq!(
        lab.request(LIST, &["Host: localhost", other_service]).0,
        501,
        "what is not here is named, and not done"
    );
    for (line, header, name) in [
        ("GET /bucket/key", "Accept: */*", "s3"),
        ("POST /", "X-Amz-Target: DynamoDB_20120810.ListTables", "dynamodb"),
        ("POST /?Action=ListQueues&Version=2012-11-05", "Accept: */*", "sqs"),
    ] {
        let (status, body) = lab.request(line, &["Host: localhost", "Content-Length: 0", header]);
        assert!(status == 501 && body.contains(name), "nor of what nobody has signed: {line}: {status} {body}");
    }
    assert_eq!(lab.kinds(), ["credentials"]);
    assert!(!lab.doctor().to_string().contains("bucket"), "what was refused has leaned on nothing");
    let link = "/2015-03-31/functions/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test%2F20260101%2Fus-east-1%2F\
                lambda%2Faws4_request&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&\
                X-Amz-Signature=0";
    assert_eq!(lab.get(link).0, 403, "a link that a page may hold is no credential");
}

#[test]
fn a_running_engine_changes_its_habits_when_it_is_told_and_keeps_its_state() {
    let lab = Lab::lenient();
    let id =
        |lab: &Lab| lab.ok(&["ec2", "describe-instances"])["Reservations"][0]["Instances"][0]["InstanceId"].clone();
    lab.ok(&["ec2", "run-instances", "--image-id", "ami-12345678"]);
    let launched = id(&lab);
    let up = |more: &[&str]| up(&lab.project, lab.port, &[more, &["--json"]].concat()).json()["data"].clone();
    let data = up(&[]);
    assert_eq!((&data["changed"], &data["lenient"]), (&false.into(), &"on".into()));
    let data = up(&["--lenient=off"]);
    assert_eq!((&data["changed"], &data["lenient"]), (&true.into(), &"off".into()));
    assert!(lab.aws(&["ec2", "describe-instances"]).unwrap_err().contains("AuthFailure"));
    lab.project.write("atelier.toml", "lenient = true\n");
    assert_eq!(up(&[])["lenient"], "on");
    assert_eq!(id(&lab), launched);
    let shown = lab.project.run(&["config", "show", "--json"]).json();
    let lenient =
        shown["data"]["settings"].as_array().unwrap().iter().find(|it| it["name"] == "lenient").unwrap().clone();
    assert_eq!(lenient["value"], "on");
}

#[test]
fn only_the_embedded_engine_can_be_lenient() {
    let project = alone();
    for other in [&["--engine", "localstack"][..], &["--image", "localstack/localstack:4.14.0"]] {
        let refused = project.run(&[&["up", "--lenient"], other].concat());
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains("embedded"), "{refused:?}");
    }
    let refused = project.run(&["up", "--lenient=maybe"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    let refused = alone().with("ATELIER_LENIENT", "maybe").run(&["config", "show"]);
    assert!(refused.stderr.contains("ATELIER_LENIENT") && refused.stderr.contains("public"), "{refused:?}");
}

#[test]
fn containers_reach_a_lenient_engine_at_the_address_of_dockers_bridge() {
    let docker = Daemon::start(|request| match request {
        "GET /info" => Reply::Answer(200, "{}"),
        "GET /networks/bridge" => Reply::Answer(200, r#"{"IPAM":{"Config":[{"Gateway":"127.0.0.2"}]}}"#),
        _ => Reply::Answer(404, r#"{"message":"no"}"#),
    });
    let (project, port) = (Project::new().with("DOCKER_HOST", &docker.host()), engine_port());
    assert_eq!(up(&project, port, &["--engine", "embedded"]).code, Some(0));
    assert!(std::net::TcpStream::connect(("127.0.0.2", port)).is_err(), "a strict engine listens on loopback only");
    assert_eq!(up(&project, port, &["--lenient"]).code, Some(0));
    let at_bridge = |host: &str| send(([127, 0, 0, 2], port).into(), LIST, &[&format!("Host: {host}"), SIGNED]).0;
    assert_eq!(at_bridge(&format!("127.0.0.2:{port}")), 200);
    assert_eq!(at_bridge("host.docker.internal"), 200);
    assert_eq!(at_bridge("localstack"), 200);
    assert_eq!(at_bridge("evil.example"), 403);
}

#[test]
fn an_engine_that_cannot_listen_at_the_bridge_says_so_and_runs() {
    let docker = Daemon::start(|request| match request {
        "GET /info" => Reply::Answer(200, "{}"),
        "GET /networks/bridge" => Reply::Answer(200, r#"{"IPAM":{"Config":[{"Gateway":"203.0.113.1"}]}}"#),
        _ => Reply::Answer(404, r#"{"message":"no"}"#),
    });
    let (project, port) = (Project::new().with("DOCKER_HOST", &docker.host()), engine_port());
    let output = up(&project, port, &["--lenient"]);
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(output.stderr.contains(&format!("203.0.113.1:{port}")), "{output:?}");
}
