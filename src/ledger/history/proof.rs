//! Proofs that a header is among those that another commits to.

use super::History;
use super::{HistoryLeaf, HistoryNode, HistorySummary, bag, mountains};
use crate::codec::{Canonical, Decode, Encode, List, encode};
use crate::crypto::sha256;
use crate::types::{HistoryRoot, Work};

/// The way from one header to the root over all of them.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct HistoryProof {
    /// How many headers the root is over.
    pub count: u32,
    /// Nodes beside the way up to its peak, from the leaf on.
    siblings: List<HistoryNode, 0, 32>,
    /// The peaks left of that peak, left to right.
    left: List<HistoryNode, 0, 32>,
    /// The peaks right of it, joined.
    right: Option<HistoryNode>,
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// The header stands nowhere among so many.
    #[error("the header's height is not among those that the root is over")]
    Height,
    /// It cannot be the way of a header at this height.
    #[error("the proof is not of the form that this height has")]
    Form,
    /// The header claims work that its difficulty does not stand for.
    #[error("the header claims {claimed} of work, which is not what its difficulty stands for")]
    Work {
        /// What it claims.
        claimed: Work,
    },
    /// Time runs backwards between two neighbours.
    #[error("two neighbours overlap in time")]
    Overlap,
    /// It leads to another root.
    #[error("the proof leads to another root than the one it should")]
    Root,
}

impl Canonical for HistoryProof {
    const BYTES_MAX: usize = 16 << 10;
}

impl HistoryProof {
    pub(super) fn new(history: &History, index: u32, count: u32) -> Self {
        let bounded = "fewer than 32 levels and peaks";
        let index = index as usize;
        let peaks = history.peaks(count);
        let (at, level) = own_mountain(index, count).expect("the index is below the count");
        let siblings = (0..level).map(|level| history.levels[level][(index >> level) ^ 1]).collect();
        Self {
            count,
            siblings: List::new(siblings).expect(bounded),
            left: List::new(peaks[..at].to_vec()).expect(bounded),
            right: bag(&peaks[at + 1..]),
        }
    }

    /// Checks that `leaf` is among the headers of this root, and answers with what all of them sum up to.
    ///
    /// # Errors
    /// When the proof does not show that.
    pub fn verify(&self, root: &HistoryRoot, leaf: &HistoryLeaf) -> Result<HistoryNode, HistoryError> {
        let index = leaf.height.0 as usize;
        let (at, level) = own_mountain(index, self.count).ok_or(HistoryError::Height)?;
        let last_mountain_is_ours = at + 1 == mountains(self.count).count();
        let shape = self.siblings.len() == level && self.left.len() == at;
        if !shape || self.right.is_none() != last_mountain_is_ours || !self.counts_fit() {
            return Err(HistoryError::Form);
        }
        if HistoryLeaf::new(leaf.block, leaf.height, leaf.effective_time, leaf.bits) != Ok(*leaf) {
            return Err(HistoryError::Work { claimed: leaf.work });
        }
        let mut node = leaf.node();
        for (level, sibling) in self.siblings.iter().enumerate() {
            node = if index >> level & 1 == 1 { join(sibling, &node)? } else { join(&node, sibling)? };
        }
        if let Some(right) = &self.right {
            node = join(&node, right)?;
        }
        for left in self.left.iter().rev() {
            node = join(left, &node)?;
        }
        let summary = HistorySummary { count: self.count, bagged: sha256(&encode(&node)) };
        if summary.root() == *root { Ok(node) } else { Err(HistoryError::Root) }
    }

    /// Whether every node stands over as many headers as its place says.
    fn counts_fit(&self) -> bool {
        let beside =
            self.siblings.iter().enumerate().all(|(level, node)| u64::from(node.count) == 1 << level);
        let mut mountains = mountains(self.count).map(|(level, _)| 1_u64 << level);
        let left = self.left.iter().all(|node| mountains.next() == Some(node.count.into()));
        // Our own mountain comes next; what remains stands to its right.
        let right: u64 = mountains.skip(1).sum();
        beside && left && self.right.map_or(0, |node| u64::from(node.count)) == right
    }
}

/// Joins two nodes that a stranger claims are neighbours.
fn join(left: &HistoryNode, right: &HistoryNode) -> Result<HistoryNode, HistoryError> {
    if left.last_time > right.first_time {
        return Err(HistoryError::Overlap);
    }
    Ok(HistoryNode::join(left, right))
}

/// Which of the mountains over `count` headers holds the one at `index`, and that mountain's level.
fn own_mountain(index: usize, count: u32) -> Option<(usize, usize)> {
    mountains(count)
        .enumerate()
        .find(|(_, (level, position))| index >> level == *position)
        .map(|(at, (level, _))| (at, level))
}
