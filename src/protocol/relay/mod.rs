//! Passing on new blocks, and taking them in.
//!
//! Who hears of a block has seen most of its transactions. So blocks travel with their transactions named, and some peers,
//! those that were first before, send them without being asked, once the work is checked and before the rest is: a block
//! crosses the network in the time that it takes to look at a header and put names in place of transactions. All others are
//! told of its header when it holds.
//!
//! # Security
//! What is passed on before it was checked in full cost as much work as a block that holds, and is passed on once. It speaks
//! against nobody that it did not hold.
//!
//! Read this file first, then `assembly.rs`.

mod assembly;
mod listeners;
mod pending;
mod serving;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use self::listeners::{Listeners, PUSHERS_MAX};
use self::pending::{Pending, Stage};
use self::serving::Kept;
use super::conduct::{Acts, Offence};
use super::sizes::Size;
use super::yardstick::{Checkpoints, worked};
use super::{BlockBytes, Body, Compact, Errand, JudgedBlock, Known, Message, Now, Output, PeerId, Settings};
use crate::codec::List;
use crate::consensus::{Blame, Branch, CheckedBlock, check_arrival};
use crate::types::{BlockHash, Header};

/// Blocks that are put together at a time; beyond it a new one is left to catching up.
const PENDING_MAX: usize = 1024;
/// Headers on their way through the node, that others may stand on.
const RECENT_MAX: usize = 2048;
/// A block that lies so far ahead of our clock is taken in, to wait in the node; beyond it is asked for again later.
const EARLY_SECONDS_MAX: u32 = 2 * 3600;
/// Names of transactions in blocks that are put together at a time; beyond it a new one is left to catching up.
const PENDING_NAMES_MAX: usize = 1 << 20;

/// New blocks.
pub(super) struct Relay {
    listeners: Listeners,
    pending: BTreeMap<BlockHash, Pending>,
    /// Branches up to headers whose bodies are on their way, oldest first.
    recent: VecDeque<(BlockHash, Branch)>,
    kept: VecDeque<Kept>,
    /// Who has a block that came to nothing here: it is asked for in another way.
    missed: BTreeSet<PeerId>,
    patience: u64,
    checkpoints: Checkpoints,
}

/// What came of a header.
enum Look {
    /// It is of use, and its body is not here.
    New(Branch),
    /// It stands on something unknown.
    Unknown,
    /// It is here, or on its way, or of no use.
    Old,
}

impl Relay {
    /// How much is kept of everything, by name, and how much may be; so many are connected.
    pub fn sizes(&self, peers: usize) -> Vec<Size> {
        let names: usize = self.pending.values().map(|pending| pending.names).sum();
        vec![
            Size::new("peers that are told of blocks", self.listeners.len(), peers),
            Size::new("peers that push blocks", self.listeners.pushers(), PUSHERS_MAX),
            Size::new("blocks that are put together", self.pending.len(), PENDING_MAX),
            Size::new("names in blocks that are put together", names, PENDING_NAMES_MAX),
            Size::new("branches on their way", self.recent.len(), RECENT_MAX),
            Size::new("blocks that are kept to be served", self.kept.len(), serving::KEPT_MAX),
            Size::new("peers with blocks that were missed", self.missed.len(), peers),
        ]
    }

    pub fn new(settings: &Settings) -> Self {
        Self {
            listeners: Listeners::default(),
            pending: BTreeMap::new(),
            recent: VecDeque::new(),
            kept: VecDeque::new(),
            missed: BTreeSet::new(),
            patience: if settings.lab { 2_000 } else { 5_000 },
            checkpoints: Checkpoints::new(settings),
        }
    }

    /// Somebody is there, at this tip.
    pub fn greeted(&mut self, peer: PeerId, is_outbound: bool, tip: BlockHash, acts: &mut Acts) {
        self.listeners.greeted(peer, is_outbound, tip, acts);
    }

    pub fn disconnected(&mut self, now: Now, peer: PeerId, acts: &mut Acts) {
        self.listeners.disconnected(peer, acts);
        self.pending.values_mut().for_each(|pending| pending.forget(peer));
        self.give_up(now, acts, |pending| pending.from == peer);
    }

    /// The last block that somebody has, as far as we know.
    pub fn last_of(&self, peer: PeerId) -> Option<BlockHash> {
        self.listeners.last_of(peer)
    }

    /// It wants new blocks at once, or no longer.
    pub fn wants_pushes(&mut self, peer: PeerId, wants: bool) {
        self.listeners.wants_pushes(peer, wants);
    }

    /// Who may have what was missed here: a block of which they told, and which could not be had.
    pub fn take_missed(&mut self) -> BTreeSet<PeerId> {
        std::mem::take(&mut self.missed)
    }

    /// Nobody asks for it here any more. `from` is who had it: so much may have been told since that this is forgotten by now.
    fn miss(&mut self, hash: &BlockHash, from: Option<PeerId>) {
        self.missed.extend(self.listeners.with(hash));
        self.missed.extend(from);
    }

    fn branch(&self, hash: &BlockHash, known: &dyn Known) -> Option<Branch> {
        let recent = self.recent.iter().rev().find(|(other, _)| other == hash);
        recent.map(|(_, branch)| branch.clone()).or_else(|| known.branch(hash))
    }

    fn remember(&mut self, hash: BlockHash, branch: Branch) {
        self.recent.push_back((hash, branch));
        if self.recent.len() > RECENT_MAX {
            self.recent.pop_front();
        }
    }

    fn is_on_its_way(&self, hash: &BlockHash) -> bool {
        self.recent.iter().rev().any(|(other, _)| other == hash)
    }

    /// A first look at a header that somebody vouches for, and that did its work.
    fn look(&self, now: Now, header: &Header, hash: BlockHash, known: &dyn Known) -> Result<Look, Offence> {
        if self.is_on_its_way(&hash) {
            return Ok(Look::Old);
        }
        if let Some(block) = known.block(&hash)
            && (block.has_body || block.is_refused)
        {
            return Ok(Look::Old);
        }
        let Some(below) = self.branch(&header.previous, known) else {
            let is_refused = known.block(&header.previous).is_some_and(|below| below.is_refused);
            return Ok(if is_refused { Look::Old } else { Look::Unknown });
        };
        let branch = self.checkpoints.extend(&below, header, hash, known.params())?;
        // What is early is taken in whole, and waits in the node; what has less work than ours is of no use.
        let is_behind = branch.work < known.tip().work;
        let is_far_ahead = check_arrival(header.time, now.chain, known.params())
            .is_err_and(|early| early.seconds_early > EARLY_SECONDS_MAX);
        Ok(match (is_behind, is_far_ahead) {
            (true, _) => Look::Old,
            // It is asked for again when our clock has come closer.
            (false, true) => Look::Unknown,
            (false, false) => Look::New(branch),
        })
    }

    /// It told of headers. Whether one stands on something unknown, so that it has to be asked for what is below.
    pub fn told(
        &mut self,
        now: Now,
        peer: PeerId,
        headers: &[Header],
        known: &dyn Known,
        acts: &mut Acts,
    ) -> bool {
        let Some((last, before)) = headers.split_last() else { return false };
        let hash = match worked(last, known.params()) {
            Ok(hash) => hash,
            Err(offence) => {
                acts.blame(peer, offence);
                return false;
            }
        };
        self.listeners.has(peer, hash);
        let is_outbound = self.listeners.is_outbound(peer);
        if let Some(pending) = self.pending.get_mut(&hash) {
            pending.also(peer, is_outbound);
            return false;
        }
        // Where several are new, they are fetched as what was missed.
        let below_is_here = before.iter().all(|header| {
            let hash = header.hash();
            self.is_on_its_way(&hash) || known.block(&hash).is_some_and(|block| block.has_body)
        });
        match self.look(now, last, hash, known) {
            Err(offence) if below_is_here => acts.blame(peer, offence),
            Err(_) | Ok(Look::Unknown) => return true,
            Ok(Look::Old) => {}
            Ok(Look::New(_)) if !below_is_here || self.pending.len() >= PENDING_MAX => return true,
            Ok(Look::New(branch)) => {
                self.remember(hash, branch);
                acts.send(peer, Message::GetCompact(hash));
                self.pending.insert(hash, Pending::new(peer, now.millis, Stage::Named));
            }
        }
        false
    }

    /// A compact block came. Whether it stands on something unknown.
    pub fn compact_came(
        &mut self,
        now: Now,
        peer: PeerId,
        compact: Arc<Compact>,
        known: &dyn Known,
        acts: &mut Acts,
    ) -> bool {
        let hash = match worked(&compact.header, known.params()) {
            Ok(hash) => hash,
            Err(offence) => {
                acts.blame(peer, offence);
                return false;
            }
        };
        self.listeners.has(peer, hash);
        let is_outbound = self.listeners.is_outbound(peer);
        let awaited = match self.pending.get_mut(&hash) {
            Some(pending) if pending.stage == Stage::Named => true,
            Some(pending) => {
                pending.also(peer, is_outbound);
                if pending.is_worth_a_try(peer, is_outbound) {
                    acts.push(Output::Reconstruct(peer, compact));
                }
                return false;
            }
            None => false,
        };
        if !awaited {
            match self.look(now, &compact.header, hash, known) {
                Err(offence) => {
                    acts.blame(peer, offence);
                    return false;
                }
                Ok(Look::Unknown) => return true,
                Ok(Look::Old) => return false,
                Ok(Look::New(_)) if self.pending.len() >= PENDING_MAX => return true,
                Ok(Look::New(branch)) => self.remember(hash, branch),
            }
        }
        let was = self.pending.remove(&hash);
        let names: usize = self.pending.values().map(|pending| pending.names).sum();
        if names + compact.names.len() > PENDING_NAMES_MAX {
            self.forget(&hash);
            return true;
        }
        let mut pending = Pending::new(peer, now.millis, Stage::Looking);
        pending.names = compact.names.len();
        if let Some(was) = was {
            pending.others_of(&was);
            if was.from != peer {
                self.listeners.may_answer_late(was.from);
            }
        }
        self.pending.insert(hash, pending);
        if compact.names.is_empty() {
            let partial = Compact::clone(&compact).reconstruct([]);
            self.reconstructed(now, peer, partial, &compact, known, acts);
        } else {
            acts.push(Output::Reconstruct(peer, compact));
        }
        false
    }

    fn ask_whole(&mut self, now: Now, hash: BlockHash, peer: PeerId, acts: &mut Acts) {
        if let Some(pending) = self.pending.get_mut(&hash) {
            (pending.stage, pending.at, pending.partial) = (Stage::Whole, now.millis, None);
            acts.send(peer, Message::GetBlocks(List::new(vec![hash]).expect("one")));
        }
    }

    /// Whether one was asked here for all of a block. Who is asked for it named may send all of it.
    pub fn awaits_whole(&self, peer: PeerId, hash: &BlockHash) -> bool {
        let pending = self.pending.get(hash).filter(|pending| pending.from == peer);
        pending.is_some_and(|pending| matches!(pending.stage, Stage::Whole | Stage::Named))
    }

    /// Whether something was asked of it here that was then asked of another; then it has answered it now.
    pub fn answers_late(&mut self, peer: PeerId) -> bool {
        self.listeners.answers_late(peer)
    }

    /// A whole block came that was asked for here.
    pub fn block_came(&mut self, peer: PeerId, hash: &BlockHash, body: BlockBytes, acts: &mut Acts) {
        self.pending.remove(hash);
        self.listeners.brought(peer, acts);
        acts.push(Output::SubmitBlock(*hash, Body::Bytes(body), Errand::Whole(peer)));
    }

    /// Something that it told of cannot be had there. Whether it was asked for here.
    pub fn block_is_missing(&mut self, now: Now, peer: PeerId, hash: &BlockHash, acts: &mut Acts) -> bool {
        let Some(pending) = self.pending.get_mut(hash).filter(|pending| pending.from == peer) else {
            return false;
        };
        if pending.stage == Stage::Parts {
            self.ask_whole(now, *hash, peer, acts);
        } else {
            self.try_another(now, *hash, acts);
        }
        true
    }

    /// A block was judged, on whatever errand.
    ///
    /// # Security
    /// Only a body speaks against whoever sent it that is not the header's. Whoever passes a block on has vouched for its
    /// header; and who has its bytes need not follow it.
    pub fn judged(&mut self, hash: &BlockHash, errand: Errand, judged: &JudgedBlock, acts: &mut Acts) {
        match judged {
            // What is early waits in the node, and comes by itself.
            JudgedBlock::Taken | JudgedBlock::Early => {}
            JudgedBlock::Orphan => {
                self.forget(hash);
                let from = match errand {
                    Errand::Whole(peer) | Errand::PutTogether(peer) => Some(peer),
                    Errand::CatchUp(_) => None,
                };
                self.miss(hash, from);
            }
            JudgedBlock::Closed => self.forget(hash),
            JudgedBlock::Refused { blame, reason } => {
                self.forget(hash);
                self.kept.retain(|kept| kept.hash != *hash);
                if let (Blame::Sender, Errand::Whole(peer)) = (blame, errand) {
                    acts.blame(peer, Offence::Block(reason.clone()));
                    self.miss(hash, None);
                }
            }
        }
    }

    /// It is not on its way any more.
    fn forget(&mut self, hash: &BlockHash) {
        self.recent.retain(|(other, _)| other != hash);
    }

    /// The node follows these now.
    pub fn grew(&mut self, headers: &[Header], block: &CheckedBlock, acts: &mut Acts) {
        let hash = block.hash();
        if self.listeners.any_without(&hash) {
            let compact = match self.kept.iter_mut().find(|kept| kept.hash == hash) {
                Some(kept) => {
                    // Where many nodes of one process checked it once, they keep it once.
                    kept.block = block.shared();
                    Arc::clone(&kept.compact)
                }
                None => {
                    let compact = Arc::new(Compact::of_checked(block));
                    let shared = block.shared();
                    self.keep(Kept { hash, block: shared, compact: Arc::clone(&compact) });
                    compact
                }
            };
            if headers.len() == 1 {
                self.listeners.push(hash, &compact, acts);
            }
            self.listeners.tell(hash, headers, acts);
        }
        // It came in another way.
        if let Some(pending) = self.pending.remove(&hash) {
            self.listeners.may_answer_late(pending.from);
        }
    }

    /// Tells one of a header.
    pub fn tell_one(&mut self, peer: PeerId, header: Header, acts: &mut Acts) {
        self.listeners.has(peer, header.hash());
        acts.send(peer, Message::News(List::new(vec![header]).expect("one")));
    }

    /// Gives up waiting where that took too long.
    pub fn woken(&mut self, now: Now, acts: &mut Acts) {
        let patience = self.patience;
        self.give_up(now, acts, |pending| now.millis >= pending.at + patience);
    }

    /// When there is something to do even if nothing comes.
    pub fn wake_at(&self) -> u64 {
        let waits = self.pending.values().map(|pending| pending.at + self.patience);
        waits.min().unwrap_or(u64::MAX)
    }

    fn give_up(&mut self, now: Now, acts: &mut Acts, gives_up: impl Fn(&Pending) -> bool) {
        let given_up: Vec<BlockHash> =
            self.pending.iter().filter(|(_, pending)| gives_up(pending)).map(|(hash, _)| *hash).collect();
        given_up.into_iter().for_each(|hash| self.try_another(now, hash, acts));
    }

    /// Asks the next who has it; where there is none it is as if nobody had told of it.
    fn try_another(&mut self, now: Now, hash: BlockHash, acts: &mut Acts) {
        let Some(pending) = self.pending.get_mut(&hash) else { return };
        let from = pending.from;
        self.listeners.may_answer_late(from);
        match pending.next(now.millis) {
            Some(other) => acts.send(other, Message::GetCompact(hash)),
            None => {
                self.pending.remove(&hash);
                self.forget(&hash);
                self.miss(&hash, Some(from));
            }
        }
    }
}
