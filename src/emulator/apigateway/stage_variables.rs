//! What a variable of a stage may be called, and what it may be.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/stage-variables.html>

use crate::emulator::wire::AwsError;
use std::collections::BTreeMap;

/// Checks names and values.
pub(in crate::emulator) fn check(variables: &BTreeMap<String, String>) -> Result<(), AwsError> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_value = |c: char| c.is_ascii_alphanumeric() || " -._~:/?#&=,".contains(c);
    for (name, value) in variables {
        let why = if name.is_empty() || !name.chars().all(is_name) {
            format!("Invalid stage variable name: {name}. Please use names with only word characters.")
        } else if !value.chars().all(is_value) {
            format!(
                "Invalid stage variable value of key {name}.  Please use values with alphanumeric characters and the \
                 symbols ' ', -', '.', '_', ':', '/', '?', '&', '=', and ','."
            )
        } else {
            continue;
        };
        return Err(AwsError::sender("BadRequestException", why));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_and_values_are_what_urls_are_made_of() {
        let checked = |name: &str, value: &str| check(&[(name.to_owned(), value.to_owned())].into());
        for (name, value) in [("a_1", "https://a.example:80/b?c=d&e=f,g#~"), ("A", "two words"), ("v", "")] {
            assert_eq!(checked(name, value), Ok(()), "{name}");
        }
        for (name, value, why) in [
            ("k k", "v", "Invalid stage variable name: k k. "),
            ("", "v", "Invalid stage variable name: . "),
            ("k-k", "v", "Invalid stage variable name: k-k. "),
            ("k", "${x}", "Invalid stage variable value of key k. "),
            ("k", "é", "Invalid stage variable value of key k. "),
        ] {
            let error = checked(name, value).unwrap_err();
            assert!(error.code == "BadRequestException" && error.message.starts_with(why), "{error:?}");
        }
    }
}
