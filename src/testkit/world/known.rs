//! What a node of a world knows.

use super::{Pool, WorldNode};
use crate::chain::{HeaderEntry, Validity};
use crate::consensus::{Branch, Params};
use crate::protocol::{Known, KnownBlock, Standing};
use crate::testkit::Follower;
use crate::types::{BlockHash, Header, Height, TxHash};

/// What a machine is shown of its node.
pub(super) struct View<'a> {
    pub follower: &'a Follower,
    pub pool: &'a Pool,
    pub base: Height,
}

impl WorldNode {
    /// All but the machine, so that the machine can be told with it.
    pub(super) fn view(&self) -> View<'_> {
        View { follower: &self.follower, pool: &self.pool, base: self.base }
    }
}

fn standing(entry: &HeaderEntry) -> Standing {
    Standing { hash: entry.hash, height: entry.height, work: entry.work }
}

impl Known for View<'_> {
    fn params(&self) -> &Params {
        self.follower.params()
    }

    fn tip(&self) -> Standing {
        standing(self.follower.chain.tip())
    }

    fn base(&self) -> Height {
        self.base
    }

    fn locator(&self) -> Vec<BlockHash> {
        self.follower.chain.locator()
    }

    fn block(&self, hash: &BlockHash) -> Option<KnownBlock> {
        self.follower.chain.entry(hash).map(|entry| KnownBlock {
            standing: standing(entry),
            has_body: entry.arrival.is_some(),
            is_refused: entry.validity != Validity::Valid,
        })
    }

    fn branch(&self, hash: &BlockHash) -> Option<Branch> {
        self.follower.chain.branch(hash)
    }

    fn at(&self, height: Height) -> Option<BlockHash> {
        self.follower.chain.at(height).map(|entry| entry.hash)
    }

    fn headers_above(&self, locator: &[BlockHash], max: usize) -> Vec<Header> {
        let fork = self.follower.chain.fork_with(locator).hash;
        self.follower.chain.headers_above(&fork).take(max).copied().collect()
    }

    fn unknown_of(&self, transactions: &[TxHash]) -> Vec<TxHash> {
        transactions.iter().filter(|hash| !self.pool.knows(hash)).copied().collect()
    }

    fn pool(&self, max: usize) -> Vec<TxHash> {
        self.pool.hashes().take(max).collect()
    }
}
