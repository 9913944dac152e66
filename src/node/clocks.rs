//! The two clocks of a node.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::types::Timestamp;

/// The clock by which headers are early.
pub type ChainClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How long a node has been running. It never runs back, and is set by nobody.
pub type Uptime = Arc<dyn Fn() -> Duration + Send + Sync>;

/// What time it is for a node.
#[derive(Clone)]
pub struct Clocks {
    /// By which headers are early.
    pub chain: ChainClock,
    /// By which everything is waited for.
    pub uptime: Uptime,
}

impl Clocks {
    /// Those of a node that begins now, with this clock for headers.
    pub(super) fn begin(chain: ChainClock) -> Self {
        let started = Instant::now();
        Self { chain, uptime: Arc::new(move || started.elapsed()) }
    }

    /// The present, by the clock that says which headers are early.
    pub(super) fn chain(&self) -> Timestamp {
        (self.chain)()
    }

    /// How long the node has been running.
    pub(super) fn uptime(&self) -> Duration {
        (self.uptime)()
    }
}

/// The system's clock. Before 1970 and after 2106 it stands still.
pub(super) fn system_time() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u32::try_from(since.as_secs()).unwrap_or(u32::MAX))
}
