//! DHCP options: what a VPC tells those in it of domains and servers. The ones that a region came with have no record.

use super::in_use;
use crate::emulator::{
    ec2::{
        dry_run, kind,
        listing::{Listing, Record, Tags, created},
        network::Network,
        new_id,
        state::State,
        tags, take_dry_run,
    },
    service::{Operation, Output},
    wire::{AwsError, QueryParams, xml},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The options that there are.
const KEYS: [&str; 6] = [
    "domain-name",
    "domain-name-servers",
    "ipv6-address-preferred-lease-time",
    "netbios-name-servers",
    "netbios-node-type",
    "ntp-servers",
];

/// DHCP options.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator::ec2) struct Options {
    id: String,
    values: BTreeMap<String, Vec<String>>,
}

struct Shown {
    options: Options,
    owner: String,
    tags: Tags,
}

/// The id of the region's own.
pub(super) fn id(network: &Network) -> String {
    network.id(kind::OPTIONS.prefix, "")
}

impl State {
    /// All DHCP options.
    fn all_options(&self, network: &Network) -> Vec<Options> {
        let values = [("domain-name", network.domain()), ("domain-name-servers", "AmazonProvidedDNS".to_owned())];
        let values = values.map(|(key, value)| (key.to_owned(), vec![value]));
        let own = Options { id: id(network), values: values.into() };
        self.options.values().cloned().chain([own]).collect()
    }

    /// Refuses the id of options that are not there.
    pub(in crate::emulator::ec2) fn check_options(&self, id: &str, network: &Network) -> Result<(), AwsError> {
        let is_there = self.options.contains_key(id) || id == self::id(network);
        if is_there { Ok(()) } else { Err(kind::OPTIONS.absent(id)) }
    }

    fn shown(&self, options: Options, network: &Network) -> Shown {
        Shown { owner: network.account().to_owned(), tags: self.tags_of(&options.id).clone(), options }
    }
}

fn take_values(params: &mut QueryParams) -> Result<BTreeMap<String, Vec<String>>, AwsError> {
    let given =
        params.structures("DhcpConfiguration", |option| Ok((option.required("Key")?, option.list("Value")?)))?;
    let mut values = BTreeMap::new();
    for (key, list) in given {
        if !KEYS.contains(&key.as_str()) {
            return Err(AwsError::invalid_parameter(&key, "key", "Unknown DHCP option."));
        }
        if list.is_empty() {
            return Err(AwsError::missing_parameter("value"));
        }
        values.insert(key, list);
    }
    if values.is_empty() { Err(AwsError::missing_parameter("dhcpConfiguration")) } else { Ok(values) }
}

/// `CreateDhcpOptions`.
pub(in crate::emulator::ec2) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((values, tags, dry), scope) = operation
        .query(|params| Ok((take_values(params)?, tags::take_for(params, &kind::OPTIONS)?, take_dry_run(params)?)))?;
    let options = Options { id: new_id(kind::OPTIONS.prefix)?, values };
    let network = Network::new(scope.account(), scope.region);
    let shown = scope
        .change(|state| {
            dry_run(dry)?;
            state.ec2.set_tags(&options.id, tags);
            state.ec2.options.insert(options.id.clone(), options.clone());
            Ok::<_, AwsError>(state.ec2.shown(options, &network))
        })
        .await?;
    Ok(created("dhcpOptions", shown, ""))
}

/// `DeleteDhcpOptions`: not while a VPC has them.
pub(in crate::emulator::ec2) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, dry), scope) =
        operation.query(|params| Ok((params.required("DhcpOptionsId")?, take_dry_run(params)?)))?;
    let network = Network::new(scope.account(), scope.region);
    scope
        .change(|state| {
            state.ec2.check_options(&id, &network)?;
            if state.ec2.vpcs(&network).iter().any(|vpc| vpc.options(&network) == id) {
                return Err(in_use("dhcpOptions", &id));
            }
            if !state.ec2.options.contains_key(&id) {
                return Err(AwsError::not_implemented("ec2", "DeleteDhcpOptions of the region's own"));
            }
            dry_run(dry)?;
            state.ec2.options.remove(&id);
            state.ec2.set_tags(&id, Tags::new());
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `AssociateDhcpOptions`: with `default`, a VPC has none.
pub(in crate::emulator::ec2) async fn associate(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, vpc, dry), scope) = operation
        .query(|params| Ok((params.required("DhcpOptionsId")?, params.required("VpcId")?, take_dry_run(params)?)))?;
    let network = Network::new(scope.account(), scope.region);
    scope
        .change(|state| {
            let mut vpc = state.ec2.vpc(&vpc, &network)?;
            if id != "default" {
                state.ec2.check_options(&id, &network)?;
            }
            dry_run(dry)?;
            vpc.options = Some(id);
            state.ec2.vpcs.insert(vpc.id.clone(), vpc);
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `DescribeDhcpOptions`.
pub(in crate::emulator::ec2) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let known = ["dhcp-options-id", "key", "owner-id", "value"];
    let (listing, scope) = operation.query(|params| Listing::take(params, "DhcpOptionsId", &known))?;
    let network = Network::new(scope.account(), scope.region);
    let shown: Vec<Shown> = scope.read(|state| {
        let all = state.ec2.all_options(&network).into_iter();
        all.map(|options| state.ec2.shown(options, &network)).collect()
    });
    for id in &listing.ids {
        kind::OPTIONS.check(id)?;
        if !shown.iter().any(|known| known.options.id == *id) {
            // A look has another word for it than the calls that change something.
            let message = format!("The dhcpOption ID '{id}' does not exist");
            return Err(AwsError::sender("InvalidDhcpOptionID.NotFound", message));
        }
    }
    listing.write("dhcpOptionsSet", shown)
}

impl Record for Shown {
    fn id(&self) -> &str {
        &self.options.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        match filter {
            "dhcp-options-id" => test(&self.options.id),
            "key" => self.options.values.keys().any(|key| test(key)),
            "owner-id" => test(&self.owner),
            _ => self.options.values.values().flatten().any(|value| test(value)),
        }
    }

    fn write(&self, item: &mut xml::Element) {
        xml::text(item, "dhcpOptionsId", &self.options.id);
        xml::text(item, "ownerId", &self.owner);
        xml::list(item, "dhcpConfigurationSet", "item", &self.options.values, |entry, (key, values)| {
            xml::text(entry, "key", key);
            xml::list(entry, "valueSet", "item", values, |one, value| xml::text(one, "value", value));
        });
    }
}
