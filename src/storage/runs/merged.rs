//! Several runs as if they were one, upwards or downwards: of each key the newest.

use std::fmt;
use std::sync::Arc;

use crate::storage::{KeyValue, KvError};

use super::TableSpec;

/// A key and its value.
pub type Pair<'a> = (&'a [u8], &'a [u8]);

/// A key and its value; no value for a tombstone.
pub(super) type Change<'a> = (&'a [u8], Option<&'a [u8]>);

/// A way through one run, entry by entry.
pub(super) trait Walk {
    /// Goes on to the next entry; false at the end.
    fn advance(&mut self, kv: &dyn KeyValue, spec: TableSpec) -> Result<bool, KvError>;

    /// The key of the entry on which it stands.
    fn key(&self) -> &[u8];

    /// Its value; none for a tombstone.
    fn value(&self) -> Option<&[u8]>;

    /// Whether one key comes before another on this way.
    fn is_before(one: &[u8], other: &[u8]) -> bool;

    /// Whether a key lies beyond where the way is to end.
    fn is_past(key: &[u8], end: &[u8]) -> bool;
}

/// Ways through several runs, taken as one.
pub(super) struct Merged<W> {
    kv: Arc<dyn KeyValue>,
    spec: TableSpec,
    end: Option<Vec<u8>>,
    keep_tombstones: bool,
    /// Newest first. Each stands on an entry, but for those that `consumed` names.
    cursors: Vec<W>,
    /// Which have given their entry, or hold an older one of the same key.
    consumed: Vec<usize>,
}

/// These ways, each come to its first entry that lies `within`; those without any are left out.
pub(super) fn begun<W: Walk>(
    kv: &dyn KeyValue,
    spec: TableSpec,
    ways: impl Iterator<Item = Result<W, KvError>>,
    is_within: impl Fn(&[u8]) -> bool,
) -> Result<Vec<W>, KvError> {
    let mut begun = Vec::new();
    for way in ways {
        let mut way = way?;
        while way.advance(kv, spec)? {
            if is_within(way.key()) {
                begun.push(way);
                break;
            }
        }
    }
    Ok(begun)
}

impl<W> fmt::Debug for Merged<W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Merged").field("runs", &self.cursors.len()).finish_non_exhaustive()
    }
}

impl<W: Walk> Merged<W> {
    /// Of cursors that each stand on their first entry, the newest first.
    pub fn new(
        kv: Arc<dyn KeyValue>,
        spec: TableSpec,
        cursors: Vec<W>,
        end: Option<&[u8]>,
        keep_tombstones: bool,
    ) -> Self {
        Self { kv, spec, end: end.map(<[u8]>::to_vec), keep_tombstones, cursors, consumed: Vec::new() }
    }

    /// The next key and value, where tombstones are left out.
    pub fn next_entry(&mut self) -> Result<Option<Pair<'_>>, KvError> {
        let next = self.next_change()?;
        Ok(next.map(|(key, value)| (key, value.expect("tombstones are left out"))))
    }

    /// The next key and value; no value for a tombstone, where those are kept.
    pub fn next_change(&mut self) -> Result<Option<Change<'_>>, KvError> {
        let newest = loop {
            self.advance_consumed()?;
            let Some(newest) = self.pick() else { return Ok(None) };
            let cursor = &self.cursors[newest];
            if self.end.as_deref().is_some_and(|end| W::is_past(cursor.key(), end)) {
                self.consumed.clear();
                self.cursors.clear();
                return Ok(None);
            }
            if self.keep_tombstones || cursor.value().is_some() {
                break newest;
            }
        };
        let cursor = &self.cursors[newest];
        Ok(Some((cursor.key(), cursor.value())))
    }

    /// The newest cursor at the first key; all that stand there are consumed by it.
    fn pick(&mut self) -> Option<usize> {
        let mut newest = 0;
        let mut first = self.cursors.first()?.key();
        self.consumed.push(0);
        for (at, cursor) in self.cursors.iter().enumerate().skip(1) {
            let key = cursor.key();
            if W::is_before(key, first) {
                (newest, first) = (at, key);
                self.consumed.clear();
            }
            if key == first {
                self.consumed.push(at);
            }
        }
        Some(newest)
    }

    fn advance_consumed(&mut self) -> Result<(), KvError> {
        // From the last: taking one out must not move those still to come.
        while let Some(at) = self.consumed.pop() {
            if !self.cursors[at].advance(&*self.kv, self.spec)? {
                self.cursors.remove(at);
            }
        }
        Ok(())
    }
}
