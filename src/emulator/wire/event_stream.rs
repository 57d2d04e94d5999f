//! Messages of `application/vnd.amazon.eventstream`: headers and a payload, each message with its lengths and checksums.
//!
//! Only what events need: every header's value is a text.
//! <https://smithy.io/2.0/aws/amazon-eventstream.html>

use bytes::{BufMut, Bytes, BytesMut};

/// The media type of a stream of messages.
pub const MEDIA_TYPE: &str = "application/vnd.amazon.eventstream";

/// The type of a header whose value is a text.
const TEXT: u8 = 7;
/// Bytes of a message beside its headers and its payload: two lengths and two checksums.
const FRAME: usize = 16;

/// Writes an event whose payload is of this media type.
#[must_use]
pub fn event(event_type: &str, media_type: &str, payload: &[u8]) -> Bytes {
    let headers = headers(&[(":event-type", event_type), (":content-type", media_type), (":message-type", "event")]);
    let mut message = BytesMut::with_capacity(FRAME + headers.len() + payload.len());
    message.put_u32(length(FRAME + headers.len() + payload.len()));
    message.put_u32(length(headers.len()));
    message.put_u32(crc32fast::hash(&message));
    message.put_slice(&headers);
    message.put_slice(payload);
    message.put_u32(crc32fast::hash(&message));
    message.freeze()
}

fn headers(headers: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in headers {
        bytes.put_u8(u8::try_from(name.len()).unwrap_or(u8::MAX));
        bytes.put_slice(name.as_bytes());
        bytes.put_u8(TEXT);
        bytes.put_u16(u16::try_from(value.len()).unwrap_or(u16::MAX));
        bytes.put_slice(value.as_bytes());
    }
    bytes
}

/// No payload comes near what a length can hold: pieces are as large as what is read at once.
fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_its_lengths_and_its_checksums() {
        let message = event("A", "b", b"cd");
        let word = |at: usize| u32::from_be_bytes(message[at..at + 4].try_into().unwrap());
        assert_eq!(word(0) as usize, message.len());
        assert_eq!(word(4) as usize, message.len() - FRAME - 2);
        assert_eq!(word(8), crc32fast::hash(&message[..8]));
        assert_eq!(word(message.len() - 4), crc32fast::hash(&message[..message.len() - 4]));
        assert_eq!(&message[12..29], b"\x0b:event-type\x07\x00\x01A\x0d");
        assert_eq!(&message[message.len() - 6..message.len() - 4], b"cd");
    }
}
