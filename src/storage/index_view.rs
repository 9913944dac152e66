//! The indexes as readers see them: never changing under them, and never held by whoever writes.

use super::StorageError;
use super::index::{
    Order, Place, Subject, SubjectKey, behind_subject, is_same_subject, keys_like, keys_of_addresses,
};
use super::runs::{Pair, RunsView};
use super::tables::IndexMark;
use crate::types::{FirstDigits, FirstLetters, Height};

/// The indexes up to one step. Whoever has one looks in it without waiting for anybody; while it lives, what it needs stays
/// in the database, and the database stays open.
#[derive(Clone, Debug)]
pub struct IndexView {
    runs: RunsView,
    mark: IndexMark,
}

impl IndexView {
    pub(super) fn new(runs: RunsView, mark: IndexMark) -> Self {
        Self { runs, mark }
    }

    /// Up to where everything is indexed.
    pub fn mark(&self) -> &IndexMark {
        &self.mark
    }

    /// Whether another is the same, so that nothing is gained by taking it instead.
    pub fn is_same(&self, other: &Self) -> bool {
        self.mark == other.mark && self.runs.is_same(&other.runs)
    }

    /// Where to look for something below a height, in this order.
    ///
    /// # Errors
    /// When the database fails.
    pub fn places(
        &self,
        subject: Subject<'_>,
        order: Order,
        below: Height,
        limit: usize,
    ) -> Result<Vec<Place>, StorageError> {
        let (from, to) = subject.range(order, below);
        let mut places = Vec::new();
        let mut take = |entry: Option<Pair<'_>>| {
            places.extend(entry.and_then(|(key, value)| Place::of(key, value)));
            entry.is_some() && places.len() < limit
        };
        if limit == 0 {
            return Ok(places);
        }
        match order {
            Order::Newest { .. } => {
                let mut entries = self.runs.range(&from, Some(&to))?;
                while take(entries.next_entry()?) {}
            }
            Order::Oldest { .. } => {
                let mut entries = self.runs.range_back(&from, Some(&to))?;
                while take(entries.next_entry()?) {}
            }
        }
        Ok(places)
    }

    /// Where a transaction below a height may stand whose name begins so; of so many entries at most.
    ///
    /// # Errors
    /// When the database fails.
    pub fn transactions_like(
        &self,
        digits: &FirstDigits,
        below: Height,
        looked_at_max: usize,
    ) -> Result<Vec<Place>, StorageError> {
        let (from, to) = keys_like(digits);
        let mut entries = self.runs.range(&from, None)?;
        let mut places = Vec::new();
        for _ in 0..looked_at_max {
            let Some((key, value)) = entries.next_entry()?.filter(|(key, _)| *key <= &to[..]) else { break };
            places.extend(Place::of(key, value).filter(|place| place.height < below));
        }
        Ok(places)
    }

    /// Where something below a height may stand that concerns addresses which begin so: of so many addresses at most, and of
    /// each so many places at most, the newest, and which it is. An address costs two seeks, however much happened to it.
    ///
    /// # Errors
    /// When the database fails.
    pub fn addresses_like(
        &self,
        letters: &FirstLetters,
        below: Height,
        (addresses_max, each_max): (usize, usize),
    ) -> Result<Vec<(SubjectKey, Place)>, StorageError> {
        let (mut from, to) = keys_of_addresses(letters);
        let mut places = Vec::new();
        for _ in 0..addresses_max {
            let mut entries = self.runs.range(&from, None)?;
            let mut count = 0;
            while count < each_max
                && let Some((key, value)) = entries.next_entry()?
                && key <= &to[..]
                && (count == 0 || is_same_subject(key, &from))
            {
                from.copy_from_slice(key);
                let place = Place::of(key, value).filter(|place| place.height < below);
                places.extend(SubjectKey::of(key).zip(place));
                count += 1;
            }
            if count == 0 {
                break;
            }
            from = behind_subject(&from);
        }
        Ok(places)
    }
}
