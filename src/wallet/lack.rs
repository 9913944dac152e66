//! What is missing where no way leads.

use super::leaves;
use super::way::{Means, ways};
use super::words::{KeyNames, hash_words, key_words, number_words};
use crate::crypto::{Digest, PublicKey};
use crate::types::{Height, Policy};

/// What a policy still asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Lack {
    /// The holder of this key has to sign.
    Signature(PublicKey),
    /// The chain has to come this far.
    Height(Height),
    /// Somebody has to show what hashes to this.
    Preimage(Digest),
    /// So many of several: what is met among them has been counted.
    More {
        /// How many more.
        needed: usize,
        /// Of which.
        of: Vec<Lack>,
    },
    /// Enough is met, and none of it by a signature; any one of these would bring one.
    Signer(Vec<Lack>),
}

/// What keeps these means from meeting the policy; nothing where they do.
pub fn lack(policy: &Policy, means: &Means) -> Option<Lack> {
    if let Some(lack) = lack_of(policy, means) {
        return Some(lack);
    }
    ways(policy, means).is_empty().then(|| Lack::Signer(for_a_signature(policy, means)))
}

/// What would have to come so that a part which is met by nobody's signature, or not met, is met by one.
fn for_a_signature(policy: &Policy, means: &Means) -> Vec<Lack> {
    match (policy, lack_of(policy, means)) {
        (_, Some(_)) if leaves::keys(policy).is_empty() => Vec::new(),
        (_, Some(lack)) => vec![lack],
        (Policy::Threshold(threshold), None) => {
            threshold.children().iter().flat_map(|child| for_a_signature(child, means)).collect()
        }
        (Policy::Key(_) | Policy::After(_) | Policy::Preimage(_), None) => Vec::new(),
    }
}

fn lack_of(policy: &Policy, means: &Means) -> Option<Lack> {
    match policy {
        Policy::Key(key) => (!means.keys.contains(key)).then_some(Lack::Signature(*key)),
        Policy::After(height) => (means.height < *height).then_some(Lack::Height(*height)),
        Policy::Preimage(hash) => (!means.hashes.contains(hash)).then_some(Lack::Preimage(*hash)),
        Policy::Threshold(threshold) => {
            let mut of: Vec<Lack> =
                threshold.children().iter().filter_map(|child| lack_of(child, means)).collect();
            let met = threshold.children().len() - of.len();
            let needed = usize::from(threshold.required()).saturating_sub(met);
            match (needed, of.len()) {
                (0, _) => None,
                (1, 1) => of.pop(),
                _ => Some(Lack::More { needed, of }),
            }
        }
    }
}

impl Lack {
    /// The same for people, line by line.
    pub fn words(&self, names: KeyNames<'_>) -> Vec<String> {
        match self {
            Self::Signature(key) => match signer_words(key, names) {
                you if you == "you" => vec!["you have to sign".to_owned()],
                name => vec![format!("{name} has to sign")],
            },
            Self::Height(height) => vec![format!("not before height {height}")],
            Self::Preimage(hash) => vec![format!("somebody has to show what hashes to {}", hash_words(hash))],
            Self::Signer(of) if of.is_empty() => {
                vec!["nobody can ever spend: no key is asked for anywhere".to_owned()]
            }
            Self::Signer(of) => {
                let head = "enough is met, but nobody has signed; one of these is needed:".to_owned();
                std::iter::once(head).chain(indented(of, names)).collect()
            }
            Self::More { needed, of } => more_words(*needed, of, names),
        }
    }
}

fn more_words(needed: usize, of: &[Lack], names: KeyNames<'_>) -> Vec<String> {
    let signers: Option<Vec<String>> = of
        .iter()
        .map(|lack| match lack {
            Lack::Signature(key) => Some(signer_words(key, names)),
            Lack::Height(_) | Lack::Preimage(_) | Lack::More { .. } | Lack::Signer(_) => None,
        })
        .collect();
    let count = number_words(of.len());
    if let Some(signers) = signers {
        let (verb, signers) = (if needed == 1 { "has" } else { "have" }, signers.join(", "));
        let who = if needed == of.len() {
            format!("these {count}")
        } else {
            format!("{} more of these {count}", number_words(needed))
        };
        return vec![format!("{who} {verb} to sign: {signers}")];
    }
    let head = match (needed, of.len()) {
        (2, 2) => "both of these are missing:".to_owned(),
        (_, all) if needed == all => format!("all {count} of these are missing:"),
        (1, _) => format!("one more of these {count} is needed:"),
        _ => format!("{} more of these {count} are needed:", number_words(needed)),
    };
    std::iter::once(head).chain(indented(of, names)).collect()
}

fn indented(of: &[Lack], names: KeyNames<'_>) -> impl Iterator<Item = String> {
    of.iter().flat_map(move |lack| lack.words(names)).map(|line| format!("  {line}"))
}

fn signer_words(key: &PublicKey, names: KeyNames<'_>) -> String {
    let name = key_words(key, names);
    if key.is_on_curve() { name } else { format!("{name} (which nobody can sign for)") }
}
