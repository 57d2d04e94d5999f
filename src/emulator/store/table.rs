//! A table: one kind of resource in memory, by key. It reads like a `BTreeMap`, a copy of it costs nothing, and it
//! remembers which keys were touched, so that a change writes just those.

use rpds::RedBlackTreeMapSync;
use serde::{Serialize, de::DeserializeOwned, ser::Error};
use std::{borrow::Borrow, collections::BTreeSet, fmt::Display, mem, ops::Bound, str::FromStr, sync::Arc};

/// How deep a record may be nested: deeper ones cannot be read again.
const MAX_DEPTH: usize = 127;

/// What can be a key: written by `Display`, read by `FromStr`, in an order.
pub trait Key: Ord + Clone + Display + FromStr + Send + Sync {}

impl<K: Ord + Clone + Display + FromStr + Send + Sync> Key for K {}

/// What can be a value: kept on disk as JSON.
pub trait Value: Clone + Serialize + DeserializeOwned + Send + Sync {}

impl<V: Clone + Serialize + DeserializeOwned + Send + Sync> Value for V {}

/// Values by their keys, in the order of the keys. Copies share what they have in common.
#[derive(Clone)]
pub struct Table<K: Key, V: Value> {
    map: RedBlackTreeMapSync<K, Arc<V>>,
    touched: BTreeSet<K>,
}

impl<K: Key, V: Value> Default for Table<K, V> {
    fn default() -> Self {
        Self { map: RedBlackTreeMapSync::new_sync(), touched: BTreeSet::new() }
    }
}

impl<K: Key, V: Value> Table<K, V> {
    /// Counts the values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.size()
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// Returns the value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.map.get(key).map(AsRef::as_ref)
    }

    /// Whether a key has a value.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.map.contains_key(key)
    }

    /// Returns the value of a key to change it; it counts as changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let (owned, _) = self.map.get_key_value(key)?;
        self.touched.insert(owned.clone());
        self.map.get_mut(key).map(Arc::make_mut)
    }

    /// Gives a key a value, in place of the one that it had.
    pub fn insert(&mut self, key: K, value: V) {
        self.touched.insert(key.clone());
        self.map.insert_mut(key, Arc::new(value));
    }

    /// Removes a key and returns its value.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let (owned, value) = self.map.get_key_value(key)?;
        self.touched.insert(owned.clone());
        let value = Arc::clone(value);
        self.map.remove_mut(key);
        Some(Arc::unwrap_or_clone(value))
    }

    /// Changes the values that are `wanted`, and touches no other.
    pub fn change_where(&mut self, wanted: impl Fn(&V) -> bool, mut change: impl FnMut(&mut V)) {
        let keys: Vec<K> = self.iter().filter(|(_, value)| wanted(value)).map(|(key, _)| key.clone()).collect();
        for key in &keys {
            self.get_mut(key).into_iter().for_each(&mut change);
        }
    }

    /// Walks over keys and values.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.map.iter().map(|(key, value)| (key, value.as_ref()))
    }

    /// Walks over the keys.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.map.keys()
    }

    /// Walks over the values, in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.map.values().map(AsRef::as_ref)
    }

    /// Walks over keys and values from `start` on.
    pub fn range(&self, start: Bound<K>) -> impl Iterator<Item = (&K, &V)> {
        self.map.range::<K, _>((start, Bound::Unbounded)).map(|(key, value)| (key, value.as_ref()))
    }
}

/// A key as it is written, and what has become of its value: JSON, or `None` where it was removed.
pub struct Touched {
    /// The key.
    pub id: String,
    /// The value.
    pub json: Option<Vec<u8>>,
}

/// Why a record on disk is none of its table's.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The key is not what the table's keys are.
    #[error("its key is not valid")]
    Key,
    /// The value has not the shape of the table's values.
    #[error("it has not the expected shape: {0}")]
    Value(#[from] serde_json::Error),
}

/// What the store sees of a table: no types, just ids and JSON.
pub trait AnyTable {
    /// Takes what was touched since it was last asked.
    ///
    /// # Errors
    /// When a value cannot be written as JSON.
    fn take_touched(&mut self) -> serde_json::Result<Vec<Touched>>;

    /// Returns the JSON of one value, `None` where the table has none of this id.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    fn encode(&self, id: &str) -> serde_json::Result<Option<Vec<u8>>>;

    /// Takes in a record that is on disk.
    ///
    /// # Errors
    /// When the key or the value is none of this table's.
    fn load(&mut self, id: &str, json: &[u8]) -> Result<(), Unreadable>;
}

impl<K: Key, V: Value> AnyTable for Table<K, V> {
    fn take_touched(&mut self) -> serde_json::Result<Vec<Touched>> {
        let touched = mem::take(&mut self.touched).into_iter();
        let of_key = |key: K| Ok(Touched { id: key.to_string(), json: self.get(&key).map(readable).transpose()? });
        touched.map(of_key).collect()
    }

    fn encode(&self, id: &str) -> serde_json::Result<Option<Vec<u8>>> {
        let value = id.parse::<K>().ok().and_then(|key| self.get(&key));
        value.map(serde_json::to_vec).transpose()
    }

    fn load(&mut self, id: &str, json: &[u8]) -> Result<(), Unreadable> {
        let key = id.parse().map_err(|_| Unreadable::Key)?;
        self.map.insert_mut(key, Arc::new(serde_json::from_slice(json)?));
        Ok(())
    }
}

/// Writes a value, unless nobody could read it again.
fn readable(value: &impl Value) -> serde_json::Result<Vec<u8>> {
    let json = serde_json::to_vec(value)?;
    if depth(&json) > MAX_DEPTH {
        return Err(serde_json::Error::custom("a record is nested too deeply"));
    }
    Ok(json)
}

/// How deep JSON is nested.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest, mut is_text, mut is_escaped) = (0_usize, 0, false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            b'[' | b'{' if !is_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !is_text => depth -= 1,
            _ => {}
        }
    }
    deepest
}

/// A state that is made of tables.
pub trait Tables {
    /// Lists the tables by the names that they have on disk, `service/kind`. A name never changes its meaning.
    fn tables(&mut self) -> Vec<(&'static str, &mut dyn AnyTable)>;

    /// Gives the JSON of a state of format 1, `{service:{kind:{id:record}}}`, the shape that the tables have.
    fn upgrade(_state: &mut serde_json::Value)
    where
        Self: Sized,
    {
    }

    /// Makes anew what follows from the tables and is not on disk, after the tables were read.
    fn derive(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers() -> Table<String, u32> {
        let mut table = Table::default();
        for (key, value) in [("a", 1), ("b", 2), ("c", 3)] {
            table.insert(key.to_owned(), value);
        }
        table.take_touched().unwrap();
        table
    }

    fn touched(table: &mut Table<String, u32>) -> Vec<(String, Option<String>)> {
        let text = |json: Vec<u8>| String::from_utf8(json).unwrap();
        table.take_touched().unwrap().into_iter().map(|one| (one.id, one.json.map(text))).collect()
    }

    #[test]
    fn what_was_touched_is_told_once_and_what_was_read_is_not() {
        let mut table = numbers();
        assert_eq!((table.get("a"), table.len(), table.contains_key("x")), (Some(&1), 3, false));
        assert!(touched(&mut table).is_empty());
        *table.get_mut("a").unwrap() = 7;
        table.insert("d".to_owned(), 4);
        table.insert("d".to_owned(), 5);
        assert_eq!(table.remove("b"), Some(2));
        assert_eq!((table.remove("b"), table.get_mut("x")), (None, None));
        let one = |key: &str, json: Option<&str>| (key.to_owned(), json.map(str::to_owned));
        assert_eq!(touched(&mut table), [one("a", Some("7")), one("b", None), one("d", Some("5"))]);
        assert!(touched(&mut table).is_empty());
    }

    #[test]
    fn a_copy_stays_as_it_was() {
        let table = numbers();
        let mut copy = table.clone();
        *copy.get_mut("a").unwrap() = 7;
        copy.remove("b");
        assert_eq!(table.iter().map(|(_, value)| *value).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(copy.values().copied().collect::<Vec<_>>(), [7, 3]);
    }

    #[test]
    fn a_change_of_some_touches_those_only() {
        let mut table = numbers();
        table.change_where(|value| value % 2 == 1, |value| *value *= 10);
        assert_eq!(table.values().copied().collect::<Vec<_>>(), [10, 2, 30]);
        assert_eq!(touched(&mut table).iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["a", "c"]);
    }

    #[test]
    fn a_walk_can_start_at_a_key_or_after_it() {
        let table = numbers();
        let keys =
            |start: Bound<&str>| table.range(start.map(str::to_owned)).map(|(key, _)| key.clone()).collect::<Vec<_>>();
        assert_eq!(keys(Bound::Excluded("a")), ["b", "c"]);
        assert_eq!(keys(Bound::Included("b")), ["b", "c"]);
        assert!(keys(Bound::Excluded("c")).is_empty());
    }

    #[test]
    fn what_could_not_be_read_again_is_not_written() {
        let nested = |depth: usize| (0..depth).fold(serde_json::json!("[\"["), |inner, _| serde_json::json!([inner]));
        let mut table = Table::<String, serde_json::Value>::default();
        table.insert("a".to_owned(), nested(MAX_DEPTH));
        let written = table.take_touched().unwrap().remove(0).json.unwrap();
        table.load("b", &written).unwrap();
        table.insert("c".to_owned(), nested(MAX_DEPTH + 1));
        assert!(table.take_touched().is_err());
    }

    #[test]
    fn what_is_read_from_disk_is_not_touched() {
        let mut table = Table::<String, u32>::default();
        table.load("a", b"1").unwrap();
        assert!(touched(&mut table).is_empty());
        assert_eq!(table.encode("a").unwrap().as_deref(), Some(b"1".as_slice()));
        assert_eq!(table.encode("b").unwrap(), None);
        assert!(matches!(table.load("b", b"{}"), Err(Unreadable::Value(_))));
        let mut by_number = Table::<u32, u32>::default();
        assert!(matches!(by_number.load("x", b"1"), Err(Unreadable::Key)));
    }
}
