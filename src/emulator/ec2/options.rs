//! What a machine would be like: options of a launch that are kept and shown. No machine runs, so none has an effect
//! beyond what other calls tell of it.

use super::{catalog::InstanceType, placement::Placed};
use crate::emulator::{
    ec2::listing::flag,
    wire::{AwsError, QueryParams, xml},
};
use serde::{Deserialize, Serialize};

/// The options of an instance.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Options {
    pub(super) metadata: Metadata,
    /// `standard` or `unlimited`, where it was said.
    pub(super) credits: Option<String>,
    pub(super) tenancy: String,
    /// Cores, and threads of each, where they were said.
    pub(super) cpu: Option<(u32, u32)>,
    pub(super) has_enclave: bool,
    /// `default` or `disabled`.
    pub(super) recovery: String,
    pub(super) names: Names,
    /// `open` or `none`.
    pub(super) capacity: String,
    /// Where it is in a placement group, if it is in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) group: Option<Placed>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            metadata: Metadata::default(),
            credits: None,
            tenancy: "default".to_owned(),
            cpu: None,
            has_enclave: false,
            recovery: "default".to_owned(),
            names: Names::default(),
            capacity: "open".to_owned(),
            group: None,
        }
    }
}

/// How the instance metadata service answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "EC2 has these switches, each for itself")]
pub(super) struct Metadata {
    pub(super) is_on: bool,
    pub(super) needs_token: bool,
    pub(super) hops: u32,
    pub(super) has_ipv6: bool,
    pub(super) shows_tags: bool,
}

impl Default for Metadata {
    fn default() -> Self {
        Self { is_on: true, needs_token: false, hops: 1, has_ipv6: false, shows_tags: false }
    }
}

/// How an instance is named within the network.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Names {
    /// Whether by its id instead of its address.
    pub(super) by_id: bool,
    pub(super) has_a: bool,
    pub(super) has_aaaa: bool,
}

/// What a call says of the metadata service.
#[derive(Debug, Clone, Default)]
pub(super) struct AskedMetadata {
    is_on: Option<bool>,
    needs_token: Option<bool>,
    hops: Option<u32>,
    has_ipv6: Option<bool>,
    shows_tags: Option<bool>,
}

impl AskedMetadata {
    pub(super) fn take(params: &mut QueryParams) -> Result<Self, AwsError> {
        let mut switch = |name: &str| {
            Ok::<_, AwsError>(params.one_of(name, &["disabled", "enabled"])?.map(|value| value == "enabled"))
        };
        let (is_on, has_ipv6) = (switch("HttpEndpoint")?, switch("HttpProtocolIpv6")?);
        let shows_tags = switch("InstanceMetadataTags")?;
        let needs_token = params.one_of("HttpTokens", &["optional", "required"])?.map(|value| value == "required");
        let hops = params.number::<u32>("HttpPutResponseHopLimit")?;
        if let Some(hops) = hops.filter(|hops| !(1..=64).contains(hops)) {
            let reason = "Expecting a value between 1 and 64.";
            return Err(AwsError::invalid_parameter(&hops.to_string(), "HttpPutResponseHopLimit", reason));
        }
        Ok(Self { is_on, needs_token, hops, has_ipv6, shows_tags })
    }

    /// Whether nothing is said.
    pub(super) fn is_empty(&self) -> bool {
        let Self { is_on, needs_token, hops, has_ipv6, shows_tags } = self;
        is_on.is_none() && needs_token.is_none() && hops.is_none() && has_ipv6.is_none() && shows_tags.is_none()
    }

    /// Changes what is said, and leaves the rest.
    pub(super) fn apply(&self, to: &mut Metadata) {
        to.is_on = self.is_on.unwrap_or(to.is_on);
        to.needs_token = self.needs_token.unwrap_or(to.needs_token);
        to.hops = self.hops.unwrap_or(to.hops);
        to.has_ipv6 = self.has_ipv6.unwrap_or(to.has_ipv6);
        to.shows_tags = self.shows_tags.unwrap_or(to.shows_tags);
    }
}

impl Metadata {
    /// What an instance of an image has unless it is said: images that know version 2 only ask for a token.
    pub(super) fn of_image(knows_version_2: bool) -> Self {
        if knows_version_2 { Self { needs_token: true, hops: 2, ..Self::default() } } else { Self::default() }
    }

    /// Writes the members; `state` is `applied`, or `pending` right after a change.
    pub(super) fn write(&self, options: &mut xml::Element, state: &str) {
        let switch = |is_on: bool| if is_on { "enabled" } else { "disabled" };
        xml::text(options, "state", state);
        xml::text(options, "httpTokens", self.tokens());
        xml::text(options, "httpPutResponseHopLimit", &self.hops.to_string());
        xml::text(options, "httpEndpoint", switch(self.is_on));
        xml::text(options, "httpProtocolIpv6", switch(self.has_ipv6));
        xml::text(options, "instanceMetadataTags", switch(self.shows_tags));
    }

    pub(super) fn tokens(&self) -> &'static str {
        if self.needs_token { "required" } else { "optional" }
    }

    /// Whether a filter (`metadata-options.` before it) passes.
    pub(super) fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        let switch = |is_on: bool| test(if is_on { "enabled" } else { "disabled" });
        match filter {
            "http-endpoint" => switch(self.is_on),
            "http-protocol-ipv4" => switch(true),
            "http-protocol-ipv6" => switch(self.has_ipv6),
            "http-put-response-hop-limit" => test(&self.hops.to_string()),
            "http-tokens" => test(self.tokens()),
            "instance-metadata-tags" => switch(self.shows_tags),
            "state" => test("applied"),
            _ => false,
        }
    }
}

impl Options {
    /// Reads the options of a launch.
    ///
    /// # Errors
    /// `InvalidParameterValue`, `InvalidParameterCombination`, `UnknownParameter` for a member that EC2 does not have,
    /// and `NotImplemented`, by name, for one that would be another machine than is kept here.
    pub(super) fn take(params: &mut QueryParams, kind: &InstanceType, knows_version_2: bool) -> Result<Self, AwsError> {
        let mut metadata = Metadata::of_image(knows_version_2);
        params.structure("MetadataOptions", AskedMetadata::take)?.apply(&mut metadata);
        let tenancy = params.one_of("Placement.Tenancy", &["dedicated", "default", "host"])?;
        if tenancy.as_deref() == Some("host") {
            return Err(lacking("Placement.Tenancy host"));
        }
        if params.flag("HibernationOptions.Configured")? == Some(true) {
            return Err(lacking("HibernationOptions"));
        }
        let has_enclave = params.flag("EnclaveOptions.Enabled")?.unwrap_or(false);
        if has_enclave && kind.is_burstable {
            let message = format!("The instance type {} does not support EnclaveOptions.", kind.name);
            return Err(AwsError::sender("InvalidParameterCombination", message));
        }
        let recovery = params.one_of("MaintenanceOptions.AutoRecovery", &["default", "disabled"])?;
        Ok(Self {
            metadata,
            credits: take_credits(params, kind)?,
            tenancy: tenancy.unwrap_or_else(|| "default".to_owned()),
            cpu: take_cpu(params, kind)?,
            has_enclave,
            recovery: recovery.unwrap_or_else(|| "default".to_owned()),
            names: Names::take(params)?,
            capacity: take_capacity(params)?,
            // The launch finds it.
            group: None,
        })
    }

    /// Cores, and threads of each.
    pub(super) fn cpu(&self, kind: Option<&InstanceType>) -> (u32, u32) {
        self.cpu.unwrap_or_else(|| kind.map_or((1, 1), |kind| (kind.cpus / kind.threads(), kind.threads())))
    }

    /// The credits of a burstable instance.
    pub(super) fn credits(&self, kind: &str) -> &str {
        let default = if kind.starts_with("t2.") || kind.starts_with("t1.") { "standard" } else { "unlimited" };
        self.credits.as_deref().unwrap_or(default)
    }

    /// Writes what `DescribeInstances` shows.
    pub(super) fn write(&self, item: &mut xml::Element, kind: Option<&InstanceType>) {
        let (cores, threads) = self.cpu(kind);
        xml::element(item, "cpuOptions", |cpu| {
            xml::text(cpu, "coreCount", &cores.to_string());
            xml::text(cpu, "threadsPerCore", &threads.to_string());
        });
        xml::element(item, "capacityReservationSpecification", |capacity| {
            xml::text(capacity, "capacityReservationPreference", &self.capacity);
        });
        xml::element(item, "hibernationOptions", |options| xml::text(options, "configured", "false"));
        xml::element(item, "enclaveOptions", |options| flag(options, "enabled", self.has_enclave));
        xml::element(item, "metadataOptions", |options| self.metadata.write(options, "applied"));
        xml::element(item, "maintenanceOptions", |options| xml::text(options, "autoRecovery", &self.recovery));
        xml::element(item, "privateDnsNameOptions", |options| {
            xml::text(options, "hostnameType", self.names.kind());
            flag(options, "enableResourceNameDnsARecord", self.names.has_a);
            flag(options, "enableResourceNameDnsAAAARecord", self.names.has_aaaa);
        });
    }
}

impl Names {
    fn take(params: &mut QueryParams) -> Result<Self, AwsError> {
        params.structure("PrivateDnsNameOptions", |asked| {
            let kind = asked.one_of("HostnameType", &["ip-name", "resource-name"])?;
            Ok(Self {
                by_id: kind.is_some_and(|kind| kind == "resource-name"),
                has_a: asked.flag("EnableResourceNameDnsARecord")?.unwrap_or(false),
                has_aaaa: asked.flag("EnableResourceNameDnsAAAARecord")?.unwrap_or(false),
            })
        })
    }

    pub(super) fn kind(&self) -> &'static str {
        if self.by_id { "resource-name" } else { "ip-name" }
    }
}

/// Reads `CreditSpecification`, which burstable types have.
fn take_credits(params: &mut QueryParams, kind: &InstanceType) -> Result<Option<String>, AwsError> {
    let credits = params.text("CreditSpecification.CpuCredits").map(check_credits).transpose()?;
    if credits.is_some() && !kind.is_burstable {
        let message = format!("The instance type {} does not support CreditSpecification.", kind.name);
        return Err(AwsError::sender("InvalidParameterCombination", message));
    }
    Ok(credits)
}

/// Accepts `standard` and `unlimited`.
pub(super) fn check_credits(credits: String) -> Result<String, AwsError> {
    if matches!(credits.as_str(), "standard" | "unlimited") {
        return Ok(credits);
    }
    Err(AwsError::invalid_parameter(&credits, "CpuCredits", "Expected one of standard, unlimited."))
}

fn take_cpu(params: &mut QueryParams, kind: &InstanceType) -> Result<Option<(u32, u32)>, AwsError> {
    let asked = params.structure("CpuOptions", |asked| {
        for name in ["AmdSevSnp", "NestedVirtualization"] {
            if asked.has(name) {
                return Err(lacking(&format!("CpuOptions.{name}")));
            }
        }
        Ok((asked.number::<u32>("CoreCount")?, asked.number::<u32>("ThreadsPerCore")?))
    })?;
    match asked {
        (None, None) => Ok(None),
        (Some(cores), Some(threads)) => {
            let most = (kind.cpus / kind.threads()).max(1);
            if !(1..=most).contains(&cores) {
                let reason = format!("Expecting a value between 1 and {most} for {}.", kind.name);
                return Err(AwsError::invalid_parameter(&cores.to_string(), "CpuOptions.CoreCount", &reason));
            }
            if !(1..=kind.threads()).contains(&threads) {
                let reason = format!("Expecting a value between 1 and {} for {}.", kind.threads(), kind.name);
                return Err(AwsError::invalid_parameter(&threads.to_string(), "CpuOptions.ThreadsPerCore", &reason));
            }
            Ok(Some((cores, threads)))
        }
        _ => {
            let message = "CpuOptions must specify both CoreCount and ThreadsPerCore.";
            Err(AwsError::sender("InvalidParameterCombination", message))
        }
    }
}

fn take_capacity(params: &mut QueryParams) -> Result<String, AwsError> {
    let preference = params.structure("CapacityReservationSpecification", |asked| {
        if asked.has("CapacityReservationTarget") {
            return Err(lacking("CapacityReservationSpecification.CapacityReservationTarget"));
        }
        asked.one_of("CapacityReservationPreference", &["capacity-reservations-only", "none", "open"])
    })?;
    match preference.as_deref() {
        Some("capacity-reservations-only") => Err(lacking("CapacityReservationPreference capacity-reservations-only")),
        Some(other) => Ok(other.to_owned()),
        None => Ok("open".to_owned()),
    }
}

fn lacking(what: &str) -> AwsError {
    AwsError::not_implemented("ec2", &format!("RunInstances with {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{emulator::ec2::catalog, http1::Request};

    fn taken(form: &'static str, kind: &str) -> Result<Options, AwsError> {
        let mut params = QueryParams::parse(&Request::new(form.into())).unwrap();
        let options = Options::take(&mut params, catalog::find(kind).unwrap(), false)?;
        params.finish()?;
        Ok(options)
    }

    #[test]
    fn what_is_said_is_kept() {
        let said = "MetadataOptions.HttpTokens=required&MetadataOptions.HttpPutResponseHopLimit=2\
                    &CreditSpecification.CpuCredits=unlimited&CpuOptions.CoreCount=1&CpuOptions.ThreadsPerCore=1";
        let options = taken(said, "t3.micro").unwrap();
        assert_eq!((options.metadata.tokens(), options.metadata.hops), ("required", 2));
        assert_eq!((options.credits("t3.micro"), options.cpu(None)), ("unlimited", (1, 1)));
        let silent = taken("", "t2.micro").unwrap();
        assert_eq!((&silent.metadata, silent.credits("t2.micro")), (&Metadata::default(), "standard"));
    }

    #[test]
    fn cores_and_threads_follow_from_the_type() {
        let cpu = |kind: &str| Options::default().cpu(catalog::find(kind));
        assert_eq!(
            (cpu("t2.medium"), cpu("t3.micro"), cpu("m5.xlarge"), cpu("c7g.large")),
            ((2, 1), (1, 2), (2, 2), (2, 1))
        );
    }

    #[test]
    fn what_it_cannot_be_like_is_refused_by_name() {
        for (form, code, name) in [
            ("MetadataOptions.HttpTokens=sometimes", "InvalidParameterValue", "MetadataOptions.HttpTokens"),
            ("MetadataOptions.HttpPutResponseHopLimit=65", "InvalidParameterValue", "HttpPutResponseHopLimit"),
            ("MetadataOptions.Colour=red", "UnknownParameter", "MetadataOptions.Colour"),
            ("MetadataOptions=text", "UnknownParameter", "MetadataOptions"),
            ("Placement.Tenancy=mine", "InvalidParameterValue", "Placement.Tenancy"),
            ("Placement.Tenancy=host", "NotImplemented", "Tenancy"),
            ("HibernationOptions.Configured=true", "NotImplemented", "HibernationOptions"),
            ("CpuOptions.CoreCount=9&CpuOptions.ThreadsPerCore=1", "InvalidParameterValue", "CoreCount"),
            ("CreditSpecification.CpuCredits=all", "InvalidParameterValue", "CpuCredits"),
        ] {
            let error = taken(form, "t3.micro").unwrap_err();
            assert_eq!(error.code, code, "{form}");
            assert!(error.message.contains(name), "{form}: {}", error.message);
        }
        let credits = taken("CreditSpecification.CpuCredits=standard", "m5.large").unwrap_err();
        assert_eq!(credits.code, "InvalidParameterCombination");
    }
}
