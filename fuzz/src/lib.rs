//! The parsers that face strangers, compiled from atelier's own files but without the rest of it: the AWS SDK alone
//! takes minutes and gigabytes under a sanitizer, and is not what is fuzzed.
//!
//! Not here: the rules that the targets check, which are in `fuzz_targets`.

#![allow(dead_code, unreachable_pub, unused_imports, reason = "a part of atelier uses only a part of itself")]

#[path = "../../src/api_key.rs"]
pub mod api_key;
#[path = "../../src/aws_protocol/mod.rs"]
pub mod aws_protocol;
#[path = "../../src/clock.rs"]
pub mod clock;
#[path = "../../src/contract/mod.rs"]
pub mod contract;
#[path = "../../src/deadlines.rs"]
pub mod deadlines;
#[path = "../../src/edge/mod.rs"]
pub mod edge;
#[path = "../../src/hosts.rs"]
pub mod hosts;
#[path = "../../src/http1/mod.rs"]
pub mod http1;
#[path = "../../src/lenience/mod.rs"]
pub mod lenience;
#[path = "../../src/names.rs"]
pub mod names;
#[path = "../../src/secret.rs"]
pub mod secret;
#[path = "../../src/shell.rs"]
pub mod shell;

/// What events measure in, without the log that they go to.
pub mod log {
    #[must_use]
    pub fn millis(duration: std::time::Duration) -> f64 {
        duration.as_secs_f64() * 1000.0
    }
}

/// What marks a value that reads the same in every language, without the texts that it stands in.
pub mod text {
    use std::fmt::Display;

    pub trait Verbatim: Display {}

    /// The languages of texts.
    #[derive(Clone, Copy)]
    pub enum Lang {
        En,
        Fr,
    }

    impl Lang {
        #[must_use]
        pub fn tag(self) -> &'static str {
            match self {
                Self::En => "en",
                Self::Fr => "fr",
            }
        }
    }

    /// A text for people: nobody reads here.
    pub struct Message;

    impl Message {
        pub fn new(_: impl Display) -> Self {
            Self
        }

        #[must_use]
        pub fn with_message(self, _: &'static str, _: Self) -> Self {
            self
        }

        pub fn literal(_: impl Display) -> Self {
            Self
        }

        #[must_use]
        pub fn with(self, _: &str, _: impl Display) -> Self {
            self
        }

        #[must_use]
        pub fn render(&self, _: Lang) -> String {
            String::new()
        }
    }
}

/// The docker proxy's rules, without its server.
#[path = "."]
pub mod proxy {
    #[path = "../../src/proxy/rules.rs"]
    pub mod rules;
}

/// The handler's reading of events, without what it does then.
#[path = "."]
pub mod handler {
    #[path = "../../src/handler/event.rs"]
    mod event;
    #[path = "../../src/handler/failure.rs"]
    mod failure;
    #[path = "../../src/handler/json.rs"]
    mod json;

    /// What reading an event came to.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum Read {
        /// Nothing is to be done.
        Preflight,
        /// A minute has passed, says who may invoke the function.
        Tick,
        /// An action (`start`) on a target (`ec2`).
        Request(&'static str, &'static str),
        /// A status of 400 or more.
        Refused(u16),
    }

    /// Reads an event.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Read {
        match event::Event::read(json::Json::parse(bytes).as_ref()).call {
            Ok(event::Call::Preflight) => Read::Preflight,
            Ok(event::Call::Tick { .. }) => Read::Tick,
            Ok(event::Call::Api(request)) => {
                let operation = request.operation();
                Read::Request(operation.action.as_str(), operation.target.as_str())
            },
            Err(failure) => Read::Refused(failure.status().as_u16()),
        }
    }
}

/// Reads a request as the server does, head and whole body; `None` is what it refuses or would wait for more of.
#[must_use]
pub fn request(bytes: &[u8], limits: &http1::Limits) -> Option<http1::Request> {
    let end = http1::head::end(bytes, 0, limits).ok().flatten()?;
    let head = http1::head::parse(&bytes::Bytes::copy_from_slice(&bytes[..end]), limits).ok()?;
    let mut request = http1::Request::new(bytes::Bytes::copy_from_slice(&bytes[end..]));
    *request.method_mut() = head.method;
    *request.uri_mut() = head.uri;
    *request.headers_mut() = head.headers;
    Some(request)
}
