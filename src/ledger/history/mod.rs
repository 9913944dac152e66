//! A Merkle mountain range over all headers, whose nodes sum up what is below them.
//!
//! Every block commits to all headers before it, so whoever trusts one header can be shown any other, and can be shown
//! how much work lies between two without seeing what lies there. For that each node carries its subtree's work and
//! the span of effective time and difficulty, and its parent hashes them along, as ZIP-221 does: sums that are not
//! hashed could be claimed at will.

mod proof;

use std::sync::LazyLock;

use crate::codec::{Decode, Encode, encode, encode_into};
use crate::crypto::{Digest, Tag, ZERO_DIGEST, sha256};
use crate::types::{Bits, BitsError, BlockHash, EffectiveTime, Height, HistoryRoot, Target, Work};
pub use proof::{HistoryError, HistoryProof};

static LEAF: LazyLock<Tag> = LazyLock::new(|| Tag::new("cairn/history-leaf"));
static NODE: LazyLock<Tag> = LazyLock::new(|| Tag::new("cairn/history-node"));
static ROOT: LazyLock<Tag> = LazyLock::new(|| Tag::new("cairn/history"));

/// One header, as history remembers it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct HistoryLeaf {
    /// The block's name.
    pub block: BlockHash,
    /// Where it stands.
    pub height: Height,
    /// Its own work.
    pub work: Work,
    /// E at it.
    pub effective_time: EffectiveTime,
    /// Its difficulty.
    pub bits: Bits,
}

impl HistoryLeaf {
    /// The leaf of a block.
    ///
    /// # Errors
    /// When the bits stand for no target.
    pub fn new(
        block: BlockHash,
        height: Height,
        effective_time: EffectiveTime,
        bits: Bits,
    ) -> Result<Self, BitsError> {
        let work = Target::from_bits(bits)?.work();
        Ok(Self { block, height, work, effective_time, bits })
    }

    /// # Consensus
    /// `tagged_hash("cairn/history-leaf", leaf)`.
    fn node(&self) -> HistoryNode {
        HistoryNode {
            digest: LEAF.hash(&encode(self)),
            count: 1,
            work: self.work,
            first_time: self.effective_time,
            last_time: self.effective_time,
            first_bits: self.bits,
            last_bits: self.bits,
        }
    }
}

/// Some consecutive headers, summed up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct HistoryNode {
    /// Names all that is below.
    pub digest: Digest,
    /// How many headers.
    pub count: u32,
    /// Their work together.
    pub work: Work,
    /// E at the first of them.
    pub first_time: EffectiveTime,
    /// E at the last of them.
    pub last_time: EffectiveTime,
    /// Difficulty of the first of them.
    pub first_bits: Bits,
    /// Difficulty of the last of them.
    pub last_bits: Bits,
}

impl HistoryNode {
    /// # Consensus
    /// `tagged_hash("cairn/history-node", left ‖ right)` over everything that both carry; sums and spans from both.
    fn join(left: &Self, right: &Self) -> Self {
        let mut bytes = encode(left);
        encode_into(right, &mut bytes);
        Self {
            digest: NODE.hash(&bytes),
            count: left.count.saturating_add(right.count),
            work: left.work.saturating_add(right.work),
            first_time: left.first_time,
            last_time: right.last_time,
            first_bits: left.first_bits,
            last_bits: right.last_bits,
        }
    }
}

/// # Consensus
/// `tagged_hash("cairn/history", count ‖ H(bagged))`: the number of headers in four bytes, little-endian, and the
/// SHA-256 of the node that all peaks were joined into, right to left. Of no headers: zeros.
fn root_over(count: u32, bagged: &Digest) -> HistoryRoot {
    if count == 0 {
        return HistoryRoot::ZERO;
    }
    let mut bytes = [0; 36];
    bytes[..4].copy_from_slice(&count.to_le_bytes());
    bytes[4..].copy_from_slice(bagged);
    HistoryRoot::from_bytes(ROOT.hash(&bytes))
}

/// What it takes to show a history's root without its contents.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct HistorySummary {
    /// How many headers it holds: the height of the block that commits to it.
    pub count: u32,
    /// SHA-256 of the node over all of them.
    pub bagged: Digest,
}

impl HistorySummary {
    /// The root that this is about.
    pub fn root(&self) -> HistoryRoot {
        root_over(self.count, &self.bagged)
    }
}

/// All headers of one branch, from genesis on, ready to prove any of them.
///
/// Every node is kept: about 230 bytes a header.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The headers' names.
    blocks: Vec<BlockHash>,
    /// Complete nodes by level: those of level k stand over 2^k headers each.
    levels: Vec<Vec<HistoryNode>>,
}

impl History {
    /// How many headers it holds.
    pub fn len(&self) -> u32 {
        self.blocks.len() as u32
    }

    /// The header at this height.
    pub fn block(&self, height: Height) -> Option<BlockHash> {
        self.blocks.get(height.0 as usize).copied()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds the next header.
    ///
    /// # Panics
    /// When the header does not stand where the last one leads.
    pub fn push(&mut self, leaf: &HistoryLeaf) {
        assert_eq!(leaf.height.0, self.len(), "history has no gaps");
        self.blocks.push(leaf.block);
        let mut node = leaf.node();
        for level in 0.. {
            if level == self.levels.len() {
                self.levels.push(Vec::new());
            }
            let nodes = &mut self.levels[level];
            nodes.push(node);
            if !nodes.len().is_multiple_of(2) {
                break;
            }
            node = HistoryNode::join(&nodes[nodes.len() - 2], &nodes[nodes.len() - 1]);
        }
    }

    /// Takes the last header off again.
    pub fn pop(&mut self) {
        let count = self.len().saturating_sub(1) as usize;
        for (level, nodes) in self.levels.iter_mut().enumerate() {
            nodes.truncate(count >> level);
        }
        self.levels.retain(|nodes| !nodes.is_empty());
        self.blocks.pop();
    }

    /// What the next block commits to.
    pub fn root(&self) -> HistoryRoot {
        self.summary(self.len()).root()
    }

    /// The root over the first `count` headers, half opened.
    ///
    /// # Panics
    /// When there are not as many.
    pub fn summary(&self, count: u32) -> HistorySummary {
        let bagged = bag(&self.peaks(count)).map_or(ZERO_DIGEST, |node| sha256(&encode(&node)));
        HistorySummary { count, bagged }
    }

    /// The largest complete subtrees over the first `count` headers, left to right.
    fn peaks(&self, count: u32) -> Vec<HistoryNode> {
        mountains(count).map(|(level, index)| self.levels[level][index]).collect()
    }

    /// Proves the header at `height` to whoever has the root over the first `count`; nothing where there are not as
    /// many, or `height` is not among them.
    pub fn prove(&self, height: Height, count: u32) -> Option<HistoryProof> {
        if height.0 >= count || count > self.len() {
            return None;
        }
        Some(HistoryProof::new(self, height.0, count))
    }
}

/// Level and position within the level of each peak over `count` headers, left to right.
fn mountains(count: u32) -> impl Iterator<Item = (usize, usize)> {
    let levels = (0..u32::BITS as usize).rev().filter(move |level| count >> level & 1 == 1);
    // The peak of level k ends where the higher ones and it are all counted; its last node is the one before that.
    levels.map(move |level| (level, (count >> level) as usize - 1))
}

/// All peaks joined into one, right to left.
fn bag(peaks: &[HistoryNode]) -> Option<HistoryNode> {
    let (last, others) = peaks.split_last()?;
    Some(others.iter().rev().fold(*last, |right, left| HistoryNode::join(left, &right)))
}
