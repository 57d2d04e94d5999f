//! The text of an API's resource policy, in the two forms that it has.

use super::error::bad_request;
use crate::emulator::{
    policy::{Document, Use},
    wire::AwsError,
};

/// Refuses a policy that is none.
pub(super) fn check(text: &str) -> Result<(), AwsError> {
    let invalid = "Invalid policy document. Please check the policy syntax and ensure that Principals are valid.";
    Document::parse(text, Use::Resource).map(drop).map_err(|error| bad_request(format!("{invalid} ({error})")))
}

/// Shows a policy as API Gateway does: as the inside of a text of JSON.
pub(super) fn escaped(text: &str) -> String {
    let text = serde_json::Value::from(text).to_string();
    text.trim_start_matches('"').strip_suffix('"').unwrap_or_default().to_owned()
}

/// Reads a policy in either form, that in which it is shown and that in which it is written.
pub(super) fn unescaped(text: &str) -> String {
    let read = serde_json::from_str::<String>(&format!("\"{text}\""));
    read.ok().filter(|_| text.starts_with("{\\")).unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_shown_as_the_inside_of_a_text_and_read_in_both_forms() {
        let text = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"}}"#;
        check(text).unwrap();
        let shown = escaped(text);
        assert!(shown.starts_with(r#"{\"Statement\":"#) && shown.ends_with('}'));
        assert_eq!((unescaped(&shown).as_str(), unescaped(text).as_str()), (text, text));
        let error =
            check(r#"{"Statement":{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}}"#).unwrap_err();
        assert!(error.message.starts_with("Invalid policy document. Please check the policy syntax"));
        assert_eq!((error.status.as_u16(), error.code.as_ref()), (400, "BadRequestException"));
    }
}
