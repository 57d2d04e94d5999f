//! Elastic addresses: allocated, associated with whoever has a private address, released.

use super::{interface::Bearer, no_association, refuse};
use crate::emulator::{
    ec2::{
        dry_run,
        filter::Filters,
        instance::{Instance, Phase},
        kind,
        listing::{Tags, tag_passes, write_tags},
        network::Network,
        new_hex, new_id,
        paging::Paging,
        state::State,
        tags, take_dry_run,
    },
    service::{Operation, Output},
    wire::{AwsError, QueryParams, xml},
};
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// How many elastic addresses a region may have: as many as there are. AWS's first quota is five.
pub(in crate::emulator::ec2) const ADDRESSES: usize = 16_384;

/// An elastic address.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator::ec2) struct Elastic {
    /// The allocation.
    id: String,
    address: Ipv4Addr,
    holder: Option<Holder>,
}

/// Whoever has an elastic address.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Holder {
    association: String,
    interface: String,
    private: Ipv4Addr,
    instance: Option<String>,
}

/// An elastic address as whoever has it knows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator::ec2) struct Bound {
    pub(in crate::emulator::ec2) address: Ipv4Addr,
    pub(super) allocation: String,
    pub(super) association: String,
}

/// `AllocateAddress`.
pub(in crate::emulator::ec2) async fn allocate(operation: Operation<'_>) -> Result<Output, AwsError> {
    let region = operation.region().clone();
    let ((tags, dry), scope) = operation.query(|params| {
        refuse(params, "AllocateAddress", &["Address", "CustomerOwnedIpv4Pool", "IpamPoolId"])?;
        params.one_of("Domain", &["vpc"])?;
        if let Some(pool) = params.text("PublicIpv4Pool").filter(|pool| pool != "amazon") {
            let message = format!("The pool ID '{pool}' does not exist");
            return Err(AwsError::sender("InvalidPublicIpv4PoolID.NotFound", message));
        }
        params.one_of("NetworkBorderGroup", &[region.as_str()])?;
        Ok((tags::take_for(params, &kind::ADDRESS)?, take_dry_run(params)?))
    })?;
    let id = new_id(kind::ADDRESS.prefix)?;
    let elastic = scope
        .change(|state| {
            let ec2 = &mut state.ec2;
            if ec2.elastic.len() >= ADDRESSES {
                let message = "The maximum number of addresses has been reached.";
                return Err(AwsError::sender("AddressLimitExceeded", message));
            }
            dry_run(dry)?;
            let is_taken = |address: Ipv4Addr| ec2.elastic.values().any(|known| known.address == address);
            let address = Network::elastic_address(&id, is_taken).ok_or_else(|| AwsError::internal("No address."))?;
            let elastic = Elastic { id, address, holder: None };
            ec2.set_tags(&elastic.id, tags);
            ec2.elastic.insert(elastic.id.clone(), elastic.clone());
            Ok(elastic)
        })
        .await?;
    Ok(Output::xml(move |root| {
        xml::text(root, "publicIp", &elastic.address.to_string());
        xml::text(root, "allocationId", &elastic.id);
        xml::text(root, "publicIpv4Pool", "amazon");
        xml::text(root, "networkBorderGroup", region.as_str());
        xml::text(root, "domain", "vpc");
    }))
}

/// Which elastic address a call is about.
struct Which {
    id: Option<String>,
    address: Option<String>,
}

impl Which {
    fn take(params: &mut QueryParams) -> Result<Self, AwsError> {
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        let which = Self { id: said(params.text("AllocationId")), address: said(params.text("PublicIp")) };
        match (&which.id, &which.address) {
            (None, None) => Err(AwsError::missing_parameter("AllocationId")),
            (Some(_), Some(_)) => {
                let message = "You may specify public IP or allocation id, but not both in the same call";
                Err(AwsError::sender("InvalidParameterCombination", message))
            }
            _ => Ok(which),
        }
    }

    fn find(&self, state: &State) -> Result<Elastic, AwsError> {
        match (&self.id, &self.address) {
            (Some(id), _) => state.elastic.get(id).cloned().ok_or_else(|| kind::ADDRESS.absent(id)),
            (None, address) => state.by_address(address.as_deref().unwrap_or_default()),
        }
    }
}

/// `AssociateAddress`: with an instance, or with an interface.
pub(in crate::emulator::ec2) async fn associate(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((which, instance, interface, private, may_move, dry), scope) = operation.query(|params| {
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        let (instance, interface) = (said(params.text("InstanceId")), said(params.text("NetworkInterfaceId")));
        let (private, may_move) = (said(params.text("PrivateIpAddress")), params.flag("AllowReassociation")?);
        // An address moves by itself unless it is said that it must not.
        Ok((Which::take(params)?, instance, interface, private, may_move != Some(false), take_dry_run(params)?))
    })?;
    let (network, now) = (Network::new(scope.account(), scope.region), scope.now_millis());
    let id = format!("eipassoc-{}", new_hex()?);
    let made = id.clone();
    scope
        .change(|state| {
            let ec2 = &mut state.ec2;
            let mut elastic = which.find(ec2)?;
            let bearer = ec2.bearer_of(instance, interface, now)?;
            let (interface, own, vpc, bound) = ec2.place_of(&bearer, &network)?;
            if private.is_some_and(|asked| asked != own.to_string()) {
                let message = format!("The private IP address is not assigned to interface {interface}.");
                return Err(AwsError::sender("InvalidParameterValue", message));
            }
            if !ec2.has_gateway(&vpc, &network) {
                let message = format!("Network {vpc} is not attached to any internet gateway");
                return Err(AwsError::sender("Gateway.NotAttached", message));
            }
            let is_here = |holder: &Holder| holder.interface == interface;
            match &elastic.holder {
                Some(holder) if is_here(holder) => return Ok(holder.association.clone()),
                Some(holder) if !may_move => {
                    return Err(already(&elastic.id, &holder.association));
                }
                _ => {}
            }
            if let Some(bound) = bound.filter(|bound| bound.allocation != elastic.id) {
                if !may_move {
                    return Err(already(&interface, &bound.association));
                }
                ec2.unbind(&bound.allocation);
            }
            dry_run(dry)?;
            ec2.unbind(&elastic.id);
            let instance = match &bearer {
                Bearer::Instance(id) => Some(id.clone()),
                Bearer::Interface(id) => {
                    let place = ec2.interfaces.get(id).and_then(|known| known.attachment.as_ref());
                    place.map(|place| place.instance.clone())
                }
            };
            elastic.holder = Some(Holder { association: id.clone(), interface, private: own, instance });
            ec2.bind(
                &bearer,
                Some(Bound { address: elastic.address, allocation: elastic.id.clone(), association: id }),
            );
            ec2.elastic.insert(elastic.id.clone(), elastic);
            Ok(made)
        })
        .await
        .map(|made| {
            Output::xml(move |root| {
                xml::text(root, "return", "true");
                xml::text(root, "associationId", &made);
            })
        })
}

fn already(resource: &str, association: &str) -> AwsError {
    let message = format!("resource {resource} is already associated with associate-id {association}");
    AwsError::sender("Resource.AlreadyAssociated", message)
}

/// `DisassociateAddress`.
pub(in crate::emulator::ec2) async fn disassociate(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((association, address, dry), scope) = operation.query(|params| {
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        let (association, address) = (said(params.text("AssociationId")), said(params.text("PublicIp")));
        if association.is_none() && address.is_none() {
            return Err(AwsError::missing_parameter("AssociationId"));
        }
        if association.is_some() && address.is_some() {
            let message = "You may specify public IP or association id, but not both in the same call";
            return Err(AwsError::sender("InvalidParameterCombination", message));
        }
        Ok((association, address, take_dry_run(params)?))
    })?;
    scope
        .change(|state| {
            let ec2 = &mut state.ec2;
            let of_association = |known: &&Elastic| {
                known.holder.as_ref().is_some_and(|holder| Some(&holder.association) == association.as_ref())
            };
            let found = match (&association, &address) {
                (Some(id), _) => {
                    ec2.elastic.values().find(of_association).cloned().ok_or_else(|| no_association(id))?
                }
                (None, address) => ec2.by_address(address.as_deref().unwrap_or_default())?,
            };
            if ec2.nats.values().any(|nat| nat.ended.is_none() && nat.allocation.as_ref() == Some(&found.id)) {
                let message = "You do not have permission to access the specified resource.";
                return Err(AwsError::sender("AuthFailure", message));
            }
            dry_run(dry)?;
            ec2.unbind(&found.id);
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `ReleaseAddress`: once nobody has it.
pub(in crate::emulator::ec2) async fn release(operation: Operation<'_>) -> Result<Output, AwsError> {
    let region = operation.region().clone();
    let ((which, dry), scope) = operation.query(|params| {
        params.one_of("NetworkBorderGroup", &[region.as_str()])?;
        Ok((Which::take(params)?, take_dry_run(params)?))
    })?;
    scope
        .change(|state| {
            let found = which.find(&state.ec2)?;
            if found.holder.is_some() {
                let message = format!("Address {} is in use.", found.address);
                return Err(AwsError::sender("InvalidIPAddress.InUse", message));
            }
            dry_run(dry)?;
            state.ec2.elastic.remove(&found.id);
            state.ec2.set_tags(&found.id, Tags::new());
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `DescribeAddresses`, which has no pages.
pub(in crate::emulator::ec2) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let known = [
        "allocation-id",
        "association-id",
        "instance-id",
        "network-border-group",
        "network-interface-id",
        "network-interface-owner-id",
        "private-ip-address",
        "public-ip",
        "tag-key",
        "tag-value",
        "tag:",
    ];
    let ((ids, addresses, filters, dry), scope) = operation.query(|params| {
        let (ids, addresses) = (params.list("AllocationId")?, params.list("PublicIp")?);
        Ok((ids, addresses, Filters::take(params, &known)?, take_dry_run(params)?))
    })?;
    let (account, region) = (scope.account().to_owned(), scope.region.to_string());
    let network = Network::new(&account, scope.region);
    let shown = scope.read(|state| {
        let ec2 = &state.ec2;
        let mut found: Vec<&Elastic> = Vec::new();
        for id in &ids {
            found.push(ec2.elastic.get(id).ok_or_else(|| kind::ADDRESS.absent(id))?);
        }
        for address in &addresses {
            let id = ec2.by_address(address)?.id;
            found.extend(ec2.elastic.get(&id));
        }
        if ids.is_empty() && addresses.is_empty() {
            found.extend(ec2.elastic.values());
        }
        found.sort_by(|a, b| a.id.cmp(&b.id));
        found.dedup_by(|a, b| a.id == b.id);
        let shown = found.into_iter().map(|elastic| {
            let subnet = elastic.holder.as_ref().and_then(|holder| ec2.subnet_of(&holder.interface, &network));
            (elastic.clone(), ec2.tags_of(&elastic.id).clone(), subnet)
        });
        Ok::<_, AwsError>(shown.collect::<Vec<_>>())
    })?;
    dry_run(dry)?;
    let mut shown = shown;
    shown.retain(|(elastic, tags, _)| {
        filters.accept(|name, test| {
            let holder = elastic.holder.as_ref();
            tag_passes(tags, name, test).unwrap_or_else(|| match name {
                "allocation-id" => test(&elastic.id),
                "association-id" => holder.is_some_and(|holder| test(&holder.association)),
                "instance-id" => holder.is_some_and(|holder| holder.instance.as_deref().is_some_and(test)),
                "network-border-group" => test(&region),
                "network-interface-id" => holder.is_some_and(|holder| test(&holder.interface)),
                "network-interface-owner-id" => holder.is_some() && test(&account),
                "private-ip-address" => holder.is_some_and(|holder| test(&holder.private.to_string())),
                _ => test(&elastic.address.to_string()),
            })
        })
    });
    Ok(Output::xml(move |root| {
        xml::list(root, "addressesSet", "item", shown, |item, (elastic, tags, subnet)| {
            elastic.write(item, &account, &region);
            if let Some(subnet) = subnet {
                xml::text(item, "subnetId", &subnet);
            }
            write_tags(item, &tags);
        });
    }))
}

impl Elastic {
    /// Its allocation, where this is its address or its association.
    pub(in crate::emulator::ec2) fn allocation_of(&self, by: &str) -> Option<&str> {
        let is_associated = self.holder.as_ref().is_some_and(|holder| holder.association == by);
        (is_associated || self.address.to_string() == by).then_some(self.id.as_str())
    }

    fn write(&self, item: &mut xml::Element, account: &str, region: &str) {
        xml::text(item, "publicIp", &self.address.to_string());
        xml::text(item, "allocationId", &self.id);
        xml::text(item, "publicIpv4Pool", "amazon");
        xml::text(item, "networkBorderGroup", region);
        xml::text(item, "domain", "vpc");
        if let Some(holder) = &self.holder {
            if let Some(instance) = &holder.instance {
                xml::text(item, "instanceId", instance);
            }
            xml::text(item, "associationId", &holder.association);
            xml::text(item, "networkInterfaceId", &holder.interface);
            xml::text(item, "networkInterfaceOwnerId", account);
            xml::text(item, "privateIpAddress", &holder.private.to_string());
        }
    }
}

/// `DescribeAddressesAttribute`: no address has a name of its own.
pub(in crate::emulator::ec2) fn describe_attribute(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((ids, dry), scope) = operation.query(|params| {
        params.one_of("Attribute", &["domain-name"])?;
        Paging::take(params, 1000)?;
        Ok((params.list("AllocationId")?, take_dry_run(params)?))
    })?;
    scope.read(|state| {
        ids.iter().try_for_each(
            |id| {
                if state.ec2.elastic.contains_key(id) { Ok(()) } else { Err(kind::ADDRESS.absent(id)) }
            },
        )
    })?;
    dry_run(dry)?;
    Ok(Output::xml(|root| xml::element(root, "addressSet", |_| ())))
}

impl State {
    fn by_address(&self, address: &str) -> Result<Elastic, AwsError> {
        let found = self.elastic.values().find(|known| known.address.to_string() == address);
        found
            .cloned()
            .ok_or_else(|| AwsError::sender("InvalidAddress.NotFound", format!("Address '{address}' not found.")))
    }

    /// Finds whom an elastic address is to lead to.
    fn bearer_of(&self, instance: Option<String>, interface: Option<String>, now: i64) -> Result<Bearer, AwsError> {
        match (instance, interface) {
            (None, None) => {
                let message = "Either instance ID or network interface id must be specified";
                Err(AwsError::sender("MissingParameter", message))
            }
            (None, Some(interface)) => self.bearer(&interface, now),
            // EC2 does not refuse both, as Terraform sends them; the instance counts.
            (Some(id), _) => {
                let found = self.find(std::slice::from_ref(&id), now)?;
                let is_there =
                    |instance: &&Instance| !matches!(instance.phase(now), Phase::ShuttingDown | Phase::Terminated);
                if let Some(instance) = found.first().filter(|instance| is_there(instance)) {
                    let given = instance.first().map(|first| Bearer::Interface(first.id.clone()));
                    return Ok(given.unwrap_or(Bearer::Instance(id)));
                }
                let message = format!("The instance '{id}' is not in a valid state for this operation.");
                Err(AwsError::sender("IncorrectInstanceState", message))
            }
        }
    }

    /// The interface, the private address, the VPC and the elastic address of whoever can have one.
    fn place_of(
        &self,
        bearer: &Bearer,
        network: &Network,
    ) -> Result<(String, Ipv4Addr, String, Option<Bound>), AwsError> {
        let found = match bearer {
            Bearer::Instance(id) => self.instances.get(id).map(|instance| {
                let bound = instance.interface.elastic.clone();
                (instance.interface_id(), instance.address, instance.vpc(network), bound)
            }),
            Bearer::Interface(id) => self
                .interfaces
                .get(id)
                .map(|known| (known.id.clone(), known.address, known.vpc.clone(), known.elastic.clone())),
        };
        found.ok_or_else(|| AwsError::internal("No interface."))
    }

    fn subnet_of(&self, interface: &str, network: &Network) -> Option<String> {
        let own = self.interfaces.get(interface).map(|known| known.subnet.clone());
        own.or_else(|| self.instances.get(&interface.replacen("eni-", "i-", 1)).map(|owner| owner.subnet(network)))
    }

    /// Tells whoever bears an elastic address, or has borne one.
    fn bind(&mut self, bearer: &Bearer, bound: Option<Bound>) {
        match bearer {
            Bearer::Instance(id) => {
                self.instances.get_mut(id).into_iter().for_each(|owner| owner.interface.elastic.clone_from(&bound));
            }
            Bearer::Interface(id) => {
                if let Some(interface) = self.interfaces.get(id).cloned() {
                    self.put_interface(super::interface::OwnInterface { elastic: bound, ..interface });
                }
            }
        }
    }

    /// Ends the association of an elastic address, where it has one.
    pub(super) fn unbind(&mut self, allocation: &str) {
        let holder = self.elastic.get(allocation).and_then(|elastic| elastic.holder.clone());
        let Some(holder) = holder else { return };
        let bearer = if self.interfaces.contains_key(&holder.interface) {
            Bearer::Interface(holder.interface)
        } else {
            Bearer::Instance(holder.interface.replacen("eni-", "i-", 1))
        };
        self.bind(&bearer, None);
        self.unhold(allocation);
    }

    /// Forgets who has an elastic address.
    pub(super) fn unhold(&mut self, allocation: &str) {
        self.elastic.get_mut(allocation).into_iter().for_each(|elastic| elastic.holder = None);
    }

    /// Brings up to date which instance an interface with an elastic address is attached to.
    pub(in crate::emulator::ec2) fn hold_alone(&mut self, allocation: &str) {
        let Some(elastic) = self.elastic.get(allocation) else { return };
        let Some(interface) = elastic.holder.as_ref().map(|holder| holder.interface.clone()) else { return };
        let place = self.interfaces.get(&interface).and_then(|known| known.attachment.as_ref());
        let instance = place.map(|place| place.instance.clone());
        if let Some(holder) = self.elastic.get_mut(allocation).and_then(|elastic| elastic.holder.as_mut()) {
            holder.instance = instance;
        }
    }

    /// Gives an elastic address that nobody has to an interface that is being made.
    pub(super) fn bound_to(
        &mut self,
        allocation: &str,
        interface: &str,
        private: Ipv4Addr,
        association: String,
    ) -> Result<Bound, AwsError> {
        let Some(elastic) = self.elastic.get(allocation).cloned() else { return Err(kind::ADDRESS.absent(allocation)) };
        if let Some(holder) = &elastic.holder {
            return Err(already(allocation, &holder.association));
        }
        let holder =
            Holder { association: association.clone(), interface: interface.to_owned(), private, instance: None };
        let bound = Bound { address: elastic.address, allocation: allocation.to_owned(), association };
        self.elastic.insert(allocation.to_owned(), Elastic { holder: Some(holder), ..elastic });
        Ok(bound)
    }
}
