//! The first call for each service of an engine that loads its services when they are first asked for: one at a time.
//!
//! `LocalStack` imports a service's Python modules then. Of two imports that wait for each other's locks Python gives one
//! up ("deadlock detected by `_ModuleLock`"), and the service that it was for answers 500 until the engine is started
//! anew.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::MutexGuard, time::timeout};

/// How long a call waits for its turn; then it goes without one: what takes longer is no loading.
const LONGEST: Duration = Duration::from_secs(5);
/// The most services that are remembered; AWS has fewer that an engine would load.
const MOST: usize = 256;

/// Which services are known to be loaded.
#[derive(Debug, Default)]
pub(super) struct Loading {
    loaded: Mutex<HashSet<String>>,
    turn: tokio::sync::Mutex<()>,
}

/// The turn of a call that may make the engine load its service; others go on when it is dropped.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    loading: &'a Loading,
    service: &'a str,
    _turn: MutexGuard<'a, ()>,
}

impl Loading {
    /// Waits while another service is being loaded, unless this one is.
    pub(super) async fn turn<'a>(&'a self, service: &'a str) -> Option<Turn<'a>> {
        self.turn_within(service, LONGEST).await
    }

    async fn turn_within<'a>(&'a self, service: &'a str, longest: Duration) -> Option<Turn<'a>> {
        if self.is_loaded(service) {
            return None;
        }
        let turn = timeout(longest, self.turn.lock()).await.ok()?;
        // Whoever was before may have called the same one.
        (!self.is_loaded(service)).then_some(Turn { loading: self, service, _turn: turn })
    }

    fn is_loaded(&self, service: &str) -> bool {
        let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.contains(service) || loaded.len() >= MOST
    }
}

impl Turn<'_> {
    /// The engine has answered: the service is there.
    pub(super) fn answered(self) {
        self.loading.loaded.lock().unwrap_or_else(PoisonError::into_inner).insert(self.service.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn services_are_loaded_one_at_a_time_and_each_once() {
        let loading = Loading::default();
        let ec2 = loading.turn("ec2").await.unwrap();
        assert!(loading.turn("iam").now_or_never().is_none(), "another one waits");
        let mut same = Box::pin(loading.turn("ec2"));
        assert!(same.as_mut().now_or_never().is_none(), "so does another call for the same");
        ec2.answered();
        assert!(same.await.is_none(), "which is loaded then");
        let iam = loading.turn("iam").await.unwrap();
        assert!(loading.turn("ec2").now_or_never().unwrap().is_none(), "what is loaded waits for nobody");
        drop(iam);
        assert!(loading.turn("iam").await.is_some(), "a call without an answer has loaded nothing");
    }

    #[tokio::test]
    async fn a_call_that_hangs_does_not_hold_others_up_for_ever() {
        let loading = Loading::default();
        let _hanging = loading.turn("lambda").await.unwrap();
        assert!(loading.turn_within("ec2", Duration::ZERO).await.is_none());
    }
}
