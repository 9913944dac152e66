//! What was done and not synced yet. One sync covers all of it; only then is anybody told.

use std::sync::Arc;
use std::time::Duration;

use super::inbox::{CheckedAndIndexed, Ticket};
use super::verdict::BlockVerdict;
use crate::consensus::{CheckedBlock, CheckedTransaction};
use crate::ledger::Changes;
use crate::storage::{Sequence, WrittenStep};

/// Longest that a block waits for others to be synced with it.
pub(super) const GROUP_TIME_MAX: Duration = Duration::from_millis(250);
/// Bytes that are synced together at most.
pub(super) const GROUP_BYTES_MAX: u64 = 32 << 20;

/// Everything since the last sync.
#[derive(Default)]
pub(super) struct Group {
    /// When the first of it was done, by how long the node had been running.
    pub since: Option<Duration>,
    /// Who is to be told.
    pub answers: Vec<(Ticket<BlockVerdict>, BlockVerdict)>,
    /// Blocks on the branch that is followed, lowest first, which readers do not know.
    pub connected: Vec<CheckedAndIndexed>,
    /// How many blocks were taken off that readers know.
    pub disconnected: usize,
    /// Blocks that were taken off, the highest first.
    pub abandoned: Vec<Arc<CheckedBlock>>,
    /// The steps, in their order, and what each changed in the state.
    pub steps: Vec<(WrittenStep, Arc<Changes>)>,
    /// Numbers of blocks whose place on disk is new.
    pub arrivals: Vec<usize>,
    /// Whether an operator ruled a block out, or had one count again.
    pub has_ruled: bool,
}

impl Group {
    /// Something was written.
    pub fn open(&mut self, now: Duration) {
        self.since.get_or_insert(now);
    }

    /// When it must be synced.
    pub fn deadline(&self) -> Option<Duration> {
        self.since.map(|since| since + GROUP_TIME_MAX)
    }

    /// A block was put on top.
    pub fn connect(&mut self, block: CheckedAndIndexed, step: WrittenStep, changes: Arc<Changes>) {
        self.connected.push(block);
        self.steps.push((step, changes));
    }

    /// The top block was taken off.
    pub fn disconnect(&mut self, block: Arc<CheckedBlock>, step: WrittenStep, changes: Arc<Changes>) {
        if self.connected.pop().is_none() {
            self.disconnected += 1;
        }
        self.abandoned.push(block);
        self.steps.push((step, changes));
    }

    /// The transactions of the blocks that were taken off, oldest first.
    pub fn returned(&self) -> Vec<Arc<CheckedTransaction>> {
        let blocks = self.abandoned.iter().rev();
        blocks.flat_map(|block| block.checked_transactions()).map(Arc::new).collect()
    }

    /// Number of the last step.
    pub fn last_sequence(&self) -> Option<Sequence> {
        self.steps.last().map(|(written, _)| written.step.sequence)
    }
}
