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

/// Settles the function: the table of the file, with what the flags put in its place. Another folder is another
/// function: of the table nothing is true of it.
pub(super) fn settle(
    folder: &Path,
    file: Option<&Item>,
    flags: &FunctionFlags,
) -> Result<Setting<Option<OwnFunction>>> {
    let in_file = file.map(|item| read(folder, item)).transpose()?;
    let said = FunctionFlags { dir: flags.dir.as_deref().map(absolute).transpose()?, ..flags.clone() };
    let Some(mut function) = (match (in_file.clone(), said.dir) {
        (Some(function), Some(dir)) if function.dir == dir => Some(function),
        (_, Some(dir)) => Some(OwnFunction { dir, ..OwnFunction::default() }),
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
    path.canonicalize().map_err(|_| bad_rule("--function", &path.display().to_string(), "function_dir"))
}

fn read(folder: &Path, item: &Item) -> Result<OwnFunction> {
    let table = item.as_table_like().ok_or_else(|| bad_rule(TABLE, item.type_name(), "table"))?;
    let reader = Reader { table };
    reader.knows(&["dir", "runtime", "handler", "environment", "timeout", "memory", "openapi", "build"])?;
    let dir = reader.text("dir")?.unwrap_or_else(|| ".".to_owned());
    let joined = folder.join(&dir);
    Ok(OwnFunction {
        // One that is not there yet may be what `build` makes.
        dir: joined.canonicalize().unwrap_or(joined),
        runtime: reader.text("runtime")?,
        handler: reader.text("handler")?,
        environment: reader.environment()?,
        timeout: reader.number("timeout", 1..=LONGEST, "function_timeout")?,
        memory: reader.number("memory", MEMORY, "function_memory")?,
        openapi: reader.text("openapi")?.map(|path| folder.join(path)),
        build: reader.text("build")?,
    })
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

/// Puts into the table what flags have said.
pub(super) fn keep(folder: &Path, item: &mut Item, function: &OwnFunction) {
    if !item.is_table_like() {
        *item = Item::Table(toml_edit::Table::new());
    }
    let Some(table) = item.as_table_like_mut() else { return };
    let is_other = table
        .get("dir")
        .and_then(Item::as_str)
        .map(|dir| folder.join(dir))
        .is_some_and(|dir| dir.canonicalize().ok().as_ref() != Some(&function.dir));
    if is_other {
        table.clear();
    }
    let dir = match function.dir.strip_prefix(folder) {
        Ok(below) if below.as_os_str().is_empty() => ".".to_owned(),
        Ok(below) => below.display().to_string(),
        Err(_) => function.dir.display().to_string(),
    };
    let members = [("dir", Some(dir)), ("runtime", function.runtime.clone()), ("handler", function.handler.clone())];
    for (key, value) in members {
        let Some(value) = value else { continue };
        if table.get(key).and_then(Item::as_str) != Some(&value) {
            table.insert(key, toml_edit::value(value));
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
    fn flags_win_and_another_folder_is_another_function() {
        let text = "[function]\ndir = '/tmp'\nhandler = 'a.b'\ntimeout = 5";
        let flags = FunctionFlags { runtime: Some("python3.12".to_owned()), ..FunctionFlags::default() };
        let function = settled(text, &flags).unwrap().unwrap();
        assert_eq!((function.runtime.as_deref(), function.handler.as_deref()), (Some("python3.12"), Some("a.b")));
        let flags = FunctionFlags { dir: Some("/".into()), ..FunctionFlags::default() };
        let function = settled(text, &flags).unwrap().unwrap();
        assert_eq!((function.handler, function.timeout), (None, None));
        let flags = FunctionFlags { handler: Some("a.b".to_owned()), ..FunctionFlags::default() };
        assert_eq!(settled("", &flags).unwrap_err().code, Code::BadSetting);
        assert_eq!(settled("", &FunctionFlags::default()).unwrap(), None);
    }

    #[test]
    fn what_is_kept_is_what_flags_said() {
        let mut document: toml_edit::DocumentMut = "# mine\n[function]\ndir = 'other'\ntimeout = 5\n".parse().unwrap();
        let function = OwnFunction { dir: "/project/api".into(), ..OwnFunction::default() };
        keep(Path::new("/project"), document.entry(TABLE).or_insert(Item::None), &function);
        assert_eq!(document.to_string(), "# mine\n[function]\ndir = \"api\"\n");
        let mut empty = toml_edit::DocumentMut::new();
        keep(Path::new("/project"), empty.entry(TABLE).or_insert(Item::None), &function);
        assert_eq!(empty.to_string(), "[function]\ndir = \"api\"\n");
    }
}
