//! Pages: `MaxResults` and `NextToken`. A token says after which key to go on, so it survives changes in between.

use crate::emulator::wire::{AwsError, QueryParams, page, xml};

/// What the client asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Paging {
    size: Option<usize>,
    after: Option<String>,
}

impl Paging {
    /// Reads `MaxResults`, 5 to `most`, and `NextToken`.
    ///
    /// # Errors
    /// `InvalidParameterValue` and `InvalidNextToken`.
    pub(super) fn take(params: &mut QueryParams, most: usize) -> Result<Self, AwsError> {
        let size = params.number::<usize>("MaxResults")?;
        if let Some(size) = size {
            let reason = match size {
                ..5 => "Expecting a value greater than 5.".to_owned(),
                _ if size > most => format!("Expecting a value less than or equal to {most}."),
                _ => String::new(),
            };
            if !reason.is_empty() {
                let message = format!("Value ( {size} ) for parameter maxResults is invalid. {reason}");
                return Err(AwsError::sender("InvalidParameterValue", message));
            }
        }
        let after = match params.text("NextToken").filter(|token| !token.is_empty()) {
            Some(token) => Some(page::key_of(&token).ok_or_else(|| {
                AwsError::sender("InvalidNextToken", format!("The specified NextToken ({token}) is not valid."))
            })?),
            None => None,
        };
        Ok(Self { size, after })
    }

    /// Tells whether pages were asked for; not allowed together with ids.
    pub(super) fn is_asked(&self) -> bool {
        self.size.is_some()
    }

    /// Cuts the page out of `items`, which are in the order of their keys; returns the token of the next page.
    pub(super) fn cut<T>(
        &self,
        items: impl IntoIterator<Item = T>,
        key: impl Fn(&T) -> String,
    ) -> (Vec<T>, Option<String>) {
        let (items, last) = page::page(items, key, self.after.as_ref(), self.size.unwrap_or(usize::MAX));
        (items, last.as_deref().map(page::token))
    }

    /// Writes `nextToken` where there is more.
    pub(super) fn write(root: &mut xml::Element, token: Option<&str>) {
        if let Some(token) = token {
            xml::text(root, "nextToken", token);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1::Request;

    fn paging(form: &str) -> Result<Paging, AwsError> {
        Paging::take(&mut QueryParams::parse(&Request::new(form.to_owned().into())).unwrap(), 1000)
    }

    #[test]
    fn pages_follow_one_another_without_gap_or_overlap() {
        let all: Vec<String> = (0..12).map(|n| format!("{n:02}")).collect();
        let mut seen = Vec::new();
        let mut query = "MaxResults=5".to_owned();
        loop {
            let (page, token) = paging(&query).unwrap().cut(all.clone(), String::clone);
            assert!(page.len() <= 5);
            seen.extend(page);
            let Some(token) = token else { break };
            query = format!("MaxResults=5&NextToken={token}");
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn sizes_and_tokens_that_make_no_sense_are_refused() {
        for bad in ["MaxResults=4", "MaxResults=1001"] {
            assert_eq!(paging(bad).unwrap_err().code, "InvalidParameterValue", "{bad}");
        }
        assert_eq!(paging("NextToken=%21").unwrap_err().code, "InvalidNextToken");
    }
}
