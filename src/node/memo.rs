//! What checks found, for many nodes of one chain in one process: each is a function of its input and of nothing else, so
//! whoever finds it first finds it for all.

use std::sync::Arc;

use parking_lot::Mutex;

use super::halves::Halves;
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

impl Memo {
    /// Knows nothing yet.
    pub fn new(seed: MapSeed) -> Self {
        let hasher = seed.hasher();
        Self {
            transactions: Mutex::new(Halves::new(HALF_MAX, &hasher)),
            blocks: Mutex::new(Halves::new(HALF_MAX, &hasher)),
        }
    }

    /// A transaction that was found to hold.
    pub(super) fn transaction(&self, hash: &TxHash) -> Option<Arc<CheckedTransaction>> {
        self.transactions.lock().get(hash).cloned()
    }

    /// Remembers one that was found to hold. By its [`TxHash`], which covers all of its bytes.
    pub(super) fn remember(&self, transaction: &Arc<CheckedTransaction>) {
        self.transactions.lock().put(transaction.facts().hash, Arc::clone(transaction));
    }

    /// What was found about a block, or is found now.
    pub(super) fn block(
        &self,
        block: Arc<Block>,
        context: &HeaderContext,
        check: impl FnOnce(Arc<Block>) -> Result<CheckedAndIndexed, BlockError>,
    ) -> Result<CheckedAndIndexed, BlockError> {
        let ask = (context.height.0, context.bits.0, context.median_time.0);
        let key = (sha256(&encode(&*block)), ask);
        let found = self.blocks.lock().get(&key).cloned();
        found.unwrap_or_else(|| {
            let found = check(block);
            self.blocks.lock().put(key, found.clone());
            found
        })
    }
}
