//! The same hash rate all the time.

use cairn::consensus::GenesisFile;
use cairn::testkit::asert_file;

use crate::chain::{Chain, GENESIS_TIME, params, params_of};
use crate::figures::{Figures, print};

/// Asserts that a run is as even as luck allows: the spacing is kept, gaps spread like a Poisson process, and work
/// stays within a band.
pub fn expect_even(name: &str, figures: &Figures, spacing: f64, swing_max: f64) {
    assert!((figures.mean / spacing - 1.0).abs() < 0.005, "{name}: {figures:?}");
    assert!((0.97..1.04).contains(&figures.spread), "{name}: {figures:?}");
    assert!(figures.swing < swing_max, "{name}: {figures:?}");
}

#[test]
fn steady_hash_rate_keeps_the_spacing_and_spreads_like_luck() {
    let files = [
        ("testkit file", params_of(&asert_file(0))),
        ("asert preset", params_of(&GenesisFile::asert(GENESIS_TIME))),
        ("unclamped", params(60)),
    ];
    let mut rows = Vec::new();
    for (name, params) in files {
        for seed in 0..3 {
            let mut chain = Chain::in_balance(&params, seed);
            let from = chain.blocks.len();
            chain.mine(20_000, 1.0);
            let figures = Figures::of(&chain.blocks[from..]);
            rows.push(format!("{name:14}  {seed:4}  {figures}"));
            expect_even(name, &figures, f64::from(params.spacing), 2.3);
        }
    }
    let heading = format!("steady hash rate       seed  {}", Figures::HEADING);
    print(&heading, &rows);
}

#[test]
fn wobble_of_a_long_chain_neither_grows_nor_drifts() {
    let params = params(60);
    let mut chain = Chain::in_balance(&params, 7);
    let from = chain.blocks.len();
    chain.mine(100_000, 1.0);
    let windows: Vec<Figures> = chain.blocks[from..].chunks(10_000).map(Figures::of).collect();
    let rows: Vec<String> = windows.iter().map(ToString::to_string).collect();
    print(&format!("ten windows of 10,000 blocks\n{}", Figures::HEADING), &rows);
    for window in &windows {
        assert!((0.095..0.14).contains(&window.wobble), "{window:?}");
        assert!(window.swing < 2.3, "{window:?}");
    }
    let whole = Figures::of(&chain.blocks[from..]);
    assert!((whole.mean / 60.0 - 1.0).abs() < 0.001, "{whole:?}");
}
