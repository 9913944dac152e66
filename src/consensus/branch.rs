//! A branch of headers, as much of it as the next one is measured by.

use super::time::effective_time;
use super::{HeaderContext, HeaderError, MEDIAN_WINDOW, Params, check_header, median_time, next_bits};
use crate::types::{EffectiveTime, Header, Height, Target, Timestamp, Work};

/// A branch up to one header: everything that the rules ask of it when another comes, in a hundred bytes.
///
/// Whoever follows headers needs no more than this, with a tree of them or without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Where its last header stands.
    pub height: Height,
    /// Work of all its headers.
    pub work: Work,
    /// E at its last header.
    pub effective_time: EffectiveTime,
    /// M at its last header.
    pub median_time: Timestamp,
    /// The times of its last headers, the last one first.
    times: [Timestamp; MEDIAN_WINDOW],
    times_known: usize,
}

impl Branch {
    /// The branch of nothing but genesis.
    ///
    /// # Errors
    /// When its bits stand for no target, so that it is no genesis.
    pub fn genesis(header: &Header) -> Result<Self, HeaderError> {
        let work = Target::from_bits(header.bits)?.work();
        Ok(Self::resume(Height::GENESIS, work, EffectiveTime(0), [header.time]))
    }

    /// A branch whose sums are known, with the times of its last headers, the last one first: of all down to genesis, or
    /// of [`MEDIAN_WINDOW`]; more do not count.
    ///
    /// # Panics
    /// When fewer are given: M would be another.
    pub fn resume(
        height: Height,
        work: Work,
        effective_time: EffectiveTime,
        last_times: impl IntoIterator<Item = Timestamp>,
    ) -> Self {
        let mut times = [Timestamp(0); MEDIAN_WINDOW];
        let mut times_known = 0;
        for (slot, time) in times.iter_mut().zip(last_times) {
            *slot = time;
            times_known += 1;
        }
        let expected = MEDIAN_WINDOW.min(1 + height.0 as usize);
        assert_eq!(times_known, expected, "the times of all headers that M looks at");
        let median_time = median_time(&times[..times_known]);
        Self { height, work, effective_time, median_time, times, times_known }
    }

    /// What the branch asks of the next header; nothing where no height is left.
    pub fn context(&self, params: &Params) -> Option<HeaderContext> {
        Some(HeaderContext {
            height: self.height.next()?,
            bits: next_bits(params, self.height, self.effective_time),
            median_time: self.median_time,
        })
    }

    /// The branch with one more header. Whether that header did the work it claims is for
    /// [`check_work`](super::check_work).
    ///
    /// # Errors
    /// The rule that the header broke.
    pub fn extend(&self, header: &Header, params: &Params) -> Result<Self, HeaderError> {
        let context = self.context(params).ok_or(HeaderError::EndOfChain)?;
        check_header(header, &context)?;
        let known = self.times[..self.times_known].iter().copied();
        let work = self.work.saturating_add(Target::from_bits(header.bits)?.work());
        let mut next =
            Self::resume(context.height, work, self.effective_time, [header.time].into_iter().chain(known));
        next.effective_time = effective_time(self, next.height, next.median_time, params);
        Ok(next)
    }
}
