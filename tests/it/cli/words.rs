//! Words that once misled somebody: what is said now, where it is said, in both languages.

use super::journey::deployed;
use crate::support::{Project, Running, Terminal, engine_port};
use atelier::text::{Lang, Message};
use serde_json::Value;
use std::os::unix::net::UnixListener;

const LANGS: [Lang; 2] = [Lang::En, Lang::Fr];

fn text(key: &str, lang: Lang) -> String {
    Message::new(key).render(lang)
}

/// A project that no Docker of this machine has a say in.
fn project() -> Project {
    Project::new().with("DOCKER_HOST", "unix:///nonexistent/docker.sock")
}

#[test]
fn ctrl_c_says_of_each_verb_what_it_leaves_behind() {
    for lang in LANGS {
        let project = deployed();
        let mut clean = Terminal::start(project.command(&["clean", "--lang", lang.tag()]), 120);
        clean.shows(&text("ui.yes_no", lang));
        clean.interrupt();
        assert_eq!(clean.end(), Some(130), "{}", clean.seen());
        clean.shows(&text("hint.nothing_done", lang));
        assert_eq!(project.run(&["status", "--check"]).code, Some(0), "nothing was");

        let project = project.with("ATELIER_STACK", "other");
        let waiting = Running::start(project.command(&["status", "--wait", "60s", "--lang", lang.tag()]));
        waiting.tells(&text("status.waiting", lang));
        waiting.interrupt();
        let output = waiting.end();
        assert_eq!(output.code, Some(130), "{output:?}");
        assert!(output.stderr.contains(&text("hint.interrupted_anew", lang)), "{output:?}");
        assert!(!output.stderr.contains(&text("hint.again", lang)), "there is nothing to go on with: {output:?}");
    }
}

#[test]
fn ctrl_c_under_up_says_that_what_it_started_may_run_on() {
    for lang in LANGS {
        let project = Project::new();
        let socket = project.path().join("docker.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let project = project.with("DOCKER_HOST", &format!("unix://{}", socket.display()));
        let up = Running::start(project.command(&["up", "--engine", "localstack", "--lang", lang.tag()]));
        let (_call, _) = listener.accept().unwrap();
        up.interrupt();
        let output = up.end();
        assert_eq!(output.code, Some(130), "{output:?}");
        assert!(output.stderr.contains(&text("hint.interrupted_up", lang)), "{output:?}");
    }
}

#[test]
fn a_private_port_is_named_and_only_where_it_is_the_way_in() {
    for lang in LANGS {
        let codespace = || {
            // Without a `gh`, so that the port stays what it is.
            let project = project().with("PATH", "/nonexistent").with("CODESPACE_NAME", "fuzzy-fish");
            project.with("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN", "app.github.dev")
        };
        let up = |project: &Project, port: &str| {
            let up = project.run(&["up", "--engine", "embedded", "--port", port, "--lang", lang.tag()]);
            assert_eq!(up.code, Some(0), "{up:?}");
            up.stderr
        };
        let port = engine_port().to_string();
        let by_hand = Message::new("hint.codespace_port").with("port", &port).render(lang);
        let told = up(&codespace(), &port);
        assert!(told.contains(&by_hand) && by_hand.contains(&format!("port {port} ")), "{by_hand}: {told}");

        let port = engine_port().to_string();
        let here = codespace().with("AWS_ENDPOINT_PUBLIC", &format!("http://127.0.0.1:{port}"));
        let told = up(&here, &port);
        assert!(!told.contains("PORTS"), "nobody comes through the Codespace's port: {told}");
    }
}

#[test]
fn a_public_url_of_this_machine_is_not_said_to_be_reached_from_elsewhere() {
    let port = engine_port().to_string();
    let url = format!("http://127.0.0.1:{port}");
    let project = project().with("AWS_ENDPOINT_PUBLIC", &url);
    assert_eq!(project.run(&["up", "--engine", "embedded", "--port", &port]).code, Some(0));
    for (lang, only) in [(Lang::En, "on this machine only"), (Lang::Fr, "sur cette machine seulement")] {
        let said = Message::new("doctor.public.here").with("url", &url).render(lang);
        let doctor = project.run(&["doctor", "--lang", lang.tag()]);
        assert!(said.contains(only) && doctor.stdout.contains(&said), "{said}: {doctor:?}");
    }
}

#[test]
fn what_takes_long_is_said_as_people_say_it() {
    for (lang, still, warm) in [
        (Lang::En, "🚀 Starting the engine... still, 15 s", "✅ EC2 is ready"),
        (Lang::Fr, "🚀 Démarrage du moteur... 15 s déjà", "✅ EC2 est prêt"),
    ] {
        let step = Message::new("engine.starting");
        let line = Message::new("ui.still").with_message("what", step).with("seconds", 15_u64);
        assert_eq!(line.render(lang), still);
        assert_eq!(text("engine.warm", lang), warm);
    }
}

#[test]
fn clean_removes_as_many_as_it_has_listed() {
    let project = deployed();
    let mut clean = Terminal::start(project.command(&["clean", "--color", "never"]), 120);
    clean.shows("[y/N]");
    let screen = clean.screen();
    let listed = screen.lines().filter(|line| line.starts_with("  ")).count();
    assert!(listed > 3 && screen.contains(&format!("Remove these {listed} of stack `atelier`")), "{screen}");
    clean.types("y\n");
    assert_eq!(clean.end(), Some(0), "{}", clean.seen());
    clean.shows(&format!("✅ Removed: {listed}\r\n"));
}

#[test]
fn a_tick_stands_before_no_error() {
    let project = deployed();
    for lang in LANGS {
        let test = project.run(&["test", "--lang", lang.tag()]);
        assert_eq!(test.code, Some(0), "{test:?}");
        for code in ["missing_parameter", "invalid_parameter"] {
            let refused = Message::new("test.refused").with("status", 400_u16).with("code", code).render(lang);
            assert!(test.stdout.contains(&refused), "no `{refused}`: {}", test.stdout);
        }
        let good = test.stdout.lines().filter(|line| line.starts_with('✅'));
        let misleading: Vec<&str> = good.filter(|line| line.contains("\"error\"")).collect();
        assert!(misleading.is_empty(), "{misleading:?}");
    }
}

#[test]
fn who_gets_the_embedded_engine_for_want_of_docker_is_told_what_will_need_it() {
    for (lang, needs) in [(Lang::En, "`bonus` will need Docker"), (Lang::Fr, "`bonus` demandera Docker")] {
        assert!(text("engine.chosen_embedded", lang).contains(needs));
        let project = project();
        let up = project.run(&["up", "--port", "0", "--lang", lang.tag()]);
        assert!(up.code == Some(0) && up.stderr.contains(needs), "{up:?}");
        let bonus = project.run(&["bonus", "--lang", lang.tag()]);
        assert_eq!(bonus.code, Some(4), "and it does: {bonus:?}");
    }
}

#[test]
fn that_localstack_loads_its_services_is_told_of_localstack_alone() {
    for lang in LANGS {
        let project = Project::new();
        let socket = project.path().join("docker.sock");
        let project = project.with("DOCKER_HOST", &format!("unix://{}", socket.display())).up();
        let status = project.run(&["status", "--lang", lang.tag()]);
        assert!(!format!("{status:?}").contains("LocalStack"), "{status:?}");

        // An engine in containers, of which a Docker that says nothing says nothing.
        let mut record = project.record();
        assert_eq!(project.run(&["down"]).code, Some(0));
        record["kind"] = "localstack".into();
        record["process"] = Value::Null;
        project.write(".atelier/engine.json", &record.to_string());
        let _listener = UnixListener::bind(&socket).unwrap();
        let mut status = Terminal::start(project.command(&["status", "--lang", lang.tag()]), 160);
        status.shows(&text("status.loading", lang));
        assert!(text("status.loading", lang).contains("LocalStack"));
        status.interrupt();
        assert_eq!(status.end(), Some(130), "{}", status.seen());
    }
}

#[test]
fn what_nobody_reads_does_not_push_out_the_picture() {
    let project = deployed();
    let pid = format!("pid {}", project.record()["process"]["pid"]);
    let mut status = Terminal::start(project.command(&["status", "--color", "never"]), 80);
    assert_eq!(status.end(), Some(0), "{}", status.seen());
    status.shows("│ edge ");
    assert!(!status.seen().contains(&pid), "{}", status.seen());
    let verbose = project.run(&["status", "-v"]);
    assert!(verbose.stdout.contains(&pid), "{verbose:?}");
}

#[test]
fn french_headings_have_the_space_before_their_colon() {
    let project = Project::new();
    for verb in super::help::verbs() {
        let args: Vec<&str> = verb.iter().map(String::as_str).chain(["--help", "--lang", "fr"]).collect();
        let help = project.run(&args).stdout;
        let glued: Vec<&str> = help.lines().filter(|line| line.ends_with(':') && !line.ends_with(" :")).collect();
        assert!(help.contains(" :\n") && glued.is_empty(), "{verb:?}: {glued:?}");
    }
}
