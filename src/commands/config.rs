//! `atelier config`: the settings as they were resolved, each with where it came from.

use crate::{
    cli,
    commands::context::Context,
    engine::{self, record::Record},
    engine_kind::EngineKind,
    error::Result,
    settings::{
        ColorWhen, FILE, Origin, Setting, Settings,
        source::{self, InFile, Source},
    },
    text::{Lang, Message, without_login},
    ui::{Page, Report, Tone, padded, widest},
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
    /// What can say it, the first that does decides: a flag, variables, the settings file.
    pub ways: Vec<&'static str>,
}

impl Report for ConfigReport {
    fn human(&self, page: &mut Page) {
        let names: Vec<String> = self.settings.iter().map(|entry| entry.name.to_owned()).collect();
        let values: Vec<String> = self.settings.iter().map(Entry::shown).collect();
        let (name_width, value_width) = (widest(&names), widest(&values));
        let origins = self.settings.iter().map(|entry| describe(&entry.origin).render(page.lang()));
        let origins: Vec<String> = origins.collect();
        let origin_width = widest(&origins);
        for (((entry, name), value), origin) in self.settings.iter().zip(&names).zip(&values).zip(&origins) {
            let name = padded(name, name_width);
            if !self.origin {
                page.raw(format_args!("{name}  {value}"));
                continue;
            }
            let origin = format!("{}  {}", padded(origin, origin_width), entry.ways.join(", "));
            let origin = page.paint(Tone::Dim, &origin);
            page.raw(format_args!("{name}  {}  {origin}", padded(value, value_width)));
        }
    }
}

impl Entry {
    fn of<T>(source: &Source, setting: &Setting<T>, value: impl Fn(&T) -> Value) -> Self {
        let file = (source.in_file != InFile::Never).then_some(FILE);
        let ways = source.flag.into_iter().chain(source.variables.iter().copied()).chain(file).collect();
        Self { name: source.key, value: value(&setting.value), origin: setting.origin.clone(), ways }
    }

    fn shown(&self) -> String {
        match &self.value {
            Value::String(text) => text.clone(),
            Value::Null => "-".to_owned(),
            other => other.to_string(),
        }
    }
}

fn describe(origin: &Origin) -> Message {
    match origin {
        Origin::Flag(name) => Message::new("config.flag").with("name", name),
        Origin::Environment(name) => Message::new("config.environment").with("name", name),
        Origin::File(path) => Message::new("config.file").with("name", path.display()),
        Origin::Derived(name) => Message::new("config.derived").with("name", name),
        Origin::Kept => Message::new("config.kept"),
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
    let settings = &context.settings;
    let text = |value: &Option<String>| value.clone().into();
    let port = engine::meant_port(settings);
    let folder = Setting { value: settings.folder.display().to_string(), origin: settings.folder_origin.clone() };
    vec![
        Entry::of(&source::ALARM, &settings.alarms, |value| {
            let limits = [
                value.errors_per_minute.map(|count| format!("errors_per_minute {count}")),
                value.p95.map(|time| format!("p95 {}ms", time.as_millis())),
                value.throttles.map(|count| format!("throttles {count}")),
            ];
            let limits: Vec<String> = limits.into_iter().flatten().collect();
            if limits.is_empty() { Value::Null } else { limits.join(", ").into() }
        }),
        Entry::of(&source::AUTH, &settings.auth, |value| value.as_str().into()),
        Entry::of(&source::COLOR, &context.console.look().color, |value| match value {
            ColorWhen::Auto => "auto".into(),
            ColorWhen::Always => "always".into(),
            ColorWhen::Never => "never".into(),
        }),
        Entry::of(&source::CONTAINERS, &settings.containers, |value| names(value.keys())),
        Entry::of(&source::CORS_ORIGINS, &settings.cors_origins, |value| value.clone().into()),
        Entry::of(&source::DOCKER_HOST, &settings.docker_host, |value| value.as_deref().map(without_login).into()),
        Entry::of(&source::DOCKER_PROXY, &settings.docker_proxy, text),
        Entry::of(&source::ENDPOINT, &settings.endpoint, text),
        Entry::of(&source::ENGINE, &kind(settings), |value| value.map(|kind| kind.to_string()).into()),
        Entry::of(&source::FOLDER, &folder, |value| value.clone().into()),
        Entry::of(&source::FUNCTION, &settings.function, |value| {
            value.as_ref().map(|function| function.dir.display().to_string()).into()
        }),
        Entry::of(&source::IAM, &settings.iam, |value| if *value { "on" } else { "off" }.into()),
        Entry::of(&source::IDLE, &settings.idle, |value| value.map(|idle| format!("{}s", idle.as_secs())).into()),
        Entry::of(&source::IMAGE, &settings.image, text),
        Entry::of(&source::INSTANCES, &settings.instances, |value| names(value.keys())),
        Entry::of(&source::INTERNAL_ENDPOINT, &settings.internal_endpoint, text),
        Entry::of(&source::LANG, &settings.lang, |value| match value {
            Lang::En => "en".into(),
            Lang::Fr => "fr".into(),
        }),
        Entry::of(&source::LENIENT, &settings.lenient, |value| value.as_str().into()),
        Entry::of(&source::LISTEN, &settings.listen, |value| value.map(|address| address.to_string()).into()),
        Entry::of(&source::LOG_FILES, &settings.log_files, |value| (*value).into()),
        Entry::of(&source::LOG_SIZE, &settings.log_size, |value| (*value).into()),
        Entry::of(&source::MODIFY, &settings.modify, |value| if *value { "on".into() } else { "off".into() }),
        Entry::of(&source::PORT, &port, |value| (*value).into()),
        Entry::of(&source::PUBLIC_ENDPOINT, &settings.public_endpoint_at(port.value), text),
        Entry::of(&source::RATE, &settings.rate, |value| {
            value.map_or_else(|| "off".to_owned(), |rate| rate.to_string()).into()
        }),
        Entry::of(&source::REGION, &settings.region, |value| value.clone().into()),
        Entry::of(&source::SCHEDULE, &settings.schedules, |value| {
            let own = value.named.keys().map(ToString::to_string);
            let all = value.all.as_ref().map(|_| "*".to_owned());
            let names: Vec<String> = all.into_iter().chain(own).collect();
            Some(names.join(", ")).filter(|names| !names.is_empty()).into()
        }),
        Entry::of(&source::STACK, &settings.stack, |value| value.as_str().into()),
        Entry::of(&source::TEST, &settings.tests, |value| value.count().into()),
        Entry::of(&source::TIMEOUT, &settings.timeout, |value| format!("{}s", value.as_secs_f64()).into()),
    ]
}

/// What a table has entries for; nothing where it has none.
fn names(keys: impl Iterator<Item = impl ToString>) -> Value {
    let names: Vec<String> = keys.map(|key| key.to_string()).collect();
    Some(names.join(", ")).filter(|names| !names.is_empty()).into()
}

/// The engine that is named, else the one that the last `up` started here.
fn kind(settings: &Settings) -> Setting<Option<EngineKind>> {
    let follows = settings.engine.value.is_none() && settings.endpoint.value.is_none();
    match Record::read(settings).or_else(|| Record::last(settings)).filter(|_| follows) {
        Some(record) => Setting { value: Some(record.kind), origin: Origin::Kept },
        None => settings.engine.clone(),
    }
}
