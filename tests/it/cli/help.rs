//! `--help`: of every verb, in both languages.

use crate::support::Project;
use atelier::{cli::help, text::Lang};

/// Every verb's path (`["config", "show"]`), the bare name included.
pub(super) fn verbs() -> Vec<Vec<String>> {
    fn walk(command: &clap::Command, path: &[String], all: &mut Vec<Vec<String>>) {
        all.push(path.to_vec());
        for inner in command.get_subcommands() {
            let path: Vec<String> = path.iter().cloned().chain([inner.get_name().to_owned()]).collect();
            walk(inner, &path, all);
        }
    }
    let mut all = Vec::new();
    walk(&help::command(Lang::En), &[], &mut all);
    all
}

fn args<'a>(verb: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
    verb.iter().map(String::as_str).chain(more.iter().copied()).collect()
}

#[test]
fn every_verb_has_help_with_an_example_of_itself_in_both_languages() {
    let project = Project::new();
    for verb in verbs() {
        for (lang, heading) in [("en", "Examples:"), ("fr", "Exemples :")] {
            let output = project.run(&args(&verb, &["--help", "--lang", lang]));
            assert_eq!(output.code, Some(0), "{verb:?}");
            assert_eq!(output.stderr, "", "{verb:?}");
            let (_, examples) = output.stdout.split_once(heading).unwrap_or_else(|| panic!("{verb:?} {lang}"));
            assert!(examples.contains(&format!("atelier {}", verb.join(" "))), "{verb:?}: {examples}");
        }
    }
}

#[test]
fn every_text_of_help_is_in_both_languages() {
    for lang in [Lang::En, Lang::Fr] {
        for verb in verbs() {
            let mut root = help::command(lang);
            root.build();
            let command = verb.iter().fold(&root, |command, name| command.find_subcommand(name).unwrap());
            let mut texts =
                vec![command.get_about().unwrap().to_string(), command.get_after_help().unwrap().to_string()];
            texts.extend(command.get_arguments().map(|arg| arg.get_help().unwrap_or_default().to_string()));
            for text in texts {
                assert!(!text.is_empty() && !text.contains("help."), "{verb:?}: `{text}`");
            }
        }
    }
}

#[test]
fn help_looks_like_this() {
    let project = Project::new();
    for verb in verbs() {
        for (lang, suffix) in [("en", ""), ("fr", " fr")] {
            let name = format!("help {}", verb.join(" "));
            let name = format!("{}{suffix}", name.trim());
            let stdout = project.run(&args(&verb, &["--help", "--lang", lang])).stdout;
            insta::with_settings!({ description => name.clone(), omit_expression => true, prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(name.replace(' ', "_"), stdout);
            });
        }
    }
}

#[test]
fn the_bare_name_shows_the_verbs_and_is_a_usage_error() {
    let output = Project::new().run(&[]);
    assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""));
    assert!(output.stderr.contains("deploy") && output.stderr.contains("Usage: atelier"), "{}", output.stderr);
}

#[test]
fn every_verb_has_a_page_in_the_manual() {
    let project = Project::new();
    for verb in verbs() {
        let output = project.run(&[&["man"], args(&verb, &[]).as_slice()].concat());
        let name = ["atelier"].into_iter().chain(args(&verb, &[])).collect::<Vec<_>>().join("-");
        assert!(output.stdout.contains(&format!(".TH {name} ")), "{verb:?}: {}", output.stdout);
        // A page that is named can be asked for.
        for named in output.stdout.lines().filter_map(|line| line.trim().strip_suffix("(1)")) {
            let words: Vec<&str> = named.split(r"\-").skip(1).collect();
            let is_verb = verbs().iter().any(|verb| verb.join("-") == words.join("-"));
            assert!(is_verb, "{verb:?}: {named}");
        }
    }
}

#[test]
fn the_word_help_is_as_good_as_the_flag() {
    let project = Project::new();
    assert_eq!(project.run(&["help"]).stdout, project.run(&["--help"]).stdout);
    for verb in verbs() {
        let word = project.run(&[&["help"], args(&verb, &[]).as_slice()].concat());
        assert_eq!(word.stdout, project.run(&args(&verb, &["--help"])).stdout, "{verb:?}");
    }
    let nothing = project.run(&["help", "nothing"]);
    assert!(nothing.code == Some(2) && nothing.stderr.contains("possible values: init, up, "), "{nothing:?}");
}

#[test]
fn the_short_help_leaves_out_what_every_verb_has() {
    let project = Project::new();
    for verb in verbs() {
        let (short, whole) = (project.run(&args(&verb, &["-h"])), project.run(&args(&verb, &["--help"])));
        assert_eq!((short.code, whole.code), (Some(0), Some(0)), "{verb:?}");
        assert!(whole.stdout.contains("--timeout") && !short.stdout.contains("--timeout"), "{verb:?}");
        assert!(short.stdout.contains("options of every command: `atelier --help`"), "{verb:?}: {}", short.stdout);
    }
    assert!(project.run(&["--help"]).stdout.contains("130 Ctrl-C"), "the exit codes are told");
}

#[test]
fn words_of_other_tools_lead_to_the_verb_that_does_it() {
    let project = Project::new();
    for (typed, meant) in [
        ("start", "`atelier up` or `atelier call start`"),
        ("stop", "`atelier call stop` or `atelier down`"),
        ("ps", "`atelier status`"),
        ("list", "`atelier status`"),
        ("destroy", "`atelier clean`"),
        ("ui", "`atelier dashboard`"),
        ("upgrade", "`atelier version`"),
        ("restart", "`atelier call restart`"),
        ("stauts", "`status`"),
        ("explan", "`explain`"),
        ("opn", "`open`"),
    ] {
        let output = project.run(&[typed]);
        assert_eq!(output.code, Some(2), "{typed}");
        assert!(output.stderr.contains(&format!("did you mean {meant}?")), "{typed}: {}", output.stderr);
        assert!(output.stderr.contains("`atelier help` lists the commands"), "{typed}: {}", output.stderr);
    }
    let output = project.run(&["plan", "--instance", "web=t3.micro"]);
    assert!(output.code == Some(2) && !output.stderr.contains("did you mean"), "{output:?}");
    let output = project.run(&["key", "create"]);
    assert!(output.stderr.contains("possible values: status, control"), "{}", output.stderr);
    let output = project.run(&["call"]);
    assert!(output.stderr.contains("possible values: start, stop, restart, modify, status, list"), "{}", output.stderr);
    let output = project.run(&["logs", "-n", "abc"]);
    assert!(output.stderr.contains("expected a whole number"), "{}", output.stderr);
    project.write("atelier.toml", "\n\nengine = embedded\n");
    let output = project.run(&["version"]);
    assert!(output.stderr.contains("`atelier.toml`, line 3, is not TOML"), "{}", output.stderr);
}

#[test]
fn quiet_leaves_data_and_what_is_wrong() {
    let project = Project::new().up();
    let quiet = |args: &[&str]| project.run(&[args, &["--quiet"]].concat());
    let deployed = quiet(&["deploy"]);
    assert_eq!(deployed.stdout.lines().count(), 1, "the URL alone: {deployed:?}");
    assert!(deployed.stdout.starts_with("http://127.0.0.1:") && deployed.stderr.is_empty(), "{deployed:?}");
    for args in [&["test"][..], &["status"], &["plan"], &["up"], &["status", "--check"]] {
        let output = quiet(args);
        assert_eq!((output.code, output.stdout.as_str(), output.stderr.as_str()), (Some(0), "", ""), "{args:?}");
    }
    assert!(quiet(&["call", "status"]).stdout.contains("instance_id"), "data stays");
    assert!(quiet(&["env"]).stdout.contains("export API_ID"), "data stays");
    let failing = quiet(&["plan", "--stack", "other", "--check"]);
    assert!(failing.code == Some(1) && failing.stderr.contains("changes are pending"), "{failing:?}");
}
