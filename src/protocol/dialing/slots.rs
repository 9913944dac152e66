//! What is begun when: places that were named first, then connections of our own choice, then a feeler.

use core::net::SocketAddr;
use std::collections::BTreeSet;

use super::places::{Place, Step};
use super::{Attempt, Dialing, Kind};
use crate::protocol::conduct::Acts;
use crate::protocol::{Bans, Group, Now, Output, Which};

/// Attempts at a time. Nothing more is begun while there are so many.
pub(in crate::protocol) const ATTEMPTS_MAX: usize = 8;
/// An attempt of which nothing was heard for so long has failed.
const ATTEMPT_MILLIS_MAX: u64 = 60_000;
/// Between two attempts to fill a slot: who knows many addresses must not try all of them at once.
const PACE_MILLIS: u64 = 500;
/// The same in a lab, where an attempt came to nothing; twice as much for each further one, up to what is usual elsewhere. Whoever
/// is told of a thousand addresses of nobody would else do nothing but try them.
const LAB_PACE_MILLIS: u64 = 20;
/// How long nobody looks into a book in which there was nobody to connect to, unless something happens.
const IDLE_MILLIS: u64 = 30_000;
/// Between two feelers, on average.
const FEELER_MILLIS: u64 = 120_000;
const LAB_FEELER_MILLIS: u64 = 30_000;
/// With so many connections of our own, places where others may be found need not be asked at the start.
const OUTBOUND_ENOUGH: usize = 2;

impl Dialing {
    /// Begins what is due.
    pub fn woken(&mut self, now: Now, bans: &Bans, acts: &mut Acts) {
        self.give_up_late_ones(now);
        let mut added = std::mem::take(&mut self.added);
        for (name, place) in &mut added {
            self.tend(now, bans, (name, place, Kind::Added), acts);
        }
        self.added = added;
        if self.discovers {
            let mut bootstrap = std::mem::take(&mut self.bootstrap);
            for (name, place) in &mut bootstrap {
                if self.needs(place) {
                    self.tend(now, bans, (name, place, Kind::Full), acts);
                }
            }
            self.bootstrap = bootstrap;
            self.fill(now, bans, acts);
            self.feel(now, bans, acts);
        }
        self.keep_anchors(now, acts);
        self.due = self.next_due().min(self.looking.at).max(now.millis + 1);
    }

    /// Connections that fill slots, and attempts at such.
    pub(super) fn full(&self) -> usize {
        let attempts = self.attempts.values().filter(|attempt| attempt.kind == Kind::Full).count();
        self.links_of(Kind::Full).count() + attempts
    }

    fn links_of(&self, wanted: Kind) -> impl Iterator<Item = SocketAddr> {
        let ours = self.links.values().filter_map(|link| link.ours);
        ours.filter(move |(kind, _)| *kind == wanted).map(|(_, address)| address)
    }

    fn give_up_late_ones(&mut self, now: Now) {
        let late = |attempt: &Attempt| attempt.began + ATTEMPT_MILLIS_MAX <= now.millis;
        let late: Vec<SocketAddr> =
            self.attempts.iter().filter(|(_, attempt)| late(attempt)).map(|(address, _)| *address).collect();
        late.into_iter().for_each(|address| self.failed(now, address));
    }

    /// Does for a place what is to be done.
    fn tend(
        &mut self,
        now: Now,
        bans: &Bans,
        (name, place, kind): (&str, &mut Place, Kind),
        acts: &mut Acts,
    ) {
        if !self.has_room(kind) || self.is_tended(place) {
            return;
        }
        let groups = self.taken_groups(kind);
        let may_dial = |address| {
            !self.ours.contains(&address)
                && !bans.is_banned(address.ip(), None, now.wall)
                && (kind == Kind::Added
                    || !(groups.contains(&self.group(address)) || self.resting.holds(address, now.millis)))
        };
        match place.step(now.millis, self.backoff_max(), may_dial) {
            Step::Resolve => acts.push(Output::Resolve(name.to_owned())),
            Step::Dial(address) => self.dial(now, address, kind, acts),
            Step::Nothing => {}
        }
    }

    /// Whether one of its addresses is connected, or about to be.
    fn is_tended(&self, place: &Place) -> bool {
        let is_busy = |address: &SocketAddr| {
            self.attempts.contains_key(address)
                || self.links.values().any(|link| link.leads.contains(address))
        };
        place.addresses().iter().any(is_busy)
    }

    /// Whether a place where others may be found is to be asked: at the start, and where there is nobody else.
    fn needs(&self, place: &Place) -> bool {
        let outbound = self.links_of(Kind::Full).count() + self.links_of(Kind::Added).count();
        outbound == 0 || (outbound < OUTBOUND_ENOUGH && !place.was_tried)
    }

    fn has_room(&self, kind: Kind) -> bool {
        self.attempts.len() < ATTEMPTS_MAX && (kind != Kind::Full || self.full() < self.outbound_max)
    }

    /// Dials as many of those that we know as there are slots; not all at once, where the network is large.
    fn fill(&mut self, now: Now, bans: &Bans, acts: &mut Acts) {
        while self.has_room(Kind::Full) && now.millis >= self.fill_at() {
            let Some(address) = self.candidate(now, bans) else {
                let pace = if self.lab { LAB_PACE_MILLIS } else { PACE_MILLIS };
                self.paced_until = now.millis + pace;
                let rested = self.resting.next(now.millis).unwrap_or(u64::MAX);
                self.idle_until = rested.min(now.millis + IDLE_MILLIS);
                return;
            };
            self.dial(now, address, Kind::Full, acts);
            self.paced_until = now.millis + self.pace();
        }
    }

    /// How long to wait between two attempts: in a lab not at all, while they lead to somebody.
    fn pace(&self) -> u64 {
        match self.lab.then_some(self.vain) {
            None => PACE_MILLIS,
            Some(0) => 0,
            Some(vain) => (LAB_PACE_MILLIS << vain.min(6)).min(PACE_MILLIS),
        }
    }

    fn fill_at(&self) -> u64 {
        self.paced_until.max(self.idle_until)
    }

    fn candidate(&mut self, now: Now, bans: &Bans) -> Option<SocketAddr> {
        let draw = self.draws.any();
        let mut anchors = std::mem::take(&mut self.anchors);
        let wanted = self.wanted(now, bans, Kind::Full);
        let mut anchor = None;
        while anchor.is_none() && !anchors.is_empty() {
            anchor = anchors.pop().filter(|address| wanted(*address));
        }
        let found = anchor.or_else(|| self.book.pick(draw, now.wall, Which::Any, &wanted));
        drop(wanted);
        self.anchors = anchors;
        found
    }

    /// Looks from time to time whether somebody of whom we only heard is there.
    fn feel(&mut self, now: Now, bans: &Bans, acts: &mut Acts) {
        if self.feeler_at.is_some_and(|at| now.millis < at) || self.attempts.len() >= ATTEMPTS_MAX {
            return;
        }
        let is_first = self.feeler_at.is_none();
        let mean = if self.lab { LAB_FEELER_MILLIS } else { FEELER_MILLIS };
        self.feeler_at = Some(now.millis + self.draws.wait(mean));
        let under_way = self.attempts.values().any(|attempt| attempt.kind == Kind::Feeler);
        if is_first || under_way || self.links_of(Kind::Feeler).next().is_some() {
            return;
        }
        let draw = self.draws.any();
        let found = self.book.feeler(draw, now.wall, self.wanted(now, bans, Kind::Feeler));
        if let Some(address) = found {
            self.dial(now, address, Kind::Feeler, acts);
        }
    }

    /// Whether somebody in the book may be dialed.
    fn wanted(&self, now: Now, bans: &Bans, kind: Kind) -> impl Fn(SocketAddr) -> bool {
        let links = self.links.values().flat_map(|link| link.leads.iter().copied());
        let attempts = self.attempts.keys().copied();
        let busy: BTreeSet<SocketAddr> = links.chain(attempts).chain(self.ours.iter().copied()).collect();
        let groups = self.taken_groups(kind);
        move |address| {
            !busy.contains(&address)
                && !groups.contains(&self.group(address))
                && !self.resting.holds(address, now.millis)
                && !bans.is_banned(address.ip(), None, now.wall)
        }
    }

    /// Groups to which no more connections of this kind are made.
    fn taken_groups(&self, kind: Kind) -> BTreeSet<Group> {
        if kind != Kind::Full {
            return BTreeSet::new();
        }
        let attempts = self.attempts.iter().filter(|(_, attempt)| attempt.kind == Kind::Full);
        let attempts = attempts.map(|(address, _)| *address);
        self.links_of(Kind::Full).chain(attempts).map(|address| self.group(address)).collect()
    }

    fn dial(&mut self, now: Now, address: SocketAddr, kind: Kind, acts: &mut Acts) {
        self.book.attempted(address, now.wall);
        self.attempts.insert(address, Attempt { kind, began: now.millis });
        acts.push(Output::Dial(address));
    }

    fn next_due(&self) -> u64 {
        let all = self.added.values().chain(self.bootstrap.values());
        let resolving = all.filter(|place| place.is_resolving()).map(Place::due).min();
        let late = self.attempts.values().map(|attempt| attempt.began + ATTEMPT_MILLIS_MAX).min();
        let mut due = resolving.into_iter().chain(late).min().unwrap_or(u64::MAX);
        if self.attempts.len() >= ATTEMPTS_MAX {
            return due;
        }
        let added = self.added.values();
        due = added.filter(|place| !self.is_tended(place)).map(Place::due).fold(due, u64::min);
        if !self.discovers {
            return due;
        }
        due = due.min(self.feeler_at.unwrap_or(u64::MAX));
        if self.has_room(Kind::Full) {
            let asked = self.bootstrap.values().filter(|place| self.needs(place) && !self.is_tended(place));
            due = asked.map(Place::due).fold(due, u64::min).min(self.fill_at());
        }
        due
    }
}
