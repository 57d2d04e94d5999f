//! The file `atelier.toml` in the project folder.

use super::{
    nearest::unknown,
    operate,
    own::{self, OwnFunction},
    source::{self, FILE, InFile, Source},
};
use crate::{
    disk,
    error::{Code, Error, Result},
    names::{ContainerName, InstanceName, InstanceType},
    text::Message,
};
use std::{io::ErrorKind, path::Path};
use toml_edit::{DocumentMut, Item};

/// The file is read whole; nobody's settings are longer.
const MAX_BYTES: u64 = 64 * 1024;

/// The file's values, each as the text that a flag would have.
#[derive(Debug, Default)]
pub(super) struct SettingsFile(DocumentMut);

impl SettingsFile {
    /// Reads the file of `folder`; no file is an empty one.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        let unreadable =
            || Error::new(Code::File).with_message("action", Message::new("action.read")).with("path", path.display());
        let refused = |error: std::io::Error| {
            let hint = (error.kind() == ErrorKind::PermissionDenied).then(|| Message::new("hint.not_readable"));
            let refused = unreadable().cause(&error);
            hint.into_iter().fold(refused, Error::hint)
        };
        match std::fs::metadata(&path) {
            // Opening a FIFO or a device would wait for ever.
            Ok(facts) if !facts.is_file() => return Err(unreadable().because_of(Message::new("strange.irregular"))),
            Ok(facts) if facts.len() > MAX_BYTES => return Err(unreadable().because_of(Message::new("strange.large"))),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(refused(error)),
        }
        let text = std::fs::read_to_string(&path).map_err(refused)?;
        Self::parse(&text).map_err(|error| error.hint(Message::new("hint.settings_file").with("path", path.display())))
    }

    fn parse(text: &str) -> Result<Self> {
        let document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let mut bad = Error::new(Code::BadSetting).because(error.message());
            bad.message = Message::new("error.bad_toml").with("name", FILE).with("line", line);
            bad.hint(Message::new("hint.toml"))
        })?;
        for (key, _) in document.iter() {
            if !keys().any(|known| known == key) {
                return Err(unknown(key, &keys().collect::<Vec<_>>()));
            }
        }
        Ok(Self(document))
    }

    /// Returns a table, or tables, as they are.
    pub(super) fn item(&self, key: &str) -> Option<&Item> {
        self.0.get(key)
    }

    /// Returns a setting's value as the text that a flag would have.
    pub(super) fn get(&self, source: &Source) -> Result<Option<String>> {
        match self.0.get(source.key) {
            None => Ok(None),
            Some(Item::Value(toml_edit::Value::String(text))) => Ok(Some(text.value().clone())),
            Some(Item::Value(toml_edit::Value::Integer(number))) => Ok(Some(number.value().to_string())),
            Some(Item::Value(toml_edit::Value::Boolean(value))) if source.in_file == InFile::Switch => {
                Ok(Some(value.value().to_string()))
            }
            Some(Item::Value(toml_edit::Value::Array(items)))
                if source.in_file == InFile::List && items.iter().all(toml_edit::Value::is_str) =>
            {
                let items: Vec<&str> = items.iter().filter_map(toml_edit::Value::as_str).collect();
                Ok(Some(items.join(",")))
            }
            Some(other) => Err(Error::new(Code::BadSetting)
                .with("name", source.key)
                .with("value", other.type_name())
                .with_message("rule", Message::new("rule.scalar"))),
        }
    }
}

/// Writes one setting into the file of `folder`, which keeps its other settings, comments and order. What stands there
/// already is not written again.
///
/// # Errors
/// The file cannot be read, is not TOML, or cannot be written.
pub fn keep(folder: &Path, source: &Source, value: &str) -> Result<()> {
    let mut file = SettingsFile::read(folder)?;
    if file.get(source)?.as_deref() == Some(value) {
        return Ok(());
    }
    own::put(file.0.as_table_mut(), source.key, value);
    Ok(disk::replace(&folder.join(FILE), file.0.to_string().as_bytes(), 0o644)?)
}

/// Writes what flags have said about the function into the file of `folder`, which keeps everything else that is true.
///
/// # Errors
/// As [`keep`].
pub fn keep_function(folder: &Path, function: &OwnFunction) -> Result<()> {
    let mut file = SettingsFile::read(folder)?;
    let before = file.0.to_string();
    own::keep(folder, file.0.entry(own::TABLE).or_insert(Item::None), function);
    let after = file.0.to_string();
    if before == after {
        return Ok(());
    }
    Ok(disk::replace(&folder.join(FILE), after.as_bytes(), 0o644)?)
}

/// Writes the instances and containers that flags have named into the file of `folder`, which keeps everything else.
///
/// # Errors
/// As [`keep`].
pub fn keep_entries(
    folder: &Path,
    instances: &[(InstanceName, InstanceType)],
    containers: &[(ContainerName, String)],
) -> Result<()> {
    let mut file = SettingsFile::read(folder)?;
    let before = file.0.to_string();
    operate::keep(&mut file.0, instances, containers);
    let after = file.0.to_string();
    if before == after {
        return Ok(());
    }
    Ok(disk::replace(&folder.join(FILE), after.as_bytes(), 0o644)?)
}

/// Every key that the file may hold.
fn keys() -> impl Iterator<Item = &'static str> {
    source::ALL.iter().filter(|source| source.in_file != InFile::Never).map(|source| source.key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_names_the_nearest_one() {
        let error = SettingsFile::parse("regoin = 'eu-west-3'").unwrap_err();
        assert_eq!(error.code, Code::UnknownSetting);
        assert!(error.hints[0].to_string().contains("`region`"), "{}", error.hints[0]);
    }

    #[test]
    fn numbers_and_strings_are_read_and_nothing_else() {
        let file = SettingsFile::parse("port = 4567\nregion = 'eu-west-3'\nstack = ['a']").unwrap();
        assert_eq!(file.get(&source::PORT).unwrap().as_deref(), Some("4567"));
        assert_eq!(file.get(&source::REGION).unwrap().as_deref(), Some("eu-west-3"));
        assert_eq!(file.get(&source::ENGINE).unwrap(), None);
        assert!(file.get(&source::STACK).is_err());
    }

    #[test]
    fn true_and_false_are_for_switches() {
        let file = SettingsFile::parse("lenient = true\nport = true").unwrap();
        assert_eq!(file.get(&source::LENIENT).unwrap().as_deref(), Some("true"));
        assert!(file.get(&source::PORT).is_err());
        let file = SettingsFile::parse("lenient = 'public'").unwrap();
        assert_eq!(file.get(&source::LENIENT).unwrap().as_deref(), Some("public"));
    }

    #[test]
    fn a_kept_setting_leaves_the_rest_of_the_file_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        keep(folder.path(), &source::AUTH, "api-key").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "auth = \"api-key\"\n");
        std::fs::write(&path, "# mine\nport = 4567 # odd\nauth = 'none' # later\n").unwrap();
        keep(folder.path(), &source::AUTH, "api-key").unwrap();
        let text = "# mine\nport = 4567 # odd\nauth = \"api-key\" # later\n";
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        let before = std::fs::metadata(&path).unwrap().modified().unwrap();
        keep(folder.path(), &source::AUTH, "api-key").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), before);
    }

    #[test]
    fn a_list_is_read_where_one_may_be() {
        let file = SettingsFile::parse("cors_origins = ['https://a', 'https://b']\nengine = ['a']").unwrap();
        assert_eq!(file.get(&source::CORS_ORIGINS).unwrap().as_deref(), Some("https://a,https://b"));
        assert!(file.get(&source::ENGINE).is_err());
        assert!(SettingsFile::parse("cors_origins = [1]").unwrap().get(&source::CORS_ORIGINS).is_err());
    }
}
