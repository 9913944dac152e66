//! Which transactions are asked of whom.
//!
//! # Security
//! An offer costs nothing. So each peer has bounds of its own; those that dialed us have half of what there is for all
//! together, so that many of them cannot keep those that we chose from being asked, and a little more for each that has
//! little; and whoever offers and does not send is asked less, and in the end nothing. A transaction is asked of one at a time: who does not send it delays it by one
//! timeout.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ahash::RandomState;

use super::fingerprint;
use super::source::{Batch, IN_FLIGHT_MAX, Load, Source, State, Track, WAITING_MAX};
use crate::codec::List;
use crate::ledger::MapSeed;
use crate::protocol::conduct::{Acts, Offence};
use crate::protocol::sizes::Size;
use crate::protocol::{HASHES_MAX, Known, Message, Now, Output, PeerId, Side};
use crate::types::{Transaction, TxHash};

/// Transactions that are waited for, asked or not judged, over all peers. What is offered beyond is not asked.
pub(in crate::protocol) const TRACKED_MAX: usize = 400_000;
/// Requests that were not answered, over all peers. More wait until some are.
pub(in crate::protocol) const IN_FLIGHT_ALL_MAX: usize = 50_000;
/// Transactions that may wait for each of those that dialed us, whatever others have taken.
pub(in crate::protocol) const MODEST_WAITING: usize = HASHES_MAX;
/// Requests to each of those that dialed us that may be without an answer, whatever others have taken.
pub(in crate::protocol) const MODEST_IN_FLIGHT: usize = 100;
/// Transactions of one peer that are not judged. Nothing more is asked of it until some are.
pub(in crate::protocol) const SUBMITTED_MAX: usize = 25_000;
/// The same over all peers.
const SUBMITTED_ALL_MAX: usize = 50_000;
/// Bytes of one peer's transactions that are not judged; in memory each takes up to 25. Nothing more is asked of it until
/// some are.
const SUBMITTED_BYTES_MAX: usize = 6 << 20;
/// The same over all peers.
const SUBMITTED_ALL_BYTES_MAX: usize = 24 << 20;

/// Which transactions are asked of whom.
pub(super) struct Requests {
    timeout: u64,
    seed: MapSeed,
    hasher: RandomState,
    sources: BTreeMap<PeerId, Source>,
    tracks: HashMap<TxHash, Track, RandomState>,
    in_flight: usize,
    submitted: Load,
    /// Whether something was not asked for want of room that others may make.
    held_back: bool,
    /// When a request may be overdue: no later than that.
    due: u64,
}

impl Requests {
    /// How much is kept of everything, by name, and how much may be; so many are connected.
    pub fn sizes(&self, peers: usize) -> Vec<Size> {
        let most = |count: fn(&Source) -> usize| self.sources.values().map(count).max().unwrap_or(0);
        vec![
            Size::new("peers with transactions", self.sources.len(), peers),
            Size::new("transactions that are waited for", self.tracks.len(), TRACKED_MAX),
            Size::new("requests", self.in_flight, IN_FLIGHT_ALL_MAX),
            Size::new("requests of one", most(|source| source.in_flight.len()), IN_FLIGHT_MAX),
            Size::new("offers of one", most(|source| source.waiting.len()), WAITING_MAX),
        ]
    }

    pub fn new(timeout: u64, seed: MapSeed) -> Self {
        Self {
            timeout,
            seed,
            hasher: seed.hasher(),
            sources: BTreeMap::new(),
            tracks: HashMap::with_hasher(seed.hasher()),
            in_flight: 0,
            submitted: Load::default(),
            held_back: false,
            due: u64::MAX,
        }
    }

    pub fn connected(&mut self, peer: PeerId, side: Side) {
        self.sources.insert(peer, Source::new(side, self.seed));
    }

    /// What was asked of it, or would have been, is asked of others.
    pub fn disconnected(&mut self, now: Now, peer: PeerId, acts: &mut Acts) {
        let Some(source) = self.sources.remove(&peer) else { return };
        self.in_flight -= source.in_flight.len();
        let mut next = BTreeSet::new();
        for hash in source.in_flight.into_iter().chain(source.waiting) {
            self.pass_on(now, hash, peer, &mut next);
        }
        self.ask_each(now, next, acts);
    }

    /// A peer has these.
    pub fn offered(&mut self, now: Now, peer: PeerId, hashes: &[TxHash], known: &dyn Known, acts: &mut Acts) {
        let Some(source) = self.sources.get_mut(&peer) else { return };
        if !source.is_asked(now.millis) {
            return;
        }
        let is_dialed = source.side == Side::Dialer;
        for hash in known.unknown_of(hashes) {
            let Some(track) = self.tracks.get_mut(&hash) else {
                let (taken, own) = (self.tracks.len(), source.waiting.len());
                if own < WAITING_MAX && source.room_in(TRACKED_MAX, taken, own, MODEST_WAITING) > 0 {
                    self.tracks.insert(hash, Track::new(State::Waiting(peer)));
                    source.waiting.push_back(hash);
                }
                continue;
            };
            match track.state {
                // The first has too much to do, and this one has not.
                State::Waiting(first) if first != peer && source.waiting.len() < source.room() => {
                    track.state = State::Waiting(peer);
                    source.waiting.push_back(hash);
                    track.add_other(first, false);
                }
                State::Waiting(first) | State::Asked(first) if first != peer => {
                    track.add_other(peer, is_dialed);
                }
                _ => {}
            }
        }
        self.ask(now, peer, acts);
    }

    /// Takes in what came, and submits together what was asked of this peer.
    pub fn received(&mut self, now: Now, peer: PeerId, transactions: Vec<Transaction>, acts: &mut Acts) {
        let mut taken = Vec::with_capacity(transactions.len());
        let mut next = BTreeSet::from([peer]);
        let mut is_unasked = false;
        for transaction in transactions {
            let names = transaction.names();
            let bytes = u32::try_from(names.bytes).unwrap_or(u32::MAX);
            match self.arrived(now, peer, names.hash, bytes, &mut next) {
                Arrived::Wanted => taken.push((names.hash, transaction)),
                Arrived::Twice => {}
                Arrived::Unasked => is_unasked = true,
            }
        }
        if is_unasked {
            acts.blame(peer, Offence::Unasked("transactions"));
        }
        if !taken.is_empty() {
            acts.push(Output::SubmitTransactions(peer, taken));
        }
        self.ask_each(now, next, acts);
    }

    /// It was judged what this peer sent. Nothing if it is not waited for; else whether others were told of it.
    pub fn judged(&mut self, peer: PeerId, hash: &TxHash) -> Option<bool> {
        let track = self.tracks.get(hash).filter(|track| track.state == State::Submitted(peer))?;
        let (bytes, announced) = (track.bytes, track.announced);
        self.tracks.remove(hash);
        self.submitted.take(bytes);
        if let Some(source) = self.sources.get_mut(&peer) {
            source.submitted.take(bytes);
        }
        Some(announced)
    }

    /// Notes that others are told of one that peers have. Nothing if no peer has it, as far as is known; else whether others
    /// were told before.
    pub fn announced(&mut self, hash: &TxHash) -> Option<bool> {
        let track = self.tracks.get_mut(hash)?;
        Some(core::mem::replace(&mut track.announced, true))
    }

    /// Whether some peer has it, as far as is known, and it is not judged.
    pub fn is_tracked(&self, hash: &TxHash) -> bool {
        self.tracks.contains_key(hash)
    }

    /// Asks others for what did not come in time.
    pub fn expire(&mut self, now: Now, acts: &mut Acts) {
        if now.millis < self.due {
            return self.ask_held_back(now, acts);
        }
        let deadline = |source: &Source| source.batches.front().map_or(u64::MAX, |batch| batch.deadline);
        let overdue = self.sources.iter().filter(|(_, source)| deadline(source) <= now.millis);
        let overdue: Vec<PeerId> = overdue.map(|(peer, _)| *peer).collect();
        let mut next = BTreeSet::new();
        for peer in overdue {
            self.timed_out(now, peer, &mut next);
        }
        self.due = self.sources.values().map(deadline).min().unwrap_or(u64::MAX);
        self.ask_each(now, next, acts);
    }

    /// When the first request may be overdue.
    pub fn wake_at(&self) -> u64 {
        if self.in_flight == 0 { u64::MAX } else { self.due }
    }

    /// Asks those of whom something was not asked for want of room that others may have made since.
    pub fn ask_held_back(&mut self, now: Now, acts: &mut Acts) {
        if core::mem::take(&mut self.held_back) {
            let waiting = self.sources.iter().filter(|(_, source)| !source.waiting.is_empty());
            let waiting: Vec<PeerId> = waiting.map(|(peer, _)| *peer).collect();
            waiting.into_iter().for_each(|peer| self.ask(now, peer, acts));
        }
    }

    fn ask_each(&mut self, now: Now, peers: BTreeSet<PeerId>, acts: &mut Acts) {
        peers.into_iter().for_each(|peer| self.ask(now, peer, acts));
        self.ask_held_back(now, acts);
    }

    /// Asks a peer for as much of what waits for it as there is room.
    fn ask(&mut self, now: Now, peer: PeerId, acts: &mut Acts) {
        let Some(source) = self.sources.get_mut(&peer) else { return };
        while !source.waiting.is_empty() {
            let own = source.in_flight.len();
            let all = source.room_in(IN_FLIGHT_ALL_MAX, self.in_flight, own, MODEST_IN_FLIGHT);
            let judging = self
                .submitted
                .is_below(source.share_of(SUBMITTED_ALL_MAX), source.share_of(SUBMITTED_ALL_BYTES_MAX))
                && source.submitted.is_below(SUBMITTED_MAX, SUBMITTED_BYTES_MAX);
            self.held_back |= all == 0 || !judging;
            let room = source.room().min(all).min(HASHES_MAX);
            if room == 0 || !judging {
                return;
            }
            let mut asked = Vec::with_capacity(room.min(source.waiting.len()));
            while asked.len() < room
                && let Some(hash) = source.waiting.pop_front()
            {
                let track = self.tracks.get_mut(&hash);
                if let Some(track) = track.filter(|track| track.state == State::Waiting(peer)) {
                    track.state = State::Asked(peer);
                    asked.push(hash);
                }
            }
            if !asked.is_empty() {
                self.in_flight += asked.len();
                source.in_flight.extend(&asked);
                let deadline = now.millis + self.timeout;
                self.due = self.due.min(deadline);
                source.batches.push_back(Batch { deadline, left: asked.len() });
                acts.send(peer, Message::GetTransactions(List::new(asked).expect("not too many")));
            }
        }
        source.shrink();
    }

    /// A transaction came from a peer: what it is to us.
    fn arrived(
        &mut self,
        now: Now,
        peer: PeerId,
        hash: TxHash,
        bytes: u32,
        next: &mut BTreeSet<PeerId>,
    ) -> Arrived {
        let Some(source) = self.sources.get_mut(&peer) else { return Arrived::Unasked };
        let state = self.tracks.get(&hash).map(|track| track.state);
        if state == Some(State::Asked(peer)) {
            source.answered();
            self.skip_to(now, peer, hash, next);
        } else if source.late.remove(&fingerprint(&self.hasher, &hash)) {
            source.answered();
            match state {
                Some(State::Submitted(_)) => return Arrived::Twice,
                // That one is not to be blamed when it answers.
                Some(State::Asked(other)) => self.excuse(other, &hash),
                _ => {}
            }
        } else {
            return Arrived::Unasked;
        }
        let track = self.tracks.entry(hash).or_insert_with(|| Track::new(State::Submitted(peer)));
        (track.state, track.bytes) = (State::Submitted(peer), bytes);
        self.submitted.add(bytes);
        if let Some(source) = self.sources.get_mut(&peer) {
            source.submitted.add(bytes);
        }
        Arrived::Wanted
    }

    /// Answers come in order: what was asked before the one that came is not there.
    fn skip_to(&mut self, now: Now, peer: PeerId, hash: TxHash, next: &mut BTreeSet<PeerId>) {
        while let Some(asked) = self.sources.get_mut(&peer).and_then(Source::next_asked) {
            self.in_flight -= 1;
            if asked == hash {
                return;
            }
            self.excuse(peer, &asked);
            self.pass_on(now, asked, peer, next);
        }
    }

    fn timed_out(&mut self, now: Now, peer: PeerId, next: &mut BTreeSet<PeerId>) {
        let Some(source) = self.sources.get_mut(&peer) else { return };
        let overdue = source.overdue(now.millis);
        self.in_flight -= overdue.len();
        let is_asked =
            |hash: &TxHash| self.tracks.get(hash).is_some_and(|track| track.state == State::Asked(peer));
        if overdue.iter().any(is_asked) {
            source.timed_out(now.millis, self.timeout);
        }
        let waiting = core::mem::take(&mut source.waiting);
        let is_alone = !source.is_asked(now.millis);
        for hash in overdue {
            self.excuse(peer, &hash);
            self.pass_on(now, hash, peer, next);
        }
        for hash in waiting {
            let has_others = self.tracks.get(&hash).is_some_and(|track| !track.others().is_empty());
            if has_others || is_alone {
                self.pass_on(now, hash, peer, next);
            } else if let Some(source) = self.sources.get_mut(&peer) {
                source.waiting.push_back(hash);
            }
        }
        next.insert(peer);
    }

    /// Remembers that something was asked of a peer which we want no longer, or from others.
    fn excuse(&mut self, peer: PeerId, hash: &TxHash) {
        if let Some(source) = self.sources.get_mut(&peer) {
            source.late.insert(fingerprint(&self.hasher, hash));
        }
    }

    /// What one peer does not send waits for the next who has it; if there is none, it is forgotten.
    fn pass_on(&mut self, now: Now, hash: TxHash, from: PeerId, next: &mut BTreeSet<PeerId>) {
        let Some(track) = self.tracks.get_mut(&hash) else { return };
        if track.state != State::Asked(from) && track.state != State::Waiting(from) {
            return;
        }
        while let Some(other) = track.next_other() {
            let source = self.sources.get_mut(&other);
            // One that took it over from another may stand among the others too.
            if let Some(source) = source.filter(|source| other != from && source.is_asked(now.millis))
                && source.waiting.len() < WAITING_MAX
            {
                track.state = State::Waiting(other);
                source.waiting.push_back(hash);
                next.insert(other);
                return;
            }
        }
        self.tracks.remove(&hash);
    }
}

#[cfg(test)]
impl Requests {
    /// Fails unless all counts are right, and each transaction is where it is said to be.
    pub fn check(&self) {
        let mut in_flight = 0;
        for source in self.sources.values() {
            in_flight += source.in_flight.len();
            assert_eq!(source.batches.iter().map(|batch| batch.left).sum::<usize>(), source.in_flight.len());
            assert!(source.batches.iter().all(|batch| batch.left > 0));
        }
        assert_eq!(in_flight, self.in_flight);
        let (mut all, mut each) = ((0, 0), BTreeMap::<PeerId, (usize, usize)>::new());
        for (hash, track) in &self.tracks {
            match track.state {
                State::Waiting(peer) => assert!(self.sources[&peer].waiting.contains(hash)),
                State::Asked(peer) => assert!(self.sources[&peer].in_flight.contains(hash)),
                State::Submitted(peer) => {
                    let each = each.entry(peer).or_default();
                    *each = (each.0 + 1, each.1 + track.bytes as usize);
                    all = (all.0 + 1, all.1 + track.bytes as usize);
                }
            }
        }
        assert_eq!((self.submitted.count, self.submitted.bytes), all);
        for (peer, source) in &self.sources {
            let load = (source.submitted.count, source.submitted.bytes);
            assert_eq!(load, each.get(peer).copied().unwrap_or_default());
        }
    }
}

/// What a transaction is that came.
enum Arrived {
    /// It was asked of whoever sent it, and is to be submitted.
    Wanted,
    /// It was asked of whoever sent it, but came from another in the meantime.
    Twice,
    /// Nobody asked.
    Unasked,
}

/// What may be asked for is worth the memory that it takes.
const _: () = assert!(
    TRACKED_MAX.next_power_of_two() * (size_of::<(TxHash, Track)>() + 1) < 64 << 20,
    "what is tracked takes"
);
