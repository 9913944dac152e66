//! In which ways a policy can be met with what somebody has, the cheapest first.

use std::collections::{BTreeMap, BTreeSet};

use super::leaves;
use crate::codec::{List, encoded_len};
use crate::crypto::{Digest, PublicKey, Signature};
use crate::types::{Height, Policy, Preimage, Threshold, Witness};

/// Ways that are named; where there are more, the cheapest. Of a part of a policy as many are looked at again, so that
/// a hostile policy, which can be met in thousands of ways, costs no more than an honest one of its length.
pub const WAYS_MAX: usize = 8;

/// What somebody can meet a policy with.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Means {
    /// Keys that one holds, or whose holders promised to sign.
    pub keys: BTreeSet<PublicKey>,
    /// Hashes whose preimages one knows, or was promised.
    pub hashes: BTreeSet<Digest>,
    /// The height of the block it is meant for.
    pub height: Height,
}

impl Means {
    /// Everything that this policy could ever ask for and that can exist: all of its heights reached, all preimages known,
    /// all keys held but those for which no secret can exist.
    pub fn all(policy: &Policy) -> Self {
        Self {
            keys: leaves::keys(policy).into_iter().filter(PublicKey::is_on_curve).collect(),
            hashes: leaves::hashes(policy).into_iter().collect(),
            height: Height(u32::MAX),
        }
    }
}

/// One way of meeting a policy: which children are chosen, and what that asks for, in a witness's order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Way {
    choices: Vec<u16>,
    keys: Vec<PublicKey>,
    hashes: Vec<Digest>,
    min_height: Height,
}

/// Ways of meeting a policy with these means, the cheapest first; none where that cannot be done, and then
/// [`lack`](super::lack()) says why.
///
/// # Security
/// Bounded: see [`WAYS_MAX`]. What is cheapest is exact but for two bytes a threshold, since a choice among more than the
/// first eight children takes three bytes instead of one and that is known only at the end.
pub fn ways(policy: &Policy, means: &Means) -> Vec<Way> {
    let mut found = ways_of(policy, means);
    found.retain(Way::is_signed);
    found.sort_by_key(Way::witness_bytes);
    found
}

/// The best ways with a key and the best without one: a policy needs a key somewhere, but not in each of its parts.
fn ways_of(policy: &Policy, means: &Means) -> Vec<Way> {
    let way = match policy {
        Policy::Threshold(threshold) => return ways_of_threshold(threshold, means),
        Policy::Key(key) if means.keys.contains(key) => Way { keys: vec![*key], ..Way::default() },
        Policy::Preimage(hash) if means.hashes.contains(hash) => {
            Way { hashes: vec![*hash], ..Way::default() }
        }
        Policy::After(height) if means.height >= *height => Way { min_height: *height, ..Way::default() },
        Policy::Key(_) | Policy::Preimage(_) | Policy::After(_) => return Vec::new(),
    };
    vec![way]
}

/// Child by child: whatever was chosen before, either without this child or with one of its ways.
fn ways_of_threshold(threshold: &Threshold, means: &Means) -> Vec<Way> {
    let required = usize::from(threshold.required());
    // By how many children were chosen; each with the bits of those children.
    let mut chosen: Vec<Vec<(u16, Way)>> = vec![Vec::new(); required + 1];
    chosen[0].push((0, Way::default()));
    for (at, child) in threshold.children().iter().enumerate() {
        let ways = ways_of(child, means);
        // From above, so that no child is chosen twice.
        for count in (0..required.min(at + 1)).rev() {
            let with_child: Vec<(u16, Way)> = chosen[count]
                .iter()
                .flat_map(|(choice, before)| ways.iter().map(move |way| (choice | 1 << at, before.then(way))))
                .collect();
            chosen[count + 1].extend(with_child);
            keep_cheapest(&mut chosen[count + 1]);
        }
    }
    let complete = chosen.pop().unwrap_or_default();
    complete.into_iter().map(|(choice, way)| way.chosen_by(choice)).collect()
}

fn keep_cheapest(ways: &mut Vec<(u16, Way)>) {
    ways.sort_by_key(|(_, way)| way.witness_bytes());
    let (mut signed, mut unsigned) = (0, 0);
    ways.retain(|(_, way)| {
        let count = if way.is_signed() { &mut signed } else { &mut unsigned };
        *count += 1;
        *count <= WAYS_MAX
    });
}

impl Way {
    /// Whose signatures it takes, one for each chosen key.
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// Whose preimages it takes.
    pub fn hashes(&self) -> &[Digest] {
        &self.hashes
    }

    /// The first height at which it is open.
    pub fn min_height(&self) -> Height {
        self.min_height
    }

    /// Length of the witness that goes this way. Each of its three lists has fewer than 251 elements, whose number takes
    /// a byte.
    pub fn witness_bytes(&self) -> usize {
        let choices: usize = self.choices.iter().map(encoded_len).sum();
        3 + choices + 64 * self.keys.len() + 32 * self.hashes.len()
    }

    /// The witness, where every signature and preimage that this way takes is there.
    pub fn witness(
        &self,
        signatures: &BTreeMap<PublicKey, Signature>,
        preimages: &BTreeMap<Digest, Preimage>,
    ) -> Option<Witness> {
        let signatures = self.keys.iter().map(|key| signatures.get(key).copied()).collect::<Option<_>>()?;
        let preimages = self.hashes.iter().map(|hash| preimages.get(hash).copied()).collect::<Option<_>>()?;
        Some(Witness {
            choices: List::new(self.choices.clone()).ok()?,
            signatures: List::new(signatures).ok()?,
            preimages: List::new(preimages).ok()?,
        })
    }

    /// Whether anybody signs: a policy that is met without a key is not met.
    fn is_signed(&self) -> bool {
        !self.keys.is_empty()
    }

    fn then(&self, next: &Self) -> Self {
        Self {
            choices: [&self.choices[..], &next.choices].concat(),
            keys: [&self.keys[..], &next.keys].concat(),
            hashes: [&self.hashes[..], &next.hashes].concat(),
            min_height: self.min_height.max(next.min_height),
        }
    }

    /// A threshold's own choice stands before those of its children.
    fn chosen_by(mut self, choice: u16) -> Self {
        self.choices.insert(0, choice);
        self
    }
}
