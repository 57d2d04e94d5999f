//! A value that must not be seen: it has no `Display` and no `Debug`, so it cannot slip into a log, an error or a state file.

use subtle::ConstantTimeEq;

/// Holds a secret text; the only way out is [`Secret::expose`], which is easy to search for.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret that came from outside (a file, the environment, an answer).
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Draws `bytes` random bytes from the operating system, written as lower-case hex.
    ///
    /// # Errors
    /// Returns the operating system's error when it has no randomness to give.
    pub fn random(bytes: usize) -> Result<Self, getrandom::Error> {
        random_hex(bytes).map(Self)
    }

    /// Returns the text, for the one place that must send or store it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Compares with a stranger's text in time that depends on the lengths only.
    #[must_use]
    pub fn matches(&self, candidate: &str) -> bool {
        self.0.as_bytes().ct_eq(candidate.as_bytes()).into()
    }
}

/// Does not compile once a [`Secret`] can be printed or serialised: `_` then stands for more than one type.
const _: () = {
    trait Seen<How> {
        fn never() {}
    }
    struct Displayed;
    struct Debugged;
    struct Serialised;
    impl<T> Seen<()> for T {}
    impl<T: std::fmt::Display> Seen<Displayed> for T {}
    impl<T: std::fmt::Debug> Seen<Debugged> for T {}
    impl<T: serde::Serialize> Seen<Serialised> for T {}
    let _ = <Secret as Seen<_>>::never;
};

/// Draws `bytes` random bytes from the operating system, written as lower-case hex. Not secret by itself: also for ids.
///
/// # Errors
/// Returns the operating system's error when it has no randomness to give.
pub fn random_hex(bytes: usize) -> Result<String, getrandom::Error> {
    let mut raw = vec![0; bytes];
    getrandom::fill(&mut raw)?;
    Ok(hex(&raw))
}

/// Writes bytes as lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
        .map(char::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_lower_case_and_two_digits_a_byte() {
        assert_eq!(hex(&[0, 10, 255]), "000aff");
    }

    #[test]
    fn a_secret_matches_itself_only() {
        let secret = Secret::new("abc");
        assert!(secret.matches("abc"));
        assert!(!secret.matches("abd"));
        assert!(!secret.matches("ab"));
        assert!(!secret.matches(""));
    }

    #[test]
    fn two_random_secrets_differ() {
        let (a, b) = (Secret::random(32).unwrap(), Secret::random(32).unwrap());
        assert_eq!(a.expose().len(), 64);
        assert!(!a.matches(b.expose()));
    }
}
