//! All at once: one entry each, with its own outcome; it is a success only when all of them are.

use super::{
    Bounds, Handler,
    failure::Failure,
    instance::{Aim, Instance},
};
use crate::contract::{Answer, Change, ContainerStatus, Entry, InstanceStatus, Lifetime};
use futures_util::future::join_all;
use std::future::Future;

/// Makes the answer: each entry's outcome is in it, and the whole is what they are.
fn answer(results: Vec<Entry>) -> Result<Answer, Failure> {
    if results.iter().all(Entry::is_ok) { Ok(Answer::Results { results }) } else { Err(Failure::Partial(results)) }
}

/// What is known of an entry that failed.
fn failed(failure: &Failure) -> Entry {
    Entry { error: Some(failure.to_string()), ..Entry::new(Entry::FAILED, failure.code()) }
}

impl Handler {
    /// Bounds the work on one of many: what is not done by then has its entry like the others.
    async fn within<T>(&self, bounds: &Bounds, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let clock = &self.timing.clock;
        let left = bounds.until.saturating_sub(clock.uptime());
        clock.timeout(left, work).await.unwrap_or(Err(Failure::Deadline))
    }

    pub(super) async fn change_instances(
        &self,
        change: Change,
        wait: bool,
        lifetime: Option<Lifetime>,
        bounds: &Bounds,
    ) -> Result<Answer, Failure> {
        let instances = self.ec2()?.list().await?;
        let changes = instances.into_iter().map(async |instance: Instance| {
            let work = self.change_instance(change, Aim::Id(instance.id.clone()), wait, lifetime, bounds);
            match self.within(bounds, work).await {
                Ok(changed) => Entry {
                    // The type is what `status` tells.
                    r#type: None,
                    status: change.done(),
                    ..InstanceStatus::from(changed).into()
                },
                Err(failure) => Entry {
                    instance_id: Some(instance.id.to_string()),
                    name: instance.name().map(|name| name.to_string()),
                    ..failed(&failure)
                },
            }
        });
        answer(join_all(changes).await)
    }

    pub(super) async fn see_instances(&self) -> Result<Answer, Failure> {
        let instances = self.ec2()?.list().await?.into_iter();
        answer(instances.map(|instance| InstanceStatus::from(instance).into()).collect())
    }

    pub(super) async fn change_containers(
        &self,
        change: Change,
        lifetime: Option<Lifetime>,
        bounds: &Bounds,
    ) -> Result<Answer, Failure> {
        let containers = self.docker()?.list().await?;
        let changes = containers.into_iter().map(async |container| {
            let work = async {
                // The door to Docker has told of it, so it is a name.
                let name = container.name.parse().map_err(|_| Failure::ContainerNotFound)?;
                self.change_container_for(change, name, lifetime, bounds).await
            };
            let entry = match self.within(bounds, work).await {
                Ok(stops_at) => Entry {
                    state: Some(change.container_state().to_owned()),
                    stops_at,
                    ..Entry::new(change.done(), Entry::OK)
                },
                Err(failure) => failed(&failure),
            };
            Entry { container: Some(container.name), ..entry }
        });
        answer(join_all(changes).await)
    }

    pub(super) async fn see_containers(&self) -> Result<Answer, Failure> {
        let containers = self.docker()?.list().await?.into_iter();
        answer(containers.map(|container| ContainerStatus::from(container).into()).collect())
    }
}
