//! Proofs that an entry stands in a state, or that none does, checked against nothing but the root.

use super::super::{Entry, StateKey};
use super::node::{Kind, entry_digest, join_digests, leaf_digest};
use super::past::Past;
use crate::codec::{Canonical, Decode, Encode, List};
use crate::crypto::{Digest, ZERO_DIGEST};
use crate::types::StateRoot;

/// The way from the root to where a key's entry stands or would stand.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct StateProof {
    ending: Ending,
    /// The nodes beside the way, from the root down, without the empty ones.
    siblings: List<Digest, 0, { StateKey::BITS }>,
    /// At which levels the node beside the way is empty, ascending. There are few: where keys are alike for long.
    empty_levels: List<u8, 0, { StateKey::BITS }>,
}

/// What the way leads to.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
enum Ending {
    /// The entry.
    Entry(Entry),
    /// Nothing: no key begins like this one.
    Nothing,
    /// Another entry, the only one whose key begins like this one as far as the way goes.
    Other { key: StateKey, entry_digest: Digest },
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// It leads to another root.
    #[error("the proof leads to another root than the one it should")]
    Root,
    /// It cannot be the way of this key.
    #[error("the proof is not of a form that any way could have")]
    Form,
    /// The header does not commit to what the proof rests on.
    #[error("the header does not commit to what the proof rests on")]
    Header,
    /// It is about genesis, before which there is nothing to prove.
    #[error("the header is that of genesis, which commits to nothing")]
    Genesis,
}

impl Canonical for StateProof {
    const BYTES_MAX: usize = 16 << 10;
}

impl StateProof {
    pub(in crate::ledger) fn new(past: &Past<'_>, key: &StateKey) -> Self {
        let (mut siblings, mut empty_levels) = (Vec::new(), Vec::new());
        let mut level = 0;
        while past.kind_towards(key, level) == Kind::Inner {
            let sibling = past.node_towards(&key.flipped(level), level + 1);
            match sibling.kind {
                Kind::Empty => empty_levels.push(u8::try_from(level).expect("a way ends above the last bit")),
                Kind::Leaf | Kind::Inner => siblings.push(sibling.digest),
            }
            level += 1;
        }
        let ending = match past.entries_sharing(key, level).pop_first() {
            None => Ending::Nothing,
            Some((found, entry)) if found == *key => Ending::Entry(entry),
            Some((found, entry)) => Ending::Other { key: found, entry_digest: entry_digest(&entry) },
        };
        let bounded = "a way has at most as many levels as a key has bits";
        Self {
            ending,
            siblings: List::new(siblings).expect(bounded),
            empty_levels: List::new(empty_levels).expect(bounded),
        }
    }

    /// What stands under `key` in the state of this root: an entry, or provably none.
    ///
    /// # Errors
    /// When the proof proves neither.
    pub fn verify(&self, root: &StateRoot, key: &StateKey) -> Result<Option<&Entry>, ProofError> {
        let depth = self.siblings.len() + self.empty_levels.len();
        let ascending = self.empty_levels.is_sorted_by(|one, next| one < next);
        let within = self.empty_levels.last().is_none_or(|level| usize::from(*level) < depth);
        if depth > StateKey::BITS || !ascending || !within {
            return Err(ProofError::Form);
        }
        let (mut digest, found) = match &self.ending {
            Ending::Entry(entry) => (leaf_digest(key, &entry_digest(entry)), Some(entry)),
            Ending::Nothing => (ZERO_DIGEST, None),
            Ending::Other { key: other, entry_digest } => {
                // The same key with another entry would "prove" its absence.
                if other == key || other.shared_bits(key) < depth {
                    return Err(ProofError::Form);
                }
                (leaf_digest(other, entry_digest), None)
            }
        };
        let mut siblings = self.siblings.iter().rev();
        for level in (0..depth).rev() {
            let empty = self.empty_levels.iter().any(|at| usize::from(*at) == level);
            let sibling = if empty { &ZERO_DIGEST } else { siblings.next().ok_or(ProofError::Form)? };
            digest =
                if key.bit(level) { join_digests(sibling, &digest) } else { join_digests(&digest, sibling) };
        }
        if digest == *root.as_bytes() { Ok(found) } else { Err(ProofError::Root) }
    }
}
