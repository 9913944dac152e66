//! How short a halflife may be.
//!
//! The median tells of a block five blocks late, and a loop that corrects itself faster than it learns of its corrections
//! overshoots. Taken as a line, the loop moves by `ln 2 / halflife` a block on what it was six blocks before. Such a
//! loop rings when that product exceeds 1/e, below 11 spacings, and rings ever louder when it exceeds π/2, below 3. Luck
//! is no line: a slow block counts for more the slower it is, so there must be a margin, and 32 is three times 11.

use cairn::consensus::{Genesis, Params};
use cairn::testkit::asert_file;

use crate::chain::{Chain, params};
use crate::figures::{Figures, print};
use crate::steady::expect_even;

/// Below what genesis allows, too.
fn params_forced(halflife_spacings: u32) -> Params {
    let mut params = params(32);
    params.halflife = halflife_spacings * params.spacing;
    params.gap_max = 2 * params.halflife;
    params
}

fn steady(halflife_spacings: u32) -> Figures {
    let mut chain = Chain::in_balance(&params_forced(halflife_spacings), 9);
    let from = chain.blocks.len();
    chain.mine(20_000, 1.0);
    Figures::of(&chain.blocks[from..])
}

#[test]
fn shortest_halflife_that_genesis_allows_is_stable() {
    let mut file = asert_file(0);
    file.pow.halflife = 32 * file.pow.spacing - 1;
    let refusal = Genesis::new(&file).expect_err("a halflife of less than 32 spacings").to_string();
    assert!(refusal.contains("pow.halflife"), "{refusal}");

    for seed in 0..4 {
        let mut chain = Chain::in_balance(&params(32), seed);
        let from = chain.blocks.len();
        chain.mine(40_000, 1.0);
        let (early, late) = chain.blocks[from..].split_at(20_000);
        let (early, late) = (Figures::of(early), Figures::of(late));
        expect_even("early", &early, 60.0, 3.0);
        expect_even("late", &late, 60.0, 3.0);
        assert!(late.wobble < 1.15 * early.wobble, "it grows: {early:?} {late:?}");
    }
}

#[test]
fn shorter_halflives_than_genesis_allows_oscillate() {
    let halflives = [288, 120, 60, 32, 16, 8, 4, 3, 2, 1];
    let figures = halflives.map(steady);
    let rows: Vec<String> = halflives
        .iter()
        .zip(&figures)
        .map(|(halflife, figures)| format!("{halflife:9}  {figures}"))
        .collect();
    print(&format!(" halflife  {}\n(spacings)", Figures::HEADING), &rows);

    for pair in figures.windows(2) {
        assert!(pair[0].swing < pair[1].swing, "a shorter halflife is calmer: {pair:?}");
    }
    let of = |halflife| figures[halflives.iter().position(|other| *other == halflife).unwrap()];
    assert!(of(16).swing > 3.0, "{:?}", of(16));
    assert!(of(4).swing > 100.0 && of(4).spread > 1.2, "{:?}", of(4));
    assert!(of(2).swing > 1e3 && of(2).spread > 1.5 && of(2).mean > 1.1 * 60.0, "{:?}", of(2));
    assert!(of(1).swing > 1e4 && of(1).spread > 2.0 && of(1).mean > 2.0 * 60.0, "{:?}", of(1));
}
