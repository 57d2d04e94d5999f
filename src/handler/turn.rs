//! Turns among processes: Lambda gives events that come at once a process each, and of those that run on one machine
//! only one may look at the instance and order a change. Where each has a machine of its own, everybody's turn is now.

use std::{
    fs::{File, TryLockError},
    path::Path,
    time::Duration,
};
use tokio::time::sleep;

/// How often the lock is tried. Waiting for it in the kernel would need a thread, which nothing could call back.
const PAUSE: Duration = Duration::from_millis(2);

/// Waits for this process's turn, which ends when the result is dropped, or with the process. Without a file to lock,
/// or on a file system without locks, there is none to wait for: equal orders do no harm, they are only superfluous.
pub(super) async fn take(file: Option<&Path>) -> Option<File> {
    let file = File::open(file?).ok()?;
    loop {
        match file.try_lock() {
            Ok(()) => return Some(file),
            Err(TryLockError::WouldBlock) => sleep(PAUSE).await,
            Err(TryLockError::Error(_)) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{pin::pin, task::Poll};

    #[tokio::test]
    async fn one_after_the_other_has_its_turn() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let first = take(Some(file.path())).await;
        let mut second = pin!(take(Some(file.path())));
        assert!(matches!(futures_util::poll!(&mut second), Poll::Pending));
        drop(first);
        assert!(second.await.is_some());
    }

    #[tokio::test]
    async fn without_a_file_nobody_waits() {
        assert!(take(None).await.is_none());
        assert!(take(Some(Path::new("/no/such/file"))).await.is_none());
    }
}
