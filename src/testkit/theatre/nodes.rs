//! What a test looks up in nodes.

use super::Theatre;
use crate::node::NodeHandle;
use crate::protocol::Protocol;
use crate::testkit::Follower;
use crate::types::{BlockHash, TxHash};

impl Theatre {
    fn handle(&self, node: usize) -> &NodeHandle {
        self.node(node).handle().expect("it runs")
    }

    /// How high a node's tip is.
    ///
    /// # Panics
    /// When it does not run.
    pub fn height(&self, node: usize) -> u32 {
        self.handle(node).reader().tip().height.0
    }

    /// What all that run follow.
    pub fn tips(&self) -> Vec<BlockHash> {
        self.running().into_iter().filter_map(|node| self.tip(node)).collect()
    }

    /// A node's machine.
    ///
    /// # Panics
    /// When it does not run.
    pub fn machine(&self, node: usize) -> &Protocol {
        self.node(node).machine().expect("it runs")
    }

    /// Whether a transaction waits at a node for a block.
    ///
    /// # Panics
    /// When it does not run.
    pub fn has(&self, node: usize, transaction: &TxHash) -> bool {
        self.handle(node).look(|_, pool| pool.get(transaction).is_some())
    }

    /// How many transactions wait at a node.
    ///
    /// # Panics
    /// When it does not run.
    pub fn waiting(&self, node: usize) -> usize {
        self.handle(node).look(|_, pool| pool.len())
    }

    /// How many headers a node knows.
    ///
    /// # Panics
    /// When it does not run.
    pub fn headers(&self, node: usize) -> usize {
        self.handle(node).look(|chain, _| chain.header_count())
    }

    /// How many transactions are in a block that a node has.
    ///
    /// # Panics
    /// When it does not run, or does not have it.
    pub fn mined_in(&self, node: usize, block: &BlockHash) -> usize {
        let found = self.handle(node).reader().block(block).expect("its disk can be read");
        found.expect("it has it").transactions.len()
    }

    /// Lets a follower follow what a node does.
    ///
    /// # Panics
    /// When the node does not run, or follows what breaks a rule.
    pub fn follow(&self, follower: &mut Follower, node: usize) {
        let reader = self.handle(node).reader();
        let tip = reader.tip().hash;
        let mut blocks = Vec::new();
        let mut at = tip;
        while !follower.chain.has_body(&at) {
            let block = reader.block(&at).expect("its disk can be read").expect("it has what it follows");
            at = block.header.previous;
            blocks.push(block);
        }
        for block in blocks.into_iter().rev() {
            follower.submit(block).expect("what a node follows breaks no rule");
        }
        if follower.chain.tip().hash != tip {
            // Of branches of equal work it knew the other first.
            *follower = Follower::new(&self.network);
            self.follow(follower, node);
        }
    }

    /// Whether two are connected.
    pub fn is_connected(&self, a: usize, b: usize) -> bool {
        self.connections(a, b) > 0
    }
}
