//! What befalls nodes: they start, stop, die, lose power, run out of room, and their clocks are wrong.

use super::World;
use super::node::Party;
use crate::protocol::Draws;
use crate::storage::StorageError;

/// How a node ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CrashKind {
    /// It is told to stop, and leaves everything in order.
    Stopped,
    /// The process is killed: what it had written is there, synced or not.
    Killed,
    /// The machine loses its power: what was not synced is there, or not, or in part. Nobody is told.
    PowerLost,
}

/// How wrong a clock is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Skew {
    /// Seconds that it is ahead; or behind.
    pub seconds: i64,
    /// Millionths by which it runs too fast; or too slow.
    pub drift: i64,
}

impl World {
    /// Starts a node on what is on its disks.
    ///
    /// # Errors
    /// When it cannot open its store.
    ///
    /// # Panics
    /// When it runs.
    pub fn start(&mut self, number: usize) -> Result<(), StorageError> {
        let (now, memo) = (self.micros(), self.memo.clone());
        let run = self.node(number).run();
        let seed = Draws::new(self.seed_of(number, &[&b"run"[..], &run.to_le_bytes()].concat()));
        let ground = std::sync::Arc::clone(&self.ground);
        let node = self.node_mut(number);
        assert!(!node.is_running(), "{number} runs");
        node.stopped = None;
        node.open(&ground.genesis, memo, now, seed)?;
        self.record.started(now, number);
        self.tell(number, crate::protocol::Input::Woken);
        self.attend(number);
        self.tip_moved(number);
        Ok(())
    }

    /// Ends a node. What outlives it is on its disks.
    pub fn end(&mut self, number: usize, kind: CrashKind) {
        let draw = self.fate.any();
        self.record.ended(self.clock.micros(), number, kind);
        let Party::Node(node) = &mut self.parties[number] else { return };
        let now = node.clock.now();
        let Some(running) = node.running.take() else { return };
        // What was begun in this run comes to nothing.
        node.run += 1;
        node.wakes_at = u64::MAX;
        match kind {
            CrashKind::Stopped => {
                node.book = running.protocol.end(now).to_bytes();
                running.clockwork.stop();
            }
            CrashKind::Killed => {
                drop(running);
                node.disks.journal = node.disks.journal.after_kill();
                node.disks.pool = node.disks.pool.after_kill();
            }
            CrashKind::PowerLost => {
                drop(running);
                let mut draws = Draws::of(draw);
                node.disks.journal = node.disks.journal.after_crash(draws.any());
                node.disks.pool = node.disks.pool.after_crash(draws.any());
                node.disks.database.crash(|choices| draws.place(choices));
            }
        }
        self.hang_up_all(number, kind == CrashKind::PowerLost);
    }

    /// Lets a node's disk crash in the midst of one of the next operations; it has lost its power then.
    pub fn crash_soon(&mut self, number: usize, operations: u64) {
        let disk = &self.node(number).disks.journal;
        disk.crash_at(disk.operations() + operations);
    }

    /// Lets a node's disk have room for so many bytes more; for as many as it likes, where nothing is given.
    pub fn limit_disk(&mut self, number: usize, bytes: Option<u64>) {
        self.node(number).disks.journal.limit_free_bytes(bytes);
    }

    /// Makes a node's clock wrong.
    pub fn set_clock(&mut self, number: usize, skew: Skew) {
        self.node(number).clock.set(skew.seconds, skew.drift);
    }

    /// Closes the ways from these to those, and says by what number they are opened again. What is on its way is held up.
    pub fn close_ways(&mut self, from: &[usize], to: &[usize]) -> u32 {
        self.links.close(from, to)
    }

    /// Opens the ways that were closed under this number.
    pub fn open_ways(&mut self, number: u32) {
        self.links.open(number);
        self.release();
    }

    /// Opens all ways.
    pub fn open_all_ways(&mut self) {
        self.links.open_all();
        self.release();
    }
}
