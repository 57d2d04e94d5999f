//! EC2, STS, IAM and Logs through the AWS CLI.

use super::Cli;

#[test]
fn an_instance_lives_its_whole_life_through_the_aws_cli() {
    let cli = Cli::start();
    let run = cli.ok(&[
        "ec2",
        "run-instances",
        "--image-id",
        "ami-12345678",
        "--instance-type",
        "t2.micro",
        "--count",
        "1",
        "--client-token",
        "once",
        "--tag-specifications",
        "ResourceType=instance,Tags=[{Key=team,Value=blue}]",
    ]);
    let id = run["Instances"][0]["InstanceId"].as_str().expect("an id").to_owned();
    assert_eq!(run["Instances"][0]["State"]["Name"], "pending");
    assert_eq!(run["Instances"][0]["Tags"][0]["Value"], "blue");

    let again = cli.ok(&[
        "ec2",
        "run-instances",
        "--image-id",
        "ami-12345678",
        "--instance-type",
        "t2.micro",
        "--count",
        "1",
        "--client-token",
        "once",
        "--tag-specifications",
        "ResourceType=instance,Tags=[{Key=team,Value=blue}]",
    ]);
    assert_eq!(again["Instances"][0]["InstanceId"], *id, "a client token names one launch");
    assert_eq!(
        cli.refused(&["ec2", "run-instances", "--image-id", "ami-87654321", "--client-token", "once"]),
        "IdempotentParameterMismatch"
    );

    cli.ok(&["ec2", "wait", "instance-running", "--instance-ids", &id]);
    let described = cli.ok(&["ec2", "describe-instances", "--filters", "Name=tag:team,Values=bl*"]);
    assert_eq!(described["Reservations"][0]["Instances"][0]["InstanceId"], *id);
    let none = cli.ok(&["ec2", "describe-instances", "--filters", "Name=tag:team,Values=red"]);
    assert_eq!(none["Reservations"].as_array().map(Vec::len), Some(0));

    let stopping = cli.ok(&["ec2", "stop-instances", "--instance-ids", &id]);
    assert_eq!(stopping["StoppingInstances"][0]["PreviousState"]["Name"], "running");
    cli.ok(&["ec2", "wait", "instance-stopped", "--instance-ids", &id]);
    let state = || {
        let described = cli.ok(&["ec2", "describe-instances", "--instance-ids", &id]);
        described["Reservations"][0]["Instances"][0]["State"]["Name"].as_str().expect("a state").to_owned()
    };
    assert_eq!(state(), "stopped");
    let starting = cli.ok(&["ec2", "start-instances", "--instance-ids", &id]);
    assert_eq!(starting["StartingInstances"][0]["PreviousState"]["Name"], "stopped");
    cli.ok(&["ec2", "wait", "instance-running", "--instance-ids", &id]);
    assert_eq!(state(), "running");
    let status = cli.ok(&["ec2", "describe-instance-status", "--include-all-instances", "--instance-ids", &id]);
    assert_eq!(status["InstanceStatuses"][0]["InstanceId"], *id);

    cli.ok(&["ec2", "terminate-instances", "--instance-ids", &id]);
    cli.ok(&["ec2", "wait", "instance-terminated", "--instance-ids", &id]);
    assert_eq!(state(), "terminated");
    assert_eq!(cli.refused(&["ec2", "start-instances", "--instance-ids", &id]), "IncorrectInstanceState");
}

#[test]
fn ec2_errors_are_those_of_aws() {
    let cli = Cli::start();
    let cases: &[(&[&str], &str)] = &[
        (&["ec2", "describe-instances", "--instance-ids", "i-nonsense"], "InvalidInstanceID.Malformed"),
        (&["ec2", "describe-instances", "--instance-ids", "i-0123456789abcdef0"], "InvalidInstanceID.NotFound"),
        (&["ec2", "describe-instances", "--filters", "Name=no-such-filter,Values=x"], "InvalidParameterValue"),
        (&["ec2", "run-instances", "--image-id", "ami-12345678", "--dry-run"], "DryRunOperation"),
        (&["ec2", "run-instances", "--image-id", "banana"], "InvalidAMIID.Malformed"),
        (&["ec2", "run-instances", "--image-id", "ami-test"], "InvalidAMIID.Malformed"),
        (&["ec2", "create-vpn-gateway", "--type", "ipsec.1"], "NotImplemented"),
    ];
    for (arguments, code) in cases {
        assert_eq!(cli.refused(arguments), *code, "aws {}", arguments.join(" "));
    }
}

#[test]
fn paging_gives_every_instance_once() {
    let cli = Cli::start();
    cli.ok(&["ec2", "run-instances", "--image-id", "ami-12345678", "--count", "7"]);
    let all = cli.ok(&["ec2", "describe-instances", "--page-size", "5"]);
    let mut ids: Vec<_> = all["Reservations"]
        .as_array()
        .expect("reservations")
        .iter()
        .flat_map(|reservation| reservation["Instances"].as_array().expect("instances"))
        .map(|instance| instance["InstanceId"].as_str().expect("an id"))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 7);
}

#[test]
fn roles_and_logs_answer_the_aws_cli() {
    let cli = Cli::start();
    assert_eq!(cli.ok(&["sts", "get-caller-identity"])["Account"], "000000000000");

    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let role = cli.ok(&["iam", "create-role", "--role-name", "r", "--assume-role-policy-document", trust]);
    assert_eq!(role["Role"]["Arn"], "arn:aws:iam::000000000000:role/r");
    assert_eq!(
        cli.refused(&["iam", "create-role", "--role-name", "r", "--assume-role-policy-document", trust]),
        "EntityAlreadyExists"
    );
    let read = cli.ok(&["iam", "get-role", "--role-name", "r"]);
    assert_eq!(read["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Action"], "sts:AssumeRole");
    cli.ok(&["iam", "delete-role", "--role-name", "r"]);
    assert_eq!(cli.refused(&["iam", "get-role", "--role-name", "r"]), "NoSuchEntity");

    cli.ok(&["logs", "create-log-group", "--log-group-name", "g"]);
    cli.ok(&["logs", "create-log-stream", "--log-group-name", "g", "--log-stream-name", "s"]);
    let now = time::OffsetDateTime::now_utc().unix_timestamp() * 1000;
    let event = format!("timestamp={now},message=hello");
    cli.ok(&["logs", "put-log-events", "--log-group-name", "g", "--log-stream-name", "s", "--log-events", &event]);
    let found = cli.ok(&["logs", "filter-log-events", "--log-group-name", "g", "--filter-pattern", "hello"]);
    assert_eq!(found["events"][0]["message"], "hello");
}
