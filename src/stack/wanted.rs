//! What is wanted of a run's stack: what its parts are made from, as the settings, the engine and the stack's own keys tell.

use super::{
    client::Clients,
    error::Error,
    key, limits,
    own::{self, Own, Workshop},
    package::{self, LONGEST_ZIP, Package, package},
    reconcile::reading,
    run::Run,
    sighting::Found,
    spec::{Names, Spec},
};
use crate::{
    engine::installation::Installation,
    names::{InstanceName, StackName},
    settings::Auth,
};
use futures_util::future::BoxFuture;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Finds out what the user's own code is, where the function is theirs.
pub(super) fn own(run: &Run<'_>) -> Result<Option<Own>, Error> {
    Ok(run.settings.function.value.as_ref().map(own::resolve).transpose()?)
}

/// How long IAM lets the name of a role be.
const LONGEST_ROLE: usize = 64;

/// Refuses what IAM would refuse in the middle of a deploy: a region is known by its form only, and the stack's role has
/// its name. Every region that there is leaves room for the longest name of a stack.
pub(super) fn check_names(run: &Run<'_>) -> Result<(), Error> {
    let (stack, region) = (&run.settings.stack.value, &run.engine.connection.region);
    match most_of_region(stack, region) {
        Some(most) => Err(Error::LongRegion { region: region.clone(), stack: stack.clone(), most }),
        None => Ok(()),
    }
}

/// How long the region's name might be, where it is longer.
fn most_of_region(stack: &StackName, region: &str) -> Option<usize> {
    let too_many = Names::of(stack, region).role.len().checked_sub(LONGEST_ROLE).filter(|more| *more > 0)?;
    Some(region.len().saturating_sub(too_many))
}

/// Returns what the parts of the run's stack are made from; with keys on, the engine is asked for them. What AWS would
/// refuse of it is refused here.
pub(super) async fn spec(
    run: &Run<'_>,
    own: Option<&Own>,
    instances: &[Found],
    clients: &Clients,
    account: &str,
) -> Result<Spec, Error> {
    let stack = &run.settings.stack.value;
    let keys = match run.settings.auth.value {
        Auth::None => None,
        Auth::ApiKey => Some(reading(|| key::scopes(clients, stack)).await?),
    };
    let mut spec = Spec::new(run.engine, run.settings, account, keys, named(instances));
    spec.alarms = run.settings.alarms.value;
    if let Some(tag) = run.engine.api_id_tag {
        let installation = Installation::load_or_create(run.settings).map_err(|error| Error::Bug(error.to_string()))?;
        spec.pinned_api = Some((tag, pinned_id([installation.owner.as_str(), stack.as_str(), &spec.region])));
    }
    if let Some(own) = own {
        spec = spec.with_own(own, instances.first().and_then(|found| found.id.parse().ok()).as_ref())?;
    }
    limits::check(&spec, run.engine.facts.is_remote())?;
    Ok(spec)
}

/// The instances that have a name, each with the type that a deploy last wanted of it.
fn named(instances: &[Found]) -> BTreeMap<InstanceName, String> {
    let facts = instances.iter().filter_map(|found| found.instance.as_ref());
    facts.filter_map(|facts| Some((facts.name.as_ref()?.parse().ok()?, facts.deployed_kind.clone()))).collect()
}

/// The API id that this owner's stack always gets in this region, ten characters like API Gateway's own: an engine that
/// came back empty serves the same URL again. URLs do not name the region, so no two regions may share an id.
fn pinned_id(owner_stack_region: [&str; 3]) -> String {
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let hash = Sha256::digest(owner_stack_region.join("/"));
    hash.iter().take(10).map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect()
}

/// Makes the function's archive. That of this binary begins at once, awaited or not.
///
/// Where a look must change nothing, packages that are not here are not installed: code that lacks them is not what is
/// deployed, and an empty archive is neither.
pub(super) fn packed<'a>(
    run: &'a Run<'_>,
    own: Option<&'a Own>,
    may_install: bool,
) -> BoxFuture<'a, Result<Package, Error>> {
    let folder = run.settings.folder.clone();
    let Some(own) = own else {
        let packed = tokio::task::spawn_blocking(move || package(&folder));
        return Box::pin(async { Ok(packed.await.map_err(|error| Error::Bug(error.to_string()))??) });
    };
    let workshop = Workshop {
        settings: run.settings,
        progress: run.progress,
        cancel: run.cancel,
        may_install,
        is_elsewhere: run.engine.facts.is_remote() || run.engine.facts.needs_docker(),
    };
    let cache = package::cache(&folder);
    let kept = {
        let cache = cache.clone();
        move |key: &str| package::cached(&cache, key)
    };
    let made = move |key: &str, zip| {
        let package = Package::of(zip);
        // A cache that cannot be written costs time at the next run and nothing else.
        let _ = package::keep(&cache, key, &package);
        package
    };
    Box::pin(async move {
        let package = own.archive(&workshop, kept, made).await?.unwrap_or_else(|| Package::of(Vec::new()));
        match package.zip.len() {
            size if size > LONGEST_ZIP => Err(package::Error::TooLarge(size).into()),
            _ => Ok(package),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::ApiId;

    #[test]
    fn a_region_may_be_as_long_as_the_name_of_the_role_lets_it() {
        let stack = |length| "s".repeat(length).parse::<StackName>().unwrap();
        let region = |length: usize| format!("a-{}", "r".repeat(length - 2));
        assert_eq!(most_of_region(&stack(32), &region(23)), None);
        for length in [24, 32] {
            assert_eq!(most_of_region(&stack(32), &region(length)), Some(23), "{length}");
        }
        assert_eq!(most_of_region(&stack(23), &region(32)), None);
        assert_eq!(most_of_region(&stack(32), "us-east-1"), None, "it is in no name");
    }

    #[test]
    fn a_pinned_id_looks_like_api_gateways_and_depends_on_owner_stack_and_region_only() {
        let id = pinned_id(["owner", "atelier", "us-east-1"]);
        assert_eq!(id, pinned_id(["owner", "atelier", "us-east-1"]));
        assert_ne!(id, pinned_id(["owner", "other", "us-east-1"]));
        assert_ne!(id, pinned_id(["other", "atelier", "us-east-1"]));
        assert_ne!(id, pinned_id(["owner", "atelier", "eu-west-3"]));
        assert_eq!(id.len(), 10);
        id.parse::<ApiId>().unwrap();
    }
}
