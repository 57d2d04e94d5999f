//! One rule: a direction, a protocol, its ports, and who is on the other side.

use super::cidr;
use crate::emulator::wire::{AwsError, xml};
use serde::{Deserialize, Serialize};

/// The longest description, in characters.
const DESCRIPTION: usize = 255;

/// A rule of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::emulator::ec2) struct Rule {
    pub(in crate::emulator::ec2) id: String,
    pub(in crate::emulator::ec2) is_egress: bool,
    pub(in crate::emulator::ec2) protocol: Protocol,
    /// The first and the last; of ICMP its type and its code, -1 for any. A protocol without ports has none.
    pub(in crate::emulator::ec2) ports: Option<(i32, i32)>,
    pub(in crate::emulator::ec2) peer: Peer,
    pub(in crate::emulator::ec2) description: Option<String>,
}

/// A protocol, as rules name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::emulator::ec2) enum Protocol {
    All,
    Tcp,
    Udp,
    Icmp,
    Icmpv6,
    /// Any other, by its number.
    Number(u8),
}

/// Who is on the other side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::emulator::ec2) enum Peer {
    /// A block in its one form.
    Ipv4(String),
    Ipv6(String),
    /// Whoever is in a group, by its id.
    Group(String),
}

impl Protocol {
    /// Reads a name or a number.
    pub(super) fn parse(text: &str) -> Result<Self, AwsError> {
        let number = || text.parse::<u8>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
        Ok(match text.to_ascii_lowercase().as_str() {
            "-1" | "all" => Self::All,
            "tcp" | "6" => Self::Tcp,
            "udp" | "17" => Self::Udp,
            "icmp" | "1" => Self::Icmp,
            "icmpv6" | "58" => Self::Icmpv6,
            _ => Self::Number(number().ok_or_else(|| {
                let message = format!("Invalid value '{text}' for IP protocol. Unknown protocol.");
                AwsError::sender("InvalidParameterValue", message)
            })?),
        })
    }

    /// The name in answers.
    pub(super) fn name(self) -> String {
        match self {
            Self::All => "-1".to_owned(),
            Self::Tcp => "tcp".to_owned(),
            Self::Udp => "udp".to_owned(),
            Self::Icmp => "icmp".to_owned(),
            Self::Icmpv6 => "icmpv6".to_owned(),
            Self::Number(number) => number.to_string(),
        }
    }

    /// Settles the ports of a rule of this protocol.
    ///
    /// # Errors
    /// `InvalidParameterValue` for ports that cannot be, `MissingParameter` where there must be some.
    pub(super) fn ports(self, from: Option<i32>, to: Option<i32>) -> Result<Option<(i32, i32)>, AwsError> {
        let invalid = |message: String| Err(AwsError::sender("InvalidParameterValue", message));
        match self {
            Self::All | Self::Number(_) => Ok(None),
            Self::Icmp | Self::Icmpv6 => {
                let (kind, code) = (from.unwrap_or(-1), to.unwrap_or(-1));
                if !(-1..=255).contains(&kind) {
                    return invalid(format!("ICMP type ({kind}) out of range"));
                }
                if !(-1..=255).contains(&code) {
                    return invalid(format!("ICMP code ({code}) out of range"));
                }
                if kind == -1 && code != -1 {
                    return invalid("ICMP code must be -1 when the type is -1".to_owned());
                }
                Ok(Some((kind, code)))
            }
            Self::Tcp | Self::Udp => {
                let (Some(from), Some(to)) = (from, to) else {
                    let message = "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.";
                    return invalid(message.to_owned());
                };
                // All ports, in the form that ICMP has for its types.
                if (from, to) == (-1, -1) {
                    return Ok(Some((0, 65_535)));
                }
                if let Some(port) = [from, to].into_iter().find(|port| !(0..=65_535).contains(port)) {
                    return invalid(format!("TCP/UDP port ({port}) out of range"));
                }
                if from > to {
                    return invalid(format!("Invalid TCP/UDP port range ({from}:{to})"));
                }
                Ok(Some((from, to)))
            }
        }
    }
}

impl Peer {
    pub(super) fn ipv4(text: &str) -> Result<Self, AwsError> {
        cidr::ipv4(text).map(Self::Ipv4)
    }

    pub(super) fn ipv6(text: &str) -> Result<Self, AwsError> {
        cidr::ipv6(text).map(Self::Ipv6)
    }

    fn text(&self) -> &str {
        let (Self::Ipv4(text) | Self::Ipv6(text) | Self::Group(text)) = self;
        text
    }
}

/// Refuses a description that is too long or has letters that it cannot have. `None` where it is empty.
pub(super) fn check_description(text: Option<String>) -> Result<Option<String>, AwsError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let allowed = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
    if text.chars().count() <= DESCRIPTION && text.chars().all(allowed) {
        return Ok(Some(text));
    }
    let message = "Invalid rule description. Valid descriptions are strings less than 256 characters from the following \
                   set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*";
    Err(AwsError::sender("InvalidParameterValue", message))
}

impl Rule {
    /// Whether both let the same pass; ids and descriptions do not count.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        (self.is_egress, self.protocol, self.ports, &self.peer)
            == (other.is_egress, other.protocol, other.ports, &other.peer)
    }

    /// The refusal of a rule that is there already.
    pub(super) fn duplicate(&self) -> AwsError {
        let protocol = match self.protocol {
            Protocol::All => "ALL".to_owned(),
            other => other.name().to_ascii_uppercase(),
        };
        let ports = match (self.protocol, self.ports) {
            (Protocol::Icmp | Protocol::Icmpv6, Some((kind, code))) => format!(", type: {kind}, code: {code}"),
            (_, Some((from, to))) => format!(", from port: {from}, to port: {to}"),
            (_, None) => String::new(),
        };
        let message =
            format!("the specified rule \"peer: {}, {protocol}{ports}, ALLOW\" already exists", self.peer.text());
        AwsError::sender("InvalidPermission.Duplicate", message)
    }

    /// Writes the members that every description of a rule has. A rule without ports has -1 twice.
    pub(super) fn write(&self, item: &mut xml::Element, group: &str) {
        let (from, to) = self.ports.unwrap_or((-1, -1));
        xml::text(item, "securityGroupRuleId", &self.id);
        xml::text(item, "groupId", group);
        xml::text(item, "isEgress", if self.is_egress { "true" } else { "false" });
        xml::text(item, "ipProtocol", &self.protocol.name());
        xml::text(item, "fromPort", &from.to_string());
        xml::text(item, "toPort", &to.to_string());
        match &self.peer {
            Peer::Ipv4(block) => xml::text(item, "cidrIpv4", block),
            Peer::Ipv6(block) => xml::text(item, "cidrIpv6", block),
            Peer::Group(_) => {}
        }
        if let Some(description) = &self.description {
            xml::text(item, "description", description);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protocol_has_one_name() {
        for (text, name) in
            [("tcp", "tcp"), ("6", "tcp"), ("TCP", "tcp"), ("-1", "-1"), ("all", "-1"), ("58", "icmpv6"), ("50", "50")]
        {
            assert_eq!(Protocol::parse(text).unwrap().name(), name);
        }
        for bad in ["", "http", "256", "+6", "-2"] {
            assert_eq!(Protocol::parse(bad).unwrap_err().code, "InvalidParameterValue", "{bad}");
        }
    }

    #[test]
    fn ports_are_of_their_protocol() {
        let ports = |protocol: Protocol, from, to| protocol.ports(from, to).map_err(|error| error.message);
        assert_eq!(ports(Protocol::Tcp, Some(22), Some(22)), Ok(Some((22, 22))));
        assert_eq!(ports(Protocol::Tcp, Some(-1), Some(-1)), Ok(Some((0, 65_535))));
        assert_eq!(ports(Protocol::All, Some(0), Some(0)), Ok(None));
        assert_eq!(ports(Protocol::Icmp, None, None), Ok(Some((-1, -1))));
        assert_eq!(ports(Protocol::Tcp, Some(80), Some(22)), Err("Invalid TCP/UDP port range (80:22)".to_owned()));
        assert_eq!(ports(Protocol::Udp, Some(0), Some(70_000)), Err("TCP/UDP port (70000) out of range".to_owned()));
        assert!(ports(Protocol::Tcp, Some(22), None).is_err() && ports(Protocol::Icmp, Some(256), None).is_err());
    }

    #[test]
    fn a_rule_that_is_there_is_named_as_ec2_names_it() {
        let rule = Rule {
            id: String::new(),
            is_egress: false,
            protocol: Protocol::Tcp,
            ports: Some((22, 22)),
            peer: Peer::ipv4("0.0.0.0/0").unwrap(),
            description: None,
        };
        let said = "the specified rule \"peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW\" already exists";
        assert_eq!(rule.duplicate().message, said);
    }

    #[test]
    fn a_description_has_plain_letters() {
        assert_eq!(check_description(Some(String::new())), Ok(None));
        assert!(check_description(Some("SSH from home (22)".to_owned())).is_ok());
        assert!(check_description(Some("é".to_owned())).is_err() && check_description(Some("x".repeat(256))).is_err());
    }
}
