//! Our own bytes, frozen: whoever changes one of them by accident learns it here and not from a split network.
//!
//! Every value is arrived at twice: through the chain's code, and from its written definition with the `sha2` crate and
//! bytes laid by hand; then it is compared with what it was when it was frozen. If a test here fails and the change is
//! meant, it is a new chain.

mod block;
mod chain;
mod genesis;
mod history;
mod state;
mod tags;
mod transaction;

use sha2::{Digest as _, Sha256};

/// SHA-256 of these parts in a row, by the `sha2` crate.
fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

/// SHA-256 of SHA-256.
fn sha256d(parts: &[&[u8]]) -> [u8; 32] {
    sha256(&[&sha256(parts)])
}

/// `H(H(tag) ‖ H(tag) ‖ x)`.
fn tagged(tag: &str, parts: &[&[u8]]) -> [u8; 32] {
    let tag = sha256(&[tag.as_bytes()]);
    sha256(&[&[&tag[..], &tag], parts].concat())
}

/// A number as the codec writes it: one byte up to 250, else a byte that says how many follow, the lowest first.
fn number(value: u64) -> Vec<u8> {
    let bytes = value.to_le_bytes();
    match value {
        0..=250 => vec![bytes[0]],
        251..=0xffff => [&[251], &bytes[..2]].concat(),
        0x1_0000..=0xffff_ffff => [&[252], &bytes[..4]].concat(),
        _ => [&[253], &bytes[..]].concat(),
    }
}

/// Bytes as hexadecimal, for comparison with what was frozen.
fn text(bytes: impl AsRef<[u8]>) -> String {
    hex::encode(bytes)
}
