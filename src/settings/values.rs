//! The settings' values, each parsed once; a text that breaks its rule is answered with the rule.

use crate::{
    contract::Lifetime,
    edge::limits::Rate,
    engine_kind::EngineKind,
    lenience::Lenience,
    names::{InstanceType, StackName, is_region},
    runtimes::Runtime,
    text::{Message, without_login},
};
use clap::ValueEnum;
use std::{fmt, net::IpAddr, time::Duration};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// What a value should have been, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule(pub Message);

impl Rule {
    /// Takes the rule of this name in the locale files.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(Message::new(format!("rule.{name}")))
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Rule {}

/// Reads a duration: a whole number of seconds, or a number with `ms`, `s`, `m` or `h` (`90`, `500ms`, `10m`).
///
/// # Errors
/// Tells the rule when the text breaks it, or names a duration of nothing.
pub fn duration(text: &str) -> Result<Duration, Rule> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| Rule::new("duration"))?;
    let millis = match unit {
        "ms" => Some(number),
        "" | "s" => number.checked_mul(1000),
        "m" => number.checked_mul(60 * 1000),
        "h" => number.checked_mul(60 * 60 * 1000),
        _ => None,
    };
    match millis {
        // A year is longer than any wait and still far from overflowing the clock.
        Some(millis @ 1..=31_536_000_000) => Ok(Duration::from_millis(millis)),
        _ => Err(Rule::new("duration")),
    }
}

/// A moment that a user names: so long ago, or exactly then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// So long before now.
    Ago(Duration),
    /// Then.
    At(OffsetDateTime),
}

impl Moment {
    /// The moment, where it is `now`.
    #[must_use]
    pub fn before(self, now: OffsetDateTime) -> OffsetDateTime {
        match self {
            Self::Ago(ago) => now - ago,
            Self::At(moment) => moment,
        }
    }
}

/// Reads a moment: a duration before now (`10m`, `24h`, `7d`), or a time in RFC 3339 (`2026-11-23T12:00:00Z`); one without a
/// zone, as `history` prints it, or a day alone, is UTC's.
///
/// # Errors
/// Tells the rule when the text is neither.
pub fn moment(text: &str) -> Result<Moment, Rule> {
    let days = text.strip_suffix('d').and_then(|days| days.parse::<u64>().ok()).filter(|days| (1..=365).contains(days));
    if let Some(days) = days {
        return Ok(Moment::Ago(Duration::from_hours(24 * days)));
    }
    let at = || OffsetDateTime::parse(text, &Rfc3339).or_else(|_| OffsetDateTime::parse(&in_utc(text), &Rfc3339));
    duration(text).map(Moment::Ago).or_else(|_| at().map(Moment::At)).map_err(|_| Rule::new("moment"))
}

/// A time without a zone (`2026-11-23 12:00`) in the form that has one.
fn in_utc(text: &str) -> String {
    let text = text.replacen(' ', "T", 1);
    match text.len() {
        10 => format!("{text}T00:00:00Z"),
        16 => format!("{text}:00Z"),
        _ => format!("{text}Z"),
    }
}

/// Statuses that are wanted: one (`404`), or a class (`4xx`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusFilter {
    /// A class, by its first digit.
    Class(u16),
    /// One.
    Exactly(u16),
}

impl StatusFilter {
    /// Whether a status is wanted; none is never.
    #[must_use]
    pub fn takes(self, status: Option<u16>) -> bool {
        status.is_some_and(|status| match self {
            Self::Class(class) => status / 100 == class,
            Self::Exactly(wanted) => status == wanted,
        })
    }
}

/// Reads which statuses are wanted.
///
/// # Errors
/// Tells the rule when the text is neither a status nor a class of them.
pub fn status(text: &str) -> Result<StatusFilter, Rule> {
    let class = text.strip_suffix("xx").or_else(|| text.strip_suffix("XX"));
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    let found = match class {
        Some(class) => number(class).filter(|class| (1..=5).contains(class)).map(StatusFilter::Class),
        None => number(text).filter(|status| (100..=599).contains(status)).map(StatusFilter::Exactly),
    };
    found.ok_or_else(|| Rule::new("status"))
}

/// Reads a pattern that lines are searched for.
///
/// # Errors
/// Tells the rule when the text is no regular expression.
pub fn pattern(text: &str) -> Result<regex_lite::Regex, Rule> {
    regex_lite::Regex::new(text).map_err(|_| Rule::new("pattern"))
}

/// Reads how long something may run (`2h`).
///
/// # Errors
/// Tells the rule when the text breaks it.
pub fn lifetime(text: &str) -> Result<Lifetime, Rule> {
    text.parse().map_err(|_| Rule::new("lifetime"))
}

/// Reads the name of a type of instance (`t3.small`), by its form only: which there are, an engine knows.
///
/// # Errors
/// Tells the rule when the text cannot be one.
pub fn instance_type(text: &str) -> Result<InstanceType, Rule> {
    text.parse().map_err(|_| Rule::new("instance_type"))
}

/// Reads the name of a runtime that has an interpreter (`python3.12`).
///
/// # Errors
/// Tells the rule when there is no such runtime.
pub fn runtime(text: &str) -> Result<Runtime, Rule> {
    text.parse().map_err(|_| Rule::new("runtime"))
}

/// Reads the base URL of an HTTP service, and drops slashes at its end: users paste them from a browser.
///
/// # Errors
/// Tells the rule when the text is not `http://host[:port]` or `https://host[:port]`.
pub fn base_url(text: &str) -> Result<String, Rule> {
    let url = text.trim().trim_end_matches('/');
    let Some(("http" | "https", host)) = url.split_once("://") else {
        let guess = format!("https://{}", url.split_once("://").map_or(url, |(_, host)| host));
        return Err(Rule(Message::new("rule.url_scheme").with("url", without_login(&guess))));
    };
    let plain = http::Uri::try_from(url).is_ok_and(|uri| {
        uri.host().is_some_and(|host| !host.is_empty())
            && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
    });
    if plain && !host.contains(['/', '?', '#']) { Ok(url.to_owned()) } else { Err(Rule::new("url")) }
}

/// Reads the URL of an AWS API that runs somewhere. A link-local address is refused: it is that of a cloud's metadata
/// service, which nobody should call by mistake. Whoever means it writes a host name.
///
/// # Errors
/// Tells the rule that the text breaks.
pub fn endpoint(text: &str) -> Result<String, Rule> {
    let url = base_url(text)?;
    let uri = http::Uri::try_from(&url).map_err(|_| Rule::new("url"))?;
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let is_link_local = host.parse::<IpAddr>().is_ok_and(|address| match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    });
    if is_link_local { Err(Rule::new("link_local")) } else { Ok(url) }
}

/// Reads a port; 0 lets the system choose a free one.
///
/// # Errors
/// Tells the rule when the text is not a number from 0 to 65535.
pub fn port(text: &str) -> Result<u16, Rule> {
    text.parse().map_err(|_| Rule::new("port"))
}

/// Reads the name of a stack.
///
/// # Errors
/// Tells the rule when the text breaks it.
pub fn stack(text: &str) -> Result<StackName, Rule> {
    text.parse().map_err(|_| Rule::new("stack"))
}

/// Reads an AWS region, by its form only: new regions appear every year.
///
/// # Errors
/// Tells the rule when the text cannot be one.
pub fn region(text: &str) -> Result<String, Rule> {
    if is_region(text) { Ok(text.to_owned()) } else { Err(Rule::new("region")) }
}

/// Who may call the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Auth {
    /// Whoever has its URL.
    None,
    /// Whoever has an API key.
    ApiKey,
}

impl Auth {
    /// The name that flags and `atelier.toml` use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ApiKey => "api-key",
        }
    }
}

/// Reads who may call the API.
pub(super) fn auth(text: &str) -> Result<Auth, Rule> {
    Auth::from_str(text, false).map_err(|_| Rule::new("auth"))
}

/// Reads how often one client may call: `off`, `50` (a second) or `50/100` (a second, and at once after a rest; twice
/// the rate where it is not said).
///
/// # Errors
/// Tells the rule when the text breaks it, or names a rate of nothing.
pub fn rate(text: &str) -> Result<Option<Rate>, Rule> {
    if text == "off" {
        return Ok(None);
    }
    let number = |text: &str| text.parse().ok().filter(|number: &u32| (1..=1_000_000).contains(number));
    let (per_second, burst) = text.split_once('/').map_or((text, None), |(rate, burst)| (rate, Some(burst)));
    let per_second = number(per_second).ok_or_else(|| Rule::new("rate"))?;
    let burst = burst.map_or(Some(per_second.saturating_mul(2)), number).ok_or_else(|| Rule::new("rate"))?;
    Ok(Some(Rate { per_second, burst }))
}

/// Reads how long a log file may become: a number of bytes, or one with `kB`, `MB` or `GB`.
///
/// # Errors
/// Tells the rule when the text breaks it, or names less than 64 kB or more than 10 GB.
pub(super) fn log_size(text: &str) -> Result<u64, Rule> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let unit: u64 = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" | "k" => 1_000,
        "mb" | "m" => 1_000_000,
        "gb" | "g" => 1_000_000_000,
        _ => return Err(Rule::new("log_size")),
    };
    let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    bytes.filter(|bytes| (64_000..=10_000_000_000).contains(bytes)).ok_or_else(|| Rule::new("log_size"))
}

/// Reads how many log files are kept.
///
/// # Errors
/// Tells the rule when the text is not a number from 1 to 100.
pub(super) fn log_files(text: &str) -> Result<usize, Rule> {
    text.parse().ok().filter(|files| (1..=100).contains(files)).ok_or_else(|| Rule::new("log_files"))
}

/// Reads an address to listen on (`0.0.0.0`, `192.0.2.7`, `::`).
///
/// # Errors
/// Tells the rule when the text breaks it.
pub fn address(text: &str) -> Result<IpAddr, Rule> {
    text.parse().map_err(|_| Rule::new("address"))
}

/// Reads for whom an engine is lenient: `off`, `on` or `public`, and `true` and `false` as files say it.
///
/// # Errors
/// Tells the rule when the text breaks it.
pub fn lenient(text: &str) -> Result<Lenience, Rule> {
    Lenience::parse(text).ok_or_else(|| Rule::new("lenient"))
}

/// Reads `on` or `off`, and `true` and `false` as files say it.
///
/// # Errors
/// Tells the rule when the text breaks it.
pub fn switch(text: &str) -> Result<bool, Rule> {
    match text {
        "on" | "true" => Ok(true),
        "off" | "false" => Ok(false),
        _ => Err(Rule::new("switch")),
    }
}

/// Reads the origins whose pages may call, separated by commas; each exactly as browsers send it, so without a path,
/// and never a wildcard.
///
/// # Errors
/// Tells the rule when one of them is not an origin.
pub fn origins(text: &str) -> Result<Vec<String>, Rule> {
    let origin = |text: &str| match base_url(text) {
        Ok(url) if url == text && !text.contains('*') && text == text.to_ascii_lowercase() => Ok(url),
        _ => Err(Rule::new("origin")),
    };
    text.split(',').map(str::trim).filter(|text| !text.is_empty()).map(origin).collect()
}

/// Reads the name of an engine.
pub(super) fn engine(text: &str) -> Result<EngineKind, Rule> {
    EngineKind::from_str(text, false).map_err(|_| Rule::new("engine"))
}

/// Takes any text.
#[expect(clippy::unnecessary_wraps, reason = "has the shape of the other parsers")]
pub(super) fn text(text: &str) -> Result<String, Rule> {
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit_or_are_seconds() {
        assert_eq!(duration("90").unwrap(), Duration::from_secs(90));
        assert_eq!(duration("500ms").unwrap(), Duration::from_millis(500));
        assert_eq!(duration("10m").unwrap(), Duration::from_mins(10));
        for bad in ["", "s", "-1", "0", "1.5s", "10 m", "1d", "99999999999999999999", "18446744073709551615h"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_moment_is_so_long_ago_or_a_time_as_it_is_printed() {
        let at = |text: &str| Moment::At(OffsetDateTime::parse(text, &Rfc3339).unwrap());
        assert_eq!(moment("7d").unwrap(), Moment::Ago(Duration::from_hours(7 * 24)));
        for (text, expected) in [
            ("2026-11-23T12:00:00+01:00", "2026-11-23T11:00:00Z"),
            ("2026-11-23 12:00:01", "2026-11-23T12:00:01Z"),
            ("2026-11-23T12:00", "2026-11-23T12:00:00Z"),
            ("2026-11-23", "2026-11-23T00:00:00Z"),
        ] {
            assert_eq!(moment(text).unwrap(), at(expected), "{text}");
        }
        for bad in ["", "yesterday", "12:00", "2026-13-01", "2026-11-23 25:00", "0d", "400d"] {
            assert!(moment(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_rate_is_off_or_a_number_with_a_burst() {
        assert_eq!(rate("off").unwrap(), None);
        assert_eq!(rate("50").unwrap(), Some(Rate { per_second: 50, burst: 100 }));
        assert_eq!(rate("50/7").unwrap(), Some(Rate { per_second: 50, burst: 7 }));
        for bad in ["", "0", "5/0", "-1", "5/", "/5", "1.5", "Off", "5/5/5", "99999999999"] {
            assert!(rate(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_origin_is_exact_or_refused() {
        assert_eq!(origins("https://a.example, http://b:8080").unwrap(), ["https://a.example", "http://b:8080"]);
        assert_eq!(origins("").unwrap(), [""; 0]);
        for bad in
            ["*", "https://*.example", "https://a.example/", "https://a.example/x", "a.example", "null", "https://A"]
        {
            assert!(origins(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_link_local_address_is_no_endpoint() {
        for good in ["http://127.0.0.1:4566", "http://metadata.example", "http://[::1]:1", "https://10.0.0.1"] {
            assert_eq!(endpoint(good).unwrap(), good);
        }
        for bad in ["http://169.254.169.254", "http://[fe80::1]:80", "http://[::ffff:169.254.1.2]"] {
            assert_eq!(endpoint(bad), Err(Rule::new("link_local")), "{bad}");
        }
    }

    #[test]
    fn a_base_url_loses_its_slash_and_keeps_its_scheme() {
        assert_eq!(base_url("https://x-4566.app.github.dev/").unwrap(), "https://x-4566.app.github.dev");
        assert_eq!(base_url(" http://127.0.0.1:4566// ").unwrap(), "http://127.0.0.1:4566");
        for bad in ["x-4566.app.github.dev", "ftp://x", "https://", "http://u:p@x", "http://x/path", "http://x?q"] {
            assert!(base_url(bad).is_err(), "{bad}");
        }
        assert!(base_url("x.dev/").unwrap_err().to_string().contains("`https://x.dev`"));
    }

    #[test]
    fn of_a_url_no_password_is_shown() {
        assert!(!base_url("user:pass@host").unwrap_err().to_string().contains("pass"));
    }
}
