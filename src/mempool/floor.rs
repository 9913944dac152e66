//! The least that the pool asks for, which rises when it is full and falls with time.

use super::{FeeRate, Limits};

/// The floor: above the configured least once something was evicted, and half of that after each half-life.
///
/// # Security
/// What was evicted must not come straight back, nor its like: every node would pass it on again and again. So the
/// floor stays for a while even when the pool has room again.
#[derive(Clone, Debug)]
pub(super) struct Floor {
    least: FeeRate,
    step: FeeRate,
    halflife_seconds: u64,
    raised: FeeRate,
    raised_seconds: u64,
}

impl Floor {
    pub fn new(limits: &Limits) -> Self {
        Self {
            least: limits.fee_rate_min,
            step: limits.floor_step,
            halflife_seconds: limits.floor_halflife_seconds,
            raised: FeeRate::ZERO,
            raised_seconds: 0,
        }
    }

    /// What is asked for now.
    pub fn at(&self, now_seconds: u64) -> FeeRate {
        let halvings = now_seconds.saturating_sub(self.raised_seconds) / self.halflife_seconds;
        self.least.max(self.raised.halved(halvings))
    }

    /// Something of this rate was evicted.
    pub fn rise_above(&mut self, evicted: FeeRate, now_seconds: u64) {
        self.raised = self.at(now_seconds).max(evicted.plus(self.step));
        self.raised_seconds = now_seconds;
    }

    /// Takes note of the time. Whether the floor fell since the last time.
    pub fn settle(&mut self, now_seconds: u64) -> bool {
        let halvings = now_seconds.saturating_sub(self.raised_seconds) / self.halflife_seconds;
        let fell = halvings > 0 && self.raised > self.least;
        if halvings > 0 {
            self.raised = self.raised.halved(halvings);
            self.raised_seconds += halvings * self.halflife_seconds;
        }
        fell
    }
}
