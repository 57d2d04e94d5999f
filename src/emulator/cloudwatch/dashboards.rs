//! Dashboards: JSON that consoles draw. They are those of all regions, as their ARNs say; what is no dashboard is refused in
//! the words of the schema ([`widgets`](super::widgets)).

use super::{
    alarm::{Dashboard, State},
    answer, input, invalid, seconds,
    tags::{Tag, checked},
    widgets,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{
        AwsError, Text,
        page::{key_of, page, token},
    },
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How many dashboards a page has.
const PAGE: usize = 1000;

/// The ARN of a dashboard.
fn arn(account: &str, name: &str) -> String {
    format!("arn:aws:cloudwatch::{account}:dashboard/{name}")
}

fn absent(name: &str) -> String {
    format!("Dashboard {name} does not exist")
}

fn check_name(name: &str) -> Result<(), AwsError> {
    if (1..=255).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) {
        return Ok(());
    }
    Err(invalid(
        "The value for field DashboardName contains invalid characters. It can only contain alphanumerics, dash (-) and \
         underscore (_).\n",
    ))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    dashboard_name: String,
    dashboard_body: String,
    #[serde(default)]
    tags: Vec<Tag>,
}

/// `PutDashboard`: makes one, or puts this in the place of what it was; then its tags stay.
pub(super) async fn put(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = input::<Put>(operation)?;
    check_name(&input.dashboard_name)?;
    widgets::check(&input.dashboard_body)?;
    let (tags, modified) = (checked(BTreeMap::new(), &input.tags)?, scope.now_millis());
    scope
        .change_global(|state| {
            let dashboards = &mut state.cloudwatch.dashboards;
            let tags = dashboards.get(&input.dashboard_name).map_or(tags, |known| known.tags.clone());
            dashboards.insert(input.dashboard_name, Dashboard { body: input.dashboard_body, modified, tags });
            Ok::<_, AwsError>(())
        })
        .await?;
    Ok(answer(json!({ "DashboardValidationMessages": [] })))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Get {
    dashboard_name: String,
}

/// `GetDashboard`.
pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (Get { dashboard_name: name }, scope) = input(operation)?;
    check_name(&name)?;
    let body = scope.read_global(|state| state.cloudwatch.dashboards.get(&name).map(|known| known.body.clone()));
    let body = body.ok_or_else(|| AwsError::new(StatusCode::NOT_FOUND, "ResourceNotFound", absent(&name)))?;
    let arn = arn(scope.account(), &name);
    Ok(answer(json!({ "DashboardArn": arn, "DashboardBody": body, "DashboardName": name })))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    dashboard_name_prefix: Option<Text<0, 255>>,
    next_token: Option<String>,
}

/// `ListDashboards`.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = input::<List>(operation)?;
    let after = match input.next_token.filter(|token| !token.is_empty()) {
        Some(token) => Some(key_of(&token).ok_or_else(|| invalid("The value for parameter NextToken is invalid."))?),
        None => None,
    };
    let prefix = input.dashboard_name_prefix.as_deref().unwrap_or_default();
    let (entries, last) = scope.read_global(|state| {
        let own = state.cloudwatch.dashboards.iter().filter(|(name, _)| name.starts_with(prefix));
        let (own, last) = page(own, |(name, _)| (*name).clone(), after.as_ref(), PAGE);
        let entry = |(name, dashboard): (&String, &Dashboard)| {
            json!({
                "DashboardArn": arn(scope.account(), name),
                "DashboardName": name,
                "LastModified": seconds(dashboard.modified),
                "Size": dashboard.body.len(),
            })
        };
        (own.into_iter().map(entry).collect::<Vec<Value>>(), last)
    });
    let mut shown = json!({ "DashboardEntries": entries });
    if let Some(last) = last {
        shown["NextToken"] = token(&last).into();
    }
    Ok(answer(shown))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Delete {
    dashboard_names: Vec<String>,
}

/// `DeleteDashboards`: as many of them as there are; the first that is not there is told of.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (Delete { dashboard_names: names }, scope) = input(operation)?;
    if names.is_empty() {
        return Err(invalid("Need to specify at least 1 dashboard."));
    }
    for name in &names {
        check_name(name)?;
    }
    // An error would undo what the others have changed: it is made of what the change gives.
    let first_absent = scope.change_global(|state| Ok::<_, AwsError>(remove(&mut state.cloudwatch, &names))).await?;
    match first_absent {
        Some(name) => Err(invalid(absent(&name))),
        None => Ok(answer(json!({}))),
    }
}

/// Removes the dashboards of these names; gives the first name that none had.
fn remove(state: &mut State, names: &[String]) -> Option<String> {
    let mut absent = names.to_vec();
    absent.retain(|name| state.dashboards.remove(name).is_none());
    absent.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_dashboards_are_deleted_as_there_are() {
        let mut state = State::default();
        for name in ["a", "b", "c"] {
            let dashboard = Dashboard { body: "{}".to_owned(), modified: 0, tags: BTreeMap::new() };
            state.dashboards.insert(name.to_owned(), dashboard);
        }
        let names = ["a", "gone", "b", "lost"].map(str::to_owned);
        assert_eq!(remove(&mut state, &names).as_deref(), Some("gone"));
        assert_eq!(state.dashboards.keys().collect::<Vec<_>>(), ["c"]);
        assert_eq!(remove(&mut state, &["c".to_owned()]), None);
    }
}
