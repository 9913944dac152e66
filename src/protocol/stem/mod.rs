//! The way that a transaction goes before everybody hears of it.
//!
//! # Security
//! Who hears of a transaction first is near to where it comes from; who is connected to many nodes can tell which. So a
//! transaction is first sent along a stem, from one node to one other, and only at its end offered to all: Dandelion++. For
//! about ten minutes at a time a node has two of those that it dialed as relays, and whoever sends it stems, itself among
//! them, has one of the two: then an observer learns no more from many transactions than from one. One node in ten is
//! where stems end. Until a transaction is seen in the open it is withheld: not offered, not sent, not heard of. If that
//! takes too long, because a relay keeps it, it is offered after all.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::conduct::Acts;
use super::draws::Draws;
use super::sizes::Size;
use super::{JudgedTransaction, Known, Now, Output, PeerId, Side};
use crate::types::{Transaction, TxHash};

/// Peers that stems are sent to in one epoch.
const RELAYS_MAX: usize = 2;
/// Transactions that are withheld. What comes beyond is offered to all at once.
pub(super) const WITHHELD_MAX: usize = 1000;
/// Of these, such as came from others. What others send beyond is ignored: they offer it themselves before long. So nobody
/// can take the room that our own need.
pub(super) const OTHERS_WITHHELD_MAX: usize = 750;
/// Of these, such as came from one peer. What it sends beyond is ignored.
pub(super) const WITHHELD_EACH_MAX: usize = 250;
/// How many nodes in a hundred end stems.
const DIFFUSERS_PERCENT: u64 = 10;
/// The shortest epoch, and how much longer the longest is. They take ten minutes as a rule.
const EPOCH_MILLIS: u64 = 5 * 60 * 1000;
const EPOCH_MORE_MILLIS: u64 = 10 * 60 * 1000;
/// How long a transaction is withheld at least, if it is not seen in the open.
const EMBARGO_MILLIS: u64 = 5000;
/// How much longer, as a rule. It is drawn, so that nobody can tell by it who was first.
const EMBARGO_MORE_MILLIS: u64 = 10_000;
/// How long in a lab.
const EMBARGO_MILLIS_IN_LAB: u64 = 1000;
/// How long the verdict on one that came may take. Later it passes for our own.
const VERDICT_MILLIS: u64 = 60_000;

/// How far one that is kept secret has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// It is not judged.
    Submitted,
    /// It is not judged, but seen in the open: there is no secret in it.
    SubmittedInTheOpen,
    /// It goes along its stem.
    Sent,
}

/// One that is kept secret.
#[derive(Clone, Copy, Debug)]
struct Kept {
    /// Who sent it, if we did not make it.
    from: Option<PeerId>,
    stage: Stage,
    until: u64,
}

/// The stems that pass here.
pub(super) struct Stem {
    /// Whether ours take one, and others' go on.
    enabled: bool,
    lab: bool,
    draws: Draws,
    /// Who is there.
    peers: BTreeMap<PeerId, Side>,
    epoch_ends: u64,
    is_diffuser: bool,
    relays: Vec<PeerId>,
    /// The relay of each who sent a stem in this epoch, and ours.
    routes: BTreeMap<Option<PeerId>, PeerId>,
    kept: BTreeMap<TxHash, Kept>,
    embargoes: BTreeSet<(u64, TxHash)>,
    /// How many of those that are kept each peer sent.
    counts: BTreeMap<PeerId, usize>,
}

impl Stem {
    /// How much is kept of everything, by name, and how much may be; so many are connected.
    pub fn sizes(&self, peers: usize) -> Vec<Size> {
        vec![
            Size::new("peers of stems", self.peers.len(), peers),
            // Ours is among them.
            Size::new("routes of stems", self.routes.len(), peers + 1),
            Size::new("transactions on stems", self.kept.len(), WITHHELD_MAX),
            Size::new("embargoes", self.embargoes.len(), self.kept.len()),
            Size::new("peers whose stems are counted", self.counts.len(), self.kept.len()),
        ]
    }

    pub fn new(enabled: bool, lab: bool, draws: [u8; 32]) -> Self {
        Self {
            enabled,
            lab,
            draws: Draws::new(draws),
            peers: BTreeMap::new(),
            epoch_ends: 0,
            is_diffuser: false,
            relays: Vec::new(),
            routes: BTreeMap::new(),
            kept: BTreeMap::new(),
            embargoes: BTreeSet::new(),
            counts: BTreeMap::new(),
        }
    }

    /// Somebody is there. Only those that we dialed are relays: others may have come to be that.
    pub fn connected(&mut self, peer: PeerId, side: Side) {
        self.peers.insert(peer, side);
        self.draw_relays();
    }

    /// Somebody is gone. What went along it is offered to all when its time is over.
    pub fn disconnected(&mut self, peer: PeerId) {
        self.peers.remove(&peer);
        self.routes.remove(&Some(peer));
        self.relays.retain(|relay| *relay != peer);
        self.draw_relays();
    }

    /// A peer sent this along a stem. It is submitted, unless it is known already.
    pub fn received(
        &mut self,
        now: Now,
        peer: PeerId,
        (hash, transaction): (TxHash, Transaction),
        known: &dyn Known,
        acts: &mut Acts,
    ) {
        let count = self.counts.get(&peer).copied().unwrap_or(0);
        let others: usize = self.counts.values().sum();
        let is_full = count >= WITHHELD_EACH_MAX || others >= OTHERS_WITHHELD_MAX;
        if is_full || self.kept.contains_key(&hash) || known.unknown_of(&[hash]).is_empty() {
            return;
        }
        let until = now.millis + VERDICT_MILLIS;
        self.keep(hash, Kept { from: Some(peer), stage: Stage::Submitted, until });
        acts.push(Output::SubmitTransactions(peer, vec![(hash, transaction)]));
    }

    /// What became of some that were submitted: those that are not let in are forgotten.
    pub fn judged(&mut self, judged: &[(TxHash, JudgedTransaction)]) {
        if self.kept.is_empty() {
            return;
        }
        for (hash, judged) in judged {
            let is_ours = self.kept.get(hash).is_some_and(|kept| kept.stage != Stage::Sent);
            if is_ours && *judged != JudgedTransaction::Admitted {
                self.release(hash);
            }
        }
    }

    /// The node let these in, and no peer offered them: they came along a stem, or are our own. They are sent along theirs,
    /// or come back to be offered to all.
    pub fn admitted(&mut self, now: Now, hashes: &[TxHash], acts: &mut Acts) -> Vec<TxHash> {
        let mut open = Vec::new();
        for hash in hashes {
            let kept = self.kept.get(hash).copied();
            if kept.is_some_and(|kept| kept.stage == Stage::Sent) {
                continue;
            }
            self.release(hash);
            let in_the_open = kept.is_some_and(|kept| kept.stage == Stage::SubmittedInTheOpen);
            let from = kept.and_then(|kept| kept.from);
            match if in_the_open { None } else { self.relay(now, from) } {
                Some(relay) => {
                    let until = now.millis + self.embargo();
                    self.keep(*hash, Kept { from, stage: Stage::Sent, until });
                    acts.push(Output::SendStem(relay, *hash));
                }
                None => open.push(*hash),
            }
        }
        open
    }

    /// Somebody offers these to us: those that were withheld come back to be offered to all.
    pub fn seen(&mut self, hashes: &[TxHash]) -> Vec<TxHash> {
        if self.kept.is_empty() {
            return Vec::new();
        }
        let mut open = Vec::new();
        for hash in hashes {
            match self.kept.get_mut(hash) {
                Some(Kept { stage: Stage::Sent, .. }) => {
                    self.release(hash);
                    open.push(*hash);
                }
                Some(kept) => kept.stage = Stage::SubmittedInTheOpen,
                None => {}
            }
        }
        open
    }

    /// These are in a block, where everybody sees them.
    pub fn mined(&mut self, hashes: impl IntoIterator<Item = TxHash>) {
        if !self.kept.is_empty() {
            hashes.into_iter().for_each(|hash| self.release(&hash));
        }
    }

    /// Whether nobody is to hear of it yet.
    pub fn is_withheld(&self, hash: &TxHash) -> bool {
        self.kept.get(hash).is_some_and(|kept| kept.stage != Stage::SubmittedInTheOpen)
    }

    /// Those that were withheld long enough, to be offered to all.
    pub fn woken(&mut self, now: Now) -> Vec<TxHash> {
        let mut open = Vec::new();
        while let Some((_, hash)) = self.embargoes.first().filter(|(until, _)| *until <= now.millis).copied()
        {
            if self.kept.get(&hash).is_some_and(|kept| kept.stage == Stage::Sent) {
                open.push(hash);
            }
            self.release(&hash);
        }
        open
    }

    /// When the first was withheld long enough; never is `u64::MAX`.
    pub fn wake_at(&self) -> u64 {
        self.embargoes.first().map_or(u64::MAX, |(until, _)| *until)
    }

    /// Where one goes next; nowhere if its stem ends here.
    fn relay(&mut self, now: Now, from: Option<PeerId>) -> Option<PeerId> {
        self.turn(now);
        let ends_here = from.is_some() && self.is_diffuser;
        if !self.enabled || ends_here || self.kept.len() >= WITHHELD_MAX {
            return None;
        }
        if let Some(relay) = self.routes.get(&from).filter(|relay| self.relays.contains(relay)) {
            return Some(*relay);
        }
        // Back to where it came from it would end.
        let others: Vec<PeerId> = self.relays.iter().filter(|relay| Some(**relay) != from).copied().collect();
        let relay = *others.get(self.draws.place(others.len()))?;
        if from.is_none_or(|peer| self.peers.contains_key(&peer)) {
            self.routes.insert(from, relay);
        }
        Some(relay)
    }

    /// Draws everything anew when an epoch is over.
    fn turn(&mut self, now: Now) {
        if now.millis < self.epoch_ends {
            return;
        }
        self.epoch_ends = now.millis + EPOCH_MILLIS + self.draws.below(EPOCH_MORE_MILLIS);
        self.is_diffuser = self.draws.below(100) < DIFFUSERS_PERCENT;
        self.relays.clear();
        self.routes.clear();
        self.draw_relays();
    }

    fn draw_relays(&mut self) {
        while self.relays.len() < RELAYS_MAX {
            let dialed = self.peers.iter().filter(|(_, side)| **side == Side::Dialer).map(|(peer, _)| *peer);
            let others: Vec<PeerId> = dialed.filter(|peer| !self.relays.contains(peer)).collect();
            let Some(relay) = others.get(self.draws.place(others.len())) else { return };
            self.relays.push(*relay);
        }
    }

    fn embargo(&mut self) -> u64 {
        if self.lab {
            return EMBARGO_MILLIS_IN_LAB;
        }
        EMBARGO_MILLIS + self.draws.wait(EMBARGO_MORE_MILLIS)
    }

    fn keep(&mut self, hash: TxHash, kept: Kept) {
        self.kept.insert(hash, kept);
        self.embargoes.insert((kept.until, hash));
        if let Some(peer) = kept.from {
            *self.counts.entry(peer).or_default() += 1;
        }
    }

    fn release(&mut self, hash: &TxHash) {
        let Some(kept) = self.kept.remove(hash) else { return };
        self.embargoes.remove(&(kept.until, *hash));
        let Some(peer) = kept.from else { return };
        if let Some(count) = self.counts.get_mut(&peer) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&peer);
            }
        }
    }
}
