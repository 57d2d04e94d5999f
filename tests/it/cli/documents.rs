//! What is generated: the references of the command line, the API and the settings in `docs`, and the manual.

use super::help::verbs;
use crate::support::Project;
use atelier::{
    api_key::HEADER,
    cli::help,
    contract::{
        ALLOW, Answer, Details, ErrorBody, FailureCode, Form, Operation, PATH, Parameter, Presence, Reach, Request,
        STATUSES, Values,
    },
    settings::{
        FILE,
        source::{self, InFile},
    },
    text::Lang,
};
use std::{fmt::Write, path::Path};

/// What writes the documents.
const WRITE: &str = "`ATELIER_WRITE_DOCS=1 cargo test --test it documents`";

/// Writes the reference: every verb with its help, as a terminal of 100 columns shows it.
fn reference() -> String {
    let mut text = format!("# The command line\n\nGenerated from the program itself; {WRITE} writes it anew.\n");
    let mut root = help::command(Lang::En).term_width(100);
    root.build();
    for verb in verbs() {
        let mut command = verb.iter().fold(&root, |command, name| command.find_subcommand(name).unwrap()).clone();
        let title = ["atelier"].into_iter().chain(verb.iter().map(String::as_str)).collect::<Vec<_>>().join(" ");
        let _ = write!(text, "\n## {title}\n\n```text\n{}\n```\n", command.render_help().to_string().trim_end());
    }
    text
}

/// Writes the API's contract: its requests with their answers, its parameters, its failures.
fn contract() -> String {
    let mut text = format!(
        "# The API\n\nGenerated from the contract in `src/contract/mod.rs`; {WRITE} writes it anew.\n\nThe one resource is \
         `{PATH}`, below the URL that `atelier deploy` prints. The methods are {ALLOW}, as a 405 says in \
         `Allow`: a GET has its parameters in the query, a POST as members of a JSON object, all of them strings. With keys on, a request carries one in the header `{HEADER}`.\n"
    );
    text.push_str("\n## Requests\n\n| request | key | answer (200) |\n| --- | --- | --- |\n");
    for operation in Operation::all() {
        let needs = |parameter| operation.presence(parameter, Reach::One) == Presence::Required;
        let details = Details {
            name: needs(Parameter::Name).then(|| "mycontainer".parse().unwrap()),
            kind: needs(Parameter::Type).then(|| "t3.small".parse().unwrap()),
            ..Details::default()
        };
        let request = Request::new(operation, details).unwrap();
        let answer = serde_json::to_string(&operation.example()).unwrap();
        let _ = writeln!(text, "| `{}` | {} | `{answer}` |", request.query(), request.scope());
    }
    let of_all = serde_json::to_string(&Answer::results_example()).unwrap();
    let _ = writeln!(
        text,
        "\nAn instance that has a name says so in `name`, and one that is to be stopped says when in `stops_at` \
         (`\"2026-11-28T20:00:00Z\"`), in every answer that is about it. `all=1` is answered with an entry each; a success \
         is it only when all succeeded, else a 502 with the same list:\n\n```json\n{of_all}\n```\n\nA running instance \
         that does not get its type in time is answered with 202, `\"status\":\"modifying\"` and its state as it is; the \
         next minute goes on with it, and so does the same request."
    );
    text.push_str("\nThese forms are legal, with what may be left out in brackets:\n\n");
    for form in Form::all() {
        let _ = writeln!(text, "- `{form}`");
    }
    text.push_str("\n## Parameters\n\n| parameter | values | meaning |\n| --- | --- | --- |\n");
    for parameter in Parameter::ALL {
        let values = match parameter.values() {
            Values::OneOf(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
            Values::Named { rule, .. } => rule.to_owned(),
        };
        let _ = writeln!(text, "| `{}` | {values} | {} |", parameter.as_str(), parameter.meaning());
    }
    let body = serde_json::to_string(&ErrorBody::example()).unwrap();
    let _ = write!(
        text,
        "\n## Failures\n\nThe body is `{body}`. The door in front of a local engine answers in the same form, with codes \
         of its own where it does not let a request in.\n\n| status | meaning | \
         codes |\n| --- | --- | --- |\n"
    );
    for row in STATUSES {
        let codes = FailureCode::ALL.iter().filter(|code| code.status() == row.status);
        let codes: Vec<String> = codes.map(|code| format!("`{}`", code.as_str())).collect();
        let _ = writeln!(text, "| {} | {} | {} |", row.status.as_u16(), row.meaning, codes.join(", "));
    }
    text
}

/// Writes the settings, with the places that may say each, and the other variables.
fn settings() -> String {
    let mut text = format!(
        "# The settings\n\nGenerated from `src/settings/source.rs`; {WRITE} writes it anew.\n\nA flag wins over a variable, \
         a variable over `{FILE}` in the project folder, and that over the default; of several variables the first that \
         is set decides. `atelier config show --origin` tells which of them it was.\n\n| setting | flag | variables | \
         `{FILE}` | meaning |\n| --- | --- | --- | --- | --- |\n"
    );
    for source in source::ALL {
        let code = |words: &[&str]| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        let in_file = match source.in_file {
            InFile::Never => "",
            InFile::Scalar => "a string or a number",
            InFile::Switch => "a string, or `true` or `false`",
            InFile::List => "a string or a list of strings",
            InFile::Table => "a table",
            InFile::Tables => "tables",
        };
        let (flag, variables) = (code(source.flag.as_slice()), code(source.variables));
        let _ = writeln!(text, "| `{}` | {flag} | {variables} | {in_file} | {} |", source.key, source.meaning);
    }
    text.push_str("\n## Other variables\n\n| variable | meaning |\n| --- | --- |\n");
    for variable in source::VARIABLES {
        let _ = writeln!(text, "| `{}` | {} |", variable.name, variable.meaning);
    }
    text
}

/// Compares a generated document with its file, which it writes first when it is asked to.
fn check(name: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    #[expect(clippy::disallowed_methods, reason = "the test's own environment, not the program's")]
    let is_to_write = std::env::var("ATELIER_WRITE_DOCS").is_ok();
    if is_to_write {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "docs/{name} is stale: {WRITE} writes it anew");
}

#[test]
fn the_reference_is_what_the_program_says() {
    check("cli.md", &reference());
}

#[test]
fn the_apis_document_is_what_the_contract_says() {
    check("api.md", &contract());
}

#[test]
fn the_settings_document_is_what_the_table_says() {
    check("settings.md", &settings());
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
