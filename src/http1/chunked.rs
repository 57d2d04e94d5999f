//! The chunked transfer coding, strictly: no extensions, no white space, no leading zeros, and trailers only at a door
//! that takes them.
//!
//! Pure: it takes bytes from a buffer that somebody else fills.

use super::{Rejection, head};
use bytes::{Buf, Bytes, BytesMut};
use http::HeaderMap;

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
    /// Behind the last size line: before the empty line, or the trailers that end with one.
    LastEnd,
    /// Behind the body.
    Done,
}

/// Decodes one body, as its bytes arrive.
#[derive(Debug)]
pub struct Decoder {
    state: State,
    body: BytesMut,
    /// Bytes that may still be announced.
    left: usize,
    /// Bytes that the trailers may have; none are allowed where there is none.
    trailer_bytes: usize,
    trailers: HeaderMap,
}

impl Decoder {
    /// Starts a body that may have `limit` decoded bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self::with_trailers(limit, 0)
    }

    /// Starts a body after which so many bytes of trailers may come.
    #[must_use]
    pub fn with_trailers(limit: usize, trailer_bytes: usize) -> Self {
        let trailers = HeaderMap::new();
        Self { state: State::Size, body: BytesMut::new(), left: limit, trailer_bytes, trailers }
    }

    /// Takes what it can from `input`; gives the whole body once its end was in there. What follows the body stays.
    ///
    /// # Errors
    /// Refuses at the first byte that a strict client would not have sent, and at the first size beyond the limit.
    pub fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Bytes>, Rejection> {
        Ok(if self.advance(input)? { Some(self.take()) } else { None })
    }

    /// Gives what was decoded since it was last asked.
    pub fn take(&mut self) -> Bytes {
        self.body.split().freeze()
    }

    /// Gives the trailers of a body that has ended.
    pub fn take_trailers(&mut self) -> HeaderMap {
        std::mem::take(&mut self.trailers)
    }

    /// Takes what it can from `input`; tells whether the body's end was in there.
    ///
    /// # Errors
    /// As [`Decoder::decode`].
    pub fn advance(&mut self, input: &mut BytesMut) -> Result<bool, Rejection> {
        loop {
            match self.state {
                State::Size => {
                    let Some(size) = size_line(input)? else { return Ok(false) };
                    self.left = self.left.checked_sub(size).ok_or(Rejection::BodyTooLarge)?;
                    self.state = if size == 0 { State::LastEnd } else { State::Data(size) };
                }
                State::Data(left) => {
                    let taken = left.min(input.len());
                    self.body.extend_from_slice(&input[..taken]);
                    input.advance(taken);
                    if taken < left {
                        self.state = State::Data(left - taken);
                        return Ok(false);
                    }
                    self.state = State::DataEnd;
                }
                State::DataEnd => {
                    if !line_end(input)? {
                        return Ok(false);
                    }
                    self.state = State::Size;
                }
                State::LastEnd => {
                    let is_over = if self.trailer_bytes == 0 { line_end(input)? } else { self.trailer_lines(input)? };
                    if !is_over {
                        return Ok(false);
                    }
                    self.state = State::Done;
                }
                State::Done => return Ok(true),
            }
        }
    }

    /// Takes the lines behind the last chunk, with the empty one; `false` while that has not arrived.
    fn trailer_lines(&mut self, input: &mut BytesMut) -> Result<bool, Rejection> {
        if input.first().is_none_or(|byte| *byte == b'\r') {
            return line_end(input);
        }
        let Some(end) = input.windows(4).position(|window| window == b"\r\n\r\n") else {
            return if input.len() > self.trailer_bytes { Err(Rejection::Trailer) } else { Ok(false) };
        };
        if end > self.trailer_bytes {
            return Err(Rejection::Trailer);
        }
        let lines = input.split_to(end + 4).freeze();
        (self.trailers, _) = head::headers(&lines, 0).map_err(|_| Rejection::Trailer)?;
        Ok(true)
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

    #[test]
    fn trailers_are_read_where_a_door_takes_them_and_refused_elsewhere() {
        let wire = b"1\r\nx\r\n0\r\nA: b\r\nC:\r\n\r\nrest";
        assert_eq!(decode(wire, 3, 10), Err(Rejection::Chunk));
        for piece in [1, 5, 100] {
            let (mut decoder, mut input) = (Decoder::with_trailers(10, 20), BytesMut::new());
            let mut is_over = false;
            for bytes in wire.chunks(piece) {
                input.extend_from_slice(bytes);
                is_over = decoder.advance(&mut input).unwrap();
            }
            let trailers = decoder.take_trailers();
            assert_eq!((is_over, &decoder.take()[..], &input[..]), (true, &b"x"[..], &b"rest"[..]), "{piece}");
            assert_eq!((trailers["a"].as_bytes(), trailers["c"].as_bytes()), (&b"b"[..], &b""[..]));
        }
        let mut long = BytesMut::from(&b"0\r\nA: bbbbbbbbbbbbbbbbbbbbbbbbbbbb"[..]);
        assert_eq!(Decoder::with_trailers(10, 20).advance(&mut long), Err(Rejection::Trailer));
        let mut smuggled = BytesMut::from(&b"0\r\nA b\r\n\r\n"[..]);
        assert_eq!(Decoder::with_trailers(10, 20).advance(&mut smuggled), Err(Rejection::Trailer));
    }

    #[test]
    fn a_body_is_given_in_pieces_and_counted_as_one() {
        let (mut decoder, mut input) = (Decoder::new(3), BytesMut::from(&b"2\r\nab\r\n1\r\n"[..]));
        assert!(!decoder.advance(&mut input).unwrap());
        assert_eq!(&decoder.take()[..], b"ab");
        input.extend_from_slice(b"c\r\n1\r\n");
        assert_eq!(decoder.advance(&mut input), Err(Rejection::BodyTooLarge));
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
