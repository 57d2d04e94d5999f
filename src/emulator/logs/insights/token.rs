//! The words of a query.

use super::{Malformed, search::Search};

/// One word.
#[derive(Debug, Clone)]
pub(super) enum Token {
    /// A name, or a word of the language.
    Name(String),
    Text(String),
    Number(f64),
    /// A length of time, in milliseconds (`5m`).
    Span(i64),
    Expression(Search),
    /// An operator or a bracket.
    Sign(&'static str),
}

/// The signs, the longer ones first.
const SIGNS: [&str; 22] =
    ["!=", "<=", ">=", "=~", "==", "=", "<", ">", "(", ")", "[", "]", ",", "|", "+", "-", "*", "/", "%", "^", "{", "}"];

/// Units of lengths of time: their names, of which the longer ones may have an `s` behind them, their milliseconds, and the
/// most that is counted of each. Months are of thirty days here.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html>
const UNITS: [(&[&str], i64, i64); 9] = [
    (&["millisecond", "msec", "ms"], 1, 1000),
    (&["second", "sec", "s"], 1000, 60),
    (&["minute", "min", "m"], 60_000, 60),
    (&["hour", "hr", "h"], 3_600_000, 24),
    (&["day", "d"], 86_400_000, i64::MAX),
    (&["week", "w"], 604_800_000, i64::MAX),
    (&["month", "mon", "mo"], 2_592_000_000, i64::MAX),
    (&["quarter", "qtr", "q"], 7_776_000_000, i64::MAX),
    (&["year", "yr", "y"], 31_536_000_000, i64::MAX),
];

/// Takes a query apart. With each word goes where it begins and ends in the text.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, usize, usize)>, Malformed> {
    let mut found: Vec<(Token, usize, usize)> = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].chars().next() {
        let rest = &text[at..];
        if next.is_whitespace() {
            at += next.len_utf8();
            continue;
        }
        if next == '#' {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        let (token, length) = token(rest, &found)?;
        found.push((token, at, at + length));
        at += length;
    }
    Ok(found)
}

fn token(rest: &str, found: &[(Token, usize, usize)]) -> Result<(Token, usize), Malformed> {
    let before = found.last().map(|(token, ..)| token);
    let first = rest.chars().next().unwrap_or_default();
    if matches!(first, '"' | '\'' | '`') {
        let (text, length) = enclosed(rest, first)?;
        return Ok((if first == '`' { Token::Name(text) } else { Token::Text(text) }, length));
    }
    // Behind a value a slash divides; elsewhere it begins an expression.
    let is_behind_value = match before {
        Some(Token::Name(name)) => !matches!(name.to_lowercase().as_str(), "like" | "parse" | "not"),
        Some(Token::Number(_) | Token::Text(_) | Token::Span(_)) => true,
        Some(Token::Sign(sign)) => matches!(*sign, ")" | "]"),
        _ => false,
    };
    if first == '/' && (!is_behind_value || parses(found)) {
        return expression(rest);
    }
    if first.is_ascii_digit() {
        return number(rest);
    }
    if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
        return Ok((Token::Sign(sign), sign.len()));
    }
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '@' | '.' | '$');
    let length = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
    if length == 0 {
        return Err(Malformed::Syntax(format!("unexpected symbol found {first}")));
    }
    Ok((Token::Name(rest[..length].to_owned()), length))
}

/// Whether an expression stands behind a field: `parse @message /…/`.
fn parses(found: &[(Token, usize, usize)]) -> bool {
    let is_parse = |(token, ..): &(Token, usize, usize)| matches!(token, Token::Name(name) if name == "parse");
    found.len().checked_sub(2).and_then(|at| found.get(at)).is_some_and(is_parse)
}

fn enclosed(rest: &str, quote: char) -> Result<(String, usize), Malformed> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, next)) = chars.next() {
        match next {
            _ if next == quote => return Ok((text, at + 1)),
            '\\' => match chars.next() {
                Some((_, escaped)) if escaped == quote || escaped == '\\' => text.push(escaped),
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, other)) => text.extend(['\\', other]),
                None => {}
            },
            other => text.push(other),
        }
    }
    Err(Malformed::Syntax("a quote does not end".to_owned()))
}

fn expression(rest: &str) -> Result<(Token, usize), Malformed> {
    let mut is_escaped = false;
    let end = rest.char_indices().skip(1).find(|(_, next)| {
        let ends = *next == '/' && !is_escaped;
        is_escaped = *next == '\\' && !is_escaped;
        ends
    });
    let (end, _) = end.ok_or_else(|| Malformed::Syntax("a regular expression does not end".to_owned()))?;
    let text = rest[1..end].replace("\\/", "/");
    let search = Search::read(&text)
        .map_err(|error| Malformed::Syntax(format!("`{text}` is no regular expression: {error}")))?;
    Ok((Token::Expression(search), end + 1))
}

fn number(rest: &str) -> Result<(Token, usize), Malformed> {
    let length = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
    let number: f64 =
        rest[..length].parse().map_err(|_| Malformed::Syntax(format!("`{}` is no number", &rest[..length])))?;
    let unit = &rest[length..];
    let unit_length = unit.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(unit.len());
    if unit_length == 0 {
        return Ok((Token::Number(number), length));
    }
    let unit = &unit[..unit_length];
    let is_named = |name: &&str| *name == unit || name.len() > 1 && unit.strip_suffix('s') == Some(*name);
    let known = UNITS.into_iter().find(|(names, ..)| names.iter().any(is_named));
    let (_, millis, most) = known.ok_or_else(|| Malformed::Syntax(format!("`{unit}` is no unit of time")))?;
    let count: i64 =
        rest[..length].parse().map_err(|_| Malformed::Syntax("lengths of time are whole numbers".to_owned()))?;
    Ok((Token::Span(count.min(most).saturating_mul(millis).max(1)), length + unit_length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        let words = tokens(text).unwrap().into_iter().map(|(token, ..)| match token {
            Token::Name(name) => name,
            Token::Text(text) => format!("'{text}'"),
            Token::Number(number) => number.to_string(),
            Token::Span(millis) => format!("{millis}ms"),
            Token::Expression(search) => format!("/{}/", search.text()),
            Token::Sign(sign) => sign.to_owned(),
        });
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_are_told_apart() {
        for (text, words) in [
            ("fields @timestamp, a.b # all of it\n| limit 20", "fields @timestamp , a.b | limit 20"),
            ("filter a/2 >= 1.5 and b like /x\\/y/", "filter a / 2 >= 1.5 and b like /x/y/"),
            ("parse @message /(?<n>\\d+)/", "parse @message /(?<n>\\d+)/"),
            ("stats count(*) by bin(5m)", "stats count ( * ) by bin ( 300000ms )"),
            ("bin(2hrs) bin(1minute) bin(3ms)", "bin ( 7200000ms ) bin ( 60000ms ) bin ( 3ms )"),
            ("bin(1quarter) bin(2yrs)", "bin ( 7776000000ms ) bin ( 63072000000ms )"),
            // More is counted as the most that there is of a unit.
            ("bin(300s) bin(90m) bin(48h)", "bin ( 60000ms ) bin ( 3600000ms ) bin ( 86400000ms )"),
            ("filter `a-b` = \"x\\\"y\"", "filter a-b = 'x\"y'"),
        ] {
            assert_eq!(said(text), words);
        }
        for text in ["\"open", "a like /x", "bin(5x)", "a ; b", "/(/"] {
            assert!(tokens(text).is_err(), "{text}");
        }
    }
}
