//! The stack's instances with what a bill would ask of them: type, state, since when they are.

use super::{client::Clients, error::Error, reconcile::reading};
use crate::{
    engine::Engine,
    marks::{INSTANCE, INSTANCE_NAME_TAG, PART_TAG, STACK_TAG},
    names::StackName,
};
use aws_sdk_ec2::types::{Filter, Instance};
use time::{OffsetDateTime, PrimitiveDateTime, format_description::FormatItem, macros::format_description};

/// An instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BilledInstance {
    /// Its id.
    pub id: String,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Its type (`t2.micro`).
    pub r#type: String,
    /// Its state, in EC2's words.
    pub state: String,
    /// Since when it is, as far as EC2 tells: its disk's age, else its last start.
    pub created: OffsetDateTime,
    /// When it was started last.
    pub launched: OffsetDateTime,
    /// When it was stopped or terminated after that, where it is and EC2 says.
    pub stopped: Option<OffsetDateTime>,
}

/// Lists a stack's instances, those that are gone for less than an hour among them.
///
/// # Errors
/// Returns the call that failed.
pub async fn instances(engine: &Engine, stack: &StackName) -> Result<Vec<BilledInstance>, Error> {
    let clients = Clients::new(engine);
    let filter = |tag: &str, value: &str| Filter::builder().name(format!("tag:{tag}")).values(value).build();
    let filters = vec![filter(STACK_TAG, stack.as_str()), filter(PART_TAG, INSTANCE)];
    let look = || async {
        let call = clients.ec2.describe_instances().set_filters(Some(filters.clone()));
        let answer = call.send().await.map_err(|error| Error::call("DescribeInstances", &error))?;
        Ok(answer
            .reservations()
            .iter()
            .flat_map(aws_sdk_ec2::types::Reservation::instances)
            .filter_map(facts)
            .collect())
    };
    reading(look).await.map_err(|error: Error| error.at(engine))
}

fn facts(instance: &Instance) -> Option<BilledInstance> {
    let time = |time: &aws_smithy_types::DateTime| OffsetDateTime::from_unix_timestamp(time.secs()).ok();
    let launched = instance.launch_time().and_then(time)?;
    let disks = instance.block_device_mappings().iter().filter_map(|disk| time(disk.ebs()?.attach_time()?));
    Some(BilledInstance {
        id: instance.instance_id()?.to_owned(),
        name: instance.tags().iter().find(|tag| tag.key() == Some(INSTANCE_NAME_TAG)).and_then(|tag| tag.value.clone()),
        r#type: instance.instance_type()?.as_str().to_owned(),
        state: instance.state()?.name()?.as_str().to_owned(),
        created: disks.min().map_or(launched, |disk| disk.min(launched)),
        launched,
        stopped: instance.state_transition_reason().and_then(time_within),
    })
}

/// Reads the time in `User initiated (2026-11-23 12:00:00 GMT)`; while an instance runs there is no reason.
fn time_within(reason: &str) -> Option<OffsetDateTime> {
    const FORMAT: &[FormatItem<'static>] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    let text = reason.rsplit_once('(')?.1.get(..19)?;
    PrimitiveDateTime::parse(text, FORMAT).ok().map(PrimitiveDateTime::assume_utc)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn the_reason_of_a_stop_has_its_time() {
        let stopped = Some(datetime!(2026-11-23 12:00:01 UTC));
        assert_eq!(time_within("User initiated (2026-11-23 12:00:01 GMT)"), stopped);
        assert_eq!(time_within("User initiated (2026-11-23 12:00:01 UTC)"), stopped);
        for other in ["", "Server.SpotInstanceTermination: (soon)", "User initiated (2026-11-23é12:00:01 GMT)", "("] {
            assert_eq!(time_within(other), None, "{other}");
        }
    }
}
