//! Jams: what waits on its way to an end, because the line is taken or the way is closed. Nothing in one overtakes what was
//! sent before it on the same connection: messages are a stream of bytes.

use std::collections::VecDeque;
use std::sync::Arc;

use super::wire::{End, Parcel};
use super::{Event, World};
use crate::lab::clock::SECOND;
use crate::net::Lane;

/// Bytes that a message takes on the way beyond its own.
const OVERHEAD_BYTES: usize = 60;
/// How long a way is tried again at most after it was opened: a connection that was cut off asks more and more seldom.
const RETRY_MAX: u64 = 10 * SECOND;

/// What waits on its way to an end.
#[derive(Default)]
pub(super) struct Jam {
    /// When bulk leaves that waits for its sender's line, and when it arrives: what is urgent still goes before it.
    pub leaving: VecDeque<(u64, u64)>,
    /// What was under way when the way was closed, and what has come behind it since: all of it was sent before what is held.
    arrived: VecDeque<Held>,
    /// What cannot come through, until the way is open.
    held: VecDeque<Held>,
    held_since: u64,
}

/// Something on its way to an end.
pub(super) enum Held {
    Parcel(Arc<Parcel>),
    Close,
}

impl World {
    pub(super) fn jam(&mut self, to: u32) -> &mut Jam {
        self.ends[to as usize].is_jammed = true;
        self.jams.entry(to).or_default()
    }

    /// Whether something cannot come through to this end.
    pub(super) fn holds(&self, to: u32) -> bool {
        self.jams.get(&to).is_some_and(|jam| !jam.held.is_empty())
    }

    /// Keeps what cannot be sent; whoever sends it notices after a while.
    pub(super) fn hold(&mut self, to: u32, what: Held) {
        self.holds_since_now(to);
        self.jam(to).held.push_back(what);
    }

    /// Keeps what comes to this end, if it cannot come through, or something that was sent before it could not; whether it
    /// did.
    pub(super) fn holds_up(&mut self, to: u32, what: impl FnOnce() -> Held) -> bool {
        let end = &self.ends[to as usize];
        let waits = end.is_jammed && self.jams.get(&to).is_some_and(|jam| !jam.arrived.is_empty());
        if !waits && !self.links.is_closed(end.from(), end.owner()) {
            return false;
        }
        self.holds_since_now(to);
        self.jam(to).arrived.push_back(what());
        true
    }

    /// Something is about to be kept: where nothing was until now, its sender loses its patience in a while.
    fn holds_since_now(&mut self, to: u32) {
        if self.jam(to).is_free() {
            self.wait_from_now(to);
        }
    }

    fn wait_from_now(&mut self, to: u32) {
        let (now, patience) = (self.micros(), self.patience().write.as_micros() as u64);
        self.jam(to).held_since = now;
        let sender = self.ends[to as usize].other;
        self.at(now + patience, Event::Stuck(sender));
    }

    /// Lets through what was held, where the way is open now: whoever sent it tries again now and then.
    pub(super) fn release(&mut self) {
        let jammed: Vec<u32> = self.jams.keys().copied().collect();
        for to in jammed {
            let end = &self.ends[to as usize];
            let (from, owner) = (end.from(), end.owner());
            if self.jam(to).is_free() || self.ends[to as usize].is_over || self.links.is_closed(from, owner) {
                continue;
            }
            let now = self.micros();
            let outage = now - self.jam(to).held_since;
            let mut retried = now + self.draws.below(outage.clamp(1, RETRY_MAX));
            if !self.jam(to).arrived.is_empty() {
                // It is sent once more, and all behind it waits for it.
                retried += self.links.delay(from, owner, &mut self.draws);
                self.wait_from_now(to);
                self.at(retried, Event::Again(to));
            }
            let held = std::mem::take(&mut self.jam(to).held);
            let end = &mut self.ends[to as usize];
            end.left_arrives = retried.max(end.left_arrives);
            held.into_iter().for_each(|what| self.send_on(from, to, what));
        }
    }

    /// What was under way when the way was closed has come again, and what waited behind it follows; if the way is open.
    pub(super) fn again(&mut self, to: u32) {
        let end = &self.ends[to as usize];
        if end.is_over || self.links.is_closed(end.from(), end.owner()) {
            return;
        }
        let arrived = self.jams.get_mut(&to).map(|jam| std::mem::take(&mut jam.arrived));
        for what in arrived.into_iter().flatten() {
            match what {
                Held::Parcel(parcel) => self.arrive(to, parcel),
                Held::Close => self.close(to),
            }
        }
    }

    /// One end may have sent for a while without anything coming through.
    pub(super) fn stuck(&mut self, number: u32) {
        let End { other, is_over, .. } = self.ends[number as usize];
        let patience = self.patience().write.as_micros() as u64;
        if let Some(jam) = self.jams.get(&other)
            && !is_over
            && !jam.is_free()
            && self.micros() >= jam.held_since + patience
        {
            self.lost(number, "nothing comes through any more");
        }
    }
}

impl Jam {
    /// Whether nothing waits for the way to be open.
    pub fn is_free(&self) -> bool {
        self.arrived.is_empty() && self.held.is_empty()
    }
}

impl Held {
    pub fn load(&self) -> (Lane, usize) {
        match self {
            Self::Parcel(parcel) => (parcel.lane, parcel.bytes + OVERHEAD_BYTES),
            Self::Close => (Lane::Bulk, OVERHEAD_BYTES),
        }
    }

    pub fn arriving(self, to: u32) -> Event {
        match self {
            Self::Parcel(parcel) => Event::Arrive(to, parcel),
            Self::Close => Event::Close(to),
        }
    }
}
