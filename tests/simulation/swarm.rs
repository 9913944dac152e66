//! Networks that seeds draw, and what befalls them.

use std::thread;

use cairn::lab::{replay, soak};

/// Seeds of a usual run; a long one has a hundred times as many.
const SEEDS: u64 = 100;

#[test]
fn every_network_comes_through_what_befalls_it() {
    let count = std::env::var("SEEDS").ok().and_then(|count| count.parse().ok()).unwrap_or(SEEDS);
    let from: u64 = std::env::var("FROM").ok().and_then(|count| count.parse().ok()).unwrap_or(0);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut unsound = Vec::new();
    soak(from..from + count, threads, |outcome| {
        if !outcome.is_sound() {
            unsound.push(outcome);
        }
        true
    });
    for outcome in &unsound {
        println!("seed {}:", outcome.seed);
        outcome.violations.iter().for_each(|violation| println!("  {violation}"));
    }
    assert!(unsound.is_empty(), "{} of {count} seeds", unsound.len());
}

#[test]
fn same_seed_ends_the_same() {
    for seed in 0..5 {
        assert_eq!(replay(seed, None), replay(seed, None));
    }
}

#[test]
fn zz_trace() {
    let Some(seed) = std::env::var("TRACE").ok().and_then(|count| count.parse().ok()) else { return };
    use std::io::Write;
    println!("{:#?}", cairn::lab::Mix::draw(seed));
    let mut file = std::io::BufWriter::new(std::fs::File::create("/tmp/trace.txt").unwrap());
    let outcome = replay(
        seed,
        Some(Box::new(move |line| {
            writeln!(file, "{line}").unwrap();
        })),
    );
    println!("{outcome:#?}");
}
