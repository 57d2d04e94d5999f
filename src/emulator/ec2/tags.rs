//! Tags: their rules, `CreateTags`, `DeleteTags`, `DescribeTags`.

use super::{
    filter::Filters,
    images,
    kind::{self, Kind},
    listing::Tags,
    network::Network,
    paging::Paging,
    state::State,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{
        AwsError, QueryParams,
        tags::{self, MAX_VALUE, TagFault},
        xml,
    },
};
use std::collections::BTreeMap;

/// EC2's limit on the length of a key, in characters.
const MAX_KEY: usize = 127;

/// Reads `Tag.N.Key` and `Tag.N.Value`.
///
/// # Errors
/// `InvalidParameterValue` for a key or value against the rules or a key that comes twice, `TagLimitExceeded`.
pub(super) fn take(params: &mut QueryParams) -> Result<BTreeMap<String, String>, AwsError> {
    let mut tags = BTreeMap::new();
    let take = |tag: &mut QueryParams| Ok((tag.text("Key").unwrap_or_default(), tag.text("Value").unwrap_or_default()));
    for (key, value) in params.structures("Tag", take)? {
        tags::check_one(&key, &value, MAX_KEY).map_err(refusal)?;
        if tags.contains_key(&key) {
            let message = format!("Duplicate tag key '{key}' specified.");
            return Err(AwsError::sender("InvalidParameterValue", message));
        }
        tags.insert(key, value);
    }
    tags::check_count(&tags).map_err(refusal)?;
    Ok(tags)
}

fn refusal(fault: TagFault) -> AwsError {
    let message = match fault {
        TagFault::TooMany => {
            let message = "The maximum number of Tags for a resource has been reached.";
            return AwsError::sender("TagLimitExceeded", message);
        }
        TagFault::EmptyKey => "Tag key cannot be null or empty.".to_owned(),
        TagFault::ReservedKey => "Tag keys starting with 'aws:' are reserved for internal use".to_owned(),
        TagFault::LongKey => format!("Tag key exceeds the maximum length of {MAX_KEY} characters"),
        TagFault::LongValue => format!("Tag value exceeds the maximum length of {MAX_VALUE} characters"),
    };
    AwsError::sender("InvalidParameterValue", message)
}

/// Reads the tags for what a call makes, which is of one kind.
pub(super) fn take_for(params: &mut QueryParams, kind: &Kind) -> Result<Tags, AwsError> {
    Ok(take_specifications(params, &[kind.tagged])?.remove(kind.tagged).unwrap_or_default())
}

/// Reads `TagSpecification.N`: the tags by the kind of what gets them, which must be one of `kinds`.
pub(super) fn take_specifications(
    params: &mut QueryParams,
    kinds: &[&str],
) -> Result<BTreeMap<String, Tags>, AwsError> {
    let mut by_kind: BTreeMap<String, Tags> = BTreeMap::new();
    let take = |specification: &mut QueryParams| Ok((specification.required("ResourceType")?, take(specification)?));
    for (kind, tags) in params.structures("TagSpecification", take)? {
        if !kinds.contains(&kind.as_str()) {
            let message = format!("'{kind}' is not a valid taggable resource type for this operation.");
            return Err(AwsError::sender("InvalidParameterValue", message));
        }
        let all = by_kind.entry(kind).or_default();
        for (key, value) in tags {
            if all.contains_key(&key) {
                let message = format!("Duplicate tag key '{key}' specified.");
                return Err(AwsError::sender("InvalidParameterValue", message));
            }
            all.insert(key, value);
        }
        tags::check_count(all).map_err(refusal)?;
    }
    Ok(by_kind)
}

/// Reads `ResourceId.N`.
fn take_resources(params: &mut QueryParams) -> Result<Vec<(String, &'static Kind)>, AwsError> {
    let ids = params.list("ResourceId")?;
    if ids.is_empty() {
        return Err(AwsError::missing_parameter("ResourceId"));
    }
    let of_kind = |id: String| match Kind::of(&id) {
        Some(kind) => Ok((id, kind)),
        None => Err(AwsError::sender("InvalidID", format!("The ID '{id}' is not valid"))),
    };
    ids.into_iter().map(of_kind).collect()
}

/// Refuses the id of something that is not there.
fn check_there(state: &State, id: &str, kind: &Kind, network: &Network, now: i64) -> Result<(), AwsError> {
    let is_there = match *kind {
        kind::INSTANCE => return state.find(&[id.to_owned()], now).map(drop),
        // Every image is there that was not deregistered.
        kind::IMAGE => return images::check_id(id).and_then(|()| state.own_image(id).map(drop)),
        kind::ACL => state.acl(id, network).is_ok(),
        kind::ADDRESS => state.elastic.contains_key(id),
        kind::ENDPOINT => state.endpoint(id).is_ok(),
        kind::GATEWAY => state.gateway(id, network).is_ok(),
        kind::GROUP => state.group(id, network).is_ok(),
        kind::INTERFACE => state.has_interface(id, now),
        kind::KEY_PAIR => state.key_pairs.values().any(|pair| pair.id == id),
        kind::NAT => state.nats.contains_key(id),
        kind::OPTIONS => state.check_options(id, network).is_ok(),
        kind::PLACEMENT => state.placements.values().any(|group| group.id == id),
        kind::ROUTE_TABLE => state.route_table(id, network).is_ok(),
        kind::RULE => state.has_rule(id, network),
        kind::SNAPSHOT => state.snapshots.contains_key(id),
        kind::SUBNET => state.subnet(id, network).is_ok(),
        kind::TEMPLATE => state.templates.contains_key(id),
        kind::VOLUME => state.volumes.contains_key(id),
        kind::VPC => state.vpc(id, network).is_ok(),
        _ => false,
    };
    if is_there { Ok(()) } else { Err(kind.absent(id)) }
}

/// `CreateTags`.
pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let take = |params: &mut QueryParams| {
        let new = take(params)?;
        if new.is_empty() { Err(AwsError::missing_parameter("tagSet")) } else { Ok(new) }
    };
    edit(operation, take, |new, own| {
        own.extend(new.clone());
        tags::check_count(own).map_err(refusal)
    })
    .await
}

/// `DeleteTags`: with a value, only where the value is this one; without any tag, all of them.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let take = |params: &mut QueryParams| params.structures("Tag", |tag| Ok((tag.required("Key")?, tag.text("Value"))));
    edit(operation, take, |wanted, own| {
        own.retain(|key, value| {
            let named = wanted.iter().any(|(name, only)| name == key && only.as_ref().is_none_or(|only| only == value));
            !(named || wanted.is_empty())
        });
        Ok(())
    })
    .await
}

/// Edits the tags of all resources of a call, or of none.
async fn edit<T>(
    operation: Operation<'_>,
    take: impl FnOnce(&mut QueryParams) -> Result<T, AwsError>,
    edit: impl Fn(&T, &mut BTreeMap<String, String>) -> Result<(), AwsError>,
) -> Result<Output, AwsError> {
    let ((ids, dry, wanted), scope) =
        operation.query(|params| Ok((take_resources(params)?, super::take_dry_run(params)?, take(params)?)))?;
    let now = scope.now_millis();
    let change = |state: &mut State| {
        let network = Network::new(scope.account(), scope.region);
        for (id, kind) in &ids {
            check_there(state, id, kind, &network, now)?;
            if let Some(instance) = state.instances.get_mut(id) {
                edit(&wanted, &mut instance.tags)?;
            } else {
                let mut tags = state.tags_of(id).clone();
                edit(&wanted, &mut tags)?;
                state.set_tags(id, tags);
            }
        }
        super::dry_run(dry)
    };
    scope.change(|state| change(&mut state.ec2)).await?;
    Ok(Output::Done)
}

/// `DescribeTags`.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((filters, paging, dry), scope) = operation.query(|params| {
        let filters = Filters::take(params, &["key", "resource-id", "resource-type", "tag:", "value"])?;
        Ok((filters, Paging::take(params, 1000)?, super::take_dry_run(params)?))
    })?;
    super::dry_run(dry)?;
    let now = scope.now_millis();
    let (page, token) = scope.read(|state| {
        let of_instances = state.ec2.instances.values().filter(|instance| instance.is_visible(now));
        let of_instances = of_instances.map(|instance| (&instance.id, &instance.tags));
        let mut tags = Vec::new();
        for (id, own) in of_instances.chain(state.ec2.tags.iter()) {
            let kind = Kind::of(id).map_or("", |kind| kind.tagged);
            for (key, value) in own {
                let accepted = filters.accept(|name, test| match name {
                    "key" => test(key),
                    "resource-id" => test(id),
                    "resource-type" => test(kind),
                    "value" => test(value),
                    tag => tag.strip_prefix("tag:").is_some_and(|wanted| wanted == key) && test(value),
                });
                if accepted {
                    tags.push((id.clone(), key.clone(), value.clone(), kind));
                }
            }
        }
        let page_key = |(id, key, ..): &(String, String, String, &str)| format!("{id}/{key}");
        tags.sort_by_cached_key(page_key);
        paging.cut(tags, page_key)
    });
    Ok(Output::xml(move |root| {
        xml::list(root, "tagSet", "item", page, |item, (id, key, value, kind)| {
            xml::text(item, "resourceId", &id);
            xml::text(item, "resourceType", kind);
            xml::text(item, "key", &key);
            xml::text(item, "value", &value);
        });
        Paging::write(root, token.as_deref());
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1::Request;

    fn code(form: &str) -> String {
        let mut params = QueryParams::parse(&Request::new(form.to_owned().into())).unwrap();
        take(&mut params).unwrap_err().code.into_owned()
    }

    #[test]
    fn tags_against_the_rules_are_refused() {
        assert_eq!(code("Tag.1.Key=aws:x&Tag.1.Value=y"), "InvalidParameterValue");
        assert_eq!(code("Tag.1.Value=y"), "InvalidParameterValue");
        assert_eq!(code("Tag.1.Key=a&Tag.1.Value=1&Tag.2.Key=a&Tag.2.Value=2"), "InvalidParameterValue");
        assert_eq!(code(&format!("Tag.1.Key={}", "k".repeat(128))), "InvalidParameterValue");
        let many: Vec<String> = (1..=51).map(|n| format!("Tag.{n}.Key=k{n}")).collect();
        assert_eq!(code(&many.join("&")), "TagLimitExceeded");
    }
}
