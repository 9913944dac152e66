//! Which transactions are offered to whom, and when.
//!
//! # Security
//! When an offer goes out tells when a transaction came, and so where it came from. Outside of a lab each peer hears of
//! what is new at moments of its own that cannot be foreseen. These are put off to the next of moments that are the same
//! distance apart and have nothing to do with what comes, so that several are told at one of them: whoever sees them sees
//! less of when each was drawn for, and nothing else.

use std::collections::{BTreeMap, VecDeque};

use super::holders::Holders;
use crate::codec::List;
use crate::ledger::MapSeed;
use crate::protocol::conduct::{Acts, Offence};
use crate::protocol::draws::Draws;
use crate::protocol::sizes::Size;
use crate::protocol::{HASHES_MAX, Known, Message, Now, Output, PeerId};
use crate::types::TxHash;

/// Transactions of which a peer hears that asks for the pool, the best. It does not hear of the others.
pub(in crate::protocol) const POOL_MAX: usize = 50_000;
/// Peers that are told of the pool at a time. For each it is put down what is in it; others wait in line until one is done.
pub(in crate::protocol) const POOL_ANSWERS_MAX: usize = 8;
/// Peers that are told of the pool though they did not ask: the first. While there were none, what is in it was announced
/// to nobody, and they may be among those who do not ask.
const TOLD_UNASKED_MAX: usize = 2;
/// How long new transactions are gathered in a lab.
const GATHER_MILLIS_IN_LAB: u64 = 10;
/// How long they are gathered elsewhere, as a rule: as drawn, and until the next moment at which anybody is told.
const GATHER_MILLIS: u64 = 200;
/// Between two moments at which anybody is told, where no lab is. A node wakes at each at which it has something to tell:
/// closer together, a transaction costs more of them; further apart, it comes to all at once.
const TELL_EVERY_MILLIS: u64 = 100;

/// Somebody who is told of transactions.
struct Hearer {
    /// What it is to hear of. When these fill a message they go out, so there are never more.
    queue: Vec<TxHash>,
    /// What it is still to hear of the pool.
    pool: std::vec::IntoIter<TxHash>,
    has_asked: bool,
    flush_at: Option<u64>,
}

/// Which transactions are offered to whom.
pub(super) struct Offers {
    holders: Holders,
    moments: Moments,
    hearers: BTreeMap<PeerId, Hearer>,
    /// When somebody may have to be told: no later than that.
    due: u64,
    /// Who is to be told of the pool when there is room.
    line: VecDeque<PeerId>,
}

impl Offers {
    /// How much is kept of everything, by name, and how much may be; so many are connected.
    pub fn sizes(&self, peers: usize) -> Vec<Size> {
        let longest = self.hearers.values().map(|hearer| hearer.queue.len()).max().unwrap_or(0);
        vec![
            Size::new("peers that are told of transactions", self.hearers.len(), peers),
            Size::new("peers that have transactions", self.holders.peers(), peers),
            Size::new("announcements to one", longest, HASHES_MAX),
            Size::new("peers in line for the pool", self.line.len(), peers),
            Size::new("transactions whose holders are known", self.holders.len(), self.holders.max()),
        ]
    }

    pub fn new(lab: bool, seed: MapSeed, draws: [u8; 32]) -> Self {
        Self {
            holders: Holders::new(seed),
            moments: Moments::new(lab, draws),
            hearers: BTreeMap::new(),
            due: u64::MAX,
            line: VecDeque::new(),
        }
    }

    pub fn connected(&mut self, peer: PeerId) {
        if self.hearers.len() < TOLD_UNASKED_MAX {
            self.line.push_back(peer);
        }
        let hearer =
            Hearer { queue: Vec::new(), pool: Vec::new().into_iter(), has_asked: false, flush_at: None };
        self.hearers.insert(peer, hearer);
        self.holders.connected(peer);
    }

    pub fn disconnected(&mut self, peer: PeerId) {
        self.hearers.remove(&peer);
        self.holders.disconnected(peer);
        self.line.retain(|other| *other != peer);
        self.due = self.hearers.values().filter_map(|hearer| hearer.flush_at).min().unwrap_or(u64::MAX);
    }

    pub fn is_connected(&self, peer: PeerId) -> bool {
        self.hearers.contains_key(&peer)
    }

    /// A peer told of these, so it need not be told.
    pub fn told_by(&mut self, peer: PeerId, hashes: &[TxHash]) {
        for hash in hashes {
            self.holders.insert(peer, hash);
        }
    }

    /// Tells all who are not known to have these, in a while.
    pub fn announce(&mut self, now: Now, hashes: &[TxHash], acts: &mut Acts) {
        for hash in hashes {
            for peer in self.holders.without(hash) {
                let Some(hearer) = self.hearers.get_mut(&peer) else { continue };
                hearer.queue.push(*hash);
                if hearer.queue.len() >= HASHES_MAX {
                    hearer.send_queue(&mut self.holders, peer, acts);
                }
                self.due = self.due.min(hearer.hurry(now, &mut self.moments));
            }
        }
    }

    /// Tells all of these, whatever they have heard: who asked for one while it was mined here was not given it.
    pub fn announce_again(&mut self, hashes: &[TxHash], acts: &mut Acts) {
        if self.hearers.is_empty() {
            return;
        }
        let all: Vec<PeerId> = self.hearers.keys().copied().collect();
        all.iter().for_each(|peer| self.told_by(*peer, hashes));
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
        if self.due <= now.millis {
            self.due = u64::MAX;
            for (peer, hearer) in &mut self.hearers {
                if hearer.flush_at.is_some_and(|at| at <= now.millis) {
                    hearer.flush_at = None;
                    hearer.send_queue(&mut self.holders, *peer, acts);
                    hearer.send_pool(&mut self.holders, *peer, is_withheld, acts);
                    hearer.hurry(now, &mut self.moments);
                }
                self.due = self.due.min(hearer.flush_at.unwrap_or(u64::MAX));
            }
        }
        self.serve_line(now, known);
    }

    /// When somebody may have to be told of something.
    pub fn wake_at(&self) -> u64 {
        if !self.line.is_empty() && self.answers() < POOL_ANSWERS_MAX {
            return 0;
        }
        self.due
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
            self.due = self.due.min(hearer.hurry(now, &mut self.moments));
        }
    }
}

impl Hearer {
    /// When it hears of what it is to hear of; which is drawn, if it was not.
    fn hurry(&mut self, now: Now, moments: &mut Moments) -> u64 {
        let is_to_hear = !self.queue.is_empty() || self.pool.len() > 0;
        if is_to_hear && self.flush_at.is_none() {
            self.flush_at = Some(moments.draw(now));
        }
        self.flush_at.unwrap_or(u64::MAX)
    }

    /// Tells of what is new, but for what it told us of in the meantime.
    fn send_queue(&mut self, holders: &mut Holders, peer: PeerId, acts: &mut Acts) {
        let mut hashes = core::mem::take(&mut self.queue);
        hashes.retain(|hash| holders.insert(peer, hash));
        offer(peer, hashes, acts);
    }

    /// Tells of the next part of the pool.
    fn send_pool(
        &mut self,
        holders: &mut Holders,
        peer: PeerId,
        is_withheld: &dyn Fn(&TxHash) -> bool,
        acts: &mut Acts,
    ) {
        let open = self.pool.by_ref().filter(|hash| !is_withheld(hash));
        let new = open.filter(|hash| holders.insert(peer, hash));
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

/// When somebody is told.
struct Moments {
    lab: bool,
    draws: Draws,
    /// The first moment at which anybody is told.
    first: u64,
}

impl Moments {
    fn new(lab: bool, draws: [u8; 32]) -> Self {
        let mut draws = Draws::new(draws);
        Self { lab, first: draws.below(TELL_EVERY_MILLIS), draws }
    }

    /// When somebody is told of what is gathered from now on.
    fn draw(&mut self, now: Now) -> u64 {
        if self.lab {
            return now.millis + GATHER_MILLIS_IN_LAB;
        }
        let drawn = now.millis + self.draws.wait(GATHER_MILLIS - TELL_EVERY_MILLIS / 2);
        let since_first = drawn.saturating_sub(self.first);
        self.first + since_first.next_multiple_of(TELL_EVERY_MILLIS)
    }
}
