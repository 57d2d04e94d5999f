//! The code of functions as a whole: which there is, and what becomes of those whose code is lost.

use super::{Function, State, qualified::Qualified};
use crate::emulator::{
    context::Context,
    runtime::{Announce, Owners},
    state::Store,
    wire::AwsError,
};
use std::collections::BTreeSet;

/// Who has code, for those who run it; `announce` puts what came of it on a bus.
pub(in crate::emulator) fn owners(announce: Announce) -> Owners {
    Owners { uses: uses_code, lose: |context, blob, how| Box::pin(lose_code(context, blob, how)), announce }
}

/// The functions of a state, and their published versions.
fn all(state: &State) -> impl Iterator<Item = &Function> {
    state.functions.values().chain(state.versions.values().map(|version| &version.function))
}

/// Whether a function of any region, a version of one or a layer has this archive.
pub(in crate::emulator) fn uses_code(store: &Store, blob: &str) -> bool {
    let uses = |state: &State| {
        all(state).any(|function| function.blobs().any(|used| used == blob))
            || state.layers.values().any(|layer| layer.code.blob == blob)
    };
    store.regions().iter().any(|region| store.read(region, |state| uses(&state.lambda)))
}

/// Lists the code of every function and version.
pub(in crate::emulator) fn codes(store: &Store) -> BTreeSet<String> {
    let of = |state: &State| all(state).flat_map(Function::blobs).map(str::to_owned).collect::<Vec<_>>();
    store.regions().iter().flat_map(|region| store.read(region, |state| of(&state.lambda))).collect()
}

/// Notes in everything with this code that it is lost.
async fn lose_code(context: &Context, blob: &str, how: &str) {
    let has_it = |function: &Function| function.failure.is_none() && function.blobs().any(|used| used == blob);
    for region in context.store.regions() {
        if !context.store.read(&region, |state| all(&state.lambda).any(has_it)) {
            continue;
        }
        let noted = context.store.change(&region, |state| {
            let state = &mut state.lambda;
            let functions = state.functions.values().filter(|function| has_it(function));
            let names: Vec<_> = functions.map(|function| function.name.clone()).collect();
            let versions = state.versions.values().filter(|version| has_it(&version.function));
            let numbers: Vec<_> = versions.map(|version| (version.function.name.clone(), version.number)).collect();
            let why = || Some(format!("The code of this function is lost: {how}. Upload it again."));
            for name in &names {
                if let Some(function) = state.functions.get_mut(name) {
                    function.failure = why();
                }
            }
            for (name, number) in &numbers {
                if let Some(version) = state.versions.get_mut(&Qualified::new(name, *number)) {
                    version.function.failure = why();
                }
            }
            Ok::<_, AwsError>(())
        });
        if let Err(error) = noted.await {
            tracing::warn!(blob, error = error.message, "that code is lost could not be noted");
        }
    }
}
