//! Query parameters: `Action`, scalars, and lists and structures flattened into dotted names (`Filter.1.Value.2`).
//!
//! What is read is taken out, so that [`QueryParams::finish`] can refuse what is left: a parameter that is ignored in
//! silence would make a client believe in something that did not happen.

use super::{AwsError, xml};
use crate::http1::Request;
use std::{collections::BTreeMap, mem, str::FromStr};

/// More elements than this in one list are nobody's honest request.
const MAX_INDEX: usize = 1000;
/// More parts than this in one name are nobody's either; whoever makes a tree of names need not fear its depth.
const MAX_PARTS: usize = 32;

/// The parameters of one query request, or of one structure within it; what is read is taken out.
///
/// A structure is given to whoever reads it only while it is read ([`QueryParams::structure`], [`QueryParams::structures`]),
/// and what was left of it then is refused: nobody has one in hand whose rest could be forgotten.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueryParams {
    values: BTreeMap<String, String>,
    /// What the names of a structure's members started with, for error texts.
    prefix: String,
}

impl QueryParams {
    /// Reads the parameters of the URL and of the form body. A presigned URL's own parameters are left out.
    ///
    /// # Errors
    /// `MalformedQueryString` when a parameter comes twice or nests too deep, `InvalidParameterValue` when a name or a value holds a
    /// character that no XML can: one in a tag would make every answer that shows it unreadable.
    pub fn parse(request: &Request) -> Result<Self, AwsError> {
        let query = request.uri().query().unwrap_or_default().as_bytes();
        let mut values = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query).chain(form_urlencoded::parse(request.body())) {
            if name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("x-amz-")) {
                continue;
            }
            if let Some(c) = name.chars().chain(value.chars()).find(|c| !xml::is_legal(*c)) {
                let reason = format!("The character U+{:04X} is not allowed.", u32::from(c));
                return Err(AwsError::invalid_parameter(&value, &name, &reason));
            }
            if name.split('.').nth(MAX_PARTS).is_some() {
                let message = format!("The name of the parameter {name} has more than {MAX_PARTS} parts.");
                return Err(AwsError::sender("MalformedQueryString", message));
            }
            if values.insert(name.clone().into_owned(), value.into_owned()).is_some() {
                let message = format!("The parameter {name} may only be specified once.");
                return Err(AwsError::sender("MalformedQueryString", message));
            }
        }
        Ok(Self { values, prefix: String::new() })
    }

    /// Takes `Action`, the name of the operation.
    ///
    /// # Errors
    /// `MissingAction` when there is none.
    pub fn action(&mut self) -> Result<String, AwsError> {
        self.text("Action").filter(|action| !action.is_empty()).ok_or_else(|| {
            AwsError::sender("MissingAction", "The request is missing an action or a required parameter.")
        })
    }

    /// Every parameter that was not taken yet, in the order of their names.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Takes all that is left, by the names within this structure.
    #[must_use]
    pub fn take_rest(&mut self) -> BTreeMap<String, String> {
        mem::take(&mut self.values)
    }

    /// Whether a parameter is there, or anything below it.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        let below = format!("{name}.");
        self.values.contains_key(name)
            || self.values.range(below.clone()..).next().is_some_and(|(key, _)| key.starts_with(&below))
    }

    /// Takes a text, empty or not.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.values.remove(name)
    }

    /// Takes a text that must be there.
    ///
    /// # Errors
    /// `MissingParameter` when it is absent or empty.
    pub fn required(&mut self, name: &str) -> Result<String, AwsError> {
        self.text(name)
            .filter(|text| !text.is_empty())
            .ok_or_else(|| AwsError::missing_parameter(&self.full_name(name)))
    }

    /// Takes a number.
    ///
    /// # Errors
    /// `InvalidParameterValue` when it is not one.
    pub fn number<N: FromStr>(&mut self, name: &str) -> Result<Option<N>, AwsError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        match text.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(AwsError::invalid_parameter(&text, &self.full_name(name), "Expected an integer.")),
        }
    }

    /// Takes `true` or `false`.
    ///
    /// # Errors
    /// `InvalidParameterValue` when it is neither.
    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, AwsError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(Some(true)),
            "false" | "0" => Ok(Some(false)),
            _ => Err(AwsError::invalid_parameter(&text, &self.full_name(name), "Expected a boolean.")),
        }
    }

    /// Takes one of a few texts.
    ///
    /// # Errors
    /// `InvalidParameterValue` when it is none of them.
    pub fn one_of(&mut self, name: &str, values: &[&str]) -> Result<Option<String>, AwsError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        if values.contains(&text.as_str()) {
            return Ok(Some(text));
        }
        let expected = format!("Expected one of {}.", values.join(", "));
        Err(AwsError::invalid_parameter(&text, &self.full_name(name), &expected))
    }

    /// Takes a list of texts, `name.1`, `name.2`, …, in the order of the numbers. Gaps are closed.
    ///
    /// # Errors
    /// `InvalidParameterValue` when an index is not a number of 0 to 1000.
    pub fn list(&mut self, name: &str) -> Result<Vec<String>, AwsError> {
        let mut items = Vec::new();
        for mut item in self.items(name)? {
            items.extend(item.text(""));
            // A list of texts has no members below the number: what is there is refused by `finish`.
            self.restore(item);
        }
        Ok(items)
    }

    /// Takes a list of structures, `name.1.…`, `name.2.…`, in the order of the numbers. Gaps are closed.
    ///
    /// # Errors
    /// `InvalidParameterValue` when an index is not a number of 0 to 1000, what `read` returns, and `UnknownParameter` for
    /// what it leaves.
    pub fn structures<T>(
        &mut self,
        name: &str,
        mut read: impl FnMut(&mut Self) -> Result<T, AwsError>,
    ) -> Result<Vec<T>, AwsError> {
        self.items(name)?.into_iter().map(|item| item.read(&mut read)).collect()
    }

    /// Takes a nested structure, `name.Member`; an empty one is read as well.
    ///
    /// # Errors
    /// What `read` returns, and `UnknownParameter` for what it leaves.
    pub fn structure<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Self) -> Result<T, AwsError>,
    ) -> Result<T, AwsError> {
        self.below(name).read(read)
    }

    fn read<T>(mut self, read: impl FnOnce(&mut Self) -> Result<T, AwsError>) -> Result<T, AwsError> {
        let value = read(&mut self)?;
        self.finish()?;
        Ok(value)
    }

    /// Takes the items of a list.
    fn items(&mut self, name: &str) -> Result<Vec<Self>, AwsError> {
        // The query protocol writes an empty list as `name=`, also where its items are `name.member.N`.
        for empty in [Some(name), name.strip_suffix(".member")].into_iter().flatten() {
            if self.values.get(empty).is_some_and(String::is_empty) {
                self.values.remove(empty);
            }
        }
        let start = format!("{name}.");
        let names: Vec<String> = self
            .values
            .range(start.clone()..)
            .map(|(key, _)| key)
            .take_while(|key| key.starts_with(&start))
            .cloned()
            .collect();
        let mut items: BTreeMap<usize, Self> = BTreeMap::new();
        for key in names {
            let rest = &key[start.len()..];
            let (index, member) = rest.split_once('.').unwrap_or((rest, ""));
            // `01` would be a second name of the first.
            let number: Option<usize> = index.parse().ok().filter(|number: &usize| number.to_string() == index);
            let number = number
                .filter(|number| *number <= MAX_INDEX)
                .ok_or_else(|| AwsError::invalid_parameter(index, &self.full_name(name), "Expected a list index."))?;
            let item = items.entry(number).or_insert_with(|| Self {
                values: BTreeMap::new(),
                prefix: self.full_name(&format!("{start}{index}.")),
            });
            if let Some(value) = self.values.remove(&key) {
                item.values.insert(member.to_owned(), value);
            }
        }
        Ok(items.into_values().collect())
    }

    /// Takes what stands below a name; nothing when there is none.
    fn below(&mut self, name: &str) -> Self {
        let start = format!("{name}.");
        let mut rest = self.values.split_off(&start);
        let values = rest
            .extract_if(.., |key, _| key.starts_with(&start))
            .map(|(key, value)| (key[start.len()..].to_owned(), value))
            .collect();
        self.values.append(&mut rest);
        Self { values, prefix: self.full_name(&start) }
    }

    /// Puts a value under a name, as if it had come with the request.
    pub fn put(&mut self, name: String, value: String) {
        self.values.insert(name, value);
    }

    /// Writes what is left in one form, the same for the same parameters in any order.
    #[must_use]
    pub fn canonical(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.values).finish()
    }

    /// Tells whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Refuses what nobody took.
    ///
    /// # Errors
    /// `UnknownParameter`, naming the first one.
    pub fn finish(self) -> Result<(), AwsError> {
        match self.values.keys().next() {
            None => Ok(()),
            Some(name) => {
                let message = format!("The parameter {} is not recognized", self.full_name(name));
                Err(AwsError::sender("UnknownParameter", message))
            }
        }
    }

    fn full_name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Puts back what turned out not to be a list element.
    fn restore(&mut self, item: Self) {
        let own = self.prefix.len();
        for (name, value) in item.values {
            self.values.insert(format!("{}{name}", &item.prefix[own..]), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;

    fn params(form: &str) -> QueryParams {
        QueryParams::parse(&Request::new(Bytes::from(form.to_owned()))).unwrap()
    }

    #[test]
    fn lists_are_in_the_order_of_their_numbers() {
        let mut params = params("InstanceId.10=c&InstanceId.2=b&InstanceId.1=a");
        assert_eq!(params.list("InstanceId").unwrap(), ["a", "b", "c"]);
        assert!(params.finish().is_ok());
    }

    #[test]
    fn structures_keep_their_own_lists() {
        let mut params = params("Filter.1.Name=tag%3Aa&Filter.1.Value.1=x&Filter.1.Value.2=y&FilterX=1");
        let filters = params.structures("Filter", |filter| Ok((filter.required("Name")?, filter.list("Value")?)));
        assert_eq!(filters.unwrap(), [("tag:a".to_owned(), vec!["x".to_owned(), "y".to_owned()])]);
        assert_eq!(params.finish().unwrap_err().message, "The parameter FilterX is not recognized");
    }

    #[test]
    fn what_is_left_of_a_structure_is_refused_by_its_whole_name() {
        let name = |filter: &mut QueryParams| filter.required("Name");
        for (form, left) in
            [("Filter.1.Name=a&Filter.2.Name=b&Filter.2.Value.1=x", "Filter.2.Value.1"), ("F.Name=a&F.B=c", "F.B")]
        {
            let mut params = params(form);
            let error = params.structures("Filter", name).and_then(|_| params.structure("F", name)).unwrap_err();
            assert_eq!(error.message, format!("The parameter {left} is not recognized"));
        }
        // `01` is no second name of the first.
        assert_eq!(params("L.1=a&L.01=b").list("L").unwrap_err().code, "InvalidParameterValue");
    }

    #[test]
    fn a_name_of_too_many_parts_is_refused() {
        let of = |parts: usize| QueryParams::parse(&Request::new(format!("{}=1", vec!["a"; parts].join(".")).into()));
        assert!(of(MAX_PARTS).is_ok());
        for parts in [MAX_PARTS + 1, 100_000] {
            assert_eq!(of(parts).unwrap_err().code, "MalformedQueryString");
        }
    }

    #[test]
    fn a_parameter_that_comes_twice_is_refused() {
        let request = Request::new(Bytes::from_static(b"Action=A&Action=B"));
        assert_eq!(QueryParams::parse(&request).unwrap_err().code, "MalformedQueryString");
    }

    #[test]
    fn an_empty_list_may_be_written_as_its_bare_name() {
        let mut params = params("Tags=");
        assert!(params.list("Tags").unwrap().is_empty());
        assert!(params.is_empty());
    }

    #[test]
    fn a_wrong_type_names_the_parameter() {
        let mut params = params("MaxResults=ten&DryRun=perhaps&Ebs.Size=x&L.x=1");
        assert!(params.number::<u32>("MaxResults").unwrap_err().message.contains("MaxResults"));
        assert!(params.flag("DryRun").unwrap_err().message.contains("DryRun"));
        let size = params.structure("Ebs", |ebs| ebs.number::<u32>("Size"));
        assert!(size.unwrap_err().message.contains("Ebs.Size"));
        assert_eq!(params.list("L").unwrap_err().code, "InvalidParameterValue");
    }

    #[test]
    fn a_list_element_with_members_is_left_for_finish_to_refuse() {
        for bad in ["InstanceId.1.Foo=x&InstanceId.2=i-1", "InstanceId.1.Foo=x&InstanceId.1=i-1"] {
            let mut params = params(bad);
            assert_eq!(params.list("InstanceId").unwrap(), ["i-1"]);
            assert!(params.finish().unwrap_err().message.contains("InstanceId.1.Foo"), "{bad}");
        }
    }

    #[test]
    fn the_parameters_of_a_presigned_url_are_not_the_operations() {
        let request = http::Request::builder()
            .uri("/?Action=DescribeRegions&X-Amz-Signature=00&X-Amz-Date=1")
            .body(Bytes::new())
            .unwrap();
        let mut params = QueryParams::parse(&request).unwrap();
        assert_eq!(params.action().unwrap(), "DescribeRegions");
        assert!(params.is_empty());
    }

    proptest! {
        #[test]
        fn no_body_makes_the_parser_panic(body in proptest::collection::vec(any::<u8>(), 0..200), name in "[a-zA-Z.]{0,8}") {
            if let Ok(mut params) = QueryParams::parse(&Request::new(Bytes::from(body))) {
                let _ = params.structures(&name, |item| Ok(item.take_rest()));
                let _ = params.list(&name);
                let _ = params.structure(&name, |inner| Ok(inner.take_rest()));
                let _ = params.finish();
            }
        }
    }
}
