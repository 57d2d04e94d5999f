//! The workshop's commands in the README's order, on LocalStack.

use crate::machine::{self, HTTPD, Site, docker};
use std::{
    fs,
    process::{Command, Stdio},
};

#[test]
fn the_workshops_commands_work_in_their_order() {
    if !machine::is_here() {
        return;
    }
    let _turn = machine::engine_turn();
    let _name = super::bonus::name_turn();
    let site = Site::new();
    let networks = docker(&["network", "ls", "--quiet"]);

    let up = site.ok(&["up", "--json"]);
    assert_eq!(up.json()["data"]["engine"], "localstack", "chosen, because Docker and the image are here");
    assert_eq!(site.ok(&["up", "--json"]).json()["data"]["changed"], false);

    let deployed = site.ok(&["deploy", "--json"]).json();
    let again = site.ok(&["deploy", "--json"]).json();
    assert_eq!(deployed["data"]["url"], again["data"]["url"]);
    site.ok(&["test"]);
    the_doors_are_where_they_should_be(&site);

    assert!(site.ok(&["bonus", "--image", HTTPD]).stdout.contains("mycontainer"));
    site.ok(&["test-bonus"]);
    let listed = api(&site, "/infra?target=docker&action=list");
    assert_eq!(listed, r#"{"containers":[{"target":"docker","container":"mycontainer","state":"running"}]}"#);
    let answers = [
        ("stop", r#"{"status":"stopped","target":"docker","container":"mycontainer"}"#),
        ("status", r#"{"target":"docker","container":"mycontainer","state":"exited"}"#),
        ("start", r#"{"status":"started","target":"docker","container":"mycontainer"}"#),
    ];
    for (action, answer) in answers {
        assert_eq!(api(&site, &format!("/infra?target=docker&action={action}&name=mycontainer")), answer);
    }
    for own in ["localstack-main", "docker-proxy", "atelier-edge"] {
        let stop = api(&site, &format!("/infra?target=docker&action=stop&name={}", site.name(own)));
        assert_eq!(stop, r#"{"error":"Container not found","code":"not_found"}"#, "the API cannot stop {own}");
    }
    // What the README sends people to who read that: whose names there are.
    let listed = site.ok(&["call", "list", "--target", "docker"]).stdout;
    assert!(listed.contains("mycontainer") && !listed.contains("docker-proxy"), "{listed}");

    site.ok(&["status", "--check"]);
    site.ok(&["plan", "--check"]);
    assert!(site.ok(&["call", "status"]).stdout.starts_with(r#"{"instance_id":"i-"#));
    every_part_of_the_chain_has_its_log(&site);
    the_aws_cli_goes_through_the_edge(&site);
    keys_open_what_their_scope_says(&site);
    alarms_follow_the_file(&site);

    let other = site.ok(&["deploy", "--stack", "other", "--json"]).json();
    assert_ne!(other["data"]["url"], deployed["data"]["url"]);
    let volumes = volumes(&site);
    assert!(!volumes.is_empty(), "the bonus's image has one");
    let engine_too = "the LocalStack engine goes with its last stack";
    assert!(!site.ok(&["clean", "--yes"]).stderr.contains(engine_too), "another stack is left");
    site.ok(&["test", "--stack", "other"]);
    assert!(site.ok(&["clean", "--yes", "--stack", "other"]).stderr.contains(engine_too));
    assert_eq!(site.containers(), [""; 0], "the last stack takes the containers along");
    assert_eq!(site.images(), "", "and atelier's own image");
    let left = docker(&["volume", "ls", "--quiet"]);
    assert!(volumes.iter().all(|volume| !left.contains(volume)), "{volumes:?}: {left}");
    assert_eq!(docker(&["network", "ls", "--quiet"]), networks);
    assert!(site.ok(&["clean", "--yes"]).stdout.contains("Nothing to remove"));
}

/// They are made, changed and taken away, and are in nothing's way.
pub(crate) fn alarms_follow_the_file(site: &Site) {
    let alarms = |site: &Site| {
        let deployed = site.ok(&["deploy", "--json"]).json();
        let parts = deployed["data"]["parts"].as_array().unwrap().iter();
        let alarms = parts.filter(|part| part["part"] == "alarm");
        alarms.map(|part| format!("{}: {}", part["id"], part["outcome"])).collect::<Vec<_>>()
    };
    for (limit, outcome) in [(5, "created"), (5, "unchanged"), (7, "updated")] {
        site.project().write("atelier.toml", &format!("[alarm]\nerrors_per_minute = {limit}\n"));
        assert_eq!(alarms(site), [format!(r#""infrastructure-handler-errors": "{outcome}""#)]);
        site.ok(&["plan", "--check"]);
        site.ok(&["test"]);
    }
    site.project().write("atelier.toml", "");
    assert_eq!(alarms(site), [r#""infrastructure-handler-errors": "removed""#]);
    site.ok(&["plan", "--check"]);
}

/// The engine is published on the gateway only, the doors are confined, and the edge forwards nothing else.
fn the_doors_are_where_they_should_be(site: &Site) {
    let ports = |base: &str| docker(&["port", &site.name(base)]);
    assert!(ports("atelier-edge").ends_with(&format!("-> 127.0.0.1:{}", site.port)));
    let engine = ports("localstack-main");
    let gateway = engine.rsplit_once(' ').unwrap().1;
    assert_eq!(engine.lines().count(), 1);
    let bridge = site.inspect("localstack-main", "{{.NetworkSettings.Networks.bridge.Gateway}}");
    assert_eq!(gateway, format!("{bridge}:{}", site.port));

    for (door, memory) in [("atelier-edge", 512_u64 << 20), ("docker-proxy", 64 << 20)] {
        let confined = site.inspect(
            door,
            "{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}} {{.Config.User}} \
             {{.HostConfig.PidsLimit}} {{.HostConfig.Memory}} {{.HostConfig.Privileged}} \
             {{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}} \
             {{.HostConfig.LogConfig.Type}} {{.HostConfig.LogConfig.Config}}",
        );
        let wanted = format!(
            "true [ALL] [no-new-privileges] 65532:65532 64 {memory} false on-failure:10 json-file \
             map[max-file:2 max-size:10m]"
        );
        assert_eq!(confined, wanted, "{door}");
    }
    assert_eq!(site.inspect("atelier-edge", "{{len .Mounts}}"), "0");
    let environment = site.inspect("atelier-edge", "{{range .Config.Env}}{{println .}}{{end}}");
    let in_flight = environment.lines().find_map(|line| line.strip_prefix("ATELIER_EDGE_IN_FLIGHT="));
    assert_eq!(in_flight, Some("8"), "each call may start a container");
    assert_eq!(
        site.inspect("docker-proxy", "{{range .Mounts}}{{.Source}}:{{.Destination}}{{end}}"),
        "/var/run/docker.sock:/var/run/docker.sock"
    );

    let status = |path: &str| site.get(path).0;
    assert_eq!(status("/healthz"), 200);
    assert!([403, 404].contains(&status("/_localstack/health")));
    assert!([403, 404].contains(&status("/restapis")), "unsigned");
}

fn api(site: &Site, path: &str) -> String {
    site.get(&format!("{}{path}", site.api())).1
}

/// The volumes of the site's containers.
fn volumes(site: &Site) -> Vec<String> {
    let names = "{{range .Mounts}}{{if eq .Type \"volume\"}}{{println .Name}}{{end}}{{end}}";
    let of = |container: &String| docker(&["inspect", "--format", names, container]);
    let listed: Vec<String> = site.containers().iter().map(of).collect();
    listed.iter().flat_map(|names| names.lines()).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// The statuses without a key, with one that may look, and with a wrong one: LocalStack's gateway refuses as API Gateway
/// does, and what it lets through the function judges.
fn keys_open_what_their_scope_says(site: &Site) {
    let status = |action: &str, key: Option<&str>| {
        let key = key.map(|key| format!("x-api-key: {key}\r\n")).unwrap_or_default();
        site.get_with(&format!("{}/infra?action={action}", site.api()), &key).0
    };
    site.ok(&["deploy", "--auth", "api-key"]);
    assert_eq!(status("status", None), 403);
    let made = site.ok(&["key", "create", "--scope", "status", "--json"]).json();
    let key = made["data"]["value"].as_str().unwrap();
    assert_eq!((status("status", Some(key)), status("start", Some(key))), (200, 403));
    assert_eq!(status("status", Some("atl_0000000000000000000000000000000000000000")), 403);
    site.ok(&["key", "revoke", "status"]);
    assert_eq!(status("status", Some(key)), 403);
    site.ok(&["deploy", "--auth", "none"]);
    assert_eq!(status("status", None), 200);
}

fn every_part_of_the_chain_has_its_log(site: &Site) {
    let logs = site.ok(&["logs", "--json", "--lines", "10000"]);
    for source in ["engine", "edge", "proxy", "lambda", "deploy"] {
        assert!(logs.stdout.contains(&format!(r#""source":"{source}""#)), "{source}: {logs:?}");
    }
}

/// What the AWS CLI answers in the environment that `atelier env` prints.
#[expect(clippy::disallowed_methods, reason = "the tests are told their tools by the environment")]
fn the_aws_cli_goes_through_the_edge(site: &Site) {
    let printed = site.ok(&["env", "--json"]).json();
    let variables = printed["data"]["variables"].as_object().unwrap();
    let aws = |arguments: &[&str]| {
        let mut command = Command::new(std::env::var("ATELIER_AWS_CLI").unwrap_or_else(|_| "aws".to_owned()));
        command.args(arguments).args(["--output", "text"]).env_clear().stdin(Stdio::null());
        command.envs(variables.iter().map(|(name, value)| (name, value.as_str().unwrap())));
        command.env("HOME", site.project().path()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let output = command.output().expect("the AWS CLI runs (scripts/aws-cli.sh)");
        assert!(output.status.success(), "aws {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let written = |name: &str| fs::read_to_string(site.project().path().join(name)).unwrap();
    let ids = "Reservations[].Instances[?State.Name!='terminated'].InstanceId";
    assert_eq!(aws(&["ec2", "describe-instances", "--query", ids]), written(".instance_id"));
    assert_eq!(aws(&["apigateway", "get-rest-apis", "--query", "items[].id"]), written(".api_id"));
}
