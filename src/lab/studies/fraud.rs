//! How often a payment is taken back, by how many blocks its payee waits for.

use super::{Effort, Study, error_of};
use crate::lab::report::{Cell, Column, Plot, Series, Table};
use crate::lab::scenario::Scenario;

pub(super) const STUDY: Study = Study {
    name: "double-spend",
    title: "Payments that are taken back, by how long one waits",
    about: "A miner pays somebody, and from that moment on mines in secret on a branch in which it did not. When the payment has as many \
        blocks as the payee waits for and the branch is longer it shows the branch; when the others are eight blocks ahead it gives up; \
        then it begins anew. Measured is the share of these payments that the chain took back. Beside it stands Rosenfeld's \
        probability for one who begins when it pays. Nakamoto's, which is better known, is for one who has found a block before and needs \
        a branch only as long as the other: it is larger.",
    find,
};

const SPACING: u64 = 600;

fn scenario(share: f64, confirmations: u32, blocks: u64) -> Scenario {
    let text = format!(
        r#"
name = "double-spend"
about = "One miner spends twice, again and again."
duration = "{}s"
topology = "complete"
nodes = [{{ name = "thief", count = 1 }}, {{ name = "honest", count = 3 }}]

[chain]
spacing = "{SPACING}s"

[[mining]]
who = ["thief"]
share = {share}
strategy = {{ double_spending = {confirmations} }}

[[mining]]
who = ["honest"]
share = {}
"#,
        blocks * SPACING,
        1.0 - share
    );
    super::network::scenario(&text)
}

/// Rosenfeld's probability for one who begins when it pays: while the others find so many blocks it finds some, and what it
/// lacks then to be one ahead it has to catch up. Its share is less than a half.
fn rosenfeld(share: f64, confirmations: u32) -> f64 {
    let (honest, ratio) = (1.0 - share, share / (1.0 - share));
    let mut finds = honest.powf(f64::from(confirmations));
    let mut never = 0.0;
    for found in 0..=confirmations {
        let lacks = confirmations - found + 1;
        never += finds * (1.0 - ratio.powf(f64::from(lacks)));
        finds *= share * f64::from(confirmations + found) / f64::from(found + 1);
    }
    1.0 - never
}

/// Nakamoto's probability, as his paper has it.
fn nakamoto(share: f64, confirmations: u32) -> f64 {
    let ratio = share / (1.0 - share);
    let mean = f64::from(confirmations) * ratio;
    let mut finds = (-mean).exp();
    let mut never = 0.0;
    for found in 0..=confirmations {
        never += finds * (1.0 - ratio.powf(f64::from(confirmations - found)));
        finds *= mean / f64::from(found + 1);
    }
    1.0 - never
}

fn find(effort: &Effort<'_>) -> (Table, Vec<Plot>) {
    let (shares, waits): (&[f64], &[u32]) = effort.pick((&[0.2, 0.3], &[1, 2, 3, 4, 6]), (&[0.3], &[1, 6]));
    let blocks = effort.pick(8_000, 1_200);
    let cases: Vec<(f64, u32)> =
        shares.iter().flat_map(|share| waits.iter().map(|wait| (*share, *wait))).collect();
    let found = effort.each(&cases, |case, (share, wait)| {
        let figures = scenario(*share, *wait, blocks).run(Some(effort.seed_of(case)), None).figures;
        let thief = figures.miners.into_iter().next();
        thief.map_or((0, 0), |thief| (thief.taken_back, thief.frauds))
    });
    let mut table = Table::new(vec![
        Column::percent("share", "of all hashes", 0),
        Column::number("confirmations", "blocks waited for", 0),
        Column::number("tries", "tries", 0),
        Column::percent("taken_back", "taken back", 1),
        Column::percent("error", "standard error", 1),
        Column::percent("rosenfeld", "Rosenfeld", 1),
        Column::percent("nakamoto", "Nakamoto", 1),
    ]);
    let mut series = Vec::new();
    for (cases, found) in cases.chunks(waits.len()).zip(found.chunks(waits.len())) {
        let (mut measured, mut errors, mut expected) = (Vec::new(), Vec::new(), Vec::new());
        for ((share, wait), (taken, tries)) in cases.iter().zip(found) {
            let rate = *taken as f64 / (*tries).max(1) as f64;
            let walk = rosenfeld(*share, *wait);
            // What was expected says better how much it can be off than a rate that may be none.
            let error = error_of(walk, *tries);
            table.push(vec![
                Cell::from(*share),
                Cell::from(f64::from(*wait)),
                Cell::from(*tries),
                Cell::from(rate),
                Cell::from(error),
                Cell::from(walk),
                Cell::from(nakamoto(*share, *wait)),
            ]);
            measured.push((f64::from(*wait), rate * 100.0));
            errors.push(error * 100.0);
            expected.push((f64::from(*wait), walk * 100.0));
        }
        let name = format!("{:.0} % of all hashes", cases[0].0 * 100.0);
        series.push(Series::curve(&name, measured).with_errors(errors));
        series.push(Series::reference(&format!("Rosenfeld, {name}"), expected));
    }
    (table, vec![Plot::new("Payments that are taken back", "blocks waited for", "% of all tries", series)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_those_of_the_papers() {
        for (share, confirmations, expected) in
            [(0.1, 1, 0.204_587_3), (0.3, 5, 0.177_352_3), (0.3, 10, 0.041_660_5)]
        {
            assert!((nakamoto(share, confirmations) - expected).abs() < 1e-7, "{share} {confirmations}");
        }
        // Whoever waits for nothing is cheated by whoever ever gets ahead.
        assert!((rosenfeld(0.3, 0) - 0.3 / 0.7).abs() < 1e-12);
        // One block: two found meanwhile, or one and then one ahead, or none and then two.
        let ratio: f64 = 0.3 / 0.7;
        let one = 0.3_f64.powi(2) + 0.7 * 0.3 * ratio + 0.7 * ratio.powi(2);
        assert!((rosenfeld(0.3, 1) - one).abs() < 1e-12);
        assert!((rosenfeld(0.3, 6) - 0.0891).abs() < 1e-4);
    }
}
