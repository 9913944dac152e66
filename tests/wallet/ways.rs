//! In which ways a policy can be met, and what is missing where none leads.

use std::time::Instant;

use cairn::consensus::meet;
use cairn::crypto::{Signature, sha256};
use cairn::types::{Height, Policy};
use cairn::wallet::{Lack, Means, WAYS_MAX, Way, lack, ways};
use proptest::prelude::*;

use crate::people::{PEOPLE, after, dead_key, key, lock, means, name, of, policies, preimage, public};

fn keys_of(ways: &[Way]) -> Vec<Vec<u8>> {
    let number = |key| (0..PEOPLE).find(|number| public(*number) == key).unwrap();
    ways.iter().map(|way| way.keys().iter().map(|key| number(*key)).collect()).collect()
}

fn words(policy: &Policy, means: &Means) -> Vec<String> {
    lack(policy, means).expect("something is missing").words(&name)
}

#[test]
fn every_pair_of_three_is_a_way() {
    let policy = of(2, vec![key(0), key(1), key(2)]);
    let found = ways(&policy, &means([0, 1, 2], &[], 0));
    assert_eq!(keys_of(&found), [vec![0, 1], vec![0, 2], vec![1, 2]]);
    assert_eq!(keys_of(&ways(&policy, &means([2, 0], &[], 0))), [vec![0, 2]]);
}

#[test]
fn cheapest_way_comes_first() {
    let policy = of(1, vec![of(2, vec![key(0), key(1)]), of(2, vec![key(2), after(9)]), key(3)]);
    let found = ways(&policy, &means([0, 1, 2, 3], &[], 9));
    assert_eq!(keys_of(&found), [vec![3], vec![2], vec![0, 1]]);
    assert_eq!(found[1].min_height(), Height(9));
    assert!(found.is_sorted_by_key(Way::witness_bytes));
    assert_eq!(keys_of(&ways(&policy, &means([0, 1, 2, 3], &[], 8))), [vec![3], vec![0, 1]]);
}

#[test]
fn way_without_a_key_is_none_and_a_dearer_one_with_a_key_is_taken() {
    let policy = of(2, vec![after(1), lock(0), key(0)]);
    let found = ways(&policy, &means([0], &[0], 5));
    assert_eq!(keys_of(&found), [vec![0], vec![0]]);
    assert!(found[0].hashes().is_empty());
    let unsigned = means([], &[0], 5);
    assert!(ways(&policy, &unsigned).is_empty());
    assert_eq!(lack(&policy, &unsigned), Some(Lack::Signer(vec![Lack::Signature(public(0))])));
}

#[test]
fn signature_that_needs_more_to_count_is_not_asked_for_again() {
    let policy = of(1, vec![after(1), of(2, vec![key(0), lock(0)])]);
    let expected =
        ["enough is met, but nobody has signed; one of these is needed:", "  both of these are missing:"];
    assert_eq!(words(&policy, &means([], &[], 5))[..2], expected);
    let lacking = words(&policy, &means([0], &[], 5));
    assert!(
        lacking.len() == 2 && lacking[1].starts_with("  somebody has to show what hashes to"),
        "{lacking:?}"
    );
}

#[test]
fn what_is_missing_is_said_in_words() {
    let three = of(2, vec![key(0), key(1), key(2)]);
    assert_eq!(words(&three, &means([0], &[], 0)), ["one more of these two has to sign: alice, bob"]);
    assert_eq!(words(&three, &means([], &[], 0)), ["two more of these three have to sign: you, alice, bob"]);
    let both = of(2, vec![key(0), key(1)]);
    assert_eq!(words(&both, &means([], &[], 0)), ["these two have to sign: you, alice"]);
    assert_eq!(words(&both, &means([0], &[], 0)), ["alice has to sign"]);
    let later = of(2, vec![key(0), after(1200)]);
    assert_eq!(words(&later, &means([0], &[], 1199)), ["not before height 1200"]);
    let heir = of(1, vec![key(0), of(2, vec![key(1), after(1200)])]);
    let expected = ["one more of these two is needed:", "  you have to sign", "  not before height 1200"];
    assert_eq!(words(&heir, &means([1], &[], 0)), expected);
    let expected = ["both of these are missing:", "  you have to sign", "  not before height 9"];
    assert_eq!(words(&of(2, vec![key(0), after(9)]), &means([], &[], 0)), expected);
    assert!(words(&lock(0), &means([], &[], 0))[0].starts_with("somebody has to show what hashes to"));
    let dead = Policy::Key(dead_key());
    assert!(words(&dead, &means([], &[], 0))[0].contains("nobody can sign for"));
    assert_eq!(words(&after(1), &means([], &[], 1)), ["nobody can ever spend: no key is asked for anywhere"]);
}

#[test]
fn policy_with_thousands_of_ways_is_answered_soon_and_in_few() {
    let keys = |first: u8, count: u8| (first..first + count).map(key).collect::<Vec<_>>();
    let halves = vec![of(4, keys(0, 8)), of(4, keys(8, 8))];
    let many_heights = of(8, (0..16).map(after).collect());
    let nested = of(1, vec![of(8, vec![of(1, vec![after(1), lock(0), after(2)]); 12]), key(0)]);
    for policy in [of(8, keys(0, 16)), of(1, halves), of(2, vec![many_heights, key(0)]), nested] {
        let started = Instant::now();
        let found = ways(&policy, &Means::all(&policy));
        assert!(!found.is_empty() && found.len() <= WAYS_MAX);
        assert!(started.elapsed().as_secs() < 5, "took {:?}", started.elapsed());
    }
}

/// The cheapest way, found by trying every choice of every threshold: for small policies only.
fn cheapest(policy: &Policy, means: &Means) -> Option<usize> {
    fn all(policy: &Policy, means: &Means) -> Vec<(usize, bool)> {
        match policy {
            Policy::Key(key) => means.keys.contains(key).then_some((64, true)).into_iter().collect(),
            Policy::Preimage(hash) => {
                means.hashes.contains(hash).then_some((32, false)).into_iter().collect()
            }
            Policy::After(height) => (means.height >= *height).then_some((0, false)).into_iter().collect(),
            Policy::Threshold(threshold) => {
                let children: Vec<_> = threshold.children().iter().map(|child| all(child, means)).collect();
                let chosen = (0..1_u16 << children.len())
                    .filter(|choice| choice.count_ones() == u32::from(threshold.required()));
                let combine = |choice: u16| {
                    let mut sums = vec![(1, false)];
                    for (_, ways) in children.iter().enumerate().filter(|(at, _)| choice >> at & 1 == 1) {
                        let longer = |(bytes, signed): &(usize, bool)| {
                            ways.iter().map(|way| (bytes + way.0, signed | way.1)).collect::<Vec<_>>()
                        };
                        sums = sums.iter().flat_map(longer).collect();
                        sums.sort_unstable();
                        sums.dedup();
                    }
                    sums
                };
                chosen.flat_map(combine).collect()
            }
        }
    }
    all(policy, means).into_iter().filter(|(_, signed)| *signed).map(|(bytes, _)| 3 + bytes).min()
}

proptest! {
    #[test]
    fn first_way_is_the_cheapest_and_none_is_missed(
        policy in policies(),
        people in proptest::collection::btree_set(0..PEOPLE, 0..12),
        height in 0..60_u32,
    ) {
        let means = means(people, &[0, 1], height);
        let found = ways(&policy, &means);
        prop_assert_eq!(found.first().map(Way::witness_bytes), cheapest(&policy, &means));
        prop_assert_eq!(found.is_empty(), lack(&policy, &means).is_some());
    }

    #[test]
    fn every_way_makes_a_witness_that_consensus_takes(policy in policies()) {
        let all = Means { hashes: means([], &[0, 1, 2, 3], 0).hashes, ..Means::all(&policy) };
        for way in ways(&policy, &all) {
            let signatures = way.keys().iter().map(|key| (*key, Signature([7; 64]))).collect();
            let preimages = (0..4).map(|number| (sha256(&preimage(number)), preimage(number))).collect();
            let witness = way.witness(&signatures, &preimages).expect("everything is there");
            let met = meet(&policy, &witness, &[0; 32]).expect("a way meets the policy");
            prop_assert_eq!(met.min_height, way.min_height());
            prop_assert_eq!(cairn::codec::encoded_len(&witness), way.witness_bytes());
        }
    }
}
