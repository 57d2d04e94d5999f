//! The tags of what a call is about, by its ARN.

use crate::emulator::{context::Context, store::Region, wire::Here};
use std::collections::BTreeMap;

/// The tags of a resource; none where it has none, or is not there.
pub(super) fn of(context: &Context, region: &Region, arn: &str) -> BTreeMap<String, String> {
    let mut parts = arn.splitn(6, ':').skip(2);
    let (Some(service), Some(place), Some(_), Some(resource)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return BTreeMap::new();
    };
    let region = if place.is_empty() { region.clone() } else { place.parse().unwrap_or_else(|_| region.clone()) };
    let found = match service {
        "ec2" => {
            let (kind, rest) = resource.split_once('/').unwrap_or_default();
            context.store.read(&region, |state| state.ec2.tags_by_arn(kind, rest))
        }
        "lambda" => context.store.read(&region, |state| state.lambda.tags_by_arn(arn)),
        "logs" => {
            let group = resource.strip_prefix("log-group:").map(|rest| rest.split(':').next().unwrap_or_default());
            group.and_then(|group| context.store.read(&region, |state| state.logs.tags_by_name(group)))
        }
        "events" => {
            let here = Here { region: region.as_str(), account: &context.config.account };
            context.store.read(&region, |state| state.events.tags_by_arn(here, arn))
        }
        // Dashboards are those of all regions.
        "cloudwatch" => {
            let region = if place.is_empty() { Region::global() } else { region };
            context.store.read(&region, |state| state.cloudwatch.tags_by_arn(arn))
        }
        "iam" => context.store.read(&Region::global(), |state| state.iam.tags_by_arn(arn, &context.config.account)),
        "apigateway" => {
            let path: Vec<&str> = resource.trim_start_matches('/').split('/').collect();
            // A stage, and what is below it, has the stage's own.
            let stage = (path.get(2) == Some(&"stages")).then(|| path.get(3).copied()).flatten();
            match path.as_slice() {
                ["restapis", id, ..] => context.store.read(&region, |state| state.apigateway.tags_of(id, stage)),
                ["apis", id, ..] => context.store.read(&region, |state| state.apigatewayv2.tags_of(id, stage)),
                _ => None,
            }
        }
        _ => None,
    };
    found.unwrap_or_default()
}
