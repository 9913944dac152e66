//! Whose claims they are that a batch of many owners' found broken.

use crate::crypto::Culprits;

/// The owners of those claims that do not hold, in the order of the claims.
pub(super) fn broken_owners<Owner: Copy>(owners: &[Owner], verdict: Result<(), Culprits>) -> Vec<Owner> {
    let culprits = verdict.err().map_or_else(Vec::new, |culprits| culprits.0);
    culprits.into_iter().filter_map(|claim| owners.get(claim).copied()).collect()
}
