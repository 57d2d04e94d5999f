//! What follows from a region's instances and would take a walk over all of them to find out. It is not on disk: it is
//! made anew when the instances are read.

use super::{
    instance::{AFTERLIFE, Goal, Instance},
    network::Addresses,
};
use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};
use std::net::Ipv4Addr;

/// Finds instances by other things than their ids.
#[derive(Clone, Default)]
pub(super) struct Index {
    addresses: Addresses,
    /// The ids of instances by their reservation and their place in it.
    members: RedBlackTreeMapSync<(String, u32), String>,
    /// The terminated instances, by the time at which nobody sees them any more.
    ended: RedBlackTreeSetSync<(i64, String)>,
}

impl Index {
    /// Takes in an instance that is not in it.
    pub(super) fn add(&mut self, instance: &Instance) {
        let member = (instance.reservation.clone(), instance.index);
        self.members.insert_mut(member, instance.id.clone());
        if instance.goal == Goal::Terminate {
            self.end(instance);
        } else {
            self.hold(instance.own_subnet(), instance.address, true);
        }
    }

    /// Notes that an instance was terminated: its address is free, and its days are counted.
    pub(super) fn end(&mut self, instance: &Instance) {
        self.hold(instance.own_subnet(), instance.address, false);
        self.ended.insert_mut((instance.gone(), instance.id.clone()));
    }

    /// Notes that an address of a subnet is taken, or free again; `own` is the subnet where it did not come with the
    /// default network.
    pub(super) fn hold(&mut self, own: Option<&str>, address: Ipv4Addr, is_taken: bool) {
        self.addresses.set(own, address, is_taken);
    }

    /// Forgets a terminated instance.
    pub(super) fn forget(&mut self, instance: &Instance) {
        self.members.remove_mut(&(instance.reservation.clone(), instance.index));
        self.ended.remove_mut(&(instance.gone(), instance.id.clone()));
    }

    /// The addresses that are taken.
    pub(super) fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Walks over the ids of a reservation's instances, in their order.
    pub(super) fn members(&self, reservation: &str) -> impl Iterator<Item = &String> {
        let first = (reservation.to_owned(), 0);
        let rest = self.members.range(first..);
        rest.take_while(move |((of, _), _)| of == reservation).map(|(_, id)| id)
    }

    /// The id of the instance that has been gone the longest, if one is gone.
    pub(super) fn first_gone(&self, now: i64) -> Option<&String> {
        self.ended.first().filter(|(time, _)| *time <= now).map(|(_, id)| id)
    }
}

impl Instance {
    /// When nobody sees it any more, once it is terminated.
    fn gone(&self) -> i64 {
        self.since.saturating_add(self.transition + AFTERLIFE)
    }
}
