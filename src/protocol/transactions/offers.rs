//! Which transactions are offered to whom, and when.
//!
//! # Security
//! When an offer goes out tells when a transaction came, and so where it came from. Outside of a lab each peer hears of
//! what is new at moments of its own that cannot be foreseen.

use std::collections::{BTreeMap, VecDeque};

use ahash::RandomState;

use super::{Rolling, fingerprint};
use crate::codec::List;
use crate::ledger::MapSeed;
use crate::protocol::conduct::{Acts, Offence};
use crate::protocol::draws::Draws;
use crate::protocol::{HASHES_MAX, Known, Message, Now, Output, PeerId};
use crate::types::TxHash;

/// Transactions that a peer is known to have. Of these at least are remembered; of older ones it may be told again.
pub(in crate::protocol) const KNOWN_TO_PEER_MAX: usize = 28_672;
/// Transactions of which a peer hears that asks for the pool, the best. It does not hear of the others.
pub(in crate::protocol) const POOL_MAX: usize = 50_000;
/// Peers that are told of the pool at a time. For each it is put down what is in it; others wait in line until one is done.
pub(in crate::protocol) const POOL_ANSWERS_MAX: usize = 8;
/// Peers that are told of the pool though they did not ask: the first. While there were none, what is in it was announced
/// to nobody, and they may be among those who do not ask.
const TOLD_UNASKED_MAX: usize = 2;
/// How long new transactions are gathered in a lab.
const GATHER_MILLIS_IN_LAB: u64 = 10;
/// How long they are gathered elsewhere, as a rule.
const GATHER_MILLIS: u64 = 200;

/// Somebody who is told of transactions.
struct Hearer {
    /// Fingerprints of what it has.
    has: Rolling<u64>,
    /// What it is to hear of. When these fill a message they go out, so there are never more.
    queue: Vec<TxHash>,
    /// What it is still to hear of the pool.
    pool: std::vec::IntoIter<TxHash>,
    has_asked: bool,
    flush_at: Option<u64>,
}

/// Which transactions are offered to whom.
pub(super) struct Offers {
    lab: bool,
    seed: MapSeed,
    hasher: RandomState,
    draws: Draws,
    hearers: BTreeMap<PeerId, Hearer>,
    /// Who is to be told of the pool when there is room.
    line: VecDeque<PeerId>,
}

impl Offers {
    pub fn new(lab: bool, seed: MapSeed, draws: [u8; 32]) -> Self {
        Self {
            lab,
            seed,
            hasher: seed.hasher(),
            draws: Draws::new(draws),
            hearers: BTreeMap::new(),
            line: VecDeque::new(),
        }
    }

    pub fn connected(&mut self, peer: PeerId) {
        if self.hearers.len() < TOLD_UNASKED_MAX {
            self.line.push_back(peer);
        }
        let hearer = Hearer {
            has: Rolling::new(KNOWN_TO_PEER_MAX, self.seed),
            queue: Vec::new(),
            pool: Vec::new().into_iter(),
            has_asked: false,
            flush_at: None,
        };
        self.hearers.insert(peer, hearer);
    }

    pub fn disconnected(&mut self, peer: PeerId) {
        self.hearers.remove(&peer);
        self.line.retain(|other| *other != peer);
    }

    pub fn is_connected(&self, peer: PeerId) -> bool {
        self.hearers.contains_key(&peer)
    }

    /// A peer told of these, so it need not be told.
    pub fn told_by(&mut self, peer: PeerId, hashes: &[TxHash]) {
        if let Some(hearer) = self.hearers.get_mut(&peer) {
            for hash in hashes {
                hearer.has.insert(fingerprint(&self.hasher, hash));
            }
        }
    }

    /// Tells all who are not known to have these, in a while.
    pub fn announce(&mut self, now: Now, hashes: &[TxHash], acts: &mut Acts) {
        let prints: Vec<u64> = hashes.iter().map(|hash| fingerprint(&self.hasher, hash)).collect();
        for (peer, hearer) in &mut self.hearers {
            for (hash, print) in hashes.iter().zip(&prints) {
                if hearer.has.contains(print) {
                    continue;
                }
                hearer.queue.push(*hash);
                if hearer.queue.len() >= HASHES_MAX {
                    hearer.send_queue(&self.hasher, *peer, acts);
                }
            }
            if hearer.is_to_hear() && hearer.flush_at.is_none() {
                hearer.flush_at = Some(now.millis + gathering(self.lab, &mut self.draws));
            }
        }
    }

    /// Tells all of these, whatever they have heard: who asked for one while it was mined here was not given it.
    pub fn announce_again(&mut self, hashes: &[TxHash], acts: &mut Acts) {
        if self.hearers.is_empty() {
            return;
        }
        for hearer in self.hearers.values_mut() {
            for hash in hashes {
                hearer.has.insert(fingerprint(&self.hasher, hash));
            }
        }
        let all: Vec<PeerId> = self.hearers.keys().copied().collect();
        for some in hashes.chunks(HASHES_MAX) {
            let offer = Message::Offer(List::new(some.to_vec()).expect("not too many"));
            acts.push(Output::Send(all.clone(), offer));
        }
    }

    /// A peer wants to hear of the pool, which is answered once.
    pub fn pool_asked(&mut self, now: Now, peer: PeerId, known: &dyn Known, acts: &mut Acts) {
        let Some(hearer) = self.hearers.get_mut(&peer) else { return };
        if core::mem::replace(&mut hearer.has_asked, true) {
            acts.blame(peer, Offence::TooMany("questions for the pool"));
            return;
        }
        if hearer.pool.len() == 0 && !self.line.contains(&peer) {
            self.line.push_back(peer);
        }
        self.serve_line(now, known);
    }

    /// Tells those whose time has come. What is withheld is left out: it will be announced.
    pub fn woken(
        &mut self,
        now: Now,
        known: &dyn Known,
        is_withheld: &dyn Fn(&TxHash) -> bool,
        acts: &mut Acts,
    ) {
        for (peer, hearer) in &mut self.hearers {
            if hearer.flush_at.is_some_and(|at| at <= now.millis) {
                hearer.send_queue(&self.hasher, *peer, acts);
                hearer.send_pool(&self.hasher, *peer, is_withheld, acts);
                let left = hearer.is_to_hear();
                hearer.flush_at = left.then(|| now.millis + gathering(self.lab, &mut self.draws));
            }
        }
        self.serve_line(now, known);
    }

    /// When somebody is to be told of something.
    pub fn wake_at(&self) -> u64 {
        if !self.line.is_empty() && self.answers() < POOL_ANSWERS_MAX {
            return 0;
        }
        self.hearers.values().filter_map(|hearer| hearer.flush_at).min().unwrap_or(u64::MAX)
    }

    /// How many are being told of the pool.
    fn answers(&self) -> usize {
        self.hearers.values().filter(|hearer| hearer.pool.len() > 0).count()
    }

    /// Puts the pool down for those in line, as there is room. They are told in a while at the earliest: by then it is known
    /// here which of these are withheld.
    fn serve_line(&mut self, now: Now, known: &dyn Known) {
        while !self.line.is_empty() && self.answers() < POOL_ANSWERS_MAX {
            let Some(hearer) = self.line.pop_front().and_then(|peer| self.hearers.get_mut(&peer)) else {
                continue;
            };
            hearer.pool = known.pool(POOL_MAX).into_iter();
            if hearer.is_to_hear() && hearer.flush_at.is_none() {
                hearer.flush_at = Some(now.millis + gathering(self.lab, &mut self.draws));
            }
        }
    }
}

impl Hearer {
    fn is_to_hear(&self) -> bool {
        !self.queue.is_empty() || self.pool.len() > 0
    }

    /// Tells of what is new, but for what it told us of in the meantime.
    fn send_queue(&mut self, hasher: &RandomState, peer: PeerId, acts: &mut Acts) {
        let mut hashes = core::mem::take(&mut self.queue);
        hashes.retain(|hash| self.has.insert(fingerprint(hasher, hash)));
        offer(peer, hashes, acts);
    }

    /// Tells of the next part of the pool.
    fn send_pool(
        &mut self,
        hasher: &RandomState,
        peer: PeerId,
        is_withheld: &dyn Fn(&TxHash) -> bool,
        acts: &mut Acts,
    ) {
        let open = self.pool.by_ref().filter(|hash| !is_withheld(hash));
        let new = open.filter(|hash| self.has.insert(fingerprint(hasher, hash)));
        let hashes = new.take(HASHES_MAX).collect();
        if self.pool.len() == 0 {
            // Gives the memory back.
            self.pool = Vec::new().into_iter();
        }
        offer(peer, hashes, acts);
    }
}

fn offer(peer: PeerId, hashes: Vec<TxHash>, acts: &mut Acts) {
    if !hashes.is_empty() {
        acts.send(peer, Message::Offer(List::new(hashes).expect("not too many")));
    }
}

/// Most peers are idle.
const _: () = assert!(size_of::<Hearer>() < 512, "what one takes that is told of nothing");

/// How long to gather what somebody is to hear of.
fn gathering(lab: bool, draws: &mut Draws) -> u64 {
    if lab { GATHER_MILLIS_IN_LAB } else { draws.wait(GATHER_MILLIS) }
}
