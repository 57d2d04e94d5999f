//! What the pages say, in both languages, and what they weigh.

use super::served::{Served, raw};
use crate::{
    cli::journey::{deployed, succeeds},
    support::Project,
};

const PAGES: [&str; 8] = ["/", "/calls", "/try", "/logs", "/parts", "/numbers", "/class", "/doctor"];
/// The most that page, script and style weigh together.
const BUDGET: usize = 120_000;

#[test]
fn every_view_is_whole_without_a_script_and_says_the_command_that_shows_the_same() {
    let project = deployed();
    let served = Served::start(&project, &["--lang", "en"]);
    let visit = served.visit(&served.url);
    let id = project.run(&["status", "--json"]).json()["data"]["stack"]["found"][0]["id"].clone();
    let id = id.as_str().unwrap();
    let loaded: usize = ["/style.css", "/script.js"].iter().map(|path| visit.get(path).body.len()).sum();
    for (path, command, says) in [
        ("/", "atelier status", id),
        ("/calls", "atelier logs", "Filter"),
        ("/try", "atelier call status", "action"),
        ("/logs", "atelier logs -f -v", "source"),
        ("/numbers", "atelier metrics", "estimate"),
        ("/parts", "atelier plan", id),
        ("/class", "atelier status --all", id),
        ("/doctor", "atelier doctor", "ok"),
    ] {
        let page = visit.shows(path, says);
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(page.body.contains(r#"<html lang="en">"#), "{path}");
        assert!(page.body.contains(&format!("<code>{command}</code>")), "{path}");
        assert_eq!(page.body.matches("<h1>").count(), 1, "{path}");
        assert_eq!(page.body.matches(r#"aria-current="page""#).count(), 1, "{path}");
        for forbidden in ["board.", "<style", " style=", " onclick", "javascript:", "http-equiv"] {
            assert!(!page.body.contains(forbidden), "{forbidden} at {path}: {}", page.body);
        }
        assert!(page.body.len() + loaded <= BUDGET, "{path} weighs {}", page.body.len() + loaded);
    }
    // What it is the price of stands beside each price.
    let numbers = visit.shows("/numbers", "GB-seconds: ").body;
    assert!(numbers.contains("requests: ") && numbers.contains("hours: "), "{numbers}");
    // Nothing is loaded from anywhere else.
    for path in ["/style.css", "/script.js", "/icon.svg"] {
        let text = visit.get(path).body.replace("http://www.w3.org/2000/svg", "");
        assert!(!text.contains("//fonts") && !text.contains("http://") && !text.contains("https://"), "{path}");
    }
}

#[test]
fn no_view_weighs_more_after_many_calls_and_the_older_ones_follow_page_by_page() {
    const CALLS: usize = 120;
    let project = deployed();
    let status = project.run(&["status", "--json"]).json();
    let url = status["data"]["url"].as_str().unwrap().strip_prefix("http://127.0.0.1:").unwrap().to_owned();
    let (port, path) = url.split_once('/').unwrap();
    let (port, host) = (port.parse().unwrap(), format!("127.0.0.1:{port}"));
    let name = |call: usize| if call == CALLS { "n".repeat(3_000) } else { format!("n{call:03}") };
    for call in 0..=CALLS {
        raw(port, &format!("GET /{path}?action=status&name={}", name(call)), &[("host", &host)], "");
    }
    let served = Served::start(&project, &["--lang", "en", "--share", "1h"]);
    let visit = served.visit(&served.url);
    let loaded: usize = ["/style.css", "/script.js"].iter().map(|path| visit.get(path).body.len()).sum();
    visit.shows("/logs", "REPORT RequestId");
    for path in PAGES {
        let page = visit.get(path);
        assert!(page.body.len() + loaded <= BUDGET, "{path} weighs {}", page.body.len() + loaded);
    }
    // No call is told twice or left out: neither with its lines, nor to who sees none of them, where more fit.
    let guest = served.visit(served.share_url.as_deref().unwrap());
    for (visit, most) in [(&visit, 40), (&guest, 60)] {
        let (mut path, mut told) = ("/logs".to_owned(), Vec::new());
        loop {
            let page = visit.get(&path);
            assert!(page.body.len() + loaded <= BUDGET, "{path} weighs {}", page.body.len() + loaded);
            let before = told.len();
            let names = page.body.split("?action=status&amp;name=").skip(1);
            told.extend(names.map(|rest| rest[..4].to_owned()).filter(|name| *name != "nnnn"));
            assert!(told.len() - before <= most, "{path}: {}", told.len() - before);
            let Some((links, _)) = page.body.split_once("\">Older ones<") else { break };
            path = links.rsplit("href=\"").next().unwrap().replace("&amp;", "&");
        }
        assert_eq!(told, (0..CALLS).rev().map(name).collect::<Vec<_>>());
    }
}

#[test]
fn commands_name_the_stack_that_the_dashboard_was_started_with() {
    let project = deployed();
    let served = Served::start(&project, &["--lang", "en", "--stack", "atelier"]);
    let visit = served.visit(&served.url);
    for (path, command) in [
        ("/", "atelier status --stack=atelier"),
        ("/calls?status=4xx", "atelier logs --status=4xx --stack=atelier"),
        ("/calls?stack=bob", "atelier logs --stack=bob"),
        ("/try", "atelier call status --stack=atelier"),
        ("/logs?errors=1", "atelier logs -f -v --errors --stack=atelier"),
        ("/numbers", "atelier metrics --stack=atelier"),
        ("/parts", "atelier key create --scope status --stack=atelier"),
        ("/class", "atelier status --all"),
        ("/doctor", "atelier doctor"),
    ] {
        visit.shows(path, &format!("<code>{command}</code>"));
    }
}

#[test]
fn the_chain_is_a_list_of_stations_with_the_word_of_each_state() {
    let project = Project::new().up();
    let served = Served::start(&project, &["--lang", "en"]);
    let visit = served.visit(&served.url);
    let page = visit.shows("/", "nothing is deployed yet");
    assert!(page.body.contains("atelier deploy"), "what is next: {}", page.body);
    succeeds(&project.run(&["deploy"]));
    let page = visit.shows("/", "Everything answers as it should.");
    let list = page.body.split(r#"<ol class="line""#).nth(1).unwrap();
    let order = ["edge", "API", "function", "instance"]
        .map(|name| list.find(&format!(">{name}<")).or_else(|| page.body.find(&format!(">{name}<"))));
    assert!(order.iter().all(Option::is_some), "{order:?}: {}", page.body);
    assert!(page.body.contains("running") && page.body.contains("<svg class=\"sign good\""), "{}", page.body);
    succeeds(&project.run(&["call", "stop"]));
    let page = visit.shows("/", ">stopped<");
    assert!(page.body.contains("<svg class=\"sign rest\""), "at rest, not broken: {}", page.body);
    succeeds(&project.run(&["down"]));
    let page = visit.shows("/", "No engine is running.");
    assert!(page.body.contains("<code>atelier up</code>"), "{}", page.body);
}

#[test]
fn every_page_speaks_french_to_who_does() {
    let project = deployed();
    let served = Served::start(&project, &[]);
    let visit = served.visit(&served.url);
    assert_eq!(visit.post("/lang", "lang=fr").status, 303);
    for (path, says) in [
        ("/", "Tout répond comme il faut."),
        ("/calls", "Appels"),
        ("/try", "Essayer"),
        ("/logs", "Journaux"),
        ("/numbers", "une estimation"),
        ("/parts", "Ce qui est déployé"),
        ("/class", "pile"),
        ("/doctor", "Docteur"),
    ] {
        let page = visit.shows(path, says);
        assert!(page.body.contains(r#"<html lang="fr">"#), "{path}");
        for english in ["The same in a terminal", "Everything", "Views", "board."] {
            assert!(!page.body.contains(english), "{english} at {path}: {}", page.body);
        }
    }
    // A browser's own language, until somebody says another.
    let door = |language: &str| served.ask("GET /enter", &[("accept-language", language)], "").body;
    assert!(door("fr-FR,fr;q=0.9").contains("Le tableau de bord"));
    assert!(door("en").contains("The dashboard"));
    let told = Served::start(&project, &["--lang", "fr"]);
    assert!(told.ask("GET /enter", &[("accept-language", "en")], "").body.contains("Le tableau de bord"));
}

#[test]
fn looking_changes_nothing() {
    let project = deployed();
    let served = Served::start(&project, &[]);
    let visit = served.visit(&served.url);
    let state = || {
        let status = project.run(&["status", "--json"]).json();
        let parts = status["data"]["stack"]["found"].as_array().unwrap().clone();
        parts.into_iter().map(|part| format!("{} {} {}", part["id"], part["rev"], part["state"])).collect::<Vec<_>>()
    };
    let before = state();
    for path in PAGES.iter().chain(&[
        "/class.csv",
        "/metrics",
        "/calls/x",
        "/enter",
        "/no-such-page",
        "/?action=stop",
        "/try?action=stop",
    ]) {
        visit.get(path);
    }
    for path in ["/act?action=stop", "/revoke?name=alice", "/stop-all", "/lang?lang=fr", "/session?token=x"] {
        assert_eq!(visit.get(path).status, 405, "{path}");
        let head = served.ask(&format!("HEAD {path}"), &[("cookie", &visit.cookie)], "");
        assert_eq!(head.status, 405, "{path}");
    }
    assert_eq!(state(), before);
    assert!(visit.get("/doctor").body.contains(r#"<html lang="en">"#));
}

#[test]
fn the_public_door_says_what_it_is_to_a_browser_and_nothing_else() {
    let project = deployed();
    let status = project.run(&["status", "--json"]).json();
    let url = status["data"]["url"].as_str().unwrap().to_owned();
    let port: u16 = url.strip_prefix("http://127.0.0.1:").unwrap().split('/').next().unwrap().parse().unwrap();
    let ask = |head: &str, accept: &str| {
        let host = format!("127.0.0.1:{port}");
        raw(port, head, &[("host", &host), ("accept", accept)], "")
    };
    let page = ask("GET /", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(
        page.body.contains("This is an atelier API") && page.body.contains("Ceci est une API atelier"),
        "{}",
        page.body
    );
    assert!(page.body.contains("<code>curl</code>") && !page.body.contains('`'), "{}", page.body);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    for data in ["i-0", "restapis", "4566", env!("CARGO_PKG_VERSION"), "script"] {
        assert!(!page.body.contains(data), "{data}: {}", page.body);
    }
    for (head, accept) in [
        ("GET /", "*/*"),
        ("GET /", "application/json"),
        ("GET /?Action=ListUsers", "text/html"),
        ("POST /", "text/html"),
        ("GET /dashboard", "text/html"),
    ] {
        let answer = ask(head, accept);
        assert!(
            answer.status == 403 && answer.body.contains("MissingAuthenticationToken"),
            "{head} {accept}: {answer:?}"
        );
    }
}

#[test]
fn several_instances_are_told_apart_in_every_view() {
    let project = Project::new().up();
    succeeds(&project.run(&["deploy", "--instance", "web=t3.micro", "--instance", "db=t3a.nano"]));
    succeeds(&project.run(&["call", "start", "--name", "web", "--for", "2h"]));
    let row = project.run(&["status", "--all", "--json"]).json()["data"]["rows"][0].clone();
    let names: Vec<_> = row["instances"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!((names, &row["instance_id"]), (vec!["db".into(), "web".into()], &serde_json::Value::Null), "{row}");
    let all = project.run(&["status", "--all"]).stdout;
    assert!(all.contains("db running, web running"), "{all}");
    let metrics = project.run(&["metrics"]).stdout;
    assert!(metrics.contains("web i-") && metrics.contains("db i-"), "{metrics}");

    let served = Served::start(&project, &["--lang", "en"]);
    let visit = served.visit(&served.url);
    let parts = visit.shows("/parts", "instance-web");
    assert!(parts.body.contains("stops at 20"), "{}", parts.body);
    for id in ["id=\"instance-db\"", "id=\"instance-web\""] {
        assert_eq!(parts.body.matches(id).count(), 1, "{id}: {}", parts.body);
    }
    let chain = visit.shows("/", "/parts#instance-web");
    assert!(chain.body.contains("/parts#instance-db"), "{}", chain.body);
    let numbers = visit.shows("/numbers", "no price of <code>t3a.nano</code> is known here").body;
    assert!(numbers.contains("web <code>i-"), "the numbers name them: {numbers}");
    assert!(!numbers.contains("no price of <code>t3.micro"), "{numbers}");
    assert!(visit.shows("/class", "web").body.contains("db"), "the class names them");
    let csv = visit.get("/class.csv").body;
    assert!(csv.contains("\"db i-") && csv.contains("\"db running; web running\""), "{csv}");
    let page = visit.post("/stop-all", "");
    assert!(page.body.contains("instances stopped: 2"), "{}", page.body);
}

#[test]
fn an_alarm_is_shown_with_its_state() {
    let project = Project::new().up();
    project.write("atelier.toml", "[alarm]\nerrors_per_minute = 5\n");
    succeeds(&project.run(&["deploy"]));
    let served = Served::start(&project, &["--lang", "en"]);
    let visit = served.visit(&served.url);
    let page = visit.shows("/parts", "id=\"alarm-infrastructure-handler-errors\"");
    let row = page.body.split("id=\"alarm-infrastructure-handler-errors\"").nth(1).unwrap();
    let row = row.split("</tr>").next().unwrap();
    assert!(row.contains(">OK<") || row.contains(">no data yet<"), "{row}");
}

#[test]
fn what_is_written_into_the_settings_meanwhile_counts() {
    let project = deployed();
    let served = Served::start(&project, &["--lang", "en"]);
    let visit = served.visit(&served.url);
    assert!(!visit.shows("/parts", "Nothing to do").body.contains("infrastructure-handler-errors"));
    project.write("atelier.toml", "[alarm]\nerrors_per_minute = 5\n");
    visit.shows("/parts", "infrastructure-handler-errors");
    // What cannot be read is said, and nothing is forgotten for it.
    project.write("atelier.toml", "[alarm]\nerrors_per_minute = 0\n");
    visit.shows("/", "errors_per_minute");
    project.write("atelier.toml", "");
    assert!(!visit.shows("/", "Everything answers").body.contains("errors_per_minute"));
}
