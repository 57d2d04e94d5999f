//! `atelier version`: what this binary is.

use crate::{
    cli,
    commands::context::Context,
    engine_kind::EngineKind,
    error::Result,
    text::Message,
    ui::{Page, Report},
};
use clap::ValueEnum;

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
}

impl Report for VersionReport {
    fn human(&self, page: &mut Page) {
        let commit = self.commit.map(|commit| format!(" ({commit})")).unwrap_or_default();
        page.raw(format_args!("atelier {}{commit}, {}", self.version, self.target));
        let engines: Vec<String> = self.engines.iter().map(ToString::to_string).collect();
        page.line(Message::new("version.engines").with("engines", engines.join(", ")));
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
/// None; verbs share one shape.
pub fn run(_context: &Context, _args: &cli::Version) -> Result<VersionReport> {
    Ok(VersionReport {
        version: env!("CARGO_PKG_VERSION"),
        commit: commit(),
        target: target(),
        engines: EngineKind::value_variants().to_vec(),
    })
}
