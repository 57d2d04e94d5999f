//! Links to the code of functions and layers (`Code.Location`): whoever has one may fetch the archive, for ten minutes, as
//! at AWS. A link is proved by what only this process can have written, before anything is looked up; it ends with the
//! process, too.

use crate::{
    edge::{canonical::hmac, routes::CODE},
    emulator::{context::Context, wire::AwsError},
    http1::Response,
    secret::{Secret, hex},
};
use http::{HeaderValue, Uri, header};
use std::sync::OnceLock;
use time::OffsetDateTime;

/// How long a link may be followed, in seconds.
const LIFETIME: i64 = 600;
/// Bytes of the key that links are proved with.
const KEY_BYTES: usize = 32;

/// Makes links, and knows its own.
#[derive(Default)]
pub struct Links {
    key: OnceLock<Secret>,
}

impl Links {
    /// Makes a link to a blob.
    pub(super) fn link(&self, endpoint: &str, blob: &str, now: OffsetDateTime) -> Result<String, AwsError> {
        let until = now.unix_timestamp() + LIFETIME;
        let signature = signature(self.key()?, blob, until);
        Ok(format!("{endpoint}{CODE}{blob}?Expires={until}&Signature={}", signature.expose()))
    }

    /// The key, which the first link draws.
    fn key(&self) -> Result<&Secret, AwsError> {
        if let Some(key) = self.key.get() {
            return Ok(key);
        }
        let drawn = Secret::random(KEY_BYTES);
        let drawn = drawn.map_err(|error| AwsError::internal(format!("There is no randomness: {error}.")))?;
        Ok(self.key.get_or_init(|| drawn))
    }

    /// The blob that a link leads to, where it is one of these and may still be followed.
    fn blob<'u>(&self, uri: &'u Uri, now: OffsetDateTime) -> Option<&'u str> {
        let blob = uri.path().strip_prefix(CODE)?;
        let (until, found) = uri.query()?.strip_prefix("Expires=")?.split_once("&Signature=")?;
        let until: i64 = until.parse().ok()?;
        let is_own = signature(self.key.get()?, blob, until).matches(found);
        (is_own && now.unix_timestamp() < until).then_some(blob)
    }
}

fn signature(key: &Secret, blob: &str, until: i64) -> Secret {
    Secret::new(hex(&hmac(key.expose().as_bytes(), &format!("{blob}\n{until}"))))
}

/// Answers whoever follows a link; `None` where it leads nowhere.
pub async fn follow(context: &Context, uri: &Uri) -> Option<Response> {
    let blob = context.links.blob(uri, context.config.clock.now())?;
    let archive = context.store.blobs().get(blob).await.ok()?;
    let mut response = Response::new(archive);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"code.zip\""));
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_link_is_followed_as_it_was_made_and_for_ten_minutes() {
        let (links, now) = (Links::default(), OffsetDateTime::UNIX_EPOCH + Duration::from_hours(1000));
        let link = links.link("http://localhost:4566", "abc", now).unwrap();
        let path = link.strip_prefix("http://localhost:4566").unwrap();
        let leads = |links: &Links, path: &str, seconds: u64| {
            links.blob(&path.parse().unwrap(), now + Duration::from_secs(seconds)).map(str::to_owned)
        };
        assert_eq!(leads(&links, path, 0).as_deref(), Some("abc"));
        assert_eq!(leads(&links, path, 599).as_deref(), Some("abc"));
        assert_eq!(leads(&links, path, 600), None);
        let other = Links::default();
        other.link("", "abc", now).unwrap();
        assert_eq!(leads(&other, path, 0), None, "that of another process");
        assert_eq!(leads(&Links::default(), path, 0), None, "none was made yet");
        let (until, signature) = path.split_once("&Signature=").unwrap();
        for forged in [
            path.replace("/abc?", "/abd?"),
            path.replace("Expires=", "Expires=1"),
            format!("{path}0"),
            path[..path.len() - 1].to_owned(),
            until.to_owned(),
            format!("{until}&Signature="),
            format!("/_aws/code/abc?Signature={signature}"),
        ] {
            assert_eq!(leads(&links, &forged, 0), None, "{forged}");
        }
    }
}
