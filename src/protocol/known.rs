//! What a node knows, as its machine asks for it.

use crate::chain::{HeaderEntry, Validity};
use crate::consensus::{Branch, Params};
use crate::types::{BlockHash, Header, Height, TxHash, Work};

/// A block and what lies below it, in three words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// The block.
    pub hash: BlockHash,
    /// Where it stands.
    pub height: Height,
    /// Work of its branch.
    pub work: Work,
}

impl Standing {
    /// Of a block in the tree.
    pub fn of(entry: &HeaderEntry) -> Self {
        Self { hash: entry.hash, height: entry.height, work: entry.work }
    }
}

/// What is known of a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KnownBlock {
    /// Where it is.
    pub standing: Standing,
    /// Whether its body came.
    pub has_body: bool,
    /// Whether it, or one below it, broke a rule. What an operator ruled out broke none.
    pub is_refused: bool,
}

impl KnownBlock {
    /// Of a block in the tree.
    pub fn of(entry: &HeaderEntry) -> Self {
        let is_refused = matches!(entry.validity, Validity::Invalid | Validity::AboveInvalid);
        Self { standing: Standing::of(entry), has_body: entry.arrival.is_some(), is_refused }
    }
}

/// What a node knows of the chain and of what waits for a block. Asked while something is handled; the answers are the
/// writer's, which may be ahead of what is durable.
pub trait Known {
    /// The rules.
    fn params(&self) -> &Params;
    /// The block that is followed.
    fn tip(&self) -> Standing;
    /// Blocks above this height can be had.
    fn base(&self) -> Height;
    /// The branch that is followed, summed up: [`Chain::locator`](crate::chain::Chain::locator).
    fn locator(&self) -> Vec<BlockHash>;
    /// What is known of a block.
    fn block(&self, hash: &BlockHash) -> Option<KnownBlock>;
    /// The branch up to a block, so that headers above it can be judged; nothing where that is unknown or refused.
    fn branch(&self, hash: &BlockHash) -> Option<Branch>;
    /// Headers of the branch that is followed, from where the locator's leaves it; no more than `max`.
    fn headers_above(&self, locator: &[BlockHash], max: usize) -> Vec<Header>;
    /// Those of these transactions that neither wait for a block here nor were rejected, in their order.
    fn unknown_of(&self, transactions: &[TxHash]) -> Vec<TxHash>;
    /// What waits for a block, best first; no more than `max`.
    fn pool(&self, max: usize) -> Vec<TxHash>;
}
