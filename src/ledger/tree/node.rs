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
    pub fn join(left: &Self, right: &Self) -> Self {
        let hashed = || Self::inner(join_digests(&left.digest, &right.digest));
        Self::join_unhashed(left, right).unwrap_or_else(hashed)
    }

    /// [`Node::join`] where it takes no hash.
    pub fn join_unhashed(left: &Self, right: &Self) -> Option<Self> {
        match (left.kind, right.kind) {
            (Kind::Empty, Kind::Empty | Kind::Leaf) => Some(*right),
            (Kind::Leaf, Kind::Empty) => Some(*left),
            (Kind::Empty | Kind::Leaf | Kind::Inner, Kind::Inner)
            | (Kind::Inner, Kind::Empty | Kind::Leaf)
            | (Kind::Leaf, Kind::Leaf) => None,
        }
    }

    pub fn inner(digest: Digest) -> Self {
        Self { digest, kind: Kind::Inner }
    }
}

/// [`join_digests`] of many pairs.
pub(super) fn join_many(pairs: &[[Digest; 2]]) -> Vec<Digest> {
    NODE.hash_pairs(pairs)
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

/// [`leaf_digest`] of many entries.
pub(super) fn leaf_digests<'a>(entries: impl Iterator<Item = (&'a StateKey, &'a Entry)>) -> Vec<Digest> {
    let pairs: Vec<[Digest; 2]> =
        entries.map(|(key, entry)| [*key.as_bytes(), entry_digest(entry)]).collect();
    LEAF.hash_pairs(&pairs)
}
