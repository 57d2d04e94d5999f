//! A chunked body: bounded, and the same however it is cut into reads.

#![no_main]

use atelier_fuzz::http1::chunked::Decoder;
use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;

const LIMIT: usize = 4096;

fuzz_target!(|input: (u8, Vec<u8>)| {
    let (step, bytes) = input;
    let mut all = BytesMut::from(&bytes[..]);
    let whole = Decoder::new(LIMIT).decode(&mut all);
    if let Ok(Some(body)) = &whole {
        assert!(body.len() <= LIMIT);
    }
    let mut decoder = Decoder::new(LIMIT);
    let mut buffer = BytesMut::new();
    let mut outcome = Ok(None);
    for part in bytes.chunks(usize::from(step) + 1) {
        buffer.extend_from_slice(part);
        outcome = decoder.decode(&mut buffer);
        if !matches!(outcome, Ok(None)) {
            break;
        }
    }
    assert_eq!(outcome.is_err(), whole.is_err());
    if let (Ok(parts), Ok(whole)) = (outcome, whole) {
        assert_eq!(parts, whole);
    }
});
