//! What a node of a world knows.

use super::{Pool, WorldNode};
use crate::consensus::{Branch, Params};
use crate::protocol::{Known, KnownBlock, Now, ProtocolReport, Standing};
use crate::testkit::Follower;
use crate::types::{BlockHash, Header, Height, TxHash};

/// What a machine is shown of its node.
pub(super) struct View<'a> {
    pub follower: &'a Follower,
    pub pool: &'a Pool,
    pub base: Height,
}

impl WorldNode {
    /// How it stands with others.
    ///
    /// # Panics
    /// When it does not run.
    pub fn report(&self, now: Now) -> ProtocolReport {
        self.machine().report(now, &self.view())
    }

    /// All but the machine, so that the machine can be told with it.
    pub(super) fn view(&self) -> View<'_> {
        View { follower: &self.follower, pool: &self.pool, base: self.base }
    }
}

impl Known for View<'_> {
    fn params(&self) -> &Params {
        self.follower.params()
    }

    fn tip(&self) -> Standing {
        Standing::of(self.follower.chain.tip())
    }

    fn base(&self) -> Height {
        self.base
    }

    fn locator(&self) -> Vec<BlockHash> {
        self.follower.chain.locator()
    }

    fn block(&self, hash: &BlockHash) -> Option<KnownBlock> {
        self.follower.chain.entry(hash).map(KnownBlock::of)
    }

    fn branch(&self, hash: &BlockHash) -> Option<Branch> {
        self.follower.chain.branch(hash)
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
