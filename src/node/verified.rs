//! Which transactions' signatures were verified, so that none is verified twice.

use std::collections::HashSet;

use ahash::RandomState;
use parking_lot::RwLock;

use crate::types::TxHash;

/// Transactions remembered in each of two halves.
const HALF_MAX: usize = 1 << 17;

/// Names of transactions of this chain whose signatures hold, for a while.
///
/// # Security
/// By [`TxHash`], which covers the witness, and for one chain: the same bytes hold there for ever, at whatever height.
/// When one half is full the other is forgotten, so what came lately is always known and memory is bounded.
pub(super) struct Verified {
    halves: RwLock<Halves>,
}

struct Halves {
    young: HashSet<TxHash, RandomState>,
    old: HashSet<TxHash, RandomState>,
}

impl Verified {
    pub fn new(hasher: &RandomState) -> Self {
        let empty = || HashSet::with_hasher(hasher.clone());
        Self { halves: RwLock::new(Halves { young: empty(), old: empty() }) }
    }

    /// Remembers transactions whose signatures were found to hold.
    pub fn remember(&self, hashes: impl Iterator<Item = TxHash>) {
        let mut halves = self.halves.write();
        for hash in hashes {
            if halves.young.len() >= HALF_MAX {
                let Halves { young, old } = &mut *halves;
                std::mem::swap(young, old);
                young.clear();
            }
            halves.young.insert(hash);
        }
    }

    /// Whether this one's signatures are known to hold.
    pub fn contains(&self, hash: &TxHash) -> bool {
        let halves = self.halves.read();
        halves.young.contains(hash) || halves.old.contains(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(number: u32) -> TxHash {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&number.to_le_bytes());
        TxHash::from_bytes(bytes)
    }

    #[test]
    fn what_came_lately_is_known_and_memory_is_bounded() {
        let verified = Verified::new(&RandomState::with_seeds(1, 2, 3, 4));
        let count = 3 * HALF_MAX as u32 + 5;
        verified.remember((0..count).map(hash));
        assert!((count - HALF_MAX as u32..count).all(|number| verified.contains(&hash(number))));
        assert!(!verified.contains(&hash(0)) && !verified.contains(&hash(count)));
        let halves = verified.halves.read();
        assert!(halves.young.len() <= HALF_MAX && halves.old.len() <= HALF_MAX);
    }
}
