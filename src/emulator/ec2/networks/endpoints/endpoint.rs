//! An endpoint as it is kept.

use super::services::{Way, prefix_list_id};
use serde::{Deserialize, Serialize};

/// The policy of a gateway that was given none.
const OF_GATEWAYS: &str =
    r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;
/// The same of an interface, as EC2 writes it.
const OF_INTERFACES: &str = "{\n  \"Statement\": [\n    {\n      \"Action\": \"*\", \n      \"Effect\": \"Allow\", \n\
                             \x20     \"Principal\": \"*\", \n      \"Resource\": \"*\"\n    }\n  ]\n}";

/// A VPC endpoint.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator::ec2) struct Endpoint {
    pub(super) id: String,
    pub(super) vpc: String,
    /// `com.amazonaws.us-east-1.s3`
    pub(super) service: String,
    pub(super) way: Way,
    /// Its policy, where it was given one.
    pub(super) policy: Option<String>,
    /// The route tables that lead to a gateway.
    pub(super) tables: Vec<String>,
    /// The security groups of its interfaces.
    pub(super) groups: Vec<String>,
    pub(super) places: Vec<Place>,
    /// Whether the service's own name leads to it.
    pub(super) has_private_name: bool,
    /// The kind of its records in the DNS, where one was asked for.
    pub(super) records: Option<String>,
    /// Milliseconds since the Unix epoch.
    pub(super) created: i64,
    pub(super) ended: Option<i64>,
    pub(super) token: String,
}

/// Where an endpoint has an interface.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) subnet: String,
    pub(super) zone: String,
    pub(super) interface: String,
}

impl Endpoint {
    /// Its id.
    pub(in crate::emulator::ec2) fn id(&self) -> &str {
        &self.id
    }

    /// Whether it was not deleted.
    pub(in crate::emulator::ec2) fn is_there(&self) -> bool {
        self.ended.is_none()
    }

    /// Whether it keeps a VPC from being deleted.
    pub(in crate::emulator::ec2) fn is_in(&self, vpc: &str) -> bool {
        self.is_there() && self.vpc == vpc
    }

    /// The prefix list whose addresses a route table leads to it; none where the table does not.
    pub(in crate::emulator::ec2) fn route_in(&self, table: &str) -> Option<String> {
        let is_led_to = self.is_there() && self.tables.iter().any(|known| known == table);
        is_led_to.then(|| prefix_list_id(&self.service))
    }

    /// Forgets a route table that is deleted.
    pub(in crate::emulator::ec2) fn forget_table(&mut self, table: &str) {
        self.tables.retain(|known| known != table);
    }

    /// What it lets through.
    pub(super) fn policy(&self) -> &str {
        self.policy.as_deref().unwrap_or(match self.way {
            Way::Gateway => OF_GATEWAYS,
            Way::Interface => OF_INTERFACES,
        })
    }
}
