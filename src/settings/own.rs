//! What `atelier.toml` says about a function of one's own: the table `[function]`, and what flags put in its place.
//!
//! Not here: what is in the function's folder, and what follows from that (`stack::own`).

use super::{
    nearest::unknown,
    setting::{Origin, Setting},
    source::{FILE, bad_rule},
};
use crate::error::Result;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};
use toml_edit::{Item, TableLike, Value};

/// The table's name.
pub(super) const TABLE: &str = "function";

/// The longest that Lambda lets an invocation take, in seconds.
const LONGEST: i64 = 900;
/// What Lambda gives a function of memory, in MiB.
const MEMORY: std::ops::RangeInclusive<i64> = 128..=10_240;

/// A function of one's own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OwnFunction {
    /// The folder with its code; absolute.
    pub dir: PathBuf,
    /// Its runtime (`python3.13`), unless what is in the folder tells.
    pub runtime: Option<String>,
    /// Its handler (`app.handler`), unless what is in the folder tells.
    pub handler: Option<String>,
    /// Variables of its own.
    pub environment: BTreeMap<String, String>,
    /// How long an invocation may take, in seconds.
    pub timeout: Option<i32>,
    /// Its memory in MiB.
    pub memory: Option<i32>,
    /// The API's OpenAPI document, instead of one that hands every request to the function; absolute.
    pub openapi: Option<PathBuf>,
    /// The command that makes what is in the folder, run by `sh` in the project folder before it is packed.
    pub build: Option<String>,
}

/// What flags say about the function.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FunctionFlags {
    /// `--function`.
    pub dir: Option<PathBuf>,
    /// `--runtime`.
    pub runtime: Option<String>,
    /// `--handler`.
    pub handler: Option<String>,
}

/// Settles the function: the table of the file, with what the flags put in its place. Runtime and handler are the folder's:
/// of another one they are not true.
pub(super) fn settle(
    folder: &Path,
    file: Option<&Item>,
    flags: &FunctionFlags,
) -> Result<Setting<Option<OwnFunction>>> {
    let in_file = file.map(|item| read(folder, item)).transpose()?;
    let said = FunctionFlags { dir: flags.dir.as_deref().map(absolute).transpose()?, ..flags.clone() };
    let Some(mut function) = (match (in_file.clone(), said.dir) {
        (Some(function), Some(dir)) if function.dir == dir => Some(function),
        (function, Some(dir)) => {
            Some(OwnFunction { dir, runtime: None, handler: None, ..function.unwrap_or_default() })
        }
        (function, None) => function,
    }) else {
        return match (said.runtime, said.handler) {
            (None, None) => Ok(Setting::default_of(None)),
            (Some(text), _) => Err(bad_rule("--runtime", &text, "function_needed")),
            (None, Some(text)) => Err(bad_rule("--handler", &text, "function_needed")),
        };
    };
    function.runtime = said.runtime.or(function.runtime);
    function.handler = said.handler.or(function.handler);
    let is_files = in_file.as_ref() == Some(&function);
    let origin = if is_files { Origin::File(folder.join(FILE)) } else { Origin::Flag("--function") };
    Ok(Setting { value: Some(function), origin })
}

/// A folder that a flag names is below the current one.
fn absolute(path: &Path) -> Result<PathBuf> {
    let found = path.canonicalize().ok().filter(|path| path.is_dir());
    found.ok_or_else(|| bad_rule("--function", &path.display().to_string(), "function_dir"))
}

fn read(folder: &Path, item: &Item) -> Result<OwnFunction> {
    let table = item.as_table_like().ok_or_else(|| bad_rule(TABLE, item.type_name(), "table"))?;
    let reader = Reader { table };
    reader.knows(&["dir", "runtime", "handler", "environment", "timeout", "memory", "openapi", "build"])?;
    Ok(OwnFunction {
        dir: named(folder, reader.text("dir")?.as_deref()),
        runtime: reader.text("runtime")?,
        handler: reader.text("handler")?,
        environment: reader.environment()?,
        timeout: reader.number("timeout", 1..=LONGEST, "function_timeout")?,
        memory: reader.number("memory", MEMORY, "function_memory")?,
        openapi: reader.text("openapi")?.map(|path| folder.join(path)),
        build: reader.text("build")?,
    })
}

/// The folder that the table names; without a name, the project's own.
fn named(folder: &Path, dir: Option<&str>) -> PathBuf {
    let joined = folder.join(dir.unwrap_or("."));
    // One that is not there yet may be what `build` makes.
    joined.canonicalize().unwrap_or(joined)
}

/// Reads the members of the table.
struct Reader<'a> {
    table: &'a dyn TableLike,
}

impl Reader<'_> {
    fn knows(&self, keys: &[&str]) -> Result<()> {
        match self.table.iter().find(|(key, _)| !keys.contains(key)) {
            Some((key, _)) => Err(unknown(&format!("{TABLE}.{key}"), keys)),
            None => Ok(()),
        }
    }

    fn text(&self, key: &str) -> Result<Option<String>> {
        match self.table.get(key) {
            None => Ok(None),
            Some(Item::Value(Value::String(text))) if !text.value().is_empty() => Ok(Some(text.value().clone())),
            Some(other) => Err(bad_rule(&format!("{TABLE}.{key}"), other.type_name(), "string")),
        }
    }

    fn number(&self, key: &str, within: std::ops::RangeInclusive<i64>, rule: &str) -> Result<Option<i32>> {
        let Some(item) = self.table.get(key) else { return Ok(None) };
        let number = item.as_integer().filter(|number| within.contains(number));
        let number = number.and_then(|number| i32::try_from(number).ok());
        let shown = || item.to_string().trim().to_owned();
        number.map(Some).ok_or_else(|| bad_rule(&format!("{TABLE}.{key}"), &shown(), rule))
    }

    fn environment(&self) -> Result<BTreeMap<String, String>> {
        let Some(item) = self.table.get("environment") else { return Ok(BTreeMap::new()) };
        let name = format!("{TABLE}.environment");
        let table = item.as_table_like().ok_or_else(|| bad_rule(&name, item.type_name(), "table"))?;
        let variable = |(key, item): (&str, &Item)| match item.as_str() {
            Some(text) => Ok((key.to_owned(), text.to_owned())),
            None => Err(bad_rule(&format!("{name}.{key}"), item.type_name(), "string")),
        };
        table.iter().map(variable).collect()
    }
}

/// Puts into the table what flags have said, and takes out what is not true of another folder.
pub(super) fn keep(folder: &Path, item: &mut Item, function: &OwnFunction) {
    if !item.is_table_like() {
        *item = Item::Table(toml_edit::Table::new());
    }
    let Some(table) = item.as_table_like_mut() else { return };
    let dir = table.get("dir").and_then(Item::as_str);
    let (is_named, is_other) = (dir.is_some(), named(folder, dir) != function.dir);
    if is_other {
        table.remove("runtime");
        table.remove("handler");
    }
    if is_other || !is_named {
        let dir = match function.dir.strip_prefix(folder) {
            Ok(below) if below.as_os_str().is_empty() => ".".to_owned(),
            Ok(below) => below.display().to_string(),
            Err(_) => function.dir.display().to_string(),
        };
        put(table, "dir", &dir);
    }
    for (key, text) in [("runtime", &function.runtime), ("handler", &function.handler)] {
        if let Some(text) = text.as_deref().filter(|text| table.get(key).and_then(Item::as_str) != Some(*text)) {
            put(table, key, text);
        }
    }
}

/// Puts a text into a table; what is written beside it stays.
pub(super) fn put(table: &mut dyn TableLike, key: &str, text: &str) {
    match table.get_mut(key) {
        Some(Item::Value(old)) => {
            let decor = old.decor().clone();
            *old = Value::from(text);
            *old.decor_mut() = decor;
        }
        _ => {
            table.insert(key, toml_edit::value(text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    fn settled(text: &str, flags: &FunctionFlags) -> Result<Option<OwnFunction>> {
        let document: toml_edit::DocumentMut = text.parse().unwrap();
        settle(Path::new("/project"), document.get(TABLE), flags).map(|setting| setting.value)
    }

    #[test]
    fn the_table_says_everything_and_knows_nothing_else() {
        let text = "[function]\ndir = 'src'\nruntime = 'python3.13'\nhandler = 'app.handler'\ntimeout = 5\nmemory = 256\n\
                    openapi = 'api.yaml'\nbuild = 'make'\nenvironment = { A = 'b' }";
        let function = settled(text, &FunctionFlags::default()).unwrap().unwrap();
        assert_eq!(function.dir, Path::new("/project/src"));
        assert_eq!((function.timeout, function.memory), (Some(5), Some(256)));
        assert_eq!(function.environment["A"], "b");
        assert_eq!(function.openapi.unwrap(), Path::new("/project/api.yaml"));
        for (wrong, code) in [
            ("[function]\nhandeler = 'x'", Code::UnknownSetting),
            ("[function]\ntimeout = 901", Code::BadSetting),
            ("[function]\nmemory = '128'", Code::BadSetting),
            ("[function]\nenvironment = { A = 1 }", Code::BadSetting),
            ("function = 'src'", Code::BadSetting),
        ] {
            assert_eq!(settled(wrong, &FunctionFlags::default()).unwrap_err().code, code, "{wrong}");
        }
    }

    #[test]
    fn flags_win_and_another_folder_has_another_runtime_and_handler() {
        let text = "[function]\ndir = '/tmp'\nhandler = 'a.b'\ntimeout = 5";
        let flags = FunctionFlags { runtime: Some("python3.12".to_owned()), ..FunctionFlags::default() };
        let function = settled(text, &flags).unwrap().unwrap();
        assert_eq!((function.runtime.as_deref(), function.handler.as_deref()), (Some("python3.12"), Some("a.b")));
        let flags = FunctionFlags { dir: Some("/".into()), ..FunctionFlags::default() };
        let function = settled(text, &flags).unwrap().unwrap();
        assert_eq!((function.dir, function.handler, function.timeout), ("/".into(), None, Some(5)));
        let flags = FunctionFlags { dir: Some("/etc/passwd".into()), ..FunctionFlags::default() };
        assert_eq!(settled(text, &flags).unwrap_err().code, Code::BadSetting, "a file is no folder");
        let flags = FunctionFlags { handler: Some("a.b".to_owned()), ..FunctionFlags::default() };
        assert_eq!(settled("", &flags).unwrap_err().code, Code::BadSetting);
        assert_eq!(settled("", &FunctionFlags::default()).unwrap(), None);
    }

    #[test]
    fn what_is_kept_is_what_flags_said() {
        let kept = |text: &str, function: &OwnFunction| {
            let mut document: toml_edit::DocumentMut = text.parse().unwrap();
            keep(Path::new("/project"), document.entry(TABLE).or_insert(Item::None), function);
            document.to_string()
        };
        let function = OwnFunction { dir: "/project/api".into(), ..OwnFunction::default() };
        let other = "# mine\n[function]\ndir = 'other' # here\nruntime = 'python3.12'\nhandler = 'a.b'\ntimeout = 5\n\n\
                     [function.environment]\nA = 'b'\n";
        assert_eq!(
            kept(other, &function),
            "# mine\n[function]\ndir = \"api\" # here\ntimeout = 5\n\n[function.environment]\nA = 'b'\n"
        );
        assert_eq!(kept("[function]\nhandler = 'a.b'\n", &function), "[function]\ndir = \"api\"\n");
        assert_eq!(kept("", &function), "[function]\ndir = \"api\"\n");
        let said = OwnFunction { handler: Some("c.d".to_owned()), ..function };
        let same = "[function]\ndir = './api'\nhandler = 'a.b' # old\nmemory = 256\n";
        assert_eq!(kept(same, &said), "[function]\ndir = './api'\nhandler = \"c.d\" # old\nmemory = 256\n");
    }
}
