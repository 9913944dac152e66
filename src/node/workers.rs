//! Who mines on this node from outside, and what came of it.

use std::collections::BTreeMap;
use std::time::Instant;

use parking_lot::Mutex;

use crate::template::{Difficulty, Meter};
use crate::types::Address;

/// Workers remembered; beyond, whoever was heard of longest ago is forgotten.
pub const WORKERS_MAX: usize = 4096;

/// A machine of somebody who is paid.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct WorkerName {
    /// Who is paid.
    pub miner: Address,
    /// What they call the machine; empty where they have one.
    pub worker: String,
}

/// What became of a share.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Share {
    /// It was as hard as asked.
    Accepted(Difficulty),
    /// It was a block, on the branch that is followed now.
    Block,
    /// It came too late, twice, or was not as hard as asked.
    Rejected,
}

/// What a worker did so far.
#[derive(Clone, PartialEq, Debug)]
pub struct WorkerReport {
    /// Who.
    pub name: WorkerName,
    /// Hashes a second, as its shares tell.
    pub hash_rate: f64,
    /// Shares that counted.
    pub accepted: u64,
    /// Shares that did not.
    pub rejected: u64,
    /// Blocks found.
    pub blocks: u64,
    /// Seconds since anything was heard of it.
    pub idle_seconds: u64,
}

struct Worker {
    meter: Meter,
    heard: Instant,
    accepted: u64,
    rejected: u64,
    blocks: u64,
}

/// Everyone who mines on this node from outside. What is counted here is forgotten when the node ends.
pub struct Workers {
    started: Instant,
    workers: Mutex<BTreeMap<WorkerName, Worker>>,
}

impl Workers {
    pub(super) fn new() -> Self {
        Self { started: Instant::now(), workers: Mutex::default() }
    }

    fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// Counts a share.
    pub fn count(&self, name: &WorkerName, share: Share) {
        let now = self.seconds();
        let mut workers = self.workers.lock();
        if workers.len() >= WORKERS_MAX && !workers.contains_key(name) {
            let oldest = workers.iter().min_by_key(|(_, worker)| worker.heard).map(|(name, _)| name.clone());
            oldest.and_then(|oldest| workers.remove(&oldest));
        }
        let worker = workers.entry(name.clone()).or_insert_with(|| Worker {
            meter: Meter::new(now),
            heard: Instant::now(),
            accepted: 0,
            rejected: 0,
            blocks: 0,
        });
        worker.heard = Instant::now();
        match share {
            Share::Accepted(difficulty) => {
                worker.accepted += 1;
                worker.meter.count(difficulty.hashes(), now);
            }
            Share::Block => worker.blocks += 1,
            Share::Rejected => worker.rejected += 1,
        }
    }

    /// Everyone, by who is paid.
    pub fn reports(&self) -> Vec<WorkerReport> {
        let now = self.seconds();
        let report = |(name, worker): (&WorkerName, &Worker)| WorkerReport {
            name: name.clone(),
            hash_rate: worker.meter.rate(now),
            accepted: worker.accepted,
            rejected: worker.rejected,
            blocks: worker.blocks,
            idle_seconds: worker.heard.elapsed().as_secs(),
        };
        self.workers.lock().iter().map(report).collect()
    }
}
