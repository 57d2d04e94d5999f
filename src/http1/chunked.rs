//! The chunked transfer coding, strictly: no extensions, no trailers, no white space, no leading zeros.
//!
//! Pure: it takes bytes from a buffer that somebody else fills.

use super::Rejection;
use bytes::{Buf, Bytes, BytesMut};

/// Hex digits of a chunk's size: 8 of them are more than any door allows.
const SIZE_DIGITS: usize = 8;

/// Where the decoder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before a size line.
    Size,
    /// Inside a chunk, so many bytes before its end.
    Data(usize),
    /// Behind a chunk, before its line end.
    DataEnd,
    /// Behind the last size line, before the empty line.
    LastEnd,
    /// Behind the body.
    Done,
}

/// Decodes one body, as its bytes arrive.
#[derive(Debug)]
pub struct Decoder {
    state: State,
    body: BytesMut,
    limit: usize,
}

impl Decoder {
    /// Starts a body that may have `limit` decoded bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { state: State::Size, body: BytesMut::new(), limit }
    }

    /// Takes what it can from `input`; gives the whole body once its end was in there. What follows the body stays.
    ///
    /// # Errors
    /// Refuses at the first byte that a strict client would not have sent, and at the first size beyond the limit.
    pub fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Bytes>, Rejection> {
        loop {
            match self.state {
                State::Size => {
                    let Some(size) = size_line(input)? else { return Ok(None) };
                    if size > self.limit - self.body.len() {
                        return Err(Rejection::BodyTooLarge);
                    }
                    self.state = if size == 0 { State::LastEnd } else { State::Data(size) };
                }
                State::Data(left) => {
                    let taken = left.min(input.len());
                    self.body.extend_from_slice(&input[..taken]);
                    input.advance(taken);
                    if taken < left {
                        self.state = State::Data(left - taken);
                        return Ok(None);
                    }
                    self.state = State::DataEnd;
                }
                State::DataEnd => {
                    if !line_end(input)? {
                        return Ok(None);
                    }
                    self.state = State::Size;
                }
                State::LastEnd => {
                    if !line_end(input)? {
                        return Ok(None);
                    }
                    self.state = State::Done;
                }
                State::Done => return Ok(Some(self.body.split().freeze())),
            }
        }
    }
}

/// Takes `1a\r\n` from the input; `None` while its end has not arrived.
fn size_line(input: &mut BytesMut) -> Result<Option<usize>, Rejection> {
    let digits = input.iter().take_while(|byte| byte.is_ascii_hexdigit()).take(SIZE_DIGITS + 1).count();
    if digits > SIZE_DIGITS || (digits > 1 && input[0] == b'0') {
        return Err(Rejection::Chunk);
    }
    match &input[digits..] {
        [b'\r', b'\n', ..] if digits > 0 => {}
        [b'\r'] if digits > 0 => return Ok(None),
        [] => return Ok(None),
        _ => return Err(Rejection::Chunk),
    }
    let line = input.split_to(digits + 2);
    let size = std::str::from_utf8(&line[..digits]).ok().and_then(|digits| usize::from_str_radix(digits, 16).ok());
    size.map(Some).ok_or(Rejection::Chunk)
}

/// Takes `\r\n` from the input; `false` while it has not arrived.
fn line_end(input: &mut BytesMut) -> Result<bool, Rejection> {
    match &input[..] {
        [b'\r', b'\n', ..] => {
            input.advance(2);
            Ok(true)
        }
        [] | [b'\r'] => Ok(false),
        _ => Err(Rejection::Chunk),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Feeds `bytes` in pieces of `piece` bytes; gives the body and what was left over.
    fn decode(bytes: &[u8], piece: usize, limit: usize) -> Result<Option<(Bytes, BytesMut)>, Rejection> {
        let (mut decoder, mut input) = (Decoder::new(limit), BytesMut::new());
        let mut pieces = bytes.chunks(piece);
        while let Some(piece) = pieces.next() {
            input.extend_from_slice(piece);
            if let Some(body) = decoder.decode(&mut input)? {
                input.extend_from_slice(&pieces.flatten().copied().collect::<Vec<_>>());
                return Ok(Some((body, input)));
            }
        }
        Ok(None)
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded_however_it_arrives(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..40), 0..6),
            rest in proptest::collection::vec(any::<u8>(), 0..8),
            piece in 1_usize..50,
        ) {
            let mut wire = Vec::new();
            for chunk in &chunks {
                wire.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                wire.extend_from_slice(chunk);
                wire.extend_from_slice(b"\r\n");
            }
            wire.extend_from_slice(b"0\r\n\r\n");
            wire.extend_from_slice(&rest);
            let body = chunks.concat();
            let (decoded, left) = decode(&wire, piece, body.len())?.unwrap();
            prop_assert_eq!(&decoded[..], &body[..]);
            prop_assert_eq!(&left[..], &rest[..]);
            if !body.is_empty() {
                prop_assert_eq!(decode(&wire, piece, body.len() - 1), Err(Rejection::BodyTooLarge));
            }
        }

        #[test]
        fn the_verdict_does_not_depend_on_how_bytes_arrive(
            wire in "[0-2a;\r\n ]{0,30}",
            piece in 1_usize..6,
        ) {
            let whole = decode(wire.as_bytes(), wire.len().max(1), 100);
            prop_assert_eq!(decode(wire.as_bytes(), piece, 100), whole);
        }

        #[test]
        fn no_bytes_panic_or_pass_the_limit(wire in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(Some((body, _))) = decode(&wire, 7, 16) {
                prop_assert!(body.len() <= 16);
            }
        }
    }
}
