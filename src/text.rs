//! The texts that people read, by key, in English and French (`locales/en.yml`, `locales/fr.yml`).
//!
//! The rest of the crate passes [`Message`]s around: a key and its values, so that what happened is data until `ui`
//! prints it. JSON, logs and API answers always use English.

use std::fmt;

/// A language of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Lang {
    /// English; also what JSON and logs use.
    #[default]
    En,
    /// French.
    Fr,
}

impl Lang {
    /// Reads a POSIX locale's name (`fr_FR.UTF-8`); a language that we do not speak is `None`.
    #[must_use]
    pub fn from_locale(name: &str) -> Option<Self> {
        match name.split(['_', '.', '@', '-']).next()? {
            "fr" => Some(Self::Fr),
            "en" | "C" | "POSIX" => Some(Self::En),
            _ => None,
        }
    }

    /// A number with a decimal point, as people of this language write it.
    #[must_use]
    pub fn decimal(self, number: &str) -> String {
        match self {
            Self::En => number.to_owned(),
            Self::Fr => number.replace('.', ","),
        }
    }

    /// The language's tag, as locale files and HTML write it (`fr`).
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
        }
    }
}

/// A text to be: its key in the locale files and the values of its `%{placeholders}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    key: String,
    args: Vec<(&'static str, Value)>,
}

/// What a placeholder stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Text(String),
    /// A text that is translated itself, when the language is known.
    Message(Message),
}

/// A value that is written the same in every language: a number, a name, a path, somebody else's words.
///
/// Errors of ours are not among them: what they say is English, and a text in another language would hold it. They
/// become a [`Message`] first.
pub trait Verbatim: fmt::Display {}

macro_rules! verbatim {
    ($($kind:ty),* $(,)?) => { $(impl Verbatim for $kind {})* };
}

verbatim!(str, String, u16, u32, u64, u128, usize, i64, f32, fmt::Arguments<'_>, std::path::Display<'_>);
verbatim!(std::io::Error, std::net::SocketAddr, http::StatusCode, serde_json::Value);

impl<T: Verbatim + ?Sized> Verbatim for &T {}

impl Message {
    /// Names the text `key`.
    #[must_use]
    pub fn new(key: impl Into<String>) -> Self {
        Self { key: key.into(), args: Vec::new() }
    }

    /// Makes a text that is the same in every language: somebody else's words.
    #[must_use]
    pub fn literal(text: impl Verbatim) -> Self {
        Self::new("literal").with("text", text)
    }

    /// Sets the placeholder `%{name}`.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Verbatim) -> Self {
        self.args.push((name, Value::Text(value.to_string())));
        self
    }

    /// Sets the placeholder `%{name}` to a value that is translated with the rest.
    #[must_use]
    pub fn with_message(mut self, name: &'static str, value: Message) -> Self {
        self.args.push((name, Value::Message(value)));
        self
    }

    /// Whether the locale files have the text.
    #[must_use]
    pub fn exists(&self) -> bool {
        crate::_rust_i18n_try_translate(Lang::En.tag(), &self.key).is_some()
    }

    /// Tells the key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Writes the text in `lang`.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        let template = rust_i18n::t!(self.key.as_str(), locale = lang.tag());
        let names: Vec<&str> = self.args.iter().map(|(name, _)| *name).collect();
        let values: Vec<String> = self
            .args
            .iter()
            .map(|(_, value)| match value {
                Value::Text(text) => text.clone(),
                Value::Message(message) => message.render(lang),
            })
            .collect();
        rust_i18n::replace_patterns(&template, &names, &values)
    }
}

/// Returns a text as errors may show it: of a URL, user and password are left out, however it is malformed.
#[must_use]
pub fn without_login(text: &str) -> String {
    let start = text.find("://").map_or(0, |at| at + 3);
    match text[start..].rsplit_once('@') {
        Some((_, host)) => format!("{}…@{host}", &text[..start]),
        None => text.to_owned(),
    }
}

/// Somebody else's text without what would move the cursor, change colours, rename the window or turn the direction of
/// what follows: a stranger writes what they like into a path, a name, a header or a log line.
#[must_use]
pub fn plain(text: &str) -> String {
    let text = anstream::adapter::strip_str(text).to_string();
    text.chars().filter(|c| *c == '\t' || !(c.is_control() || is_invisible(*c))).collect()
}

/// Marks that show nothing of their own: of direction, of lines, of width, and the tags of plane 14.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A service's own word for a state (`running`), with what it means where the language has words for it.
#[must_use]
pub fn in_words(state: &str) -> Message {
    let known = Message::new(format!("state.{state}"));
    if known.exists() { known } else { Message::literal(state) }
}

/// The operating system's usual refusals in words that exist in every language; others in their own.
#[must_use]
pub fn system_words(cause: &(dyn std::error::Error + 'static)) -> Message {
    use std::io::ErrorKind::{
        AddrInUse, AlreadyExists, BrokenPipe, ConnectionRefused, ConnectionReset, DirectoryNotEmpty, FileTooLarge,
        HostUnreachable, InvalidFilename, IsADirectory, NetworkUnreachable, NotADirectory, NotFound, PermissionDenied,
        QuotaExceeded, ReadOnlyFilesystem, ResourceBusy, StorageFull, TimedOut, UnexpectedEof,
    };
    let said = cause.to_string();
    let error = cause.downcast_ref::<std::io::Error>();
    // Who has said more than the system has a sentence of their own.
    let systems = error.filter(|error| error.raw_os_error().is_some()).map(std::io::Error::kind);
    let key = match systems {
        Some(IsADirectory) => Some("strange.folder"),
        Some(NotADirectory) => Some("cause.no_folder"),
        Some(AlreadyExists) => Some("cause.exists"),
        Some(DirectoryNotEmpty) => Some("cause.not_empty"),
        Some(QuotaExceeded | FileTooLarge) => Some("cause.quota"),
        Some(InvalidFilename) => Some("cause.bad_name"),
        Some(AddrInUse) => Some("cause.in_use"),
        Some(ResourceBusy) => Some("cause.busy"),
        _ => None,
    };
    if let Some(key) = key {
        return Message::new(key);
    }
    Message::new(match error.map(std::io::Error::kind) {
        Some(ConnectionRefused) => "cause.refused",
        Some(ConnectionReset | BrokenPipe | UnexpectedEof) => "cause.broken",
        Some(TimedOut) => "cause.late",
        Some(NetworkUnreachable | HostUnreachable) => "cause.no_way",
        Some(NotFound) => "cause.not_found",
        Some(PermissionDenied) => "cause.denied",
        Some(ReadOnlyFilesystem) => "cause.read_only",
        Some(StorageFull) => "cause.full",
        // The resolver has no kind of its own.
        _ if said.starts_with("failed to lookup address information") => "cause.no_such_host",
        // Nor have clients of HTTP one of their own for an answer that breaks off.
        _ if said == "connection closed before message completed" => "cause.broken",
        _ => return Message::literal(said),
    })
}

/// As the English text: JSON is never translated.
impl serde::Serialize for Message {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Writes the English text, for logs, JSON and error chains.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Lang::En))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_the_decimal_mark_of_its_reader() {
        assert_eq!((Lang::En.decimal("1.5 ms"), Lang::Fr.decimal("1.5 ms")), ("1.5 ms".into(), "1,5 ms".into()));
    }

    #[test]
    fn of_a_url_no_password_is_shown() {
        for (text, expected) in [
            ("http://user:pass@host:1/path", "http://…@host:1/path"),
            ("http://user:p/a@ss@host", "http://…@host"),
            ("user:pass@host", "…@host"),
            ("http://host/path", "http://host/path"),
            ("us-east-1", "us-east-1"),
        ] {
            assert_eq!(without_login(text), expected);
        }
    }
}
