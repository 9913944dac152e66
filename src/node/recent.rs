//! The last blocks, kept as they were checked: to take them back, to hand them on, to follow them again.

use std::collections::VecDeque;

use super::inbox::CheckedAndIndexed;
use crate::ledger::Undo;
use crate::types::BlockHash;

/// Encodings of all kept blocks together; in memory they take three to four times that.
const BYTES_MAX: usize = 16 << 20;

struct Kept {
    hash: BlockHash,
    block: CheckedAndIndexed,
    undo: Option<Undo>,
}

/// The last blocks that came; when there is no room, the oldest go.
#[derive(Default)]
pub(super) struct Recent {
    blocks: VecDeque<Kept>,
    bytes: usize,
}

impl Recent {
    pub fn keep(&mut self, block: CheckedAndIndexed) {
        self.bytes += block.block.bytes();
        self.blocks.push_back(Kept { hash: block.block.hash(), block, undo: None });
        while self.bytes > BYTES_MAX && self.blocks.len() > 1 {
            let oldest = self.blocks.pop_front();
            self.bytes -= oldest.map_or(0, |kept| kept.block.block.bytes());
        }
    }

    fn find(&self, hash: &BlockHash) -> Option<usize> {
        self.blocks.iter().rposition(|kept| kept.hash == *hash)
    }

    pub fn block(&self, hash: &BlockHash) -> Option<CheckedAndIndexed> {
        self.find(hash).map(|at| self.blocks[at].block.clone())
    }

    pub fn undo(&self, hash: &BlockHash) -> Option<Undo> {
        self.find(hash).and_then(|at| self.blocks[at].undo.clone())
    }

    /// How to take a block off that was put on.
    pub fn keep_undo(&mut self, undo: &Undo) {
        if let Some(at) = self.find(&undo.block) {
            self.blocks[at].undo = Some(undo.clone());
        }
    }
}
