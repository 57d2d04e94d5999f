//! The functions of texts, and of what stands in texts.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html>

use super::{datum::Datum, work::Work};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;

/// What a function makes of its arguments.
pub(super) fn call(name: &str, values: &[Option<Datum>], work: &Work) -> Option<Datum> {
    let value = |at: usize| values.get(at).and_then(Option::as_ref);
    let text = |at: usize| value(at).map(Datum::to_string);
    let number = |at: usize| value(at).and_then(Datum::number);
    Some(match name {
        "strlen" => Datum::Number(count(text(0)?.chars().count())),
        "messagesize" => Datum::Number(count(text(0)?.len())),
        "tolower" => Datum::Text(text(0)?.to_lowercase()),
        "toupper" => Datum::Text(text(0)?.to_uppercase()),
        "trim" | "ltrim" | "rtrim" => {
            Datum::Text(trimmed(&text(0)?, text(1).as_deref(), (name != "rtrim", name != "ltrim")))
        }
        "replace" => {
            let (text, part, new) = (text(0)?, text(1)?, text(2)?);
            work.take(text.len().saturating_add(text.matches(&part).count().saturating_mul(new.len())))?;
            Datum::Text(text.replace(&part, &new))
        }
        "substr" => {
            let (start, count) = (position(number(1)?), number(2).map_or(usize::MAX, position));
            Datum::Text(text(0)?.chars().skip(start).take(count).collect())
        }
        "startswith" => Datum::truth(text(0)?.starts_with(&text(1)?)),
        "endswith" => Datum::truth(text(0)?.ends_with(&text(1)?)),
        "isempty" => Datum::truth(text(0).is_none_or(|text| text.is_empty())),
        "isblank" => Datum::truth(text(0).is_none_or(|text| text.trim().is_empty())),
        "isnumeric" => Datum::truth(number(0).is_some()),
        "tonumber" | "todouble" => Datum::Number(number(0)?),
        "base64encode" => {
            let text = text(0)?;
            work.take(text.len().saturating_mul(2))?;
            Datum::Text(BASE64_STANDARD.encode(text))
        }
        "base64decode" => Datum::Text(String::from_utf8(BASE64_STANDARD.decode(text(0)?).ok()?).ok()?),
        "hextoascii" => Datum::Text(ascii(&text(0)?)?),
        "hextodec" => Datum::Number(decimal(&text(0)?)?),
        "dectohex" => Datum::Text(hexadecimal(number(0)?)),
        "jsonarraysize" => Datum::Number(count(array(&text(0)?)?.len())),
        "jsonarraycontains" => {
            let (items, wanted) = (array(&text(0)?).unwrap_or_default(), text(1)?);
            let is_wanted = |item: &Value| item.as_str().map_or_else(|| item.to_string(), str::to_owned) == wanted;
            Datum::truth(items.iter().any(is_wanted))
        }
        _ => return None,
    })
}

/// Takes characters away from the left and from the right of a text: white space, unless others are named.
fn trimmed(text: &str, named: Option<&str>, (left, right): (bool, bool)) -> String {
    let goes = |c: char| named.map_or_else(|| c.is_whitespace(), |named| named.contains(c));
    let text = if left { text.trim_start_matches(goes) } else { text };
    let text = if right { text.trim_end_matches(goes) } else { text };
    text.to_owned()
}

/// The text whose letters are written in hexadecimal digits.
fn ascii(hex: &str) -> Option<String> {
    let digit = |c: char| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let digits = hex.chars().map(digit).collect::<Option<Vec<u8>>>().filter(|digits| digits.len().is_multiple_of(2))?;
    let text: String = digits.chunks_exact(2).map(|pair| char::from(pair[0] * 16 + pair[1])).collect();
    text.is_ascii().then_some(text)
}

/// The number that is written in hexadecimal digits, with or without `0x` before them.
fn decimal(hex: &str) -> Option<f64> {
    let digits = hex.strip_prefix("0x").or_else(|| hex.strip_prefix("0X")).unwrap_or(hex);
    let number = u64::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))?;
    #[expect(clippy::cast_precision_loss, reason = "the language has no other numbers")]
    let number = number as f64;
    Some(number)
}

/// Writes the whole part of a number in hexadecimal digits.
fn hexadecimal(number: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "what does not fit is the farthest that does")]
    let whole = number as i64;
    format!("{}0x{:x}", if whole < 0 { "-" } else { "" }, whole.unsigned_abs())
}

/// The items of an array of JSON.
fn array(json: &str) -> Option<Vec<Value>> {
    serde_json::from_str(json).ok()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what is negative is the start")]
fn position(number: f64) -> usize {
    number as usize
}

#[expect(clippy::cast_precision_loss, reason = "texts have fewer than 2^53 characters")]
fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_trimmed_taken_apart_and_read() {
        for (name, arguments, expected) in [
            ("trim", &["  a b "][..], Some("a b")),
            ("ltrim", &["  a b "], Some("a b ")),
            ("rtrim", &["  a b "], Some("  a b")),
            // The examples of the documentation.
            ("ltrim", &["xyZxyfooxyZ", "xyZ"], Some("fooxyZ")),
            ("rtrim", &["xyZfooxyxyZ", "xyZ"], Some("xyZfoo")),
            ("trim", &["xyZxyfooxyxyZ", "xyZ"], Some("foo")),
            ("substr", &["xyZfooxyZ", "3", "3"], Some("foo")),
            ("hextoascii", &["48656c6c6f"], Some("Hello")),
            ("hextodec", &["0xff"], Some("255")),
            ("dectohex", &["255"], Some("0xff")),
            ("dectohex", &["-16.9"], Some("-0x10")),
            ("strlen", &["äö"], Some("2")),
            ("messagesize", &["äö"], Some("4")),
            ("startswith", &["/aws/lambda", "/aws"], Some("1")),
            ("endswith", &["/aws/lambda", "/aws"], Some("0")),
            ("isnumeric", &["12.5"], Some("1")),
            ("isnumeric", &["12.5 ms"], Some("0")),
            ("tonumber", &["12.5"], Some("12.5")),
            ("base64encode", &["a b"], Some("YSBi")),
            ("base64decode", &["YSBi"], Some("a b")),
            ("jsonarraysize", &["[1, \"a\"]"], Some("2")),
            ("jsonarraysize", &["{}"], None),
            ("jsonarraycontains", &["[1, \"a\"]", "a"], Some("1")),
            ("jsonarraycontains", &["[1, \"a\"]", "A"], Some("0")),
            ("jsonarraycontains", &["none", "a"], Some("0")),
            ("hextoascii", &["486"], None),
            ("hextoascii", &["4g"], None),
            ("hextodec", &["+f"], None),
            ("base64decode", &["?"], None),
        ] {
            let values: Vec<Option<Datum>> =
                arguments.iter().map(|text| Some(Datum::Text((*text).to_owned()))).collect();
            let found = call(name, &values, &Work::default()).map(|value| value.to_string());
            assert_eq!(found.as_deref(), expected, "{name}({arguments:?})");
        }
        assert_eq!(call("isblank", &[None], &Work::default()), Some(Datum::truth(true)));
        assert_eq!(call("strlen", &[None], &Work::default()), None);
    }
}
