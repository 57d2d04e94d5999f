//! The READMEs keep their word: their commands run, their messages are the program's, their links lead somewhere.

use crate::support::Project;
use atelier::{cli::help, proxy::Operation, text::Lang};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
};

const ENGLISH: &str = include_str!("../../README.md");
const FRENCH: &str = include_str!("../../README.fr.md");

/// The part of a document under a heading of the second level.
fn section<'a>(document: &'a str, heading: &str) -> &'a str {
    let (_, rest) = document.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no `{heading}`"));
    rest.split("\n## ").next().unwrap()
}

/// The shell blocks of a text, one after the other.
fn shell(text: &str) -> String {
    let blocks = text.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_commands_of_its_use_run_in_an_empty_folder() {
    let commands = format!("{}\natelier up\n{}", shell(section(ENGLISH, "Use")), shell(section(ENGLISH, "Running it")));
    let bare = |text: &str| -> Vec<String> {
        shell(text).lines().map(|line| line.split("  #").next().unwrap_or_default().trim_end().to_owned()).collect()
    };
    assert_eq!(bare(ENGLISH), bare(FRENCH), "both languages show the same commands");
    for verb in ["up", "deploy", "test", "call stop", "clean --yes", "down"] {
        assert!(commands.contains(&format!("atelier {verb}\n")), "{verb}: {commands}");
    }
    // The README's own reader has the port to himself; here many engines live side by side, and without Docker.
    let project = Project::new().with("ATELIER_ENGINE", "embedded").with("ATELIER_PORT", "0");
    let like = project.command(&[]);
    let folder = Path::new(env!("CARGO_BIN_EXE_atelier")).parent().unwrap();
    let mut bash = Command::new("bash");
    bash.args(["-euxo", "pipefail", "-c", &commands])
        .env_clear()
        .envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", folder.display()))
        .current_dir(project.path());
    let output = bash.output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{stdout}{}", String::from_utf8_lossy(&output.stderr));
    assert!(stdout.contains(r#""type":"t2.micro"}"#), "the curl line brings an answer: {stdout}");
    assert!(stdout.contains(r#"{"status":"stopped","instance_id":"#), "so does `call stop`: {stdout}");
    for said in [r#"{"results":[{"status":"stopped","code":"ok""#, r#"{"status":"modified""#, r#""stops_at":""#] {
        assert!(stdout.contains(said), "so does what runs it: {stdout}");
    }
}

#[test]
fn both_languages_have_the_same_sections_tables_and_rows() {
    let shape = |document: &str| -> Vec<[usize; 6]> {
        let count = |text: &str, counts: fn(&str) -> bool| text.lines().filter(|line| counts(line)).count();
        let of = |text: &str| {
            let parts = ["\n### ", "```"].map(|mark| text.matches(mark).count());
            let paragraphs = text.split("\n\n").filter(|part| !part.trim().is_empty()).count();
            let points = count(text, |line| line.starts_with("- "));
            [count(text, is_row), count(text, is_numbered), points, paragraphs, parts[0], parts[1]]
        };
        document.split("\n## ").map(of).collect()
    };
    assert_eq!(shape(ENGLISH), shape(FRENCH));
    let links = |document: &str| -> Vec<String> {
        let targets = document.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        // Each leads to the other, and names its own headings.
        let targets = targets.filter(|target| !target.starts_with('#') && !target.starts_with("README"));
        targets.map(str::to_owned).collect()
    };
    assert_eq!(links(ENGLISH), links(FRENCH));
    let columns = |document: &str| -> Vec<usize> {
        document.lines().filter(|line| is_row(line)).map(|line| line.replace("\\|", "").matches('|').count()).collect()
    };
    assert_eq!(columns(ENGLISH), columns(FRENCH));
    let security = section(ENGLISH, "Security");
    assert_eq!(security.lines().filter(|line| is_numbered(line)).count(), 12, "security in twelve points");
}

fn is_row(line: &str) -> bool {
    line.starts_with("| ")
}

fn is_numbered(line: &str) -> bool {
    line.split_once(". ").is_some_and(|(number, _)| number.parse::<u32>().is_ok())
}

/// Everything between backticks, tables' escapes undone.
fn code(document: &str) -> Vec<String> {
    let lines = document.lines().map(|line| line.replace("\\|", "|"));
    lines.flat_map(|line| line.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// The words of a shell command, up to what ends it.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in command.chars() {
        match c {
            '"' => quoted = !quoted,
            '#' if !quoted && word.is_empty() => break,
            ')' | '|' | '&' | ';' if !quoted => break,
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// The lines of the blocks that are set off by their indentation alone.
fn indented(text: &str) -> Vec<String> {
    text.lines().filter_map(|line| line.strip_prefix("    ")).map(str::to_owned).collect()
}

/// Asserts that every command of ours in these pieces is one, and counts them. Prose may name a verb alone.
fn commands(name: &str, shown: &[String], is_prose: bool) -> usize {
    let mut count = 0;
    // What is left out cannot be run.
    for code in shown.iter().filter(|code| !code.contains('…')) {
        for (at, _) in code.match_indices("atelier ") {
            // A path ends in the name, and a sentence has it in its middle.
            let before = code[..at].trim_end();
            if !before.is_empty() && !before.ends_with(['(', ';', '&', '|']) {
                continue;
            }
            let (words, tree) = (words(&code[at..]), help::command(Lang::En));
            let verb = words[1..].iter().try_fold(&tree, |verb, word| verb.find_subcommand(word));
            let is_named = is_prose && verb.is_some();
            let parsed = tree.try_get_matches_from(&words);
            assert!(is_named || parsed.is_ok(), "{name}: {words:?} of `{code}`: {}", parsed.unwrap_err());
            count += 1;
        }
    }
    count
}

#[test]
fn every_command_that_is_shown_is_one() {
    let in_all = |name: &str, text: &str| {
        let lines: Vec<String> = shell(text).lines().map(str::to_owned).collect();
        commands(name, &code(text), true) + commands(name, &lines, false) + commands(name, &indented(text), false)
    };
    for (name, text) in [("README.md", ENGLISH), ("README.fr.md", FRENCH)] {
        let count = in_all(name, text);
        assert!(count > 30, "the reader above finds the commands of {name}: {count}");
    }
    let count: usize = pages().iter().map(|(name, text)| in_all(name, text)).sum();
    assert!(count > 40, "the reader above finds the commands of the pages: {count}");
}

#[test]
fn the_proxys_operations_are_counted_right_wherever_they_are_counted() {
    let numbers = ["four", "five", "six", "seven", "eight", "quatre", "cinq", "six", "sept", "huit"];
    assert_eq!(Operation::COUNT, 6, "another number has another word below");
    for name in
        ["README.md", "README.fr.md", "ARCHITECTURE.md", "CHANGELOG.md", "src/proxy/mod.rs", "src/proxy/rules.rs"]
    {
        let text = std::fs::read_to_string(root().join(name)).unwrap();
        let words: Vec<&str> = text.split_whitespace().collect();
        let is_operations = |word: &str| word.starts_with("operations") || word.starts_with("opérations");
        let counted = words.windows(2).filter(|pair| is_operations(pair[1]) && numbers.contains(&pair[0]));
        let counted: Vec<&str> = counted.map(|pair| pair[0]).collect();
        assert!(!counted.is_empty() && counted.iter().all(|word| *word == "six"), "{name}: {counted:?}");
    }
}

#[test]
fn every_verb_is_in_the_table() {
    for (document, heading) in [(ENGLISH, "Use"), (FRENCH, "Utilisation")] {
        let rows: Vec<&str> = section(document, heading).lines().filter(|line| is_row(line)).collect();
        for verb in help::command(Lang::En).get_subcommands().filter(|verb| !verb.is_hide_set()) {
            let name = verb.get_name();
            let is_told = |row: &&str| row.contains(&format!("`{name}`")) || row.contains(&format!("`{name} "));
            assert!(name == "help" || rows.iter().any(is_told), "{heading}: no `{name}`");
        }
    }
}

/// Sentences of other programs, and of the workshop's instructions.
const FOREIGN: [&str; 12] = [
    "The security token included in the request is invalid",
    "Cannot connect to LocalStack",
    "curl: (7) Failed to connect",
    "AWS_ENDPOINT_PUBLIC not set",
    "Missing Authentication Token",
    "Cannot connect to Docker daemon",
    "Container not found",
    "Unable to locate credentials",
    "Could not connect to the endpoint URL",
    "Invalid base64",
    "aws lambda invoke",
    r#"{"error":"Instance not found"}"#,
];

/// A text with everything that varies, and how it is marked, taken out.
fn constant(text: &str) -> String {
    let examples = ["4566", "AWS_ENDPOINT_PUBLIC", "write", "d'écrire", "lock", "de verrouiller"];
    let text = examples.iter().fold(text.replace("\\\"", "\""), |text, example| text.replace(example, "…"));
    let pieces =
        text.split("%{").map(|piece| piece.split_once('}').map_or(piece.to_owned(), |(_, rest)| format!("…{rest}")));
    let mut pieces = pieces.collect::<String>().replace('`', "");
    while pieces.contains("……") {
        pieces = pieces.replace("……", "…");
    }
    pieces
}

/// Tells whether a sentence with `…` for what varies or is left out is one of `texts`.
fn is_said(sentence: &str, texts: &[String]) -> bool {
    let sentence = constant(sentence);
    let pieces: Vec<&str> = sentence.split('…').map(|piece| piece.trim_matches([' ', ':', ';'])).collect();
    texts.iter().any(|text| {
        let mut rest = text.as_str();
        pieces.iter().all(|piece| match rest.find(piece) {
            Some(at) => {
                rest = &rest[at + piece.len()..];
                true
            }
            None => false,
        })
    })
}

/// What `doctor` calls its checks.
fn titles(locale: &str) -> Vec<String> {
    let rest = locale.split("\n  title:\n").nth(1).unwrap();
    let lines = rest.lines().take_while(|line| line.starts_with("    "));
    let titles: Vec<String> = lines.map(|line| line.split('"').nth(1).unwrap().to_owned()).collect();
    assert!(titles.len() > 10, "{titles:?}");
    titles
}

#[test]
fn the_sentences_of_the_troubleshooting_are_the_programs() {
    let (english, french) = (include_str!("../../locales/en.yml"), include_str!("../../locales/fr.yml"));
    for (document, heading, locale, quotes, colon) in [
        (ENGLISH, "Troubleshooting", english, ["\"", "\""], "`: "),
        (FRENCH, "Dépannage", french, ["« ", " »"], "` : "),
    ] {
        let checks = titles(locale);
        let texts: Vec<String> =
            locale.lines().filter_map(|line| line.split_once(": \"")).map(|(_, text)| constant(text)).collect();
        let mut count = 0;
        for row in section(document, heading).lines().filter(|line| is_row(line)).skip(2) {
            let row = row.replace("\\|", "");
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let symptoms = code(cells[1]).into_iter().filter(|text| text.contains(' ') && *text != "docker ps");
            let own = symptoms.filter(|text| !FOREIGN.contains(&text.as_str()));
            let told = cells[3].split(quotes[0]).skip(1).step_by(if quotes[0] == quotes[1] { 2 } else { 1 });
            let told = told.map(|text| text.split(quotes[1]).next().unwrap().to_owned());
            let introduction = format!("{colon}{}", quotes[0]);
            let introduced = cells[3].split(&introduction).map(|text| text.rsplit('`').next().unwrap());
            for check in introduced.take(cells[3].matches(&introduction).count()) {
                assert!(checks.contains(&check.to_owned()), "{heading}: `doctor` has no `{check}`");
            }
            for sentence in own.chain(told) {
                assert!(is_said(&sentence, &texts), "{heading}: nothing says `{sentence}`");
                count += 1;
            }
        }
        assert!(count > 20, "{heading}: {count}");
    }
}

#[test]
fn every_link_into_the_repository_leads_to_a_file() {
    for (name, text) in documents().into_iter().chain(pages()) {
        let path = root().join(&name);
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        for target in targets.filter(|target| !target.starts_with("http") && !target.is_empty()) {
            assert!(path.parent().unwrap().join(target).exists(), "{name} leads to `{target}`");
        }
    }
}

/// The documents about the repository, each with its name.
fn documents() -> Vec<(String, String)> {
    let names = ["README.md", "README.fr.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"].map(str::to_owned);
    names.map(|name| (name.clone(), std::fs::read_to_string(root().join(name)).unwrap())).into()
}

/// The pages of `docs`, each with its path.
fn pages() -> Vec<(String, String)> {
    let paths = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = paths.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let named = |path: &Path| path.strip_prefix(root()).unwrap().display().to_string();
    pages.map(|path| (named(&path), std::fs::read_to_string(&path).unwrap())).collect()
}

/// The comments of every source, each file's under its path.
fn comments() -> Vec<(String, String)> {
    let mut comments = Vec::new();
    let mut left: Vec<PathBuf> =
        ["src", "tests", "benches/src", "fuzz/src", "fuzz/fuzz_targets"].map(|name| root().join(name)).into();
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let lines = text.lines().filter(|line| line.trim_start().starts_with("//"));
            comments.push((path.display().to_string(), lines.collect::<Vec<_>>().join("\n")));
        }
    }
    comments
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What stands in backticks and looks like a file or a folder of the repository.
fn paths(text: &str) -> Vec<String> {
    let is_path = |word: &&str| {
        let top = word.split('/').next().unwrap_or_default();
        let starts = ["src", "tests", "benches", "fuzz", "scripts", "docs", "locales", ".github", ".ci"];
        let is_source = Path::new(word).extension().is_some_and(|extension| extension == "rs" || extension == "sh");
        (word.contains('/') && starts.contains(&top)) || is_source
    };
    let spans = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    spans.filter(|span| !span.contains([' ', '*', '<', ':'])).filter(is_path).map(str::to_owned).collect()
}

#[test]
fn every_path_that_is_named_is_there() {
    let (mut count, mut missing) = (0, Vec::new());
    for (name, text) in documents().into_iter().chain(comments()) {
        // A comment names its neighbours without their folder.
        let beside = root().join(&name).with_extension("");
        let folders = [root().to_owned(), root().join("src"), beside.parent().unwrap().to_owned(), beside.clone()];
        for path in paths(&text) {
            let is_there = folders.iter().any(|folder| folder.join(&path).exists());
            // A project that is watched has a source folder of its own.
            if !is_there && path != "src/" {
                missing.push(format!("{name} names `{path}`"));
            }
            count += 1;
        }
    }
    assert_eq!(missing, [""; 0]);
    assert!(count > 10, "the reader above finds the paths: {count}");
}

#[test]
fn every_make_target_that_is_named_is_one() {
    let makefile = std::fs::read_to_string(root().join("Makefile")).unwrap();
    let mut count = 0;
    for (name, text) in documents() {
        let shown = [code(&text), shell(&text).lines().map(str::to_owned).collect()].concat();
        for code in shown {
            for (at, _) in code.match_indices("make ") {
                if code[..at].ends_with(|c: char| c.is_alphanumeric()) {
                    continue;
                }
                let target = code[at + 5..].split(|c: char| !c.is_alphanumeric() && c != '-').next().unwrap();
                assert!(makefile.contains(&format!("\n{target}:")), "{name} names `make {target}`");
                count += 1;
            }
        }
    }
    assert!(count > 10, "the reader above finds the targets: {count}");
}

#[test]
fn the_makefiles_words_are_the_commands() {
    let project = Project::new().with("ATELIER_ENGINE", "embedded").with("ATELIER_PORT", "0");
    let like = project.command(&[]);
    let make = |targets: &[&str]| {
        let mut make = Command::new("make");
        make.arg("--no-print-directory").arg("-f").arg(root().join("Makefile")).args(targets);
        make.arg(format!("ATELIER={}", env!("CARGO_BIN_EXE_atelier")))
            .env_clear()
            .envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .current_dir(project.path());
        let output = make.output().unwrap();
        assert!(output.status.success(), "{targets:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(make(&[]).contains("demo"), "the list of targets");
    assert!(make(&["demo"]).contains("✅"), "up, deploy and test");
    for target in ["up", "deploy", "test", "status", "logs", "clean", "down"] {
        assert!(make(&[target]).contains(&format!(" {target}")), "{target}");
    }
    assert_eq!(std::fs::read_dir(project.path()).unwrap().count(), 1, "only `.atelier` is left");
}

#[test]
fn every_path_of_the_code_map_is_there_and_every_module_and_page_is_in_it() {
    let root = root();
    let architecture = std::fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let map = section(&architecture, "Code map");
    let lines: Vec<&str> = map.lines().filter_map(|line| line.strip_prefix("    ")).collect();
    assert!(lines.len() > 20, "{lines:?}");
    let mut named = BTreeSet::new();
    for line in lines {
        // Two spaces or more end the list of paths; names after the first are beside it.
        let paths = line.split("   ").next().unwrap().split("  ").next().unwrap();
        let mut folder = root.to_owned();
        for (at, path) in paths.split(", ").enumerate() {
            let path = root.join(path.trim());
            let path = if at > 0 && !path.exists() { folder.join(path.file_name().unwrap()) } else { path };
            assert!(path.exists(), "{}", path.display());
            folder = path.parent().unwrap().to_owned();
            named.insert(path);
        }
    }
    let there = ["src", "docs"].into_iter().flat_map(|name| std::fs::read_dir(root.join(name)).unwrap());
    let is_module = |path: &PathBuf| {
        let has_file = path.is_dir() && path.with_extension("rs").exists();
        !has_file && !path.ends_with("src/lib.rs") && !path.ends_with("src/snapshots")
    };
    let there = there.map(|entry| entry.unwrap().path()).filter(is_module);
    let unnamed: Vec<_> = there.filter(|path| !named.contains(path)).collect();
    assert!(unnamed.is_empty(), "the code map does not name {unnamed:?}");
}
