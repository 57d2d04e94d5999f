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

/// Counts the insertions, deletions, replacements and swaps of neighbours that turn one text into the other.
pub(crate) fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    // The row `i` is about the first `i` letters, its column `j` about the first `j` of the other text.
    let mut rows: Vec<Vec<usize>> = vec![(0..=to.len()).collect()];
    for (i, x) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in to.iter().enumerate() {
            let replaced = rows[i][j] + usize::from(x != y);
            let mut least = replaced.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == to[j - 1] && from[i - 1] == *y {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows.last().and_then(|row| row.last()).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn a_distance_is_the_number_of_slips() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("same", "same"), 0);
        assert_eq!((distance("paln", "plan"), distance("opn", "open")), (1, 1));
    }
}
