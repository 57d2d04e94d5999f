//! What the user reads when something goes wrong: cause, place, next step and exit code, in both languages.

use super::{
    files::without_room,
    foreign::OURS,
    lab::Lab,
    program::PROGRAM,
    told::{Told, errors, first_line, promptly},
};
use crate::support::{
    Output, Project, Running, engine_port,
    fault::{At, Fault, FaultProxy},
};
use std::{
    fs::{self, Permissions},
    net::{SocketAddr, TcpListener},
    os::unix::fs::PermissionsExt,
    process::Command,
};

fn hide(lab: &Lab) -> Vec<(String, &'static str)> {
    vec![(lab.project.path().to_str().unwrap().to_owned(), "<project>"), (lab.port.to_string(), "<port>")]
}

/// Runs `deploy` against an engine that treats every call so.
fn against(lab: &Lab, fault: Fault, lang: &str) -> Output {
    let proxy = FaultProxy::to(lab.port);
    proxy.arm(Some((At::Any, fault)));
    let port = proxy.port.to_string();
    let args = ["deploy", "--timeout", "1s", "--endpoint", &proxy.url(), "--lang", lang];
    let mut output = promptly(lab.project.command(&args));
    output.stderr = output.stderr.replace(&port, "<port>");
    output
}

#[test]
fn faults_of_the_engine_read_like_this() {
    let (lab, mut told) = (Lab::bare(), Told::default());
    let gone = SocketAddr::from(([127, 0, 0, 1], engine_port()));
    told.scene(
        "the engine is gone",
        |lang| lab.project.run(&["deploy", "--endpoint", &format!("http://{gone}"), "--lang", lang]),
        &[(gone.port().to_string(), "<port>")],
    );
    // Reads are repeated for some seconds: each scene has an engine of its own, and all play at once.
    let scenes = [
        ("the engine says nothing", Fault::Hang),
        ("the engine answers 500", Fault::Status(500)),
        ("the engine is overloaded", Fault::Throttled(None)),
        ("half an answer", Fault::Truncated),
        ("a web page", Fault::Html),
        ("connections are reset", Fault::Reset),
        ("an answer that does not end", Fault::Huge),
        ("a wrong clock", Fault::Refused("SignatureDoesNotMatch", "Signature expired: is a clock wrong?")),
    ];
    told.at_once(scenes, |(title, fault), told| {
        let lab = Lab::bare();
        told.scene(title, |lang| against(&lab, fault, lang), &hide(&lab));
    });
    let project = Project::new();
    told.scene("no engine", |lang| project.run(&["deploy", "--lang", lang]), &[]);
    told.are("engine");
}

/// What happens to one call in the middle of a deploy, or to every one of a name, with the time that a run then has.
const MIDWAY: [(&str, At, Fault, &str); 5] = [
    ("the engine dies in the middle", At::Every("CreateRole"), Fault::Vanish, "5m"),
    ("a call that makes something never ends", At::Every("RunInstances"), Fault::Unheard, "5m"),
    ("a call that makes something is put off for ever", At::Every("RunInstances"), Fault::Throttled(None), "5m"),
    (
        "the function stays pending",
        At::Every(GET_FUNCTION),
        Fault::Instead(ACTIVE, r#""State":"Pending","StateReason":"the image is being pulled""#),
        "2s",
    ),
    (
        "the function fails",
        At::Every(GET_FUNCTION),
        Fault::Instead(ACTIVE, r#""State":"Failed","StateReason":"Docker not available""#),
        "5m",
    ),
];
const GET_FUNCTION: &str = "GET /2015-03-31/functions/infrastructure-handler";
const ACTIVE: &str = r#""State":"Active""#;

#[test]
fn faults_in_the_middle_of_a_deploy_read_like_this_and_the_next_run_makes_them_good() {
    let mut told = Told::default();
    told.at_once(MIDWAY, |(title, at, fault, timeout), told| {
        let lab = Lab::new();
        let run = |lang: &str| {
            let proxy = FaultProxy::to(lab.port);
            proxy.arm(Some((at.clone(), fault)));
            let args = ["deploy", "--timeout", timeout, "--endpoint", &proxy.url(), "--lang", lang];
            let mut output = errors(promptly(lab.project.command(&args)));
            output.stderr = output.stderr.replace(&proxy.port.to_string(), "<port>");
            // Parts are made at once: whose call is the first that nothing answers differs from run to run.
            let mut refusals = ["nobody listens there", "personne n'écoute là"].into_iter();
            if let Some(refused) = refusals.find_map(|text| output.stderr.find(text)) {
                let end = output.stderr[..refused].rfind('`').unwrap();
                let start = output.stderr[..end].rfind('`').unwrap();
                output.stderr.replace_range(start + 1..end, "<call>");
            }
            lab.ok(&["deploy"]);
            lab.whole();
            lab.restored();
            output
        };
        told.scene(title, run, &hide(&lab));
    });
    told.are("midway");
}

/// Runs `deploy` against an address where no engine can be.
#[test]
fn an_engine_that_cannot_be_reached_is_told_in_the_same_way_whatever_is_in_between() {
    let lab = Lab::bare();
    for nowhere in ["http://127.0.0.1:1", "http://engine.invalid:4566", "http://[100::1]:4566"] {
        let output = lab.project.run(&["deploy", "--json", "--endpoint", nowhere]);
        let error = &output.json()["error"];
        assert_eq!((output.code, &error["code"]), (Some(5), &"engine_unreachable".into()), "{nowhere}: {output:?}");
        assert_eq!(error["retryable"], true);
        assert!(error["message"].as_str().unwrap().contains(nowhere), "{error}");
    }
}

#[test]
fn what_may_go_better_later_is_told_to_scripts_as_retryable() {
    let lab = Lab::bare();
    for (fault, code) in [(Fault::Throttled(None), "engine_overloaded"), (Fault::Html, "engine_senseless")] {
        let proxy = FaultProxy::to(lab.port);
        proxy.arm(Some((At::Any, fault)));
        let error =
            lab.project.run(&["deploy", "--json", "--timeout", "1s", "--endpoint", &proxy.url()]).json()["error"]
                .take();
        assert_eq!((&error["code"], &error["retryable"]), (&code.into(), &true.into()), "{error}");
    }
}

#[test]
fn a_closed_stdout_neither_hangs_nor_stops_a_run() {
    let lab = Lab::new();
    for (args, made) in [(&["deploy"][..], true), (&["clean", "--yes"], false)] {
        let mut command = lab.project.command(args);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut child = command.stdout(writer).stderr(std::process::Stdio::null()).spawn().unwrap();
        assert!(crate::support::eventually(std::time::Duration::from_mins(1), || child.try_wait().unwrap().is_some()));
        assert_ne!(child.wait().unwrap().code(), Some(70), "{args:?}");
        if made { lab.whole() } else { lab.empty() }
    }
}

#[test]
fn faults_of_the_machine_read_like_this() {
    let (lab, mut told) = (Lab::bare(), Told::default());
    let hidden = hide(&lab);
    let deploy = |lang: &str| lab.project.run(&["deploy", "--lang", lang]);
    let path = |name: &str| lab.project.path().join(name);

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let other = Project::new();
    let pid = format!("(pid {})", std::process::id());
    told.scene(
        "the port is taken",
        |lang| {
            let mut output = other.run(&["up", "--engine", "embedded", "--port", &port, "--lang", lang]);
            // The test's own name as the system cuts it, which differs with the way it was built.
            if let (Some(from), Some(to)) = (output.stderr.find('`'), output.stderr.find(&pid)) {
                output.stderr.replace_range(from..to, "<holder> ");
            }
            output
        },
        &[(port.clone(), "<port>"), (pid.clone(), "(pid <pid>)")],
    );

    let proxy = FaultProxy::to(lab.port);
    proxy.arm(Some((At::Any, Fault::Hang)));
    let first = Running::start(lab.project.command(&["deploy", "--endpoint", &proxy.url()]));
    assert!(crate::support::eventually(std::time::Duration::from_secs(30), || proxy.has_struck()));
    let holder = [(format!("{}", first.pid()), "<pid>")];
    told.scene("another run", |lang| lab.project.run(&["deploy", "--timeout", "100ms", "--lang", lang]), &holder);
    drop(first);

    lab.ok(&["deploy"]);
    fs::write(path(".atelier/state.json"), "{").unwrap();
    told.scene(
        "a damaged state",
        |lang| {
            fs::write(path(".atelier/state.json"), "{").unwrap();
            first_line(deploy(lang))
        },
        &hidden,
    );
    lab.restored();
    fs::create_dir(path(".api_id")).unwrap();
    told.scene("a folder in a file's place", |lang| errors(deploy(lang)), &hidden);
    fs::remove_dir(path(".api_id")).unwrap();
    lab.restored();
    fs::remove_file(path(".atelier/lock")).unwrap();
    fs::create_dir(path(".atelier/lock")).unwrap();
    told.scene("a folder in the lock's place", deploy, &hidden);
    fs::remove_dir(path(".atelier/lock")).unwrap();
    lab.somebody().api(OURS.api, &[("atelier:stack", "theirs")]);
    told.scene("an API of our name", deploy, &hidden);
    told.are("machine");
}

#[test]
fn faults_of_the_disk_read_like_this() {
    let (lab, mut told) = (Lab::bare(), Told::default());
    let deploy = |lang: &str| {
        let output = errors(promptly(without_room(&lab.project, &["deploy", "--lang", lang])));
        lab.restored();
        output
    };
    told.scene("the disk is full at the end of a deploy", deploy, &hide(&lab));
    // A folder of the same name for both languages, and nothing in it.
    let up = |lang: &str, command: fn(&Project, &[&str]) -> Command| {
        let project = Project::new().running(&PROGRAM.path);
        let args = ["up", "--engine", "embedded", "--port", "0", "--lang", lang];
        let mut output = promptly(command(&project, &args));
        for (folder, mark) in [("project", "<project>"), ("home", "<home>")] {
            let folder = project.path().with_file_name(folder);
            output.stderr = output.stderr.replace(folder.to_str().unwrap(), mark);
        }
        output
    };
    told.scene("the disk is full from the beginning", |lang| up(lang, without_room), &[]);
    let read_only = |project: &Project, args: &[&str]| {
        fs::set_permissions(project.path(), Permissions::from_mode(0o555)).unwrap();
        project.command_of_a_user(args)
    };
    told.scene("a read-only folder", |lang| up(lang, read_only), &[]);
    let large = |lang: &str| {
        let mut output = errors(promptly(too_large(&lab.project, &["deploy", "--lang", lang])));
        // The program's own share differs from build to build.
        let end = output.stderr.find(" Mi").unwrap();
        let start = output.stderr[..end].rfind(' ').unwrap() + 1;
        output.stderr.replace_range(start..end, "<size>");
        output
    };
    told.scene("too large a binary", large, &[]);
    lab.restored();
    told.are("disk");
}

/// Prepares an `atelier` that is larger, compressed, than what Lambda takes.
fn too_large(project: &Project, args: &[&str]) -> Command {
    let (large, noise) = (project.path().with_file_name("large"), project.path().with_file_name("noise"));
    // Xorshift: nothing can be compressed less.
    let mut state = 88_172_645_463_325_252_u64;
    let numbers = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    fs::write(&noise, numbers.take((51 << 20) / 8).flatten().collect::<Vec<_>>()).unwrap();
    // Another process makes it: a file that this one has open while another test forks cannot be run.
    let script = r#"cat "$0" "$1" > "$2" && chmod 755 "$2""#;
    let made = Command::new("sh").args(["-c", script]).args([&PROGRAM.path, &noise, &large]).status().unwrap();
    assert!(made.success());
    let usual = project.command(args);
    let mut command = Command::new(large);
    command.args(usual.get_args()).env_clear().current_dir(project.path());
    command.envs(usual.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

#[test]
fn an_engine_that_is_not_as_the_last_run_left_it_reads_like_this() {
    let (lab, mut told) = (Lab::bare(), Told::default());
    // Not through a proxy, which has no session.
    let deploy = |more: &[&str]| {
        let output = lab.project.run(&[&["deploy"], more].concat());
        assert_eq!(output.code, Some(0), "{output:?}");
        first_line(output)
    };
    let came_back = |lang: &str| {
        deploy(&[]);
        lab.restart(true);
        deploy(&["--lang", lang])
    };
    told.scene("the engine came back empty", came_back, &[]);
    lab.restored();
    let elsewhere = |lang: &str| {
        deploy(&[]);
        let output = deploy(&["--region", "eu-west-3", "--lang", lang]);
        lab.ok(&["clean", "--yes", "--region", "eu-west-3"]);
        lab.restored();
        output
    };
    told.scene("another region", elsewhere, &[]);
    let taken_away = |lang: &str| {
        deploy(&[]);
        let state = lab.project.path().join(".atelier/state.json");
        let kept = fs::read(&state).unwrap();
        lab.restored();
        fs::write(state, kept).unwrap();
        deploy(&["--lang", lang])
    };
    told.scene("everything was taken away", taken_away, &[]);
    lab.restored();
    told.are("elsewhere");
}

#[test]
fn the_users_own_aws_variables_and_credentials_are_never_used_with_a_local_engine() {
    let lab = Lab::bare();
    let mut command = lab.project.command(&["deploy", "--json"]);
    command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:1").env("AWS_PROFILE", "production");
    command.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").env("AWS_SECRET_ACCESS_KEY", "real");
    let output = Running::start(command).end();
    // The engine accepts no signature but the project's own.
    assert_eq!(output.code, Some(0), "{output:?}");
}

#[test]
fn without_a_home_everything_works() {
    let lab = Lab::bare();
    for args in [&["deploy"][..], &["status", "--check"], &["clean", "--yes"]] {
        let mut command = lab.project.command(args);
        command.env_remove("HOME");
        let output = Running::start(command).end();
        assert_eq!(output.code, Some(0), "{args:?}: {output:?}");
    }
}
