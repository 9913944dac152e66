//! How much of everything the pool keeps.

use super::FeeRate;
use crate::types::TRANSACTION_BYTES_MAX;

/// Bounds and prices of one node: policy, which nobody else need share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Encodings of all transactions together. Beyond it the cheapest tails leave and the floor rises.
    pub bytes_max: usize,
    /// Transactions of one account that could be mined now. Beyond it the account's next is refused.
    ///
    /// # Security
    /// They stand and fall together, so a longer queue would make one change of a balance cost us more.
    pub account_transactions_max: usize,
    /// Transactions that wait for an earlier nonce. Beyond it the one that has waited longest leaves.
    pub waiting_max: usize,
    /// Their encodings together. Beyond it the one that has waited longest leaves.
    ///
    /// # Security
    /// What waits has paid for nothing and perhaps never will, so this is the cheapest memory to fill: it is small.
    pub waiting_bytes_max: usize,
    /// Of one account. Beyond it the highest nonce leaves, which is the furthest from being mined.
    pub account_waiting_max: usize,
    /// Seconds after which a transaction leaves, so that one that nobody mines is forgotten everywhere in the end.
    pub age_seconds_max: u64,
    /// Remembered rejections of each kind. Beyond it the oldest is forgotten, and checked again if it comes again.
    pub rejections_max: usize,
    /// What a transaction must offer even to an empty pool; nothing on a devnet.
    pub fee_rate_min: FeeRate,
    /// How far the floor rises above what was last evicted.
    ///
    /// # Security
    /// Without it a full pool could be turned over again and again at the price of a pebble more each time.
    pub floor_step: FeeRate,
    /// Seconds in which a floor that rose falls to half.
    pub floor_halflife_seconds: u64,
}

impl Limits {
    /// The least `bytes_max` that a pool can work with: a few of the longest transactions.
    pub const BYTES_MAX_MIN: usize = 4 * TRANSACTION_BYTES_MAX;

    /// What a node uses unless told otherwise: room for ten blocks of 2,000 payments coming back on top of 50,000.
    pub const DEFAULT: Self = Self {
        bytes_max: 64 << 20,
        account_transactions_max: 1024,
        waiting_max: 4096,
        waiting_bytes_max: 4 << 20,
        account_waiting_max: 64,
        age_seconds_max: 14 * 24 * 3600,
        rejections_max: 16_384,
        fee_rate_min: FeeRate::ZERO,
        floor_step: FeeRate::per_kilobyte(1000),
        floor_halflife_seconds: 1200,
    };

    /// Whether the bounds agree with each other.
    pub const fn agree(&self) -> bool {
        self.bytes_max >= Self::BYTES_MAX_MIN
            && self.waiting_bytes_max <= self.bytes_max / 2
            && self.waiting_bytes_max >= TRANSACTION_BYTES_MAX
            && self.account_transactions_max >= 1
            && self.account_waiting_max <= self.account_transactions_max
            && self.account_waiting_max <= self.waiting_max
            && self.age_seconds_max >= 1
            && self.rejections_max >= 1
            && self.floor_halflife_seconds >= 1
    }
}

const _: () = assert!(Limits::DEFAULT.agree());

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
