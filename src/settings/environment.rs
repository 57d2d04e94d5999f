//! The process's environment, read once.

use std::collections::BTreeMap;

/// Variables that installers know, in either case.
const INSTALLERS: [&str; 9] = [
    "ALL_PROXY",
    "CURL_CA_BUNDLE",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NODE_EXTRA_CA_CERTS",
    "NO_PROXY",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
];
/// How the names of their own ones begin.
const INSTALLERS_OWN: [&str; 2] = ["NPM_CONFIG_", "PIP_"];

/// A snapshot of the environment; an empty variable counts as absent, as POSIX utilities have it.
#[derive(Debug, Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Reads the process's environment. Variables that are not UTF-8 are of no use to any setting and are left out.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn capture() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// Returns the value of `name`, when it has one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The variables by which `pip` and `npm` find proxies, indexes and certificates.
    #[must_use]
    pub fn of_installers(&self) -> BTreeMap<String, String> {
        let is_one = |name: &str| {
            let name = name.to_ascii_uppercase();
            INSTALLERS.contains(&name.as_str()) || INSTALLERS_OWN.iter().any(|own| name.starts_with(own))
        };
        let ones = self.0.iter().filter(|(name, _)| is_one(name));
        ones.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}
