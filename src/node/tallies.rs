//! How often what has happened since the node began: for whoever watches it, and for nothing else.

use parking_lot::Mutex;

use super::verdict::{BlockVerdict, Verdict};

/// How often what has happened since the node began. Each figure only grows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Blocks that were followed when they came.
    pub followed: u64,
    /// Blocks that came to stand on a branch that was not followed.
    pub side: u64,
    /// Blocks that were here before.
    pub known: u64,
    /// Blocks of which one below was missing.
    pub orphans: u64,
    /// Blocks that were kept until their time.
    pub early: u64,
    /// Blocks that were refused.
    pub refused: u64,
    /// How often the branch was left for another.
    pub reorganizations: u64,
    /// Blocks that were taken off in that.
    pub taken_off: u64,
    /// Transactions that were let into the pool by themselves.
    pub entered: u64,
    /// Transactions that were not.
    pub turned_away: u64,
    /// Transactions of the pool that were mined.
    pub mined: u64,
    /// Transactions that came back into it from blocks that were taken off.
    pub returned: u64,
    /// Transactions that left it without being mined.
    pub departed: u64,
}

/// Where it is counted.
#[derive(Default)]
pub(super) struct Tallies(Mutex<Tally>);

impl Tallies {
    pub fn now(&self) -> Tally {
        *self.0.lock()
    }

    pub fn count(&self, count: impl FnOnce(&mut Tally)) {
        count(&mut self.0.lock());
    }

    pub fn judged(&self, verdict: &BlockVerdict) {
        self.count(|tally| match verdict {
            Ok(Verdict::Followed { reverted }) => {
                tally.followed += 1;
                tally.reorganizations += u64::from(*reverted > 0);
                tally.taken_off += u64::from(*reverted);
            }
            Ok(Verdict::Side) => tally.side += 1,
            Ok(Verdict::Known) => tally.known += 1,
            Ok(Verdict::Orphan { .. }) => tally.orphans += 1,
            Ok(Verdict::Early { .. }) => tally.early += 1,
            Err(_) => tally.refused += 1,
        });
    }
}
