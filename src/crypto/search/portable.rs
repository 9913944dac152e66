//! One nonce after the other, on any processor.
//!
//! Arrays of numbers were slower than one: the compiler does not make vectors of so long a function.

use super::super::words::Word;
use super::{Search, lanes};

type Nonces = u32;

pub(super) const LANES: u32 = Nonces::LANES;

pub(super) fn find_candidates(search: &Search, first: u32, candidates: &mut [u64]) {
    lanes::find_candidates::<Nonces>((), search, first, candidates);
}
