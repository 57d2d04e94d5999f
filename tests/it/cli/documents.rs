//! What is generated from clap's tree: the reference in `docs/cli.md`, and the manual.

use super::help::verbs;
use crate::support::Project;
use atelier::{cli::help, text::Lang};
use std::{fmt::Write, path::Path};

/// Writes the reference: every verb with its help, as a terminal of 100 columns shows it.
fn reference() -> String {
    let mut text = String::from(
        "# The command line\n\nGenerated from the program itself; `ATELIER_WRITE_DOCS=1 cargo test --test it documents` \
         writes it anew.\n",
    );
    let mut root = help::command(Lang::En).term_width(100);
    root.build();
    for verb in verbs() {
        let mut command = verb.iter().fold(&root, |command, name| command.find_subcommand(name).unwrap()).clone();
        let title = ["atelier"].into_iter().chain(verb.iter().map(String::as_str)).collect::<Vec<_>>().join(" ");
        let _ = write!(text, "\n## {title}\n\n```text\n{}\n```\n", command.render_help().to_string().trim_end());
    }
    text
}

#[test]
fn the_reference_is_what_the_program_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli.md");
    let wanted = reference();
    #[expect(clippy::disallowed_methods, reason = "the test's own environment, not the program's")]
    let is_to_write = std::env::var("ATELIER_WRITE_DOCS").is_ok();
    if is_to_write {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "docs/cli.md is stale: ATELIER_WRITE_DOCS=1 cargo test --test it documents");
}

#[test]
fn the_manual_looks_like_this() {
    let project = Project::new();
    for (name, args) in [
        ("man", &["man"][..]),
        ("man_deploy", &["man", "deploy"]),
        ("man_deploy_fr", &["man", "deploy", "--lang", "fr"]),
    ] {
        let roff = project.run(args).stdout;
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name, roff);
        });
    }
}
