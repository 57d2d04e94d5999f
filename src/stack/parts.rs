//! The registry of the parts: what those who go over all of them (discovery, `plan`, `clean`) ask of each.
//!
//! A part that is left out, or a module that lacks an answer, does not compile. Not here: the order in which a deploy
//! makes them, which follows from what each needs of the others (`deploy`).

use super::{
    alarm, api,
    client::Clients,
    clock,
    error::Error,
    function, instance, instances, key, log_group,
    part::Part,
    predict::{PlannedPart, Wanted},
    reconcile::reading,
    role,
    sighting::Sighting,
    spec::Names,
    usage_plan,
};
use crate::names::StackName;
use futures_util::future::{BoxFuture, join_all};
use std::collections::BTreeSet;

type Answer<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// What a part's module answers.
struct Row {
    /// Which stacks have one.
    stacks: fn(&Clients) -> Answer<'_, BTreeSet<StackName>>,
    /// What a deploy builds on.
    discover: for<'a> fn(&'a Clients, &'a Names) -> Answer<'a, Sighting>,
    /// What is left, on its way out included.
    remains: for<'a> fn(&'a Clients, &'a Names) -> Answer<'a, Sighting>,
    /// Takes some away, by their ids or names.
    delete: for<'a> fn(&'a Clients, &'a [String]) -> Answer<'a, ()>,
    /// What a deploy would do to each of it; nothing where it is not wanted, or not a deploy's to make.
    predict: for<'a> fn(&'a Clients, &'a Wanted<'a>) -> Answer<'a, Vec<PlannedPart>>,
}

macro_rules! row {
    ($module:ident) => {
        Row {
            stacks: |clients| Box::pin($module::stacks(clients)),
            discover: |clients, names| Box::pin($module::discover(clients, names)),
            remains: |clients, names| Box::pin($module::discover(clients, names)),
            delete: |clients, ids| {
                Box::pin(async move {
                    for id in ids {
                        $module::delete(clients, id).await?;
                    }
                    Ok(())
                })
            },
            predict: |clients, wanted| {
                Box::pin(async move { Ok($module::predict(clients, wanted).await?.into_iter().collect()) })
            },
        }
    };
}

impl Row {
    fn of(part: Part) -> Self {
        match part {
            Part::Instance => Self {
                stacks: |clients| Box::pin(instance::stacks(clients)),
                discover: |clients, names| Box::pin(instance::discover(clients, names)),
                remains: |clients, names| Box::pin(instance::remains(clients, names)),
                delete: |clients, ids| Box::pin(instance::delete_all(clients, ids)),
                predict: |clients, wanted| Box::pin(instances::predict(clients, wanted)),
            },
            Part::Role => row!(role),
            Part::LogGroup => row!(log_group),
            Part::Function => row!(function),
            Part::Api => row!(api),
            Part::UsagePlan => row!(usage_plan),
            Part::Key => row!(key),
            Part::Alarm => row!(alarm),
            Part::Clock => row!(clock),
        }
    }
}

/// Returns the stacks of which anything is there: any part may be all that an interrupted run has left.
pub(super) async fn stacks(clients: &Clients) -> Result<BTreeSet<StackName>, Error> {
    let found = join_all(Part::EVERY.iter().map(|part| {
        let stacks = Row::of(*part).stacks;
        reading(move || stacks(clients))
    }));
    Ok(found.await.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// Returns what is there of each part, in the order of [`Part::EVERY`].
pub(super) async fn discover(clients: &Clients, names: &Names) -> Result<Vec<Sighting>, Error> {
    let found = join_all(Part::EVERY.iter().map(|part| {
        let discover = Row::of(*part).discover;
        reading(move || discover(clients, names))
    }));
    found.await.into_iter().collect()
}

/// Returns what is left of a part, on its way out included.
pub(super) async fn remains(part: Part, clients: &Clients, names: &Names) -> Result<Sighting, Error> {
    (Row::of(part).remains)(clients, names).await
}

/// Takes resources of a part away.
pub(super) async fn delete(part: Part, clients: &Clients, ids: &[String]) -> Result<(), Error> {
    (Row::of(part).delete)(clients, ids).await
}

/// Returns what a deploy would do to each part that it makes, in the order of [`Part::EVERY`].
pub(super) async fn predict(clients: &Clients, wanted: &Wanted<'_>) -> Result<Vec<PlannedPart>, Error> {
    let planned = join_all(Part::EVERY.iter().map(|part| (Row::of(*part).predict)(clients, wanted)));
    Ok(planned.await.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}
