//! Walks: through one run, and through several as if they were one.

use std::fmt;
use std::ops::Bound;
use std::sync::Arc;

use crate::storage::{KeyValue, KvError};

use super::TableSpec;
use super::chunk::Reader;
use super::manifest::Run;

/// A key and its value.
pub type Pair<'a> = (&'a [u8], &'a [u8]);

/// A key and its value; no value for a tombstone.
pub(super) type Change<'a> = (&'a [u8], Option<&'a [u8]>);

/// Walks through one run. It notices a chunk that is missing, wherever it is.
struct RunCursor {
    run: Arc<Run>,
    chunk: Option<Reader>,
    /// The last key of the chunk, as the store has it.
    chunk_last: Vec<u8>,
}

impl RunCursor {
    /// Stands before the first entry from `from` on.
    fn seek(kv: &dyn KeyValue, spec: TableSpec, run: &Arc<Run>, from: &[u8]) -> Result<Self, KvError> {
        let mut cursor = Self { run: Arc::clone(run), chunk: None, chunk_last: Vec::new() };
        if from > &run.last_key[..] {
            return Ok(cursor);
        }
        cursor.load(kv, spec, Bound::Included(&spec.chunk_key(run.id, from)))?;
        let fence = cursor.chunk.as_ref().and_then(Reader::fence);
        if fence.is_some_and(|fence| fence >= from) {
            return Err(cursor.gap());
        }
        Ok(cursor)
    }

    /// Reads the first chunk whose key in the store lies within a bound.
    fn load(&mut self, kv: &dyn KeyValue, spec: TableSpec, from: Bound<&[u8]>) -> Result<(), KvError> {
        let end = spec.run_end(self.run.id);
        let next = kv.scan((from, Bound::Excluded(&end))).next().transpose()?;
        let (key, bytes) = next.ok_or_else(|| self.gap())?;
        self.chunk_last = spec.last_key_of(&key)?.to_vec();
        self.chunk = Some(Reader::new(bytes, spec.key_bytes)?);
        Ok(())
    }

    /// Goes on to the next entry; false at the end.
    fn advance(&mut self, kv: &dyn KeyValue, spec: TableSpec) -> Result<bool, KvError> {
        loop {
            let Some(chunk) = &mut self.chunk else { return Ok(false) };
            if chunk.advance()? {
                return Ok(true);
            }
            if chunk.key() != self.chunk_last {
                return Err(self.gap());
            }
            if self.chunk_last == self.run.last_key[..] {
                self.chunk = None;
                return Ok(false);
            }
            let before = std::mem::take(&mut self.chunk_last);
            self.load(kv, spec, Bound::Excluded(&spec.chunk_key(self.run.id, &before)))?;
            if self.chunk.as_ref().and_then(Reader::fence) != Some(&before) {
                return Err(self.gap());
            }
        }
    }

    fn key(&self) -> &[u8] {
        self.chunk.as_ref().expect("stands on an entry").key()
    }

    fn value(&self) -> Option<&[u8]> {
        self.chunk.as_ref().expect("stands on an entry").value()
    }

    fn gap(&self) -> KvError {
        KvError::damaged(format!("run {} has a gap", self.run.id))
    }
}

/// Entries of a table in the order of their keys, of each key the newest.
///
/// Not an iterator: entries are lent, so that a million of them cost no million allocations.
pub struct Entries {
    kv: Arc<dyn KeyValue>,
    spec: TableSpec,
    to: Option<Vec<u8>>,
    keep_tombstones: bool,
    /// Newest first. Each stands on an entry, but for those that `consumed` names.
    cursors: Vec<RunCursor>,
    /// Which have given their entry, or hold an older one of the same key.
    consumed: Vec<usize>,
}

impl fmt::Debug for Entries {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Entries").field("runs", &self.cursors.len()).finish_non_exhaustive()
    }
}

impl Entries {
    pub(super) fn new(
        kv: Arc<dyn KeyValue>,
        spec: TableSpec,
        runs: &[Arc<Run>],
        from: &[u8],
        to: Option<&[u8]>,
        keep_tombstones: bool,
    ) -> Result<Self, KvError> {
        let mut cursors = Vec::with_capacity(runs.len());
        for run in runs {
            let mut cursor = RunCursor::seek(&*kv, spec, run, from)?;
            while cursor.advance(&*kv, spec)? {
                if cursor.key() >= from {
                    cursors.push(cursor);
                    break;
                }
            }
        }
        Ok(Self { kv, spec, to: to.map(<[u8]>::to_vec), keep_tombstones, cursors, consumed: Vec::new() })
    }

    /// The next key and value.
    ///
    /// # Errors
    /// When the store fails or part of a run is missing.
    pub fn next_entry(&mut self) -> Result<Option<Pair<'_>>, KvError> {
        let next = self.next_change()?;
        Ok(next.map(|(key, value)| (key, value.expect("tombstones are left out"))))
    }

    /// The next key and value; no value for a tombstone, where those are kept.
    pub(super) fn next_change(&mut self) -> Result<Option<Change<'_>>, KvError> {
        let newest = loop {
            self.advance_consumed()?;
            let Some(newest) = self.pick() else { return Ok(None) };
            let cursor = &self.cursors[newest];
            if self.to.as_deref().is_some_and(|to| cursor.key() >= to) {
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

    /// The newest cursor at the lowest key; all that stand there are consumed by it.
    fn pick(&mut self) -> Option<usize> {
        let mut newest = 0;
        let mut lowest = self.cursors.first()?.key();
        self.consumed.push(0);
        for (at, cursor) in self.cursors.iter().enumerate().skip(1) {
            let key = cursor.key();
            if key < lowest {
                (newest, lowest) = (at, key);
                self.consumed.clear();
            }
            if key == lowest {
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
