//! What `atelier.toml` says about alarms: the table `[alarm]`.

use super::{
    nearest::unknown,
    setting::{Origin, Setting},
    source::{FILE, bad_rule},
    values::duration,
};
use crate::error::Result;
use std::{path::Path, time::Duration};
use toml_edit::Item;

/// The table's name.
pub(super) const TABLE: &str = "alarm";

const KEYS: &[&str] = &["errors_per_minute", "p95", "throttles"];
/// More of anything within a minute is no limit.
const MOST: i64 = 1_000_000;
/// The longest that a function may take.
const LONGEST: Duration = Duration::from_mins(15);

/// From when on the function of a stack is in alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Alarms {
    /// So many errors within a minute.
    pub errors_per_minute: Option<u32>,
    /// This duration of the 95th of a hundred invocations within five minutes.
    pub p95: Option<Duration>,
    /// So many refused invocations within a minute.
    pub throttles: Option<u32>,
}

/// Settles the alarms: the table of the file.
pub(super) fn settle(folder: &Path, file: Option<&Item>) -> Result<Setting<Alarms>> {
    let Some(item) = file else { return Ok(Setting::default_of(Alarms::default())) };
    Ok(Setting { value: read(item)?, origin: Origin::File(folder.join(FILE)) })
}

fn read(item: &Item) -> Result<Alarms> {
    let table = item.as_table_like().ok_or_else(|| bad_rule(TABLE, item.type_name(), "table"))?;
    if let Some((key, _)) = table.iter().find(|(key, _)| !KEYS.contains(key)) {
        return Err(unknown(&format!("{TABLE}.{key}"), KEYS));
    }
    let shown = |item: &Item| item.to_string().trim().trim_matches('"').to_owned();
    let count = |key: &str| {
        let Some(item) = table.get(key) else { return Ok(None) };
        let number = item.as_integer().filter(|number| (1..=MOST).contains(number));
        let number = number.and_then(|number| u32::try_from(number).ok());
        number.map(Some).ok_or_else(|| bad_rule(&format!("{TABLE}.{key}"), &shown(item), "alarm_count"))
    };
    let p95 = table.get("p95").map(|item| {
        let read = item.as_str().and_then(|text| duration(text).ok()).filter(|time| *time <= LONGEST);
        read.ok_or_else(|| bad_rule(&format!("{TABLE}.p95"), &shown(item), "alarm_duration"))
    });
    Ok(Alarms { errors_per_minute: count("errors_per_minute")?, p95: p95.transpose()?, throttles: count("throttles")? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use toml_edit::DocumentMut;

    fn settled(text: &str) -> Result<Alarms> {
        let document: DocumentMut = text.parse().unwrap();
        settle(Path::new("/project"), document.get(TABLE)).map(|setting| setting.value)
    }

    #[test]
    fn the_table_is_read_and_what_is_wrong_with_it_is_named() {
        let alarms = settled("[alarm]\nerrors_per_minute = 5\np95 = '1500ms'\nthrottles = 1").unwrap();
        assert_eq!((alarms.errors_per_minute, alarms.throttles), (Some(5), Some(1)));
        assert_eq!(alarms.p95, Some(Duration::from_millis(1500)));
        assert_eq!(settled("").unwrap(), Alarms::default());
        for (bad, code) in [
            ("alarm = 5", Code::BadSetting),
            ("[alarm]\nerrors_per_minute = 0", Code::BadSetting),
            ("[alarm]\nerrors_per_minute = 'many'", Code::BadSetting),
            ("[alarm]\nthrottles = -1", Code::BadSetting),
            ("[alarm]\np95 = 2", Code::BadSetting),
            ("[alarm]\np95 = '1h'", Code::BadSetting),
            ("[alarm]\nerrors = 5", Code::UnknownSetting),
        ] {
            assert_eq!(settled(bad).unwrap_err().code, code, "{bad}");
        }
    }
}
