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

/// Where a command has such a word all the same, the word, and why nobody loses by it.
type Reason = (&'static str, &'static str, &'static str);

const AN_ACTION: &str = "a value of the API's `action`, named as one: a shell knows no such command";
const OF_THIS_SHELL: &str = "a variable of this shell, which the user's files set again";

const IN_TEXTS: &[Reason] = &[
    ("board.try.all", "stop", AN_ACTION),
    ("board.try.all", "restart", AN_ACTION),
    ("board.try.restart", "restart", AN_ACTION),
    ("call.contradictory.all_needs_many", "stop", AN_ACTION),
    ("call.contradictory.all_needs_many", "restart", AN_ACTION),
    ("call.contradictory.restart_needs_modify", "restart", AN_ACTION),
    ("hint.command_not_run", "chmod", "the user's own program, which is only given the right to run"),
    ("hint.docker_remote", "unset", OF_THIS_SHELL),
];

const IN_DOCTOR: &[Reason] = &[
    ("remedy.rs", "unset", OF_THIS_SHELL),
    ("credentials.rs", "chmod", "atelier's own file, and only so that fewer can read it"),
    ("engine.rs", "down", "for an engine that keeps its state only, and that does not answer"),
];

const IN_README: &[Reason] = &[("dynami", "unset", OF_THIS_SHELL)];

/// Who types the word means what it leads to, and it is only named: nothing was done.
const IN_SYNONYMS: &[Reason] = &[
    ("stop", "stop", "the instance is started again as it was"),
    ("stop", "down", "the second of two, and it asks first where something is lost by it"),
    ("restart", "restart", "the instance, as was asked for"),
    ("destroy", "clean", "as was asked for; it lists what goes, and asks first"),
];

/// Commands that are gone through, one after the other.
struct Walk {
    reasons: &'static [Reason],
    needed: BTreeSet<(String, &'static str)>,
    count: usize,
}

impl Walk {
    fn with(reasons: &'static [Reason]) -> Self {
        Self { reasons, needed: BTreeSet::new(), count: 0 }
    }

    /// Asserts that a command is safe, or that there is a reason for each word that is not.
    #[track_caller]
    fn passes(&mut self, place: &str, command: &str) {
        self.count += 1;
        for word in harmful(command) {
            let reason = self.reasons.iter().find(|(known, of, _)| *known == place && *of == word);
            assert!(reason.is_some(), "{place}: `{command}` has `{word}`, and no reason is given for it");
            self.needed.insert((place.to_owned(), word));
        }
    }

    /// Asserts that enough was found, and that every reason was needed.
    #[track_caller]
    fn ends(&self, least: usize) {
        assert!(self.count > least, "the reader finds the commands: {}", self.count);
        for (place, word, _) in self.reasons {
            assert!(self.needed.contains(&((*place).to_owned(), *word)), "{place} has no `{word}` any more");
        }
    }
}

/// The commands between backticks.
fn commands(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// What stands between double quotes in a piece of source, escapes and quoted quotes undone.
fn literals(source: &str) -> Vec<String> {
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let code = code.replace("\\\"", "'").replace("'\"'", "");
    code.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The harmful words of a command. A word that is a part of a name (`atelier-down`) or a path is none.
fn harmful(command: &str) -> Vec<&'static str> {
    let words: BTreeSet<&str> = command.split([' ', ';', '&', '|', '(', ')', '"', '\'']).collect();
    HARMFUL.into_iter().filter(|word| words.contains(word)).collect()
}

#[test]
fn every_command_of_the_locale_files_is_safe_to_paste_or_says_why_it_is() {
    let mut walk = Walk::with(IN_TEXTS);
    // Help says of each verb what it does: there a command is read before it is typed.
    for key in super::locales::keys().into_iter().filter(|key| !key.starts_with("help.")) {
        for lang in [Lang::En, Lang::Fr] {
            let text = Message::new(&key).render(lang);
            commands(&text).for_each(|command| walk.passes(&key, command));
        }
    }
    walk.ends(400);
}

#[test]
fn every_line_of_doctor_is_safe_to_paste_or_says_why_it_is() {
    let mut walk = Walk::with(IN_DOCTOR);
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/commands/doctor");
    for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        // Every text of the program that is no key of the locale files may be, or become, a command.
        for literal in literals(code).iter().filter(|text| text.contains(' ')) {
            walk.passes(&name, literal);
        }
    }
    walk.ends(15);
}

#[test]
fn what_the_troubleshooting_says_to_type_is_safe_to_paste_or_says_why_it_is() {
    for (document, heading) in
        [(include_str!("../../../README.md"), "Troubleshooting"), (include_str!("../../../README.fr.md"), "Dépannage")]
    {
        let mut walk = Walk::with(IN_README);
        let (_, table) = document.split_once(&format!("\n## {heading}\n")).unwrap();
        let rows = table.split("\n## ").next().unwrap().lines().filter(|line| line.starts_with("| ")).skip(2);
        for row in rows.map(|row| row.replace("\\|", "")) {
            let cells: Vec<&str> = row.split('|').collect();
            assert_eq!(cells.len(), 6, "{row}");
            // The row, by what both languages have of its symptom.
            let place = IN_README.iter().map(|(place, ..)| *place).find(|place| cells[1].contains(*place));
            commands(cells[4]).for_each(|command| walk.passes(place.unwrap_or(cells[1]), command));
        }
        walk.ends(30);
    }
}

#[test]
fn what_words_of_other_tools_lead_to_is_safe_to_paste_or_says_why_it_is() {
    let mut walk = Walk::with(IN_SYNONYMS);
    let source = include_str!("../../../src/app/usage.rs");
    let (_, table) = source.split_once("const SYNONYMS").unwrap();
    for row in table.split("\n];").next().unwrap().lines().skip(1) {
        let words = literals(row);
        for command in words.iter().filter(|word| word.starts_with("atelier ")) {
            walk.passes(&words[0], command);
        }
    }
    walk.ends(15);
}
