//! Networks that seeds draw, and what befalls them.

use std::thread;

use cairn::lab::{replay, soak};

/// Seeds of a usual run.
const SEEDS: u64 = 300;
/// Says how many there are instead, as `./test --long` does.
const SEEDS_VARIABLE: &str = "CAIRN_LAB_SEEDS";

#[test]
fn every_network_comes_through_what_befalls_it() {
    let told = std::env::var(SEEDS_VARIABLE).ok();
    let count = told.map_or(SEEDS, |count| count.parse().expect("a number of seeds"));
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
