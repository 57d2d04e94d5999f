//! No English inside French: what errors, steps and reports are made of is translated, or is the same in every language.

use crate::support::Project;
use atelier::{
    docker,
    error::{Code, Error},
    http_client::CallError,
    settings::{Auth, base_url, duration, origins, port, rate, region},
    stack,
    text::{Lang, Message},
};
use std::{collections::BTreeSet, io, path::Path, time::Duration};

/// Words that English can hardly do without and French does not have, outside of what stands in backticks.
const ENGLISH: [&str; 24] = [
    "the", "is", "it", "not", "of", "to", "with", "for", "cannot", "and", "was", "has", "within", "which", "by",
    "from", "that", "this", "an", "its", "be", "expected", "another", "process",
];

/// Checks that a text is French throughout.
fn assert_french(text: &str) {
    let prose: String = text.split('`').step_by(2).collect::<Vec<_>>().join(" ").to_lowercase();
    let prose = prose.split("%{").map(|part| part.split_once('}').map_or(part, |(_, rest)| rest)).collect::<String>();
    let words = prose.split(|c: char| !c.is_alphabetic() && c != '\'');
    let english: Vec<&str> = words.filter(|word| ENGLISH.contains(word)).collect();
    assert!(english.is_empty(), "{english:?} in `{text}`");
}

/// Everything that the user sees of an error.
fn texts(error: &Error) -> Vec<String> {
    let all = [std::slice::from_ref(&error.message), &error.causes, &error.hints_or_default()].concat();
    all.iter().map(|message| message.render(Lang::Fr)).collect()
}

fn assert_all_french(errors: impl IntoIterator<Item = impl Into<Error>>) {
    for error in errors {
        let texts = texts(&error.into());
        assert!(!texts.iter().any(|text| text.contains("%{")), "a value is missing: {texts:?}");
        for text in texts {
            assert_french(&text);
        }
    }
}

/// The operating system's words come as they are, in whatever language.
fn system() -> io::Error {
    io::Error::other("ENOENT")
}

#[test]
fn what_docker_does_wrong_is_told_in_french() {
    let name = || "mycontainer".to_owned();
    let endpoint = || docker::endpoint::Endpoint {
        address: docker::endpoint::Address::Unix("/run/d.sock".into()),
        found_by: docker::endpoint::FoundBy::Variable,
    };
    let bad = docker::search::candidates(Some("ssh://box"), &docker::search::Variables::default());
    assert_all_french([
        docker::Error::NotFound { looked: vec!["/var/run/docker.sock".into()] },
        docker::Error::Missing { path: "/run/d.sock".into(), found_by: docker::endpoint::FoundBy::Variable },
        docker::Error::Denied { path: "/run/d.sock".into() },
        docker::Error::Unreachable { endpoint: endpoint(), source: system() },
        docker::Error::Hangs { endpoint: endpoint().to_string(), seconds: 5 },
        bad.unwrap_err(),
        docker::Error::Context { name: name(), source: system() },
        docker::Error::NotOurs { name: name(), image: "nginx:alpine".to_owned() },
        docker::Error::Image { image: name(), reason: Message::new("docker.no_image") },
        docker::Error::BadImageName("A B".to_owned()),
        docker::Error::NotStatic("/bin/atelier".into()),
        docker::Error::Executable { path: "/bin/atelier".into(), source: system() },
        docker::Error::PortTaken { address: "127.0.0.1:80".parse().unwrap(), reason: "EADDRINUSE".to_owned() },
        docker::Error::Ended { name: name(), code: 1, log: vec!["Traceback".to_owned()] },
        docker::Error::NotReady { name: name(), seconds: 10 },
        docker::Error::Remote { endpoint: endpoint() },
        docker::Error::Nonsense { operation: "docker.operation.inspect_network", what: "docker.lacks.gateway" },
    ]);
    for operation in keys("docker.operation.") {
        assert_french(&Message::new(operation).with("name", "`x`").render(Lang::Fr));
    }
}

#[test]
fn what_goes_wrong_in_a_stack_is_told_in_french() {
    use stack::{Class, Error as Stack, Part, Whose};
    let call = |class| Stack::Call {
        operation: "CreateFunction",
        class,
        code: Some("InvalidParameterValueException".to_owned()),
        detail: Message::new("answer.none"),
    };
    let silent = |whose, is_gone| Stack::NoAnswer {
        operation: "CreateFunction",
        endpoint: "http://127.0.0.1:4566".to_owned(),
        detail: Message::new("answer.none"),
        is_gone,
        whose,
    };
    let mut errors: Vec<Stack> =
        [Class::Throttled(None), Class::Unknown, Class::Silent, Class::Unreachable, Class::NotFound, Class::Refused]
            .map(call)
            .into();
    errors.extend([
        silent(Whose::Ours, true),
        silent(Whose::Ours, false),
        silent(Whose::Theirs, true),
        silent(Whose::Clouds, false),
        Stack::FunctionFailed { reason: "InvalidImage".to_owned() },
        Stack::KeyExists { name: "control".parse().unwrap() },
        Stack::NoSuchKey { name: "control".parse().unwrap() },
        Stack::TooManyKeys { most: 10 },
        Stack::LongRegion { region: "xx-yy".to_owned(), stack: "atelier".parse().unwrap(), most: 3 },
        Stack::Settings(Box::new(Error::new(Code::NotDeployed))),
        Stack::Interrupted { step: "instance" },
        Stack::Busy { pid: Some(1) },
        Stack::Busy { pid: None },
    ]);
    let owners = [Message::new("stack.other").with("name", "theirs"), Message::new("stack.nobody").with("id", "arn:")];
    let foreign = |part| owners.clone().map(|owner| Stack::NotOurs { part, name: "atelier".to_owned(), owner });
    errors.extend(Part::EVERY.iter().copied().flat_map(foreign));
    let awaited =
        keys("awaited.").into_iter().map(|key| Message::new(key).with("pid", 7_u32).with("reason", "Creating"));
    errors.extend(awaited.map(|what| Stack::Deadline { seconds: 15, what }));
    assert_all_french(errors);
}

#[test]
fn files_and_answers_and_values_that_are_wrong_are_told_in_french() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    std::os::unix::fs::symlink("folder", folder.path().join("link")).unwrap();
    std::fs::write(folder.path().join("bytes"), [0xff]).unwrap();
    assert_all_french(
        ["folder", "link", "bytes"].map(|name| atelier::disk::read(&folder.path().join(name)).unwrap_err()),
    );
    let url = || "https://x-4566.app.github.dev".to_owned();
    for error in [
        CallError::Url(url()),
        CallError::Unreachable { url: url(), source: Box::new(system()) },
        CallError::Broken { url: url(), source: Box::new(system()) },
        CallError::Deadline { url: url(), deadline: Duration::from_millis(2500) },
    ] {
        assert_french(&error.reason().render(Lang::Fr));
    }
    let rules = [
        duration("soon").unwrap_err(),
        base_url("x y").unwrap_err(),
        base_url("http://a/b").unwrap_err(),
        port("x").unwrap_err(),
        rate("x").map(drop).unwrap_err(),
        region("x y").unwrap_err(),
        origins("x").unwrap_err(),
        atelier::settings::stack("X").unwrap_err(),
    ];
    for rule in rules {
        assert_french(&rule.0.render(Lang::Fr));
    }
    let _: Auth = Auth::None;
}

/// Every key of the locale files with this beginning.
fn keys(start: &str) -> Vec<String> {
    let keys = super::locales::keys().into_iter().filter(|key| key.starts_with(start)).collect::<Vec<_>>();
    assert!(!keys.is_empty(), "{start}");
    keys
}

#[test]
fn every_text_of_the_french_file_is_french() {
    for key in super::locales::keys().iter().filter(|key| !key.ends_with(".examples")) {
        assert_french(&Message::new(key).render(Lang::Fr));
    }
    for code in Code::ALL {
        for text in texts(&Error::new(*code)) {
            assert_french(&text);
        }
    }
}

/// The arguments of every call of `.name(` in a source, as they are written.
fn calls<'a>(source: &'a str, name: &str) -> Vec<&'a str> {
    let end = |text: &str| {
        let (mut depth, mut quoted, mut escaped) = (0_i32, false, false);
        text.char_indices().find_map(|(at, c)| {
            match c {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                '(' if !quoted => depth += 1,
                ')' if !quoted && depth == 0 => return Some(at),
                ')' if !quoted => depth -= 1,
                _ => {}
            }
            None
        })
    };
    source
        .match_indices(name)
        .filter_map(|(at, _)| {
            let rest = &source[at + name.len()..];
            Some(&rest[..end(rest)?])
        })
        .collect()
}

/// The texts between quotes.
fn quoted(code: &str) -> Vec<&str> {
    code.split('"').skip(1).step_by(2).collect()
}

fn sources(folder: &Path, all: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, all);
        } else {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod ").next().unwrap().to_owned();
            all.push((path.display().to_string(), code));
        }
    }
}

#[test]
fn no_words_are_put_into_a_text_that_are_not_in_the_locale_files() {
    let mut all = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    let mut typed = super::locales::placeholders_in_backticks();
    // Names are names, of settings and of AWS operations, with or without backticks.
    typed.extend(["name", "operation"].map(str::to_owned));
    let (mut seen, mut wrong) = (BTreeSet::new(), Vec::new());
    for (path, code) in &all {
        for (call, skipped) in [(".with(", 1), (".because(", 0), ("Message::literal(", 0), ("literal(format_args!(", 0)]
        {
            for arguments in calls(code, call) {
                let arguments = arguments.replace("env!(\"CARGO_PKG_VERSION\")", "");
                let texts = quoted(&arguments);
                // A bug's detail is for whoever mends it.
                if skipped == 1 && texts.first().is_none_or(|name| *name == "detail") {
                    continue;
                }
                seen.insert(call);
                let is_typed = skipped == 1 && typed.contains(texts[0]);
                for text in &texts[skipped..] {
                    let prose = text.split('`').step_by(2).collect::<Vec<_>>().join(" ");
                    let mut outside = prose.split(['{', '}']).step_by(2).flat_map(|text| text.split_ascii_whitespace());
                    let is_a_word =
                        |word: &str| !word.starts_with('/') && word.chars().filter(|c| c.is_alphabetic()).count() > 1;
                    let is_name = |word: &str| ["AWS", "HTTP", "ms"].iter().any(|name| word.contains(name));
                    let word = outside.find(|word| is_a_word(word) && !is_name(word));
                    if word.is_some() && (!is_typed || text.contains(' ')) {
                        wrong.push(format!("{path}: {call}{arguments})"));
                    }
                }
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
    assert_eq!(seen.len(), 4, "the reader above finds the calls");
}

/// Words that both languages may have, each with the beginning of the commands that may say it.
const SAME: [(&str, &str); 9] = [
    // Names, and what is typed.
    (
        "",
        "-h api atelier aws bash curl docker edge embedded fish gateway js lambda localstack ms node pid python url utc zsh",
    ),
    ("", "infrastructure-handler atelier-infrastructure-handler"),
    // Spelt alike.
    (
        "",
        "action argument confirmation instance local machine ok packaging plan port terminal test tests usage variable",
    ),
    ("doctor", "image"),
    // The words of EC2 and Lambda.
    ("status", "active running"),
    // Values of arguments, and settings.
    ("call strat", "list modify restart start status stop"),
    (
        "config show",
        "alarm api-key auth auto color containers endpoint engine folder function iam idle image instances lang lenient listen modify off rate region schedule stack timeout",
    ),
    (
        "config show --origin",
        "--auth --color --container --endpoint --engine --folder --function --iam --image --instance --lang --lenient --listen --port --rate --region --stack --timeout clicolor term toml",
    ),
    // The last ones are what is to be pasted.
    ("key ", "env eval status -r echo key read x-api-key"),
];

fn may_say(command: &str, word: &str) -> bool {
    let mut words = SAME.iter().filter(|(start, _)| command.starts_with(start)).flat_map(|(_, words)| words.split(' '));
    words.any(|known| known == word)
}

/// The words of a text that are neither in backticks nor part of a path, an id, a URL or JSON.
fn words(text: &str) -> BTreeSet<String> {
    let lines = text.lines().map(|line| line.split('{').next().unwrap_or_default());
    let prose = lines.collect::<Vec<_>>().join("\n");
    let prose = prose.split('`').step_by(2).collect::<Vec<_>>().join(" ");
    let plain = prose.split_whitespace().filter(|word| !word.contains(|c: char| "/=_$@<".contains(c)));
    let plain = plain.filter(|word| !word.contains(|c: char| c.is_ascii_digit()));
    let words = plain.flat_map(|word| word.split(|c: char| !c.is_alphabetic() && c != '-'));
    words.filter(|word| word.chars().count() > 1).map(str::to_lowercase).collect()
}

/// What people read in the course of a whole journey, command by command.
fn journey(lang: &str) -> Vec<(String, BTreeSet<String>)> {
    let project = Project::new().with("ATELIER_LANG", lang).with("DOCKER_HOST", "unix:///nonexistent/docker.sock");
    let project = project.with("ATELIER_ENGINE", "embedded").with("ATELIER_PORT", "0");
    let mut said = Vec::new();
    let mut run = |project: &Project, commands: &[&str]| {
        for command in commands {
            let output = project.run(&command.split(' ').collect::<Vec<_>>());
            said.push(((*command).to_owned(), words(&format!("{}\n{}", output.stdout, output.stderr))));
        }
    };
    run(&project, &["doctor", "status", "deploy", "test", "clean", "call status", "key list", "logs", "down"]);
    run(&project, &["up", "up", "doctor", "plan", "plan --check", "status --check", "deploy", "deploy", "status"]);
    run(&project, &["plan", "test", "key list", "key create --scope status", "key create --scope status", "key list"]);
    run(&project, &["deploy --auth api-key", "status", "plan", "key rotate status", "key revoke nobody", "test"]);
    run(&project, &["test-bonus", "bonus", "config show", "config show --origin", "version", "env --shell klingon"]);
    run(&project, &["depoly", "deploy --stak x", "up --port 99999", "call strat", "status --wait soon", "clean"]);
    let project = project.with("AWS_ENDPOINT_INTERNAL", "http://127.0.0.1:9");
    let project =
        project.with("AWS_ENDPOINT_URL", "http://127.0.0.1:1").with("AWS_ENDPOINT_PUBLIC", "http://127.0.0.1:1");
    run(&project, &["plan", "status", "doctor", "deploy", "test", "open"]);
    run(&project, &["clean --yes", "clean --yes", "down", "down", "status", "doctor"]);
    said
}

#[test]
fn no_word_that_an_english_reader_sees_is_left_in_french() {
    let (english, french) = std::thread::scope(|threads| {
        let english = threads.spawn(|| journey("en"));
        (english.join().unwrap(), journey("fr"))
    });
    let mut same = BTreeSet::new();
    for ((command, english), (_, french)) in english.iter().zip(&french) {
        assert_eq!(english.is_empty(), french.is_empty(), "{command}");
        for word in english.intersection(french).filter(|word| !may_say(command, word)) {
            same.insert(format!("{command}: {word}"));
        }
    }
    assert_eq!(same, BTreeSet::new());
}

#[test]
fn every_check_of_doctor_has_a_name_in_both_languages() {
    let mut all = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/commands/doctor"), &mut all);
    let mut checks = BTreeSet::new();
    for (_, code) in &all {
        for call in ["Finding::ok(", "Finding::warn(", "Finding::fail(", "Finding::of(", "Finding::new(", "late("] {
            let named = calls(code, call).into_iter().filter(|arguments| arguments.starts_with('"'));
            checks.extend(named.map(|arguments| quoted(arguments)[0].to_owned()));
        }
    }
    let named: BTreeSet<String> =
        keys("doctor.title.").into_iter().map(|key| key["doctor.title.".len()..].to_owned()).collect();
    assert_eq!(checks, named);
}
