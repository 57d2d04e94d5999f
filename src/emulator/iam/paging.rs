//! IAM's pages: `MaxItems` and `Marker`. A marker is the name of the last item, so it survives changes in between.

use super::validation;
use crate::emulator::wire::{AwsError, QueryParams, xml};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

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
            Some(marker) => Some(decode(&marker).ok_or_else(|| validation(format!("Invalid Marker: {marker}")))?),
            None => None,
        };
        Ok(Self { size, after })
    }

    /// Cuts the page out of `items`, which are in the order of their keys; gives the marker of the next page.
    pub(super) fn cut<T>(&self, mut items: Vec<T>, key: impl Fn(&T) -> &String) -> (Vec<T>, Option<String>) {
        if let Some(after) = &self.after {
            items.drain(..items.partition_point(|item| key(item) <= after));
        }
        if items.len() <= self.size {
            return (items, None);
        }
        items.truncate(self.size);
        let marker = items.last().map(|last| BASE64_URL_SAFE_NO_PAD.encode(key(last)));
        (items, marker)
    }

    /// Writes `IsTruncated` and, where there is more, `Marker`.
    pub(super) fn write(result: &mut xml::Element, marker: Option<&str>) {
        xml::text(result, "IsTruncated", if marker.is_some() { "true" } else { "false" });
        if let Some(marker) = marker {
            xml::text(result, "Marker", marker);
        }
    }
}

fn decode(marker: &str) -> Option<String> {
    String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(marker).ok()?).ok()
}
