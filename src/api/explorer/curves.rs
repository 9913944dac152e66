//! What headers tell of how a chain goes: hash rates, difficulties, how far apart blocks are.

use super::charts::{Chart, Mark};
use super::parts::{count, number, scaled, span};
use crate::chain::HeaderEntry;
use crate::node::Reader;
use crate::template::Difficulty;
use crate::types::{Height, Target};

/// Blocks that are looked at.
pub const BLOCKS_MAX: u32 = 720;
/// Marks of a chart over blocks; each stands for as many blocks as it takes.
const MARKS_MAX: usize = 90;
/// Blocks behind a mark, at least: of fewer, chance would be seen and nothing else.
const EACH_MIN: usize = 8;
/// Bars of a chart of intervals: the last has all that are longer.
const BARS: usize = 20;
/// An interval that is so many times the mean of all that are shorter was not made by chance: one in e^20 is.
const GAP_TIMES: f64 = 20.0;
/// How far up intervals are told apart, in times of what they should be.
const TIMES_MAX: f64 = 4.0;

/// The last headers that are followed, lowest first.
pub struct Curves(Vec<HeaderEntry>);

impl Curves {
    /// Of a reader's tip.
    pub fn of(reader: &Reader) -> Self {
        let tip = reader.tip().height;
        // Between genesis and the first block nobody mined.
        let first = tip.0.saturating_sub(BLOCKS_MAX).max(1);
        Self((first..=tip.0).map_while(|height| reader.header_at(Height(height))).collect())
    }

    /// As many neighbours at a time as leave no more than so many groups, lowest first. They are counted from the tip down:
    /// what is left over at the other end is in none.
    fn groups(&self) -> impl Iterator<Item = &[HeaderEntry]> {
        let blocks = self.0.len().saturating_sub(1);
        let each = blocks.div_ceil(MARKS_MAX).max(EACH_MIN);
        // A group begins where the one before it ended: what lies between is counted once.
        (blocks % each..blocks).step_by(each).map(move |from| &self.0[from..=from + each])
    }

    fn ends(&self) -> (String, String) {
        let height =
            |entry: Option<&HeaderEntry>| entry.map(|entry| number(entry.height)).unwrap_or_default();
        let first = self.groups().next().and_then(<[HeaderEntry]>::first);
        (format!("block {}", height(first)), format!("block {}", height(self.0.last())))
    }

    fn chart<'a>(
        &self,
        title: &'a str,
        written: fn(f64) -> String,
        value: impl Fn(&[HeaderEntry]) -> Option<f64>,
    ) -> Chart<'a> {
        let mark = |group: &[HeaderEntry]| {
            let value = value(group)?;
            let said = format!("{} at block {}", written(value), number(group.last()?.height));
            Some(Mark { value, said })
        };
        let marks = self.groups().filter_map(mark).collect();
        Chart { title, bars: false, marks, expected: Vec::new(), written, ends: self.ends() }
    }

    /// Hashes a second that the blocks took, by their work and their times.
    pub fn hash_rate(&self) -> Chart<'_> {
        self.chart(
            "Hash rate",
            |rate| scaled(rate, "H/s"),
            |group| {
                let (low, high) = (group.first()?, group.last()?);
                let seconds = high.header.time.0.saturating_sub(low.header.time.0).max(1);
                let work = high.work.number().saturating_sub(low.work.number());
                Some(f64::from(work) / f64::from(seconds))
            },
        )
    }

    /// How hard the blocks were to find.
    pub fn difficulty(&self) -> Chart<'_> {
        self.chart("Difficulty", difficulty, |group| {
            let target = Target::from_bits(group.last()?.header.bits).ok()?;
            Some(Difficulty::of(target).number())
        })
    }

    /// How often blocks came so far apart, against what chance would have of as many in the same time.
    pub fn intervals(&self) -> Chart<'_> {
        let apart = |pair: &[HeaderEntry]| pair[1].header.time.0.saturating_sub(pair[0].header.time.0);
        spread(self.0.windows(2).map(|pair| f64::from(apart(pair))).collect())
    }
}

/// How often there was an interval of some length.
fn spread(mut seconds: Vec<f64>) -> Chart<'static> {
    seconds.sort_unstable_by(f64::total_cmp);
    let (usual, gaps) = seconds.split_at(running(&seconds));
    let mean = mean(usual).max(0.1);
    let width = (mean * TIMES_MAX / BARS as f64).max(1.0);
    let mut counts = [0_u32; BARS];
    for interval in &seconds {
        counts[((interval / width) as usize).min(BARS - 1)] += 1;
    }
    let bounds = |bar: usize| (bar as f64 * width, (bar + 1) as f64 * width);
    let longest = seconds.last().map(|longest| span(*longest as u64)).unwrap_or_default();
    let mark = |(bar, blocks): (usize, &u32)| {
        let ((from, to), is_last) = (bounds(bar), bar == BARS - 1);
        let until = match is_last {
            true if !gaps.is_empty() => format!("and longer, up to {longest}"),
            true => "and longer".to_owned(),
            false => format!("to {}", span(to as u64)),
        };
        let blocks_said = count(*blocks as usize, "block");
        Mark { value: f64::from(*blocks), said: format!("{blocks_said} after {} {until}", span(from as u64)) }
    };
    let marks = if seconds.is_empty() { Vec::new() } else { counts.iter().enumerate().map(mark).collect() };
    // Where chance decides, an interval is longer than t with probability e^(-t/mean).
    let longer = |time: f64| (-time / mean).exp();
    let expected = |bar: usize| {
        let ((from, to), is_last) = (bounds(bar), bar == BARS - 1);
        usual.len() as f64 * (longer(from) - if is_last { 0.0 } else { longer(to) })
    };
    let beyond = if gaps.is_empty() { String::new() } else { format!(", up to {longest}") };
    Chart {
        title: "Seconds between blocks",
        bars: true,
        marks,
        expected: (0..BARS).map(expected).collect(),
        written: |count| count.to_string(),
        ends: ("0 s".to_owned(), format!("{} and more{beyond}", span((width * (BARS - 1) as f64) as u64))),
    }
}

/// How many intervals, of which the shortest comes first, chance could have made while the chain ran. What is longer by far
/// than those below it is a time in which nobody mined, or the clock was put forward: it would hide all others.
fn running(sorted: &[f64]) -> usize {
    let (shorter_half, longer_half) = sorted.split_at(sorted.len().div_ceil(2));
    let (mut sum, mut count) = (shorter_half.iter().sum::<f64>(), shorter_half.len());
    for interval in longer_half {
        if *interval > GAP_TIMES * (sum / count as f64).max(1.0) {
            break;
        }
        (sum, count) = (sum + interval, count + 1);
    }
    count
}

fn mean(seconds: &[f64]) -> f64 {
    seconds.iter().sum::<f64>() / seconds.len().max(1) as f64
}

/// A difficulty, in as many digits as say something.
pub fn difficulty(difficulty: f64) -> String {
    match difficulty {
        0.0 => "0".to_owned(),
        small if small < 0.001 => format!("{small:.2e}"),
        middle if middle < 1000.0 => format!("{middle:.3}"),
        large => scaled(large, "").trim_end().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::Chain;
    use crate::testkit::Network;

    fn drawn(seconds: &[f64]) -> String {
        spread(seconds.to_vec()).draw().into_string()
    }

    #[test]
    fn days_that_a_chain_stood_still_do_not_hide_how_it_runs() {
        let mut seconds = vec![4.0, 5.0, 6.0, 5.0, 4.0, 6.0, 5.0, 5.0, 30.0];
        let before = spread(seconds.clone());
        seconds.extend([86_400.0, 90_000.0]);
        let after = spread(seconds.clone());
        assert_eq!(after.expected, before.expected);
        let values = |chart: &Chart<'_>| chart.marks.iter().map(|mark| mark.value).collect::<Vec<_>>();
        assert_eq!(values(&after)[..BARS - 1], values(&before)[..BARS - 1]);
        let said = drawn(&seconds);
        assert!(said.contains("29 s and more, up to 1 d 1 h"), "{said}");
        assert!(said.contains("3 blocks after 29 s and longer, up to 1 d 1 h"), "{said}");
    }

    #[test]
    fn what_chance_makes_is_no_gap() {
        // The quantiles of what chance would have, 1000 of them: the longest is more than seven times the mean.
        let seconds: Vec<f64> =
            (0..1000).map(|at| -60.0 * (1.0 - (f64::from(at) + 0.5) / 1000.0).ln()).collect();
        assert_eq!(running(&seconds), seconds.len());
        assert_eq!(
            (running(&[]), running(&[9.0]), running(&[0.0, 0.0, 20.0]), running(&[0.0, 0.0, 21.0])),
            (0, 1, 3, 2)
        );
    }

    #[test]
    fn marks_stand_for_as_many_blocks_each_and_the_newest_for_the_last() {
        let genesis = Chain::new(&Network::new(1).genesis).tip().clone();
        let entry = |height| {
            let mut entry = genesis.clone();
            entry.height = Height(height);
            entry
        };
        let curves = Curves((1..=20).map(entry).collect());
        let ends = |group: &[HeaderEntry]| (group[0].height.0, group[group.len() - 1].height.0);
        assert_eq!(curves.groups().map(ends).collect::<Vec<_>>(), [(4, 12), (12, 20)]);
        assert_eq!(curves.ends(), ("block 4".to_owned(), "block 20".to_owned()));
    }
}
