//! No hint harms: whoever pastes one without reading it loses nothing, and takes nothing from anybody.

use atelier::text::{Lang, Message};
use std::collections::BTreeSet;

/// What ends, moves, empties or overwrites something, in a command that is shown.
const HARMFUL: [&str; 29] = [
    "rm",
    "rmdir",
    "remove",
    "rename",
    "mv",
    "kill",
    "pkill",
    "killall",
    "prune",
    "clean",
    "down",
    "stop",
    "restart",
    "delete",
    "destroy",
    "revoke",
    "rotate",
    "chown",
    "chmod",
    "truncate",
    "dd",
    "mkfs",
    "umount",
    "reset",
    "purge",
    "uninstall",
    "terminate",
    "unset",
    "--forget",
];

/// The commands that have such a word all the same, each with why nobody loses by it.
const REASONS: &[(&str, &str, &str)] = &[
    ("hint.docker_remote", "unset", "a variable of this shell, which the user's files set again"),
    ("hint.command_not_run", "chmod", "the user's own program, which is only given the right to run"),
    ("remedy.rs", "unset", "a variable of this shell, which the user's files set again"),
    ("credentials.rs", "chmod", "atelier's own file, and only so that fewer can read it"),
    ("engine.rs", "down", "for an engine that keeps its state only, and that does not answer"),
];

/// The commands between backticks.
fn commands(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The harmful words of a command. A word that is a part of a name (`atelier-down`) or a path is none.
fn harmful(command: &str) -> Vec<&'static str> {
    let words: BTreeSet<&str> = command.split([' ', ';', '&', '|', '(', ')', '"', '\'']).collect();
    HARMFUL.into_iter().filter(|word| words.contains(word)).collect()
}

#[test]
fn every_hint_of_the_locale_files_is_safe_to_paste_or_says_why_it_is() {
    let mut used = BTreeSet::new();
    let mut count = 0;
    for key in super::locales::keys().into_iter().filter(|key| !key.starts_with("help.")) {
        for lang in [Lang::En, Lang::Fr] {
            let text = Message::new(&key).render(lang);
            // Only what can be pasted: elsewhere a command is named to say what it does.
            let is_hint = key.starts_with("hint.") || key.starts_with("doctor.") || key.starts_with("status.next");
            for command in commands(&text).filter(|_| is_hint) {
                count += 1;
                for word in harmful(command) {
                    let reason = REASONS.iter().find(|(where_, what, _)| *where_ == key && *what == word);
                    assert!(reason.is_some(), "{key}: `{command}` has `{word}`, and no reason is given for it");
                    used.insert((key.clone(), word));
                }
            }
        }
    }
    assert!(count > 60, "the reader above finds the commands: {count}");
    // Other sentences name such commands as well; those that people take for advice are here.
    for key in ["engine.other_port", "component.left", "deploy.public", "error.other_engine", "status.drift"] {
        let text = Message::new(key).render(Lang::En);
        assert!(commands(&text).all(|command| harmful(command).is_empty()), "{key}: {text}");
    }
    for (key, word, _) in REASONS.iter().filter(|(key, ..)| key.starts_with("hint.")) {
        assert!(used.contains(&((*key).to_owned(), *word)), "{key} has no `{word}` any more");
    }
}

#[test]
fn every_line_of_doctor_is_safe_to_paste_or_says_why_it_is() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/commands/doctor");
    let mut count = 0;
    for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        // Every text of the program that is no key of the locale files may be, or become, a command.
        let code = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        for literal in code
            .replace("\\\"", "'")
            .replace("'\"'", "")
            .split('"')
            .skip(1)
            .step_by(2)
            .filter(|text| text.contains(' '))
        {
            count += 1;
            for word in harmful(literal) {
                let reason = REASONS.iter().find(|(where_, what, _)| *where_ == name && *what == word);
                assert!(reason.is_some(), "{name}: `{literal}` has `{word}`, and no reason is given for it");
            }
        }
    }
    assert!(count > 15, "the reader above finds the lines: {count}");
}
