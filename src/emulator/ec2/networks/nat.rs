//! NAT gateways: each has an interface in its subnet, and an elastic address where it leads to the internet.

use super::{elastic::Bound, interface::OwnInterface, refuse};
use crate::emulator::{
    ec2::{
        dry_run,
        instance::{AFTERLIFE, TRANSITION},
        kind,
        listing::{Listing, Record, Tags, created, flag},
        network::Network,
        new_hex, new_id,
        state::State,
        tags, take_client_token, take_dry_run,
    },
    service::{Operation, Output},
    wire::{AwsError, iso_time, xml},
};
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// A NAT gateway.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator::ec2) struct Nat {
    pub(super) id: String,
    subnet: String,
    pub(super) vpc: String,
    /// The elastic address; none where it leads into other networks only.
    pub(super) allocation: Option<String>,
    bound: Option<Bound>,
    interface: String,
    private: Ipv4Addr,
    /// Milliseconds since the Unix epoch.
    created: i64,
    pub(super) ended: Option<i64>,
    token: String,
}

const LACKING: [&str; 5] = [
    "AvailabilityZoneAddress",
    "SecondaryAllocationId",
    "SecondaryPrivateIpAddress",
    "SecondaryPrivateIpAddressCount",
    "VpcId",
];

/// A NAT gateway as a listing shows it.
struct Shown {
    nat: Nat,
    tags: Tags,
    now: i64,
}

/// `CreateNatGateway`.
pub(in crate::emulator::ec2) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((subnet, allocation, private, tags, token, dry), scope) = operation.query(|params| {
        refuse(params, "CreateNatGateway", &LACKING)?;
        if params.one_of("AvailabilityMode", &["regional", "zonal"])?.as_deref() == Some("regional") {
            return Err(AwsError::not_implemented("ec2", "CreateNatGateway with AvailabilityMode regional"));
        }
        let kind = params.one_of("ConnectivityType", &["private", "public"])?;
        let allocation = params.text("AllocationId").filter(|id| !id.is_empty());
        match (kind.as_deref(), &allocation) {
            (Some("private"), Some(_)) => {
                let message = "AllocationId cannot be specified for a private NAT gateway.";
                return Err(AwsError::sender("InvalidParameterCombination", message));
            }
            (None | Some("public"), None) => return Err(AwsError::missing_parameter("AllocationId")),
            _ => {}
        }
        let private = params.text("PrivateIpAddress").filter(|text| !text.is_empty());
        let parse = |text: String| {
            text.parse::<Ipv4Addr>()
                .map_err(|_| AwsError::sender("InvalidParameterValue", format!("Invalid IPv4 address: {text}")))
        };
        let private = private.map(parse).transpose()?;
        let tags = tags::take_for(params, &kind::NAT)?;
        let (token, dry) = (take_client_token(params)?, take_dry_run(params)?);
        Ok((params.required("SubnetId")?, allocation, private, tags, token, dry))
    })?;
    let (network, now) = (Network::new(scope.account(), scope.region), scope.now_millis());
    let (id, interface) = (new_id(kind::NAT.prefix)?, new_id(kind::INTERFACE.prefix)?);
    let association = format!("eipassoc-{}", new_hex()?);
    let shown = scope
        .change(|state| {
            let ec2 = &mut state.ec2;
            let is_repeated = |known: &&Nat| !token.is_empty() && known.token == token;
            if let Some(known) = ec2.nats.values().find(is_repeated) {
                return Ok(Shown { nat: known.clone(), tags: ec2.tags_of(&known.id).clone(), now });
            }
            let subnet = ec2.subnet(&subnet, &network)?;
            if allocation.is_some() && !ec2.has_gateway(&subnet.vpc, &network) {
                let message = format!("Network {} has no Internet gateway attached", subnet.vpc);
                return Err(AwsError::sender("Gateway.NotAttached", message));
            }
            let private = ec2.private_address(&subnet, &interface, private)?;
            let bind = |id: &String| ec2.bound_to(id, &interface, private, association);
            let bound = allocation.as_ref().map(bind).transpose()?;
            dry_run(dry)?;
            let nat = Nat {
                id,
                subnet: subnet.id.clone(),
                vpc: subnet.vpc.clone(),
                allocation,
                bound: bound.clone(),
                interface: interface.clone(),
                private,
                created: now,
                ended: None,
                token: token.clone(),
            };
            ec2.put_interface(OwnInterface {
                id: interface,
                is_in_default: subnet.own().is_none(),
                subnet: subnet.id,
                vpc: subnet.vpc,
                zone: subnet.zone,
                address: private,
                description: format!("Interface for NAT Gateway {}", nat.id),
                groups: Vec::new(),
                source_dest_check: false,
                is_of_nat: true,
                is_of_endpoint: false,
                elastic: bound,
                attachment: None,
                left: None,
                token: String::new(),
            });
            ec2.set_tags(&nat.id, tags.clone());
            ec2.nats.insert(nat.id.clone(), nat.clone());
            Ok(Shown { nat, tags, now })
        })
        .await?;
    Ok(created("natGateway", shown, &token))
}

/// `DeleteNatGateway`: its addresses are free at once; it is seen for a while.
pub(in crate::emulator::ec2) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, dry), scope) = operation.query(|params| Ok((params.required("NatGatewayId")?, take_dry_run(params)?)))?;
    let now = scope.now_millis();
    let gone = id.clone();
    scope
        .change(|state| {
            let ec2 = &mut state.ec2;
            let nat = ec2.nats.get(&id).filter(|nat| nat.is_visible(now)).cloned();
            let nat = nat.ok_or_else(|| kind::NAT.absent(&id))?;
            dry_run(dry)?;
            if nat.ended.is_none() {
                ec2.remove_interface(&nat.interface);
                ec2.nats.insert(id, Nat { ended: Some(now), ..nat });
            }
            ec2.prune_nats(now);
            Ok(())
        })
        .await?;
    Ok(Output::xml(move |root| xml::text(root, "natGatewayId", &gone)))
}

impl State {
    /// Forgets the gateways that nobody sees any more.
    fn prune_nats(&mut self, now: i64) {
        let gone: Vec<String> =
            self.nats.values().filter(|nat| !nat.is_visible(now)).map(|nat| nat.id.clone()).collect();
        for id in gone {
            self.nats.remove(&id);
            self.set_tags(&id, Tags::new());
        }
    }
}

/// `DescribeNatGateways`.
pub(in crate::emulator::ec2) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let known = ["nat-gateway-id", "state", "subnet-id", "vpc-id"];
    let (listing, scope) = operation.query(|params| Listing::take(params, "NatGatewayId", &known))?;
    let now = scope.now_millis();
    let shown = scope.read(|state| {
        let nats = state.ec2.nats.values().filter(|nat| nat.is_visible(now)).cloned();
        nats.map(|nat| Shown { tags: state.ec2.tags_of(&nat.id).clone(), nat, now }).collect()
    });
    listing.answer(&kind::NAT, "natGatewaySet", shown)
}

impl Nat {
    fn is_visible(&self, now: i64) -> bool {
        self.ended.is_none_or(|ended| now < ended.saturating_add(TRANSITION + AFTERLIFE))
    }

    fn state(&self, now: i64) -> &'static str {
        let is_past = |start: i64| now >= start.saturating_add(TRANSITION) || now < start;
        match self.ended {
            Some(ended) if is_past(ended) => "deleted",
            Some(_) => "deleting",
            None if is_past(self.created) => "available",
            None => "pending",
        }
    }
}

impl Record for Shown {
    fn id(&self) -> &str {
        &self.nat.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        match filter {
            "nat-gateway-id" => test(&self.nat.id),
            "state" => test(self.nat.state(self.now)),
            "subnet-id" => test(&self.nat.subnet),
            _ => test(&self.nat.vpc),
        }
    }

    fn write(&self, item: &mut xml::Element) {
        let nat = &self.nat;
        xml::text(item, "natGatewayId", &nat.id);
        xml::text(item, "subnetId", &nat.subnet);
        xml::text(item, "vpcId", &nat.vpc);
        xml::text(item, "state", nat.state(self.now));
        xml::text(item, "createTime", &iso_time(nat.created));
        if let Some(ended) = nat.ended {
            xml::text(item, "deleteTime", &iso_time(ended));
        }
        xml::text(item, "connectivityType", if nat.allocation.is_some() { "public" } else { "private" });
        xml::list(item, "natGatewayAddressSet", "item", [nat], |each, nat| {
            if let Some(bound) = &nat.bound {
                xml::text(each, "allocationId", &bound.allocation);
                xml::text(each, "associationId", &bound.association);
                xml::text(each, "publicIp", &bound.address.to_string());
            }
            xml::text(each, "networkInterfaceId", &nat.interface);
            xml::text(each, "privateIp", &nat.private.to_string());
            flag(each, "isPrimary", true);
            xml::text(each, "status", "succeeded");
        });
    }
}
