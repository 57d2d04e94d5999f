//! What the `Describe…` operations have in common: ids, filters and pages of records that are few enough to be looked
//! at one by one. Instances have their own way ([`super::describe`]).

use super::{filter::Filters, kind::Kind, paging::Paging};
use crate::emulator::{
    service::Output,
    wire::{AwsError, QueryParams, xml},
};
use std::collections::BTreeMap;

/// Tags by their keys.
pub(super) type Tags = BTreeMap<String, String>;

/// A resource as a listing sees it.
pub(super) trait Record: Send + 'static {
    /// Whether EC2 writes the list of its tags where there are none, too.
    const LISTS_NO_TAGS: bool = false;
    /// Its id: the order of listings, and what a page goes on after.
    fn id(&self) -> &str;
    /// Its tags.
    fn tags(&self) -> &Tags;
    /// Tells whether one of its values for a filter, other than one on tags, passes the test.
    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool;
    /// Writes its members, without the tags.
    fn write(&self, item: &mut xml::Element);
}

/// What a `Describe…` call asks for.
pub(super) struct Listing {
    pub(super) ids: Vec<String>,
    filters: Filters,
    paging: Paging,
    pub(super) dry: bool,
}

/// The filters that everything with tags has.
const OF_TAGS: [&str; 3] = ["tag:", "tag-key", "tag-value"];

impl Listing {
    /// Reads `ids.N`, `Filter.N`, `MaxResults`, `NextToken` and `DryRun`; `known` are the filters besides those on tags.
    pub(super) fn take(params: &mut QueryParams, ids: &str, known: &[&str]) -> Result<Self, AwsError> {
        Self::take_pages(params, ids, known, 1000)
    }

    /// The same of an operation whose pages have at most `most` items.
    pub(super) fn take_pages(
        params: &mut QueryParams,
        ids: &str,
        known: &[&str],
        most: usize,
    ) -> Result<Self, AwsError> {
        let (ids, filters) = (params.list(ids)?, Filters::take(params, &[known, &OF_TAGS].concat())?);
        Ok(Self { ids, filters, paging: Paging::take(params, most)?, dry: super::take_dry_run(params)? })
    }

    /// The same of an operation that takes no ids.
    pub(super) fn take_all(params: &mut QueryParams, known: &[&str]) -> Result<Self, AwsError> {
        let filters = Filters::take(params, &[known, &OF_TAGS].concat())?;
        Ok(Self { ids: Vec::new(), filters, paging: Paging::take(params, 1000)?, dry: super::take_dry_run(params)? })
    }

    /// The same of an operation that has no pages.
    pub(super) fn take_whole(params: &mut QueryParams, ids: &str, known: &[&str]) -> Result<Self, AwsError> {
        let (ids, filters) = (params.list(ids)?, Filters::take(params, &[known, &OF_TAGS].concat())?);
        Ok(Self { ids, filters, paging: Paging::default(), dry: super::take_dry_run(params)? })
    }

    /// Whether a page's size was asked for.
    pub(super) fn is_paged(&self) -> bool {
        self.paging.is_asked()
    }

    /// Answers with the page of those of `records` that were asked for by id and that the filters accept.
    ///
    /// # Errors
    /// The kind's own for an id that none of the records has.
    pub(super) fn answer<R: Record>(self, kind: &Kind, set: &'static str, records: Vec<R>) -> Result<Output, AwsError> {
        for id in &self.ids {
            kind.check(id)?;
        }
        if let Some(id) = self.ids.iter().find(|id| !records.iter().any(|record| record.id() == *id)) {
            return Err(kind.missing(id));
        }
        self.write(set, records)
    }

    /// The same for records that may have been asked for by something else than their id.
    pub(super) fn write<R: Record>(self, set: &'static str, records: Vec<R>) -> Result<Output, AwsError> {
        let (page, token) = self.cut(records)?;
        Ok(Output::xml(move |root| {
            xml::list(root, set, "item", page, |item, record| {
                write_with_tags(item, &record);
            });
            Paging::write(root, token.as_deref());
        }))
    }

    /// The page of those of `records` that were asked for and that the filters accept, and the token of the next page.
    pub(super) fn cut<R: Record>(self, mut records: Vec<R>) -> Result<(Vec<R>, Option<String>), AwsError> {
        super::dry_run(self.dry)?;
        records.retain(|record| {
            (self.ids.is_empty() || self.ids.iter().any(|id| id == record.id()))
                && self.filters.accept(|name, test| {
                    tag_passes(record.tags(), name, test).unwrap_or_else(|| record.has(name, test))
                })
        });
        records.sort_by(|a, b| a.id().cmp(b.id()));
        Ok(self.paging.cut(records, |record| record.id().to_owned()))
    }
}

/// Answers with the resource that a call made, and with the call's client token where it has one.
pub(super) fn created<R: Record + Send + 'static>(element: &'static str, record: R, token: &str) -> Output {
    let token = token.to_owned();
    Output::xml(move |root| {
        xml::element(root, element, |item| {
            write_with_tags(item, &record);
        });
        if !token.is_empty() {
            xml::text(root, "clientToken", &token);
        }
    })
}

/// Writes a record and its tags.
pub(super) fn write_with_tags<R: Record>(item: &mut xml::Element, record: &R) {
    record.write(item);
    if R::LISTS_NO_TAGS { write_tag_set(item, record.tags()) } else { write_tags(item, record.tags()) }
}

/// Tells whether tags pass a filter on tags; `None` where the filter is on something else.
pub(super) fn tag_passes(tags: &Tags, filter: &str, test: &dyn Fn(&str) -> bool) -> Option<bool> {
    match filter {
        "tag-key" => Some(tags.keys().any(|key| test(key))),
        "tag-value" => Some(tags.values().any(|value| test(value))),
        _ => filter.strip_prefix("tag:").map(|key| tags.get(key).is_some_and(|value| test(value))),
    }
}

/// Writes `tagSet`, where there is a tag.
pub(super) fn write_tags(item: &mut xml::Element, tags: &Tags) {
    if !tags.is_empty() {
        write_tag_set(item, tags);
    }
}

/// Writes `tagSet`, which is empty where there is no tag.
pub(super) fn write_tag_set(item: &mut xml::Element, tags: &Tags) {
    xml::list(item, "tagSet", "item", tags, |tag, (key, value)| {
        xml::text(tag, "key", key);
        xml::text(tag, "value", value);
    });
}

/// Writes `true` or `false`.
pub(super) fn flag(item: &mut xml::Element, tag: &str, is_on: bool) {
    xml::text(item, tag, if is_on { "true" } else { "false" });
}

/// Tells whether a flag passes a filter's test.
pub(super) fn flag_passes(is_on: bool, test: &dyn Fn(&str) -> bool) -> bool {
    test(if is_on { "true" } else { "false" })
}
