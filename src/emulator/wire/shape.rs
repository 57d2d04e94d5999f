//! Members of answers in every protocol that a service may be asked in: what JSON cannot say of a value by itself is
//! said by the name of its member.

use super::{iso_time, xml};
use bytes::Bytes;
use ciborium::Value as Cbor;
use serde_json::{Map, Value};

/// The tag of seconds since the Unix epoch.
const EPOCH: u64 = 1;

/// What the members of a service's answers are that look like something else.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Times, or lists of times: seconds since the Unix epoch in JSON, tagged so in CBOR, ISO 8601 in XML.
    pub times: &'static [&'static str],
    /// Maps with names of their own, which XML writes as entries.
    pub maps: &'static [&'static str],
}

impl Shape {
    /// Writes members as CBOR.
    #[must_use]
    pub fn cbor(&self, members: &Value) -> Bytes {
        let mut body = Vec::new();
        // Writing to memory fails for values that CBOR cannot hold only, and it can hold all of JSON's.
        let _ = ciborium::into_writer(&self.cbor_value(members, false), &mut body);
        body.into()
    }

    fn cbor_value(&self, value: &Value, is_time: bool) -> Cbor {
        match value {
            Value::Null => Cbor::Null,
            Value::Bool(flag) => Cbor::Bool(*flag),
            Value::Number(number) if is_time => {
                Cbor::Tag(EPOCH, Box::new(Cbor::Float(number.as_f64().unwrap_or_default())))
            }
            Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(number), _) => Cbor::Integer(number.into()),
                (_, Some(number)) => Cbor::Integer(number.into()),
                _ => Cbor::Float(number.as_f64().unwrap_or_default()),
            },
            Value::String(text) => Cbor::Text(text.clone()),
            Value::Array(items) => Cbor::Array(items.iter().map(|item| self.cbor_value(item, is_time)).collect()),
            Value::Object(members) => {
                let member = |(name, value): (&String, &Value)| {
                    (Cbor::Text(name.clone()), self.cbor_value(value, self.times.contains(&name.as_str())))
                };
                Cbor::Map(members.iter().map(member).collect())
            }
        }
    }

    /// Writes members as the content of an XML element.
    pub fn xml(&self, element: &mut xml::Element, members: &Map<String, Value>) {
        for (name, value) in members {
            self.xml_member(element, name, value);
        }
    }

    fn xml_member(&self, parent: &mut xml::Element, name: &str, value: &Value) {
        match value {
            Value::Null => {}
            Value::Array(items) => {
                xml::list(parent, name, "member", items, |item, value| self.xml_value(item, name, value));
            }
            Value::Object(entries) if self.maps.contains(&name) => {
                xml::list(parent, name, "entry", entries, |entry, (key, value)| {
                    xml::text(entry, "key", key);
                    xml::element(entry, "value", |element| self.xml_value(element, "", value));
                });
            }
            value => xml::element(parent, name, |element| self.xml_value(element, name, value)),
        }
    }

    /// Writes the content of an element of this name.
    fn xml_value(&self, element: &mut xml::Element, name: &str, value: &Value) {
        match value {
            Value::Null => {}
            Value::Number(number) if self.times.contains(&name) => {
                #[expect(clippy::cast_possible_truncation, reason = "times are far from the ends of numbers")]
                let millis = (number.as_f64().unwrap_or_default() * 1000.0).round() as i64;
                element.data(&iso_time(millis));
            }
            Value::String(text) => element.data(text),
            Value::Object(members) => self.xml(element, members),
            Value::Array(items) => {
                for item in items {
                    xml::element(element, "member", |each| self.xml_value(each, name, item));
                }
            }
            plain => element.data(&plain.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SHAPE: Shape = Shape { times: &["At", "Times"], maps: &["Extended"] };

    #[test]
    fn xml_has_lists_times_and_maps_in_its_own_forms() {
        let members = json!({
            "At": 1.5, "Times": [0.0], "Points": [{ "Sum": 2.0 }], "Extended": { "p50": 1.0 }, "Name": "a<b", "Flag": true,
            "Nothing": null, "None": [],
        });
        let text = xml::document("R", "", |root| SHAPE.xml(root, members.as_object().unwrap()));
        for part in [
            "<At>1970-01-01T00:00:01.500Z</At>",
            "<Times><member>1970-01-01T00:00:00.000Z</member></Times>",
            "<Points><member><Sum>2.0</Sum></member></Points>",
            "<Extended><entry><key>p50</key><value>1.0</value></entry></Extended>",
            "<Name>a&lt;b</Name>",
            "<Flag>true</Flag>",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        assert!(!text.contains("Nothing"));
    }

    #[test]
    fn cbor_tags_times() {
        let body = SHAPE.cbor(&json!({ "At": 1.5, "n": 2 }));
        let read: Cbor = ciborium::from_reader(body.as_ref()).unwrap();
        let entries = read.into_map().unwrap();
        assert_eq!(entries[0].1, Cbor::Tag(1, Box::new(Cbor::Float(1.5))));
        assert_eq!(entries[1].1, Cbor::Integer(2.into()));
    }
}
