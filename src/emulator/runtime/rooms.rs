//! How many invocations of each function run, of all its versions together: a function may have a number reserved, which
//! is also its limit.

use super::Spec;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// The invocations by their function's ARN; cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Rooms(Arc<Mutex<HashMap<String, u32>>>);

/// One invocation that runs, as long as this lives.
pub(super) struct Room {
    rooms: Rooms,
    function: String,
    running: u32,
}

impl Room {
    /// How many ran when this one began, itself included.
    pub(super) fn running(&self) -> u32 {
        self.running
    }
}

impl Rooms {
    /// Counts one more invocation; none when as many run as are reserved.
    pub(super) fn enter(&self, spec: &Spec) -> Option<Room> {
        self.admit(&spec.function_arn, spec.reserved)
    }

    fn admit(&self, function: &str, most: Option<u32>) -> Option<Room> {
        let mut rooms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let running = rooms.get(function).copied().unwrap_or_default();
        if most.is_some_and(|most| running >= most) {
            return None;
        }
        rooms.insert(function.to_owned(), running + 1);
        Some(Room { rooms: self.clone(), function: function.to_owned(), running: running + 1 })
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut rooms = self.rooms.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(running) = rooms.get_mut(&self.function) else { return };
        *running -= 1;
        if *running == 0 {
            rooms.remove(&self.function);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_run_as_are_reserved_and_one_more_when_one_has_ended() {
        let rooms = Rooms::default();
        assert!(rooms.admit("f", Some(0)).is_none());
        let first = rooms.admit("f", None).unwrap();
        let second = rooms.admit("f", Some(2));
        assert!(second.is_some() && rooms.admit("f", Some(2)).is_none());
        assert!(rooms.admit("g", Some(1)).is_some());
        drop(first);
        assert!(rooms.admit("f", Some(2)).is_some());
        drop(second);
        assert!(rooms.0.lock().unwrap().is_empty());
    }
}
