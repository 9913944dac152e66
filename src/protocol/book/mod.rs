//! The addresses that a node knows, and how well it knows them.
//!
//! # Security
//! Whoever decides whom a node connects to decides what it believes. An attacker has many addresses in few groups, and can
//! tell of as many as it likes. So the book is one of fixed places, in the way of Bitcoin Core's. An address has one place,
//! which a secret decides: among those that somebody told of, in one of few buckets that the group of whoever told has;
//! among those that we connected to, in one of few that its own group has. What is there stays unless it is terrible:
//! nobody can push out what is good by telling more. Who tells of an address first decides where it is looked for, and
//! nothing else.
//!
//! Time and chance come in as arguments. Read this file first, then `place.rs` and `choice.rs`.

mod choice;
mod entry;
mod group;
mod place;
mod stored;

pub use choice::{SAMPLE_PERCENT_MAX, Which};
pub use entry::{FAILURES_OF_UNKNOWN_MAX, KnownAddress, UNSEEN_SECONDS_MAX};
pub use group::{Group, Source, house};
pub use place::{
    BOOK_MAX, BUCKET_PLACES, BUCKETS_BY_GROUP_MAX, BUCKETS_BY_SOURCE_MAX, BookSecret, NEW_BUCKETS,
    TRIED_BUCKETS,
};
pub use stored::BookError;

use core::net::SocketAddr;
use std::collections::BTreeMap;

use self::entry::{AHEAD_SECONDS_MAX, Entry};
use self::group::{canonical, is_reachable};
use self::place::Place;
use super::PeerAddress;
use crate::types::Timestamp;

/// Addresses that a node connects to first when it starts again.
pub const ANCHORS_MAX: usize = 2;
/// What is heard of an address counts as so much older: others were told before us, and it may be gone since.
const HEARSAY_SECONDS: u32 = 2 * 60 * 60;
/// How old a claim counts that is from the future: it may be true, but must not be worth more than an honest one.
const IMPLAUSIBLE_SECONDS: u32 = 5 * 24 * 60 * 60;
/// Who is known to be there is not known better so soon: others cannot read off it whom we talk to.
const SEEN_AGAIN_SECONDS: u32 = 20 * 60;

/// The addresses that a node knows; [`BOOK_MAX`] at most.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AddressBook {
    secret: BookSecret,
    lab: bool,
    entries: BTreeMap<Place, Entry>,
    /// Where each address stands.
    places: BTreeMap<SocketAddr, Place>,
    /// When we last connected to anybody.
    last_connected: Option<Timestamp>,
    anchors: Vec<PeerAddress>,
}

impl AddressBook {
    /// An empty book. In a lab private addresses are addresses, and each is a group.
    pub fn new(secret: BookSecret, lab: bool) -> Self {
        let (entries, places) = (BTreeMap::new(), BTreeMap::new());
        Self { secret, lab, entries, places, last_connected: None, anchors: Vec::new() }
    }

    /// Takes in addresses that somebody told of, and says how many are new. One that is known is seen anew; one that cannot
    /// be reached, or whose place is taken by a better one, is left out.
    pub fn add(&mut self, addresses: &[PeerAddress], from: Source, now: Timestamp) -> usize {
        let before = self.len();
        let told_by = from.group(self.lab);
        for told in addresses {
            let address = told.address();
            let itself = matches!(from, Source::Peer(peer) if canonical(peer) == address);
            let hearsay = if itself || from == Source::Own { 0 } else { HEARSAY_SECONDS };
            let seen = Timestamp(plausible(told.seen, now).0.saturating_sub(hearsay));
            if let Some(entry) = self.entry_mut(address) {
                entry.peer.seen = entry.peer.seen.max(seen);
            } else if is_reachable(address, self.lab) {
                self.add_new(Entry::new(PeerAddress::new(address, seen), told_by), now);
            }
        }
        self.len() - before
    }

    /// An attempt to connect begins.
    pub fn attempted(&mut self, address: SocketAddr, now: Timestamp) {
        if let Some(entry) = self.entry_mut(address) {
            entry.attempted = Some(now);
        }
    }

    /// We connected to it, and it is a node of this chain: from now on it is among the tried ones, even if nobody told of
    /// it. If another is in its place there and has not failed since we connected to that one, it stays among the new ones.
    pub fn connected(&mut self, address: SocketAddr, now: Timestamp) {
        let address = canonical(address);
        if !is_reachable(address, self.lab) {
            return;
        }
        let unknown = || Entry::new(PeerAddress::new(address, now), Group::Own);
        let mut entry = self.remove(address).unwrap_or_else(unknown);
        (entry.attempted, entry.connected, entry.failures) = (Some(now), Some(now), 0);
        self.last_connected = Some(now);
        let place = self.tried_place(address);
        match self.entries.get(&place).copied() {
            Some(other) if other.failures == 0 && !other.is_terrible(now) => self.put_back(entry),
            Some(other) => {
                self.remove(other.peer.address());
                self.put(place, entry);
                if !other.is_terrible(now) {
                    self.put_back(other);
                }
            }
            None => self.put(place, entry),
        }
    }

    /// An attempt failed. Until we connect to somebody again it counts once: it may be our own network that is down.
    pub fn failed(&mut self, address: SocketAddr, now: Timestamp) {
        let last = self.last_connected;
        if let Some(entry) = self.entry_mut(address) {
            entry.attempted = Some(now);
            if entry.counted.is_none_or(|counted| last.is_some_and(|last| counted < last)) {
                entry.failures = entry.failures.saturating_add(1);
                entry.counted = Some(now);
            }
        }
    }

    /// It was there until now. This is for the end of a connection: while one lasts, others need not know of it.
    pub fn seen(&mut self, address: SocketAddr, now: Timestamp) {
        if let Some(entry) = self.entry_mut(address)
            && now.0.saturating_sub(entry.peer.seen.0) >= SEEN_AGAIN_SECONDS
        {
            entry.peer.seen = now;
        }
    }

    /// Remembers whom we are connected to: the first [`ANCHORS_MAX`] of these. Whether they are others than before.
    ///
    /// # Security
    /// A node that begins with them cannot be led astray by being restarted alone.
    pub fn set_anchors(&mut self, addresses: &[SocketAddr], now: Timestamp) -> bool {
        let reachable = addresses.iter().filter(|address| is_reachable(**address, self.lab));
        let anchors: Vec<_> =
            reachable.take(ANCHORS_MAX).map(|address| PeerAddress::new(*address, now)).collect();
        let are_others =
            !anchors.iter().map(PeerAddress::address).eq(self.anchors.iter().map(PeerAddress::address));
        self.anchors = anchors;
        are_others
    }

    /// Whom we were connected to, once: if they are what brings a node down, it must not meet them for ever.
    pub fn take_anchors(&mut self) -> Vec<SocketAddr> {
        std::mem::take(&mut self.anchors).iter().map(PeerAddress::address).collect()
    }

    /// How many addresses there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What is known of an address.
    pub fn find(&self, address: SocketAddr) -> Option<KnownAddress> {
        let place = self.places.get(&canonical(address))?;
        self.entries.get(place).map(|entry| entry.known(place.tried))
    }

    /// All that is known, first of new addresses and then of tried ones.
    pub fn iter(&self) -> impl Iterator<Item = KnownAddress> {
        self.entries.iter().map(|(place, entry)| entry.known(place.tried))
    }

    /// The group of an address, in this book's eyes.
    pub fn group(&self, address: SocketAddr) -> Group {
        Group::of(address, self.lab)
    }

    fn new_place(&self, entry: &Entry) -> Place {
        let address = entry.peer.address();
        self.secret.new_place(address, self.group(address), entry.told_by)
    }

    fn tried_place(&self, address: SocketAddr) -> Place {
        self.secret.tried_place(address, self.group(address))
    }

    fn entry_mut(&mut self, address: SocketAddr) -> Option<&mut Entry> {
        self.entries.get_mut(self.places.get(&canonical(address))?)
    }

    /// Puts an unknown one among the new ones, unless a better one is in its place.
    fn add_new(&mut self, entry: Entry, now: Timestamp) {
        let place = self.new_place(&entry);
        if self.entries.get(&place).is_none_or(|other| other.is_terrible(now)) {
            self.put(place, entry);
        }
    }

    /// Puts one that we connected to among the new ones. It is better than any of which we only heard.
    fn put_back(&mut self, entry: Entry) {
        let place = self.new_place(&entry);
        if self.entries.get(&place).is_none_or(|other| other.connected.is_none()) {
            self.put(place, entry);
        }
    }

    /// Puts one in a place, whoever is there.
    fn put(&mut self, place: Place, entry: Entry) {
        self.places.insert(entry.peer.address(), place);
        if let Some(other) = self.entries.insert(place, entry) {
            self.places.remove(&other.peer.address());
        }
    }

    fn remove(&mut self, address: SocketAddr) -> Option<Entry> {
        self.entries.remove(&self.places.remove(&address)?)
    }
}

/// Nodes of such maps are at least half full.
const _: () = assert!(
    2 * BOOK_MAX * (size_of::<(Place, Entry)>() + size_of::<(SocketAddr, Place)>()) < 5 << 20,
    "what a book takes"
);

/// When an address was seen, if we believe what we are told.
fn plausible(claimed: Timestamp, now: Timestamp) -> Timestamp {
    if claimed.0 > now.0.saturating_add(AHEAD_SECONDS_MAX) {
        return Timestamp(now.0.saturating_sub(IMPLAUSIBLE_SECONDS));
    }
    claimed.max(Timestamp(now.0.saturating_sub(UNSEEN_SECONDS_MAX)))
}
