//! Brings the document to an engine that cannot read one: resource by resource, method by method.
//!
//! Some small engines (MiniStack) implement API Gateway's resources and not `PutRestApi`. Every call here is harmless
//! when it is repeated: what exists already is left or replaced, so an interrupted run is simply run again. Not here:
//! the removal of resources that a newer document no longer has, which no engine serves without an integration.

use crate::{
    marks::{ANY_METHOD, INTEGRATION},
    stack::{client::Clients, error::Error},
};
use aws_sdk_apigateway::types::IntegrationType;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};

/// The most resources that one page may hold.
const PAGE: i32 = 500;

/// Makes the resources, methods and integrations of `document` (OpenAPI 3) in the API `id`.
///
/// # Errors
/// The first call that fails for another reason than that something exists already.
pub(super) async fn put(clients: &Clients, id: &str, document: &Value) -> Result<(), Error> {
    let mut resources = resources(clients, id).await?;
    // A BTreeMap's order makes parents before their children.
    let paths: BTreeMap<_, _> = document["paths"].as_object().into_iter().flatten().collect();
    for (path, operations) in paths {
        let resource = ensure(clients, id, path, &mut resources).await?;
        for (method, operation) in operations.as_object().into_iter().flatten() {
            let method = if method == ANY_METHOD { "ANY".to_owned() } else { method.to_ascii_uppercase() };
            let method = ResourceMethod { clients, api: id, resource: &resource, method: &method };
            method.put(operation).await?;
        }
    }
    Ok(())
}

/// Reads the ids of the API's resources, by path.
async fn resources(clients: &Clients, id: &str) -> Result<HashMap<String, String>, Error> {
    let answer = clients.api.get_resources().rest_api_id(id).limit(PAGE).send().await;
    let answer = answer.map_err(|error| Error::call("GetResources", &error))?;
    Ok(answer
        .items
        .unwrap_or_default()
        .into_iter()
        .filter_map(|resource| Some((resource.path?, resource.id?)))
        .collect())
}

/// Finds the resource of a path, or makes it and every parent that it lacks.
async fn ensure(
    clients: &Clients,
    id: &str,
    path: &str,
    resources: &mut HashMap<String, String>,
) -> Result<String, Error> {
    let mut parent = resources.get("/").cloned().ok_or_else(|| Error::Bug("an API without a root".to_owned()))?;
    let mut whole = String::new();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        whole = format!("{whole}/{part}");
        if let Some(known) = resources.get(&whole) {
            parent.clone_from(known);
            continue;
        }
        let answer = clients.api.create_resource().rest_api_id(id).parent_id(&parent).path_part(part).send().await;
        let made = answer.map_err(|error| Error::call("CreateResource", &error))?;
        parent = made.id.ok_or_else(|| Error::Bug("a resource without an id".to_owned()))?;
        resources.insert(whole.clone(), parent.clone());
    }
    Ok(parent)
}

/// One method of one resource.
struct ResourceMethod<'a> {
    clients: &'a Clients,
    api: &'a str,
    resource: &'a str,
    method: &'a str,
}

impl ResourceMethod<'_> {
    async fn put(&self, operation: &Value) -> Result<(), Error> {
        let needs_key = operation["security"].as_array().is_some_and(|security| !security.is_empty());
        let call = self.clients.api.put_method().rest_api_id(self.api).resource_id(self.resource);
        let call = call.http_method(self.method).authorization_type("NONE").api_key_required(needs_key);
        exists_is_fine(call.send().await.map(drop).map_err(|error| Error::call("PutMethod", &error)))?;
        let integration = &operation[INTEGRATION];
        self.put_integration(integration).await?;
        for (pattern, response) in integration["responses"].as_object().into_iter().flatten() {
            self.put_response(pattern, response).await?;
        }
        Ok(())
    }

    async fn put_integration(&self, integration: &Value) -> Result<(), Error> {
        let kind = text(integration, "type").unwrap_or_default().to_ascii_uppercase();
        let call = self.clients.api.put_integration().rest_api_id(self.api).resource_id(self.resource);
        let call = call.http_method(self.method).r#type(IntegrationType::from(kind.as_str()));
        let call = call.set_integration_http_method(text(integration, "httpMethod"));
        let call = call.set_uri(text(integration, "uri")).set_request_templates(texts(integration, "requestTemplates"));
        call.send().await.map(drop).map_err(|error| Error::call("PutIntegration", &error))
    }

    async fn put_response(&self, pattern: &str, response: &Value) -> Result<(), Error> {
        let status = text(response, "statusCode").unwrap_or_else(|| "200".to_owned());
        let headers = texts(response, "responseParameters");
        let declared = headers.as_ref().map(|headers| headers.keys().map(|name| (name.clone(), false)).collect());
        let call = self.clients.api.put_method_response().rest_api_id(self.api).resource_id(self.resource);
        let call = call.http_method(self.method).status_code(&status).set_response_parameters(declared);
        exists_is_fine(call.send().await.map(drop).map_err(|error| Error::call("PutMethodResponse", &error)))?;
        let call = self.clients.api.put_integration_response().rest_api_id(self.api).resource_id(self.resource);
        let call = call.http_method(self.method).status_code(status).set_response_parameters(headers);
        let call = call.set_response_templates(texts(response, "responseTemplates"));
        let call = call.set_selection_pattern((pattern != "default").then(|| pattern.to_owned()));
        call.send().await.map(drop).map_err(|error| Error::call("PutIntegrationResponse", &error))
    }
}

/// What an earlier, interrupted run made is as good as made now: the document decides what it says.
fn exists_is_fine(answer: Result<(), Error>) -> Result<(), Error> {
    match answer {
        Err(Error::Call { code: Some(code), .. }) if code == "ConflictException" => Ok(()),
        answer => answer,
    }
}

fn text(value: &Value, name: &str) -> Option<String> {
    value[name].as_str().map(ToOwned::to_owned)
}

fn texts(value: &Value, name: &str) -> Option<HashMap<String, String>> {
    let members: &Map<String, Value> = value[name].as_object()?;
    Some(members.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect())
}
