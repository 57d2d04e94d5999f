//! Network interfaces: each instance has one for as long as it has a place in the network; others are made by themselves.

use super::{
    face::Face,
    interface::{Attachment, Bearer, Left, OwnInterface},
    refuse,
};
use crate::emulator::{
    ec2::{
        dry_run,
        instance::Phase,
        kind,
        listing::{Listing, Record, Tags, flag, write_with_tags},
        network::Network,
        new_hex, new_id,
        state::State,
        tags, take_client_token, take_dry_run,
    },
    service::{Operation, Output},
    wire::{AwsError, QueryParams, xml},
};
use std::net::Ipv4Addr;

const FILTERS: &[&str] = &[
    "addresses.association.owner-id",
    "addresses.association.public-ip",
    "addresses.primary",
    "addresses.private-ip-address",
    "association.allocation-id",
    "association.association-id",
    "association.ip-owner-id",
    "association.public-dns-name",
    "association.public-ip",
    "attachment.attach-time",
    "attachment.attachment-id",
    "attachment.delete-on-termination",
    "attachment.device-index",
    "attachment.instance-id",
    "attachment.instance-owner-id",
    "attachment.status",
    "availability-zone",
    "availability-zone-id",
    "description",
    "group-id",
    "group-name",
    "interface-type",
    "ipv6-addresses.ipv6-address",
    "mac-address",
    "network-interface-id",
    "operator.managed",
    "operator.principal",
    "owner-id",
    "private-dns-name",
    "private-ip-address",
    "requester-id",
    "requester-managed",
    "source-dest-check",
    "status",
    "subnet-id",
    "vpc-id",
];

/// What an interface can have in EC2, and cannot here.
const LACKING: [&str; 14] = [
    "ConnectionTrackingSpecification",
    "EnablePrimaryIpv6",
    "InterfaceType",
    "Ipv4Prefix",
    "Ipv4PrefixCount",
    "Ipv6AddressCount",
    "Ipv6Addresses",
    "Ipv6Prefix",
    "Ipv6PrefixCount",
    "Operator",
    "PrivateIpAddresses.2",
    "SecondaryPrivateIpAddressCount",
    "Ipv6Prefixes",
    "Ipv4Prefixes",
];

/// An interface as a listing shows it.
struct Shown {
    face: Face,
    tags: Tags,
}

/// `DescribeNetworkInterfaces`.
pub(in crate::emulator::ec2) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (listing, scope) = operation.query(|params| {
        // No service manages one here.
        params.flag("IncludeManagedResources")?;
        Listing::take(params, "NetworkInterfaceId", FILTERS)
    })?;
    let now = scope.now_millis();
    let network = Network::new(scope.account(), scope.region);
    let shown = scope.read(|state| {
        let with_one = state.ec2.instances.values().filter(|instance| instance.phase(now) != Phase::Terminated);
        let with_one = with_one.filter(|instance| !instance.interface.is_given);
        let of_instances = with_one.map(|instance| Face::of_instance(instance, &network, now));
        let others = state.ec2.interfaces.values().map(|interface| Face::of(interface, &network, now));
        let faces = of_instances.chain(others);
        faces.map(|face| Shown { tags: state.ec2.tags_of(&face.id).clone(), face }).collect::<Vec<_>>()
    });
    listing.answer(&kind::INTERFACE, "networkInterfaceSet", shown)
}

impl Record for Shown {
    const LISTS_NO_TAGS: bool = true;

    fn id(&self) -> &str {
        &self.face.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        self.face.has(filter, test)
    }

    fn write(&self, item: &mut xml::Element) {
        self.face.write(item, false);
        self.face.write_rest(item);
    }
}

/// Reads the one private address of an interface, in either form.
fn take_address(params: &mut QueryParams) -> Result<Option<Ipv4Addr>, AwsError> {
    let mut asked = params.text("PrivateIpAddress").filter(|text| !text.is_empty());
    let mut listed = params.structures("PrivateIpAddresses", |one| {
        one.flag("Primary")?;
        one.required("PrivateIpAddress")
    })?;
    if listed.len() > 1 {
        return Err(AwsError::not_implemented("ec2", "CreateNetworkInterface with several PrivateIpAddresses"));
    }
    if let Some(address) = listed.pop()
        && asked.replace(address).is_some()
    {
        let message = "privateIpAddress and privateIpAddressesSet may not be specified together.";
        return Err(AwsError::sender("InvalidParameterCombination", message));
    }
    let parse = |text: String| {
        text.parse().map_err(|_| AwsError::sender("InvalidParameterValue", format!("Invalid IPv4 address: {text}")))
    };
    asked.map(parse).transpose()
}

/// `CreateNetworkInterface`.
pub(in crate::emulator::ec2) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((subnet, groups, address, description, tags, token, dry), scope) = operation.query(|params| {
        refuse(params, "CreateNetworkInterface", &LACKING)?;
        let (subnet, address) = (params.required("SubnetId")?, take_address(params)?);
        let (groups, description) = (params.list("SecurityGroupId")?, params.text("Description").unwrap_or_default());
        let tags = tags::take_for(params, &kind::INTERFACE)?;
        Ok((subnet, groups, address, description, tags, take_client_token(params)?, take_dry_run(params)?))
    })?;
    let (network, now) = (Network::new(scope.account(), scope.region), scope.now_millis());
    let id = new_id(kind::INTERFACE.prefix)?;
    let face = scope
        .change(|state| {
            let ec2 = &mut state.ec2;
            let subnet = ec2.subnet(&subnet, &network)?;
            let is_repeated = |known: &&OwnInterface| !token.is_empty() && known.token == token;
            if let Some(known) = ec2.interfaces.values().find(is_repeated) {
                return Ok(Shown { face: Face::of(known, &network, now), tags: ec2.tags_of(&known.id).clone() });
            }
            let interface = OwnInterface {
                address: ec2.private_address(&subnet, &id, address)?,
                groups: ec2.groups_of(&groups, &[], &subnet.vpc, &network)?,
                is_in_default: subnet.own().is_none(),
                subnet: subnet.id,
                vpc: subnet.vpc,
                zone: subnet.zone,
                description,
                source_dest_check: true,
                is_of_nat: false,
                is_of_endpoint: false,
                elastic: None,
                attachment: None,
                left: None,
                token: token.clone(),
                id,
            };
            dry_run(dry)?;
            let face = Face::of(&interface, &network, now);
            ec2.set_tags(&interface.id, tags.clone());
            ec2.put_interface(interface);
            Ok::<_, AwsError>(Shown { face, tags })
        })
        .await?;
    Ok(Output::xml(move |root| {
        xml::element(root, "networkInterface", |item| {
            // An interface alone has its tags under another name.
            write_with_tags(item, &face);
        });
        if !token.is_empty() {
            xml::text(root, "clientToken", &token);
        }
    }))
}

/// `DeleteNetworkInterface`: once it is attached to nothing.
pub(in crate::emulator::ec2) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, dry), scope) =
        operation.query(|params| Ok((params.required("NetworkInterfaceId")?, take_dry_run(params)?)))?;
    let now = scope.now_millis();
    scope
        .change(|state| {
            let bearer = state.ec2.bearer(&id, now)?;
            let known = state.ec2.interfaces.get(&id);
            let is_free = known.is_some_and(|known| known.attachment.is_none() && !known.is_managed());
            if !is_free || bearer != Bearer::Interface(id.clone()) {
                let message = format!("Network interface '{id}' is currently in use.");
                return Err(AwsError::sender("InvalidParameterValue", message));
            }
            dry_run(dry)?;
            state.ec2.remove_interface(&id);
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `AttachNetworkInterface`.
pub(in crate::emulator::ec2) async fn attach(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, instance, index, dry), scope) = operation.query(|params| {
        refuse(params, "AttachNetworkInterface", &["EnaQueueCount", "EnaSrdSpecification"])?;
        if params.number::<u32>("NetworkCardIndex")?.is_some_and(|card| card != 0) {
            return Err(AwsError::invalid_parameter("1", "networkCardIndex", "The instance has one network card."));
        }
        let index = params.number::<u32>("DeviceIndex")?.ok_or_else(|| AwsError::missing_parameter("DeviceIndex"))?;
        Ok((params.required("NetworkInterfaceId")?, params.required("InstanceId")?, index, take_dry_run(params)?))
    })?;
    let (network, now) = (Network::new(scope.account(), scope.region), scope.now_millis());
    let attachment = format!("eni-attach-{}", new_hex()?);
    let made = attachment.clone();
    scope
        .change(|state| {
            let ec2 = &mut state.ec2;
            ec2.bearer(&id, now)?;
            let found = ec2.find(std::slice::from_ref(&instance), now)?;
            let found = found.first().ok_or_else(|| AwsError::internal("No instance."))?;
            let known = ec2.free_interface(&id, now)?;
            if !matches!(found.phase(now), Phase::Pending | Phase::Running | Phase::Stopped) {
                let message = format!("Instance '{instance}' is not 'running' or 'stopped'.");
                return Err(AwsError::sender("IncorrectState", message));
            }
            if found.zone != known.zone || found.vpc(&network) != known.vpc {
                let message = "You may not attach a network interface to an instance if they are not in the same \
                               availability zone and VPC";
                return Err(AwsError::sender("InvalidParameterCombination", message));
            }
            let is_used = |each: &OwnInterface| each.attachment.as_ref().is_some_and(|place| place.index == index);
            if index == 0 || found.attached.iter().any(is_used) {
                let message =
                    format!("Instance '{instance}' already has an interface attached at device index '{index}'.");
                return Err(AwsError::sender("InvalidParameterValue", message));
            }
            dry_run(dry)?;
            let place = Attachment { id: attachment, instance, index, attached: now, delete_on_termination: false };
            let interface = OwnInterface { attachment: Some(place), left: None, ..known.clone() };
            let held = interface.elastic.as_ref().map(|bound| bound.allocation.clone());
            ec2.put_interface(interface);
            held.iter().for_each(|allocation| ec2.hold_alone(allocation));
            Ok::<_, AwsError>(())
        })
        .await?;
    Ok(Output::xml(move |root| {
        xml::text(root, "attachmentId", &made);
        xml::text(root, "networkCardIndex", "0");
    }))
}

/// `DetachNetworkInterface`: never the instance's own one.
pub(in crate::emulator::ec2) async fn detach(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, dry), scope) = operation.query(|params| {
        // Nothing holds on to it.
        params.flag("Force")?;
        Ok((params.required("AttachmentId")?, take_dry_run(params)?))
    })?;
    let now = scope.now_millis();
    scope
        .change(|state| {
            let ec2 = &mut state.ec2;
            let is_it = |known: &&OwnInterface| known.attachment.as_ref().is_some_and(|place| place.id == id);
            let Some(known) = ec2.interfaces.values().find(is_it).cloned() else {
                let first = ec2.bearer(&id.replacen("eni-attach-", "eni-", 1), now);
                return Err(if first.is_ok() {
                    held_fast()
                } else {
                    let message = format!("The networkInterface attachment ID '{id}' does not exist");
                    AwsError::sender("InvalidAttachmentID.NotFound", message)
                });
            };
            if known.attachment.as_ref().is_some_and(|place| place.index == 0) {
                return Err(held_fast());
            }
            dry_run(dry)?;
            let held = known.elastic.as_ref().map(|bound| bound.allocation.clone());
            let left = known.attachment.clone().map(|attachment| Left { attachment, ended: now });
            ec2.put_interface(OwnInterface { attachment: None, left, ..known });
            held.iter().for_each(|allocation| ec2.hold_alone(allocation));
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// The refusal to take an instance's first interface away.
fn held_fast() -> AwsError {
    AwsError::sender("OperationNotPermitted", "The network interface at device index 0 cannot be detached.")
}

/// A change of one attribute of an interface.
enum Change {
    Description(String),
    SourceDestCheck(bool),
    Groups(Vec<String>),
    DeleteOnTermination(String, bool),
}

impl Change {
    fn take(params: &mut QueryParams) -> Result<Vec<Self>, AwsError> {
        let lacking = [
            "AssociatePublicIpAddress",
            "AssociatedSubnetId",
            "ConnectionTrackingSpecification",
            "EnaSrdSpecification",
        ];
        refuse(params, "ModifyNetworkInterfaceAttribute", &lacking)?;
        refuse(params, "ModifyNetworkInterfaceAttribute", &["Attachment.DefaultEnaQueueCount", "EnablePrimaryIpv6"])?;
        refuse(params, "ModifyNetworkInterfaceAttribute", &["Attachment.EnaQueueCount"])?;
        let mut changes = Vec::new();
        changes.extend(params.text("Description.Value").map(Self::Description));
        changes.extend(params.flag("SourceDestCheck.Value")?.map(Self::SourceDestCheck));
        let groups = params.list("SecurityGroupId")?;
        changes.extend((!groups.is_empty()).then_some(Self::Groups(groups)));
        let (attachment, on) = (params.text("Attachment.AttachmentId"), params.flag("Attachment.DeleteOnTermination")?);
        match (attachment, on) {
            (Some(id), Some(on)) => changes.push(Self::DeleteOnTermination(id, on)),
            (None, None) => {}
            (None, _) => return Err(AwsError::missing_parameter("Attachment.AttachmentId")),
            (_, None) => return Err(AwsError::missing_parameter("Attachment.DeleteOnTermination")),
        }
        Ok(changes)
    }

    /// Returns the only one: a call changes one attribute.
    fn only(mut changes: Vec<Self>) -> Result<Self, AwsError> {
        match (changes.pop(), changes.is_empty()) {
            (Some(change), true) => Ok(change),
            (Some(_), false) => {
                let message = "Fields for multiple attribute types specified";
                Err(AwsError::sender("InvalidParameterCombination", message))
            }
            (None, _) => Err(AwsError::sender("InvalidParameterCombination", "No attributes specified.")),
        }
    }
}

/// `ModifyNetworkInterfaceAttribute`: one attribute, also of an instance's own interface.
pub(in crate::emulator::ec2) async fn modify(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, changes, dry), scope) = operation
        .query(|params| Ok((params.required("NetworkInterfaceId")?, Change::take(params)?, take_dry_run(params)?)))?;
    // What a parameter that is not known would have been is told before what is not there.
    let change = Change::only(changes)?;
    let (network, now) = (Network::new(scope.account(), scope.region), scope.now_millis());
    scope
        .change(|state| {
            let ec2 = &mut state.ec2;
            let bearer = ec2.bearer(&id, now)?;
            let groups = match &change {
                Change::Groups(ids) => ec2.groups_of(ids, &[], &ec2.interface_vpc(&id, &network, now)?, &network)?,
                _ => Vec::new(),
            };
            dry_run(dry)?;
            let absent = |id: &str| {
                let message = format!("The networkInterface attachment ID '{id}' does not exist");
                AwsError::sender("InvalidAttachmentID.NotFound", message)
            };
            match bearer {
                Bearer::Instance(owner) => {
                    let Some(instance) = ec2.instances.get_mut(&owner) else { return Ok(()) };
                    match change {
                        Change::Description(text) => instance.interface.description = text,
                        Change::SourceDestCheck(on) => instance.attributes.source_dest_check = on,
                        Change::Groups(_) => instance.interface.groups = groups,
                        Change::DeleteOnTermination(place, on) if place == id.replacen("eni-", "eni-attach-", 1) => {
                            instance.interface.delete_on_termination = on;
                        }
                        Change::DeleteOnTermination(place, _) => return Err(absent(&place)),
                    }
                }
                Bearer::Interface(id) => {
                    let Some(mut interface) = ec2.interfaces.get(&id).cloned() else { return Ok(()) };
                    match change {
                        Change::Description(text) => interface.description = text,
                        Change::SourceDestCheck(on) => interface.source_dest_check = on,
                        Change::Groups(_) => interface.groups = groups,
                        Change::DeleteOnTermination(asked, on) => {
                            let place = interface.attachment.as_mut().filter(|place| place.id == asked);
                            place.ok_or_else(|| absent(&asked))?.delete_on_termination = on;
                        }
                    }
                    ec2.put_interface(interface);
                }
            }
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `DescribeNetworkInterfaceAttribute`.
pub(in crate::emulator::ec2) fn describe_attribute(operation: Operation<'_>) -> Result<Output, AwsError> {
    let names = ["associatePublicIpAddress", "attachment", "description", "groupSet", "sourceDestCheck"];
    let ((id, attribute, dry), scope) = operation.query(|params| {
        let attribute = params.one_of("Attribute", &names)?;
        let attribute = attribute.ok_or_else(|| AwsError::missing_parameter("Attribute"))?;
        Ok((params.required("NetworkInterfaceId")?, attribute, take_dry_run(params)?))
    })?;
    if attribute == "associatePublicIpAddress" {
        return Err(AwsError::not_implemented("ec2", "DescribeNetworkInterfaceAttribute of associatePublicIpAddress"));
    }
    let (network, now) = (Network::new(scope.account(), scope.region), scope.now_millis());
    let face = scope.read(|state| state.ec2.face(&id, &network, now))?;
    dry_run(dry)?;
    Ok(Output::xml(move |root| {
        xml::text(root, "networkInterfaceId", &id);
        match attribute.as_str() {
            "attachment" if face.has_attachment() => {
                xml::element(root, "attachment", |item| face.write_attachment(item));
            }
            "attachment" => {}
            "description" => {
                xml::element(root, "description", |value| xml::text(value, "value", face.description()));
            }
            "groupSet" => xml::list(root, "groupSet", "item", face.groups(), |each, group| group.write(each)),
            _ => xml::element(root, "sourceDestCheck", |value| flag(value, "value", face.source_dest_check())),
        }
    }))
}

impl State {
    /// An interface as it is shown.
    fn face(&self, id: &str, network: &Network, now: i64) -> Result<Face, AwsError> {
        let found = match self.bearer(id, now)? {
            Bearer::Instance(owner) => {
                self.instances.get(&owner).map(|instance| Face::of_instance(instance, network, now))
            }
            Bearer::Interface(id) => self.interfaces.get(&id).map(|interface| Face::of(interface, network, now)),
        };
        found.ok_or_else(|| kind::INTERFACE.absent(id))
    }
}
