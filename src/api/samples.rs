//! How much waited lately: the pool, looked at every few seconds, for whoever wants to see how it goes.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::{self, MissedTickBehavior};

use crate::node::NodeHandle;

/// Seconds between two looks.
pub const SAMPLE_SECONDS: u64 = 10;
/// Looks that are remembered: a quarter of an hour.
const SAMPLES_MAX: usize = 90;

/// How much waited at some time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sample {
    /// Transactions.
    pub count: usize,
    /// Their bytes.
    pub bytes: usize,
}

/// The last looks, the oldest first.
#[derive(Default)]
pub struct Samples(Mutex<VecDeque<Sample>>);

impl Samples {
    /// All that are remembered.
    pub fn all(&self) -> Vec<Sample> {
        self.0.lock().iter().copied().collect()
    }

    fn take(&self, node: &NodeHandle) {
        let sample = node.look(|_, pool| Sample { count: pool.len(), bytes: pool.bytes() });
        let mut samples = self.0.lock();
        if samples.len() == SAMPLES_MAX {
            samples.pop_front();
        }
        samples.push_back(sample);
    }

    /// Goes on looking until told to end.
    pub async fn keep(&self, node: NodeHandle, mut ended: watch::Receiver<bool>) {
        let mut ticks = time::interval(Duration::from_secs(SAMPLE_SECONDS));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ended.changed() => return,
                _ = ticks.tick() => self.take(&node),
            }
        }
    }
}
