//! CBOR documents as JSON values and back: the emulator's services know one form of members only.

use super::members::Fault;
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use ciborium::{Value as Cbor, de::Error};
use serde_json::{Map, Number, Value};

/// The deepest nesting that is read.
const MAX_DEPTH: usize = 64;

/// Reads a document of members. Times (tag 1) become their seconds since the Unix epoch, bytes become base64.
///
/// # Errors
/// When the bytes are no CBOR map of texts, or nest too deeply.
pub fn read(body: &[u8]) -> Result<Map<String, Value>, Fault> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    let mut rest = body;
    let document: Cbor = ciborium::de::from_reader_with_recursion_limit(&mut rest, MAX_DEPTH)
        .map_err(|error| Fault::Unreadable(format!("the body is not CBOR: {}", reason(&error))))?;
    if !rest.is_empty() {
        let end = body.len() - rest.len();
        return Err(Fault::Unreadable(format!("the body goes on after its end at byte {end}")));
    }
    match json(document)? {
        Value::Object(members) => Ok(members),
        _ => Err(Fault::Unreadable("the body is not a CBOR map".to_owned())),
    }
}

/// Writes members.
#[must_use]
pub fn write(members: &Value) -> Bytes {
    let mut body = Vec::new();
    // Writing to memory fails for values that CBOR cannot hold only, and it can hold all of JSON's.
    let _ = ciborium::into_writer(members, &mut body);
    body.into()
}

/// Says why bytes cannot be read; the library's own words are those of its programmers.
fn reason<E>(error: &Error<E>) -> String {
    match error {
        Error::Io(_) => "it ends too early".to_owned(),
        Error::Syntax(at) => format!("byte {at} begins nothing"),
        Error::Semantic(Some(at), _) => format!("what begins at byte {at} cannot be read"),
        Error::Semantic(None, _) => "a part of it cannot be read".to_owned(),
        Error::RecursionLimitExceeded => format!("it nests deeper than {MAX_DEPTH} levels"),
    }
}

fn json(value: Cbor) -> Result<Value, Fault> {
    let unreadable = |what: &str| Fault::Unreadable(format!("the body has {what}"));
    Ok(match value {
        Cbor::Null => Value::Null,
        Cbor::Bool(flag) => flag.into(),
        Cbor::Integer(number) => match (u64::try_from(number), i64::try_from(number)) {
            (Ok(number), _) => number.into(),
            (_, Ok(number)) => number.into(),
            _ => return Err(unreadable("an integer of more than 64 bits")),
        },
        // As nothing, what is no number would be taken for absent; JSON writes it as a text, which a service then refuses.
        Cbor::Float(number) => match Number::from_f64(number) {
            Some(number) => Value::Number(number),
            None if number.is_nan() => "NaN".into(),
            None if number > 0.0 => "Infinity".into(),
            None => "-Infinity".into(),
        },
        Cbor::Text(text) => text.into(),
        Cbor::Bytes(bytes) => BASE64_STANDARD.encode(bytes).into(),
        Cbor::Tag(_, tagged) => json(*tagged)?,
        Cbor::Array(items) => Value::Array(items.into_iter().map(json).collect::<Result<_, _>>()?),
        Cbor::Map(entries) => {
            let mut members = Map::new();
            for (name, value) in entries {
                let Cbor::Text(name) = name else { return Err(unreadable("a map whose keys are no texts")) };
                let value = json(value)?;
                if members.contains_key(&name) {
                    return Err(unreadable(&format!("the key `{name}` twice")));
                }
                members.insert(name, value);
            }
            Value::Object(members)
        }
        _ => return Err(unreadable("a value of a kind that is not known")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_written_is_read_again() {
        let members = json!({ "a": [1, -2, 1.5, true, null], "b": { "c": "é" } });
        assert_eq!(Value::Object(read(&write(&members)).unwrap()), members);
        assert_eq!(read(b"").unwrap(), Map::new());
    }

    #[test]
    fn a_time_is_its_seconds() {
        // {"t": 1(1700000000)}
        let body = [0xa1, 0x61, b't', 0xc1, 0x1a, 0x65, 0x53, 0xf1, 0x00];
        assert_eq!(Value::Object(read(&body).unwrap()), json!({ "t": 1_700_000_000 }));
    }

    #[test]
    fn what_is_no_number_is_the_text_that_json_has_for_it() {
        for (number, text) in [(f64::NAN, "NaN"), (f64::INFINITY, "Infinity"), (f64::NEG_INFINITY, "-Infinity")] {
            let mut body = Vec::new();
            ciborium::into_writer(&std::collections::BTreeMap::from([("a", number)]), &mut body).unwrap();
            assert_eq!(Value::Object(read(&body).unwrap()), json!({ "a": text }));
        }
    }

    #[test]
    fn what_is_no_map_of_texts_or_too_deep_is_refused_in_words() {
        let deep = [vec![0x81; 100], vec![0x01]].concat();
        for (body, why) in [
            (&b"\xff"[..], "is not CBOR"),
            (b"\xfc", "byte 0 begins nothing"),
            (b"\xa1\x61a", "it ends too early"),
            (b"\x01", "is not a CBOR map"),
            (b"\xa1\x01\x02", "keys are no texts"),
            (b"\xa0junk", "goes on after its end at byte 1"),
            (b"\xa2\x61a\x01\x61a\x02", "the key `a` twice"),
            (&deep[..], "deeper than 64 levels"),
        ] {
            let Err(Fault::Unreadable(reason)) = read(body) else { panic!("{body:?}") };
            assert!(reason.contains(why) && !reason.contains(['{', '(']), "{reason}");
        }
    }
}
