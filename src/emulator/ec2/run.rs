//! `RunInstances`: everything is checked before anything exists, and a client token makes the call repeatable.

use super::{
    catalog::{self, Architecture, InstanceType},
    images,
    instance::{Attributes, Goal, Instance, TRANSITION},
    instance_xml::write_reservation,
    kind,
    launch_place::Place,
    listing::Tags,
    network::{CAPACITY, Network},
    new_id, notices,
    options::Options,
    placement::{AskedGroup, PlacementGroup},
    profile::{self, Profile},
    state::{Launch, SHARE, State},
    tags, templates,
    volumes::{AskedDevice, Volume, merge},
};
use crate::{
    emulator::{
        service::{Operation, Output},
        wire::{AwsError, QueryParams},
    },
    lenience::Lean,
    marks::STACK_TAG,
    secret::hex,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// How many instances a region may have that are not terminated: as many as have addresses. AWS counts processors.
pub(super) const LIMIT: usize = CAPACITY;
/// EC2's limit on user data, in bytes before base64.
const MAX_USER_DATA: usize = 16 * 1024;
/// What is to be launched, with every parameter checked.
struct LaunchRequest {
    image: String,
    kind: &'static InstanceType,
    /// The fewest that will do, and the most.
    count: (usize, usize),
    place: Place,
    devices: Vec<AskedDevice>,
    /// The name of a key pair.
    key: Option<String>,
    profile: Option<profile::Asked>,
    /// By the kind of what gets them.
    tags: BTreeMap<String, Tags>,
    attributes: Attributes,
    options: Options,
    group: AskedGroup,
    /// Empty when the client gave none.
    token: String,
    fingerprint: String,
}

/// `RunInstances`.
pub(super) async fn instances(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (account, region) = (operation.account().to_owned(), operation.region().clone());
    let ((dry, request), scope) = operation.query_with(|params, scope| {
        let dry = super::take_dry_run(params)?;
        let origin = templates::overlay(params, scope)?;
        let knows_version_2 = |image: &str| scope.read(|state| state.ec2.knows_version_2(image));
        let mut request = LaunchRequest::take(params, &Network::new(&account, &region), knows_version_2)?;
        if let Some(origin) = origin {
            request.tags.entry(kind::INSTANCE.tagged.to_owned()).or_default().extend(origin.tags());
        }
        Ok((dry, request))
    })?;
    images::check_launch(&scope, &request.image)?;
    let now = scope.now_millis();
    let profile = request.profile.as_ref().map(|profile| profile.find(&scope)).transpose()?;
    let members = scope
        .change(|state| {
            state.ec2.prune(now, request.count.1.min(LIMIT) + SHARE);
            if let Some(members) = repeated(&state.ec2, &request)? {
                super::dry_run(dry)?;
                return Ok(members);
            }
            let lets = |lean: &Lean| scope.lets(lean);
            let launched = request.launch(&state.ec2, &Network::new(&account, &region), profile.as_ref(), now, lets)?;
            super::dry_run(dry)?;
            let members = request.keep(&mut state.ec2, launched);
            if let (false, Some(first)) = (request.token.is_empty(), members.first()) {
                let launch =
                    Launch { fingerprint: request.fingerprint.clone(), reservation: first.reservation.clone() };
                state.ec2.tokens.insert(request.token.clone(), launch);
            }
            Ok::<_, AwsError>(members)
        })
        .await?;
    let is_a_deploys = request.tags.get(kind::INSTANCE.tagged).is_some_and(|tags| tags.contains_key(STACK_TAG));
    let is_own = || scope.read(|state| state.ec2.own_images().any(|own| own.id == request.image));
    if !is_a_deploys && !images::is_listed(&request.image) && !is_own() {
        // Any engine here takes it; a lenient one says that AWS does not. (At AWS a deploy asks for another image.)
        let _ = scope.lets(&Lean::Image { image: request.image.clone() });
    }
    // A repeated call launches nothing.
    let launched = members.iter().filter(|instance| instance.since == now);
    notices::tell(&scope, launched.map(|instance| instance.id.clone()).collect());
    Ok(Output::xml(move |root| write_reservation(root, &members, &Network::new(&account, &region), &account, now)))
}

/// Finds what an earlier call with the same client token launched.
fn repeated(state: &State, request: &LaunchRequest) -> Result<Option<Vec<Instance>>, AwsError> {
    let Some(launch) = state.tokens.get(&request.token) else { return Ok(None) };
    if launch.fingerprint != request.fingerprint {
        let message =
            "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).";
        return Err(AwsError::sender("IdempotentParameterMismatch", message));
    }
    Ok(Some(state.members(&launch.reservation).into_iter().cloned().collect()))
}

impl LaunchRequest {
    /// Reads a launch; `knows_version_2` tells whether an image knows version 2 of the metadata service only.
    fn take(
        params: &mut QueryParams,
        network: &Network,
        knows_version_2: impl FnOnce(&str) -> bool,
    ) -> Result<Self, AwsError> {
        let token = super::take_client_token(params)?;
        let fingerprint = hex(&Sha256::digest(params.canonical().as_bytes()));
        let image = images::resolve(params.required("ImageId")?)?;
        let kind = take_type(params)?;
        check_architecture(images::architecture(&image), kind)?;
        let count = take_count(params)?;
        let place = Place::take(params, network, count.1)?;
        let devices = AskedDevice::take(params)?;
        let key = params.text("KeyName").filter(|pair| !pair.is_empty());
        let profile = profile::Asked::take(params)?;
        let tags = tags::take_specifications(params, &TAGGED)?;
        let attributes = take_attributes(params)?;
        refuse_unsupported(params)?;
        let options = Options::take(params, kind, knows_version_2(&image))?;
        let group = AskedGroup::take(params, "Placement.")?;
        Ok(Self {
            image,
            kind,
            count,
            place,
            devices,
            key,
            profile,
            tags,
            attributes,
            options,
            group,
            token,
            fingerprint,
        })
    }

    /// Makes the instances: as many as the limit leaves, at least the fewest that will do.
    fn launch(
        &self,
        state: &State,
        network: &Network,
        profile: Option<&Profile>,
        now: i64,
        lets: impl Fn(&Lean) -> bool,
    ) -> Result<Vec<(Instance, Vec<Volume>)>, AwsError> {
        let (fewest, most) = self.count;
        let free = LIMIT.saturating_sub(state.index.addresses().len());
        if fewest > free {
            let message = format!(
                "You have requested more instances ({fewest}) than your current instance limit of {LIMIT} allows for \
                 the specified instance type."
            );
            return Err(AwsError::sender("InstanceLimitExceeded", message));
        }
        let mut site = self.place.find(state, network, fewest, now)?;
        if let Some(key) = self.key.as_ref().filter(|key| !state.key_pairs.contains_key(*key))
            && !lets(&Lean::KeyPair { name: key.clone() })
        {
            return Err(kind::KEY_PAIR.missing(key));
        }
        let (base, architecture) = state.base_of(&self.image)?;
        check_architecture(architecture, self.kind)?;
        let snapshot = |id: &str| state.snapshot(id).map(|found| found.shape.clone());
        let devices = merge(&base.devices, &self.devices, snapshot)?;
        let group = self.find_group(state, site.zone(), now)?;
        let count = most.min(site.room);
        let reservation = new_id("r")?;
        let mut members = Vec::new();
        for index in 0..u32::try_from(count).unwrap_or(0) {
            let id = new_id(kind::INSTANCE.prefix)?;
            let (address, attached) = (site.address(&id)?, site.given(&id, now)?);
            let volumes = devices.iter().map(|device| device.make(&id, site.zone(), now));
            let (devices, volumes) = volumes.collect::<Result<(Vec<_>, Vec<_>), _>>()?;
            let instance = Instance {
                id,
                reservation: reservation.clone(),
                index,
                created: now,
                launched: now,
                goal: Goal::Run,
                since: now,
                transition: TRANSITION,
                image: self.image.clone(),
                kind: self.kind.name.clone(),
                zone: site.zone().to_owned(),
                address,
                tags: self.tags_for(&kind::INSTANCE),
                client_token: self.token.clone(),
                attributes: self.attributes.clone(),
                interface: site.interface(),
                options: Options {
                    group: group.map(|(group, before)| group.place(&self.group, before + members.len())),
                    ..self.options.clone()
                },
                key: self.key.clone(),
                root: base.root.clone(),
                devices,
                profile: profile.map(Profile::again).transpose()?,
                attached,
            };
            members.push((instance, volumes));
        }
        Ok(members)
    }

    /// The placement group that is asked for, and how many instances it has.
    fn find_group<'s>(
        &self,
        state: &'s State,
        zone: &str,
        now: i64,
    ) -> Result<Option<(&'s PlacementGroup, usize)>, AwsError> {
        let Some(group) = self.group.find(&state.placements)? else { return Ok(None) };
        group.check_type(&self.kind.name, self.kind.is_for_clusters())?;
        let others: Vec<&Instance> = state.placed_in(&group.id, now).collect();
        group.check_zone(zone, others.iter().map(|other| other.zone.as_str()))?;
        Ok(Some((group, others.len())))
    }

    /// Takes what was launched into the state.
    fn keep(&self, state: &mut State, launched: Vec<(Instance, Vec<Volume>)>) -> Vec<Instance> {
        let mut members = Vec::new();
        for (mut instance, volumes) in launched {
            for volume in volumes {
                state.set_tags(&volume.id, self.tags_for(&kind::VOLUME));
                state.volumes.insert(volume.id.clone(), volume);
            }
            if !instance.interface.is_given {
                state.set_tags(&instance.interface_id(), self.tags_for(&kind::INTERFACE));
            }
            let (id, attached) = (instance.id.clone(), std::mem::take(&mut instance.attached));
            state.launch(instance);
            for interface in attached {
                let held = interface.allocation().map(str::to_owned);
                state.put_interface(interface);
                held.iter().for_each(|allocation| state.hold_alone(allocation));
            }
            members.extend(state.instances.get(&id).cloned());
        }
        members
    }

    fn tags_for(&self, kind: &kind::Kind) -> Tags {
        self.tags.get(kind.tagged).cloned().unwrap_or_default()
    }
}

/// What a launch can give tags to; there are no spot requests and no accelerators to have them.
const TAGGED: [&str; 3] = ["instance", "network-interface", "volume"];

fn take_type(params: &mut QueryParams) -> Result<&'static InstanceType, AwsError> {
    // EC2's own default, from its first day.
    let name = params.text("InstanceType").unwrap_or_else(|| "m1.small".to_owned());
    catalog::find(&name).ok_or_else(|| invalid_type(&name))
}

/// The refusal of an instance type that is not in the catalog.
pub(super) fn invalid_type(name: &str) -> AwsError {
    AwsError::sender("InvalidParameterValue", format!("Invalid value '{name}' for InstanceType."))
}

fn check_architecture(image: Option<Architecture>, kind: &InstanceType) -> Result<(), AwsError> {
    match image {
        Some(architecture) if architecture != kind.architecture => {
            let message = format!(
                "The architecture '{}' of the specified instance type does not match the architecture '{}' of the \
                 specified AMI. Specify an instance type and an AMI that have matching architectures, and try again. \
                 You can use 'describe-instance-types' or 'describe-images' to discover the architecture of the \
                 instance type or AMI.",
                kind.architecture.as_str(),
                architecture.as_str()
            );
            Err(AwsError::sender("InvalidParameterValue", message))
        }
        _ => Ok(()),
    }
}

fn take_count(params: &mut QueryParams) -> Result<(usize, usize), AwsError> {
    let mut number = |name: &str| {
        let text = params.required(name)?;
        text.parse::<usize>()
            .ok()
            .filter(|number| *number >= 1)
            .ok_or_else(|| AwsError::invalid_parameter(&text, name, "Minimum value is 1."))
    };
    let (fewest, most) = (number("MinCount")?, number("MaxCount")?);
    if fewest > most {
        let message = format!("The value of MinCount ({fewest}) must not be greater than that of MaxCount ({most}).");
        return Err(AwsError::sender("InvalidParameterCombination", message));
    }
    Ok((fewest, most))
}

fn take_attributes(params: &mut QueryParams) -> Result<Attributes, AwsError> {
    let default = Attributes::default();
    let shutdown_behavior = match params.text("InstanceInitiatedShutdownBehavior") {
        Some(behavior) => check_shutdown_behavior(behavior)?,
        None => default.shutdown_behavior,
    };
    let user_data = params.text("UserData").filter(|data| !data.is_empty());
    user_data.as_deref().map_or(Ok(()), check_user_data)?;
    Ok(Attributes {
        disable_api_termination: params.flag("DisableApiTermination")?.unwrap_or(false),
        disable_api_stop: params.flag("DisableApiStop")?.unwrap_or(false),
        ebs_optimized: params.flag("EbsOptimized")?.unwrap_or(false),
        monitoring: params.flag("Monitoring.Enabled")?.unwrap_or(false),
        source_dest_check: default.source_dest_check,
        shutdown_behavior,
        user_data,
    })
}

/// Accepts `stop` and `terminate`.
pub(super) fn check_shutdown_behavior(behavior: String) -> Result<String, AwsError> {
    if matches!(behavior.as_str(), "stop" | "terminate") {
        return Ok(behavior);
    }
    let message = format!("Invalid value '{behavior}' for InstanceInitiatedShutdownBehavior.");
    Err(AwsError::sender("InvalidParameterValue", message))
}

/// Accepts base64 of at most 16 KiB.
pub(super) fn check_user_data(data: &str) -> Result<(), AwsError> {
    match BASE64_STANDARD.decode(data) {
        Err(_) => Err(AwsError::sender("InvalidParameterValue", "Invalid BASE64 encoding of user data.")),
        Ok(bytes) if bytes.len() > MAX_USER_DATA => {
            let message = format!("User data is limited to {MAX_USER_DATA} bytes");
            Err(AwsError::sender("InvalidParameterValue", message))
        }
        Ok(_) => Ok(()),
    }
}

/// What EC2 has, and atelier has not.
const LACKING: [&str; 17] = [
    "AdditionalInfo",
    "ElasticGpuSpecification",
    "ElasticInferenceAccelerator",
    "EnablePrimaryIpv6",
    "InstanceMarketOptions",
    "Ipv6Address",
    "Ipv6AddressCount",
    "KernelId",
    "LicenseSpecification",
    "NetworkPerformanceOptions",
    "Operator",
    "Placement.Affinity",
    "Placement.HostId",
    "Placement.HostResourceGroupArn",
    "Placement.SpreadDomain",
    "RamdiskId",
    "SecondaryInterface",
];

/// Refuses what a client would rely on and the emulator cannot do.
fn refuse_unsupported(params: &QueryParams) -> Result<(), AwsError> {
    match LACKING.into_iter().find(|name| params.has(name)) {
        Some(name) => Err(AwsError::not_implemented("ec2", &format!("RunInstances with {name}"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1::Request;

    #[test]
    fn a_launch_without_a_zone_goes_where_there_is_room_and_one_with_a_zone_does_not() {
        let region = "us-east-1".parse().unwrap();
        let network = Network::new("000000000000", &region);
        let mut state = State::default();
        let mut launch = |count: (usize, usize), place: &str| {
            let form =
                format!("Action=RunInstances&ImageId=ami-12345678&MinCount={}&MaxCount={}{place}", count.0, count.1);
            let mut params = QueryParams::parse(&Request::new(form.into())).unwrap();
            params.action().unwrap();
            let request = LaunchRequest::take(&mut params, &network, images::knows_version_2)?;
            let launched = request.launch(&state, &network, None, 0, |_| false)?;
            let members = request.keep(&mut state, launched);
            Ok::<_, AwsError>((members.len(), members[0].zone.clone()))
        };
        let place = |count, zone: &str| (count, zone.to_owned());
        assert_eq!(launch((4000, 4000), "").unwrap(), place(4000, "us-east-1a"));
        assert_eq!(launch((100, 200), "").unwrap(), place(200, "us-east-1b"));
        assert_eq!(launch((50, 200), "").unwrap(), place(91, "us-east-1a"));
        let full = launch((1, 1), "&Placement.AvailabilityZone=us-east-1a").unwrap_err();
        assert_eq!(full.code, "InsufficientFreeAddressesInSubnet");
        assert_eq!(launch((1, 1), "").unwrap(), place(1, "us-east-1b"));
        assert_eq!(launch((8000, 8000), "").unwrap_err().code, "InstanceLimitExceeded");
    }
}
