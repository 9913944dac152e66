//! What time it is: for the world, and for a node whose clock may be wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use crate::node::Clocks;
use crate::protocol::Now;
use crate::types::Timestamp;

/// A millisecond, in the unit that everything here is counted in.
pub const MILLISECOND: u64 = 1_000;
/// A second.
pub const SECOND: u64 = 1_000_000;
/// A minute.
pub const MINUTE: u64 = 60 * SECOND;
/// An hour.
pub const HOUR: u64 = 60 * MINUTE;

/// The world's clock, in microseconds since it began.
#[derive(Clone, Default)]
pub(super) struct WorldClock {
    micros: Arc<AtomicU64>,
}

impl WorldClock {
    pub fn micros(&self) -> u64 {
        self.micros.load(Ordering::Relaxed)
    }

    pub fn set(&self, micros: u64) {
        self.micros.store(micros, Ordering::Relaxed);
    }
}

/// A node's clock: it shows the world's time, as wrong as it is. What it waits by is never wrong.
pub(super) struct NodeClock {
    world: WorldClock,
    /// What clocks show when the world begins.
    begin: Timestamp,
    /// Seconds that it is ahead, or behind.
    offset: AtomicI64,
    /// Millionths by which it runs too fast, or too slow.
    drift: AtomicI64,
}

impl NodeClock {
    pub fn new(world: WorldClock, begin: Timestamp) -> Arc<Self> {
        Arc::new(Self { world, begin, offset: AtomicI64::new(0), drift: AtomicI64::new(0) })
    }

    /// Makes it wrong: so many seconds ahead, and so many millionths too fast since the world began.
    pub fn set(&self, offset: i64, drift: i64) {
        self.offset.store(offset, Ordering::Relaxed);
        self.drift.store(drift, Ordering::Relaxed);
    }

    pub fn time(&self) -> Timestamp {
        let micros = self.world.micros().cast_signed();
        let drifted = micros + micros / 1_000_000 * self.drift.load(Ordering::Relaxed);
        let seconds = i64::from(self.begin.0)
            + drifted.div_euclid(SECOND.cast_signed())
            + self.offset.load(Ordering::Relaxed);
        Timestamp(u32::try_from(seconds.max(0)).unwrap_or(u32::MAX))
    }

    pub fn now(&self) -> Now {
        let time = self.time();
        Now { millis: self.world.micros() / MILLISECOND, wall: time, chain: time }
    }

    /// The same, for the node itself.
    pub fn clocks(self: &Arc<Self>) -> Clocks {
        let (chain, world) = (Arc::clone(self), self.world.clone());
        Clocks {
            chain: Arc::new(move || chain.time()),
            uptime: Arc::new(move || Duration::from_micros(world.micros())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_clock_is_wrong_by_as_much_as_it_was_told() {
        let world = WorldClock::default();
        let clock = NodeClock::new(world.clone(), Timestamp(1000));
        clock.set(-30, 100);
        world.set(10_000 * SECOND);
        assert_eq!(clock.time(), Timestamp(1000 + 10_000 - 30 + 1));
        assert_eq!(clock.now().millis, 10_000_000, "what it waits by is right");
    }
}
