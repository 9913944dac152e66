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

/// How many shares became what.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Shares {
    /// Shares that counted.
    pub accepted: u64,
    /// Shares that did not.
    pub rejected: u64,
    /// Blocks found.
    pub blocks: u64,
}

impl Shares {
    fn count(&mut self, share: Share) {
        *match share {
            Share::Accepted(_) => &mut self.accepted,
            Share::Block => &mut self.blocks,
            Share::Rejected => &mut self.rejected,
        } += 1;
    }
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
    /// Shares that did not, since the first that did.
    pub rejected: u64,
    /// Blocks found.
    pub blocks: u64,
    /// Seconds since anything was heard of it.
    pub idle_seconds: u64,
}

struct Worker {
    meter: Meter,
    heard: Instant,
    /// Where it stands in [`Known::silent`].
    turn: u64,
    shares: Shares,
}

/// Who is known, and in which order they were heard of last.
#[derive(Default)]
struct Known {
    workers: BTreeMap<WorkerName, Worker>,
    /// All of them, whoever was heard of longest ago first.
    silent: BTreeMap<u64, WorkerName>,
    turn: u64,
    /// Of all together, those who were forgotten too.
    shares: Shares,
}

impl Known {
    /// A worker of whom something was heard just now; one that is not known becomes so where it `is_to_be`.
    fn hear(&mut self, name: &WorkerName, is_to_be: bool, now: f64) -> Option<&mut Worker> {
        if !is_to_be && !self.workers.contains_key(name) {
            return None;
        }
        self.turn += 1;
        let worker = self.workers.entry(name.clone()).or_insert_with(|| Worker {
            meter: Meter::new(now),
            heard: Instant::now(),
            turn: 0,
            shares: Shares::default(),
        });
        let name = self.silent.remove(&worker.turn).unwrap_or_else(|| name.clone());
        self.silent.insert(self.turn, name);
        (worker.turn, worker.heard) = (self.turn, Instant::now());
        Some(worker)
    }

    fn forget_beyond(&mut self, workers_max: usize) {
        while self.workers.len() > workers_max
            && let Some((_, longest_silent)) = self.silent.pop_first()
        {
            self.workers.remove(&longest_silent);
        }
    }
}

/// Everyone who mines on this node from outside. What is counted here is forgotten when the node ends.
pub struct Workers {
    started: Instant,
    known: Mutex<Known>,
}

impl Workers {
    pub(super) fn new() -> Self {
        Self { started: Instant::now(), known: Mutex::default() }
    }

    fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// Counts a share. Of whom nothing was accepted yet, nothing is counted that was rejected.
    ///
    /// # Security
    /// A name costs a share, so nobody can push others out by names alone. Where shares cost nothing, on a chain made for
    /// tests, it costs the node no more than a look-up to forget one.
    pub fn count(&self, name: &WorkerName, share: Share) {
        let now = self.seconds();
        let mut known = self.known.lock();
        let Some(worker) = known.hear(name, share != Share::Rejected, now) else { return };
        if let Share::Accepted(difficulty) = share {
            worker.meter.count(difficulty.hashes(), now);
        }
        worker.shares.count(share);
        known.shares.count(share);
        known.forget_beyond(WORKERS_MAX);
    }

    /// Everyone, by who is paid.
    pub fn reports(&self) -> Vec<WorkerReport> {
        let now = self.seconds();
        let report = |(name, worker): (&WorkerName, &Worker)| WorkerReport {
            name: name.clone(),
            hash_rate: worker.meter.rate(now),
            accepted: worker.shares.accepted,
            rejected: worker.shares.rejected,
            blocks: worker.shares.blocks,
            idle_seconds: worker.heard.elapsed().as_secs(),
        };
        self.known.lock().workers.iter().map(report).collect()
    }

    /// What was counted of all together, those who were forgotten too: it never falls.
    pub fn shares(&self) -> Shares {
        self.known.lock().shares
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Share = Share::Accepted(Difficulty::ONE);

    fn name(number: usize) -> WorkerName {
        WorkerName { miner: Address::from_bytes([1; 32]), worker: number.to_string() }
    }

    #[test]
    fn worker_is_known_from_its_first_accepted_share_on() {
        let workers = Workers::new();
        workers.count(&name(1), Share::Rejected);
        assert_eq!(workers.reports(), []);
        for share in [GOOD, Share::Rejected, Share::Block, Share::Rejected] {
            workers.count(&name(1), share);
        }
        let [WorkerReport { accepted: 1, rejected: 2, blocks: 1, .. }] = workers.reports()[..] else {
            panic!()
        };
    }

    #[test]
    fn rejected_shares_push_nobody_out() {
        let workers = Workers::new();
        (0..WORKERS_MAX).for_each(|number| workers.count(&name(number), GOOD));
        let before: Vec<_> = workers.reports().into_iter().map(|report| report.name).collect();
        (0..2 * WORKERS_MAX).for_each(|number| workers.count(&name(WORKERS_MAX + number), Share::Rejected));
        let after: Vec<_> = workers.reports().into_iter().map(|report| report.name).collect();
        assert!(before.len() == WORKERS_MAX && before == after);
    }

    #[test]
    fn longest_silent_worker_is_forgotten_for_a_new_one() {
        let workers = Workers::new();
        (0..WORKERS_MAX).for_each(|number| workers.count(&name(number), GOOD));
        // The first two are heard of again, however that may be.
        workers.count(&name(0), Share::Rejected);
        workers.count(&name(1), Share::Block);
        workers.count(&name(WORKERS_MAX), GOOD);
        let known = workers.known.lock();
        let is_known = |number| known.workers.contains_key(&name(number));
        assert!(is_known(0) && is_known(1) && !is_known(2) && is_known(3) && is_known(WORKERS_MAX));
        assert_eq!(known.shares, Shares { accepted: WORKERS_MAX as u64 + 1, rejected: 1, blocks: 1 });
        assert_eq!((known.workers.len(), known.silent.len()), (WORKERS_MAX, WORKERS_MAX));
    }
}
