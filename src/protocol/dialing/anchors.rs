//! Whom to connect to first when the node starts again.
//!
//! # Security
//! Whoever wants to be all that a node sees fills its book and waits until it starts again, or makes it start again: a node
//! that fails, or is killed, must not have forgotten whom it was connected to. So anchors are kept while it runs, not only at
//! its end. One that brings the node down within moments is none: the node would meet it for ever.

use core::net::SocketAddr;

use super::{Dialing, Kind, STABLE_MILLIS};
use crate::protocol::conduct::Acts;
use crate::protocol::{ANCHORS_MAX, Now, Output};

/// Anchors are kept no more often than this, however often connections come and go.
const KEEP_EVERY_MILLIS: u64 = 30_000;

/// When anchors are looked at.
pub(super) struct Looking {
    /// When next; never, unless something happens.
    pub at: u64,
    /// Not before.
    not_before: u64,
}

impl Looking {
    pub fn new() -> Self {
        Self { at: u64::MAX, not_before: 0 }
    }
}

impl Dialing {
    /// Remembers whom to dial first when the node starts again: those of our own choice that are connected longest. For
    /// the end, before the book is kept.
    pub fn set_anchors(&mut self, now: Now) {
        let chosen = self.chosen();
        if !chosen.is_empty() {
            self.remember(&chosen, now);
        }
    }

    /// A connection of our own choice began, or is gone: once it is clear which of them last, it is seen who is an anchor.
    pub(super) fn look_at_anchors_soon(&mut self, now: Now) {
        self.look_at_anchors(now.millis + STABLE_MILLIS);
    }

    /// Has the book kept where there are other anchors. Where no connection lasts the old ones stay: it may be our own
    /// network that is down.
    pub(super) fn keep_anchors(&mut self, now: Now, acts: &mut Acts) {
        if now.millis < self.looking.at {
            return;
        }
        self.looking.at = u64::MAX;
        let mut chosen = self.chosen();
        let lasts = |(since, _): &(u64, SocketAddr)| since + STABLE_MILLIS <= now.millis;
        let lasting = chosen.iter().take_while(|link| lasts(link)).count();
        if let Some((since, _)) = chosen.get(lasting).filter(|_| lasting < ANCHORS_MAX) {
            self.look_at_anchors(since + STABLE_MILLIS);
        }
        chosen.truncate(lasting);
        if !chosen.is_empty() && self.remember(&chosen, now) {
            self.looking.not_before = now.millis + KEEP_EVERY_MILLIS;
            acts.push(Output::KeepBook);
        }
    }

    fn look_at_anchors(&mut self, millis: u64) {
        self.looking.at = self.looking.at.min(millis.max(self.looking.not_before));
        self.due = self.due.min(self.looking.at);
    }

    fn remember(&mut self, chosen: &[(u64, SocketAddr)], now: Now) -> bool {
        let addresses: Vec<SocketAddr> = chosen.iter().map(|(_, address)| *address).collect();
        self.book.set_anchors(&addresses, now.wall)
    }

    /// Connections of our own choice, since when they are there, and where they lead: the oldest first.
    fn chosen(&self) -> Vec<(u64, SocketAddr)> {
        let greeted = self.links.values().filter(|link| link.greeted);
        let ours = greeted.filter_map(|link| link.ours.map(|(kind, address)| (kind, link.since, address)));
        let chosen = ours.filter(|(kind, ..)| *kind == Kind::Full);
        let mut chosen: Vec<_> = chosen.map(|(_, since, address)| (since, address)).collect();
        chosen.sort_unstable();
        chosen
    }
}
