//! How events come into archives.

use super::{archive::Kept, pattern::Seen, state::State};
use crate::emulator::{context::Context, runtime::Functions, store::Region, wire::AwsError};
use serde_json::Value;
use std::sync::Arc;

/// Whether an archive waits for events on a bus.
pub(super) fn listens(state: &State, bus: &str) -> bool {
    state.archives.values().any(|archive| archive.bus == bus)
}

/// Keeps an event in the archives of its bus that take it.
pub(super) fn keep(
    context: &Arc<Context>,
    functions: &Functions,
    region: &Region,
    bus: &str,
    event: &Value,
    seen: &Seen<'_>,
) {
    let takes = |state: &State| {
        let archives = state.archives.iter().filter(|(_, archive)| archive.takes(bus, seen));
        archives.map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    let names = context.store.read(region, |state| takes(&state.events));
    if names.is_empty() {
        return;
    }
    let Some(kept) = Kept::of(event, context.now_millis()) else { return };
    let (context, region) = (Arc::clone(context), region.clone());
    functions.aside(async move {
        let done = context.store.change(&region, |state| {
            for name in &names {
                state.events.add_kept(name, &kept);
            }
            Ok::<_, AwsError>(())
        });
        if let Err(error) = done.await {
            tracing::warn!(%region, error = error.message, "an event could not be archived");
        }
    });
}
