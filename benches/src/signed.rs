//! Calls with a signature (AWS Signature Version 4), over one connection.

use crate::http::Connection;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::io;
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

/// A client of an engine.
pub struct Signed {
    connection: Connection,
    address: SocketAddr,
    key_id: String,
    secret: String,
}

impl Signed {
    /// Connects with the credentials that `up` has written.
    pub fn connect(address: SocketAddr, (key_id, secret): (String, String)) -> io::Result<Self> {
        Ok(Self { connection: Connection::open(address)?, address, key_id, secret })
    }

    /// Makes a call of EC2, `Action=…&…`; an answer other than 200 is an error with its text.
    pub fn ec2(&mut self, form: &str) -> io::Result<String> {
        self.call("ec2", "/", ("application/x-www-form-urlencoded", None), &format!("Version=2016-11-15&{form}"))
    }

    /// Makes a call of a service that speaks JSON 1.1; `operation` is what `x-amz-target` says.
    pub fn json(&mut self, service: &str, operation: &str, body: &str) -> io::Result<String> {
        self.call(service, "/", ("application/x-amz-json-1.1", Some(operation)), body)
    }

    /// Invokes a function and gives its answer.
    pub fn invoke(&mut self, function: &str, event: &str) -> io::Result<String> {
        self.call("lambda", &format!("/2015-03-31/functions/{function}/invocations"), ("application/json", None), event)
    }

    /// `kind` is the body's type, and what `x-amz-target` says where there is one.
    fn call(
        &mut self,
        service: &str,
        path: &str,
        (kind, operation): (&str, Option<&str>),
        body: &str,
    ) -> io::Result<String> {
        let (date, time) = now()?;
        let scope = format!("us-east-1/{service}/aws4_request");
        let hash = hex(&Sha256::digest(body));
        let mut headers = format!("host:{}\nx-amz-date:{time}\n", self.address);
        let mut signed = "host;x-amz-date".to_owned();
        let mut lines = format!("x-amz-date: {time}\r\ncontent-type: {kind}\r\n");
        if let Some(operation) = operation {
            headers.push_str(&format!("x-amz-target:{operation}\n"));
            signed.push_str(";x-amz-target");
            lines.push_str(&format!("x-amz-target: {operation}\r\n"));
        }
        let canonical = format!("POST\n{path}\n\n{headers}\n{signed}\n{hash}");
        let digest = hex(&Sha256::digest(&canonical));
        let text = format!("AWS4-HMAC-SHA256\n{time}\n{date}/{scope}\n{digest}");
        let parts = [date.as_str(), "us-east-1", service, "aws4_request", text.as_str()];
        let signature =
            parts.iter().try_fold(format!("AWS4{}", self.secret).into_bytes(), |key, part| mac(&key, part))?;
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{date}/{scope}, SignedHeaders={signed}, Signature={}",
            self.key_id,
            hex(&signature)
        );
        lines.push_str(&format!("authorization: {authorization}\r\n"));
        let (status, answer) = self.connection.post(path, &lines, body)?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        if status == 200 { Ok(answer) } else { Err(io::Error::other(format!("{status}: {answer}"))) }
    }
}

fn mac(key: &[u8], text: &str) -> io::Result<Vec<u8>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(io::Error::other)?;
    mac.update(text.as_bytes());
    Ok(mac.finalize().into_bytes().to_vec())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The date (`20261129`) and the time (`20261129T180000Z`) in UTC.
fn now() -> io::Result<(String, String)> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_err(io::Error::other)?.as_secs();
    let (mut day, mut year) = (seconds / 86_400, 1970);
    let is_leap = |year: u64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    while day >= 365 + u64::from(is_leap(year)) {
        day -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    let date = format!("{year}{month:02}{:02}", day + 1);
    let clock = seconds % 86_400;
    let time = format!("{date}T{:02}{:02}{:02}Z", clock / 3600, clock / 60 % 60, clock % 60);
    Ok((date, time))
}
