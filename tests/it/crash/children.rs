//! What functions start: it ends with the engine, whenever and however that ends, and nobody else's process does.

use super::{foreign::Somebody, program::script, tell};
use crate::support::{Project, eventually};
use rustix::process::{Signal, kill_process};
use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// The ways in which a process leaves the one that started it, each a line of a shell; `$stay` is what it does then.
const WAYS: [&str; 7] = [
    "$stay &",
    "setsid $stay &",
    // Its parent ends at once, and the parent of that.
    "( ( $stay & ) & )",
    "( setsid sh -c \"$stay & exit\" & )",
    "( setsid $stay <&- >&- 2>&- & )",
    // Neither the environment nor the folder of the function.
    "( cd /; setsid env -i PATH=\"$PATH\" $stay & )",
    "( trap '' TERM HUP INT; setsid $stay & )",
];

/// How an engine ends.
#[derive(Debug, Clone, Copy)]
enum End {
    Down,
    Killed,
}

/// The processes of the machine that have this word in their command lines; those that have ended have none.
fn alive(word: &str) -> Vec<i32> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let numbers = processes.filter_map(|process| process.file_name().to_str()?.parse().ok());
    numbers
        .filter(|number: &i32| {
            let line = fs::read(format!("/proc/{number}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(word)
        })
        .collect()
}

/// Ended with the test, whichever way that ends.
struct Bystander(Child);

impl Bystander {
    /// Starts a process that looks as much like a function's as one can that is none.
    fn start(project: &Path, word: &str) -> Self {
        let mut command = Command::new("sleep");
        command.arg(word).env("LAMBDA_TASK_ROOT", "/var/task").current_dir(project.join(".atelier/engine"));
        Self(command.stdin(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Makes the function `f` of a shell script.
fn with_function(project: &Project, text: &str) -> Somebody {
    let somebody = Somebody::at(&project.path(), project.port());
    somebody.role("r", &[]);
    somebody.function_of("f", "r", script(text), 60);
    somebody
}

fn until(what: &str, condition: impl FnMut() -> bool) {
    assert!(eventually(Duration::from_mins(1), condition), "{what}");
}

#[test]
fn whatever_a_function_has_started_ends_with_the_engine_at_whichever_moment_that_ends() {
    // Nobody else sleeps for so long.
    let (word, other) = (format!("8{:09}1", std::process::id()), format!("8{:09}2", std::process::id()));
    // Functions have a `/tmp` of their own, where the project is.
    let notes = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let note = notes.path().join("started");
    let starts = WAYS.iter().enumerate().map(|(number, way)| format!("{way}\necho {number} >>{}\n", note.display()));
    let text = format!("stay='sleep {word}'\n{}sleep {word}", starts.collect::<String>());
    let project = Project::new().up();
    let port = project.port();
    with_function(&project, &text);
    let mut bystander = Bystander::start(&project.path(), &other);
    let mut rounds = 0;
    for end in [End::Down, End::Killed] {
        for moment in 0..=WAYS.len() {
            let _ = fs::remove_file(&note);
            // Each life of the engine has its connections.
            Somebody::at(&project.path(), port).invoke("f");
            let noted = || fs::read_to_string(&note).unwrap_or_default().lines().count();
            until("the function does not begin", || noted() >= moment);
            match end {
                End::Down => {
                    let down = project.run(&["down"]);
                    assert_eq!(down.code, Some(0), "{down:?}");
                    assert!(alive(&word).is_empty(), "left after `down` at {moment}");
                }
                End::Killed => {
                    kill_process(project.engine(), Signal::KILL).unwrap();
                    until(&format!("left after a kill at {moment}"), || alive(&word).is_empty());
                }
            }
            let up = project.run(&["up", "--engine", "embedded", "--port", &port.to_string()]);
            assert_eq!(up.code, Some(0), "{up:?}");
            rounds += 1;
        }
    }
    assert!(bystander.0.try_wait().unwrap().is_none(), "somebody else's process was ended");
    tell(&format!(
        "child processes: {} ways to leave a parent, the engine ended or killed after each of them = {rounds} rounds; \
         nothing was left of any, and somebody else's process was not touched",
        WAYS.len()
    ));
}

#[test]
fn a_function_that_kills_those_who_watch_over_it_leaves_nothing_all_the_same() {
    let word = format!("8{:09}3", std::process::id());
    let notes = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let note = notes.path().join("started");
    for (number, kill) in ["kill -9 0", "kill -9 $PPID"].into_iter().enumerate() {
        let text = format!(
            "stay='sleep {word}'\n{}\n{}\n$stay &\necho {number} >{}\n{kill}\nsleep {word}",
            WAYS[1],
            WAYS[4],
            note.display()
        );
        let project = Project::new().up();
        with_function(&project, &text).invoke("f");
        let done = || fs::read_to_string(&note).is_ok_and(|text| text.trim() == number.to_string());
        until("the function does not begin", done);
        until(&format!("left after `{kill}`"), || alive(&word).is_empty());
    }
}
