//! Layers: archives that functions find beside their code, by name and number.

use super::{
    State,
    error::{invalid, not_found, validation},
    function::last_modified,
    qualified::{self, Qualified},
};
use crate::emulator::{runtime::archive::MAX_UNPACKED, service::Scope, wire::AwsError};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{fmt, str::FromStr};
use time::OffsetDateTime;

/// The most layers of a function.
const MAX_LAYERS: usize = 5;

const ARN_PATTERN: &str = "satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|\
                           (-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)|\
                           (arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)";
const NAME_PATTERN: &str = "satisfy regular expression pattern: \
                            (arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\\d{12}:layer:[a-zA-Z0-9-_]+)|[a-zA-Z0-9-_]+";

/// The name of a layer: 1 to 140 letters, digits, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LayerName(String);

impl FromStr for LayerName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        ((1..=140).contains(&text.len()) && text.bytes().all(plain)).then(|| Self(text.to_owned())).ok_or(())
    }
}

impl fmt::Display for LayerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl LayerName {
    /// Reads a name, or the ARN of a layer of this account and region.
    pub(super) fn parse(scope: &Scope<'_>, text: &str) -> Result<Self, AwsError> {
        let malformed = || validation(text, "layerName", NAME_PATTERN);
        if !text.starts_with("arn:") {
            return text.parse().map_err(|()| malformed());
        }
        let parts = Parts::of(text).filter(|parts| parts.number.is_none()).ok_or_else(malformed)?;
        parts.check_place(scope)?;
        parts.name.parse().map_err(|()| malformed())
    }

    pub(super) fn arn(&self, scope: &Scope<'_>) -> String {
        format!("arn:aws:lambda:{}:{}:layer:{self}", scope.region, scope.account())
    }
}

/// The ARN of a layer taken apart.
struct Parts<'t> {
    region: &'t str,
    account: &'t str,
    name: &'t str,
    number: Option<&'t str>,
}

impl<'t> Parts<'t> {
    fn of(arn: &'t str) -> Option<Self> {
        let parts: Vec<&str> = arn.split(':').collect();
        let (["arn", _, "lambda", region, account, "layer", name], rest) = parts.split_at_checked(7)? else {
            return None;
        };
        let number = match rest {
            [] => None,
            [number] => Some(*number),
            _ => return None,
        };
        Some(Self { region, account, name, number })
    }

    /// Refuses a layer of another account, of which nothing is known here, and of another region.
    fn check_place(&self, scope: &Scope<'_>) -> Result<(), AwsError> {
        if self.account != scope.account() {
            let Self { region, account, name, .. } = self;
            let number = self.number.map(|number| format!(":{number}")).unwrap_or_default();
            let message = format!(
                "User: arn:aws:iam::{}:root is not authorized to perform: lambda:GetLayerVersion on resource: \
                 arn:aws:lambda:{region}:{account}:layer:{name}{number} because no resource-based policy allows the \
                 lambda:GetLayerVersion action",
                scope.account()
            );
            return Err(AwsError::new(StatusCode::FORBIDDEN, "AccessDeniedException", message));
        }
        if self.region != scope.region.as_str() {
            return Err(absent());
        }
        Ok(())
    }
}

/// Reads the ARN of a version of a layer of this account and region.
pub(super) fn parse_version(scope: &Scope<'_>, arn: &str) -> Result<Key, AwsError> {
    let malformed = || validation(arn, "arn", ARN_PATTERN);
    let parts = Parts::of(arn).ok_or_else(malformed)?;
    let number = parts.number.and_then(|number| number.parse().ok()).ok_or_else(malformed)?;
    let name = parts.name.parse().map_err(|()| malformed())?;
    parts.check_place(scope)?;
    Ok(Qualified { owner: name, qualifier: number })
}

/// The key of a version in the table.
pub(super) type Key = Qualified<u64, LayerName>;

/// A version of a layer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct LayerVersion {
    pub(super) description: String,
    pub(super) license: Option<String>,
    pub(super) runtimes: Vec<String>,
    pub(super) architectures: Vec<String>,
    pub(super) code: LayerCode,
    pub(super) created: OffsetDateTime,
    pub(super) policy: Vec<Grant>,
    /// Changes with the policy.
    pub(super) revision: String,
}

/// The archive of a layer; a function that has the layer keeps it, whatever becomes of the layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LayerCode {
    /// The name of its blob: the archive's SHA-256, in hex.
    pub(super) blob: String,
    /// The same hash, in base64.
    pub(super) sha256: String,
    /// The archive's size, in bytes.
    pub(super) size: usize,
    /// The size of what is in it, in bytes.
    pub(super) unpacked: u64,
    /// Whether it starts functions of custom runtimes.
    pub(super) has_bootstrap: bool,
}

/// A layer as a function has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Used {
    /// The ARN of the layer's version.
    pub(super) arn: String,
    pub(super) code: LayerCode,
}

/// A permission to use a version of a layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Grant {
    pub(super) id: String,
    pub(super) principal: String,
    pub(super) organization: Option<String>,
}

impl LayerVersion {
    /// Shows it as lists do, which say nothing of a description that is empty.
    pub(super) fn listed(&self, layer_arn: &str, number: u64) -> Value {
        let mut shown = json!({
            "LayerVersionArn": format!("{layer_arn}:{number}"),
            "Version": number,
            "CreatedDate": last_modified(self.created),
        });
        if !self.description.is_empty() {
            shown["Description"] = self.description.as_str().into();
        }
        for (member, list) in [("CompatibleRuntimes", &self.runtimes), ("CompatibleArchitectures", &self.architectures)]
        {
            if !list.is_empty() {
                shown[member] = json!(list);
            }
        }
        if let Some(license) = &self.license {
            shown["LicenseInfo"] = license.as_str().into();
        }
        shown
    }

    /// Shows all of it.
    pub(super) fn show(&self, layer_arn: &str, number: u64, location: &str) -> Value {
        let mut shown = self.listed(layer_arn, number);
        shown["Description"] = self.description.as_str().into();
        shown["LayerArn"] = layer_arn.into();
        shown["Content"] = json!({
            "Location": location,
            "CodeSha256": self.code.sha256,
            "CodeSize": self.code.size,
        });
        shown
    }

    /// Whether it says that it is for a runtime and an architecture; one that says nothing is not listed for any.
    pub(super) fn is_for(&self, runtime: Option<&str>, architecture: Option<&str>) -> bool {
        let has = |list: &[String], wanted: Option<&str>| wanted.is_none_or(|it| list.iter().any(|one| one == it));
        has(&self.runtimes, runtime) && has(&self.architectures, architecture)
    }
}

impl State {
    /// The versions of a layer, in the order of their numbers.
    pub(super) fn layer_versions(&self, name: &LayerName) -> impl Iterator<Item = (u64, &LayerVersion)> {
        qualified::of(&self.layers, name).map(|(number, version)| (*number, version))
    }

    /// Finds the layers that a function is to have.
    pub(super) fn layers(&self, scope: &Scope<'_>, arns: &[String]) -> Result<Vec<Used>, AwsError> {
        if arns.len() > MAX_LAYERS {
            return Err(invalid(format!("Cannot reference more than {MAX_LAYERS} layers.")));
        }
        let malformed = || {
            let rule = format!(
                "satisfy constraint: [Member must have length less than or equal to 2048, Member must have length greater \
                 than or equal to 1, Member must {ARN_PATTERN}, Member must not be null]"
            );
            validation(&format!("[{}]", arns.join(", ")), "layers", &rule)
        };
        let mut used: Vec<Used> = Vec::new();
        for arn in arns {
            let parts = Parts::of(arn).filter(|parts| parts.number.is_some()).ok_or_else(malformed)?;
            if parts.account == scope.account() && parts.region != scope.region.as_str() {
                return Err(invalid(format!(
                    "Layers are not in the same region as the function. Layers are expected to be in region {}.",
                    scope.region
                )));
            }
            let key = parse_version(scope, arn)?;
            let layer = self.layers.get(&key);
            let layer = layer.ok_or_else(|| invalid(format!("Layer version {arn} does not exist.")))?;
            let same_layer = |other: &&Used| {
                other.arn.rsplit_once(':').map(|(layer, _)| layer) == arn.rsplit_once(':').map(|(layer, _)| layer)
            };
            if let Some(other) = used.iter().find(same_layer) {
                return Err(invalid(format!(
                    "Two different versions of the same layer are not allowed to be referenced in the same function. {} \
                     and {arn} are versions of the same layer.",
                    other.arn
                )));
            }
            used.push(Used { arn: arn.clone(), code: layer.code.clone() });
        }
        Ok(used)
    }
}

/// Refuses code that is too large together with its layers.
pub(super) fn check_size(code: u64, layers: &[Used]) -> Result<(), AwsError> {
    let size = code + layers.iter().map(|layer| layer.code.unpacked).sum::<u64>();
    if layers.is_empty() || size <= MAX_UNPACKED {
        return Ok(());
    }
    Err(invalid(format!(
        "Function code combined with layers exceeds the maximum allowed size of {MAX_UNPACKED} bytes. The actual size is \
         {size} bytes."
    )))
}

/// Says that there is no such layer.
pub(super) fn absent() -> AwsError {
    not_found("The resource you requested does not exist.")
}

/// The runtimes and architectures that layers and lists of them may name.
pub(super) fn check_compatible(runtimes: &[String], architectures: &[String]) -> Result<(), AwsError> {
    // AWS adds runtimes faster than its model is published: each is one of these families with a release.
    const FAMILIES: [&str; 7] = ["nodejs", "python", "java", "dotnet", "ruby", "go", "provided"];
    let is_runtime = |text: &String| {
        let release = FAMILIES.iter().find_map(|family| text.strip_prefix(family));
        release.is_some_and(|release| {
            release.len() <= 12 && release.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
        })
    };
    if let Some(other) = runtimes.iter().find(|runtime| !is_runtime(runtime)) {
        let rule = "satisfy constraint: [Member must satisfy enum value set of the runtimes, Member must not be null]";
        return Err(validation(&format!("[{other}]"), "compatibleRuntimes", rule));
    }
    if runtimes.len() > 15 {
        return Err(validation("[...]", "compatibleRuntimes", "have length less than or equal to 15"));
    }
    if let Some(other) = architectures.iter().find(|one| !matches!(one.as_str(), "x86_64" | "arm64")) {
        let rule = "satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]";
        return Err(validation(&format!("[{other}]"), "compatibleArchitectures", rule));
    }
    if architectures.len() > 2 {
        return Err(validation("[...]", "compatibleArchitectures", "have length less than or equal to 2"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arn_of_a_layer_is_taken_apart() {
        let parts = Parts::of("arn:aws:lambda:us-east-1:000000000000:layer:l:3").unwrap();
        assert_eq!(
            (parts.region, parts.account, parts.name, parts.number),
            ("us-east-1", "000000000000", "l", Some("3"))
        );
        assert!(Parts::of("arn:aws:lambda:us-east-1:000000000000:layer:l").unwrap().number.is_none());
        for other in ["l", "arn:aws:lambda:us-east-1:000000000000:function:l", "arn:aws:lambda:r:1:layer:l:3:4"] {
            assert!(Parts::of(other).is_none(), "{other}");
        }
    }

    #[test]
    fn a_function_and_its_layers_have_one_limit() {
        let code = LayerCode {
            blob: String::new(),
            sha256: String::new(),
            size: 0,
            unpacked: MAX_UNPACKED / 2,
            has_bootstrap: false,
        };
        let layers = [Used { arn: "a".to_owned(), code: code.clone() }, Used { arn: "b".to_owned(), code }];
        check_size(MAX_UNPACKED, &[]).unwrap();
        check_size(0, &layers).unwrap();
        let error = check_size(1, &layers).unwrap_err();
        assert!(error.message.ends_with(&format!("The actual size is {} bytes.", MAX_UNPACKED + 1)), "{error}");
    }

    #[test]
    fn layers_name_runtimes_and_architectures_that_there_are() {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        check_compatible(&texts(&["python3.12", "nodejs22.x", "provided.al2023", "java8.al2"]), &texts(&["arm64"]))
            .unwrap();
        assert!(check_compatible(&texts(&["no-such-value"]), &[]).is_err());
        assert!(check_compatible(&[], &texts(&["mips"])).is_err());
    }
}
