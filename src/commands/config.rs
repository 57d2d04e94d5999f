//! `atelier config`: the settings as they were resolved, each with where it came from.

use crate::{
    cli,
    commands::context::Context,
    error::Result,
    settings::{ColorWhen, Origin, Setting, Settings},
    text::{Lang, Message},
    ui::{Page, Report, Tone},
};
use serde::Serialize;
use serde_json::Value;

/// Every setting.
#[derive(Debug, Serialize)]
pub struct ConfigReport {
    /// The project folder.
    pub folder: std::path::PathBuf,
    /// The settings, by name.
    pub settings: Vec<Entry>,
    #[serde(skip)]
    origin: bool,
}

/// One setting.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// The name that `atelier.toml` uses.
    pub name: &'static str,
    /// The value; `null` when nobody said anything and there is no default.
    pub value: Value,
    /// Where it came from.
    pub origin: Origin,
}

impl Report for ConfigReport {
    fn human(&self, page: &mut Page) {
        let width = self.settings.iter().map(|entry| entry.name.len()).max().unwrap_or_default();
        for entry in &self.settings {
            let value = match &entry.value {
                Value::String(text) => text.clone(),
                Value::Null => "-".to_owned(),
                other => other.to_string(),
            };
            let line = format!("{:width$}  {value}", entry.name);
            if self.origin {
                let origin = page.paint(Tone::Dim, &describe(&entry.origin).render(page.lang()));
                page.raw(format_args!("{line}  {origin}"));
            } else {
                page.raw(line);
            }
        }
    }
}

fn describe(origin: &Origin) -> Message {
    match origin {
        Origin::Flag(name) => Message::new("config.flag").with("name", name),
        Origin::Environment(name) => Message::new("config.environment").with("name", name),
        Origin::File(path) => Message::new("config.file").with("name", path.display()),
        Origin::Derived(name) => Message::new("config.derived").with("name", name),
        Origin::Default => Message::new("config.default"),
    }
}

/// Shows every setting; secrets are not among them.
///
/// # Errors
/// None; verbs share one shape.
pub fn show(context: &Context, args: &cli::ConfigShow) -> Result<ConfigReport> {
    let settings = &context.settings;
    Ok(ConfigReport { folder: settings.folder.clone(), settings: entries(context), origin: args.origin })
}

fn entries(context: &Context) -> Vec<Entry> {
    let settings: &Settings = &context.settings;
    let lang = match settings.lang.value {
        Lang::En => "en",
        Lang::Fr => "fr",
    };
    vec![
        entry("auth", &settings.auth, |value| value.as_str().into()),
        entry("color", &context.console.look().color, |value| match value {
            ColorWhen::Auto => "auto".into(),
            ColorWhen::Always => "always".into(),
            ColorWhen::Never => "never".into(),
        }),
        entry("cors_origins", &settings.cors_origins, |value| value.clone().into()),
        entry("docker_host", &settings.docker_host, |value| value.clone().into()),
        entry("docker_proxy", &settings.docker_proxy, |value| value.clone().into()),
        entry("endpoint", &settings.endpoint, |value| value.clone().into()),
        entry("engine", &settings.engine, |value| serde_json::to_value(value).unwrap_or_default()),
        Entry {
            name: "folder",
            value: settings.folder.display().to_string().into(),
            origin: settings.folder_origin.clone(),
        },
        entry("image", &settings.image, |value| value.clone().into()),
        entry("internal_endpoint", &settings.internal_endpoint, |value| value.clone().into()),
        entry("lang", &settings.lang, |_| lang.into()),
        entry("port", &settings.port, |value| (*value).into()),
        entry("public_endpoint", &settings.public_endpoint, |value| value.clone().into()),
        entry("rate", &settings.rate, |value| value.map_or_else(|| "off".to_owned(), |rate| rate.to_string()).into()),
        entry("region", &settings.region, |value| value.clone().into()),
        entry("stack", &settings.stack, |value| value.as_str().into()),
        entry("timeout", &settings.timeout, |value| format!("{}s", value.as_secs_f64()).into()),
    ]
}

fn entry<T>(name: &'static str, setting: &Setting<T>, value: impl Fn(&T) -> Value) -> Entry {
    Entry { name, value: value(&setting.value), origin: setting.origin.clone() }
}
