//! What a policy names, wherever in it that stands.

use crate::crypto::{Digest, PublicKey};
use crate::types::{Height, Policy};

/// Every part that is no threshold, in the order in which the policy names them. No deeper than a policy can be.
pub(super) fn leaves(policy: &Policy) -> Vec<&Policy> {
    match policy {
        Policy::Key(_) | Policy::After(_) | Policy::Preimage(_) => vec![policy],
        Policy::Threshold(threshold) => threshold.children().iter().flat_map(leaves).collect(),
    }
}

/// The keys, one as often as it stands there.
pub(super) fn keys(policy: &Policy) -> Vec<PublicKey> {
    let key = |leaf: &Policy| match leaf {
        Policy::Key(key) => Some(*key),
        Policy::After(_) | Policy::Preimage(_) | Policy::Threshold(_) => None,
    };
    leaves(policy).into_iter().filter_map(key).collect()
}

/// The hashes whose preimages are asked for.
pub(super) fn hashes(policy: &Policy) -> Vec<Digest> {
    let hash = |leaf: &Policy| match leaf {
        Policy::Preimage(hash) => Some(*hash),
        Policy::Key(_) | Policy::After(_) | Policy::Threshold(_) => None,
    };
    leaves(policy).into_iter().filter_map(hash).collect()
}

/// The heights that are waited for.
pub(super) fn heights(policy: &Policy) -> Vec<Height> {
    let height = |leaf: &Policy| match leaf {
        Policy::After(height) => Some(*height),
        Policy::Key(_) | Policy::Preimage(_) | Policy::Threshold(_) => None,
    };
    leaves(policy).into_iter().filter_map(height).collect()
}
