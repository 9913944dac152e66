//! Whom we connect to, and when.
//!
//! # Security
//! Who fills all connections that we make decides what we believe. So no two of them lead to one [`Group`]; the book, which
//! no flood pushes around, says who is next; and a connection that is made only to see who is there, a *feeler*, keeps
//! the book true to what it says. Places that an operator names come on top of all that, and stand outside of these rules.
//!
//! Nothing here runs by itself: each event says what became of an attempt or a connection, and `woken` begins what is due.
//! Read this file first, then `slots.rs`.

mod anchors;
mod backoff;
mod orders;
mod places;
mod slots;
#[cfg(test)]
mod tests;

pub use orders::ADDED_MAX;
pub(super) use slots::ATTEMPTS_MAX;

use core::net::SocketAddr;
use std::collections::{BTreeMap, VecDeque};

use self::anchors::Looking;
use self::backoff::Resting;
use self::places::Place;
use super::conduct::Acts;
use super::draws::Draws;
use super::sizes::Size;
use super::{
    AddressBook, BOOK_MAX, Farewell, Group, KnownAddress, Met, Now, PeerAddress, PeerId, Settings, Source,
};

/// Addresses of ourselves that are remembered. Beyond these the oldest is forgotten, and found out again by dialing it.
const OURS_MAX: usize = 64;
/// Addresses that are known to lead to one peer. Those beyond these are not remembered, and lead to a second connection
/// which is dropped.
const LEADS_MAX: usize = 8;
/// A connection that held for so long was a good one: the next failure is the first.
const STABLE_MILLIS: u64 = 10_000;
/// The longest wait between two attempts, and the same in a lab, where nodes come and go in seconds.
const BACKOFF_MILLIS_MAX: u64 = 60_000;
const LAB_BACKOFF_MILLIS_MAX: u64 = 5_000;
/// Who was seen so long ago, or less, is worth telling others of.
const FRESH_SECONDS: u32 = 10 * 60;

/// What a connection that we made is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// An operator wants it.
    Added,
    /// One of the few that we choose ourselves.
    Full,
    /// Only to see that somebody is there; dropped when they have said hello.
    Feeler,
}

/// Whom we connect to, and all addresses that we know.
pub(super) struct Dialing {
    book: AddressBook,
    lab: bool,
    discovers: bool,
    outbound_max: usize,
    draws: Draws,
    added: BTreeMap<String, Place>,
    bootstrap: BTreeMap<String, Place>,
    /// Whom to dial before anybody in the book, the last one first.
    anchors: Vec<SocketAddr>,
    looking: Looking,
    attempts: BTreeMap<SocketAddr, Attempt>,
    links: BTreeMap<PeerId, Link>,
    resting: Resting,
    ours: VecDeque<SocketAddr>,
    /// Slots are filled no faster than this.
    paced_until: u64,
    /// How many attempts to fill a slot came to nothing one after the other.
    vain: u32,
    /// Until when the book is not looked at again because there was nobody in it.
    idle_until: u64,
    feeler_at: Option<u64>,
    due: u64,
}

/// An attempt that is on its way.
struct Attempt {
    kind: Kind,
    began: u64,
}

/// A connection, whoever made it.
struct Link {
    /// What it is for, where we made it, and what we dialed.
    ours: Option<(Kind, SocketAddr)>,
    /// Addresses that lead to the same node.
    leads: Vec<SocketAddr>,
    since: u64,
    greeted: bool,
}

impl Dialing {
    /// How much is kept of everything, by name, and how much may be; so many are connected.
    pub fn sizes(&self, peers: usize) -> Vec<Size> {
        vec![
            Size::new("connections that were made or met", self.links.len(), peers),
            Size::new("attempts to connect", self.attempts.len(), ATTEMPTS_MAX),
            Size::new("addresses that rest", self.resting.len(), backoff::RESTING_MAX),
            Size::new("addresses of our own", self.ours.len(), OURS_MAX),
            Size::new("addresses in the book", self.book.len(), BOOK_MAX),
            Size::new("places that were added", self.added.len(), ADDED_MAX),
        ]
    }

    /// One that has not begun anything. The same draws choose the same.
    pub fn new(settings: &Settings, mut book: AddressBook, draws: [u8; 32]) -> Self {
        let places = |names: &[String]| names.iter().map(|name| (name.clone(), Place::new(name))).collect();
        let mut anchors = book.take_anchors();
        anchors.reverse();
        Self {
            book,
            lab: settings.lab,
            discovers: settings.discovers,
            outbound_max: settings.outbound_max,
            draws: Draws::new(draws),
            added: places(&settings.added),
            bootstrap: places(&settings.bootstrap),
            anchors,
            looking: Looking::new(),
            attempts: BTreeMap::new(),
            links: BTreeMap::new(),
            resting: Resting::default(),
            ours: VecDeque::new(),
            paced_until: 0,
            vain: 0,
            idle_until: 0,
            feeler_at: None,
            due: 0,
        }
    }

    /// The addresses that we know.
    pub fn book(&self) -> &AddressBook {
        &self.book
    }

    /// All that is known of them, for people.
    pub fn known(&self) -> Vec<KnownAddress> {
        self.book.iter().collect()
    }

    #[cfg(test)]
    /// What a connection that we made is for; nothing, if another made it.
    pub fn kind(&self, peer: PeerId) -> Option<Kind> {
        Some(self.links.get(&peer)?.ours?.0)
    }

    /// When `woken` has something to do.
    pub fn wake_at(&self) -> u64 {
        self.due
    }

    /// Nobody could be reached there.
    pub fn failed(&mut self, now: Now, address: SocketAddr) {
        let address = canonical(address);
        if let Some(attempt) = self.attempts.remove(&address) {
            self.vain = self.vain.saturating_add(u32::from(attempt.kind == Kind::Full));
            self.book.failed(address, now.wall);
            self.rest(now, address, false);
        }
    }

    /// A connection that we made is there: what it is for. One that comes so late that another took its place is a feeler,
    /// and so is one that an operator does not want any more.
    pub fn connected(&mut self, now: Now, met: &Met) -> Kind {
        let address = canonical(met.address);
        let attempt = self.attempts.remove(&address).map(|attempt| attempt.kind);
        let kind = match attempt {
            _ if self.is_added(address) => Kind::Added,
            Some(Kind::Full) => Kind::Full,
            None if self.full() < self.outbound_max && self.discovers => Kind::Full,
            _ => Kind::Feeler,
        };
        for place in self.places_at(address) {
            place.was_tried = true;
        }
        let ours = Some((kind, address));
        self.links.insert(met.peer, Link { ours, leads: vec![address], since: now.millis, greeted: false });
        self.vain = 0;
        self.hurry(now);
        kind
    }

    /// Its hello came. `listening` is where it says it can be reached, if it connected to us. Whether it stays: a feeler
    /// is dropped.
    pub fn greeted(
        &mut self,
        now: Now,
        peer: PeerId,
        listening: Option<SocketAddr>,
        acts: &mut Acts,
    ) -> bool {
        let link = self.links.entry(peer).or_insert_with(|| Link::theirs(now));
        link.greeted = true;
        match link.ours {
            None => listening.into_iter().for_each(|address| link.lead(canonical(address))),
            Some((kind, address)) => {
                self.book.connected(address, now.wall);
                match kind {
                    Kind::Added => {}
                    Kind::Full => self.look_at_anchors_soon(now),
                    Kind::Feeler => {
                        acts.drop(peer, Farewell::Seen);
                        return false;
                    }
                }
            }
        }
        true
    }

    /// A connection is gone, whoever made it and whoever ended it.
    pub fn disconnected(&mut self, now: Now, peer: PeerId) {
        let Some(link) = self.links.remove(&peer) else { return };
        self.hurry(now);
        let Some((kind, address)) = link.ours else { return };
        if kind == Kind::Full {
            self.look_at_anchors_soon(now);
        }
        if link.greeted {
            self.book.seen(address, now.wall);
            let lasted = now.millis.saturating_sub(link.since);
            self.rest(now, address, kind == Kind::Feeler || lasted >= STABLE_MILLIS);
        } else {
            self.book.failed(address, now.wall);
            self.rest(now, address, false);
        }
    }

    /// Two connections lead to the same node, and one of them is dropped: as long as the other is there, what leads to the
    /// one that goes needs no connection.
    pub fn same(&mut self, now: Now, gone: PeerId, kept: PeerId) {
        let Some(link) = self.links.remove(&gone) else { return };
        if let Some((_, address)) = link.ours {
            self.book.connected(address, now.wall);
        }
        let other = self.links.entry(kept).or_insert_with(|| Link::theirs(now));
        link.leads.iter().for_each(|address| other.lead(*address));
        self.recognize_added();
        self.hurry(now);
    }

    /// Whom we dialed there is ourselves: instead of `connected`.
    pub fn was_ourselves(&mut self, now: Now, address: SocketAddr) {
        let address = canonical(address);
        self.attempts.remove(&address);
        if !self.ours.contains(&address) {
            self.ours.push_back(address);
        }
        if self.ours.len() > OURS_MAX {
            self.ours.pop_front();
        }
        // Or more addresses of ours than are remembered would be dialed in turn without a pause.
        self.rest(now, address, false);
    }

    /// Somebody at `from` told of these. Those that are new and were seen a moment ago are worth telling others of.
    pub fn told(&mut self, now: Now, from: SocketAddr, addresses: &[PeerAddress]) -> Vec<PeerAddress> {
        let mut news = Vec::new();
        for told in addresses {
            let address = told.address();
            if self.ours.contains(&address) || self.book.add(&[*told], Source::Peer(from), now.wall) == 0 {
                continue;
            }
            if told.seen.0.abs_diff(now.wall.0) <= FRESH_SECONDS {
                news.push(*told);
            }
            self.hurry(now);
        }
        news
    }

    /// Addresses to tell others of.
    pub fn sample(&self, draw: u64, now: Now, max: usize) -> Vec<PeerAddress> {
        self.book.sample(draw, now.wall, max)
    }

    /// An attempt or a connection ended; after a good one the next failure is the first.
    fn rest(&mut self, now: Now, address: SocketAddr, good: bool) {
        let max = self.backoff_max();
        for place in self.places_at(address) {
            if good { place.ended(now.millis) } else { place.failed(now.millis, max) }
        }
        if good {
            self.resting.start_over(address, now.millis);
        } else {
            self.resting.fail(address, now.millis, max);
        }
        self.hurry(now);
    }

    /// There may be something to do.
    fn hurry(&mut self, now: Now) {
        self.idle_until = 0;
        self.due = self.due.min(now.millis);
    }

    fn places_at(&mut self, address: SocketAddr) -> impl Iterator<Item = &mut Place> {
        self.added.values_mut().chain(self.bootstrap.values_mut()).filter(move |place| place.holds(address))
    }

    /// Whether an operator wants to be connected to it.
    pub fn is_added(&self, address: SocketAddr) -> bool {
        self.added.values().any(|place| place.holds(address))
    }

    fn backoff_max(&self) -> u64 {
        if self.lab { LAB_BACKOFF_MILLIS_MAX } else { BACKOFF_MILLIS_MAX }
    }

    /// Whether anybody named it: an operator, or the chain's genesis.
    pub fn is_named(&self, address: SocketAddr) -> bool {
        self.is_added(address) || self.bootstrap.values().any(|place| place.holds(address))
    }

    /// Whose hand an address is in.
    pub fn group(&self, address: SocketAddr) -> Group {
        self.book.group(address)
    }
}

impl Link {
    /// One that another made.
    fn theirs(now: Now) -> Self {
        Self { ours: None, leads: Vec::new(), since: now.millis, greeted: false }
    }

    fn lead(&mut self, address: SocketAddr) {
        if self.leads.len() < LEADS_MAX && !self.leads.contains(&address) {
            self.leads.push(address);
        }
    }
}

/// The one way of writing an address.
pub(super) fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
