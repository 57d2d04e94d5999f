//! MOCK integrations: an answer made from the integration's own templates, without any backend.
//!
//! Templates are constants here. API Gateway runs them through a template language; one that uses it is refused when
//! it is put, so that nothing is answered that AWS would not answer.

use super::{
    error::bad_request,
    model::{Integration, IntegrationResponse},
};
use crate::{emulator::wire::AwsError, http1::Response};
use http::{HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE};
use std::collections::BTreeMap;

/// What the template language would act upon.
const DIRECTIVES: [&str; 14] = [
    "$input",
    "$context",
    "$stageVariables",
    "$util",
    "#set",
    "#if",
    "#else",
    "#end",
    "#foreach",
    "#macro",
    "#parse",
    "#include",
    "##",
    "#*",
];

/// Checks that templates are constants.
pub(super) fn check(templates: &BTreeMap<String, String>) -> Result<(), AwsError> {
    for template in templates.values() {
        if let Some(directive) = DIRECTIVES.iter().find(|directive| template.contains(**directive)) {
            return Err(bad_request(format!(
                "The emulator answers with constant templates only; this one uses `{directive}`."
            )));
        }
    }
    Ok(())
}

/// Answers with the integration response that the request template's status chooses; `None` when there is none.
pub(super) fn answer(integration: &Integration) -> Option<Response> {
    let status = match integration.request_templates.get("application/json") {
        Some(template) => {
            let template: serde_json::Value = serde_json::from_str(template).ok()?;
            template["statusCode"].as_u64()?.to_string()
        }
        None => "200".to_owned(),
    };
    render(choose(integration, &status)?)
}

/// The response whose pattern matches the status, or the one without a pattern. Patterns are whole statuses here.
fn choose<'a>(integration: &'a Integration, status: &str) -> Option<&'a IntegrationResponse> {
    let mut responses = integration.responses.values();
    let pattern = |response: &IntegrationResponse| response.selection_pattern.clone().unwrap_or_default();
    responses
        .clone()
        .find(|response| pattern(response) == status)
        .or_else(|| responses.find(|response| matches!(pattern(response).as_str(), "" | "default")))
}

/// Words a refusal of the gateway itself; without a status of its own it keeps `status`.
pub(super) fn refusal(chosen: &IntegrationResponse, status: StatusCode) -> Option<Response> {
    let status_code =
        if chosen.status_code.is_empty() { status.as_u16().to_string() } else { chosen.status_code.clone() };
    render(&IntegrationResponse { status_code, ..chosen.clone() })
}

fn render(chosen: &IntegrationResponse) -> Option<Response> {
    let status: u16 = chosen.status_code.parse().ok()?;
    let json = "application/json";
    let (content_type, body) = match chosen.response_templates.get_key_value(json) {
        Some((name, body)) => (name.as_str(), body.as_str()),
        None => chosen.response_templates.first_key_value().map_or((json, ""), |(name, body)| (name, body)),
    };
    let mut response = Response::new(body.to_owned().into());
    *response.status_mut() = StatusCode::from_u16(status).ok()?;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_str(content_type).ok()?);
    for (name, value) in &chosen.response_parameters {
        // Only constants can be mapped, in single quotes: there is no backend to take values from.
        let (_, name) = name.split_once("header.")?;
        let value = value.strip_prefix('\'')?.strip_suffix('\'')?;
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        response.headers_mut().insert(name, HeaderValue::from_str(value).ok()?);
    }
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn integration() -> Integration {
        serde_json::from_value(json!({
            "type": "MOCK",
            "requestTemplates": { "application/json": r#"{"statusCode":204}"# },
            "integrationResponses": {
                "200": { "statusCode": "200", "responseTemplates": { "application/json": "{}" } },
                "204": {
                    "statusCode": "204", "selectionPattern": "204",
                    "responseParameters": { "method.response.header.Allow": "'GET'" },
                },
            },
        }))
        .unwrap()
    }

    #[test]
    fn the_request_template_chooses_the_response() {
        let answer = answer(&integration()).unwrap();
        assert_eq!(answer.status(), 204);
        assert_eq!(answer.headers()["allow"], "GET");
    }

    #[test]
    fn without_a_match_the_response_without_a_pattern_answers() {
        let mut integration = integration();
        integration.request_templates.clear();
        let answer = answer(&integration).unwrap();
        assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (200, b"{}".as_slice()));
    }

    #[test]
    fn templates_that_are_programs_are_refused() {
        let template = |text: &str| BTreeMap::from([("application/json".to_owned(), text.to_owned())]);
        assert!(check(&template(r##"{"$ref":"#/components/schemas/Error"}"##)).is_ok());
        assert!(check(&template("$input.body")).is_err());
        assert!(check(&template("#set($x = 1)")).is_err());
    }
}
