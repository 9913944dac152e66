//! Networks that seeds draw, and what befalls them.

use std::collections::BTreeSet;
use std::mem::discriminant;
use std::thread;

use cairn::lab::strangers::{Harm, Told};
use cairn::lab::{Mix, replay, soak};
use cairn::testkit::strategies::cases;

/// Seeds of a usual run; a long one has a hundred times as many.
const SEEDS: u32 = 300;

#[test]
fn every_network_comes_through_what_befalls_it() {
    let count = u64::from(cases(SEEDS).cases);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut unsound = Vec::new();
    soak(0..count, threads, |outcome| {
        if !outcome.is_sound() {
            unsound.push(outcome);
        }
        true
    });
    for outcome in &unsound {
        println!("cairn lab soak --seed {} --trace story.txt", outcome.seed);
        outcome.violations.iter().for_each(|violation| println!("  {violation}"));
    }
    assert!(unsound.is_empty(), "{} of {count} networks", unsound.len());
}

#[test]
fn same_seed_ends_the_same() {
    for seed in 0..20 {
        assert_eq!(replay(seed, None), replay(seed, None));
    }
}

#[test]
fn seeds_draw_every_kind_of_harm() {
    let drawn: Vec<Harm> =
        (0..u64::from(SEEDS)).flat_map(|seed| Mix::draw(seed).harm).map(|(harm, _)| harm).collect();
    let kinds: BTreeSet<String> = drawn.iter().map(|harm| format!("{:?}", discriminant(harm))).collect();
    assert_eq!(kinds.len(), 11, "{drawn:?}");
    for told in [Told::Nobody, Told::Itself] {
        assert!(drawn.contains(&Harm::Addresses(told)));
    }
}
