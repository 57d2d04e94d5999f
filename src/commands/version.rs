//! `atelier version`: what this binary is and, only when it is asked to look, whether there is a newer release.

use crate::{
    cli,
    commands::context::Context,
    engine_kind::EngineKind,
    error::{Code, Error, Result},
    http_client::HttpClient,
    text::Message,
    ui::{Page, Report},
};
use bytes::Bytes;
use clap::ValueEnum;
use http::{Method, header};
use std::time::Duration;

/// What this binary is.
#[derive(Debug, serde::Serialize)]
pub struct VersionReport {
    /// The version (`0.1.0`).
    pub version: &'static str,
    /// The commit that it was built from, where the build knew it.
    pub commit: Option<&'static str>,
    /// The machine that it was built for (`x86_64-unknown-linux-gnu`).
    pub target: String,
    /// The engines that it can drive.
    pub engines: Vec<EngineKind>,
    /// The newest release, where it was looked for.
    #[serde(flatten)]
    pub newest: Option<Newest>,
}

/// The newest release.
#[derive(Debug, serde::Serialize)]
pub struct Newest {
    /// Its version (`0.2.0`).
    #[serde(rename = "newest")]
    pub version: String,
    /// Whether it is newer than this binary.
    pub newer: bool,
    /// What installs it.
    #[serde(skip)]
    line: String,
}

impl Report for VersionReport {
    fn human(&self, page: &mut Page) {
        let commit = self.commit.map(|commit| format!(" ({commit})")).unwrap_or_default();
        page.raw(format_args!("atelier {}{commit}, {}", self.version, self.target));
        let engines: Vec<String> = self.engines.iter().map(ToString::to_string).collect();
        page.line(Message::new("version.engines").with("engines", engines.join(", ")));
        if let Some(newest) = &self.newest {
            let key = if newest.newer { "version.newer" } else { "version.newest" };
            page.line(Message::new(key).with("version", &newest.version).with("command", &newest.line));
        }
    }
}

/// The commit that this binary was built from; a build that knew none may have said so with nothing.
pub(super) fn commit() -> Option<&'static str> {
    option_env!("ATELIER_COMMIT").filter(|commit| !commit.is_empty())
}

/// Writes the target as the compiler and the names of releases do.
fn target() -> String {
    let system = if cfg!(target_os = "macos") {
        "apple-darwin"
    } else if cfg!(target_env = "musl") {
        "unknown-linux-musl"
    } else {
        "unknown-linux-gnu"
    };
    format!("{}-{system}", std::env::consts::ARCH)
}

/// Tells what this binary is.
///
/// # Errors
/// `releases_unavailable` when it is to look for a newer release and cannot.
pub async fn run(context: &Context, args: &cli::Version) -> Result<VersionReport> {
    let newest = if args.check { Some(newest(context).await?) } else { None };
    Ok(VersionReport {
        version: env!("CARGO_PKG_VERSION"),
        commit: commit(),
        target: target(),
        engines: EngineKind::value_variants().to_vec(),
        newest,
    })
}

/// How long the releases may take to answer; nobody waits longer to hear that there is nothing new.
const DEADLINE: Duration = Duration::from_secs(10);

/// Asks for the newest release: `…/releases/latest` redirects to its page, whose name ends with its tag.
async fn newest(context: &Context) -> Result<Newest> {
    let releases = context.settings.releases.as_deref().unwrap_or(concat!(env!("CARGO_PKG_REPOSITORY"), "/releases"));
    let releases = releases.trim_end_matches('/');
    if releases.contains("/OWNER/") {
        return Err(unavailable(releases).because_of(Message::new("version.unpublished")));
    }
    let url = format!("{releases}/latest");
    let client = HttpClient::for_url(&url).map_err(|error| unavailable(releases).cause(&error))?;
    let answer = client.call(Method::GET, &url, Bytes::new(), DEADLINE).await;
    let answer = answer.map_err(|error| unavailable(releases).because_of(error.reason()))?;
    let location = answer.headers.get(header::LOCATION).and_then(|location| location.to_str().ok());
    let tag = location.and_then(|location| location.split_once("/tag/")).map(|(_, tag)| tag);
    let Some((tag, version)) = tag.and_then(|tag| Some((tag, numbers(tag)?))) else {
        return Err(unavailable(releases).because_of(Message::new("version.no_release").with("status", answer.status)));
    };
    let [major, minor, patch] = version;
    Ok(Newest {
        version: format!("{major}.{minor}.{patch}"),
        newer: numbers(env!("CARGO_PKG_VERSION")).is_some_and(|own| own < version),
        line: format!("curl -fsSL {releases}/download/{tag}/install.sh | sh"),
    })
}

/// The numbers of a version (`v0.2.0`); whatever else is in a tag, it is none of ours.
fn numbers(tag: &str) -> Option<[u32; 3]> {
    let mut parts = tag.strip_prefix('v').unwrap_or(tag).split('.').map(str::parse);
    let mut next = || parts.next()?.ok();
    let numbers = [next()?, next()?, next()?];
    parts.next().is_none().then_some(numbers)
}

fn unavailable(releases: &str) -> Error {
    Error::new(Code::ReleasesUnavailable).with("url", releases)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert_eq!(numbers("v0.10.2"), Some([0, 10, 2]));
        assert!(numbers("v0.10.0") > numbers("0.9.9"));
        for tag in ["", "v", "v1", "v1.2", "v1.2.3.4", "v1.2.x", "latest", "v1.2.3;rm", "v-1.2.3"] {
            assert_eq!(numbers(tag), None, "{tag}");
        }
    }
}
