//! What the pool offers, made into what can be hashed.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use crate::crypto::search::{PREFIXES_BEST, Search, TAIL_BYTES};
use crate::crypto::{BLOCK_BYTES, Digest, merkle, sha256d};
use crate::stratum::words::words_reversed;

/// A job as `mining.notify` says it.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub job: String,
    previous: Digest,
    front: Vec<u8>,
    back: Vec<u8>,
    branch: Vec<Digest>,
    version: u32,
    bits: u32,
    time: u32,
    pub clean: bool,
}

impl Offer {
    /// Reads what it says; nothing where something is missing.
    pub fn read(params: &Value) -> Option<Self> {
        let text = |at: usize| params.get(at)?.as_str();
        let word = |at: usize| {
            text(at)
                .filter(|digits| digits.len() == 8)
                .and_then(|digits| u32::from_str_radix(digits, 16).ok())
        };
        let branch = params.get(4)?.as_array()?.iter().map(|element| digest(element.as_str()?));
        Some(Self {
            job: text(0)?.to_owned(),
            previous: words_reversed(&digest(text(1)?)?),
            front: hex::decode(text(2)?).ok()?,
            back: hex::decode(text(3)?).ok()?,
            branch: branch.collect::<Option<_>>()?,
            version: word(5)?,
            bits: word(6)?,
            time: word(7)?,
            clean: params.get(8)?.as_bool()?,
        })
    }
}

fn digest(text: &str) -> Option<Digest> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}

/// What is hashed for one job until another comes.
#[derive(Debug)]
pub(super) struct Task {
    /// The connection on which it was offered.
    pub connection: u64,
    pub offer: Offer,
    pub extranonce1: Vec<u8>,
    pub extranonce2_bytes: usize,
    /// Bits of the version that may be turned.
    pub mask: u32,
    /// What a share's hash must not exceed, lowest byte first.
    pub target: Digest,
    pub turned: AtomicU64,
}

/// One extranonce of a task: nonces and versions are left to be turned.
pub(super) struct Part {
    extranonce2: Vec<u8>,
    versions: Vec<u32>,
    pub search: Search,
}

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Share {
    pub connection: u64,
    pub job: String,
    pub extranonce2: String,
    pub time: u32,
    pub nonce: u32,
    /// Bits that were turned, where any may be.
    pub version: Option<u32>,
}

impl Task {
    /// A part that nobody else works on.
    pub fn next_part(&self) -> Part {
        let Offer { previous, front, back, branch, version, bits, time, .. } = &self.offer;
        let turned = self.turned.fetch_add(1, Ordering::Relaxed).to_le_bytes();
        let mut extranonce2 = vec![0; self.extranonce2_bytes];
        extranonce2.iter_mut().zip(turned).for_each(|(byte, turned)| *byte = turned);
        let coinbase = [&front[..], &self.extranonce1, &extranonce2, back].concat();
        let root = branch.iter().fold(sha256d(&coinbase), |root, element| merkle::pair(&root, element));

        let count = (PREFIXES_BEST as u32).min(1 << self.mask.count_ones().min(31));
        let versions: Vec<u32> = (0..count).map(|number| spread(number, self.mask)).collect();
        let prefix = |turned: &u32| {
            let mut prefix = [0; BLOCK_BYTES];
            prefix[..4].copy_from_slice(&(version & !self.mask | turned).to_le_bytes());
            prefix[4..36].copy_from_slice(previous);
            prefix[36..].copy_from_slice(&root[..28]);
            prefix
        };
        let prefixes: Vec<_> = versions.iter().map(prefix).collect();
        let mut tail = [0; TAIL_BYTES];
        tail[..4].copy_from_slice(&root[28..]);
        tail[4..8].copy_from_slice(&time.to_le_bytes());
        tail[8..].copy_from_slice(&bits.to_le_bytes());
        Part { extranonce2, versions, search: Search::new(&prefixes, tail, self.target) }
    }

    /// What a hit behind a prefix of a part is to the pool.
    pub fn share(&self, part: &Part, prefix: usize, nonce: u32) -> Share {
        Share {
            connection: self.connection,
            job: self.offer.job.clone(),
            extranonce2: hex::encode(&part.extranonce2),
            time: self.offer.time,
            nonce,
            version: (self.mask != 0).then(|| part.versions[prefix]),
        }
    }
}

/// The bits of a number, in the places that a mask has.
fn spread(number: u32, mask: u32) -> u32 {
    let places = (0..32).filter(|place| mask >> place & 1 == 1);
    places.enumerate().fold(0, |bits, (at, place)| bits | (number >> at & 1) << place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spread_over_the_mask() {
        assert_eq!(spread(0, 0x1fff_e000), 0);
        assert_eq!(spread(5, 0x1fff_e000), 5 << 13);
        assert_eq!(spread(7, 0b1010_0100), 0b1010_0100);
        assert_eq!(spread(6, 0b1010_0100), 0b1010_0000);
    }

    #[test]
    fn offer_that_lacks_something_is_none() {
        let zeros = "00".repeat(32);
        let whole =
            serde_json::json!(["j", zeros, "01", "02", [zeros], "20000000", "1d00ffff", "6553f2f4", true]);
        assert!(Offer::read(&whole).is_some());
        for at in 0..9 {
            let mut lacking = whole.clone();
            lacking[at] = "x".into();
            assert_eq!(Offer::read(&lacking).is_some(), at == 0, "{at}");
        }
    }
}
