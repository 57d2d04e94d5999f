//! Bodies that clients send compressed: SDKs do so where an operation may be long (`PutMetricData`).

use super::AwsError;
use crate::http1::Request;
use flate2::read::GzDecoder;
use http::header::CONTENT_ENCODING;
use std::io::Read;

/// The most bytes that a body may have when it is plain: what CloudWatch takes of a `PutMetricData`.
const MOST: u64 = 1024 * 1024;

/// Gives a request whose body is plain, where the one that came is compressed.
///
/// # Errors
/// When it is not compressed as it says, or too large.
pub fn plain(request: &Request) -> Result<Option<Request>, AwsError> {
    let coding = request.headers().get(CONTENT_ENCODING).and_then(|coding| coding.to_str().ok());
    if !coding.is_some_and(|coding| coding.eq_ignore_ascii_case("gzip")) {
        return Ok(None);
    }
    let mut body = Vec::new();
    let read = GzDecoder::new(request.body().as_ref()).take(MOST + 1).read_to_end(&mut body);
    read.map_err(|_| AwsError::sender("SerializationException", "The body is not compressed with gzip."))?;
    if body.len() as u64 > MOST {
        let message = format!("The body has more than {MOST} bytes when it is plain.");
        return Err(AwsError::sender("RequestEntityTooLarge", message));
    }
    let mut plain = Request::new(body.into());
    *plain.method_mut() = request.method().clone();
    *plain.uri_mut() = request.uri().clone();
    *plain.headers_mut() = request.headers().clone();
    plain.headers_mut().remove(CONTENT_ENCODING);
    Ok(Some(plain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn request(body: Vec<u8>) -> Request {
        let mut request = Request::new(body.into());
        request.headers_mut().insert(CONTENT_ENCODING, "gzip".parse().unwrap());
        request
    }

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_compressed_body_is_read_as_what_it_was() {
        let plain = super::plain(&request(packed(b"{\"a\":1}"))).unwrap().unwrap();
        assert_eq!((plain.body().as_ref(), plain.headers().len()), (&b"{\"a\":1}"[..], 0));
        assert!(super::plain(&Request::new("{}".into())).unwrap().is_none());
    }

    #[test]
    fn what_is_not_compressed_or_grows_too_large_is_refused() {
        assert_eq!(plain(&request(b"{}".to_vec())).unwrap_err().code, "SerializationException");
        let bomb = packed(&vec![0; 64 << 20]);
        assert_eq!(plain(&request(bomb)).unwrap_err().code, "RequestEntityTooLarge");
    }
}
