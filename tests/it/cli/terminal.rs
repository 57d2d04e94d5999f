//! What a person sees on a terminal, and what their answers do.

use crate::support::{Project, Terminal, eventually};
use std::time::Duration;

#[test]
fn progress_moves_in_place_and_leaves_the_line_that_stays() {
    let project = Project::new();
    let mut up = Terminal::start(project.command(&["up", "--engine", "embedded", "--port", "0", "--lang", "fr"]), 60);
    assert_eq!(up.end(), Some(0), "{}", up.seen());
    up.shows("Démarrage du moteur");
    up.shows("✅ Le moteur");
    let screen = up.screen();
    assert!(screen.starts_with("✅ Le moteur") && !screen.contains("Démarrage"), "only what stays is left: {screen}");
}

#[test]
fn ctrl_c_under_a_moving_line_leaves_the_error_alone_on_the_screen() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let project = Project::new();
    for columns in [80, 24] {
        let mut plan = Terminal::start(project.command(&["plan", "--endpoint", &url]), columns);
        plan.shows("Looking at");
        plan.interrupt();
        assert_eq!(plan.end(), Some(130), "{}", plan.seen());
        plan.shows("interrupted");
        let screen = plan.screen();
        assert!(screen.starts_with("error: interrupted") && !screen.contains("Looking"), "{columns}: {screen}");
    }
}

#[test]
fn a_dumb_terminal_sees_no_escape_sequence() {
    let project = Project::new();
    let mut command = project.command(&["up", "--engine", "embedded", "--port", "0"]);
    command.env("TERM", "dumb");
    let mut up = Terminal::start(command, 20);
    assert_eq!(up.end(), Some(0), "{}", up.seen());
    up.shows("engine is ready");
    assert!(!up.seen().contains('\x1b'), "{}", up.seen());
}

#[test]
fn only_a_yes_removes_what_was_deployed() {
    let project = Project::new().up();
    assert_eq!(project.run(&["deploy"]).code, Some(0));

    let mut clean = Terminal::start(project.command(&["clean"]), 80);
    clean.shows("[y/N]");
    clean.types("\n");
    assert_eq!(clean.end(), Some(3));
    clean.shows("nothing was done");
    clean.shows("of stack `atelier` (http://127.0.0.1:");
    assert!(!clean.seen().contains("error"), "no is an answer: {}", clean.seen());

    let mut clean = Terminal::start(project.command(&["clean"]), 80);
    clean.shows("[y/N]");
    clean.interrupt();
    assert_eq!(clean.end(), Some(130), "{}", clean.seen());
    clean.shows("nothing was done");
    assert!(!clean.seen().contains("the call in flight"), "there is none: {}", clean.seen());
    assert!(clean.screen().contains("\nerror: interrupted\n"), "on a line of its own: {}", clean.screen());
    assert!(project.path().join(".api_id").exists());

    let mut clean = Terminal::start(project.command(&["clean", "--lang", "fr"]), 80);
    clean.shows("[o/N]");
    clean.types("oui\n");
    assert_eq!(clean.end(), Some(0), "{}", clean.seen());
    assert!(!project.path().join(".api_id").exists());
}

#[test]
fn a_key_is_revoked_once_somebody_says_yes_and_a_script_means_it() {
    let project = Project::new().up();
    for name in ["mine", "second", "third"] {
        assert_eq!(project.run(&["key", "create", "--scope", "control", "--name", name]).code, Some(0));
    }
    let names = || {
        let listed = project.run(&["key", "list", "--json"]).json();
        let keys = listed["data"]["keys"].as_array().unwrap().clone();
        keys.iter().map(|key| key["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let revoke = |args: &[&str]| Terminal::start(project.command(&[&["key", "revoke"], args].concat()), 160);

    let mut refused = revoke(&["mine"]);
    refused.shows("Revoke the key `mine` (control) of stack `atelier`?");
    refused.shows("[y/N]");
    refused.types("\n");
    assert_eq!(refused.end(), Some(3), "{}", refused.seen());
    refused.shows("nothing was done");
    assert_eq!(names(), ["mine", "second", "third"]);

    let mut agreed = revoke(&["mine", "--lang", "fr"]);
    agreed.shows("[o/N]");
    agreed.types("oui\n");
    assert_eq!(agreed.end(), Some(0), "{}", agreed.seen());
    let mut told = revoke(&["second", "--yes"]);
    assert_eq!(told.end(), Some(0), "{}", told.seen());
    // Whether there is such a key is no question.
    let mut unknown = revoke(&["nobody"]);
    assert_ne!(unknown.end(), Some(0));
    for terminal in [&told, &unknown] {
        assert!(!terminal.seen().contains("[y/N]"), "{}", terminal.seen());
    }
    assert_eq!(names(), ["third"]);
    assert_eq!(project.run(&["key", "revoke", "third"]).code, Some(0), "nobody is asked where nobody can answer");
    assert!(names().is_empty());
}

#[test]
fn nobody_waits_for_an_answer_and_what_was_changed_meanwhile_is_asked_about_anew() {
    let is_asked_again =
        |terminal: &Terminal| eventually(Duration::from_mins(1), || terminal.seen().matches("[y/N]").count() == 2);
    let project = Project::new().up();
    let create = |name: &str| project.run(&["key", "create", "--scope", "control", "--name", name]).code;
    assert_eq!(create("mine"), Some(0));
    let mut revoke = Terminal::start(project.command(&["key", "revoke", "mine"]), 160);
    revoke.shows("Revoke the key `mine` (control) of stack `atelier`?");
    // While nobody answers, others have the lock.
    assert_eq!(create("others"), Some(0));
    assert_eq!(project.run(&["key", "rotate", "mine"]).code, Some(0));
    revoke.types("y\n");
    assert!(is_asked_again(&revoke), "the key is another one: {}", revoke.seen());
    revoke.types("n\n");
    assert_eq!(revoke.end(), Some(3), "{}", revoke.seen());
    let listed = project.run(&["key", "list", "--json"]).json();
    assert_eq!(listed["data"]["keys"].as_array().unwrap().len(), 2, "{listed}");

    let mut clean = Terminal::start(project.command(&["clean"]), 80);
    clean.shows("[y/N]");
    assert_eq!(project.run(&["deploy"]).code, Some(0));
    clean.types("y\n");
    assert!(is_asked_again(&clean), "nobody has agreed to that: {}", clean.seen());
    clean.types("y\n");
    assert_eq!(clean.end(), Some(0), "{}", clean.seen());
    let status = project.run(&["status", "--json"]).json();
    assert_eq!(status["data"]["stack"]["found"].as_array().map(Vec::len), Some(0), "{status}");
}

#[test]
fn in_ci_nobody_is_asked_even_on_a_terminal() {
    let project = Project::new().up();
    assert_eq!(project.run(&["deploy"]).code, Some(0));
    let mut command = project.command(&["clean"]);
    command.env("CI", "true");
    let mut clean = Terminal::start(command, 80);
    assert_eq!(clean.end(), Some(3));
    clean.shows("--yes");
}

#[test]
fn numbers_and_stacks_stand_below_their_names_on_a_narrow_terminal() {
    let project = Project::new().up();
    assert_eq!(project.run(&["deploy"]).code, Some(0));
    assert_eq!(project.run(&["call", "status"]).code, Some(0));
    let counted = || project.run(&["metrics", "--json"]).json()["data"]["numbers"]["calls"] == 1;
    assert!(eventually(Duration::from_mins(1), counted));
    let run = |args: &[&str], columns| {
        let mut terminal = Terminal::start(project.command(args), columns);
        assert_eq!(terminal.end(), Some(0), "{}", terminal.seen());
        terminal.seen()
    };
    let narrow = run(&["metrics"], 40);
    assert!(narrow.contains("\n  calls 1  errors 0\r\n  p50 "), "{narrow}");
    let wide = run(&["metrics"], 100);
    assert!(!wide.contains("calls 1  errors 0") && wide.contains("action  calls"), "{wide}");
    assert!(wide.contains(": ran 0 min") || wide.contains(": ran 1 min"), "{wide}");
    let narrow = run(&["status", "--all"], 40);
    assert!(narrow.contains("project\r\n  embedded ") && !narrow.contains("last call"), "{narrow}");
}
