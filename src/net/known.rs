//! What the node knows, for the machine; and what it has, for others.

use crate::consensus::{Branch, Params};
use crate::node::NodeHandle;
use crate::protocol::{Known, KnownBlock, Standing};
use crate::types::{BlockHash, Header, Height, Transaction, TxHash};

use super::wire::Stock;

/// A node, as its machine asks it.
pub struct NodeKnown {
    /// It.
    pub node: NodeHandle,
}

impl Known for NodeKnown {
    fn params(&self) -> &Params {
        self.node.genesis().params()
    }

    fn tip(&self) -> Standing {
        self.node.look(|chain, _| Standing::of(chain.tip()))
    }

    fn base(&self) -> Height {
        self.node.base()
    }

    fn locator(&self) -> Vec<BlockHash> {
        self.node.look(|chain, _| chain.locator())
    }

    fn block(&self, hash: &BlockHash) -> Option<KnownBlock> {
        self.node.look(|chain, _| chain.entry(hash).map(KnownBlock::of))
    }

    fn branch(&self, hash: &BlockHash) -> Option<Branch> {
        self.node.look(|chain, _| chain.branch(hash))
    }

    fn headers_above(&self, locator: &[BlockHash], max: usize) -> Vec<Header> {
        self.node.look(|chain, _| {
            let fork = chain.fork_with(locator).hash;
            chain.headers_above(&fork).take(max).copied().collect()
        })
    }

    fn unknown_of(&self, transactions: &[TxHash]) -> Vec<TxHash> {
        self.node.look(|_, pool| {
            let is_unknown = |hash: &&TxHash| pool.get(hash).is_none() && pool.rejection(hash).is_none();
            transactions.iter().filter(is_unknown).copied().collect()
        })
    }

    fn pool(&self, max: usize) -> Vec<TxHash> {
        self.node.look(|_, pool| pool.ordered().take(max).map(|entry| entry.facts().hash).collect())
    }
}

/// A node, as others are served from it.
pub struct NodeStock {
    /// It.
    pub node: NodeHandle,
}

impl Stock for NodeStock {
    fn block(&self, hash: &BlockHash) -> Option<Vec<u8>> {
        // What broke a rule is of no use to anybody.
        if self.node.look(|chain, _| chain.entry(hash).is_some_and(|entry| KnownBlock::of(entry).is_refused))
        {
            return None;
        }
        // Where the disk fails the writer learns it too, and says so.
        self.node.reader().block_bytes(hash).ok().flatten()
    }

    fn transaction(&self, hash: &TxHash) -> Option<Transaction> {
        self.node.reader().pooled(hash).map(|entry| entry.transaction().transaction().clone())
    }
}
