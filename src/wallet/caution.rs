//! What somebody should know before money goes to a policy's address.

use std::collections::BTreeSet;

use super::leaves;
use super::way::{Means, ways};
use super::words::{KeyNames, key_words};
use crate::crypto::PublicKey;
use crate::types::{Height, Policy};

/// A height counts as far away when blocks on schedule take longer than this to reach it: a year.
pub const FAR_SECONDS: u64 = 365 * 24 * 60 * 60;

/// Something about a policy that whoever pays to it may not have meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Caution {
    /// No way of meeting it can ever be taken.
    NobodyEver,
    /// A key for which no secret can exist.
    DeadKey(PublicKey),
    /// One signature counts in several places.
    CountsTwice(PublicKey),
    /// Whoever sees the signatures of one way can take another with them.
    Exchangeable,
    /// A height that is far away.
    Far {
        /// Which.
        height: Height,
        /// How many blocks away.
        blocks: u32,
    },
}

/// What to say about a policy while the tip stands at `height` on a chain with so many seconds between its blocks.
///
/// # Security
/// [`Caution::Exchangeable`] is found by taking each of the first [`WAYS_MAX`](super::WAYS_MAX) ways and asking whether
/// what it shows would do for another: what is found is so, and in policies with more ways something may be missed.
pub fn cautions(policy: &Policy, height: Height, spacing: u32) -> Vec<Caution> {
    let open = ways(policy, &Means::all(policy));
    let mut found = Vec::new();
    if open.is_empty() {
        found.push(Caution::NobodyEver);
    }
    let mut seen = BTreeSet::new();
    let (mut dead, mut twice) = (BTreeSet::new(), BTreeSet::new());
    for key in leaves::keys(policy) {
        if !key.is_on_curve() {
            dead.insert(key);
        }
        if !seen.insert(key) {
            twice.insert(key);
        }
    }
    found.extend(dead.into_iter().map(Caution::DeadKey));
    found.extend(twice.into_iter().map(Caution::CountsTwice));
    let shown = open.iter().map(|way| Means {
        keys: way.keys().iter().copied().collect(),
        hashes: way.hashes().iter().copied().collect(),
        height: Height(u32::MAX),
    });
    if shown.into_iter().any(|means| ways(policy, &means).len() > 1) {
        found.push(Caution::Exchangeable);
    }
    let furthest = leaves::heights(policy).into_iter().max();
    let blocks = furthest.map_or(0, |furthest| furthest.0.saturating_sub(height.0));
    if u64::from(blocks) * u64::from(spacing) > FAR_SECONDS {
        found.extend(furthest.map(|height| Caution::Far { height, blocks }));
    }
    found
}

impl Caution {
    /// The same for people.
    pub fn words(&self, names: KeyNames<'_>) -> String {
        match self {
            Self::NobodyEver => "Nobody can ever spend what is paid to this address: no way of meeting its \
                conditions has a key that can sign."
                .to_owned(),
            Self::DeadKey(key) => {
                format!("Nobody can ever sign for {}: no secret key belongs to it.", key_words(key, names))
            }
            Self::CountsTwice(key) => {
                format!("One signature by {} counts in several places.", key_words(key, names))
            }
            Self::Exchangeable => "Strangers who see a payment from this address can exchange one part for \
                another that the same signatures meet, for instance leave out a secret that somebody waits to see. \
                Name different keys in parts that must not be exchanged."
                .to_owned(),
            Self::Far { height, blocks } => {
                format!("Height {height} is {blocks} blocks away, more than a year if all goes as planned.")
            }
        }
    }
}
