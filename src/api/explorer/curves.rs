//! What headers tell of how a chain goes: hash rates, difficulties, how far apart blocks are.

use super::charts::{Chart, Mark};
use super::parts::{number, scaled, span};
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
        let seconds: Vec<f64> = self
            .0
            .windows(2)
            .map(|pair| f64::from(pair[1].header.time.0.saturating_sub(pair[0].header.time.0)))
            .collect();
        let aim = (seconds.iter().sum::<f64>() / seconds.len().max(1) as f64).max(0.1);
        let width = (aim * TIMES_MAX / BARS as f64).max(1.0);
        let mut counts = [0_u32; BARS];
        for interval in &seconds {
            counts[((interval / width) as usize).min(BARS - 1)] += 1;
        }
        let bounds = |bar: usize| (bar as f64 * width, (bar + 1) as f64 * width);
        let mark = |(bar, count): (usize, &u32)| {
            let ((from, to), is_last) = (bounds(bar), bar == BARS - 1);
            let until = if is_last { "and longer".to_owned() } else { format!("to {}", span(to as u64)) };
            Mark {
                value: f64::from(*count),
                said: format!(
                    "{} after {} {until}",
                    super::parts::count(*count as usize, "block"),
                    span(from as u64)
                ),
            }
        };
        let marks =
            if seconds.is_empty() { Vec::new() } else { counts.iter().enumerate().map(mark).collect() };
        // Where chance decides, an interval is longer than t with probability e^(-t/mean).
        let longer = |time: f64| (-time / aim).exp();
        let expected = |bar: usize| {
            let ((from, to), is_last) = (bounds(bar), bar == BARS - 1);
            seconds.len() as f64 * (longer(from) - if is_last { 0.0 } else { longer(to) })
        };
        Chart {
            title: "Seconds between blocks",
            bars: true,
            marks,
            expected: (0..BARS).map(expected).collect(),
            written: |count| count.to_string(),
            ends: ("0 s".to_owned(), format!("{} and more", span((width * (BARS - 1) as f64) as u64))),
        }
    }
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
