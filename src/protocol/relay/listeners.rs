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
    /// How often something was asked of it that was then asked of another.
    owed: u32,
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
    /// How many are told.
    pub fn len(&self) -> usize {
        self.listeners.len()
    }

    /// How many push.
    pub fn pushers(&self) -> usize {
        self.pushers.len()
    }

    pub fn greeted(&mut self, peer: PeerId, is_outbound: bool, tip: BlockHash, acts: &mut Acts) {
        let has = VecDeque::from([tip]);
        let listener = Listener { is_outbound, wants_pushes: false, has, owed: 0 };
        self.listeners.insert(peer, listener);
        // One that we chose ourselves is among them as soon as there is any.
        if is_outbound
            && self.pushers.len() >= PUSHERS_MAX
            && !self.pushers.iter().any(|other| self.is_outbound(*other))
            && let Some(leaves) = self.pushers.pop_back()
        {
            acts.send(leaves, Message::Pushes(0));
        }
        self.fill(acts);
    }

    /// Asks others where some of those have gone who send us new blocks: those that we chose ourselves first.
    fn fill(&mut self, acts: &mut Acts) {
        while self.pushers.len() < PUSHERS_MAX {
            let others = self.listeners.iter().filter(|(peer, _)| !self.pushers.contains(peer));
            let best = others.max_by_key(|(peer, other)| (other.is_outbound, std::cmp::Reverse(**peer)));
            let Some(best) = best.map(|(peer, _)| *peer) else { break };
            self.pushers.push_back(best);
            acts.send(best, Message::Pushes(1));
        }
    }

    pub fn disconnected(&mut self, peer: PeerId, acts: &mut Acts) {
        self.listeners.remove(&peer);
        self.pushers.retain(|other| *other != peer);
        self.fill(acts);
    }

    /// Whether it is one that we chose ourselves.
    pub fn is_outbound(&self, peer: PeerId) -> bool {
        self.listeners.get(&peer).is_some_and(|listener| listener.is_outbound)
    }

    /// Those who have this block, as far as we know.
    pub fn with(&self, hash: &BlockHash) -> impl Iterator<Item = PeerId> {
        self.listeners.iter().filter(|(_, listener)| listener.has.contains(hash)).map(|(peer, _)| *peer)
    }

    pub fn wants_pushes(&mut self, peer: PeerId, wants: bool) {
        let others = self.listeners.iter().filter(|(other, _)| **other != peer);
        let pushed = others.filter(|(_, listener)| listener.wants_pushes).count();
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
            listener.owed += 1;
        }
    }

    /// Whether it was; then it has answered one of these now.
    pub fn answers_late(&mut self, peer: PeerId) -> bool {
        let Some(listener) = self.listeners.get_mut(&peer) else { return true };
        let owes = listener.owed > 0;
        listener.owed -= u32::from(owes);
        owes
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
        let is_ours = |peer: &PeerId| self.is_outbound(*peer);
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
            acts.push(Output::Send(to, Message::Compact(Arc::clone(compact))));
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
