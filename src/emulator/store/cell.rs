//! One state in memory and its file: snapshots for readers, one writer at a time.

use super::{
    OpenError,
    file::{self, SaveError},
};
use crate::clock::Clock;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    io,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};
use tokio::{sync::Mutex, task};

pub(super) struct Cell<S> {
    path: PathBuf,
    current: RwLock<Arc<S>>,
    /// Held from the moment a change begins until it is on disk.
    writer: Arc<Mutex<()>>,
}

impl<S: Clone + Default + Serialize + DeserializeOwned + Send + Sync + 'static> Cell<S> {
    /// Starts an empty state; the file appears with the first change.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, current: RwLock::default(), writer: Arc::default() }
    }

    /// Reads the state from its file.
    pub(super) fn load(path: PathBuf, clock: &Clock, set_aside: &mut Vec<PathBuf>) -> Result<Self, OpenError> {
        let state = file::load(&path, clock, set_aside)?;
        Ok(Self { path, current: RwLock::new(Arc::new(state)), writer: Arc::default() })
    }

    /// The state as it is now; a change that happens later does not show in it.
    pub(super) fn snapshot(&self) -> Arc<S> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// See [`super::Store::change`].
    pub(super) async fn change<T, E: From<SaveError>>(
        self: Arc<Self>,
        edit: impl FnOnce(&mut S) -> Result<T, E>,
    ) -> Result<T, E> {
        let writing = Arc::clone(&self.writer).lock_owned().await;
        let mut state = S::clone(&self.snapshot());
        let result = edit(&mut state)?;
        // The task owns the writer's lock and ends with the swap: when the caller goes away in between (its client
        // hung up), memory and disk still agree, and the next change waits for both.
        let saved = task::spawn_blocking(move || {
            let _writing = writing;
            let swap = |state| *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(state);
            file::save(&self.path, &file::encode(&state)?, || swap(state))
        });
        saved.await.unwrap_or_else(|error| Err(SaveError::from(io::Error::other(error))))?;
        Ok(result)
    }
}
