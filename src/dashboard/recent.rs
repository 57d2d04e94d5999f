//! What takes long to find out, kept for a moment: pages that are opened at once ask once.

use std::{future::Future, sync::Arc, time::Duration};
use tokio::{sync::Mutex, time::Instant};

/// A result that is kept for a moment.
pub(super) struct Recent<T> {
    life: Duration,
    kept: Mutex<Option<(Instant, Arc<T>)>>,
}

impl<T> Recent<T> {
    /// Keeps nothing yet, and later each result for this long.
    pub(super) fn new(life: Duration) -> Self {
        Self { life, kept: Mutex::new(None) }
    }

    /// Gives what is kept, or finds it out; `None` when nobody can be asked any more.
    pub(super) async fn get(&self, find: impl Future<Output = Option<T>>) -> Option<Arc<T>> {
        // Held while it is found out: who comes meanwhile waits for the same.
        let mut kept = self.kept.lock().await;
        if let Some((found, value)) = &*kept
            && found.elapsed() < self.life
        {
            return Some(value.clone());
        }
        let value = Arc::new(find.await?);
        *kept = Some((Instant::now(), value.clone()));
        Some(value)
    }

    /// Forgets it: something was changed.
    pub(super) async fn forget(&self) {
        *self.kept.lock().await = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_result_is_found_once_for_all_who_ask_at_a_time() {
        let recent = Recent::new(Duration::from_hours(1));
        let get = async |value: u8| recent.get(async { Some(value) }).await.map(|value| *value);
        assert_eq!(tokio::join!(get(1), get(2)), (Some(1), Some(1)));
        assert_eq!(get(3).await, Some(1));
        recent.forget().await;
        assert_eq!(get(4).await, Some(4));
        recent.forget().await;
        assert!(recent.get(async { None }).await.is_none());
    }

    #[tokio::test]
    async fn what_is_too_old_is_found_anew() {
        let recent = Recent::new(Duration::ZERO);
        assert_eq!(recent.get(async { Some(1) }).await.as_deref(), Some(&1));
        assert_eq!(recent.get(async { Some(2) }).await.as_deref(), Some(&2));
    }
}
