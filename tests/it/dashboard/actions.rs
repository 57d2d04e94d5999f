//! What pages have done, and that it is done as the command line would.

use super::served::Served;
use crate::{
    cli::journey::{deployed, succeeds},
    support::Project,
};

fn state(project: &Project, stack: &str) -> serde_json::Value {
    project.run(&["call", "status", "--stack", stack, "--json"]).json()["data"]["answer"]["state"].clone()
}

#[test]
fn start_and_stop_are_calls_of_the_api_with_their_way_back() {
    let project = deployed();
    let served = Served::start(&project, &["--lang", "en"]);
    let visit = served.visit(&served.url);
    let page = visit.post("/act", "action=stop");
    assert!(page.status == 200 && page.body.contains("stopped, in "), "{}", page.body);
    assert!(page.body.contains("Undo") && page.body.contains(r#"name="action" value="start""#), "{}", page.body);
    assert_eq!(state(&project, "atelier"), "stopped");
    let page = visit.post("/act", "action=start");
    assert!(page.body.contains("started, in "), "{}", page.body);
    assert_eq!(state(&project, "atelier"), "running");
    // Known in the engine's log by their names.
    let log = std::fs::read_to_string(project.path().join(".atelier/engine.log")).unwrap();
    let calls = log.lines().filter(|line| line.contains(r#""request_id":"dashboard-"#) && line.contains("/infra"));
    assert!(calls.count() >= 2, "{log}");
    for nonsense in ["action=terminate", "action=", "", "action=stop&action=start"] {
        assert_eq!(visit.post("/act", nonsense).status, 400, "{nonsense}");
    }
    let page = visit.post("/act", "action=stop&name=%22%3E%3Cscript%3E");
    assert!(
        page.status == 200
            && page.body.contains(r#"<section class="outcome bad""#)
            && !page.body.contains("\"><script>"),
        "{}",
        page.body
    );
    assert_eq!(state(&project, "atelier"), "running");
}

#[test]
fn try_it_shows_the_answer_and_the_lines_that_do_the_same() {
    let project = deployed();
    let served = Served::start(&project, &["--lang", "en"]);
    let visit = served.visit(&served.url);
    visit.shows("/try", "action");
    let page = visit.post("/try", "action=status&target=ec2&name=&key=kept");
    assert!(
        page.body.contains("200 in ") && page.body.contains("&quot;state&quot;: &quot;running&quot;"),
        "{}",
        page.body
    );
    for line in ["?action=status", "atelier call status", "atelier aws lambda invoke --function-name"] {
        assert!(page.body.contains(line), "{line}: {}", page.body);
    }
    assert!(page.body.contains("content-type"), "its headers: {}", page.body);
    // What the contract knows besides a name, in the form and in the lines.
    let page = visit.post("/try", "action=start&target=ec2&name=&type=&for=2h&key=kept");
    assert!(page.body.contains("200 in ") && page.body.contains("stops_at"), "{}", page.body);
    for line in ["?action=start&amp;for=2h", "atelier call start --for '2h'", "value=\"2h\""] {
        assert!(page.body.contains(line), "{line}: {}", page.body);
    }
    // The same call once more says all of it again.
    let id = page.body.split("dashboard-").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let one = visit.shows(&format!("/calls/dashboard-{id}"), "Call it again");
    for said in ["?action=start&amp;for=2h", r#"name="for" value="2h""#] {
        assert!(one.body.contains(said), "{said}: {}", one.body);
    }
    let page = visit.post("/try", "action=modify&target=ec2&name=&type=t3.small&restart=1&all=1&key=kept");
    assert!(page.body.contains("goes with"), "{}", page.body);
    let page = visit.post("/try", "action=status&target=ec2&name=&all=1&key=kept");
    assert!(page.body.contains("atelier call status --all") && page.body.contains("200 in "), "{}", page.body);
    // What cannot be asked for is said in words, with what was typed still there.
    let page = visit.post("/try", "action=status&target=docker&name=&key=kept");
    assert!(page.body.contains("Missing parameter"), "{}", page.body);
    let page = visit.post("/try", "action=reboot&target=ec2&name=&key=kept");
    assert!(page.status == 200 && page.body.contains("outcome bad"), "{}", page.body);
    let page = visit.post("/try", "action=status&target=docker&name=%3Cb%3E&key=kept");
    assert!(page.body.contains("value=\"&lt;b&gt;\"") && !page.body.contains("<b>"), "{}", page.body);
}

#[test]
fn a_key_is_taken_away_and_its_value_is_nowhere() {
    let project = Project::new().up();
    succeeds(&project.run(&["deploy", "--auth", "api-key"]));
    let made = project.run(&["key", "create", "--scope", "control", "--name", "alice", "--json"]).json();
    let value = made["data"]["value"].as_str().unwrap().to_owned();
    succeeds(&project.run(&["key", "create", "--scope", "status", "--name", "bob"]));
    let served = Served::start(&project, &["--lang", "en"]);
    let visit = served.visit(&served.url);
    let page = visit.shows("/parts", "alice");
    assert!(page.body.contains("bob") && page.body.contains("atelier key create"), "{}", page.body);
    let page = visit.post("/try", "action=status&target=ec2&name=&key=kept");
    assert!(page.body.contains("200 in "), "{}", page.body);
    let without = visit.post("/try", "action=status&target=ec2&name=");
    assert!(without.body.contains("401 in ") || without.body.contains("403 in "), "{}", without.body);
    for path in ["/", "/try", "/parts", "/class", "/doctor"] {
        assert!(!visit.get(path).body.contains(&value), "the key's value is at {path}");
    }
    let page = visit.post("/revoke", "name=alice");
    assert!(page.body.contains("outcome good"), "{}", page.body);
    let left = project.run(&["key", "list", "--json"]).json();
    let names: Vec<_> = left["data"]["keys"].as_array().unwrap().iter().map(|key| key["name"].clone()).collect();
    assert_eq!(names, ["bob"]);
    assert!(visit.post("/revoke", "name=alice").body.contains("outcome bad"), "it is gone already");
    assert_eq!(visit.post("/revoke", "name=%2e%2e%2f").status, 400);
}

#[test]
fn a_class_is_seen_side_by_side_and_stopped_together() {
    let project = deployed();
    succeeds(&project.run(&["deploy", "--stack", "bob"]));
    let served = Served::start(&project, &["--lang", "en"]);
    let visit = served.visit(&served.url);
    let page = visit.shows("/class", "bob");
    assert!(page.body.contains("Stop all instances"), "{}", page.body);
    let csv = visit.get("/class.csv");
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(csv.body.lines().count(), 3, "{}", csv.body);
    assert!(csv.body.contains("\"bob\",\"i-"), "{}", csv.body);
    let page = visit.post("/stop-all", "");
    assert!(page.body.contains("instances stopped: 2"), "{}", page.body);
    assert_eq!((state(&project, "atelier"), state(&project, "bob")), ("stopped".into(), "stopped".into()));
    assert!(!visit.shows("/class", "stopped").body.contains("Stop all instances"), "nothing is left to stop");
}
