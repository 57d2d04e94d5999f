//! How output shall look. Decided before everything else, so that an error about a setting is already in the right
//! language and colour.

use super::{
    environment::Environment,
    setting::{Origin, Setting},
    source,
};
use crate::text::Lang;

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ColorWhen {
    /// On a terminal that can.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How output shall look.
#[derive(Debug, Clone)]
pub struct Look {
    /// The language of texts.
    pub lang: Setting<Lang>,
    /// When to use colour.
    pub color: Setting<ColorWhen>,
    /// Whoever reads wants words only, no drawing and nothing that moves: `--plain`, `ACCESSIBLE`, `TERM=dumb`.
    pub plain: bool,
    /// Nobody watches (`CI`): no prompt, no animation.
    pub ci: bool,
}

impl Look {
    /// Decides from the flags, where given, and the environment.
    #[must_use]
    pub fn resolve(lang: Option<Lang>, color: Option<ColorWhen>, plain: bool, environment: &Environment) -> Self {
        let is_on = |value: &str| value != "false" && value != "0";
        Self {
            lang: language(lang, environment),
            color: color_of(color, environment),
            plain: plain || environment.get("TERM") == Some("dumb") || environment.get("ACCESSIBLE").is_some_and(is_on),
            ci: environment.get("CI").is_some_and(is_on),
        }
    }
}

/// The first that is set decides, as in POSIX (`LC_ALL=C LANG=fr_FR` is English); a language that we do not speak is
/// English. `atelier.toml` has no say: a language belongs to a person, not to a project.
fn language(flag: Option<Lang>, environment: &Environment) -> Setting<Lang> {
    if let Some(value) = flag {
        return source::LANG.by_flag(value);
    }
    match source::LANG.variable(environment) {
        Some((name, locale)) => {
            Setting { value: Lang::from_locale(locale).unwrap_or_default(), origin: Origin::Environment(name) }
        }
        None => Setting::default_of(Lang::default()),
    }
}

/// <https://no-color.org> and <https://bixense.com/clicolors>.
fn color_of(flag: Option<ColorWhen>, environment: &Environment) -> Setting<ColorWhen> {
    if let Some(value) = flag {
        return source::COLOR.by_flag(value);
    }
    let said = source::COLOR.variables.iter().find_map(|&name| {
        let value = match (name, environment.get(name)?) {
            ("NO_COLOR", _) | ("TERM", "dumb") | ("CLICOLOR", "0") => ColorWhen::Never,
            ("CLICOLOR_FORCE", value) if value != "0" => ColorWhen::Always,
            _ => return None,
        };
        Some(Setting { value, origin: Origin::Environment(name) })
    });
    said.unwrap_or_else(|| Setting::default_of(ColorWhen::default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(variables: &[(&str, &str)]) -> Look {
        Look::resolve(None, None, false, &variables.iter().copied().collect())
    }

    #[test]
    fn the_first_locale_variable_that_is_set_decides() {
        assert_eq!(look(&[("LANG", "fr_FR.UTF-8")]).lang.value, Lang::Fr);
        assert_eq!(look(&[("LANG", "fr_FR.UTF-8"), ("LC_ALL", "C")]).lang.value, Lang::En);
        assert_eq!(look(&[("LC_ALL", ""), ("LANG", "fr")]).lang.value, Lang::Fr);
        assert_eq!(look(&[("ATELIER_LANG", "fr"), ("LC_ALL", "C")]).lang.value, Lang::Fr);
        assert_eq!(look(&[("LANG", "de_DE.UTF-8")]).lang.value, Lang::En);
        assert_eq!(look(&[]).lang.origin, Origin::Default);
    }

    #[test]
    fn whoever_asks_for_words_gets_words() {
        for variable in [("TERM", "dumb"), ("ACCESSIBLE", "1")] {
            assert!(look(&[variable]).plain, "{variable:?}");
        }
        assert!(!look(&[("ACCESSIBLE", "0"), ("TERM", "xterm")]).plain);
        assert!(Look::resolve(None, None, true, &[("TERM", "xterm")].into_iter().collect()).plain);
    }

    #[test]
    fn no_color_wins_over_force_and_a_flag_over_both() {
        let both = [("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")];
        assert_eq!(look(&both).color.value, ColorWhen::Never);
        assert_eq!(look(&both[1..]).color.value, ColorWhen::Always);
        assert_eq!(look(&[("TERM", "dumb")]).color.value, ColorWhen::Never);
        let flag = Look::resolve(None, Some(ColorWhen::Always), false, &both.into_iter().collect());
        assert_eq!((flag.color.value, flag.color.origin), (ColorWhen::Always, Origin::Flag("--color")));
    }
}
