//! The condition keys of a request: what conditions and policy variables are asked about.

use std::collections::BTreeMap;

/// The condition keys of a request, by their names in lower case: names of keys have no case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys(BTreeMap<String, Vec<String>>);

impl Keys {
    /// Sets a key that has one value.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_ascii_lowercase(), vec![value.into()]);
    }

    /// Sets a key that may have several values, or none.
    pub fn set_all(&mut self, name: &str, values: impl IntoIterator<Item = String>) {
        self.0.insert(name.to_ascii_lowercase(), values.into_iter().collect());
    }

    /// Sets one key for each tag (`aws:ResourceTag/Env`).
    pub fn set_tags<'t>(&mut self, prefix: &str, tags: impl IntoIterator<Item = (&'t String, &'t String)>) {
        for (key, value) in tags {
            self.set(&format!("{prefix}/{key}"), value);
        }
    }

    /// The values of a key; `None` where the request has no such key.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[String]> {
        self.0.get(&name.to_ascii_lowercase()).map(Vec::as_slice)
    }

    /// The value of a key that has one only.
    #[must_use]
    pub fn one(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some([value]) => Some(value),
            _ => None,
        }
    }

    /// Adds keys; those that are there stay.
    pub fn add(&mut self, others: &Self) {
        for (name, values) in &others.0 {
            self.0.entry(name.clone()).or_insert_with(|| values.clone());
        }
    }

    /// Keeps the keys whose names, in lower case, are wanted.
    pub fn retain(&mut self, wanted: impl Fn(&str) -> bool) {
        self.0.retain(|name, _| wanted(name));
    }

    /// Every key with its values, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }
}
