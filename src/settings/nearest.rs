//! A key that is none, and the one that was meant.

use crate::{
    error::{Code, Error},
    text::Message,
};

/// Says that there is no such key, and which one was meant.
pub(super) fn unknown(key: &str, known: &[&str]) -> Error {
    let last = key.rsplit('.').next().unwrap_or(key);
    let nearest = known.iter().min_by_key(|known| distance(known, last)).copied().unwrap_or_default();
    Error::new(Code::UnknownSetting).with("name", key).hint(Message::new("hint.nearest_setting").with("name", nearest))
}

/// Counts the insertions, deletions and replacements that turn one text into the other (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.chars().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distances_are_levenshteins() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("same", "same"), 0);
    }
}
