//! Locators: a branch summed up in a few hashes, so that a stranger can find where theirs leaves it.

use super::{Chain, HeaderEntry};
use crate::types::{BlockHash, Height};

/// Hashes in a locator: more than any chain of 32-bit heights needs.
pub const LOCATOR_MAX: usize = 64;

/// Hashes at the tip before the steps begin to double: most forks are shallow.
const DENSE: u32 = 10;

impl Chain {
    /// The branch we follow, from its tip down: ten in a row, then in doubling steps, genesis last.
    pub fn locator(&self) -> Vec<BlockHash> {
        let mut hashes = Vec::new();
        let mut height = self.tip().height;
        let mut step = 1;
        while height != Height::GENESIS {
            hashes.extend(self.at(height).map(|entry| entry.hash));
            if hashes.len() as u32 >= DENSE {
                step *= 2;
            }
            height = Height(height.0.saturating_sub(step));
        }
        hashes.extend(self.at(Height::GENESIS).map(|entry| entry.hash));
        hashes
    }

    /// The highest block of a stranger's locator that is on the branch we follow; genesis where they share no other.
    pub fn fork_with(&self, locator: &[BlockHash]) -> &HeaderEntry {
        let shared = locator.iter().take(LOCATOR_MAX).filter(|hash| self.is_active(hash));
        shared
            .filter_map(|hash| self.entry(hash))
            .max_by_key(|entry| entry.height)
            .or_else(|| self.at(Height::GENESIS))
            .expect("genesis is always there")
    }
}
