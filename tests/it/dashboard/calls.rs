//! The calls, one of them, the logs and the numbers: as the commands tell them.

use super::served::Served;
use crate::{
    cli::journey::{deployed, succeeds},
    support::Project,
};

#[test]
fn calls_are_listed_filtered_and_shown_station_by_station() {
    let project = deployed();
    succeeds(&project.run(&["call", "stop"]));
    project.run(&["call", "/nowhere"]);
    let served = Served::start(&project, &["--lang", "en"]);
    let visit = served.visit(&served.url);
    let page = visit.shows("/calls", "?action=stop");
    assert!(page.body.contains("/nowhere"), "{}", page.body);
    let refused = visit.get("/calls?status=4xx");
    assert!(refused.body.contains("/nowhere") && !refused.body.contains("?action=stop"), "{}", refused.body);
    assert!(refused.body.contains("<code>atelier logs --status=4xx</code>"), "{}", refused.body);
    visit.shows("/calls?stack=atelier", "?action=stop");
    let other = visit.get("/calls?stack=nothere");
    assert!(other.body.contains("<code>atelier logs --stack=nothere</code>"), "{}", other.body);
    assert!(!other.body.contains("?action=stop") && !other.body.contains("/nowhere"), "{}", other.body);
    let none = visit.get("/calls?action=start");
    assert!(none.body.contains("No calls yet, or none like that."), "{}", none.body);
    // What was done here is known as such.
    visit.post("/try", "action=status&target=ec2&name=&key=kept");
    let page = visit.shows("/calls", "dashboard-");
    assert!(page.body.contains(r#"<span class="tag">dashboard</span>"#), "{}", page.body);
    let id = page.body.split("/calls/dashboard%2D").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let one = visit.shows(&format!("/calls/dashboard-{id}"), "function (run)");
    for says in ["atelier trace", "edge", "gateway", "EC2", "Call it again", "curl", "<rect"] {
        assert!(one.body.contains(says), "{says}: {}", one.body);
    }
    let traced = project.run(&["trace", &format!("dashboard-{id}"), "--json"]).json();
    assert_eq!(traced["data"]["call"]["request_id"], format!("dashboard-{id}"));
    assert_eq!(visit.get("/calls/no-such-call").status, 404);
}

#[test]
fn logs_are_folded_and_who_only_looks_sees_no_lines() {
    let project = deployed();
    succeeds(&project.run(&["call", "stop"]));
    let served = Served::start(&project, &["--lang", "en", "--share", "1h"]);
    let visit = served.visit(&served.url);
    let page = visit.shows("/logs", "REPORT RequestId");
    assert!(page.body.contains("<details") && page.body.contains("?action=stop"), "{}", page.body);
    let lambda = visit.get("/logs?source=lambda");
    assert!(lambda.body.contains("REPORT RequestId"), "{}", lambda.body);
    let other = visit.get("/logs?text=no+line+has+this");
    assert!(!other.body.contains("REPORT RequestId"), "{}", other.body);
    let guest = served.visit(served.share_url.as_deref().unwrap());
    let page = guest.shows("/logs", "?action=stop");
    assert!(!page.body.contains("REPORT RequestId"), "{}", page.body);
    // Nor are they found out by looking for what may be in them.
    for view in ["/logs", "/calls"] {
        visit.shows(&format!("{view}?text=REPORT+RequestId"), "?action=stop");
        let page = guest.get(&format!("{view}?text=REPORT+RequestId"));
        assert!(!page.body.contains("?action=stop"), "{view}: {}", page.body);
        guest.shows(&format!("{view}?text=action%3Dstop"), "?action=stop");
    }
}

#[test]
fn numbers_say_estimate_and_a_collector_reads_them_with_the_shared_token() {
    let project = deployed();
    for _ in 0..3 {
        succeeds(&project.run(&["call", "status"]));
    }
    let served = Served::start(&project, &["--lang", "en", "--share", "1h"]);
    let visit = served.visit(&served.url);
    let page = visit.shows("/numbers", "calls 3");
    for says in ["estimate", "p95", "<svg class=\"minutes\"", "MiB"] {
        assert!(page.body.contains(says), "{says}: {}", page.body);
    }
    let token = Served::token(served.share_url.as_deref().unwrap()).to_owned();
    let scrape = |token: &str| served.ask("GET /metrics", &[("authorization", &format!("Bearer {token}"))], "");
    let numbers = scrape(&token);
    assert_eq!(
        (numbers.status, numbers.header("content-type")),
        (200, Some("text/plain; version=0.0.4; charset=utf-8"))
    );
    assert!(numbers.body.contains("atelier_calls_total{action=\"status\"} 3"), "{}", numbers.body);
    assert!(numbers.body.contains("atelier_up 1"), "{}", numbers.body);
    for line in numbers.body.lines().filter(|line| !line.starts_with('#')) {
        assert!(line.rsplit_once(' ').is_some_and(|(_, value)| value.parse::<f64>().is_ok()), "{line}");
    }
    assert_eq!(scrape("0").status, 403);
    assert_eq!(
        served.ask("GET /doctor", &[("authorization", &format!("Bearer {token}"))], "").status,
        403,
        "for numbers only"
    );
}

#[test]
fn each_folder_of_the_user_has_its_rows() {
    let project: Project = deployed();
    let served = Served::start(&project, &["--lang", "en"]);
    let visit = served.visit(&served.url);
    succeeds(&project.run(&["call", "status"]));
    let page = visit.shows("/class", "this one");
    assert!(page.body.contains("last call") && page.body.contains("calls in 24 h"), "{}", page.body);
    let csv = visit.shows("/class.csv", "\"200\",").body;
    let row = csv.lines().find(|row| row.starts_with("\"atelier\"")).unwrap();
    let time = row.split("\",\"").nth(5).unwrap();
    let read = time::OffsetDateTime::parse(time, &time::format_description::well_known::Rfc3339);
    assert!(read.is_ok(), "{row}");
}
