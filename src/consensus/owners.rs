//! Whose claims they are that a batch of many owners' found broken.

use std::collections::BTreeSet;

use crate::crypto::Culprits;

/// The owners of those claims that do not hold.
///
/// # Panics
/// When the verdict is a failure without a culprit among the claims: nothing may be accepted on the word of such a one.
pub(super) fn broken_owners<Owner: Copy + Ord>(
    owners: &[Owner],
    verdict: Result<(), Culprits>,
) -> BTreeSet<Owner> {
    let Err(Culprits(culprits)) = verdict else { return BTreeSet::new() };
    assert!(!culprits.is_empty(), "a batch that fails names its culprits");
    culprits.into_iter().map(|claim| owners[claim]).collect()
}
