//! What `atelier.toml` says about running the stack: `[instances]`, `[containers]`, `[schedule]`, `[idle]`, and what flags
//! put beside it.

use super::{
    nearest::unknown,
    setting::{Origin, Setting},
    source::{self, FILE, bad, bad_rule},
    values::{Rule, duration},
};
use crate::{
    error::Result,
    names::{ContainerName, InstanceName, InstanceType},
    schedule::{InvalidSchedule, Pattern, Schedule, Zone},
};
use std::{collections::BTreeMap, path::Path, str::FromStr, time::Duration};
use toml_edit::{DocumentMut, Item, TableLike};

/// The stack's instances by name, each with its type; empty where there is one without a name.
pub type Instances = BTreeMap<InstanceName, InstanceType>;
/// The containers behind the API by name, each with its image.
pub type Containers = BTreeMap<ContainerName, String>;

/// The longest that nobody may call.
const LONGEST_IDLE: Duration = Duration::from_hours(30 * 24);
/// The shortest: the function wakes every minute.
const SHORTEST_IDLE: Duration = Duration::from_mins(1);

/// The office hours that stand in the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Schedules {
    /// Those of every instance that has none of its own.
    pub all: Option<Schedule>,
    /// Those of some.
    pub named: BTreeMap<InstanceName, Schedule>,
}

impl Schedules {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_none() && self.named.is_empty()
    }

    /// Those of an instance.
    #[must_use]
    pub fn of(&self, name: Option<&InstanceName>) -> Option<&Schedule> {
        name.and_then(|name| self.named.get(name)).or(self.all.as_ref())
    }
}

/// Everything of it, resolved.
pub(super) struct Operate {
    pub(super) instances: Setting<Instances>,
    pub(super) containers: Setting<Containers>,
    pub(super) schedules: Setting<Schedules>,
    pub(super) idle: Setting<Option<Duration>>,
}

/// Settles all of it: what the file says, and the entries that flags add or put in the place of others.
pub(super) fn settle<'a>(
    folder: &Path,
    item: impl Fn(&str) -> Option<&'a Item>,
    instances: &[(InstanceName, InstanceType)],
    containers: &[(ContainerName, String)],
) -> Result<Operate> {
    let from_file = |is_there: bool| if is_there { Origin::File(folder.join(FILE)) } else { Origin::Default };
    let instances =
        entries(item("instances"), "instances", "--instance", "instance_type", instances, |text| text.parse().ok());
    let instances = settled(instances?, item("instances").is_some(), folder, "--instance");
    let image = |text: &str| Some(text.to_owned()).filter(|text| is_image(text));
    let containers = entries(item("containers"), "containers", "--container", "image", containers, image);
    let containers = settled(containers?, item("containers").is_some(), folder, "--container");
    let schedules = item("schedule").map(|item| schedules(item, &instances.value)).transpose()?.unwrap_or_default();
    let idle = item("idle").map(idle).transpose()?;
    Ok(Operate {
        schedules: Setting { origin: from_file(!schedules.is_empty()), value: schedules },
        idle: Setting { origin: from_file(idle.is_some()), value: idle },
        instances,
        containers,
    })
}

fn settled<T>((value, has_flags): (T, bool), is_in_file: bool, folder: &Path, flag: &'static str) -> Setting<T> {
    let origin = match (has_flags, is_in_file) {
        (true, _) => Origin::Flag(flag),
        (false, true) => Origin::File(folder.join(FILE)),
        (false, false) => Origin::Default,
    };
    Setting { value, origin }
}

/// The entries of the table, then those of the flags.
fn entries<K, V: Clone>(
    item: Option<&Item>,
    table: &str,
    flag: &str,
    rule: &str,
    said: &[(K, V)],
    parse: impl Fn(&str) -> Option<V>,
) -> Result<(BTreeMap<K, V>, bool)>
where
    K: FromStr + Ord + Clone + std::fmt::Display,
{
    let mut all = BTreeMap::new();
    if let Some(item) = item {
        let members = item.as_table_like().ok_or_else(|| bad_rule(table, item.type_name(), "table"))?;
        for (key, item) in members.iter() {
            let name = format!("{table}.{key}");
            let key: K = key.parse().map_err(|_| bad_rule(table, key, &format!("{table}_name")))?;
            let text = item.as_str().ok_or_else(|| bad_rule(&name, item.type_name(), rule))?;
            all.insert(key, parse(text).ok_or_else(|| bad_rule(&name, text, rule))?);
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    for (name, value) in said {
        if !seen.insert(name.clone()) {
            return Err(bad_rule(flag, &name.to_string(), "name_once"));
        }
        all.insert(name.clone(), value.clone());
    }
    Ok((all, !said.is_empty()))
}

fn is_image(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.starts_with('-')
}

/// Reads `[schedule]`: `start`, `stop` and `zone` of all, and a table for each instance that has its own.
fn schedules(item: &Item, instances: &Instances) -> Result<Schedules> {
    let table = item.as_table_like().ok_or_else(|| bad_rule("schedule", item.type_name(), "table"))?;
    let mut schedules = Schedules::default();
    let (mut of_all, mut has_all) = (toml_edit::Table::new(), false);
    for (key, item) in table.iter() {
        if let Some(own) = item.as_table_like() {
            let name: InstanceName = key.parse().map_err(|_| bad_rule("schedule", key, "instances_name"))?;
            if !instances.contains_key(&name) {
                return Err(bad_rule("schedule", key, "schedule_instance"));
            }
            schedules.named.insert(name, schedule(own, &format!("schedule.{key}"))?);
        } else {
            of_all.insert(key, item.clone());
            has_all = true;
        }
    }
    if has_all {
        schedules.all = Some(schedule(&of_all, "schedule")?);
    }
    Ok(schedules)
}

fn schedule(table: &dyn TableLike, name: &str) -> Result<Schedule> {
    const KEYS: &[&str] = &["start", "stop", "zone"];
    if let Some((key, _)) = table.iter().find(|(key, _)| !KEYS.contains(key)) {
        return Err(unknown(&format!("{name}.{key}"), KEYS));
    }
    let text = |key: &str| -> Result<Option<(String, String)>> {
        match table.get(key) {
            None => Ok(None),
            Some(item) => {
                let text =
                    item.as_str().ok_or_else(|| bad_rule(&format!("{name}.{key}"), item.type_name(), "string"))?;
                Ok(Some((format!("{name}.{key}"), text.to_owned())))
            }
        }
    };
    let time = |key: &str| {
        text(key)?.map(|(name, text)| self::time(&text).map_err(|rule| bad(&name, &text, rule))).transpose()
    };
    let zone = text("zone")?.map(|(name, text)| self::zone(&text).map_err(|rule| bad(&name, &text, rule)));
    let zone = zone.transpose()?.unwrap_or_else(Zone::utc);
    let (start, stop) = (time("start")?, time("stop")?);
    let shown = [&start, &stop].into_iter().flatten().map(ToString::to_string).collect::<Vec<_>>().join(" – ");
    Schedule::new(start, stop, zone).map_err(|error| bad(name, &shown, contradiction(error)))
}

/// The rule that a schedule breaks which contradicts itself.
#[must_use]
pub fn contradiction(error: InvalidSchedule) -> Rule {
    Rule::new(error.as_str())
}

/// Reads a time that recurs (`08:00 Mon-Fri`, cron).
///
/// # Errors
/// Tells the rule when the text breaks it.
pub fn time(text: &str) -> std::result::Result<Pattern, Rule> {
    text.parse().map_err(|_| Rule::new("schedule_time"))
}

/// Reads a time zone.
///
/// # Errors
/// Tells the rule when the text names none.
pub fn zone(text: &str) -> std::result::Result<Zone, Rule> {
    text.parse().map_err(|_| Rule::new("zone"))
}

/// Reads the name of an instance.
///
/// # Errors
/// Tells the rule when the text breaks it.
pub fn instance_name(text: &str) -> std::result::Result<InstanceName, Rule> {
    text.parse().map_err(|_| Rule::new("instances_name"))
}

/// Reads `NAME=TYPE` (`web=t3.micro`).
///
/// # Errors
/// Tells the rule when the text breaks it.
pub fn instance_entry(text: &str) -> std::result::Result<(InstanceName, InstanceType), Rule> {
    let (name, kind) = text.split_once('=').ok_or_else(|| Rule::new("instance_entry"))?;
    let name = name.parse().map_err(|_| Rule::new("instances_name"))?;
    Ok((name, kind.parse().map_err(|_| Rule::new("instance_type"))?))
}

/// Reads `NAME=IMAGE` (`cache=redis:7`).
///
/// # Errors
/// Tells the rule when the text breaks it.
pub fn container_entry(text: &str) -> std::result::Result<(ContainerName, String), Rule> {
    let (name, image) = text.split_once('=').ok_or_else(|| Rule::new("container_entry"))?;
    let name = name.parse().map_err(|_| Rule::new("containers_name"))?;
    if is_image(image) { Ok((name, image.to_owned())) } else { Err(Rule::new("image")) }
}

/// Reads `[idle]`.
fn idle(item: &Item) -> Result<Duration> {
    const KEYS: &[&str] = &["stop_after"];
    let table = item.as_table_like().ok_or_else(|| bad_rule("idle", item.type_name(), "table"))?;
    if let Some((key, _)) = table.iter().find(|(key, _)| !KEYS.contains(key)) {
        return Err(unknown(&format!("idle.{key}"), KEYS));
    }
    let item = table.get("stop_after").ok_or_else(|| bad_rule("idle", "", "idle"))?;
    let text = item.as_str().ok_or_else(|| bad_rule("idle.stop_after", item.type_name(), "idle"))?;
    let idle = duration(text).ok().filter(|idle| (SHORTEST_IDLE..=LONGEST_IDLE).contains(idle));
    idle.ok_or_else(|| bad_rule("idle.stop_after", text, "idle"))
}

/// Puts the entries of flags into the tables.
pub(super) fn keep(
    document: &mut DocumentMut,
    instances: &[(InstanceName, InstanceType)],
    containers: &[(ContainerName, String)],
) {
    let mut put = |table: &str, name: &str, value: &str| {
        let item = document.entry(table).or_insert_with(toml_edit::table);
        if let Some(table) = item.as_table_like_mut()
            && table.get(name).and_then(Item::as_str) != Some(value)
        {
            table.insert(name, toml_edit::value(value));
        }
    };
    for (name, kind) in instances {
        put(source::INSTANCES.key, name.as_str(), kind.as_str());
    }
    for (name, image) in containers {
        put(source::CONTAINERS.key, name.as_str(), image);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    fn settled(text: &str) -> Result<Operate> {
        let document: DocumentMut = text.parse().unwrap();
        settle(Path::new("/project"), |key| document.get(key), &[], &[])
    }

    #[test]
    fn the_tables_say_everything_and_know_nothing_else() {
        let text = "[instances]\nweb = 't3.micro'\ndb = 't3.small'\n[containers]\ncache = 'redis:7'\n\
                    [schedule]\nstart = '08:00 Mon-Fri'\nstop = '18:30'\nzone = 'Europe/Paris'\n[schedule.db]\nstop = '0 22 * * *'\n\
                    [idle]\nstop_after = '30m'";
        let Operate { instances, containers, schedules, idle } =
            settled(text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(instances.value.len(), 2);
        assert_eq!(containers.value[&"cache".parse().unwrap()], "redis:7");
        assert_eq!(idle.value, Some(Duration::from_mins(30)));
        let of = |name: &str| schedules.value.of(Some(&name.parse().unwrap())).unwrap().stop().unwrap().to_string();
        assert_eq!((of("web").as_str(), of("db").as_str()), ("18:30 Mon-Fri", "0 22 * * *"));
        for (wrong, code) in [
            ("instances = 'x'", Code::BadSetting),
            ("[instances]\nWeb = 't3.micro'", Code::BadSetting),
            ("[instances]\nweb = 't3'", Code::BadSetting),
            ("[instances]\nweb = 3", Code::BadSetting),
            ("[containers]\n'a/b' = 'x'", Code::BadSetting),
            ("[containers]\na = ''", Code::BadSetting),
            ("[schedule]\nstart = '25:00'", Code::BadSetting),
            ("[schedule]\nstart = '08:00'\nzone = 'Paris'", Code::BadSetting),
            ("[schedule]\nstart = '18:00'\nstop = '08:00'", Code::BadSetting),
            ("[schedule]\nstart = '08:00'\nstop = '08:00'", Code::BadSetting),
            ("[schedule]\nzone = 'UTC'", Code::BadSetting),
            ("[schedule]\nstrat = '08:00'", Code::UnknownSetting),
            ("[schedule.web]\nstart = '08:00'", Code::BadSetting),
            ("[idle]\nstop_after = '0s'", Code::BadSetting),
            ("[idle]\nstop_after = '30s'", Code::BadSetting),
            ("[idle]\nstop_after = '8760h'", Code::BadSetting),
            ("[idle]", Code::BadSetting),
            ("[idle]\nafter = '30m'", Code::UnknownSetting),
        ] {
            assert_eq!(settled(wrong).err().map(|error| error.code), Some(code), "{wrong}");
        }
    }

    #[test]
    fn flags_add_to_the_tables_and_are_kept_there() {
        let mut document: DocumentMut = "# mine\n[instances]\nweb = 't3.micro' # small\n".parse().unwrap();
        let flags = [instance_entry("web=t3.small").unwrap(), instance_entry("db=t3.micro").unwrap()];
        let cache = [container_entry("cache=redis:7").unwrap()];
        let settled = settle(Path::new("/project"), |key| document.get(key), &flags, &cache);
        let settled = settled.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(settled.instances.value.len(), 2);
        assert_eq!(settled.instances.value[&"web".parse().unwrap()].as_str(), "t3.small");
        keep(&mut document, &flags, &cache);
        let kept = document.to_string();
        assert!(
            kept.starts_with("# mine\n[instances]\nweb = \"t3.small\"") && kept.contains("db = \"t3.micro\""),
            "{kept}"
        );
        assert!(kept.contains("[containers]\ncache = \"redis:7\""), "{kept}");
        let twice = [flags[0].clone(), instance_entry("web=t3.micro").unwrap()];
        assert!(settle(Path::new("/project"), |_| None, &twice, &[]).is_err());
        for bad in ["web", "web=", "=t3.micro", "Web=t3.micro", "web=t3"] {
            assert!(instance_entry(bad).is_err(), "{bad}");
        }
        for bad in ["cache", "cache=", "a/b=redis", "cache=a b"] {
            assert!(container_entry(bad).is_err(), "{bad}");
        }
    }
}
