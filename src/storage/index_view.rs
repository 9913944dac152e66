//! The indexes as readers see them: never changing under them, and never held by whoever writes.

use super::StorageError;
use super::index::{Place, Subject};
use super::runs::RunsView;
use super::tables::IndexMark;
use crate::types::Height;

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

    /// Where to look for something, newest first, below a height, and below `before` where that is given.
    ///
    /// # Errors
    /// When the database fails.
    pub fn places(
        &self,
        subject: Subject<'_>,
        before: Option<Place>,
        below: Height,
        limit: usize,
    ) -> Result<Vec<Place>, StorageError> {
        let (from, to) = subject.range(before, below);
        let mut entries = self.runs.range(&from, Some(&to))?;
        let mut places = Vec::new();
        while places.len() < limit
            && let Some((key, value)) = entries.next_entry()?
        {
            places.extend(Place::of(key, value));
        }
        Ok(places)
    }
}
