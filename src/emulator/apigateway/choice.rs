//! Which of an integration's responses an answer of its backend takes, and by which template it is written.

use super::{
    incoming::media_type,
    model::{Integration, IntegrationResponse},
    template::pattern,
};

/// The response whose pattern takes the whole of `subject`, or the one without a pattern.
pub(super) fn response<'a>(integration: &'a Integration, subject: &str) -> Option<&'a IntegrationResponse> {
    let responses = integration.responses.values();
    let pattern =
        |response: &'a IntegrationResponse| response.selection_pattern.as_deref().filter(|pattern| !pattern.is_empty());
    let fits = |response: &&IntegrationResponse| {
        let pattern = response.selection_pattern.as_deref().map(pattern::whole);
        pattern.is_some_and(|pattern| pattern.is_ok_and(|pattern| pattern.is_match(subject)))
    };
    let matching =
        responses.clone().filter(|response| pattern(response).is_some()).find(fits).filter(|_| !subject.is_empty());
    matching.or_else(|| responses.clone().find(|response| matches!(pattern(response), None | Some("default"))))
}

/// The template for what the caller wants, and its type: by `Accept`, else JSON's, else the first.
pub(super) fn template<'a>(chosen: &'a IntegrationResponse, accept: &str) -> Option<(&'a str, &'a str)> {
    let templates = &chosen.response_templates;
    let found = templates.get_key_value(accept).or_else(|| templates.get_key_value("application/json"));
    let (kind, template) = found.or_else(|| templates.first_key_value())?;
    // A template that is nothing passes the body on.
    let kind = media_type(kind).map_or("application/json", |_| kind.as_str());
    (!template.is_empty()).then_some((kind, template.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_error_of_a_function_chooses_by_its_whole_message() {
        let responses = json!({ "type": "AWS", "integrationResponses": {
            "200": { "statusCode": "200" },
            "400": { "statusCode": "400", "selectionPattern": ".*\\[Bad\\].*" },
            "500": { "statusCode": "500", "selectionPattern": "(\\n|.)+" },
        } });
        let integration: Integration = serde_json::from_value(responses).unwrap();
        for (message, status) in [("", "200"), ("x [Bad] y", "400"), ("a\nb", "500")] {
            assert_eq!(response(&integration, message).unwrap().status_code, status, "{message}");
        }
    }

    #[test]
    fn a_template_is_that_of_the_type_that_is_wanted_else_of_json_else_the_first() {
        let chosen = |templates: &serde_json::Value, accept: &str| {
            let response = json!({ "statusCode": "200", "responseTemplates": templates });
            let response: IntegrationResponse = serde_json::from_value(response).unwrap();
            template(&response, accept).map(|(kind, text)| (kind.to_owned(), text.to_owned()))
        };
        let both = json!({ "application/json": "json", "text/xml": "xml" });
        for (templates, accept, kind, text) in [
            (&both, "text/xml", "text/xml", "xml"),
            (&both, "text/html", "application/json", "json"),
            (&json!({ "text/xml": "xml" }), "text/html", "text/xml", "xml"),
        ] {
            assert_eq!(chosen(templates, accept), Some((kind.to_owned(), text.to_owned())), "{accept}");
        }
        assert_eq!(chosen(&json!({}), "text/xml"), None);
        assert_eq!(chosen(&json!({ "application/json": "" }), "application/json"), None);
    }
}
