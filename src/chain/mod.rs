//! The tree of headers: which branches there are, how much work each holds, and which one is ours.
//!
//! This room decides where a block belongs (known, orphan, side, extends, reorganizes) and which branch to follow.
//! It never decides what a block means for balances, which is the `ledger`'s, and never moves by itself: it says what
//! should be disconnected and connected, and is told with [`Chain::activate`] once that has been done.
//!
//! Read [`Chain::place`] first.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod locator;
mod orphans;
mod placement;
mod tree;

pub use locator::LOCATOR_MAX;
pub use orphans::Orphans;
pub use placement::{ChainError, HeaderPlacement, Placement, Plan, Recalled};
pub use tree::{HeaderEntry, Validity};

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::consensus::{Branch, Genesis, HeaderContext, Params};
use crate::types::{BlockHash, FirstDigits, Header, Height};
use tree::{EntryId, Tree};

/// All headers we know, and the branch we follow.
#[derive(Clone, Debug)]
pub struct Chain {
    params: Arc<Params>,
    tree: Tree,
    /// The branch we follow, by height.
    active: Vec<EntryId>,
    /// The blocks whose bodies have come, in that order, which decides between branches of equal work.
    arrived: Vec<EntryId>,
    /// What an operator ruled out by name, headers that are yet to come among them.
    ruled_out: BTreeSet<BlockHash>,
}

impl Chain {
    /// A chain of nothing but its genesis.
    pub fn new(genesis: &Genesis) -> Self {
        let params = Arc::new(genesis.params().clone());
        let tree = Tree::new(&genesis.block().header);
        Self { params, tree, active: vec![Tree::ROOT], arrived: vec![Tree::ROOT], ruled_out: BTreeSet::new() }
    }

    /// The last block of the branch we follow.
    pub fn tip(&self) -> &HeaderEntry {
        self.tree.entry(self.tip_id())
    }

    fn tip_id(&self) -> EntryId {
        *self.active.last().expect("genesis is never disconnected")
    }

    /// What is known about a block.
    pub fn entry(&self, hash: &BlockHash) -> Option<&HeaderEntry> {
        self.tree.find(hash).map(|id| self.tree.entry(id))
    }

    /// The block at this height of the branch we follow.
    pub fn at(&self, height: Height) -> Option<&HeaderEntry> {
        self.active.get(height.0 as usize).map(|id| self.tree.entry(*id))
    }

    /// The block at this height of the branch that ends in `tip`, whichever branch we follow.
    pub fn ancestor(&self, tip: &BlockHash, height: Height) -> Option<&HeaderEntry> {
        let tip = self.tree.find(tip)?;
        match self.is_active_id(tip) {
            true if height <= self.tree.entry(tip).height => self.at(height),
            true => None,
            false => self.tree.ancestor(tip, height).map(|id| self.tree.entry(id)),
        }
    }

    /// The last block that the branches which end in these two have in common; nothing where one of them is unknown.
    pub fn last_common(&self, one: &BlockHash, other: &BlockHash) -> Option<&HeaderEntry> {
        let common = self.tree.last_common(self.tree.find(one)?, self.tree.find(other)?);
        Some(self.tree.entry(common))
    }

    /// Blocks of all branches whose names, as they are printed, begin so, in the order of their names.
    pub fn entries_like(&self, digits: &FirstDigits) -> impl Iterator<Item = &HeaderEntry> {
        self.tree.like(digits)
    }

    /// Whether a block's body came before, so that it need not be checked again.
    pub fn has_body(&self, hash: &BlockHash) -> bool {
        self.entry(hash).is_some_and(|entry| entry.arrival.is_some())
    }

    /// The block whose body was the one of this number to come.
    pub fn arrived(&self, arrival: u64) -> Option<&HeaderEntry> {
        self.arrived.get(usize::try_from(arrival).ok()?).map(|id| self.tree.entry(*id))
    }

    /// Whether a block is on the branch we follow.
    pub fn is_active(&self, hash: &BlockHash) -> bool {
        self.tree.find(hash).is_some_and(|id| self.is_active_id(id))
    }

    fn is_active_id(&self, id: EntryId) -> bool {
        self.active.get(self.tree.entry(id).height.0 as usize) == Some(&id)
    }

    /// How many headers are known, on all branches.
    pub fn header_count(&self) -> usize {
        self.tree.len()
    }

    /// What the branch that ends in `parent` asks of the next block; nothing where that block is unknown or refused, or
    /// where no height is left above it.
    pub fn context_above(&self, parent: &BlockHash) -> Option<HeaderContext> {
        self.branch(parent)?.context(&self.params)
    }

    /// What its branch asked of a block that is known, whatever became of that branch since; nothing of genesis.
    pub fn context_of(&self, hash: &BlockHash) -> Option<HeaderContext> {
        let parent = self.tree.entry(self.tree.find(hash)?).parent?;
        self.tree.branch_to(parent).context(&self.params)
    }

    /// The branch that ends in this block, so that headers above it can be judged without a place in the tree; nothing
    /// where it is unknown or refused, since nothing above it will be followed.
    pub fn branch(&self, hash: &BlockHash) -> Option<Branch> {
        let id = self.tree.find(hash).filter(|id| self.tree.entry(*id).validity == Validity::Valid)?;
        Some(self.tree.branch_to(id))
    }

    /// The last header of every branch, in the order in which they came: what an explorer draws as forks.
    pub fn branch_tips(&self) -> impl DoubleEndedIterator<Item = &HeaderEntry> {
        self.tree.leaves()
    }

    /// Headers of the branch we follow, from the one above `hash` on; none where it is not on it.
    pub fn headers_above(&self, hash: &BlockHash) -> impl Iterator<Item = &Header> {
        let first = self.tree.find(hash).filter(|id| self.is_active_id(*id));
        let ids = first.map_or(&[][..], |id| &self.active[self.tree.entry(id).height.0 as usize + 1..]);
        ids.iter().map(|id| &self.tree.entry(*id).header)
    }
}
