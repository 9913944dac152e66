//! Miners who do not write what the clock says.

use crate::chain::{Chain, DAY, HONEST, HOUR, Stamps, params};
use crate::figures::{Figures, Range, highest, print};

const THIRD: f64 = 1.0 / 3.0;

#[test]
fn minority_of_false_stamps_leaves_the_chain_even() {
    let mut rows = Vec::new();
    for (halflife, swing_max) in [(60, 3.0), (32, 5.0)] {
        for (earliest, latest) in
            [(0.0, 0.0), (THIRD, 0.0), (0.0, THIRD), (THIRD, THIRD), (0.0, 1.0), (0.5, 0.0)]
        {
            let mut chain = Chain::in_balance(&params(halflife), 3);
            let from = chain.blocks.len();
            chain.stamps = Stamps { earliest, latest };
            chain.mine(20_000, 1.0);
            let figures = Figures::of(&chain.blocks[from..]);
            rows.push(format!("{halflife:8}  {earliest:8.2}  {latest:6.2}  {figures}"));
            // Half of all is not a minority; how much worse it is stands in the table.
            let slack = if earliest > THIRD { 2.5 } else { 1.0 };
            assert!((figures.mean / 60.0 - 1.0).abs() < 0.005 * slack, "{earliest} {latest}: {figures:?}");
            assert!(figures.spread < 1.0 + 0.04 * slack, "{earliest} {latest}: {figures:?}");
            assert!(figures.swing < swing_max * slack, "{earliest} {latest}: {figures:?}");
        }
    }
    print(&format!("halflife  earliest  latest  {}", Figures::HEADING), &rows);
}

#[test]
fn stamping_ahead_gains_the_drift_once() {
    let params = params(60);
    let gains = (0..100).map(|seed| {
        let mine = |stamps| {
            let mut chain = Chain::in_balance(&params, seed);
            let from = chain.blocks.len();
            chain.stamps = stamps;
            chain.mine_for(10.0 * DAY, 1.0);
            (chain.blocks.len() - from) as f64
        };
        mine(Stamps { earliest: 0.0, latest: 1.0 }) - mine(HONEST)
    });
    let gains: Vec<f64> = gains.collect();
    let mean = gains.iter().sum::<f64>() / gains.len() as f64;
    print("all stamp ahead for ten days", &[format!("blocks more than with honest stamps  {mean:.1}")]);
    let drift_blocks = f64::from(params.future_drift) / 60.0;
    assert!((mean - drift_blocks).abs() < 3.0, "{mean} blocks more, the drift is {drift_blocks}");
}

/// If all stamp the earliest time, time stands still for the rules, and each block costs more than the one before: they
/// harm themselves. When they stop, the chain comes back.
#[test]
fn stamping_behind_makes_blocks_dearer_until_it_ends() {
    let params = params(60);
    let runs: Vec<[f64; 3]> = (0..40)
        .map(|seed| {
            let mut chain = Chain::in_balance(&params, seed);
            let from = chain.blocks.len();
            chain.stamps = Stamps { earliest: 1.0, latest: 0.0 };
            chain.mine_for(DAY, 1.0);
            let (blocks, work) = (chain.blocks.len() - from, chain.work());
            chain.stamps = HONEST;
            let stopped = chain.clock;
            while chain.work() > 1.2 {
                chain.mine(1, 1.0);
            }
            let hours = (chain.clock - stopped) / HOUR;
            let end = chain.blocks.len();
            chain.mine(1000, 1.0);
            let after = highest(chain.blocks[end..].iter().map(|block| block.work));
            assert!(after < 1.8, "seed {seed} rings: {after}");
            [blocks as f64, work, hours]
        })
        .collect();
    let [blocks, work, hours] = [0, 1, 2].map(|figure| Range::of(runs.iter().map(|run| run[figure])));
    print(
        "all stamp the median for a day, then honestly",
        &[
            format!("blocks of that day, 1440 on schedule  {}", blocks.text(0)),
            format!("work at its end                       {}", work.text(1)),
            format!("hours until work is below 1.2         {}", hours.text(1)),
        ],
    );
    assert!(blocks.max < 400.0 && work.min > 10.0, "it pays to hold time back: {blocks:?} {work:?}");
    assert!(hours.max < 12.0, "{hours:?}");
}
