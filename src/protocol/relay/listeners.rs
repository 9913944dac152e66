//! Who is told of new blocks, and how.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::codec::List;
use crate::protocol::conduct::Acts;
use crate::protocol::{Compact, Message, NEWS_MAX, Output, PeerId};
use crate::types::{BlockHash, Header};

/// Peers that send us new blocks without being asked: those who were first before.
pub const PUSHERS_MAX: usize = 3;
/// Peers to whom we send them; others that want that are told of headers, as everybody.
const PUSHED_MAX: usize = 16;
/// Blocks of which it is remembered that a peer has them.
const HAS_MAX: usize = 32;

/// All who are told of new blocks.
#[derive(Default)]
pub(super) struct Listeners {
    listeners: BTreeMap<PeerId, Listener>,
    /// Who sends us new blocks, whoever was first last in front.
    pushers: VecDeque<PeerId>,
}

struct Listener {
    is_outbound: bool,
    wants_pushes: bool,
    /// The last that it has, oldest first.
    has: VecDeque<BlockHash>,
    /// Something was asked of it that was then asked of another.
    may_answer_late: bool,
}

impl Listener {
    fn add(&mut self, hash: BlockHash) {
        if !self.has.contains(&hash) {
            self.has.push_back(hash);
            if self.has.len() > HAS_MAX {
                self.has.pop_front();
            }
        }
    }
}

impl Listeners {
    pub fn greeted(&mut self, peer: PeerId, is_outbound: bool, tip: BlockHash, acts: &mut Acts) {
        let has = VecDeque::from([tip]);
        let listener = Listener { is_outbound, wants_pushes: false, has, may_answer_late: false };
        self.listeners.insert(peer, listener);
        if self.pushers.len() < PUSHERS_MAX {
            self.pushers.push_back(peer);
            acts.send(peer, Message::Pushes(1));
        }
    }

    pub fn disconnected(&mut self, peer: PeerId) {
        self.listeners.remove(&peer);
        self.pushers.retain(|other| *other != peer);
    }

    pub fn wants_pushes(&mut self, peer: PeerId, wants: bool) {
        let pushed = self.listeners.values().filter(|listener| listener.wants_pushes).count();
        if let Some(listener) = self.listeners.get_mut(&peer) {
            listener.wants_pushes = wants && pushed < PUSHED_MAX;
        }
    }

    /// The last block that it has, as far as we know.
    pub fn last_of(&self, peer: PeerId) -> Option<BlockHash> {
        self.listeners.get(&peer)?.has.back().copied()
    }

    /// It has this block.
    pub fn has(&mut self, peer: PeerId, hash: BlockHash) {
        if let Some(listener) = self.listeners.get_mut(&peer) {
            listener.add(hash);
        }
    }

    /// It was asked for something that another was asked for, then.
    pub fn may_answer_late(&mut self, peer: PeerId) {
        if let Some(listener) = self.listeners.get_mut(&peer) {
            listener.may_answer_late = true;
        }
    }

    pub fn was_asked_before(&self, peer: PeerId) -> bool {
        self.listeners.get(&peer).is_none_or(|listener| listener.may_answer_late)
    }

    /// It brought a new block before all others: from now on it shall do so at once.
    ///
    /// # Security
    /// One of those that do is always one that we chose ourselves, if there is any: nobody else can take all places.
    pub fn brought(&mut self, peer: PeerId, acts: &mut Acts) {
        if let Some(at) = self.pushers.iter().position(|other| *other == peer) {
            self.pushers.remove(at);
            self.pushers.push_front(peer);
            return;
        }
        let is_ours = |peer: &PeerId| self.listeners.get(peer).is_some_and(|listener| listener.is_outbound);
        let ours = self.pushers.iter().filter(|other| is_ours(other)).count();
        let leaves = if self.pushers.len() < PUSHERS_MAX {
            None
        } else {
            let may_leave = |other: &PeerId| is_ours(&peer) || ours != 1 || !is_ours(other);
            let Some(at) = self.pushers.iter().rposition(may_leave) else { return };
            self.pushers.remove(at)
        };
        if let Some(leaves) = leaves {
            acts.send(leaves, Message::Pushes(0));
        }
        self.pushers.push_front(peer);
        acts.send(peer, Message::Pushes(1));
    }

    /// Whether anybody does not have this block.
    pub fn any_without(&self, hash: &BlockHash) -> bool {
        self.listeners.values().any(|listener| !listener.has.contains(hash))
    }

    /// Sends a block to those who want it at once, have the one below, and do not have it.
    pub fn push(&mut self, hash: BlockHash, compact: &Arc<Compact>, acts: &mut Acts) {
        let below = compact.header.previous;
        let wants = |listener: &Listener| {
            listener.wants_pushes && listener.has.contains(&below) && !listener.has.contains(&hash)
        };
        let to = self.take(&hash, wants);
        if !to.is_empty() {
            acts.push(Output::Send(to, Message::Compact(Compact::clone(compact))));
        }
    }

    /// Tells those of headers who do not have the last.
    pub fn tell(&mut self, hash: BlockHash, headers: &[Header], acts: &mut Acts) {
        let to = self.take(&hash, |listener| !listener.has.contains(&hash));
        let news = &headers[headers.len().saturating_sub(NEWS_MAX)..];
        if let (false, Ok(news)) = (to.is_empty(), List::new(news.to_vec())) {
            acts.push(Output::Send(to, Message::News(news)));
        }
    }

    /// Those of whom this holds; they have the block from now on.
    fn take(&mut self, hash: &BlockHash, holds: impl Fn(&Listener) -> bool) -> Vec<PeerId> {
        let chosen = self.listeners.iter_mut().filter(|(_, listener)| holds(listener));
        chosen
            .map(|(peer, listener)| {
                listener.add(*hash);
                *peer
            })
            .collect()
    }
}
