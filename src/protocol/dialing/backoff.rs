//! When something that failed is tried again.

use core::net::SocketAddr;
use std::collections::BTreeMap;

/// How long to wait after the first failure.
const FIRST_MILLIS: u64 = 250;
/// Addresses whose failures are remembered. Beyond these the one whose rest ends soonest is forgotten, and may be tried at
/// once.
pub(super) const RESTING_MAX: usize = 4096;
/// After so long without a failure the next one counts as the first.
const FORGOTTEN_MILLIS: u64 = 10 * 60 * 1000;

/// How long to wait after failures: twice as long after each, up to a bound.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Backoff {
    step: u64,
    until: u64,
}

impl Backoff {
    /// Whether it may be tried.
    pub fn is_over(&self, millis: u64) -> bool {
        self.until <= millis
    }

    /// From when on it may.
    pub fn until(&self) -> u64 {
        self.until
    }

    /// It failed.
    pub fn fail(&mut self, millis: u64, max: u64) {
        if self.until + FORGOTTEN_MILLIS < millis {
            self.step = 0;
        }
        self.step = (self.step * 2).clamp(FIRST_MILLIS, max);
        self.until = millis + self.step;
    }

    /// It held for long: the next failure is the first.
    pub fn start_over(&mut self, millis: u64) {
        *self = Self { step: 0, until: millis + FIRST_MILLIS };
    }
}

/// The addresses that rest.
#[derive(Default)]
pub(super) struct Resting(BTreeMap<SocketAddr, Backoff>);

impl Resting {
    /// How many are remembered.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether this one does.
    pub fn holds(&self, address: SocketAddr, millis: u64) -> bool {
        self.0.get(&address).is_some_and(|rest| !rest.is_over(millis))
    }

    /// It failed.
    pub fn fail(&mut self, address: SocketAddr, millis: u64, max: u64) {
        self.0.entry(address).or_default().fail(millis, max);
        self.bound(millis);
    }

    /// It held for long, and is gone.
    pub fn start_over(&mut self, address: SocketAddr, millis: u64) {
        self.0.entry(address).or_default().start_over(millis);
        self.bound(millis);
    }

    /// It is to be left alone for so long.
    pub fn rest(&mut self, address: SocketAddr, millis: u64, rest: u64) {
        self.0.insert(address, Backoff { step: 0, until: millis + rest });
        self.bound(millis);
    }

    /// When the next of them has rested enough.
    pub fn next(&self, millis: u64) -> Option<u64> {
        self.0.values().map(Backoff::until).filter(|until| *until > millis).min()
    }

    fn bound(&mut self, millis: u64) {
        if self.0.len() > RESTING_MAX {
            self.0.retain(|_, rest| rest.until + FORGOTTEN_MILLIS > millis);
        }
        if self.0.len() > RESTING_MAX {
            let soonest = self.0.iter().min_by_key(|(_, rest)| rest.until).map(|(address, _)| *address);
            self.0.remove(&soonest.expect("there are many"));
        }
    }
}
