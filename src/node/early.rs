//! Blocks from the future, which may be valid in a while.

use std::time::Duration;

use crate::codec::encoded_len;
use crate::consensus::{Params, check_arrival};
use crate::types::{Block, Timestamp};

/// Blocks that are kept until their time comes, and their bytes; what does not fit has to be sent again.
const EARLY_MAX: usize = 64;
const EARLY_BYTES_MAX: usize = 16 << 20;
/// How often the clock is looked at while any waits.
const EVERY: Duration = Duration::from_secs(1);

/// Blocks that lie too far ahead of our clock.
#[derive(Default)]
pub(super) struct Early {
    blocks: Vec<(Block, usize)>,
}

impl Early {
    pub fn keep(&mut self, block: Block) {
        let bytes = encoded_len(&block);
        let kept: usize = self.blocks.iter().map(|(_, bytes)| bytes).sum();
        let known = self.blocks.iter().any(|(other, _)| other.header == block.header);
        if !known && self.blocks.len() < EARLY_MAX && kept + bytes <= EARLY_BYTES_MAX {
            self.blocks.push((block, bytes));
        }
    }

    /// Those whose time has come.
    pub fn due(&mut self, now: Timestamp, params: &Params) -> Vec<Block> {
        let is_due = |(block, _): &mut (Block, usize)| check_arrival(block.header.time, now, params).is_ok();
        self.blocks.extract_if(.., is_due).map(|(block, _)| block).collect()
    }

    /// How long until it is worth asking again; nothing while none waits.
    pub fn next(&self) -> Option<Duration> {
        (!self.blocks.is_empty()).then_some(EVERY)
    }
}
