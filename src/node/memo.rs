//! What checks found, for many nodes of one chain in one process: each is a function of its input and of nothing else, so
//! whoever finds it first finds it for all.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::Mutex;

use super::inbox::CheckedAndIndexed;
use crate::codec::encode;
use crate::consensus::{BlockError, CheckedTransaction, HeaderContext};
use crate::crypto::{Digest, sha256};
use crate::ledger::MapSeed;
use crate::types::{Block, TxHash};

/// Verdicts remembered of each kind in each of two halves.
const HALF_MAX: usize = 1 << 15;

/// Verdicts by the hash of what they are about; the oldest are forgotten.
pub struct Memo {
    transactions: Mutex<Halves<TxHash, Arc<CheckedTransaction>>>,
    blocks: Mutex<Halves<(Digest, Ask), Result<CheckedAndIndexed, BlockError>>>,
}

/// What a branch asks of a block: the other half of what its verdict depends on.
type Ask = (u32, u32, u32);

struct Halves<K, V> {
    young: HashMap<K, V, ahash::RandomState>,
    old: HashMap<K, V, ahash::RandomState>,
}

impl<K: Hash + Eq, V: Clone> Halves<K, V> {
    fn new(hasher: &ahash::RandomState) -> Self {
        let empty = || HashMap::with_hasher(hasher.clone());
        Self { young: empty(), old: empty() }
    }

    fn get(&self, key: &K) -> Option<V> {
        self.young.get(key).or_else(|| self.old.get(key)).cloned()
    }

    fn remember(&mut self, key: K, value: V) {
        if self.young.len() >= HALF_MAX {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        self.young.insert(key, value);
    }
}

impl Memo {
    /// Knows nothing yet.
    pub fn new(seed: MapSeed) -> Self {
        let hasher = seed.hasher();
        Self { transactions: Mutex::new(Halves::new(&hasher)), blocks: Mutex::new(Halves::new(&hasher)) }
    }

    /// A transaction that was found to hold.
    pub(super) fn transaction(&self, hash: &TxHash) -> Option<Arc<CheckedTransaction>> {
        self.transactions.lock().get(hash)
    }

    /// Remembers one that was found to hold. By its [`TxHash`], which covers all of its bytes.
    pub(super) fn remember(&self, transaction: &Arc<CheckedTransaction>) {
        self.transactions.lock().remember(transaction.facts().hash, Arc::clone(transaction));
    }

    /// What was found about a block, or is found now.
    pub(super) fn block(
        &self,
        block: Block,
        context: &HeaderContext,
        check: impl FnOnce(Block) -> Result<CheckedAndIndexed, BlockError>,
    ) -> Result<CheckedAndIndexed, BlockError> {
        let ask = (context.height.0, context.bits.0, context.median_time.0);
        let key = (sha256(&encode(&block)), ask);
        let found = self.blocks.lock().get(&key);
        found.unwrap_or_else(|| {
            let found = check(block);
            self.blocks.lock().remember(key, found.clone());
            found
        })
    }
}
