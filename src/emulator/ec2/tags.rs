//! Tags: their rules, `CreateTags`, `DeleteTags`, `DescribeTags`.

use super::{Answer, Scope, filter::Filters, instance::State, paging::Paging};
use crate::emulator::wire::{AwsError, QueryParams, xml};
use std::collections::BTreeMap;

/// EC2's limit on the tags of a resource.
const MAX_TAGS: usize = 50;
/// EC2's limit on the length of a key, in characters.
const MAX_KEY: usize = 127;
/// EC2's limit on the length of a value, in characters.
const MAX_VALUE: usize = 256;

/// Reads `Tag.N.Key` and `Tag.N.Value`.
///
/// # Errors
/// `InvalidParameterValue` for a key or value against the rules or a key that comes twice, `TagLimitExceeded`.
pub(super) fn take(params: &mut QueryParams) -> Result<BTreeMap<String, String>, AwsError> {
    let mut tags = BTreeMap::new();
    for mut tag in params.structures("Tag")? {
        let (key, value) = (tag.text("Key").unwrap_or_default(), tag.text("Value").unwrap_or_default());
        tag.finish()?;
        check(&key, &value)?;
        if tags.contains_key(&key) {
            let message = format!("Duplicate tag key '{key}' specified.");
            return Err(AwsError::sender("InvalidParameterValue", message));
        }
        tags.insert(key, value);
    }
    check_count(&tags)?;
    Ok(tags)
}

fn check(key: &str, value: &str) -> Result<(), AwsError> {
    let invalid = |message: String| Err(AwsError::sender("InvalidParameterValue", message));
    if key.is_empty() {
        return invalid("Tag key cannot be null or empty.".to_owned());
    }
    if key.to_ascii_lowercase().starts_with("aws:") {
        return invalid("Tag keys starting with 'aws:' are reserved for internal use".to_owned());
    }
    if key.chars().count() > MAX_KEY {
        return invalid(format!("Tag key exceeds the maximum length of {MAX_KEY} characters"));
    }
    if value.chars().count() > MAX_VALUE {
        return invalid(format!("Tag value exceeds the maximum length of {MAX_VALUE} characters"));
    }
    Ok(())
}

fn check_count(tags: &BTreeMap<String, String>) -> Result<(), AwsError> {
    if tags.len() > MAX_TAGS {
        let message = "The maximum number of Tags for a resource has been reached.";
        return Err(AwsError::sender("TagLimitExceeded", message));
    }
    Ok(())
}

/// Reads `ResourceId.N`, all of which must be instances: nothing else has tags here.
fn take_resources(params: &mut QueryParams) -> Result<Vec<String>, AwsError> {
    let ids = params.list("ResourceId")?;
    if ids.is_empty() {
        return Err(AwsError::missing_parameter("ResourceId"));
    }
    match ids.iter().find(|id| !id.starts_with("i-")) {
        Some(id) => Err(AwsError::sender("InvalidID", format!("The ID '{id}' is not valid"))),
        None => Ok(ids),
    }
}

/// `CreateTags`.
pub(super) async fn create(scope: &Scope<'_>, mut params: QueryParams) -> Result<Answer, AwsError> {
    let ids = take_resources(&mut params)?;
    let tags = take(&mut params)?;
    let dry = params.flag("DryRun")?.unwrap_or(false);
    params.finish()?;
    if tags.is_empty() {
        return Err(AwsError::missing_parameter("tagSet"));
    }
    edit(scope, &ids, dry, |own| {
        own.extend(tags.clone());
        check_count(own)
    })
    .await
}

/// `DeleteTags`: with a value, only where the value is this one; without any tag, all of them.
pub(super) async fn delete(scope: &Scope<'_>, mut params: QueryParams) -> Result<Answer, AwsError> {
    let ids = take_resources(&mut params)?;
    let mut wanted = Vec::new();
    for mut tag in params.structures("Tag")? {
        wanted.push((tag.required("Key")?, tag.text("Value")));
        tag.finish()?;
    }
    let dry = params.flag("DryRun")?.unwrap_or(false);
    params.finish()?;
    edit(scope, &ids, dry, |own| {
        own.retain(|key, value| {
            let named = wanted.iter().any(|(name, only)| name == key && only.as_ref().is_none_or(|only| only == value));
            !(named || wanted.is_empty())
        });
        Ok(())
    })
    .await
}

async fn edit(
    scope: &Scope<'_>,
    ids: &[String],
    dry: bool,
    edit: impl Fn(&mut BTreeMap<String, String>) -> Result<(), AwsError>,
) -> Result<Answer, AwsError> {
    let change = |state: &mut State| {
        state.find(ids, scope.now)?;
        for id in ids {
            if let Some(instance) = state.instances.get_mut(id) {
                edit(&mut instance.tags)?;
            }
        }
        super::dry_run(dry)
    };
    scope.context.store.change(&scope.call.region, |state| change(&mut state.ec2)).await?;
    Ok(super::done())
}

/// `DescribeTags`.
pub(super) fn describe(scope: &Scope, mut params: QueryParams) -> Result<Answer, AwsError> {
    let filters = Filters::take(&mut params, &["key", "resource-id", "resource-type", "tag:", "value"])?;
    let paging = Paging::take(&mut params, 1000)?;
    let dry = params.flag("DryRun")?.unwrap_or(false);
    params.finish()?;
    super::dry_run(dry)?;
    let (page, token) = scope.context.store.read(&scope.call.region, |state| {
        let mut tags = Vec::new();
        // The map is in the order of the ids, and each instance's tags in the order of their keys.
        for instance in state.ec2.instances.values().filter(|instance| instance.is_visible(scope.now)) {
            for (key, value) in &instance.tags {
                let accepted = filters.accept(|name, test| match name {
                    "key" => test(key),
                    "resource-id" => test(&instance.id),
                    "resource-type" => test("instance"),
                    "value" => test(value),
                    tag => tag.strip_prefix("tag:").is_some_and(|wanted| wanted == key) && test(value),
                });
                if accepted {
                    tags.push((instance.id.clone(), key.clone(), value.clone()));
                }
            }
        }
        paging.cut(tags, |(id, key, _)| format!("{id}/{key}"))
    });
    Ok(Box::new(move |root| {
        xml::list(root, "tagSet", "item", page, |item, (id, key, value)| {
            xml::text(item, "resourceId", &id);
            xml::text(item, "resourceType", "instance");
            xml::text(item, "key", &key);
            xml::text(item, "value", &value);
        });
        if let Some(token) = token {
            xml::text(root, "nextToken", &token);
        }
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
