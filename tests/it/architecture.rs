//! The floors of the house, held by reading what each file of `src` uses: dependencies point down only, files do not
//! depend on each other in a circle, and no command asks which kind of engine it has.
//!
//! Read are the paths that begin with `crate` or `super`, and the `use` lines; tests are left out.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    path::{Path, PathBuf},
};

/// The top-level modules, from the ground up. Who stands on a floor knows those below it, and nobody beside or above.
const FLOORS: &[&[&str]] = &[
    &["clock", "deadlines", "elf", "failpoints", "flight", "log", "marks", "secret", "shell", "text"],
    &["api_key", "engine_kind", "error", "export_format", "http1", "names", "progress", "schedule"],
    &["aws_protocol", "calls", "contract", "disk", "hosts", "runtimes"],
    &["aws", "lenience", "openapi"],
    &["docker", "edge", "http_client", "proxy"],
    &["emulator", "handler", "settings"],
    &["cli", "engine", "ui"],
    &["stack"],
    &["trace"],
    &["roles"],
    &["commands"],
    &["dashboard"],
    &["app"],
    &["program"],
];

/// The rooms of the emulator, from the ground up: who knows those below it is right, and nobody else but [`UPWARD`].
const ROOMS: &[&str] = &[
    "http_event",
    "policy",
    "process_tree",
    "sandbox",
    "wire",
    "store",
    "state",
    "context",
    "runtime",
    "service",
    "sts",
    "iam",
    "access",
    "lambda",
    "cloudwatch",
    "apigateway",
    "apigatewayv2",
    "logs",
    "events",
    "ec2",
    "services",
    "timers",
];

/// Files of the emulator that know rooms above their own, which ones, and why. This list may only become shorter.
const UPWARD: &[(&str, &[&str], &str)] = &[
    (
        "state",
        &["apigateway", "apigatewayv2", "cloudwatch", "ec2", "events", "iam", "lambda", "logs"],
        "the state of a region holds what each service keeps, and every operation is reached with it",
    ),
    (
        "context",
        &["access", "apigateway", "cloudwatch", "lambda", "logs", "runtime", "sts", "timers"],
        "what an engine has in memory only is reached in the same way",
    ),
    ("sts::assume", &["access"], "a role's trust is asked for by the operation that assumes it"),
    ("runtime::environment", &["sts"], "functions have credentials of their role"),
    ("runtime", &["cloudwatch"], "what functions do is counted"),
    ("runtime::output", &["logs"], "what functions write is logged"),
    ("runtime::worker", &["logs"], "so is how they end"),
    ("iam::simulate", &["access"], "a simulation asks the rule itself"),
    ("access::gateway", &["apigateway"], "whoever imports a document passes the roles that it names"),
    ("access::resource", &["lambda"], "a function is named in several ways"),
    ("cloudwatch::action", &["ec2", "events"], "an alarm is an event, too, and stops instances"),
    ("apigateway::access_log", &["logs"], "access logs are log events"),
    ("apigateway::service_call", &["services"], "an integration may call any service"),
];

/// Module trees in which children take types of their parents: one module in several files.
const TREES: &[&str] = &[
    "app",
    "commands::doctor",
    "emulator::access",
    "emulator::apigateway",
    "emulator::cloudwatch",
    "emulator::ec2",
    "emulator::events",
    "emulator::iam",
    "emulator::lambda",
    "emulator::logs",
    "emulator::runtime",
    "emulator::sts",
    "emulator::wire",
    "handler",
    "http1",
];

/// Modules in which files know each other in circles besides, and how many do: the numbers may only become smaller.
const KNOTS: &[(&str, usize)] = &[
    ("emulator::apigateway", 7),
    ("emulator::apigatewayv2", 3),
    ("emulator::cloudwatch", 2),
    ("emulator::ec2", 45),
    ("emulator::iam", 4),
    ("emulator::lambda", 6),
    ("emulator::logs", 9),
    ("emulator::runtime", 2),
];

/// A file of `src`, as a module.
struct Module {
    path: PathBuf,
    code: String,
}

/// One file's use of another.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Arrow {
    from: String,
    to: String,
    file: PathBuf,
    line: usize,
}

impl fmt::Display for Arrow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "src/{}:{}: {} -> {}", self.file.display(), self.line, self.from, self.to)
    }
}

/// Every file below `src` but the crate's roots, by its module path (`engine::localstack::set`).
fn modules() -> BTreeMap<String, Module> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut modules = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&root).unwrap().with_extension("");
            let name = name.to_str().unwrap().trim_end_matches("/mod").replace('/', "::");
            if path.extension().is_some_and(|extension| extension == "rs") && name != "lib" && name != "main" {
                let code = code(&fs::read_to_string(&path).unwrap());
                modules.insert(name, Module { path: path.strip_prefix(&root).unwrap().to_owned(), code });
            }
        }
    }
    modules
}

/// A file without its comments and its tests; its lines keep their numbers.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    let line = |line: &str| if line.trim_start().starts_with("//") { String::new() } else { line.to_owned() };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Every use of one file by another, once for each place.
fn arrows(modules: &BTreeMap<String, Module>) -> Vec<Arrow> {
    let mut arrows = BTreeSet::new();
    for (from, module) in modules {
        for (at, path) in paths(&module.code) {
            let to = resolve(modules, from, &path).map(|to| at_home(from, to));
            if let Some(to) = to.filter(|to| to != from) {
                let line = module.code[..at].matches('\n').count() + 1;
                arrows.insert(Arrow { from: from.clone(), to, file: module.path.clone(), line });
            }
        }
    }
    assert!(arrows.len() > 1000, "only {} uses were found", arrows.len());
    arrows.into_iter().collect()
}

/// The paths in a file's code, with where each ends; groups in braces are taken apart.
fn paths(code: &str) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    for start in ["crate::", "super::", "use "] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].trim_end_matches("super::");
            let is_word = before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
            // `pub(in crate::x)` is no use, and a `use` is read from its first word on.
            if is_word || before.ends_with("in ") || (start == "super::" && before.len() < at) {
                continue;
            }
            let at = if start == "use " { at + start.len() } else { at };
            walk(code, at, &mut Vec::new(), &mut found);
        }
    }
    found
}

/// Reads one path, or one group of paths after a common start; gives the place behind it.
fn walk(code: &str, mut at: usize, path: &mut Vec<String>, found: &mut Vec<(usize, Vec<String>)>) -> usize {
    let depth = path.len();
    loop {
        let rest = &code[at..];
        let word = rest.len() - rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_').len();
        path.push(rest[..word].to_owned());
        at += word;
        if !code[at..].starts_with("::") {
            found.push((at, path.clone()));
            break;
        }
        at += 2;
        if code[at..].starts_with('{') {
            at = group(code, at + 1, path, found);
            break;
        }
    }
    path.truncate(depth);
    at
}

/// Reads the paths of a group up to its closing brace.
fn group(code: &str, mut at: usize, path: &mut Vec<String>, found: &mut Vec<(usize, Vec<String>)>) -> usize {
    loop {
        at += code[at..].len() - code[at..].trim_start_matches([' ', '\n', ',']).len();
        if code[at..].starts_with('}') {
            return at + 1;
        }
        at = walk(code, at, path, found);
        // A new name (`x as y`) is none of a module.
        at += code[at..].find([',', '}']).unwrap();
    }
}

/// The module that a path leads to, seen from a module: the longest start of it that is a file.
fn resolve(modules: &BTreeMap<String, Module>, from: &str, path: &[String]) -> Option<String> {
    let mut base: Vec<&str> = from.split("::").collect();
    let mut path = path.iter().map(String::as_str).peekable();
    match path.peek().copied() {
        Some("crate") => base = vec![path.next().map(|_| "").unwrap()],
        Some("super") => {
            while path.next_if_eq(&"super").is_some() {
                base.pop();
            }
        }
        Some("self") => drop(path.next()),
        _ => {}
    }
    let mut base = base.join("::");
    let mut found = modules.contains_key(&base).then(|| base.clone());
    for word in path.filter(|word| *word != "self") {
        base = if base.is_empty() { word.to_owned() } else { format!("{base}::{word}") };
        if !modules.contains_key(&base) {
            break;
        }
        found = Some(base.clone());
    }
    found
}

/// `emulator::Context` is a second name, for whoever is outside.
fn at_home(from: &str, to: String) -> String {
    if to == "emulator" && is_in(from, "emulator") { "emulator::context".to_owned() } else { to }
}

fn top(module: &str) -> &str {
    module.split("::").next().unwrap()
}

fn is_in(module: &str, tree: &str) -> bool {
    module.strip_prefix(tree).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[test]
fn dependencies_point_down_only() {
    let modules = modules();
    let floor = |module: &str| FLOORS.iter().position(|floor| floor.contains(&top(module)));
    let homeless: Vec<_> = modules.keys().filter(|module| floor(module).is_none()).collect();
    assert!(homeless.is_empty(), "on no floor: {homeless:?}");
    let rooms = FLOORS.iter().copied().flatten();
    let empty: Vec<_> = rooms.filter(|room| !modules.keys().any(|module| top(module) == **room)).collect();
    assert!(empty.is_empty(), "no such module: {empty:?}");
    let arrows = arrows(&modules);
    let is_up = |arrow: &&Arrow| top(&arrow.from) != top(&arrow.to) && floor(&arrow.from) <= floor(&arrow.to);
    let up: Vec<_> = arrows.iter().filter(is_up).map(ToString::to_string).collect();
    assert!(up.is_empty(), "these point up or aside:\n{}", up.join("\n"));
}

/// Whether an arrow leads from a child to a parent that it may take types of.
fn is_to_parent(arrow: &Arrow) -> bool {
    let is_tree = |tree: &&str| is_in(&arrow.from, tree) && is_in(&arrow.to, tree);
    is_in(&arrow.from, &arrow.to) && TREES.iter().any(is_tree)
}

/// Where an arrow between two rooms of the emulator comes from, and the rooms.
fn between_rooms(arrow: &Arrow) -> Option<(&str, &str, &str)> {
    let (from, to) = (arrow.from.strip_prefix("emulator::")?, arrow.to.strip_prefix("emulator::")?);
    Some((from, top(from), top(to))).filter(|(_, from, to)| from != to)
}

/// The file of the emulator that knows a room above its own, and that room.
fn upward(arrow: &Arrow) -> Option<(&str, &str)> {
    let floor = |room: &str| ROOMS.iter().position(|known| *known == room);
    let (file, from, to) = between_rooms(arrow)?;
    (floor(from) < floor(to)).then_some((file, to))
}

#[test]
fn rooms_of_the_emulator_know_those_below_them_only_but_for_what_is_named() {
    let modules = modules();
    let rooms: BTreeSet<_> = modules.keys().filter_map(|module| module.strip_prefix("emulator::")).map(top).collect();
    let known: BTreeSet<_> = ROOMS.iter().copied().collect();
    assert_eq!(rooms, known);
    let arrows = arrows(&modules);
    let excused = |file: &str, room: &str| UPWARD.iter().any(|(known, to, _)| *known == file && to.contains(&room));
    let new = arrows.iter().filter(|arrow| upward(arrow).is_some_and(|(file, room)| !excused(file, room)));
    let new: Vec<_> = new.map(ToString::to_string).collect();
    assert!(new.is_empty(), "these point up:\n{}", new.join("\n"));
    let there: BTreeSet<_> = arrows.iter().filter_map(upward).collect();
    let all = UPWARD.iter().flat_map(|(file, rooms, _)| rooms.iter().map(move |room| (*file, *room)));
    let idle: Vec<_> = all.filter(|arrow| !there.contains(arrow)).collect();
    assert!(idle.is_empty(), "these do not point up any more: {idle:?}");
}

#[test]
fn files_do_not_know_each_other_in_circles() {
    let modules = modules();
    let is_known = |arrow: &Arrow| {
        let is_knot = KNOTS.iter().any(|(module, _)| is_in(&arrow.from, module) && is_in(&arrow.to, module));
        is_knot || is_to_parent(arrow) || upward(arrow).is_some()
    };
    let arrows: Vec<_> = arrows(&modules).into_iter().filter(|arrow| !is_known(arrow)).collect();
    let circle = circle(&arrows);
    let lines: Vec<_> = circle.iter().map(ToString::to_string).collect();
    assert!(
        circle.is_empty(),
        "a type that children take must not stand in the file that dispatches to the children:\n{}",
        lines.join("\n")
    );
}

#[test]
fn knots_do_not_grow() {
    let modules = modules();
    let arrows: Vec<_> = arrows(&modules).into_iter().filter(|arrow| !is_to_parent(arrow)).collect();
    for (module, most) in KNOTS {
        let inner = arrows.iter().filter(|arrow| is_in(&arrow.from, module) && is_in(&arrow.to, module));
        let files: BTreeSet<_> = circle(inner).into_iter().flat_map(|arrow| [&arrow.from, &arrow.to]).collect();
        assert!(files.len() <= *most, "{module} had {most} files in circles, and has {}: {files:?}", files.len());
        assert!(files.len() == *most, "{module} has {} files in circles: write that number down", files.len());
    }
}

/// The arrows among the files that cannot be read without each other.
fn circle<'a>(arrows: impl IntoIterator<Item = &'a Arrow>) -> Vec<&'a Arrow> {
    let arrows: Vec<_> = arrows.into_iter().collect();
    let mut known: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for arrow in &arrows {
        known.entry(&arrow.from).or_default().insert(&arrow.to);
    }
    let leads_back = |arrow: &&Arrow| {
        let (mut reached, mut next) = (BTreeSet::new(), vec![arrow.to.as_str()]);
        while let Some(module) = next.pop() {
            if reached.insert(module) {
                next.extend(known.get(module).into_iter().flatten());
            }
        }
        reached.contains(arrow.from.as_str())
    };
    arrows.iter().copied().filter(leads_back).collect()
}

#[test]
fn no_exception_outlives_what_it_excuses() {
    let modules = modules();
    let arrows = arrows(&modules);
    let circles = circle(&arrows);
    let is_needed = |module: &str| circles.iter().any(|arrow| is_in(&arrow.from, module) && is_in(&arrow.to, module));
    let idle: Vec<_> = TREES.iter().filter(|module| !is_needed(module)).collect();
    assert!(idle.is_empty(), "no circle there any more: {idle:?}");
}

#[test]
fn nobody_but_engines_asks_which_kind_one_is() {
    for (name, module) in modules() {
        if is_in(&name, "engine") || name == "engine_kind" {
            continue;
        }
        for (at, _) in module.code.match_indices("EngineKind::") {
            // Functions of the type parse a user's word or list what there is.
            let is_kind = module.code[at..].trim_start_matches("EngineKind::").starts_with(char::is_uppercase);
            let line = module.code[..at].matches('\n').count() + 1;
            assert!(!is_kind, "src/{}:{line}: make it a fact (`engine::facts`)", module.path.display());
        }
    }
}
