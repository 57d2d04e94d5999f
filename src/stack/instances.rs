//! Which of the instances that are there is which of those that are wanted, and all of them brought to that.
//!
//! One that keeps its name is itself. Of what is left on both sides, one that is there becomes one that is wanted where
//! that is the only way to read it: the name has changed, and the instance with its disk stays. The rest is made anew and
//! removed.

use super::{
    client::Clients,
    error::Error,
    instance::{self, Action, Instance, Unwanted},
    outcome::{Outcome, PartReport},
    part::Part,
    predict::{PlannedChange, PlannedPart, Wanted},
    reconcile::{FirstFailure, Pace, converge, reading},
    sighting::Found,
    spec::{Spec, WantedInstance},
};
use crate::{marks::container_stops_at_tag, names::InstanceName, text::Message};
use futures_util::stream::{self, StreamExt};
use std::collections::BTreeMap;

/// How many are worked on at once: an engine answers so many calls without anybody waiting for it.
const AT_ONCE: usize = 16;

/// What is to be done with all of them.
struct Assignment<'a> {
    /// Each that is wanted, with the one of another name that becomes it.
    wanted: Vec<(&'a WantedInstance, Option<String>)>,
    /// What is wanted no more.
    surplus: Vec<Found>,
}

/// Decides: pure.
fn assign<'a>(wanted: &'a [WantedInstance], found: &[Found]) -> Assignment<'a> {
    let name_of = |found: &Found| found.instance.as_ref().and_then(|facts| facts.name.clone());
    let kind_of = |found: &Found| found.instance.as_ref().map(|facts| facts.deployed_kind.clone()).unwrap_or_default();
    let is = |wanted: &WantedInstance, found: &Found| {
        wanted.name.as_ref().map(InstanceName::as_str) == name_of(found).as_deref()
    };
    let mut surplus: Vec<Found> =
        found.iter().filter(|found| !wanted.iter().any(|wanted| is(wanted, found))).cloned().collect();
    let missing: Vec<&WantedInstance> =
        wanted.iter().filter(|wanted| !found.iter().any(|found| is(wanted, found))).collect();
    let mut adopted: Vec<(Option<&InstanceName>, String)> = Vec::new();
    for wanted in &missing {
        let same = |found: &&Found| kind_of(found) == wanted.kind;
        let of_kind = missing.iter().filter(|other| other.kind == wanted.kind).count();
        let only = match surplus.iter().filter(same).collect::<Vec<_>>().as_slice() {
            [only] if of_kind == 1 => Some(only.id.clone()),
            // Without a name there was one: it becomes the first, whatever its type.
            _ => surplus.iter().find(|found| name_of(found).is_none()).map(|found| found.id.clone()),
        };
        let only = only.or_else(|| match (surplus.as_slice(), missing.as_slice()) {
            // Back to one without a name.
            ([only], [wanted]) if wanted.name.is_none() => Some(only.id.clone()),
            _ => None,
        });
        if let Some(id) = only {
            surplus.retain(|found| found.id != id);
            adopted.push((wanted.name.as_ref(), id));
        }
    }
    let adopted_by = |wanted: &WantedInstance| {
        adopted.iter().find(|(name, _)| *name == wanted.name.as_ref()).map(|(_, id)| id.clone())
    };
    Assignment { wanted: wanted.iter().map(|wanted| (wanted, adopted_by(wanted))).collect(), surplus }
}

/// Brings all of them to what is wanted.
pub(super) async fn converge_all(clients: &Clients, spec: &Spec, pace: &Pace) -> Result<Vec<PartReport>, Error> {
    let found = reading(|| instance::discover(clients, &spec.names)).await?.ours;
    let Assignment { wanted, surplus } = assign(&spec.instances, &found);
    let failure = FirstFailure::default();
    let made = stream::iter(wanted).map(|(wanted, adopted)| {
        failure.watch(pace, async {
            let instance = Instance::new(clients, spec, wanted, adopted, &found)?;
            let (view, done) = converge(&instance, pace).await?;
            let id = view.kept().map(|found| found.id.clone());
            let id = id.ok_or_else(|| Error::Bug("the instance is done and not there".to_owned()))?;
            let outcome = Outcome::of(&done, &Action::Create);
            Ok(PartReport { part: Part::Instance, id, outcome, name: instance.name() })
        })
    });
    let made: Vec<Option<PartReport>> = made.buffered(AT_ONCE).collect().await;
    let Some(mut reports) = made.into_iter().collect::<Option<Vec<_>>>() else { return Err(failure.into_error()) };
    let stays = |one: &&Found| surplus.iter().all(|found| found.id != one.id);
    let oldest = found.iter().filter(stays).min_by_key(|found| found.created).map(|found| found.id.clone());
    let heir = oldest.or_else(|| reports.first().map(|report| report.id.clone()));
    for found in surplus {
        let times = found.instance.iter().flat_map(|facts| &facts.containers_stop_at);
        let times: Vec<_> = times.map(|(name, at)| (container_stops_at_tag(name), at.clone())).collect();
        let bequest = heir.clone().filter(|_| !times.is_empty()).map(|heir| (heir, times));
        let unwanted = Unwanted { clients, names: &spec.names, id: found.id.clone(), bequest };
        converge(&unwanted, pace).await?;
        let name = found.instance.and_then(|facts| facts.name);
        reports.push(PartReport { part: Part::Instance, id: found.id, outcome: Outcome::Removed, name });
    }
    Ok(reports)
}

/// Predicts what a deploy would do to each.
pub(super) async fn predict(clients: &Clients, wanted: &Wanted<'_>) -> Result<Vec<PlannedPart>, Error> {
    let spec = wanted.spec;
    let found = reading(|| instance::discover(clients, &spec.names)).await?.ours;
    let Assignment { wanted, surplus } = assign(&spec.instances, &found);
    let mut planned = Vec::new();
    for (wanted, adopted) in wanted {
        planned.push(instance::predict_one(&Instance::new(clients, spec, wanted, adopted, &found)?).await?);
    }
    planned.extend(surplus.into_iter().map(|found| PlannedPart {
        part: Part::Instance,
        change: PlannedChange::Remove,
        id: Some(found.id),
        differs: Vec::new(),
        name: found.instance.and_then(|facts| facts.name),
    }));
    Ok(planned)
}

/// Checks the types before anything is made: the engine's own list knows them.
///
/// # Errors
/// Names the first that the engine does not have, or that the image does not run on.
pub(super) async fn check_types(clients: &Clients, wanted: &[WantedInstance]) -> Result<(), Error> {
    let named = wanted.iter().filter(|wanted| wanted.name.is_some());
    // Each type once, with the first that has it.
    let kinds: BTreeMap<&str, &WantedInstance> = named.rev().map(|wanted| (wanted.kind.as_str(), wanted)).collect();
    for wanted in kinds.into_values() {
        let answer = clients.ec2.describe_instance_types().instance_types(wanted.kind.as_str().into()).send().await;
        let known = match answer.map_err(|error| Error::call("DescribeInstanceTypes", &error)) {
            Err(Error::Call { code: Some(code), .. }) if UNKNOWN.contains(&code.as_str()) => false,
            // Who may not ask, or asks an engine that has no list, is told by `RunInstances`.
            Err(Error::Call { code: Some(code), .. }) if SILENT.contains(&code.as_str()) => true,
            answer => {
                let types = answer?.instance_types.unwrap_or_default();
                let fits = types.iter().filter_map(|known| known.processor_info()).all(|info| {
                    let supported = info.supported_architectures();
                    supported.is_empty() || supported.iter().any(|architecture| architecture.as_str() == IMAGES)
                });
                fits && !types.is_empty()
            }
        };
        if !known {
            let name = wanted.name.as_ref().map(ToString::to_string).unwrap_or_default();
            return Err(Error::UnknownType { name, kind: wanted.kind.clone() });
        }
    }
    Ok(())
}

/// What EC2 says of a type that it does not have.
const UNKNOWN: [&str; 2] = ["InvalidInstanceType", "InvalidParameterValue"];
/// What is said by who has no list, or none for us.
const SILENT: [&str; 4] = ["UnauthorizedOperation", "AccessDenied", "NotImplemented", "InvalidAction"];
/// The processors that the images of instances are for.
const IMAGES: &str = "x86_64";

/// What is told of one after a deploy.
pub(super) fn told(part: &PartReport) -> Message {
    let key = format!("deploy.instance.{}", part.outcome.as_str());
    match &part.name {
        None => Message::new(key).with("id", &part.id),
        Some(name) => Message::new(format!("{key}_named")).with("id", &part.id).with("name", name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::sighting::InstanceFacts;

    fn wanted(all: &[(&str, &str)]) -> Vec<WantedInstance> {
        let one = |(name, kind): &(&str, &str)| WantedInstance {
            name: (!name.is_empty()).then(|| name.parse().unwrap()),
            kind: (*kind).to_owned(),
            schedule: None,
        };
        all.iter().map(one).collect()
    }

    fn found(all: &[(&str, &str)]) -> Vec<Found> {
        let one = |(name, kind): &(&str, &str)| Found {
            part: Part::Instance,
            id: format!("i-{name}"),
            rev: None,
            state: None,
            reason: None,
            created: 0,
            changed: None,
            instance: Some(InstanceFacts {
                name: (!name.is_empty()).then(|| (*name).to_owned()),
                deployed_kind: (*kind).to_owned(),
                kind: (*kind).to_owned(),
                ..InstanceFacts::default()
            }),
        };
        all.iter().map(one).collect()
    }

    fn assigned(of: &[(&str, &str)], to: &[(&str, &str)]) -> (Vec<Option<String>>, Vec<String>) {
        let wanted = wanted(to);
        let Assignment { wanted, surplus } = assign(&wanted, &found(of));
        (wanted.into_iter().map(|(_, adopted)| adopted).collect(), surplus.into_iter().map(|found| found.id).collect())
    }

    #[test]
    fn adding_renaming_and_removing_one_is_about_that_one_only() {
        let (web, db) = (("web", "t3.micro"), ("db", "t3.small"));
        assert_eq!(assigned(&[web], &[web, db]), (vec![None, None], vec![]));
        assert_eq!(assigned(&[web, db], &[web]), (vec![None], vec!["i-db".to_owned()]));
        let renamed = ("front", "t3.micro");
        assert_eq!(assigned(&[web, db], &[renamed, db]), (vec![Some("i-web".to_owned()), None], vec![]));
        // Another type is another instance.
        let other = ("front", "t3.large");
        assert_eq!(assigned(&[web, db], &[other, db]), (vec![None, None], vec!["i-web".to_owned()]));
        // Which of two has become which cannot be told.
        let (a, b, c, d) = (("a", "t3.micro"), ("b", "t3.micro"), ("c", "t3.micro"), ("d", "t3.micro"));
        assert_eq!(assigned(&[a, b], &[c, d]), (vec![None, None], vec!["i-a".to_owned(), "i-b".to_owned()]));
    }

    #[test]
    fn the_one_without_a_name_becomes_the_first_that_has_one_and_back() {
        let unnamed = ("", "t2.micro");
        let web = ("web", "t3.micro");
        assert_eq!(assigned(&[unnamed], &[web, ("db", "t3.small")]), (vec![Some("i-".to_owned()), None], vec![]));
        assert_eq!(assigned(&[web], &[unnamed]), (vec![Some("i-web".to_owned())], vec![]));
        assert_eq!(assigned(&[unnamed], &[unnamed]), (vec![None], vec![]));
        assert_eq!(assigned(&[], &[unnamed]), (vec![None], vec![]));
    }
}
