//! What befalls nodes: they start, stop, die, lose power, run out of room, and their clocks are wrong.

use std::sync::Arc;

use super::World;
use super::node::{Party, SimulatedNode};
use crate::protocol::{Draws, Input};
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

impl SimulatedNode {
    /// What is on its disks when the power is back.
    fn lose_power(&mut self, now: u64, draw: u64) {
        let mut draws = Draws::of(draw);
        self.lost_power = Some(now);
        self.disks = self.disks.after_crash(&mut draws);
    }
}

impl World {
    /// Starts a node on what is on its disks. Where its power fails in the midst of that, it is started once more.
    ///
    /// # Errors
    /// When it cannot open its store.
    ///
    /// # Panics
    /// When it runs.
    pub fn start(&mut self, number: usize) -> Result<(), StorageError> {
        let opened = self.open(number);
        if self.is_off(number) {
            let (now, draw) = (self.micros(), self.fate.any());
            let node = self.node_mut(number);
            node.running = None;
            node.lose_power(now, draw);
            self.open(number)?;
        } else {
            opened?;
        }
        self.record.started(self.clock.micros(), number);
        self.tell(number, Input::Woken);
        self.attend(number);
        self.tip_moved(number);
        Ok(())
    }

    fn open(&mut self, number: usize) -> Result<(), StorageError> {
        let (now, memo) = (self.micros(), self.memo.clone());
        let run = self.node(number).run();
        let seed = Draws::new(self.seed_of(number, &[&b"run"[..], &run.to_le_bytes()].concat()));
        let ground = Arc::clone(&self.ground);
        let node = self.node_mut(number);
        assert!(!node.is_running(), "{number} runs");
        (node.stopped, node.is_excused) = (None, false);
        node.disks.drive.begin();
        node.open(&ground.genesis, memo, now, seed)
    }

    /// Ends a node. What outlives it is on its disks.
    pub fn end(&mut self, number: usize, kind: CrashKind) {
        let (at, draw) = (self.micros(), self.fate.any());
        self.record.ended(at, number, kind);
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
                node.disks = node.disks.after_kill();
            }
            CrashKind::PowerLost => {
                drop(running);
                node.lose_power(at, draw);
            }
        }
        self.hang_up_all(number, kind == CrashKind::PowerLost);
    }

    /// Whether a node has lost power, and what it had not synced, since then.
    pub fn lost_power_since(&self, number: usize, micros: u64) -> bool {
        self.node(number).lost_power.is_some_and(|at| at >= micros)
    }

    /// Lets a node's power fail in the midst of one of the next operations of its disk, whatever it writes there.
    pub fn crash_soon(&mut self, number: usize, operations: u64) {
        let drive = &self.node(number).disks.drive;
        drive.crash_at(drive.operations() + operations);
    }

    /// Lets a node's disk have room for so many bytes more, whatever is written there; for as many as it likes, where nothing
    /// is given. A loss of power makes no room.
    pub fn limit_disk(&mut self, number: usize, bytes: Option<u64>) {
        self.node(number).disks.drive.limit_free_bytes(bytes);
    }

    /// Lets the next sync of a node's disk fail, whatever was to be kept. The node sees what it wrote, but a loss of power may
    /// take it away.
    pub fn fail_sync(&mut self, number: usize) {
        self.node(number).disks.drive.fail_next_sync();
    }

    /// Gives a node's disk all the room that it wants, and lets it fail and lose its power no more.
    pub fn mend_disk(&mut self, number: usize) {
        self.node(number).disks.drive.mend();
    }

    /// Whether a node's disk has lost its power.
    pub fn is_off(&self, number: usize) -> bool {
        self.node(number).disks.drive.has_crashed()
    }

    /// Ends a node whose power went in the midst of something; whether it had.
    pub(super) fn see_to_power(&mut self, number: usize) -> bool {
        let is_off = self.is_off(number);
        if is_off {
            self.end(number, CrashKind::PowerLost);
        }
        is_off
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
