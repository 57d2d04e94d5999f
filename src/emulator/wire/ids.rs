//! Ids, in the forms that AWS has for them.

use super::AwsError;
use crate::{http1::ids, secret::random_hex};

/// Draws an id in the form of a UUID.
#[must_use]
pub fn request_id() -> String {
    // Without randomness the id is all zeros: it is for people who read logs, nothing depends on it.
    ids::uuid(&random_hex(16).unwrap_or_else(|_| "0".repeat(32)))
}

/// Draws `length` lower-case hex digits.
///
/// # Errors
/// `InternalFailure` when the operating system has no randomness to give.
pub fn hex_id(length: usize) -> Result<String, AwsError> {
    let mut digits = random_hex(length.div_ceil(2)).map_err(no_randomness)?;
    digits.truncate(length);
    Ok(digits)
}

/// Draws `length` lower-case letters and digits.
///
/// # Errors
/// As [`hex_id`].
pub fn letter_id(length: usize) -> Result<String, AwsError> {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut raw = vec![0; length];
    getrandom::fill(&mut raw).map_err(no_randomness)?;
    // The slight preference for some digits harms nobody: an id is not a secret.
    Ok(raw.iter().map(|byte| char::from(DIGITS[usize::from(byte % 36)])).collect())
}

fn no_randomness(error: getrandom::Error) -> AwsError {
    AwsError::internal(format!("There is no randomness: {error}."))
}
