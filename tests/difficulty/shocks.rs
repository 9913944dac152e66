//! Hash rates that change.

use cairn::consensus::Params;

use crate::chain::{Chain, DAY, HOUR, params};
use crate::figures::{Figures, Range, densest, highest, longest_gap, lowest, print};

const SEEDS: u64 = 100;

/// Ticks of an answer in a halflife.
const TICKS: usize = 10;

/// How work answers when the hash rate jumps from 1 to `rate`: the mean over all seeds of log2(work / rate), a tenth
/// of a halflife after the other.
fn answer(params: &Params, rate: f64, halflives: usize) -> Vec<f64> {
    let mut sums = vec![0.0; halflives * TICKS];
    for seed in 0..SEEDS {
        let mut chain = Chain::in_balance(params, seed);
        for sum in &mut sums {
            chain.mine_for(f64::from(params.halflife) / TICKS as f64, rate);
            *sum += (chain.work() / rate).log2();
        }
    }
    sums.into_iter().map(|sum| sum / SEEDS as f64).collect()
}

/// Halflives after which an answer stays within a tenth of what it tends to.
fn settled(answer: &[f64]) -> f64 {
    let last_off = answer.iter().rposition(|off| off.abs() > 1.1_f64.log2());
    last_off.map_or(0.0, |tick| (tick + 2) as f64 / TICKS as f64)
}

#[test]
fn work_settles_a_few_halflives_after_the_hash_rate_has_changed() {
    let cases = [(2.0, 3.0), (0.5, 4.5), (10.0, 4.0), (0.1, 8.0), (100.0, 4.5)];
    let mut rows = Vec::new();
    for halflife in [60, 32] {
        for (rate, halflives_max) in cases {
            let answer = answer(&params(halflife), rate, 20);
            let settled = settled(&answer);
            let way = if rate > 1.0 { 1.0 } else { -1.0 };
            let overshoot = highest(answer.iter().map(|off| way * off)).exp2();
            let settled_at = answer[answer.len() - 5 * TICKS..].iter().sum::<f64>() / (5 * TICKS) as f64;
            rows.push(format!("{halflife:8}  {rate:9}  {settled:17.1}  {overshoot:9.3}"));
            assert!(settled <= halflives_max, "x{rate}: {settled} halflives of {halflife} spacings");
            assert!(overshoot < 1.1, "x{rate}: overshoots by {overshoot}");
            assert!(settled_at.abs() < 0.05, "x{rate}: tends to {settled_at}");
        }
    }
    print("halflife  hash rate  settled halflives  overshoot", &rows);
}

#[test]
fn burst_of_ten_times_the_hash_rate_comes_and_goes_without_an_echo() {
    let params = params(60);
    let halflife = f64::from(params.halflife);
    let mut sums = [0.0; 30 * TICKS];
    let (mut in_burst, mut peaks, mut waits, mut totals) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for seed in 0..SEEDS {
        let mut chain = Chain::in_balance(&params, seed);
        let before = chain.blocks.len();
        chain.mine_for(6.0 * halflife, 10.0);
        let gone = chain.blocks.len();
        in_burst.push((gone - before) as f64);
        peaks.push(highest(chain.blocks[before..].iter().map(|block| block.work)));
        for sum in &mut sums {
            chain.mine_for(halflife / TICKS as f64, 1.0);
            *sum += chain.work().log2();
        }
        waits.push(longest_gap(&chain.blocks[gone - 1..]) / 60.0);
        totals.push((chain.blocks.len() - before) as f64 / (36.0 * halflife / 60.0));
    }
    let after: Vec<f64> = sums.iter().map(|sum| sum / SEEDS as f64).collect();
    let (settled, echo) = (settled(&after), lowest(after.iter().copied()).exp2());
    let (in_burst, peak, wait, total) =
        (Range::of(in_burst), Range::of(peaks), Range::of(waits), Range::of(totals));
    print(
        "ten times the hash rate for 6 halflives, then as before for 30: median (lowest to highest) of the seeds",
        &[
            format!("blocks in the burst, 360 on schedule  {}", in_burst.text(0)),
            format!("highest work                          {}", peak.text(1)),
            format!("longest wait after it, in minutes     {}", wait.text(0)),
            format!("settled, in halflives after it        {settled}"),
            format!("lowest mean work after it             {echo:.3}"),
            format!("blocks over all 36, of the schedule   {}", total.text(3)),
        ],
    );
    assert!(settled <= 8.0 && echo > 0.93, "{settled} {echo}");
    assert!((9.0..14.0).contains(&peak.median) && peak.max < 16.0, "{peak:?}");
    assert!(wait.max < 120.0, "{wait:?}");
    assert!(total.min > 0.98 && total.max < 1.02, "what the burst took is not given back: {total:?}");
}

/// A collapse of the hash rate, seen from the miners that stay: hours until work is at most twice what they can do;
/// the lowest work after that, over what it tends to; blocks in the densest hour; and the highest work after the lowest.
fn collapse(params: &Params, rate: f64) -> [Range; 4] {
    let runs = (0..SEEDS).map(|seed| {
        let mut chain = Chain::in_balance(params, seed);
        let (from, began) = (chain.blocks.len(), chain.clock);
        while chain.work() > 2.0 * rate {
            chain.mine(1, rate);
        }
        let (near, hours) = (chain.blocks.len(), (chain.clock - began) / HOUR);
        chain.mine(1500, rate);
        let works: Vec<f64> = chain.blocks[near..].iter().map(|block| block.work / rate).collect();
        let low = lowest(works.iter().copied());
        let bottom = works.iter().position(|work| *work == low).expect("one of them");
        let high = highest(works[bottom..].iter().copied());
        [hours, low, densest(&chain.blocks[from..], HOUR), high]
    });
    let runs: Vec<[f64; 4]> = runs.collect();
    [0, 1, 2, 3].map(|figure| Range::of(runs.iter().map(|run| run[figure])))
}

/// A collapse deeper than thirty times overshoots: by the time at which the median tells of the first slow block, five
/// more have come as slowly, and each counts for up to `gap_max`. It does so once, and how far is bounded.
#[test]
fn collapse_of_the_hash_rate_overshoots_once_and_within_bounds() {
    let mut rows = Vec::new();
    for (gap_halflives, rate, low_min, dense_max) in [
        (2, 0.1, 0.6, 100.0),
        (2, 0.03, 1.0 / 16.0, 250.0),
        (2, 0.01, 1.0 / 100.0, 450.0),
        (1, 0.1, 0.6, 100.0),
        (1, 0.03, 0.3, 150.0),
        (1, 0.01, 0.2, 180.0),
    ] {
        let mut params = params(60);
        params.gap_max = gap_halflives * params.halflife;
        let [hours, low, dense, high] = collapse(&params, rate);
        let figures =
            [hours.text(1), low.text(2), dense.text(0), high.text(2)].map(|text| format!("{text:21}"));
        rows.push(format!("{gap_halflives:7}  {rate:9}  {}", figures.join("  ")));
        assert!(low.min > low_min, "x{rate}: {low:?}");
        assert!(dense.max < dense_max, "x{rate}: {dense:?}");
        assert!(high.max < 1.6, "x{rate} rings: {high:?}");
    }
    print(
        "gap_max  hash rate  hours until 2x needed  lowest work            blocks in an hour      highest after that",
        &rows,
    );
}

/// Miners of a greater hash rate than everybody else's come when work is low and leave when it is high.
#[test]
fn switching_miners_swing_within_their_own_thresholds() {
    let mut rows = Vec::new();
    for (strangers, comes_below, leaves_above) in
        [(4.0, 1.1, 1.3), (4.0, 2.0, 2.5), (9.0, 1.2, 1.5), (9.0, 3.0, 3.3), (9.0, 1.05, 8.0)]
    {
        let mut chain = Chain::in_balance(&params(60), 3);
        let from = chain.blocks.len();
        let mut here = false;
        let rate = |work: f64| {
            here = if here { work <= leaves_above } else { work < comes_below };
            if here { 1.0 + strangers } else { 1.0 }
        };
        chain.mine_span(20.0 * DAY, usize::MAX, rate, Chain::stamp);
        let blocks = &chain.blocks[from..];
        let (early, late) = blocks.split_at(blocks.len() / 2);
        let (early, late) = (Figures::of(early), Figures::of(late));
        rows.push(format!("{strangers:9}  {comes_below:11}  {leaves_above:12}  {late}"));
        assert!((late.mean / 60.0 - 1.0).abs() < 0.01, "{late:?}");
        assert!(late.swing < 1.8 * leaves_above / comes_below, "{strangers} {comes_below}: {late:?}");
        assert!(late.wobble < 1.15 * early.wobble, "it grows: {early:?} {late:?}");
    }
    print(&format!("strangers  comes below  leaves above  {}", Figures::HEADING), &rows);
}
