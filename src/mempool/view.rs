//! The pool as readers see it: at one moment, and never changing under them.

use std::sync::Arc;

use super::estimate::estimate;
use super::{Entry, FeeRate, Mempool};

/// All ready transactions at one moment, in the order in which a miner wants them.
#[derive(Clone, Debug)]
pub struct PoolView {
    entries: Vec<Arc<Entry>>,
    waiting: usize,
    bytes: usize,
    floor: FeeRate,
    usual: FeeRate,
    block_bytes_max: u32,
}

impl Mempool {
    /// What readers are given: a pointer to each ready transaction, and the sums.
    pub fn view(&self, now_seconds: u64) -> PoolView {
        let mut entries = Vec::with_capacity(self.ready_len());
        entries.extend(self.ordered().cloned());
        PoolView {
            entries,
            waiting: self.waiting.len(),
            bytes: self.bytes(),
            floor: self.floor(now_seconds),
            usual: self.recent.usual(),
            block_bytes_max: self.params.block_bytes_max,
        }
    }
}

impl PoolView {
    /// The ready transactions, best first.
    pub fn entries(&self) -> &[Arc<Entry>] {
        &self.entries
    }

    /// How many wait for an earlier nonce besides.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// The length of all encodings, of those that wait too.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The rate below which nothing was admitted at that moment.
    pub fn floor(&self) -> FeeRate {
        self.floor
    }

    /// As [`Mempool::estimate_fee_rate`].
    pub fn estimate_fee_rate(&self, target_blocks: u32) -> FeeRate {
        let ordered = self.entries.iter().map(AsRef::as_ref);
        estimate(ordered, target_blocks, self.block_bytes_max, self.floor.max(self.usual))
    }
}
