//! IAM's pages: `MaxItems` and `Marker`.

use super::{beyond, unfit, validation};
use crate::emulator::wire::{AwsError, QueryParams, page, xml};

/// How many items a page has unless it is said.
const PAGE: u32 = 100;

/// What the client asked for.
pub(super) struct Paging {
    size: u32,
    after: Option<String>,
}

impl Paging {
    pub(super) fn take(params: &mut QueryParams) -> Result<Self, AwsError> {
        let size = params.number::<u32>("MaxItems")?.unwrap_or(PAGE);
        if let Some(constraint) = beyond(size, &(1..=1000)) {
            return Err(unfit("maxItems", &constraint));
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
        let (items, last) = page::page(items, key, self.after.as_ref(), self.size as usize);
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
