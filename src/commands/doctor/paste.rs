//! The text of `--report`: the machine, the settings and the findings in English, ready to paste, without secrets.
//!
//! Only what is named here goes in; home folder and user name are taken out of paths, credentials out of URLs.

use super::Finding;
use crate::{
    commands::context::Context,
    engine::{self, record::Record},
    settings::Settings,
};
use std::fmt::Write as _;

/// Writes the text.
pub(super) fn text(context: &Context, findings: &[Finding]) -> String {
    let mut text = String::from("```text\n");
    for (name, value) in facts(&context.settings) {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{name}: {value}");
    }
    text.push('\n');
    for finding in findings {
        let verdict = finding.verdict.word().to_string();
        let _ = writeln!(text, "{verdict:4} {}: {}", finding.check, finding.message);
        if let Some(fix) = &finding.fix {
            let _ = writeln!(text, "     → {fix}");
        }
    }
    text.push_str("```");
    redacted(&text, &context.settings)
}

fn facts(settings: &Settings) -> Vec<(&'static str, String)> {
    let kernel = rustix::system::uname();
    let word = |text: &std::ffi::CStr| text.to_string_lossy().into_owned();
    let set = |is_set: bool| if is_set { "set" } else { "not set" }.to_owned();
    let kept = || Record::read(settings).or_else(|| Record::last(settings)).map(|record| record.kind);
    let engine = settings.engine.value.or_else(kept);
    let engine = engine.map_or_else(|| "chosen by `up`".to_owned(), |engine| engine.to_string());
    let port = engine::meant_port(settings).value;
    vec![
        (
            "atelier",
            format!("{} ({})", env!("CARGO_PKG_VERSION"), crate::commands::version::commit().unwrap_or("no commit")),
        ),
        ("system", format!("{} {} {}", word(kernel.sysname()), word(kernel.release()), word(kernel.machine()))),
        ("distribution", distribution().unwrap_or_else(|| "unknown".to_owned())),
        ("folder", settings.folder.display().to_string()),
        ("engine", engine),
        ("port", port.to_string()),
        ("stack", settings.stack.value.to_string()),
        ("region", settings.region.value.clone()),
        ("public URL", settings.public_endpoint_at(port).value.unwrap_or_else(|| "none".to_owned())),
        ("DOCKER_HOST", settings.docker_host.value.clone().unwrap_or_else(|| set(false))),
        ("LOCALSTACK_AUTH_TOKEN", set(settings.localstack_token.is_some())),
        ("Codespace", set(settings.codespace.is_some())),
    ]
}

/// `PRETTY_NAME` of `/etc/os-release`.
fn distribution() -> Option<String> {
    let text = std::fs::read_to_string("/etc/os-release").ok()?;
    let name = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(name.trim_matches('"').to_owned())
}

/// Takes out what names the user: the home folder, the Codespace, and whatever stands before an `@` in a URL.
fn redacted(text: &str, settings: &Settings) -> String {
    let home = settings.home.as_ref().map(|home| home.display().to_string()).filter(|home| home.len() > 1);
    let text = home.map_or_else(|| text.to_owned(), |home| text.replace(&home, "~"));
    let text = match &settings.codespace {
        Some(name) => text.replace(name, "<codespace>"),
        None => text,
    };
    let text = match super::remedy::user_name() {
        Some(name) => without_word(&text, &name),
        None => text,
    };
    without_user_info(&text)
}

/// Takes the user's name out wherever it stands for itself: a folder below another home, an owner.
fn without_word(text: &str, word: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut clean = String::new();
    let mut end = 0;
    for (at, _) in text.match_indices(word) {
        let after = at + word.len();
        if !text[..at].ends_with(is_part) && !text[after..].starts_with(is_part) {
            clean.push_str(&text[end..at]);
            clean.push_str("<user>");
            end = after;
        }
    }
    clean + &text[end..]
}

fn without_user_info(text: &str) -> String {
    let mut parts = text.split("://");
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| c == '/' || c.is_whitespace()).unwrap_or(part.len());
        let host = part[..end].rsplit_once('@').map_or(&part[..end], |(_, host)| host);
        let _ = write!(clean, "://{host}{}", &part[end..]);
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_urls_are_taken_out() {
        let text = without_user_info("DOCKER_HOST: tcp://me:secret@box:2376\nmail a@b, https://x/y@z");
        assert_eq!(text, "DOCKER_HOST: tcp://box:2376\nmail a@b, https://x/y@z");
    }

    #[test]
    fn a_users_name_is_taken_out_and_words_that_hold_it_are_left() {
        assert_eq!(without_word("/mnt/ada/x, ada's adapter, ada", "ada"), "/mnt/<user>/x, <user>'s adapter, <user>");
        assert_eq!(without_word("nothing", "ada"), "nothing");
    }
}
