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
