//! The last blocks as miners are counted by them: who was paid, how much work, how far apart.

use std::collections::VecDeque;

use crate::node::{ReadError, Reader};
use crate::types::{Address, BlockHash, Height};

/// Blocks that are looked at.
pub const BLOCKS_MAX: usize = 144;

/// Who mined the last blocks, put together block by block: only what is new is read.
#[derive(Default)]
pub struct Lately {
    /// Lowest first.
    blocks: VecDeque<(Height, BlockHash, Address)>,
}

impl Lately {
    /// Comes up to a reader's tip.
    ///
    /// # Errors
    /// When a block cannot be read.
    pub fn follow(&mut self, reader: &Reader) -> Result<(), ReadError> {
        while self.blocks.back().is_some_and(|(_, hash, _)| !reader.is_followed(hash)) {
            self.blocks.pop_back();
        }
        let tip = reader.tip().height.0;
        let lowest = tip.saturating_sub(BLOCKS_MAX as u32 - 1).max(1);
        let next = self.blocks.back().map_or(lowest, |(height, _, _)| (height.0 + 1).max(lowest));
        for height in (next..=tip).map(Height) {
            let Some(hash) = reader.header_at(height).map(|entry| entry.hash) else { break };
            // What was pruned is not counted.
            if let Some(block) = reader.block(&hash)? {
                self.blocks.push_back((height, hash, block.coinbase.recipient));
            }
        }
        while self.blocks.front().is_some_and(|(height, _, _)| height.0 < lowest) {
            self.blocks.pop_front();
        }
        Ok(())
    }

    /// Who was paid, lowest block first.
    pub fn miners(&self) -> impl ExactSizeIterator<Item = (Height, Address)> {
        self.blocks.iter().map(|(height, _, miner)| (*height, *miner))
    }
}
