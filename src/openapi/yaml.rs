//! Documents in YAML.

use serde_json::Value;
use serde_saphyr::{Error, budget::BudgetBreach};

/// Reads a document.
///
/// # Errors
/// Why it cannot be read, in one line.
pub fn read(text: &str) -> Result<Value, String> {
    serde_saphyr::from_str(text).map_err(|error| match error.without_snippet() {
        Error::Budget { breach: BudgetBreach::Depth { depth }, .. } => {
            format!("it nests deeper than {} levels", depth.saturating_sub(1))
        }
        // What an alias stands for is read again, and counted.
        Error::AliasError { .. }
        | Error::Budget { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            "it is larger, or refers to its own parts more often, than a document may".to_owned()
        }
        _ => error.to_string().lines().next().unwrap_or_default().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_deep_or_no_document_is_refused_in_words() {
        let deep: Vec<String> = (0..100).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
        assert_eq!(read(&deep.concat()).unwrap_err(), "it nests deeper than 64 levels");
        let anchors = (b'b'..=b'j').map(char::from).zip('a'..).map(|(name, of)| {
            let references = vec![format!("*{of}"); 9].join(", ");
            format!("{name}: &{name} [{references}]\n")
        });
        let bomb = format!("a: &a [x, x, x, x, x, x, x, x, x]\n{}", anchors.collect::<String>());
        assert!(read(&bomb).unwrap_err().contains("refers to its own parts"));
    }
}
