//! The services that endpoints lead to, which every region has, and the prefix lists of those with gateways.

use crate::secret::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What an endpoint is in its VPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Way {
    /// A route.
    Gateway,
    /// An interface in each of its subnets.
    Interface,
}

/// The services that gateways lead to, and the addresses of their prefix lists. AWS's change from week to week; these
/// belong to nobody (RFC 5737).
const GATEWAYS: [(&str, &str); 2] = [("dynamodb", "198.51.100.0/24"), ("s3", "192.0.2.0/24")];

/// The services that interfaces lead to, and what their own names have before the region; nothing where no private name
/// leads to the endpoint.
const INTERFACES: &[(&str, &str)] = &[
    ("autoscaling", "autoscaling"),
    ("cloudformation", "cloudformation"),
    ("cloudtrail", "cloudtrail"),
    ("dynamodb", ""),
    ("ec2", "ec2"),
    ("ec2messages", "ec2messages"),
    ("ecr.api", "api.ecr"),
    ("ecr.dkr", "*.dkr.ecr"),
    ("ecs", "ecs"),
    ("ecs-agent", "ecs-a"),
    ("ecs-telemetry", "ecs-t"),
    ("elasticloadbalancing", "elasticloadbalancing"),
    ("events", "events"),
    ("execute-api", "*.execute-api"),
    ("kinesis-firehose", "firehose"),
    ("kinesis-streams", "kinesis"),
    ("kms", "kms"),
    ("lambda", "lambda"),
    ("logs", "logs"),
    ("monitoring", "monitoring"),
    ("rds", "rds"),
    ("s3", "*.s3"),
    ("secretsmanager", "secretsmanager"),
    ("sns", "sns"),
    ("sqs", "sqs"),
    ("ssm", "ssm"),
    ("ssmmessages", "ssmmessages"),
    ("states", "states"),
    ("sts", "sts"),
];

/// A service, and one way to it.
#[derive(Debug, Clone)]
pub(super) struct Offer {
    /// `com.amazonaws.us-east-1.ecr.api`
    pub(super) service: String,
    pub(super) way: Way,
    pub(super) region: String,
    /// `ecr.api`
    name: &'static str,
    /// `api.ecr`
    host: &'static str,
}

/// A prefix list: the addresses of a service that gateways lead to.
pub(super) struct PrefixList {
    pub(super) id: String,
    /// That of the service.
    pub(super) name: String,
    pub(super) block: &'static str,
}

impl Way {
    /// As a call has it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gateway => "Gateway",
            Self::Interface => "Interface",
        }
    }
}

impl Offer {
    /// The id of the service, the same for every account.
    pub(super) fn id(&self) -> String {
        format!("vpce-svc-{}", &hashed(&format!("{}/{}", self.service, self.way.name()))[..17])
    }

    /// The service's own name, which leads to an endpoint within its VPC.
    pub(super) fn private_name(&self) -> Option<String> {
        (!self.host.is_empty()).then(|| format!("{}.{}.amazonaws.com", self.host, self.region))
    }

    /// What the names of endpoints end with.
    pub(super) fn base_name(&self) -> String {
        match self.way {
            Way::Gateway => format!("{}.{}.amazonaws.com", self.name, self.region),
            Way::Interface => {
                let host = if self.host.is_empty() { self.name } else { self.host.trim_start_matches("*.") };
                format!("{host}.{}.vpce.amazonaws.com", self.region)
            }
        }
    }
}

/// Every way to every service of a region.
pub(super) fn offers(region: &str) -> Vec<Offer> {
    let offer = |name: &'static str, host: &'static str, way: Way| Offer {
        service: full_name(region, name),
        way,
        region: region.to_owned(),
        name,
        host,
    };
    let gateways = GATEWAYS.into_iter().map(|(name, _)| offer(name, "", Way::Gateway));
    gateways.chain(INTERFACES.iter().map(|&(name, host)| offer(name, host, Way::Interface))).collect()
}

/// The prefix lists of a region.
pub(super) fn prefix_lists(region: &str) -> Vec<PrefixList> {
    let list = |(name, block)| {
        let name = full_name(region, name);
        PrefixList { id: prefix_list_id(&name), name, block }
    };
    GATEWAYS.into_iter().map(list).collect()
}

/// The id of the prefix list of a service, the same for every account.
pub(super) fn prefix_list_id(service: &str) -> String {
    format!("pl-{}", &hashed(service)[..8])
}

/// A hosted zone, the same for everything that is called alike.
pub(super) fn hosted_zone(name: &str) -> String {
    format!("Z{}", hashed(name)[..13].to_uppercase())
}

/// The eight digits that the names of an endpoint have besides its id.
pub(super) fn digits(endpoint: &str) -> String {
    hashed(endpoint)[..8].to_owned()
}

fn full_name(region: &str, name: &str) -> String {
    format!("com.amazonaws.{region}.{name}")
}

fn hashed(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, way: Way) -> Offer {
        offers("eu-west-1").into_iter().find(|offer| offer.name == name && offer.way == way).unwrap()
    }

    #[test]
    fn a_service_has_the_names_that_aws_gives_it() {
        let offer = found("ecr.dkr", Way::Interface);
        assert_eq!(offer.service, "com.amazonaws.eu-west-1.ecr.dkr");
        assert_eq!(offer.private_name().as_deref(), Some("*.dkr.ecr.eu-west-1.amazonaws.com"));
        assert_eq!(offer.base_name(), "dkr.ecr.eu-west-1.vpce.amazonaws.com");
        let (gateway, interface) = (found("dynamodb", Way::Gateway), found("dynamodb", Way::Interface));
        assert_eq!(gateway.base_name(), "dynamodb.eu-west-1.amazonaws.com");
        assert_eq!(interface.base_name(), "dynamodb.eu-west-1.vpce.amazonaws.com");
        assert_eq!((gateway.private_name(), interface.private_name()), (None, None));
        assert_ne!(gateway.id(), interface.id());
    }

    #[test]
    fn a_region_has_a_prefix_list_for_each_service_with_gateways() {
        let (ireland, virginia) = (prefix_lists("eu-west-1"), prefix_lists("us-east-1"));
        for (one, other) in ireland.iter().zip(&virginia) {
            assert_eq!((one.id.len(), one.id == other.id), ("pl-".len() + 8, false));
            assert_eq!(one.id, prefix_list_id(&one.name));
        }
        assert_eq!(ireland[1].name, "com.amazonaws.eu-west-1.s3");
    }
}
