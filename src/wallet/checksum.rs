//! The checksum of bech32m, letter by letter: what another letter somewhere would make of it, without reading all of it again.

use std::array;

/// What is fed back for each bit that falls out (BIP 173).
const FED_BACK: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
/// What is left where it holds (BIP 350).
pub(super) const HOLDS: u32 = 0x2bc8_30a3;
/// Values that a letter can have.
const VALUES: usize = 32;

fn step(state: u32, value: u32) -> u32 {
    let falls_out = |bit: &usize| state >> (25 + bit) & 1 == 1;
    let fed = (0..FED_BACK.len()).filter(falls_out).fold(0, |sum, bit| sum ^ FED_BACK[bit]);
    ((state & 0x01ff_ffff) << 5) ^ value ^ fed
}

/// What is left of a prefix and the values of the letters behind it.
pub(super) fn left(prefix: &str, values: &[u32]) -> u32 {
    let high = prefix.bytes().map(|letter| u32::from(letter >> 5));
    let low = prefix.bytes().map(|letter| u32::from(letter & 31));
    high.chain([0]).chain(low).chain(values.iter().copied()).fold(1, step)
}

/// What each value adds to that, whatever stands elsewhere: in the last place, in the one before it, and so on.
pub(super) fn shares(places: usize) -> Vec<[u32; VALUES]> {
    let last = array::from_fn(|value| value as u32);
    std::iter::successors(Some(last), |shares| Some(shares.map(|share| step(share, 0))))
        .take(places)
        .collect()
}
