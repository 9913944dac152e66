//! Places that an operator names, and what names stand for.

use core::net::SocketAddr;

use super::places::Place;
use super::{Dialing, Kind};
use crate::protocol::conduct::Acts;
use crate::protocol::{Farewell, Now, PeerAddress, PeerId, Source};

/// Places that an operator may name. Those beyond these are refused.
pub const ADDED_MAX: usize = 256;
/// For so long we do not choose a place ourselves from which an operator took us away.
const REMOVED_MILLIS: u64 = 10 * 60 * 1000;

impl Dialing {
    /// Always be connected to this place, a host and a port; whether there was room for it. One that is named once more is tried at
    /// once, however often that was in vain.
    pub fn order_add(&mut self, now: Now, name: &str) -> bool {
        if self.added.len() >= ADDED_MAX && !self.added.contains_key(name) {
            return false;
        }
        let place = self.added.entry(name.to_owned()).or_insert_with(|| Place::new(name));
        place.start_over();
        self.recognize_added();
        self.hurry(now);
        true
    }

    /// No longer, and hang up; whether it was there. For a while we do not choose it ourselves either, but it may connect
    /// to us.
    pub fn order_remove(&mut self, now: Now, name: &str, acts: &mut Acts) -> bool {
        let Some(place) = self.added.remove(name) else { return false };
        for address in place.addresses().iter().copied() {
            if self.is_added(address) {
                continue;
            }
            self.resting.rest(address, now.millis, REMOVED_MILLIS);
            if let Some(attempt) = self.attempts.get_mut(&address) {
                attempt.kind = Kind::Feeler;
            }
            let there = self.links.iter().filter(|(_, link)| link.leads.contains(&address));
            let there: Vec<PeerId> = there.map(|(peer, _)| *peer).collect();
            for peer in there {
                self.forget(now, peer);
                acts.drop(peer, Farewell::Ordered);
            }
        }
        self.hurry(now);
        true
    }

    /// Places that an operator named.
    pub fn added(&self) -> impl Iterator<Item = &str> {
        self.added.keys().map(String::as_str)
    }

    /// What a name stands for, which was asked for.
    pub fn resolved(&mut self, now: Now, name: &str, addresses: &[SocketAddr]) {
        let max = self.backoff_max();
        if let Some(place) = self.added.get_mut(name).filter(|place| place.is_resolving()) {
            place.resolved(now.millis, addresses, max);
        }
        if let Some(place) = self.bootstrap.get_mut(name).filter(|place| place.is_resolving()) {
            place.resolved(now.millis, addresses, max);
            let found: Vec<PeerAddress> =
                place.addresses().iter().map(|address| PeerAddress::new(*address, now.wall)).collect();
            self.book.add(&found, Source::Own, now.wall);
        }
        self.recognize_added();
        self.hurry(now);
    }

    /// Connections of our own choice to places that an operator named are the operator's, and leave a slot free.
    pub(super) fn recognize_added(&mut self) {
        let added = &self.added;
        let is_added = |address: &SocketAddr| added.values().any(|place| place.holds(*address));
        for link in self.links.values_mut() {
            if let Some((kind, _)) = &mut link.ours
                && link.leads.iter().any(is_added)
            {
                *kind = Kind::Added;
            }
        }
    }

    /// Ends a connection without making anything of how long it lasted.
    fn forget(&mut self, now: Now, peer: PeerId) {
        let link = self.links.remove(&peer);
        if let Some((_, address)) = link.filter(|link| link.greeted).and_then(|link| link.ours) {
            self.book.seen(address, now.wall);
        }
    }
}
