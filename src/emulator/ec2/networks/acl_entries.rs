//! The entries of network ACLs: made, replaced, removed.

use super::acl::{Acl, Entry, Whom};
use crate::emulator::{
    ec2::{dry_run, groups::ipv6_block, network::Network, take_dry_run},
    service::{Operation, Output},
    wire::{AwsError, QueryParams},
};

/// The most entries of a network ACL in one direction.
const ENTRIES: usize = 20;
/// The number of the last entry, which refuses the rest, is one more.
const LAST: u16 = 32_766;
const ICMP: i16 = 1;
const TCP: i16 = 6;
const UDP: i16 = 17;
const ICMP_V6: i16 = 58;

fn take_number(params: &mut QueryParams) -> Result<u16, AwsError> {
    let number = params.number::<i64>("RuleNumber")?.ok_or_else(|| AwsError::missing_parameter("ruleNumber"))?;
    let fits = u16::try_from(number).ok().filter(|number| (1..=LAST).contains(number));
    fits.ok_or_else(|| {
        AwsError::invalid_parameter(&number.to_string(), "ruleNumber", "Expected a number from 1 to 32766.")
    })
}

fn take_egress(params: &mut QueryParams) -> Result<bool, AwsError> {
    params.flag("Egress")?.ok_or_else(|| AwsError::missing_parameter("egress"))
}

fn take_protocol(params: &mut QueryParams) -> Result<i16, AwsError> {
    let text = params.required("Protocol")?;
    let number = match text.to_ascii_lowercase().as_str() {
        "tcp" => Some(TCP),
        "udp" => Some(UDP),
        "icmp" => Some(ICMP),
        number => number.parse().ok().filter(|number| (-1..=255).contains(number)),
    };
    number.ok_or_else(|| AwsError::invalid_parameter(&text, "protocol", "Unknown protocol."))
}

fn take_whom(params: &mut QueryParams) -> Result<Whom, AwsError> {
    let mut said = |name: &str| params.text(name).filter(|text| !text.is_empty());
    match (said("CidrBlock"), said("Ipv6CidrBlock")) {
        (Some(text), None) => {
            let block = text.parse();
            let wrong = |_| AwsError::invalid_parameter(&text, "cidrBlock", "This is not a valid CIDR block.");
            Ok(Whom::V4(block.map_err(wrong)?))
        }
        (None, Some(text)) => Ok(Whom::V6(ipv6_block(&text)?)),
        (Some(_), Some(_)) => {
            let message = "The parameter cidrBlock cannot be used with the parameter ipv6CidrBlock";
            Err(AwsError::sender("InvalidParameterCombination", message))
        }
        (None, None) => Err(AwsError::missing_parameter("cidrBlock")),
    }
}

fn take_entry(params: &mut QueryParams) -> Result<Entry, AwsError> {
    let (is_egress, number, protocol) = (take_egress(params)?, take_number(params)?, take_protocol(params)?);
    let action = params.one_of("RuleAction", &["allow", "deny"])?;
    let action = action.ok_or_else(|| AwsError::missing_parameter("ruleAction"))?;
    let ports =
        params.structure("PortRange", |range| Ok((range.number::<u16>("From")?, range.number::<u16>("To")?)))?;
    // The name that the form has for `IcmpTypeCode`.
    let icmp = params.structure("Icmp", |icmp| Ok((icmp.number::<i16>("Type")?, icmp.number::<i16>("Code")?)))?;
    let (needs_ports, needs_icmp) = (matches!(protocol, TCP | UDP), matches!(protocol, ICMP | ICMP_V6));
    let ports = match ports {
        (Some(from), Some(to)) if from <= to => Some((from, to)),
        (Some(from), Some(_)) => {
            let reason = "The first port is after the last one.";
            return Err(AwsError::invalid_parameter(&from.to_string(), "portRange.from", reason));
        }
        (None, None) if !needs_ports => None,
        (None, _) => return Err(AwsError::missing_parameter("portRange.from")),
        (_, None) => return Err(AwsError::missing_parameter("portRange.to")),
    };
    let icmp = match icmp {
        (None, None) if !needs_icmp => None,
        (Some(kind), Some(code)) => Some((kind, code)),
        (None, _) => return Err(AwsError::missing_parameter("icmpTypeCode.type")),
        (_, None) => return Err(AwsError::missing_parameter("icmpTypeCode.code")),
    };
    Ok(Entry {
        is_egress,
        number,
        protocol,
        allows: action == "allow",
        whom: take_whom(params)?,
        ports: ports.filter(|_| needs_ports),
        icmp: icmp.filter(|_| needs_icmp),
    })
}

impl Acl {
    fn place(&self, is_egress: bool, number: u16) -> Option<usize> {
        self.entries.iter().position(|entry| (entry.is_egress, entry.number) == (is_egress, number))
    }
}

fn absent(number: u16) -> AwsError {
    let message = format!("The network acl entry identified by {number} does not exist");
    AwsError::sender("InvalidNetworkAclEntry.NotFound", message)
}

/// Changes the entries of a network ACL.
async fn change(
    operation: Operation<'_>,
    take: impl FnOnce(&mut QueryParams) -> Result<(bool, u16, Option<Entry>), AwsError>,
    edit: impl FnOnce(&mut Acl, (bool, u16), Option<Entry>) -> Result<(), AwsError>,
) -> Result<Output, AwsError> {
    let ((id, (is_egress, number, entry), dry), scope) =
        operation.query(|params| Ok((params.required("NetworkAclId")?, take(params)?, take_dry_run(params)?)))?;
    let network = Network::new(scope.account(), scope.region);
    scope
        .change(|state| {
            let mut acl = state.ec2.acl(&id, &network)?;
            edit(&mut acl, (is_egress, number), entry)?;
            dry_run(dry)?;
            state.ec2.acls.insert(id, acl);
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

fn take_whole(params: &mut QueryParams) -> Result<(bool, u16, Option<Entry>), AwsError> {
    let entry = take_entry(params)?;
    Ok((entry.is_egress, entry.number, Some(entry)))
}

/// `CreateNetworkAclEntry`.
pub(in crate::emulator::ec2) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    change(operation, take_whole, |acl, (is_egress, number), entry| {
        if acl.place(is_egress, number).is_some() {
            let message = format!("The network acl entry identified by {number} already exists.");
            return Err(AwsError::sender("NetworkAclEntryAlreadyExists", message));
        }
        if acl.entries.iter().filter(|known| known.is_egress == is_egress).count() >= ENTRIES {
            let message = format!("The maximum number of network acl entries has been reached for {}.", acl.id);
            return Err(AwsError::sender("NetworkAclEntryLimitExceeded", message));
        }
        acl.entries.extend(entry);
        acl.entries.sort_by_key(|entry| (!entry.is_egress, entry.number));
        Ok(())
    })
    .await
}

/// `ReplaceNetworkAclEntry`.
pub(in crate::emulator::ec2) async fn replace(operation: Operation<'_>) -> Result<Output, AwsError> {
    change(operation, take_whole, |acl, (is_egress, number), entry| {
        let place = acl.place(is_egress, number).ok_or_else(|| absent(number))?;
        acl.entries.splice(place..=place, entry);
        Ok(())
    })
    .await
}

/// `DeleteNetworkAclEntry`.
pub(in crate::emulator::ec2) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let take = |params: &mut QueryParams| Ok((take_egress(params)?, take_number(params)?, None));
    change(operation, take, |acl, (is_egress, number), _| {
        let place = acl.place(is_egress, number).ok_or_else(|| absent(number))?;
        acl.entries.remove(place);
        Ok(())
    })
    .await
}
