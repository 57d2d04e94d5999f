//! How long something may run: written into a tag before it starts, read by the tick, gone once it is stopped.
//!
//! A container can have no new label while it runs; its time stands in a tag of the stack's oldest instance.

use super::{
    Bounds, Handler,
    ec2::Ec2,
    failure::Failure,
    instance::{Aim, Goal, Instance},
    log,
    rule::Rule,
    time,
};
use crate::{
    clock::Clock,
    contract::{Change, Lifetime},
    flight::Turn,
    marks::{MODIFY_TAG, STOPS_AT_TAG, container_stops_at_tag},
    names::ContainerName,
};
use std::sync::Arc;

/// The longest key of a tag that AWS takes.
const LONGEST_KEY: usize = 128;

/// Sets when something is to be stopped.
pub(super) struct Timer {
    rule: Arc<Rule>,
    function_arn: String,
    lifetime: Lifetime,
    clock: Clock,
}

impl Timer {
    /// Makes sure that somebody will stop the instance, and says when. Nothing is started by it.
    pub(super) async fn set(&self, ec2: &Ec2, aim: &Aim) -> Result<String, Failure> {
        let instance = ec2.find(aim).await?;
        if instance.state.is_gone() {
            return Err(Failure::Conflict("The instance is terminated"));
        }
        self.write(ec2, &instance, STOPS_AT_TAG).await
    }

    /// The tag comes first: a deploy that takes the rule away, because nothing needs it, looks at the tags once more.
    async fn write(&self, ec2: &Ec2, instance: &Instance, key: &str) -> Result<String, Failure> {
        let stops_at = time::after(&self.clock, self.lifetime.duration());
        let id = instance.id.as_str();
        ec2.tag(&[id], &[(key.to_owned(), stops_at.clone())]).await?;
        if let Err(failure) = self.rule.ensure(&self.function_arn).await {
            match instance.tags.get(key) {
                Some(before) => ec2.tag(&[id], &[(key.to_owned(), before.clone())]).await?,
                None => ec2.untag(&[id], &[key]).await?,
            }
            return Err(failure);
        }
        Ok(stops_at)
    }
}

impl Instance {
    /// Notes what was just written: EC2 may not show it yet.
    pub(super) fn will_stop(&mut self, at: String) {
        self.tags.insert(STOPS_AT_TAG.to_owned(), at);
    }
}

impl Ec2 {
    /// Brings the instance to where a change leads; what was to happen to one that was stopped is forgotten.
    pub(super) async fn change(&self, change: Change, aim: &Aim, wait: bool, turn: &Turn) -> Result<Instance, Failure> {
        match change {
            Change::Start => self.reach(aim, Goal::Running, wait, turn).await,
            Change::Restart => self.restart(aim, wait, turn).await,
            Change::Stop => {
                let mut instance = self.reach(aim, Goal::Stopped, wait, turn).await?;
                let stale: Vec<&str> =
                    [STOPS_AT_TAG, MODIFY_TAG].into_iter().filter(|key| instance.tags.contains_key(*key)).collect();
                if !stale.is_empty() {
                    self.untag(&[instance.id.as_str()], &stale).await?;
                    instance.tags.retain(|key, _| !stale.contains(&key.as_str()));
                }
                Ok(instance)
            }
        }
    }
}

/// The key of the tag that says when a container is to be stopped.
pub(super) fn container_key(name: &str) -> Option<String> {
    let key = container_stops_at_tag(name);
    (key.len() <= LONGEST_KEY).then_some(key)
}

impl Handler {
    /// Makes what sets the time.
    pub(super) fn timer(&self, lifetime: Lifetime, bounds: &Bounds) -> Result<Timer, Failure> {
        let (rule, function_arn) = (self.rule()?.clone(), bounds.function_arn.clone());
        Ok(Timer { rule, function_arn, lifetime, clock: self.timing.clock.clone() })
    }

    /// Changes a container; returns when it is to be stopped, where that was said.
    pub(super) async fn change_container_for(
        &self,
        change: Change,
        name: ContainerName,
        lifetime: Option<Lifetime>,
        bounds: &Bounds,
    ) -> Result<Option<String>, Failure> {
        let Some(lifetime) = lifetime else {
            self.change_container(change, name.clone()).await?;
            if change == Change::Stop {
                self.forget_container(name.as_str()).await;
            }
            return Ok(None);
        };
        // Whether it is there shows before anything is written.
        self.docker()?.find(&name).await?;
        let key = container_key(name.as_str());
        let key = key.ok_or(Failure::Conflict("The container's name is too long for `for`: at most 110 bytes"))?;
        let keeper = self.keeper(&key).await?;
        let keeper = keeper.ok_or(Failure::Conflict("`for` needs the stack's instance, whose tags keep the time"))?;
        let stops_at = self.timer(lifetime, bounds)?.write(self.ec2()?, &keeper, &key).await?;
        self.change_container(change, name).await?;
        Ok(Some(stops_at))
    }

    /// The instance whose tags keep the time of a container: the one that has it, else the first. Which one is first changes
    /// with each start.
    async fn keeper(&self, key: &str) -> Result<Option<Instance>, Failure> {
        let mut instances = self.ec2()?.list().await?;
        instances.retain(|instance| !instance.state.is_gone());
        let keeper = instances.iter().position(|instance| instance.tags.contains_key(key)).unwrap_or_default();
        Ok(instances.into_iter().nth(keeper))
    }

    /// Forgets when a container was to be stopped, now that it is. The container is stopped whatever becomes of this: a
    /// time that stays stops it once more.
    pub(super) async fn forget_container(&self, name: &str) {
        let (Some(key), Some(ec2)) = (container_key(name), &self.ec2) else { return };
        let Ok(Some(keeper)) = self.keeper(&key).await else { return };
        if keeper.tags.contains_key(&key) && ec2.untag(&[keeper.id.as_str()], &[&key]).await.is_err() {
            log::upstream(super::failure::Upstream::Ec2, "DeleteTags", "kept");
        }
    }
}
