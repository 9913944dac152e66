//! Many independent hashes at once: the trees of a block are made of hundreds of thousands of them.
//!
//! One hash after the other leaves most of a processor idle, since each round waits for the one before. Sixteen side
//! by side do not wait. Where the processor cannot do that, they are hashed one by one; the digests are the same.

#[cfg(target_arch = "x86_64")]
mod avx512;

#[cfg(target_arch = "x86_64")]
use super::words::Avx512;
use super::{Digest, Tag};

impl Tag {
    /// [`Tag::hash_pair`] of each pair, in their order.
    pub fn hash_pairs(&self, pairs: &[[Digest; 2]]) -> Vec<Digest> {
        let mut digests = Vec::with_capacity(pairs.len());
        #[cfg(target_arch = "x86_64")]
        if let Some(proof) = Avx512::detect() {
            avx512::hash_pairs(proof, self.words(), pairs, &mut digests);
        }
        let rest = &pairs[digests.len()..];
        digests.extend(rest.iter().map(|[left, right]| self.hash_pair(left, right)));
        digests
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_at_once_are_each_alone() {
        let tag = Tag::new("cairn/test");
        let pairs: Vec<[Digest; 2]> = (0..100_u8)
            .map(|number| [[number; 32], std::array::from_fn(|at| number.wrapping_mul(31) ^ at as u8)])
            .collect();
        for count in [0, 1, 15, 16, 17, 33, 100] {
            let alone: Vec<Digest> =
                pairs[..count].iter().map(|[left, right]| tag.hash_pair(left, right)).collect();
            assert_eq!(tag.hash_pairs(&pairs[..count]), alone, "{count} pairs");
        }
    }
}
