//! Who is let in, and what those hear who are not.

use super::served::{Answer, Served};
use crate::{
    cli::journey::{deployed, succeeds},
    support::{Project, Running, Terminal, canary, eventually},
};
use std::{os::unix::fs::PermissionsExt, time::Duration};

const DEADLINE: Duration = Duration::from_mins(1);
/// What every page has.
const PAGES: [&str; 8] = ["/", "/calls", "/try", "/logs", "/parts", "/numbers", "/class", "/doctor"];

#[test]
fn the_url_lets_one_browser_in_and_only_once() {
    let project = Project::new().up();
    let served = Served::start(&project, &[]);
    let answer = served.enter(Served::token(&served.url));
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
    let cookie = answer.header("set-cookie").unwrap();
    assert!(
        cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Strict") && cookie.contains("; Path=/"),
        "{cookie}"
    );
    assert!(!cookie.contains(Served::token(&served.url)), "the cookie is not the token");
    assert_eq!(served.enter(Served::token(&served.url)).status, 403, "used");
    assert_eq!(served.end().code, Some(0));
}

#[test]
fn whoever_is_not_let_in_hears_the_same_whatever_was_wrong() {
    let project = Project::new().up();
    let served = Served::start(&project, &[]);
    let visit = served.visit(&served.url);
    let wrong = "0".repeat(64);
    let used = Served::token(&served.url).to_owned();
    let tokens = ["", "x", &wrong, &used, &used[1..], &format!("{used}0")];
    let mut answers: Vec<Answer> = tokens.iter().map(|token| served.enter(token)).collect();
    answers.push(served.ask("POST /session", &[("origin", &served.origin())], ""));
    for path in PAGES.iter().chain(&["/events", "/metrics", "/calls/x", "/class.csv", "/no-such-page", "/script.js/x"])
    {
        answers.push(served.ask(&format!("GET {path}"), &[], ""));
        let old = visit.cookie.replace('a', "b");
        answers.push(served.ask(&format!("GET {path}"), &[("cookie", &old)], ""));
    }
    answers.push(served.ask("POST /act", &[("origin", &served.origin())], "action=stop"));
    for answer in &answers {
        assert_eq!((answer.status, answer.body.as_str()), (403, "Forbidden\n"), "{answer:?}");
        assert_eq!(answer.header("set-cookie"), None);
    }
    // A browser is shown how to get in, the same page for all, with nothing of what is behind it.
    let page = |path: &str| served.ask(&format!("GET {path}"), &[("accept", "text/html")], "");
    let first = page("/");
    assert_eq!(first.status, 403);
    assert!(PAGES.iter().all(|path| page(path).body == first.body));
    assert!(!first.body.contains("i-0") && !first.body.contains("restapis"), "{}", first.body);
}

#[test]
fn other_hosts_are_not_served_however_good_the_cookie() {
    let project = Project::new().up();
    let served = Served::start(&project, &[]);
    let visit = served.visit(&served.url);
    let (cookie, port) = (("cookie", visit.cookie.as_str()), served.port);
    for own in [format!("localhost:{port}"), format!("[::1]:{port}"), served.host()] {
        assert_eq!(served.raw("GET /doctor", &[("host", &own), cookie], "").status, 200, "{own}");
    }
    for host in ["evil.example", &format!("evil.example:{port}"), "127.0.0.1", &format!("127.0.0.1:{}", port - 1), ""] {
        for path in ["/", "/enter", "/style.css", "/doctor"] {
            let answer = served.raw(&format!("GET {path}"), &[("host", host), cookie], "");
            assert!(matches!(answer.status, 400 | 403), "{host}: {answer:?}");
        }
    }
    let own = served.host();
    let twice = served.raw("GET /doctor", &[("host", &own), ("host", "evil.example"), cookie], "");
    assert!(matches!(twice.status, 400 | 403), "{twice:?}");
    let absolute = served.raw("GET http://evil.example/doctor", &[("host", &own), cookie], "");
    assert_eq!(absolute.status, 403);
}

#[test]
fn a_write_needs_the_page_that_it_comes_from_and_the_forms_own_token() {
    let project = deployed();
    let served = Served::start(&project, &[]);
    let visit = served.visit(&served.url);
    let form = visit.get("/doctor").form();
    let (cookie, origin) = (("cookie", visit.cookie.as_str()), served.origin());
    let act = |headers: &[(&str, &str)], body: &str| served.ask("POST /act", headers, body).status;
    let good = format!("form={form}&action=stop");
    for (headers, body) in [
        (vec![cookie, ("origin", origin.as_str())], "action=stop".to_owned()),
        (vec![cookie, ("origin", &origin)], format!("form={}&action=stop", "0".repeat(64))),
        (vec![cookie, ("origin", &origin)], format!("form={form}&form={form}&action=stop")),
        (vec![cookie, ("origin", &origin), ("x-atelier-form", "0")], good.clone()),
        (vec![cookie, ("origin", "https://evil.example")], good.clone()),
        (vec![cookie, ("origin", "null")], good.clone()),
        (vec![cookie, ("origin", &origin), ("sec-fetch-site", "cross-site")], good.clone()),
        (vec![("origin", &origin)], good.clone()),
    ] {
        assert_eq!(act(&headers, &body), 403, "{headers:?} {body}");
    }
    assert_eq!(state(&project), "running", "nothing of it was done");
    // A page of ours that tells nobody where it is, and a script that proves itself by a header.
    assert_eq!(act(&[cookie, ("origin", "null"), ("sec-fetch-site", "same-origin")], &good), 200);
    assert_eq!(state(&project), "stopped");
    assert_eq!(act(&[cookie, ("origin", &origin), ("x-atelier-form", &form)], "action=start"), 200);
    assert_eq!(state(&project), "running");
}

fn state(project: &Project) -> serde_json::Value {
    project.run(&["call", "status", "--json"]).json()["data"]["answer"]["state"].clone()
}

#[test]
fn every_answer_says_what_a_page_may_do() {
    let project = Project::new().up();
    let served = Served::start(&project, &[]);
    let visit = served.visit(&served.url);
    let open = ["/enter", "/style.css", "/script.js", "/icon.svg", "/favicon.ico"];
    let of_all = open.iter().map(|path| served.ask(&format!("GET {path}"), &[], ""));
    let of_visitors = PAGES.iter().chain(&["/no-such-page", "/act"]).map(|path| visit.get(path));
    let refused = [served.ask("GET /", &[], ""), served.enter("x"), visit.post_with("/act", "action=stop")];
    for answer in of_all.chain(of_visitors).chain(refused) {
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
}

#[test]
fn a_shared_url_lets_many_look_and_nobody_act() {
    let project = deployed();
    let served = Served::start(&project, &["--share", "1h"]);
    let share = served.share_url.clone().unwrap();
    let visits = [served.visit(&share), served.visit(&share)];
    for visit in &visits {
        let page = visit.get("/");
        assert_eq!(page.status, 200);
        assert!(page.body.contains("A shared page") && !page.body.contains("action=\"/act\""), "{}", page.body);
        assert_eq!(visit.post("/act", "action=stop").status, 403);
        assert_eq!(visit.post("/revoke", "name=alice").status, 403);
        assert_eq!(visit.post("/stop-all", "").status, 403);
        assert_eq!(visit.post("/try", "action=stop&target=ec2&name=&key=kept").status, 403);
        let looks = visit.post("/try", "action=status&target=ec2&name=&key=kept");
        assert!(looks.status == 200 && looks.body.contains("running"), "{looks:?}");
    }
    assert_eq!(state(&project), "running");
    assert_eq!(served.visit(&served.url).get("/").status, 200, "the other URL is another one");
}

#[test]
fn sessions_end_with_their_engine_and_the_new_one_has_a_url_of_its_own() {
    let project = Project::new().up();
    let served = Served::start(&project, &[]);
    let visit = served.visit(&served.url);
    assert_eq!(visit.get("/doctor").status, 200);
    succeeds(&project.run(&["down"]));
    assert_eq!(visit.get("/doctor").status, 200, "an engine that has stopped is still looked at");
    succeeds(&project.run(&["up"]));
    assert!(eventually(DEADLINE, || visit.get("/doctor").status == 403));
    assert!(eventually(DEADLINE, || served.said().lines().count() == 2), "{}", served.said());
    let again = served.said().lines().last().unwrap().to_owned();
    assert_eq!(served.visit(&again).get("/doctor").status, 200);
}

#[test]
fn no_token_and_no_cookie_is_left_anywhere() {
    let project = deployed();
    let served = Served::start(&project, &[]);
    let token = Served::token(&served.url).to_owned();
    let visit = served.visit(&served.url);
    visit.get("/");
    visit.post("/act", "action=stop");
    let (_, cookie) = visit.cookie.split_once('=').unwrap();
    for (name, value) in [("token", token), ("cookie", cookie.to_owned())] {
        let secret = canary::Canary { name, value, files: &[], variables: &[] };
        secret.check_files(project.path().parent().unwrap());
        secret.check_processes();
    }
}

#[test]
fn its_address_is_one_document_a_line_for_scripts_and_ctrl_c_is_its_end() {
    let project = Project::new().up();
    let running = Running::start(project.command(&["dashboard", "--json"]));
    assert!(eventually(DEADLINE, || running.lines() == 1));
    running.interrupt();
    let output = running.end();
    assert_eq!(output.code, Some(0), "{output:?}");
    let mut lines = output.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let (entry, end) = (lines.next().unwrap(), lines.next().unwrap());
    assert!(entry["schema"] == 1 && entry["entry"]["url"].as_str().unwrap().contains("/enter#"), "{entry}");
    assert!(end["status"] == "ok" && end["data"]["port"].as_u64().is_some(), "{end}");
    assert!(!end.to_string().contains('#'), "what lets in is said once: {end}");
}

#[test]
fn open_shows_it_in_a_browser_that_reads_the_way_in_from_a_file_of_its_owners() {
    let project = deployed();
    let (programs, seen) = (project.path().join("bin"), project.path().join("seen"));
    std::fs::create_dir(&programs).unwrap();
    // One stays, as browsers do: no second one is started.
    for (name, then) in [("browser", "while [ -e bin ]; do sleep 0.1; done"), ("xdg-open", ":")] {
        let program = programs.join(name);
        std::fs::write(&program, format!("#!/bin/sh\necho \"$1\" >> {}\n{then}\n", seen.display())).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut command = project.command(&["open"]);
    command.env("BROWSER", programs.join("browser")).env("PATH", format!("{}:/usr/bin:/bin", programs.display()));
    let mut open = Terminal::start(command, 160);
    open.shows("Ctrl-C");
    // What a browser is given is in everybody's sight: it is no token.
    let url = std::fs::read_to_string(&seen).unwrap();
    assert_eq!(url.lines().count(), 1, "{url}");
    let file = url.trim().strip_prefix("file://").unwrap_or_else(|| panic!("{url}")).to_owned();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(std::fs::read_to_string(&file).unwrap().contains("/enter#"));
    open.interrupt();
    assert_eq!(open.end(), Some(0), "{}", open.seen());
    assert!(!std::path::Path::new(&file).exists(), "gone with the dashboard");
    std::fs::remove_dir_all(&programs).unwrap();
}

#[test]
fn on_aws_it_looks_and_changes_nothing_unless_it_is_told_so() {
    let project = Project::new()
        .with("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .with("AWS_SECRET_ACCESS_KEY", "none")
        .with("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    let served = Served::start(&project, &["--engine", "aws"]);
    let visit = served.visit(&served.url);
    let page = visit.get("/doctor");
    assert!(page.body.contains("--allow-writes"), "{}", page.body);
    for (path, fields) in [
        ("/act", "action=stop"),
        ("/revoke", "name=alice"),
        ("/stop-all", ""),
        ("/try", "action=start&target=ec2&key=kept"),
    ] {
        assert_eq!(visit.post(path, fields).status, 403, "{path}");
    }
}
