//! Which transactions' signatures were verified, so that none is verified twice.

use ahash::RandomState;
use parking_lot::RwLock;

use super::halves::Halves;
use crate::types::TxHash;

/// Transactions remembered in each of two halves.
const HALF_MAX: usize = 1 << 17;

/// Names of transactions of this chain whose signatures hold, for a while.
///
/// # Security
/// By [`TxHash`], which covers the witness, and for one chain: the same bytes hold there for ever, at whatever height.
pub(super) struct Verified {
    known: RwLock<Halves<TxHash, ()>>,
}

impl Verified {
    pub fn new(hasher: &RandomState) -> Self {
        Self { known: RwLock::new(Halves::new(HALF_MAX, hasher)) }
    }

    /// Remembers transactions whose signatures were found to hold.
    pub fn remember(&self, hashes: impl Iterator<Item = TxHash>) {
        let mut known = self.known.write();
        hashes.for_each(|hash| known.put(hash, ()));
    }

    /// Whether this one's signatures are known to hold.
    pub fn contains(&self, hash: &TxHash) -> bool {
        self.known.read().get(hash).is_some()
    }
}
