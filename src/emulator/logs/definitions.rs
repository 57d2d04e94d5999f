//! Query definitions: queries that are kept by a name, for people to start.

use super::{
    invalid,
    metric_filters::{absent, too_many},
    state::{Definition, Language, Name, at_most},
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{
        self, AwsError, Text,
        page::{key_of, page, token},
    },
};
use serde::Deserialize;
use serde_json::{Value, json};

/// CloudWatch Logs' own limit on the definitions of a region.
const MAX_DEFINITIONS: usize = 1000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Put {
    query_language: Option<Language>,
    name: Text<1, 255>,
    query_definition_id: Option<Text<1, 256>>,
    #[serde(default)]
    log_group_names: Vec<Name>,
    query_string: Text<1, 10_000>,
    client_token: Option<Text<36, 128>>,
}

/// `PutQueryDefinition`: makes one, or puts this in the place of that of its id. Whether the query is one is seen when it is
/// started.
pub(super) async fn put(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Put>()?;
    let definition = Definition {
        name: input.name.into(),
        text: input.query_string.into(),
        language: input.query_language.unwrap_or(Language::Cwli),
        groups: input.log_group_names.into_iter().map(String::from).collect(),
        modified: scope.now_millis(),
        token: input.client_token.map(String::from),
    };
    let id = scope
        .change(|state| {
            let definitions = &mut state.logs.definitions;
            let id = match input.query_definition_id {
                Some(id) if definitions.contains_key(&*id) => String::from(id),
                Some(_) => return Err(absent("query definition")),
                None => {
                    let is_repeated = |known: &Definition| known.token.is_some() && known.token == definition.token;
                    if let Some((id, _)) = definitions.iter().find(|(_, known)| is_repeated(known)) {
                        return Ok(id.clone());
                    }
                    if definitions.len() >= MAX_DEFINITIONS {
                        return Err(too_many());
                    }
                    wire::request_id()
                }
            };
            definitions.insert(id.clone(), definition);
            Ok(id)
        })
        .await?;
    Ok(Output::Members(json!({ "queryDefinitionId": id })))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Describe {
    query_language: Option<Language>,
    query_definition_name_prefix: Option<Text<1, 255>>,
    max_results: Option<usize>,
    next_token: Option<String>,
}

/// `DescribeQueryDefinitions`, in the order of their names.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Describe>()?;
    let most = at_most("maxResults", input.max_results, 1000)?;
    let unknown = || invalid("The specified nextToken is invalid.");
    let after = match input.next_token.as_deref() {
        Some(token) => {
            let key = key_of(token).ok_or_else(unknown)?;
            let (id, name) = key.split_once(' ').ok_or_else(unknown)?;
            Some((name.to_owned(), id.to_owned()))
        }
        None => None,
    };
    let prefix = input.query_definition_name_prefix.as_deref().unwrap_or_default();
    scope.read(|state| {
        let own = state.logs.definitions.iter().filter(|(_, one)| {
            one.name.starts_with(prefix) && input.query_language.is_none_or(|language| one.language == language)
        });
        let key = |(id, one): &(&String, &Definition)| (one.name.clone(), (*id).clone());
        let mut own: Vec<_> = own.collect();
        own.sort_by_key(key);
        let (own, last) = page(own, key, after.as_ref(), most);
        let show = |(id, one): (&String, &Definition)| {
            let mut shown = json!({
                "queryLanguage": one.language,
                "queryDefinitionId": id,
                "name": one.name,
                "queryString": one.text,
                "lastModified": one.modified,
            });
            if !one.groups.is_empty() {
                shown["logGroupNames"] = json!(one.groups);
            }
            shown
        };
        let mut answer = json!({ "queryDefinitions": own.into_iter().map(show).collect::<Vec<Value>>() });
        if let Some((name, id)) = last {
            answer["nextToken"] = token(&format!("{id} {name}")).into();
        }
        Ok(Output::Members(answer))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delete {
    query_definition_id: Text<1, 256>,
}

/// `DeleteQueryDefinition`.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (Delete { query_definition_id: id }, scope) = operation.input()?;
    scope
        .change(|state| state.logs.definitions.remove(&*id).map(drop).ok_or_else(|| absent("query definition")))
        .await?;
    Ok(Output::Members(json!({ "success": true })))
}
