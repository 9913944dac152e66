//! Blocks for those who ask for them.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use super::Relay;
use crate::codec::List;
use crate::protocol::conduct::{Acts, Offence};
use crate::protocol::{Compact, GetParts, Message, Output, Parts, PeerId, Served};
use crate::types::{Block, BlockHash};

/// Blocks that are kept to be asked for, and their transactions in all: beyond it the oldest go.
pub(super) const KEPT_MAX: usize = 32;
const KEPT_TRANSACTIONS_MAX: usize = 200_000;

/// A block that others may ask for.
pub(super) struct Kept {
    pub hash: BlockHash,
    pub block: Arc<Block>,
    pub compact: Arc<Compact>,
}

impl Relay {
    /// Keeps a block for others to ask for.
    pub(super) fn keep(&mut self, kept: Kept) {
        self.kept.retain(|other| other.hash != kept.hash);
        self.kept.push_back(kept);
        let transactions =
            |kept: &VecDeque<Kept>| -> usize { kept.iter().map(|kept| kept.block.transactions.len()).sum() };
        while self.kept.len() > KEPT_MAX
            || self.kept.len() > 1 && transactions(&self.kept) > KEPT_TRANSACTIONS_MAX
        {
            self.kept.pop_front();
        }
    }

    pub(super) fn find_kept(&self, hash: &BlockHash) -> Option<&Kept> {
        self.kept.iter().rev().find(|kept| kept.hash == *hash)
    }

    /// It asks for a block with its transactions named.
    pub fn compact_asked(&mut self, peer: PeerId, hash: BlockHash, acts: &mut Acts) {
        match self.find_kept(&hash) {
            Some(kept) => acts.send(peer, Message::Compact(Arc::clone(&kept.compact))),
            None => acts.push(Output::SendBlocks(peer, vec![Served::Stored(hash)])),
        }
        self.listeners.has(peer, hash);
    }

    /// It asks for transactions of a block.
    pub fn parts_asked(&self, peer: PeerId, asked: &GetParts, acts: &mut Acts) {
        let Some(kept) = self.find_kept(&asked.block) else {
            acts.send(peer, Message::Missing(List::new(vec![asked.block]).expect("one")));
            return;
        };
        let rises = asked.places.windows(2).all(|pair| pair[0] < pair[1]);
        let parts = asked.places.iter().map(|place| kept.block.transactions.get(*place as usize).cloned());
        match parts.collect::<Option<Vec<_>>>().filter(|_| rises).map(List::new) {
            Some(Ok(transactions)) => {
                acts.send(peer, Message::Parts(Parts { block: asked.block, transactions }));
            }
            _ => acts.blame(peer, Offence::Unasked("parts that no block has")),
        }
    }

    /// It asks for whole blocks: those that may not be written yet come from here, the others from disk.
    pub fn blocks_asked(&self, peer: PeerId, hashes: &[BlockHash], acts: &mut Acts) {
        let mut seen = BTreeSet::new();
        let served =
            hashes.iter().filter(|hash| seen.insert(**hash)).map(|hash| self.served(*hash)).collect();
        acts.push(Output::SendBlocks(peer, served));
    }

    fn served(&self, hash: BlockHash) -> Served {
        let kept = self.find_kept(&hash);
        kept.map_or(Served::Stored(hash), |kept| Served::Kept(Arc::clone(&kept.block)))
    }
}
