//! Whether a body is text or bytes, and how the one becomes the other.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html>

use super::{event::is_binary, failure::Failure, incoming::Incoming};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;

/// Tells whether the body of an answer becomes text, by what the response says of it, else by what the caller wants.
pub(super) fn becomes_text(handling: Option<&str>, incoming: &Incoming) -> bool {
    match handling {
        Some(handling) => handling == "CONVERT_TO_TEXT",
        None => !is_binary(&incoming.binary_media_types, incoming.accept()),
    }
}

/// The body of a backend's answer as its caller gets it: from the type that the backend declares to what it becomes.
pub(super) fn handled(
    handling: Option<&str>,
    incoming: &Incoming,
    declared: &str,
    body: &Bytes,
) -> Result<Bytes, Failure> {
    let is_bytes = is_binary(&incoming.binary_media_types, declared);
    Ok(match (is_bytes, becomes_text(handling, incoming)) {
        (true, true) => BASE64_STANDARD.encode(body).into(),
        (true, false) => body.clone(),
        (false, true) => String::from_utf8_lossy(body).into_owned().into(),
        (false, false) => decoded(body)?,
    })
}

/// The bytes that a text in base64 means; what base64 does not have, such as the quotes of JSON around it, does not count.
pub(super) fn decoded(text: &[u8]) -> Result<Bytes, Failure> {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let text: Vec<u8> = text.iter().copied().filter(is_base64).collect();
    BASE64_STANDARD.decode(text).map(Bytes::from).map_err(|_| Failure::Configuration)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn an_answer_is_text_or_bytes_as_it_is_declared_wanted_and_handled() {
        let handle = |declared: &str, accept: &str, handling: Option<&str>, body: &'static [u8]| {
            let headers = vec![("Accept".to_owned(), accept.to_owned())];
            let incoming = Incoming { binary_media_types: vec!["image/png".to_owned()], ..Incoming::default() };
            let incoming = incoming.with_parameters(BTreeMap::new(), vec![], headers);
            handled(handling, &incoming, declared, &Bytes::from_static(body))
        };
        // The table of AWS's documentation, with "hi" in base64 as the body.
        let (same, encoded, bytes) = ("aGk=", "YUdrPQ==", "hi");
        let (text, image) = ("text/plain", "image/png");
        let (to_bytes, to_text) = (Some("CONVERT_TO_BINARY"), Some("CONVERT_TO_TEXT"));
        for (declared, accept, handling, made) in [
            (text, text, None, same),
            (text, text, to_bytes, bytes),
            (text, text, to_text, same),
            (text, image, None, bytes),
            (text, image, to_bytes, bytes),
            (text, image, to_text, same),
            (image, text, None, encoded),
            (image, text, to_bytes, same),
            (image, text, to_text, encoded),
            (image, image, None, same),
            (image, image, to_bytes, same),
            (image, image, to_text, encoded),
        ] {
            let body = handle(declared, accept, handling, b"aGk=").unwrap();
            assert_eq!(body, made, "{declared} for {accept}: {handling:?}");
        }
        assert_eq!(handle(text, text, to_bytes, b"\"aGk=\"").unwrap(), bytes);
        assert_eq!(handle(text, text, to_bytes, b"x"), Err(Failure::Configuration));
        assert_eq!(handle(text, text, None, b"\xff").unwrap(), "\u{fffd}");
    }
}
