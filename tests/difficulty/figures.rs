//! What a run of blocks amounts to.

use std::fmt;

use crate::chain::Found;

/// An even run in figures.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// Mean seconds between blocks.
    pub mean: f64,
    /// Standard deviation of the seconds between blocks, over their mean: 1 for a Poisson process, the best there is.
    pub spread: f64,
    /// Standard deviation of the work's logarithm to the base of 2.
    pub wobble: f64,
    /// Largest work over smallest.
    pub swing: f64,
}

impl Figures {
    pub const HEADING: &str = "mean gap s  sd/mean  sd of log2 work  max/min work";

    pub fn of(blocks: &[Found]) -> Self {
        let gaps: Vec<f64> = blocks.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
        let works: Vec<f64> = blocks.iter().map(|block| block.work.log2()).collect();
        let (mean, deviation) = moments(&gaps);
        let swing = (highest(works.iter().copied()) - lowest(works.iter().copied())).exp2();
        Self { mean, spread: deviation / mean, wobble: moments(&works).1, swing }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mean, spread, wobble, swing } = self;
        write!(f, "{mean:10.2}  {spread:7.3}  {wobble:15.3}  {swing:12.3}")
    }
}

/// Mean and standard deviation.
fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    (mean, variance.sqrt())
}

pub fn lowest(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(f64::INFINITY, f64::min)
}

pub fn highest(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(f64::NEG_INFINITY, f64::max)
}

/// One figure over many seeds.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    pub min: f64,
    pub median: f64,
    pub max: f64,
}

impl Range {
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Self { min: values[0], median: values[values.len() / 2], max: values[values.len() - 1] }
    }

    /// The median and, in brackets, the lowest and the highest.
    pub fn text(&self, digits: usize) -> String {
        let Self { min, median, max } = self;
        format!("{median:.digits$} ({min:.digits$} to {max:.digits$})")
    }
}

/// The most blocks that came in any span of so many seconds.
pub fn densest(blocks: &[Found], seconds: f64) -> f64 {
    let from = |end: &Found| blocks.partition_point(|block| block.at < end.at - seconds);
    let counts = blocks.iter().enumerate().map(|(at, end)| at + 1 - from(end));
    counts.max().unwrap_or(0) as f64
}

/// The longest wait for a block.
pub fn longest_gap(blocks: &[Found]) -> f64 {
    highest(blocks.windows(2).map(|pair| pair[1].at - pair[0].at))
}

/// Prints rows under a heading, all at once: tests run beside each other.
pub fn print(heading: &str, rows: &[String]) {
    println!("\n{heading}\n{}", rows.join("\n"));
}
