//! The tags of what a call is about, by its ARN.

use crate::emulator::{context::Context, store::Region};
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
    let last = resource.rsplit('/').next().unwrap_or_default();
    let found = match service {
        // The ARN of a placement group has its name.
        "ec2" => context.store.read(&region, |state| match resource.strip_prefix("placement-group/") {
            Some(name) => state.ec2.placement_tags(name),
            None => state.ec2.tags_by_id(last),
        }),
        "lambda" => context.store.read(&region, |state| state.lambda.tags_by_arn(arn)),
        "logs" => {
            let group = resource.strip_prefix("log-group:").map(|rest| rest.split(':').next().unwrap_or_default());
            group.and_then(|group| context.store.read(&region, |state| state.logs.tags_by_name(group)))
        }
        "iam" => context.store.read(&Region::global(), |state| state.iam.tags_by_arn(arn, &context.config.account)),
        "apigateway" => {
            let mut path = resource.trim_start_matches('/').split('/');
            match (path.next(), path.next()) {
                (Some("restapis"), Some(id)) => context.store.read(&region, |state| state.apigateway.tags_by_id(id)),
                _ => None,
            }
        }
        _ => None,
    };
    found.unwrap_or_default()
}
