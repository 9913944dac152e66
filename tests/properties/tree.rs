//! The authenticated tree is its definition, whatever its layout in memory.

use std::collections::{BTreeMap, VecDeque};

use cairn::ledger::{Change, Entry, Overwritten, ProofError, StateKey, StateTree, View};
use cairn::testkit::model::naive_root;
use cairn::testkit::strategies;
use cairn::types::StateRoot;
use proptest::collection::vec;
use proptest::prelude::*;

type Entries = BTreeMap<StateKey, Entry>;

fn root_of(entries: &Entries) -> StateRoot {
    StateRoot::from_bytes(naive_root(entries))
}

/// Keys and entries drawn, most keys alike for long; `None` takes an entry away.
fn rounds(keys: impl Strategy<Value = StateKey>) -> impl Strategy<Value = Vec<Vec<Change>>> {
    let change = (any::<prop::sample::Index>(), prop::option::weighted(0.7, strategies::entry()));
    (vec(keys, 1..200), vec(vec(change, 0..120), 1..12)).prop_map(|(keys, rounds)| {
        let round = |changes: Vec<(prop::sample::Index, Option<Entry>)>| {
            let chosen = changes.into_iter().map(|(index, entry)| (*index.get(&keys), entry));
            chosen.collect::<BTreeMap<_, _>>().into_iter().collect()
        };
        rounds.into_iter().map(round).collect()
    })
}

fn change(entries: &mut Entries, changes: &[Change]) {
    for (key, entry) in changes {
        match entry {
            Some(entry) => entries.insert(*key, entry.clone()),
            None => entries.remove(key),
        };
    }
}

/// The proof of `key` before `since` shows exactly what stood there, and nothing else.
fn check_proof(
    tree: &StateTree,
    since: &[&Overwritten],
    (then, root): (&Entries, StateRoot),
    key: &StateKey,
) {
    let proof = tree.prove(key, since.to_vec());
    assert_eq!(proof.verify(&root, key), Ok(then.get(key)), "{key:?} {} rounds ago", since.len());
    let other = StateRoot::from_bytes([9; 32]);
    assert_eq!(proof.verify(&other, key), Err(ProofError::Root));
}

fn check(rounds: &[Vec<Change>]) {
    let (mut tree, mut entries) = (StateTree::default(), Entries::new());
    let mut past: VecDeque<(Entries, StateRoot, Overwritten)> = VecDeque::new();
    for changes in rounds {
        let (before, root) = (entries.clone(), tree.root());
        change(&mut entries, changes);
        past.push_back((before, root, tree.apply(changes)));

        assert_eq!(tree.root(), root_of(&entries));
        assert_eq!(tree.len(), entries.len());
        assert!(tree.iter().eq(entries.iter()), "entries in the order of their keys");
        let again = StateTree::new(entries.iter().rev().map(|(key, entry)| (*key, entry.clone())).collect());
        assert_eq!(again.root(), tree.root(), "the root does not depend on how the tree came about");
        for key in changes.iter().map(|(key, _)| key).take(2) {
            assert_eq!(tree.entry(key), entries.get(key).cloned());
            check_proof(&tree, &[], (&entries, tree.root()), key);
            for (at, (then, root, _)) in past.iter().enumerate() {
                let since: Vec<&Overwritten> =
                    past.range(at..).map(|(_, _, overwritten)| overwritten).collect();
                check_proof(&tree, &since, (then, *root), key);
            }
        }
    }
    for (before, root, overwritten) in past.into_iter().rev() {
        tree.apply(overwritten.entries());
        assert_eq!(tree.root(), root, "taking changes back leads to the root before them");
        assert_eq!(tree.len(), before.len());
    }
}

proptest! {
    #![proptest_config(strategies::cases(48))]

    #[test]
    fn root_and_proofs_are_the_definition_for_random_keys(
        rounds in rounds(any::<[u8; 32]>().prop_map(StateKey::from_bytes)),
    ) {
        check(&rounds);
    }

    #[test]
    fn root_and_proofs_are_the_definition_for_keys_ground_to_be_alike(rounds in rounds(strategies::crowded_key())) {
        check(&rounds);
    }

    #[test]
    fn proof_of_one_key_proves_nothing_about_another(
        changes in rounds(any::<[u8; 32]>().prop_map(StateKey::from_bytes)),
        stranger in any::<[u8; 32]>().prop_map(StateKey::from_bytes),
    ) {
        let mut tree = StateTree::default();
        let mut entries = Entries::new();
        for changes in &changes {
            tree.apply(changes);
            change(&mut entries, changes);
        }
        let root = tree.root();
        for key in entries.keys().take(10) {
            // A way that ends in this key's entry may at most show that another key's is not there.
            if let Ok(found) = tree.prove(key, Vec::new()).verify(&root, &stranger) {
                prop_assert_eq!(found, entries.get(&stranger));
            }
            let absent = tree.prove(&stranger, Vec::new());
            if let Ok(found) = absent.verify(&root, key) {
                prop_assert_eq!(found, entries.get(key));
            }
        }
    }
}

/// Enough entries for the table to grow many levels, and proofs from before it did.
#[test]
fn growing_table_keeps_roots_and_past_proofs() {
    let key = |number: u32| StateKey::from_bytes(cairn::crypto::sha256(&number.to_le_bytes()));
    let entry = |balance: u64| {
        let balance = cairn::types::Amount::from_pebbles(balance);
        Entry::Account(cairn::ledger::Account { balance, ..Default::default() })
    };
    let (mut tree, mut entries) = (StateTree::default(), Entries::new());
    let mut past: Vec<(Entries, Overwritten)> = Vec::new();
    for round in 0..64_u32 {
        let added = (0..300).map(|at| (key(round * 300 + at), Some(entry(1))));
        let changed = (0..50).map(|at| (key(at * (round + 1)), Some(entry(u64::from(round) + 2))));
        let removed = (0..20).map(|at| (key(round * 250 + at * 7), None));
        let changes: Vec<Change> =
            added.chain(changed).chain(removed).collect::<BTreeMap<_, _>>().into_iter().collect();
        let before = entries.clone();
        change(&mut entries, &changes);
        past.push((before, tree.apply(&changes)));
    }
    assert_eq!(tree.root(), root_of(&entries));
    for (at, (then, _)) in past.iter().enumerate().step_by(9) {
        let since: Vec<&Overwritten> = past[at..].iter().map(|(_, overwritten)| overwritten).collect();
        for number in [0, 50, 299, 5_000, 19_000, 99_999] {
            check_proof(&tree, &since, (then, root_of(then)), &key(number));
        }
    }
}
