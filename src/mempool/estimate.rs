//! What a fee should be, said from what can be seen here.

use std::collections::VecDeque;

use super::{Entry, FeeRate, Mempool};
use crate::consensus::{CheckedBlock, Params};
use crate::types::Amount;

/// Blocks whose fees are remembered. Older ones say nothing about the next.
pub const BLOCKS_REMEMBERED_MAX: usize = 12;

/// A block with less room left than this part of it was full: what it left out was left out for its fee.
const FULL_UP_TO_PART: usize = 10;

/// The price of getting into each of the last blocks.
#[derive(Clone, Debug, Default)]
pub(super) struct RecentBlocks {
    cutoffs: VecDeque<FeeRate>,
}

impl RecentBlocks {
    /// Takes note of a block: the lowest rate in it if it was full, nothing if there was room for more.
    pub fn push(&mut self, block: &CheckedBlock, params: &Params) {
        let bytes_max = params.block_bytes_max as usize;
        let full = block.bytes() + bytes_max / FULL_UP_TO_PART > bytes_max;
        let lowest = block.spends().filter_map(|spend| {
            let bytes = u32::try_from(spend.facts().bytes).ok()?;
            Some(FeeRate::new(spend.body().fee, bytes))
        });
        self.cutoffs.push_back(lowest.min().filter(|_| full).unwrap_or(FeeRate::ZERO));
        if self.cutoffs.len() > BLOCKS_REMEMBERED_MAX {
            self.cutoffs.pop_front();
        }
    }

    /// What would have been enough for at least half of them.
    pub fn usual(&self) -> FeeRate {
        let mut cutoffs: Vec<FeeRate> = self.cutoffs.iter().copied().collect();
        cutoffs.sort_unstable();
        cutoffs.get(cutoffs.len() / 2).copied().unwrap_or(FeeRate::ZERO)
    }

    pub fn len(&self) -> usize {
        self.cutoffs.len()
    }
}

impl Mempool {
    /// The rate that should bring a transaction into one of the next blocks: the highest of what the pool asks for, what
    /// usually was enough lately, and, where more is ready than these blocks hold, what outbids the first that would
    /// be left out. There is always an answer; on an idle devnet it is nothing.
    ///
    /// It is no promise: it cannot know what others will offer.
    pub fn estimate_fee_rate(&self, target_blocks: u32, now_seconds: u64) -> FeeRate {
        let least = self.floor(now_seconds).max(self.recent.usual());
        estimate(self.ordered().map(AsRef::as_ref), target_blocks, self.params.block_bytes_max, least)
    }
}

/// The same over any transactions in their order.
pub(super) fn estimate<'a>(
    ordered: impl Iterator<Item = &'a Entry>,
    target_blocks: u32,
    block_bytes_max: u32,
    least: FeeRate,
) -> FeeRate {
    let mut room = u64::from(target_blocks.max(1)) * u64::from(block_bytes_max);
    for entry in ordered {
        let bytes = entry.facts().bytes;
        match room.checked_sub(bytes as u64) {
            Some(left) => room = left,
            None => {
                let above = entry.rate().fee_above(bytes);
                return least.max(FeeRate::new(above, u32::try_from(bytes).expect("bounded")));
            }
        }
    }
    least.max(FeeRate::new(Amount::ZERO, 1))
}
