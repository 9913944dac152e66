//! The rule of the tree: what one node is, given the two below it.

use std::sync::LazyLock;

use super::super::{Entry, StateKey};
use crate::codec::encode;
use crate::crypto::{Digest, Tag, ZERO_DIGEST, sha256};

static LEAF: LazyLock<Tag> = LazyLock::new(|| Tag::new("cairn/leaf"));
static NODE: LazyLock<Tag> = LazyLock::new(|| Tag::new("cairn/node"));

/// A subtree, summed up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::ledger) struct Node {
    pub digest: Digest,
    pub kind: Kind,
}

/// How much a subtree holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::ledger) enum Kind {
    Empty,
    Leaf,
    Inner,
}

impl Node {
    pub const EMPTY: Self = Self { digest: ZERO_DIGEST, kind: Kind::Empty };

    pub fn leaf(digest: Digest) -> Self {
        Self { digest, kind: Kind::Leaf }
    }

    /// # Consensus
    /// Empty subtrees are 32 zeros; a subtree of one leaf is that leaf, at whatever level; any other is
    /// `tagged_hash("cairn/node", left ‖ right)`. So the root depends on the entries and on nothing else.
    #[inline]
    pub fn join(left: &Self, right: &Self) -> Self {
        match (left.kind, right.kind) {
            (Kind::Empty, Kind::Empty) => Self::EMPTY,
            (Kind::Leaf, Kind::Empty) => *left,
            (Kind::Empty, Kind::Leaf) => *right,
            _ => Self { digest: join_digests(&left.digest, &right.digest), kind: Kind::Inner },
        }
    }
}

pub(in crate::ledger) fn join_digests(left: &Digest, right: &Digest) -> Digest {
    NODE.hash_pair(left, right)
}

/// # Consensus
/// `tagged_hash("cairn/leaf", key ‖ H(entry))`.
pub(in crate::ledger) fn leaf_digest(key: &StateKey, entry_digest: &Digest) -> Digest {
    LEAF.hash_pair(key.as_bytes(), entry_digest)
}

/// # Consensus
/// SHA-256 of the entry's encoding.
pub(in crate::ledger) fn entry_digest(entry: &Entry) -> Digest {
    sha256(&encode(entry))
}
