//! IAM's pages: `MaxItems` and `Marker`.

use super::validation;
use crate::emulator::wire::{AwsError, QueryParams, page, xml};

/// How many items a page has unless it is said.
const PAGE: usize = 100;

/// What the client asked for.
pub(super) struct Paging {
    size: usize,
    after: Option<String>,
}

impl Paging {
    pub(super) fn take(params: &mut QueryParams) -> Result<Self, AwsError> {
        let size = params.number::<usize>("MaxItems")?.unwrap_or(PAGE);
        if !(1..=1000).contains(&size) {
            return Err(validation(format!(
                "1 validation error detected: Value '{size}' at 'maxItems' failed to satisfy constraint: Member must \
                 have value between 1 and 1000"
            )));
        }
        let after = match params.text("Marker") {
            Some(marker) => Some(page::key_of(&marker).ok_or_else(|| validation(format!("Invalid Marker: {marker}")))?),
            None => None,
        };
        Ok(Self { size, after })
    }

    /// Cuts the page out of `items`, which are in the order of their keys; returns the marker of the next page.
    pub(super) fn cut<T>(
        &self,
        items: impl IntoIterator<Item = T>,
        key: impl Fn(&T) -> String,
    ) -> (Vec<T>, Option<String>) {
        let (items, last) = page::page(items, key, self.after.as_ref(), self.size);
        (items, last.as_deref().map(page::token))
    }

    /// Writes `IsTruncated` and, where there is more, `Marker`.
    pub(super) fn write(result: &mut xml::Element, marker: Option<&str>) {
        xml::text(result, "IsTruncated", if marker.is_some() { "true" } else { "false" });
        if let Some(marker) = marker {
            xml::text(result, "Marker", marker);
        }
    }
}
