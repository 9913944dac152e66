//! Blocks from the future, which may be valid in a while.

use std::sync::Arc;
use std::time::Duration;

use crate::codec::encoded_len;
use crate::consensus::{Params, check_arrival};
use crate::types::{Block, Timestamp};

/// Blocks that are kept until their time comes, and their bytes. Beyond it the one furthest ahead gives way, and has to be
/// sent again.
pub(super) const EARLY_MAX: usize = 64;
const EARLY_BYTES_MAX: usize = 16 << 20;
/// How long one is kept at most; what lies further ahead is refused.
///
/// # Security
/// Blocks whose time never comes cost little work where nothing is known of the branch below them, and would take all room
/// for good.
const EARLY_SECONDS_MAX: u32 = 2 * 3600;
/// How often the clock is looked at while any waits.
const EVERY: Duration = Duration::from_secs(1);

/// Blocks that lie too far ahead of our clock.
#[derive(Default)]
pub(super) struct Early {
    blocks: Vec<(Arc<Block>, usize)>,
    /// When the clock was last looked at, by how long the node has been running.
    looked: Duration,
}

impl Early {
    /// Keeps one that comes so many seconds too early. Whether it is kept: not where it is the one that gives way.
    pub fn keep(&mut self, block: Arc<Block>, seconds: u32) -> bool {
        if self.blocks.iter().any(|(other, _)| other.header == block.header) {
            return true;
        }
        let (header, bytes) = (block.header, encoded_len(&*block));
        if seconds > EARLY_SECONDS_MAX || bytes > EARLY_BYTES_MAX {
            return false;
        }
        self.blocks.push((block, bytes));
        while self.blocks.len() > EARLY_MAX || self.bytes() > EARLY_BYTES_MAX {
            // Of those equally far ahead, the last that came.
            let furthest = self.blocks.iter().enumerate().max_by_key(|(_, (block, _))| block.header.time);
            let Some((at, _)) = furthest else { break };
            self.blocks.remove(at);
        }
        self.blocks.iter().any(|(kept, _)| kept.header == header)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.blocks.len()
    }

    fn bytes(&self) -> usize {
        self.blocks.iter().map(|(_, bytes)| bytes).sum()
    }

    /// Those whose time has come; the node has been running for so long.
    pub fn due(&mut self, uptime: Duration, now: Timestamp, params: &Params) -> Vec<Arc<Block>> {
        self.looked = uptime;
        let is_due =
            |(block, _): &mut (Arc<Block>, usize)| check_arrival(block.header.time, now, params).is_ok();
        self.blocks.extract_if(.., is_due).map(|(block, _)| block).collect()
    }

    /// When it is worth asking again, by how long the node has been running; nothing while none waits.
    pub fn next(&self) -> Option<Duration> {
        (!self.blocks.is_empty()).then_some(self.looked + EVERY)
    }
}
