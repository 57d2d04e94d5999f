//! Every step of every write of a deploy's files: killed there, or the disk full there. Needs the feature `failpoints`.

use super::{lab::Lab, tell};
use std::{fs, path::Path};

/// The steps of one write, in their order.
const STEPS: [&str; 5] = ["disk.create", "disk.write", "disk.sync", "disk.rename", "disk.folder"];
/// The writes of a deploy that begins without files, and what they write.
const WRITES: [&str; 4] = [".atelier/state.json", ".instance_id", ".api_id", "deploy.log"];

#[test]
fn a_write_that_is_cut_off_at_any_step_leaves_the_old_file_or_the_new_one_and_no_litter() {
    let lab = Lab::new();
    let mut runs = 0;
    for step in STEPS {
        for (write, name) in WRITES.iter().enumerate() {
            for what in ["kill", "full"] {
                let points = format!("{step}={write}:{what}");
                let mut command = lab.project.command(&["deploy", "--json"]);
                let output = crate::support::Running::start({
                    command.env("FAILPOINTS", &points);
                    command
                })
                .end();
                assert_eq!(output.code, if what == "kill" { None } else { Some(4) }, "{points}: {output:?}");
                if what == "full" {
                    let message = output.json()["error"]["message"].as_str().unwrap().to_owned();
                    assert!(message.contains(name), "{points}: {message}");
                }
                for written in WRITES {
                    whole_or_absent(&lab.project.path().join(written), &points);
                }
                over_existing_files(&lab, step, name, what);
                lab.ok(&["deploy"]);
                lab.whole();
                assert_eq!(litter(&lab.project.path()), Vec::<String>::new(), "{points}");
                lab.restored();
                runs += 1;
            }
        }
    }
    tell(&format!(
        "failpoints: {} steps x {} writes x kill and full disk = {runs} runs; each file was the old one or the new one, \
         the next run made the stack whole and left no litter",
        STEPS.len(),
        WRITES.len()
    ));
}

/// Hits the same step of the one write that a deploy makes over this file, and asserts that the file has its old bytes
/// or the whole of its new ones, and every other file its own.
fn over_existing_files(lab: &Lab, step: &str, name: &str, what: &str) {
    lab.ok(&["deploy"]);
    let bytes = || WRITES.map(|name| fs::read_to_string(lab.project.path().join(name)).unwrap());
    let whole = bytes();
    let old = match name {
        ".atelier/state.json" => whole[0].replace("i-", "i-0"),
        "deploy.log" => "what was logged before\n".to_owned(),
        _ => "another\n".to_owned(),
    };
    lab.project.write(name, &old);
    // The writes before it in `WRITES` find their files as they should be; the log is written by every deploy.
    let points = format!("{step}=0:{what}");
    let mut command = lab.project.command(&["deploy", "--json"]);
    command.env("FAILPOINTS", &points);
    let output = crate::support::Running::start(command).end();
    assert_ne!(output.code, Some(0), "{points} over {name}");
    for ((written, now), whole) in WRITES.iter().zip(bytes()).zip(&whole) {
        let is_old = now == old || *written != name && now == *whole;
        let is_new = match *written {
            "deploy.log" => now.starts_with(&old) || now.starts_with(whole),
            ".atelier/state.json" => {
                now.contains("\"serial\"") && serde_json::from_str::<serde_json::Value>(&now).is_ok()
            }
            _ => now == *whole,
        };
        assert!(is_old || is_new, "{points} over {name}: {written}: {now:?}");
    }
}

/// A file that is there has its last byte: every one of ours ends in a newline or a bracket.
fn whole_or_absent(path: &Path, points: &str) {
    if let Ok(text) = fs::read_to_string(path) {
        assert!(text.ends_with(['\n', '}']), "{points}: {}: {text:?}", path.display());
    }
}

/// Temporary files in the folders that a deploy writes to.
fn litter(project: &Path) -> Vec<String> {
    let folders = [project.to_owned(), project.join(".atelier")];
    let names = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().file_name());
    names.filter_map(|name| name.into_string().ok()).filter(|name| name.ends_with(".tmp")).collect()
}
