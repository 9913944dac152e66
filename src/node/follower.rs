//! What follows the chain at its own pace: the database, and the indexes.
//!
//! The writer hands over what it published. Where blocks lie and what is at the tip goes into the database at once; the
//! state is written behind, many blocks together. Indexes wait until nothing else comes, because they are made from the
//! journal and can be made later.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::shared::{INDEXED_IN_MEMORY, Shared};
use crate::ledger::Changes;
use crate::storage::{BlockIndex, Indexed, Sequence, StateMark, StorageError, Tables, index_from, rows};
use crate::types::BlockHash;

/// Groups that may wait for the follower; then the writer waits for it.
pub(super) const PUBLISHED_MAX: usize = 8;
/// Changes of the state that are held before they are written.
const CHANGES_HELD_MAX: usize = 1 << 18;
/// Steps after which the state is written, however little they changed: a start after a kill goes through them again.
const STEPS_HELD_MAX: Sequence = 8192;
/// How long changes are held where nothing else comes.
const STATE_HELD_FOR: Duration = Duration::from_secs(30);
/// How long nothing must have come before indexes are worked on.
const QUIET: Duration = Duration::from_millis(100);
/// How long indexes wait at most while there is no quiet.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a node that stops goes on indexing.
const FINISH_TIME_MAX: Duration = Duration::from_secs(1);
/// So many blocks at least are indexed together, where nothing urges.
const INDEX_BLOCKS: usize = INDEXED_IN_MEMORY;

/// What one sync made durable.
pub(super) struct Published {
    /// Numbers of blocks whose place on disk is new.
    pub arrivals: Vec<usize>,
    /// What each step changed in the state, in their order.
    pub changes: Vec<Arc<Changes>>,
    /// What is ruled out now, where that has changed.
    pub ruled_out: Option<BTreeSet<BlockHash>>,
    /// Where everything stands after it.
    pub mark: StateMark,
}

/// Follows until the writer ends.
pub(super) fn run(mut follower: Follower, published: &Receiver<Published>) {
    let shared = Arc::clone(&follower.shared);
    let _ending = Ending(&shared);
    let followed = follower.follow(published).and_then(|()| shared.check_abandoned());
    let outcome = followed.and_then(|()| follower.finish());
    // Where the node was abandoned, all is left as it lies.
    if let Err(error) = outcome
        && shared.check_abandoned().is_ok()
    {
        // What is lost here is made again from the journal at the next start; until then nothing piles up.
        shared.end_over(&error);
        for _ in published {}
    }
}

/// Closes the database in the end, so that it can be opened again whoever still reads; and says so where a fault of ours
/// was the end, after which nothing would be written any more.
struct Ending<'a>(&'a Shared);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            let reason = "a fault in what feeds the database; start again, nothing is lost";
            self.0.health.stop(reason);
            self.0.inbox.stop(reason);
        }
        self.0.database.close();
    }
}

pub(super) struct Follower {
    shared: Arc<Shared>,
    /// Where the state stands that was handed over last.
    mark: StateMark,
    /// The step at which the state was written last, and when.
    written: Sequence,
    written_at: Duration,
    indexed_at: Duration,
}

impl Follower {
    /// `recovered` is where the state stands that the database holds at the start.
    pub fn new(shared: Arc<Shared>, recovered: StateMark) -> Self {
        let now = shared.clocks.uptime();
        Self { shared, mark: recovered, written: recovered.sequence, written_at: now, indexed_at: now }
    }

    fn follow(&mut self, published: &Receiver<Published>) -> Result<(), StorageError> {
        loop {
            match published.recv_timeout(QUIET) {
                Ok(published) => self.take(published)?,
                Err(RecvTimeoutError::Timeout) => self.catch_up()?,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            self.shared.check_abandoned()?;
        }
    }

    /// Works on what can wait, where nothing else came for a while.
    pub fn catch_up(&mut self) -> Result<(), StorageError> {
        let blocks_min = if self.has_gap()? { 1 } else { INDEX_BLOCKS };
        self.index(blocks_min)?;
        if self.is_due() {
            self.write_state()?;
        }
        self.shared.database.with(Tables::tidy)?;
        Ok(())
    }

    /// When there is something to do even if nothing comes, by how long the node has been running.
    pub fn wake_at(&self) -> Option<Duration> {
        (self.written != self.mark.sequence).then_some(self.written_at + STATE_HELD_FOR)
    }

    /// Whether that time has come.
    pub fn is_due(&self) -> bool {
        self.wake_at().is_some_and(|at| self.now() >= at)
    }

    fn now(&self) -> Duration {
        self.shared.clocks.uptime()
    }

    /// Whether there are blocks that are indexed neither on disk nor in memory.
    fn has_gap(&self) -> Result<bool, StorageError> {
        let mark = self.shared.database.with(|tables| Ok(tables.index_mark()))?;
        let state = self.shared.state.read();
        Ok(mark.sequence + (state.indexed.len() as u64) < state.tip.sequence)
    }

    /// Takes what the writer published.
    pub fn take(&mut self, published: Published) -> Result<(), StorageError> {
        let Published { arrivals, changes, ruled_out, mark } = published;
        let state = self.shared.state.read();
        let rows = rows(&state.chain, &state.written, arrivals);
        drop(state);
        self.mark = mark;
        self.shared.database.with(|tables| {
            ruled_out.map_or(Ok(()), |blocks| tables.put_ruled_out(&blocks))?;
            tables.put_blocks(rows, &mark)?;
            changes.iter().for_each(|changes| tables.hold(changes));
            Ok(())
        })?;
        let held = self.shared.database.with(|tables| Ok(tables.changes_held()))?;
        if held > CHANGES_HELD_MAX || mark.sequence > self.written + STEPS_HELD_MAX {
            self.write_state()?;
        }
        if self.now() >= self.indexed_at + PATIENCE {
            self.index(INDEX_BLOCKS)?;
        }
        // A bit each time: runs that are only added would pile up where there is never quiet.
        self.shared.database.with(Tables::tidy)?;
        Ok(())
    }

    fn write_state(&mut self) -> Result<(), StorageError> {
        (self.written, self.written_at) = (self.mark.sequence, self.now());
        self.shared.database.with(|tables| tables.write_state(self.mark))
    }

    /// Indexes what the journal has beyond what is indexed, where that is at least so many blocks. Whether it was.
    fn index(&mut self, blocks_min: usize) -> Result<bool, StorageError> {
        self.indexed_at = self.now();
        let from = self.shared.database.with(|tables| Ok(tables.index_mark()))?;
        let tip = self.shared.state.read().tip;
        if tip.sequence < from.sequence + blocks_min as u64 {
            return Ok(false);
        }
        let (entries, mark) = index_from(&self.shared.library, from, tip.sequence, self)?;
        self.shared.database.with(|tables| tables.write_index(entries, mark))?;
        Ok(true)
    }

    /// Leaves everything written behind, as far as there is time.
    pub fn finish(&mut self) -> Result<(), StorageError> {
        let until = self.now() + FINISH_TIME_MAX;
        while self.now() < until && self.index(1)? {}
        self.write_state()?;
        self.shared.database.with(|tables| tables.sync())
    }
}

impl Indexed for Follower {
    fn index_of(&self, block: &BlockHash) -> Result<Arc<BlockIndex>, StorageError> {
        let state = self.shared.state.read();
        if let Some((_, index)) = state.indexed.iter().find(|(indexed, _)| indexed == block) {
            return Ok(Arc::clone(index));
        }
        let location = state.written(block).block;
        drop(state);
        let index =
            location.map(|location| self.shared.library.block(location).map(|block| BlockIndex::of(&block)));
        Ok(Arc::new(index.transpose()?.unwrap_or_default()))
    }

    fn below(&self, block: &BlockHash) -> Option<BlockHash> {
        self.shared.state.read().chain.entry(block).map(|entry| entry.header.previous)
    }
}
