//! Groups are made and removed.

use super::{
    group::Group,
    rule::{Peer, Protocol, Rule},
};
use crate::emulator::{
    ec2::{instance::Phase, kind, listing::write_tags, network::Network, new_id, state::State, tags},
    service::{Operation, Output},
    wire::{AwsError, QueryParams, xml},
};

/// The longest name and description, in characters.
const LONGEST: usize = 255;

/// `CreateSecurityGroup`: lets everything out and nothing in.
pub(in crate::emulator::ec2) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, description, vpc, new_tags, dry), scope) = operation.query(|params| {
        let (name, description) = (take_text(params, "GroupName")?, take_text(params, "GroupDescription")?);
        let (vpc, new_tags) = (params.text("VpcId"), tags::take_for(params, &kind::GROUP)?);
        Ok((name, description, vpc, new_tags, super::super::take_dry_run(params)?))
    })?;
    check_name(&name)?;
    let id = new_id(kind::GROUP.prefix)?;
    let everything_out = Rule {
        id: new_id(kind::RULE.prefix)?,
        is_egress: true,
        protocol: Protocol::All,
        ports: None,
        peer: Peer::Ipv4("0.0.0.0/0".to_owned()),
        description: None,
    };
    let mut group = Group { id: id.clone(), name, description, rules: vec![everything_out], vpc: None };
    scope
        .change(|state| {
            let network = Network::new(scope.account(), scope.region);
            if let Some(vpc) = vpc.filter(|vpc| *vpc != network.vpc()) {
                group.vpc = Some(state.ec2.vpc(&vpc, &network)?.id().to_owned());
            }
            if state.ec2.groups.values().any(|known| known.name == group.name && known.vpc == group.vpc) {
                let vpc = group.vpc(&network);
                let message = format!("The security group '{}' already exists for VPC '{vpc}'", group.name);
                return Err(AwsError::sender("InvalidGroup.Duplicate", message));
            }
            super::super::dry_run(dry)?;
            state.ec2.set_tags(&group.id, new_tags.clone());
            state.ec2.groups.insert(group.id.clone(), group);
            Ok(())
        })
        .await?;
    let arn = arn(scope.region.as_str(), scope.account(), &id);
    Ok(Output::xml(move |root| {
        xml::text(root, "return", "true");
        xml::text(root, "groupId", &id);
        write_tags(root, &new_tags);
        xml::text(root, "securityGroupArn", &arn);
    }))
}

/// The ARN of a group.
pub(super) fn arn(region: &str, account: &str, id: &str) -> String {
    format!("arn:aws:ec2:{region}:{account}:security-group/{id}")
}

fn take_text(params: &mut QueryParams, parameter: &str) -> Result<String, AwsError> {
    let text = params.required(parameter)?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
    if text.chars().count() <= LONGEST && text.chars().all(allowed) {
        return Ok(text);
    }
    let reason = "Valid values are strings less than 256 characters from the following set:  a-zA-Z0-9. \
                  _-:/()#,@[]+=&;{}!$*";
    Err(AwsError::invalid_parameter(&text, parameter, reason))
}

fn check_name(name: &str) -> Result<(), AwsError> {
    if name.eq_ignore_ascii_case("default") {
        let message = format!("Cannot use reserved security group name: {name}");
        return Err(AwsError::sender("InvalidParameterValue", message));
    }
    if name.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("sg-")) {
        return Err(AwsError::invalid_parameter(name, "GroupName", "Group names may not be in the format sg-*."));
    }
    Ok(())
}

/// `DeleteSecurityGroup`: refused while an instance is in the group, or a rule of another one names it.
pub(in crate::emulator::ec2) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, name, dry), scope) = operation.query(|params| {
        let (id, name) = (params.text("GroupId").filter(|id| !id.is_empty()), params.text("GroupName"));
        if id.is_none() && name.is_none() {
            return Err(AwsError::missing_parameter("GroupId"));
        }
        Ok((id, name, super::super::take_dry_run(params)?))
    })?;
    let now = scope.now_millis();
    let gone = scope
        .change(|state| {
            let network = Network::new(scope.account(), scope.region);
            let id = match (id, name) {
                (Some(id), _) => state.ec2.group(&id, &network)?.id.clone(),
                (None, name) => state.ec2.group_named(&name.unwrap_or_default(), &network)?.id,
            };
            check_free(&state.ec2, &id, &network, now)?;
            super::super::dry_run(dry)?;
            state.ec2.remove_group(&id);
            Ok::<_, AwsError>(id)
        })
        .await?;
    Ok(Output::xml(move |root| {
        xml::text(root, "return", "true");
        xml::text(root, "groupId", &gone);
    }))
}

fn check_free(state: &State, id: &str, network: &Network, now: i64) -> Result<(), AwsError> {
    if id == network.security_group() || state.groups.get(id).is_some_and(Group::is_default) {
        let message = format!("the specified group: \"{id}\" name: \"default\" cannot be deleted by a user");
        return Err(AwsError::sender("CannotDelete", message));
    }
    let names_it = |group: &Group| {
        group.id != id && group.rules.iter().any(|rule| matches!(&rule.peer, Peer::Group(peer) if peer == id))
    };
    let is_in_it = state
        .instances
        .values()
        .any(|instance| instance.is_in(id, network) && instance.phase(now) != Phase::Terminated);
    let is_in_it =
        is_in_it || state.interfaces.values().any(|interface| interface.groups.iter().any(|group| group.id == id));
    if is_in_it || state.groups.values().any(names_it) {
        let message = format!("resource {id} has a dependent object");
        return Err(AwsError::sender("DependencyViolation", message));
    }
    Ok(())
}
