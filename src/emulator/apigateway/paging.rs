//! Pages of lists. A position is the id of the last item on the page before.

use super::error::bad_request;
use crate::emulator::{
    service::Output,
    wire::{AwsError, page},
};
use serde::Deserialize;
use serde_json::{Value, json};

/// How many items a page holds, unless the caller says otherwise: API Gateway's own number.
const PAGE: usize = 25;
/// The most items of a page: API Gateway's own limit.
const MAX_PAGE: usize = 500;

/// Which page is wanted.
#[derive(Deserialize)]
pub(super) struct Paging {
    limit: Option<i64>,
    position: Option<String>,
}

impl Paging {
    /// Shows one page of items that are in the order of their ids.
    pub(super) fn page<'s, T: 's>(
        &self,
        items: impl Iterator<Item = (&'s str, &'s T)>,
        show: impl Fn(&T) -> Value,
    ) -> Result<Output, AwsError> {
        self.page_in(items, |_| false, show)
    }

    /// Shows one page of items of which those come last whose id `is_late`; beyond that, the order is that of the ids.
    pub(super) fn page_in<'s, T: 's>(
        &self,
        items: impl Iterator<Item = (&'s str, &'s T)>,
        is_late: impl Fn(&str) -> bool,
        show: impl Fn(&T) -> Value,
    ) -> Result<Output, AwsError> {
        let size = self.limit.map_or(Some(PAGE), |limit| usize::try_from(limit).ok());
        let size = size.filter(|size| (1..=MAX_PAGE).contains(size));
        let size = size.ok_or_else(|| bad_request("Invalid limit: it must be between 1 and 500"))?;
        let after = self.position.as_deref().map(|id| (is_late(id), id));
        let (items, last) = page::page(items, |&(id, _)| (is_late(id), id), after.as_ref(), size);
        let mut shown = json!({ "item": items.into_iter().map(|(_, item)| show(item)).collect::<Vec<_>>() });
        if let Some((_, last)) = last {
            shown["position"] = last.into();
        }
        Ok(Output::Members(shown))
    }
}
