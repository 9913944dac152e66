//! A byte order that both sides share, and that is of this protocol alone.

use crate::crypto::Digest;

/// Each of eight words back to front, as the previous block's hash is sent. Twice is not at all.
pub(super) fn words_reversed(digest: &Digest) -> Digest {
    let mut reversed = *digest;
    reversed.as_chunks_mut::<4>().0.iter_mut().for_each(|word| word.reverse());
    reversed
}
