//! The pages of Lambda's lists. A marker is the key of the last item of the page before, written as an opaque token.

use super::error::invalid;
use crate::emulator::{
    service::Output,
    wire::{AwsError, page},
};
use serde::Deserialize;
use serde_json::{Value, json};

/// The most items that may be asked for, in most lists,
pub(super) const MAX_ITEMS: i64 = 10_000;
/// and the most that a page has.
const MAX_PAGE: i64 = 50;

/// The members that choose a page.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Paging {
    marker: Option<String>,
    max_items: Option<i64>,
}

impl Paging {
    /// Cuts the page out of items that are in the order of their keys, and returns the marker of the next one. `most`
    /// is the most items that may be asked for.
    pub(super) fn cut<T>(
        &self,
        items: impl IntoIterator<Item = T>,
        key: impl Fn(&T) -> String,
        most: i64,
    ) -> Result<(Vec<T>, Option<String>), AwsError> {
        let size = self.max_items.unwrap_or(MAX_PAGE);
        if !(1..=most).contains(&size) {
            return Err(invalid(format!("MaxItems must be between 1 and {most}.")));
        }
        let size = usize::try_from(size.min(MAX_PAGE)).unwrap_or_default();
        let after = match &self.marker {
            Some(marker) => Some(page::key_of(marker).ok_or_else(|| invalid("Invalid pagination token."))?),
            None => None,
        };
        let (items, last) = page::page(items, key, after.as_ref(), size);
        Ok((items, last.map(|key| page::token(&key))))
    }

    /// Answers with a list that nothing is ever in.
    pub(super) fn empty(&self, list: &str, most: i64) -> Result<Output, AwsError> {
        let (items, marker) = self.cut([], Value::to_string, most)?;
        Ok(show(list, &items, marker))
    }
}

/// Answers with a page of a list.
pub(super) fn show(list: &str, items: &[Value], marker: Option<String>) -> Output {
    let mut shown = json!({ list: items });
    if let Some(marker) = marker {
        shown["NextMarker"] = marker.into();
    }
    Output::Members(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_no_more_items_than_may_be_asked_for() {
        let cut = |max_items| Paging { marker: None, max_items }.cut(0..60, |item| format!("{item:02}"), 100);
        assert_eq!(cut(Some(2)).unwrap(), (vec![0, 1], Some(page::token("01"))));
        for (asked, given) in [(None, 50), (Some(100), 50)] {
            assert_eq!(cut(asked).unwrap().0.len(), given);
        }
        let strange = Paging { marker: Some("!".to_owned()), max_items: None }.cut(0..60, ToString::to_string, 100);
        assert_eq!(strange.unwrap_err().code, "InvalidParameterValueException");
        for asked in [-1, 0, 101] {
            assert_eq!(cut(Some(asked)).unwrap_err().code, "InvalidParameterValueException");
        }
    }
}
