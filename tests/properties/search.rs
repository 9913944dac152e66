//! Kernels find what a plain loop over all nonces finds: the same, all of it, once, and in the same order.

use std::ops::RangeInclusive;

use cairn::crypto::search::{Found, Kernel, Search, TAIL_BYTES};
use cairn::crypto::{BLOCK_BYTES, Digest, ZERO_DIGEST, sha256d};
use cairn::testkit::strategies;
use proptest::array::uniform;
use proptest::collection::vec;
use proptest::prelude::*;

const EVERYTHING: Digest = [0xff; 32];

type Prefix = [u8; BLOCK_BYTES];
type Tail = [u8; TAIL_BYTES];

/// The definition.
fn found_one_by_one(
    prefixes: &[Prefix],
    tail: &Tail,
    target: &Digest,
    nonces: RangeInclusive<u32>,
) -> Vec<Found> {
    let mut all = Vec::new();
    for nonce in nonces {
        for (prefix, bytes) in prefixes.iter().enumerate() {
            let digest = sha256d(&[&bytes[..], tail, &nonce.to_le_bytes()].concat());
            if digest.iter().rev().le(target.iter().rev()) {
                all.push(Found { prefix, nonce, digest });
            }
        }
    }
    all
}

fn check(prefixes: &[Prefix], tail: Tail, target: Digest, nonces: &RangeInclusive<u32>) {
    let expected = found_one_by_one(prefixes, &tail, &target, nonces.clone());
    let search = Search::new(prefixes, tail, target);
    let hashes = (nonces.clone().count() * prefixes.len()) as u64;
    for kernel in Kernel::available() {
        let mut scan = search.scan(kernel, nonces.clone());
        let found: Vec<Found> = scan.by_ref().collect();
        assert_eq!(found, expected, "{kernel}, {nonces:?}");
        assert_eq!(scan.hashes(), hashes, "{kernel}, {nonces:?}");
        assert_eq!(scan.next(), None, "{kernel}, {nonces:?}");
    }
}

/// Versions of one message.
fn versions(first: Prefix, count: u32) -> Vec<Prefix> {
    let version = |number: u32| {
        let mut prefix = first;
        prefix[..4].copy_from_slice(&(number << 13).to_le_bytes());
        prefix
    };
    (0..count).map(version).collect()
}

proptest! {
    #![proptest_config(strategies::cases(64))]

    #[test]
    fn every_kernel_finds_what_a_plain_loop_finds(
        prefix in uniform::<_, BLOCK_BYTES>(any::<u8>()),
        tail in any::<Tail>(),
        easy in any::<[u8; 2]>(),
        rest in any::<u8>(),
        start in prop_oneof![any::<u32>(), u32::MAX - 80..=u32::MAX],
        more in 0..80_u32,
        count in 0..9_u32,
    ) {
        // From about one in 256 to all of them.
        let mut target = [rest; 32];
        target[30..].copy_from_slice(&easy);
        let nonces = start..=start.saturating_add(more);
        check(&versions(prefix, count), tail, target, &nonces);
    }

    #[test]
    fn prefixes_need_have_nothing_in_common(
        prefixes in vec(uniform::<_, BLOCK_BYTES>(any::<u8>()), 1..4),
        tail in any::<Tail>(),
        start in any::<u32>(),
    ) {
        let mut target = EVERYTHING;
        target[31] = 0x1f;
        check(&prefixes, tail, target, &(start..=start.saturating_add(70)));
    }
}

#[test]
fn ranges_of_any_length_are_scanned_whole() {
    let prefixes = versions([3; BLOCK_BYTES], 3);
    for length in [1, 2, 3, 4, 5, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100] {
        for start in [0, 1, 0xffff, u32::MAX / 2 - 20, u32::MAX - (length - 1)] {
            check(&prefixes, [9; TAIL_BYTES], EVERYTHING, &(start..=start + (length - 1)));
        }
    }
    check(&prefixes, [9; TAIL_BYTES], EVERYTHING, &RangeInclusive::new(1, 0));
    check(&prefixes, [9; TAIL_BYTES], EVERYTHING, &RangeInclusive::new(u32::MAX, 0));
    check(&[], [9; TAIL_BYTES], EVERYTHING, &(0..=40));
}

#[test]
fn target_is_met_by_itself_and_missed_by_one_less() {
    let prefixes = versions([4; BLOCK_BYTES], 2);
    let tail = [5; TAIL_BYTES];
    let nonces = 1000..=1064;
    for hit in found_one_by_one(&prefixes, &tail, &EVERYTHING, nonces.clone()) {
        let mut less = hit.digest;
        for byte in &mut less {
            let borrow = *byte == 0;
            *byte = byte.wrapping_sub(1);
            if !borrow {
                break;
            }
        }
        for kernel in Kernel::available() {
            let finds = |target| {
                Search::new(&prefixes, tail, target).scan(kernel, nonces.clone()).any(|it| it == hit)
            };
            assert!(finds(hit.digest), "{kernel}, {hit:?}");
            assert!(!finds(less), "{kernel}, {hit:?}");
        }
    }
}

#[test]
fn hardest_target_is_met_by_nothing_and_easiest_by_all() {
    let prefixes = versions([6; BLOCK_BYTES], 4);
    for kernel in Kernel::available() {
        let count = |target| Search::new(&prefixes, [7; TAIL_BYTES], target).scan(kernel, 0..=999).count();
        assert_eq!(count(ZERO_DIGEST), 0, "{kernel}");
        assert_eq!(count(EVERYTHING), 4000, "{kernel}");
    }
}

#[test]
fn scan_goes_on_after_a_find() {
    let search = Search::new(&versions([8; BLOCK_BYTES], 2), [1; TAIL_BYTES], EVERYTHING);
    for kernel in Kernel::available() {
        let mut scan = search.scan(kernel, 10..=50);
        let mut names = Vec::new();
        while let Some(found) = scan.next() {
            names.push((found.nonce, found.prefix));
            assert!(scan.hashes() >= names.len() as u64 && scan.hashes() <= 82, "{kernel}");
        }
        let expected: Vec<_> = (10..=50).flat_map(|nonce| [(nonce, 0), (nonce, 1)]).collect();
        assert_eq!(names, expected, "{kernel}");
    }
}
