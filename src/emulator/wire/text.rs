//! Texts with bounds, checked where an input is read.

use serde::{Deserialize, Deserializer, Serialize, de::Error};
use std::ops::Deref;

/// A text of `MIN` to `MAX` characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Text<const MIN: usize, const MAX: usize>(String);

impl<const MIN: usize, const MAX: usize> Deref for Text<MIN, MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const MIN: usize, const MAX: usize> From<Text<MIN, MAX>> for String {
    fn from(text: Text<MIN, MAX>) -> Self {
        text.0
    }
}

impl<'de, const MIN: usize, const MAX: usize> Deserialize<'de> for Text<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let length = text.chars().count();
        if length < MIN {
            return Err(D::Error::custom(format!("Member must have length greater than or equal to {MIN}")));
        }
        if length > MAX {
            return Err(D::Error::custom(format!("Member must have length less than or equal to {MAX}")));
        }
        Ok(Self(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_text_out_of_bounds_is_refused() {
        let read = |text: &str| serde_json::from_value::<Text<1, 3>>(json!(text)).map(String::from);
        assert_eq!(read("äöü").unwrap(), "äöü");
        assert!(read("").unwrap_err().to_string().contains("greater than or equal to 1"));
        assert!(read("abcd").unwrap_err().to_string().contains("less than or equal to 3"));
    }
}
