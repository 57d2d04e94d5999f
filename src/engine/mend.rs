//! What `up` brings back of an engine that runs already: the docker proxy beside one of a single process.
//!
//! A set of containers brings its own proxy back (`localstack`).

use super::{component::Health, localstack, record::Record, target};
use crate::{engine_kind::EngineKind, progress::Progress, settings::Settings, text::Message};

/// Brings back the docker proxy that the engine's functions were told of, where it has stopped; tells whether it did. The
/// engine runs all the same, so that a failure is a warning.
pub async fn door(settings: &Settings, progress: &Progress) -> bool {
    let record = Record::read(settings).filter(|record| record.kind == EngineKind::Embedded);
    let Some(record) = record.filter(|record| record.docker_proxy.is_some()) else { return false };
    let proxy = localstack::proxy_component(settings, &record).await;
    if !proxy.is_some_and(|proxy| matches!(proxy.health, Health::Stopped | Health::Unhealthy)) {
        return false;
    }
    let reopened = target::reopen(settings).await;
    if let Err(error) = &reopened {
        progress.warn(Message::new("engine.proxy_stays").with_message("reason", error.message.clone()));
    }
    reopened.is_ok()
}
