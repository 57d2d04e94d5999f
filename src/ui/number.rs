//! Numbers for people, with the decimal mark of their language.

use crate::text::Lang;

/// Milliseconds as people read them: no decimals where there are many.
#[must_use]
pub(crate) fn millis(lang: Lang, ms: f64) -> String {
    lang.decimal(&match ms {
        ..1.0 => format!("{ms:.2} ms"),
        ..10.0 => format!("{ms:.1} ms"),
        _ => format!("{ms:.0} ms"),
    })
}

/// A number with so many decimals.
#[must_use]
pub(crate) fn decimal(lang: Lang, number: f64, decimals: usize) -> String {
    lang.decimal(&format!("{number:.decimals$}"))
}

/// Hours as people read them: whole minutes below one.
#[must_use]
pub(crate) fn hours(lang: Lang, hours: f64) -> String {
    // The sum of nothing is a negative zero.
    let hours = hours + 0.0;
    if hours < 1.0 { format!("{:.0} min", (hours * 60.0).floor()) } else { format!("{} h", decimal(lang, hours, 1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_as_many_digits_as_anybody_reads_and_the_mark_of_the_language() {
        let of = |lang| [0.123, 1.26, 34.6, 1234.5].map(|ms| millis(lang, ms));
        assert_eq!(of(Lang::En), ["0.12 ms", "1.3 ms", "35 ms", "1234 ms"]);
        assert_eq!(of(Lang::Fr), ["0,12 ms", "1,3 ms", "35 ms", "1234 ms"]);
    }

    #[test]
    fn a_number_has_the_decimals_that_were_asked_for() {
        assert_eq!([Lang::En, Lang::Fr].map(|lang| decimal(lang, 2.345, 1)), ["2.3", "2,3"]);
        assert_eq!(decimal(Lang::Fr, 2.0, 0), "2");
    }

    #[test]
    fn a_short_time_is_told_in_minutes() {
        let of = |lang| [-0.0, 0.01, 0.05, 0.9999, 1.0, 2.56].map(|time| hours(lang, time));
        assert_eq!(of(Lang::En), ["0 min", "0 min", "3 min", "59 min", "1.0 h", "2.6 h"]);
        assert_eq!(of(Lang::Fr), ["0 min", "0 min", "3 min", "59 min", "1,0 h", "2,6 h"]);
    }
}
