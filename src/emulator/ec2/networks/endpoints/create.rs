//! `CreateVpcEndpoint`.

use super::{
    describe::Shown,
    endpoint::Endpoint,
    parts::{check_way, offer_of, take_policy, take_records},
    services::{Offer, Way},
};
use crate::emulator::{
    ec2::{
        dry_run, kind,
        listing::{Tags, created},
        network::Network,
        networks::{records::Vpc, refuse},
        new_id,
        state::State,
        tags, take_client_token, take_dry_run,
    },
    service::{Operation, Output},
    wire::{AwsError, QueryParams},
};

const LACKING: [&str; 3] = ["ResourceConfigurationArn", "ServiceNetworkArn", "SubnetConfiguration"];

/// What a call asks for.
struct Asked {
    vpc: String,
    offer: Offer,
    policy: Option<String>,
    tables: Vec<String>,
    subnets: Vec<String>,
    groups: Vec<String>,
    private_name: Option<bool>,
    records: Option<String>,
    tags: Tags,
    token: String,
    dry: bool,
}

impl Asked {
    fn take(params: &mut QueryParams, region: &str) -> Result<Self, AwsError> {
        refuse(params, "CreateVpcEndpoint", &LACKING)?;
        let way = take_way(params)?;
        if params.text("ServiceRegion").is_some_and(|other| other != region) {
            return Err(AwsError::not_implemented("ec2", "CreateVpcEndpoint with ServiceRegion"));
        }
        let (vpc, service) = (params.required("VpcId")?, params.required("ServiceName")?);
        let asked = Self {
            vpc,
            offer: offer_of(region, &service, way)?,
            policy: take_policy(params)?,
            tables: params.list("RouteTableId")?,
            subnets: params.list("SubnetId")?,
            groups: params.list("SecurityGroupId")?,
            private_name: params.flag("PrivateDnsEnabled")?,
            records: take_records(params, "CreateVpcEndpoint")?,
            tags: tags::take_for(params, &kind::ENDPOINT)?,
            token: take_client_token(params)?,
            dry: take_dry_run(params)?,
        };
        check_way(way, &asked.tables, &asked.subnets, &asked.groups)?;
        Ok(asked)
    }

    /// Whether the service's own name leads to the endpoint: it does unless it cannot, or is not to.
    fn has_private_name(&self, state: &State, vpc: &Vpc) -> Result<bool, AwsError> {
        let is_on = self.private_name.unwrap_or_else(|| self.offer.private_name().is_some());
        if is_on {
            state.check_private_name("", &self.offer, vpc)?;
        }
        Ok(is_on)
    }
}

fn take_way(params: &mut QueryParams) -> Result<Way, AwsError> {
    let types = ["Gateway", "GatewayLoadBalancer", "Interface", "Resource", "ServiceNetwork"];
    match params.one_of("VpcEndpointType", &types)?.as_deref() {
        None | Some("Gateway") => Ok(Way::Gateway),
        Some("Interface") => Ok(Way::Interface),
        Some(other) => {
            Err(AwsError::not_implemented("ec2", &format!("CreateVpcEndpoint with VpcEndpointType {other}")))
        }
    }
}

/// `CreateVpcEndpoint`.
pub(in crate::emulator::ec2) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let region = operation.region().as_str().to_owned();
    let (asked, scope) = operation.query(|params| Asked::take(params, &region))?;
    let (network, now) = (Network::new(scope.account(), scope.region), scope.now_millis());
    let (id, token) = (new_id(kind::ENDPOINT.prefix)?, asked.token.clone());
    let shown = scope
        .change(|state| {
            let ec2 = &mut state.ec2;
            ec2.prune_endpoints(now);
            let is_repeated = |known: &&Endpoint| !asked.token.is_empty() && known.token == asked.token;
            if let Some(known) = ec2.endpoints.values().find(is_repeated).cloned() {
                return Ok(Shown::of(ec2, known, &network, now));
            }
            let vpc = ec2.vpc(&asked.vpc, &network)?;
            let has_private_name = asked.has_private_name(ec2, &vpc)?;
            let mut endpoint = Endpoint {
                id,
                vpc: asked.vpc,
                service: asked.offer.service,
                way: asked.offer.way,
                policy: asked.policy,
                tables: Vec::new(),
                groups: asked.groups,
                places: Vec::new(),
                has_private_name,
                records: asked.records,
                created: now,
                ended: None,
                token: asked.token,
            };
            match endpoint.way {
                Way::Gateway => ec2.lead(&mut endpoint, &asked.tables, &network)?,
                Way::Interface => ec2.enter(&mut endpoint, &asked.subnets, &network)?,
            }
            dry_run(asked.dry)?;
            ec2.set_tags(&endpoint.id, asked.tags);
            ec2.endpoints.insert(endpoint.id.clone(), endpoint.clone());
            Ok(Shown::of(ec2, endpoint, &network, now))
        })
        .await?;
    Ok(created("vpcEndpoint", shown, &token))
}
