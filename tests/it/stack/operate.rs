//! Running a stack: several instances, another type, how long, when.

use super::Workshop;
use crate::support::Project;
use serde_json::{Value, json};

impl Workshop {
    /// Deploys with these arguments; returns what was reported.
    fn deployed(&self, args: &[&str]) -> Value {
        self.ok(&[&["deploy", "--json"], args].concat()).json()["data"].clone()
    }

    /// What `plan` would do to each instance: its name, and the change.
    fn planned(&self) -> Vec<(String, String)> {
        let plan = self.ok(&["plan", "--json"]).json();
        let parts = plan["data"]["parts"].as_array().unwrap().iter().filter(|part| part["part"] == "instance");
        parts
            .map(|part| {
                let text = |key: &str| part[key].as_str().unwrap_or_default().to_owned();
                (text("name"), text("change"))
            })
            .collect()
    }

    /// Calls the API by its verb.
    fn answered(&self, args: &[&str]) -> (Option<i32>, Value) {
        let output = self.run(&[&["call", "--json"], args].concat());
        (output.code, output.json()["data"]["answer"].clone())
    }

    fn instances(&self) -> Vec<Value> {
        self.answered(&["list"]).1["instances"].as_array().unwrap().clone()
    }

    /// The instance's id by its name.
    fn id(&self, name: &str) -> String {
        let instances = self.instances();
        let found = instances.iter().find(|instance| instance["name"] == name).unwrap();
        found["instance_id"].as_str().unwrap().to_owned()
    }

    /// The rules that there are.
    pub(super) fn rules(&self) -> Vec<String> {
        let config = self.project.sdk(self.port);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let answer = aws_sdk_eventbridge::Client::new(&config).list_rules().send().await.unwrap();
            answer.rules().iter().map(|rule| rule.name().unwrap().to_owned()).collect()
        })
    }

    /// Wakes the function as the rule would at this time.
    pub(super) fn tick(&self, function: &str, time: &str) -> Value {
        self.woken(function, time).unwrap()
    }

    /// The same, with nothing where no answer comes.
    pub(super) fn woken(&self, function: &str, time: &str) -> Option<Value> {
        let config = self.project.sdk(self.port);
        let event = json!({"source": "aws.events", "detail-type": "Scheduled Event", "time": time, "detail": {}});
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let client = aws_sdk_lambda::Client::new(&config);
            let payload = aws_sdk_lambda::primitives::Blob::new(event.to_string());
            let answer = client.invoke().function_name(function).payload(payload).send().await.ok()?;
            serde_json::from_slice(answer.payload()?.as_ref()).ok()
        })
    }
}

#[test]
fn several_instances_are_driven_by_name_and_each_change_is_about_one() {
    let workshop = Workshop::new();
    workshop.up();
    let first = workshop.deployed(&[])["instance_id"].as_str().unwrap().to_owned();
    // The one without a name becomes the first that has one.
    let report = workshop.deployed(&["--instance", "web=t3.micro", "--instance", "db=t3.small"]);
    assert_eq!(report["changed"], true, "{report}");
    let kept = std::fs::read_to_string(workshop.project.path().join("atelier.toml")).unwrap();
    assert!(kept.contains("web = \"t3.micro\"") && kept.contains("db = \"t3.small\""), "{kept}");
    assert!([workshop.id("web"), workshop.id("db")].contains(&first));
    let types: Vec<_> = workshop.instances().iter().map(|instance| instance["type"].clone()).collect();
    assert!(types.contains(&json!("t3.micro")) && types.contains(&json!("t3.small")), "{types:?}");
    assert_eq!(workshop.deployed(&[])["changed"], false);

    let (code, refused) = workshop.answered(&["stop"]);
    assert_eq!((code, &refused["code"]), (Some(1), &json!("missing_parameter")));
    assert!(refused["error"].as_str().unwrap().contains("`db`, `web`"), "{refused}");
    let (_, stopped) = workshop.answered(&["stop", "--name", "web"]);
    assert_eq!((&stopped["status"], &stopped["name"]), (&json!("stopped"), &json!("web")));
    let (code, all) = workshop.answered(&["stop", "--all"]);
    let outcomes: Vec<_> = all["results"].as_array().unwrap().iter().map(|entry| entry["code"].clone()).collect();
    assert_eq!((code, outcomes), (Some(0), vec![json!("ok"), json!("ok")]));
    workshop.ok(&["test"]);

    let (web, db) = (workshop.id("web"), workshop.id("db"));
    workshop.project.write("atelier.toml", "[instances]\nfront = \"t3.micro\"\ndb = \"t3.small\"\n");
    let pair = |name: &str, change: &str| (name.to_owned(), change.to_owned());
    assert_eq!(workshop.planned(), [pair("db", "unchanged"), pair("front", "update")]);
    workshop.deployed(&[]);
    assert_eq!((workshop.id("front"), workshop.id("db")), (web.clone(), db));
    workshop.project.write("atelier.toml", "[instances]\nfront = \"t3.micro\"\ncache = \"t3.large\"\n");
    assert_eq!(workshop.planned(), [pair("cache", "create"), pair("front", "unchanged"), pair("db", "remove")]);
    workshop.deployed(&[]);
    assert_eq!(workshop.planned(), [pair("cache", "unchanged"), pair("front", "unchanged")]);
    assert_eq!(workshop.id("front"), web);
    // A folder without the table says nothing about them.
    workshop.project.write("atelier.toml", "");
    assert_eq!(workshop.planned(), [pair("cache", "unchanged"), pair("front", "unchanged")]);
    let removed = workshop.ok(&["clean", "--yes", "--json"]).json();
    let removed = removed["data"]["removed"].as_array().unwrap();
    assert_eq!(removed.iter().filter(|part| part["part"] == "instance").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_of_a_container_outlives_the_instance_whose_tags_keep_it() {
    let workshop = Workshop::new();
    workshop.up();
    workshop.project.write("atelier.toml", "[instances]\na = \"t3.micro\"\n");
    workshop.deployed(&[]);
    workshop.project.write("atelier.toml", "[instances]\na = \"t3.micro\"\nb = \"t3.large\"\n");
    workshop.deployed(&[]);
    let ec2 = aws_sdk_ec2::Client::new(&workshop.project.sdk(workshop.port));
    let (key, at) = ("atelier:stops-at:cache", "2100-01-01T00:00:00Z");
    let tag = aws_sdk_ec2::types::Tag::builder().key(key).value(at).build();
    ec2.create_tags().resources(workshop.id("a")).tags(tag).send().await.unwrap();
    workshop.project.write("atelier.toml", "[instances]\nb = \"t3.large\"\n");
    workshop.deployed(&[]);
    let of_b = aws_sdk_ec2::types::Filter::builder().name("resource-id").values(workshop.id("b")).build();
    let tags = ec2.describe_tags().filters(of_b).send().await.unwrap();
    let kept = tags.tags().iter().find(|tag| tag.key() == Some(key)).and_then(|tag| tag.value());
    assert_eq!(kept, Some(at), "{tags:?}");
}

#[test]
fn another_type_in_the_file_is_another_type_of_the_same_instance() {
    let workshop = Workshop::new();
    workshop.up();
    workshop.deployed(&["--instance", "web=t3.micro"]);
    let id = workshop.id("web");
    workshop.deployed(&["--instance", "web=t3.large"]);
    assert_eq!(workshop.answered(&["start"]).0, Some(0));
    let instance = &workshop.instances()[0];
    assert_eq!(
        (&instance["instance_id"], &instance["type"], &instance["state"]),
        (&json!(id), &json!("t3.large"), &json!("running"))
    );
    // What the API makes of it is not a deploy's business.
    let (code, modified) = workshop.answered(&["modify", "--type", "t3.small", "--restart"]);
    assert_eq!((code, &modified["status"], &modified["type"]), (Some(0), &json!("modified"), &json!("t3.small")));
    assert_eq!(workshop.deployed(&[])["changed"], false);
    assert_eq!(workshop.instances()[0]["type"], "t3.small");
}

#[test]
fn types_that_are_none_are_refused_before_anything_is_made() {
    let workshop = Workshop::new();
    workshop.up();
    for kind in ["t3.gigantic", "t4g.small"] {
        let refused = workshop.run(&["deploy", "--json", "--instance", &format!("web={kind}")]);
        assert_eq!((refused.code, &refused.json()["error"]["code"]), (Some(2), &json!("bad_setting")), "{refused:?}");
        workshop.project.write("atelier.toml", "");
    }
    let refused = workshop.run(&["deploy", "--auth", "api-key", "--instance", "web=t3.gigantic"]);
    let kept = std::fs::read_to_string(workshop.project.path().join("atelier.toml")).unwrap();
    assert_eq!((refused.code, kept.as_str()), (Some(2), ""), "{refused:?}");
    for bad in ["web", "Web=t3.micro", "web=t3"] {
        assert_eq!(workshop.run(&["deploy", "--instance", bad]).code, Some(2), "{bad}");
    }
    let twice = workshop.run(&["deploy", "--instance", "web=t3.micro", "--instance", "web=t3.small"]);
    assert_eq!(twice.code, Some(2));
    assert_eq!(workshop.ok(&["status", "--json"]).json()["data"]["stack"]["found"], json!([]));
}

#[test]
fn a_stack_that_another_tool_looks_after_is_refused_before_anything_is_kept_or_made() {
    let project = Project::new().with("DOCKER_HOST", "unix:///nonexistent/docker.sock").up();
    assert_eq!(project.run(&["deploy"]).code, Some(0));
    let client = aws_sdk_lambda::Client::new(&project.sdk(project.port()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let function = client.get_function().function_name("infrastructure-handler").send().await.unwrap();
        let arn = function.configuration().unwrap().function_arn().unwrap();
        client.tag_resource().resource(arn).tags("atelier:managed-by", "terraform").send().await.unwrap();
    });
    let refused = |args: &[&str]| project.run(&[args, &["--json"]].concat()).json()["error"]["code"].clone();
    assert_eq!(refused(&["deploy", "--auth", "api-key"]), "managed_elsewhere");
    assert!(!project.path().join("atelier.toml").exists(), "nothing is kept of what was refused");
    // Without the look at the stack, what is told is that there is no Docker to make the container with.
    project.write("atelier.toml", "[containers]\nweb = \"nginx:alpine\"\n");
    assert_eq!(refused(&["deploy"]), "managed_elsewhere");
}

#[test]
fn a_region_with_which_the_role_has_too_long_a_name_is_refused_before_anything_is_asked() {
    let workshop = Workshop::new();
    workshop.up();
    let (stack, region) = ("s".repeat(32), format!("xx-{}", "r".repeat(29)));
    for verb in [&["plan"][..], &["deploy"], &["export", "terraform"]] {
        let refused = workshop.run(&[verb, &["--json", "--stack", &stack, "--region", &region]].concat());
        let error = refused.json()["error"].clone();
        assert_eq!((refused.code, &error["code"]), (Some(2), &json!("bad_setting")), "{verb:?}: {refused:?}");
        assert!(error["message"].as_str().unwrap().contains("at most 23 characters"), "{error}");
    }
}

#[test]
fn office_hours_stand_in_tags_and_the_rule_is_there_while_they_are() {
    let workshop = Workshop::new();
    workshop.up();
    let function = workshop.deployed(&[])["function"].as_str().unwrap().to_owned();
    assert!(workshop.rules().is_empty());
    let set = ["schedule", "set", "--start", "08:00 Mon-Fri", "--stop", "18:30", "--zone", "Europe/Paris", "--json"];
    let report = workshop.ok(&set).json()["data"].clone();
    assert_eq!(report["schedule"], json!({"start": "08:00 Mon-Fri", "stop": "18:30 Mon-Fri", "zone": "Europe/Paris"}));
    assert!(report["next"]["at"].as_str().unwrap().ends_with('Z'), "{report}");
    assert_eq!(workshop.rules(), ["atelier-clock"]);
    assert_eq!(workshop.deployed(&[])["changed"], false);
    let status = workshop.ok(&["status", "--json"]).json();
    let instance =
        status["data"]["parts"].as_array().unwrap().iter().find(|part| part["part"] == "instance").unwrap().clone();
    assert_eq!(instance["next"], report["next"]);
    // Far enough ahead for an edge of each kind to have passed, the last of them a stop on a Friday.
    let acted = workshop.tick(&function, "2099-01-03T12:00:00Z");
    assert_eq!(acted["results"][0]["status"], "stopped", "{acted}");
    assert_eq!(workshop.tick(&function, "2099-01-03T12:01:00Z"), json!({"results": []}));
    let why = || {
        let history = workshop.ok(&["history", "--json"]).json();
        history["data"]["entries"].as_array().unwrap().last().map(|entry| entry["changes"][0]["by"].clone())
    };
    let is_told = || why() == Some(json!("schedule"));
    assert!(crate::support::eventually(std::time::Duration::from_mins(1), is_told), "{:?}", why());
    // What somebody starts in off hours is theirs until the next edge.
    workshop.ok(&["call", "start"]);
    let status = workshop.ok(&["status", "--json"]).json();
    let is_held = |part: &Value| part["part"] == "instance" && part["held"] == true;
    assert!(status["data"]["parts"].as_array().unwrap().iter().any(is_held), "{status}");
    workshop.ok(&["schedule", "remove"]);
    assert!(workshop.rules().is_empty());
    assert_eq!(workshop.ok(&["schedule", "list", "--json"]).json()["data"]["schedules"][0]["schedule"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_longest_names_make_keeps_to_the_limits_of_aws() {
    let workshop = Workshop::new();
    workshop.up();
    let (stack, instance) = ("s".repeat(32), "i".repeat(32));
    let settings = format!(
        "modify = true\n\n[instances]\n{instance} = \"t3.micro\"\n\n[schedule]\nstart = \"08:00 Mon-Fri\"\n\
         stop = \"18:30\"\n\n[idle]\nstop_after = \"30m\"\n"
    );
    workshop.project.write("atelier.toml", &settings);
    workshop.deployed(&["--stack", &stack]);
    let config = workshop.project.sdk(workshop.port);
    let role = format!("{stack}-infrastructure-handler");
    let policy = aws_sdk_iam::Client::new(&config).get_role_policy().role_name(role).policy_name("atelier");
    let policy = policy.send().await.unwrap();
    assert!(policy.policy_document().len() <= 10_240, "{policy:?}");
    let tags = aws_sdk_ec2::Client::new(&config).describe_tags().send().await.unwrap();
    assert!((8..=50).contains(&tags.tags().len()), "{tags:?}");
}

#[test]
fn office_hours_of_the_file_come_and_go_with_a_deploy() {
    let workshop = Workshop::new();
    workshop.up();
    workshop.project.write("atelier.toml", "[schedule]\nstop = \"18:30 Mon-Fri\"\n[idle]\nstop_after = \"30m\"\n");
    let report = workshop.deployed(&[]);
    assert!(report["parts"].as_array().unwrap().iter().any(|part| part["part"] == "clock"), "{report}");
    assert_eq!(workshop.rules(), ["atelier-clock"]);
    assert_eq!(workshop.deployed(&[])["changed"], false);
    let refused = workshop.run(&["schedule", "set", "--stop", "20:00", "--json"]);
    assert_eq!((refused.code, &refused.json()["error"]["code"]), (Some(2), &json!("usage")), "{refused:?}");
    workshop.project.write("atelier.toml", "");
    workshop.deployed(&[]);
    assert!(workshop.rules().is_empty());
    assert_eq!(workshop.deployed(&[])["changed"], false);
}

#[test]
fn what_says_no_schedule_is_exit_2_and_changes_nothing() {
    let workshop = Workshop::new();
    workshop.up();
    workshop.deployed(&[]);
    for args in [
        &["--start", "25:00"][..],
        &["--start", "08:00", "--zone", "Paris"],
        &["--start", "18:30", "--stop", "08:00"],
        &["--start", "08:00", "--stop", "08:00"],
        &["--start", "* * *"],
        &[],
        &["nobody", "--start", "08:00"],
    ] {
        let refused = workshop.run(&[&["schedule", "set"], args].concat());
        assert_eq!(refused.code, Some(2), "{args:?}: {refused:?}");
    }
    assert!(workshop.rules().is_empty());
    for args in
        [&["start", "--for", "0"][..], &["start", "--for", "-1h"], &["start", "--for", "1y"], &["stop", "--for", "2h"]]
    {
        assert_eq!(workshop.run(&[&["call"], args].concat()).code, Some(2), "{args:?}");
    }
}

#[test]
fn how_long_works_out_of_the_box_and_the_rule_goes_with_the_last_need() {
    let workshop = Workshop::new();
    workshop.up();
    let function = workshop.deployed(&[])["function"].as_str().unwrap().to_owned();
    workshop.ok(&["call", "stop"]);
    let (code, started) = workshop.answered(&["start", "--for", "2h"]);
    assert_eq!((code, &started["status"], &started["state"]), (Some(0), &json!("started"), &json!("running")));
    let stops_at = started["stops_at"].as_str().unwrap();
    assert_eq!(workshop.rules(), ["atelier-clock"]);
    let status = workshop.ok(&["status", "--json"]).json();
    let parts = status["data"]["parts"].as_array().unwrap();
    assert!(parts.iter().any(|part| part["part"] == "instance" && part["stops_at"] == stops_at), "{status}");
    assert_eq!(workshop.tick(&function, "2020-01-01T00:00:00Z"), json!({"results": []}));
    assert_eq!(workshop.tick(&function, "2099-01-01T00:00:00Z")["results"][0]["status"], "stopped");
    workshop.deployed(&[]);
    assert!(workshop.rules().is_empty());
}

#[test]
fn an_engine_ends_when_its_time_is_over() {
    let workshop = Workshop::new();
    let up = workshop.ok(&["up", "--stop-after", "1h", "--json"]).json();
    assert_eq!(up["data"]["engine"], "embedded");
    let pid = workshop.pid();
    assert!(workshop.record()["stops_at"].is_i64());
    workshop.ok(&["up", "--stop-after", "1s"]);
    let is_gone = || crate::support::has_ended(pid);
    assert!(crate::support::eventually(std::time::Duration::from_mins(1), is_gone));
    for args in [&["--engine", "localstack", "--stop-after", "1h"][..], &["--stop-after", "0"], &["--stop-after", "1y"]]
    {
        assert_eq!(workshop.run(&[&["up"], args].concat()).code, Some(2), "{args:?}");
    }
}

#[test]
fn what_aws_would_refuse_of_the_functions_variables_is_refused_before_anything_is_made() {
    let workshop = Workshop::new();
    workshop.up();
    std::fs::create_dir(workshop.project.path().join("api")).unwrap();
    workshop.project.write("api/app.py", "def handler(event, context):\n    return {}\n");
    let function = "[function]\ndir = \"api\"\nruntime = \"python3.12\"\nhandler = \"app.handler\"\n";
    let long = "x".repeat(5000);
    workshop.project.write("atelier.toml", &format!("{function}environment = {{ TEXT = \"{long}\" }}\n"));
    for command in [&["deploy", "--json"][..], &["plan", "--json"]] {
        let refused = workshop.run(command);
        assert_eq!(refused.code, Some(2), "{command:?}: {refused:?}");
        let error = refused.json()["error"].take();
        assert_eq!(error["code"], "bad_setting");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("function.environment") && message.contains("4096"), "{message}");
        assert!(!message.contains(&long), "a value may be a secret");
    }
    assert_eq!(workshop.ok(&["clean", "--yes", "--json"]).json()["data"]["removed"], json!([]));
}
