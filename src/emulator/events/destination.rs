//! Where the targets of rules are: functions, other buses and log groups of this region and account.

use super::{invalid, rule::Target};
use crate::emulator::wire::{Arn, AwsError, Here};

/// What a target's ARN names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Destination<'t> {
    Function,
    /// A bus, by its name.
    Bus(&'t str),
    /// A log group, by its name.
    LogGroup(&'t str),
}

impl<'t> Destination<'t> {
    /// Reads the ARN of a target that was checked.
    pub(super) fn of(arn: &'t str) -> Option<Self> {
        let arn = Arn::parse(arn)?;
        match arn.service {
            "lambda" => arn.resource.starts_with("function:").then_some(Self::Function),
            "events" => arn.resource.strip_prefix("event-bus/").map(Self::Bus),
            "logs" => {
                let group = arn.resource.strip_prefix("log-group:")?;
                Some(Self::LogGroup(group.strip_suffix(":*").unwrap_or(group)))
            }
            _ => None,
        }
    }
}

/// Refuses a target that nothing here can be sent to.
pub(super) fn check(here: Here<'_>, target: &Target) -> Result<(), AwsError> {
    let wrong = |reason: &str| invalid(format!("Parameter {} is not valid. Reason: {reason}", &*target.arn));
    let arn = Arn::parse(&target.arn).ok_or_else(|| wrong("Provided Arn is not in correct format."))?;
    if !["lambda", "events", "logs"].contains(&arn.service) || arn.resource.starts_with("api-destination/") {
        let kind = if arn.service == "events" { "an API destination" } else { arn.service };
        return Err(AwsError::not_implemented("events", &format!("PutTargets with a target of {kind}")));
    }
    let destination = Destination::of(&target.arn).ok_or_else(|| wrong("Provided Arn is not in correct format."))?;
    if here.resource(arn.service, &target.arn).is_none() {
        return Err(wrong("Provided Arn is of another region or account."));
    }
    match destination {
        Destination::Bus(_) if target.shapes_its_input() => Err(invalid(format!(
            "Input, InputPath and InputTransformer are not supported for target {}.",
            &*target.arn
        ))),
        Destination::Function | Destination::LogGroup(_) if target.role_arn.is_some() => {
            Err(AwsError::not_implemented("events", &format!("PutTargets with a RoleArn for {}", arn.service)))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_says_what_kind_of_target_it_is() {
        for (resource, destination) in [
            ("lambda:us-east-1:000000000000:function:f:live", Some(Destination::Function)),
            ("lambda:us-east-1:000000000000:layer:l", None),
            ("events:us-east-1:000000000000:event-bus/a", Some(Destination::Bus("a"))),
            ("events:us-east-1:000000000000:rule/a", None),
            ("logs:us-east-1:000000000000:log-group:/a/b", Some(Destination::LogGroup("/a/b"))),
            ("logs:us-east-1:000000000000:log-group:/a/b:*", Some(Destination::LogGroup("/a/b"))),
            ("sqs:us-east-1:000000000000:q", None),
        ] {
            assert_eq!(Destination::of(&format!("arn:aws:{resource}")), destination, "{resource}");
        }
    }
}
