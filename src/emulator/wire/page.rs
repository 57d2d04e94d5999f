//! Pages of lists. A token is the key of the last item of the page before, so it survives changes in between: what was
//! deleted meanwhile, the item itself included, loses and repeats nothing.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

/// Cuts a page out of items that are in the order of their keys: those behind `after`, `size` at most. Returns the key
/// of the last one where there are more.
pub fn page<T, K: Ord>(
    items: impl IntoIterator<Item = T>,
    key: impl Fn(&T) -> K,
    after: Option<&K>,
    size: usize,
) -> (Vec<T>, Option<K>) {
    let is_before = |item: &T| after.is_some_and(|after| key(item) <= *after);
    let mut rest = items.into_iter().skip_while(is_before);
    let page: Vec<T> = rest.by_ref().take(size).collect();
    let last = rest.next().and(page.last()).map(&key);
    (page, last)
}

/// Writes a key as an opaque token.
#[must_use]
pub fn token(key: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(key)
}

/// Reads the key out of a token of [`token`]; `None` for what is none.
#[must_use]
pub fn key_of(token: &str) -> Option<String> {
    String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(token).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cmp::Reverse;

    #[test]
    fn a_page_goes_on_behind_its_key_whether_that_is_still_there_or_not() {
        let cut = |items: &[u8], after: Option<u8>| page(items.to_vec(), |item| *item, after.as_ref(), 2);
        assert_eq!(cut(&[1, 2, 3, 4], None), (vec![1, 2], Some(2)));
        assert_eq!(cut(&[1, 3, 4], Some(2)), (vec![3, 4], None));
        assert_eq!(cut(&[1, 2], Some(2)), (vec![], None));
    }

    #[test]
    fn a_list_may_run_backwards() {
        let (items, last) = page([3, 2, 1], |item| Reverse(*item), Some(&Reverse(3)), 1);
        assert_eq!((items, last), (vec![2], Some(Reverse(2))));
    }

    #[test]
    fn a_token_is_its_key_again_and_nothing_else_is_one() {
        assert_eq!(key_of(&token("a/b")).as_deref(), Some("a/b"));
        assert_eq!(key_of("!"), None);
    }
}
