//! Walks upwards: through one run, and through several as if they were one. Downwards see `back.rs`; both meet in
//! `merged.rs`.

use std::ops::Bound;
use std::sync::Arc;

use crate::storage::{KeyValue, KvError};

use super::TableSpec;
use super::chunk::Reader;
use super::manifest::Run;
use super::merged::{Change, Merged, Pair, Walk, begun};

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

    fn gap(&self) -> KvError {
        gap(&self.run)
    }
}

impl Walk for RunCursor {
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

    fn is_before(one: &[u8], other: &[u8]) -> bool {
        one < other
    }

    fn is_past(key: &[u8], end: &[u8]) -> bool {
        key >= end
    }
}

/// Part of a run is not there.
pub(super) fn gap(run: &Run) -> KvError {
    KvError::damaged(format!("run {} has a gap", run.id))
}

/// Entries of a table in the order of their keys, of each key the newest.
///
/// Not an iterator: entries are lent, so that a million of them cost no million allocations.
#[derive(Debug)]
pub struct Entries(Merged<RunCursor>);

impl Entries {
    pub(super) fn new(
        kv: Arc<dyn KeyValue>,
        spec: TableSpec,
        runs: &[Arc<Run>],
        from: &[u8],
        to: Option<&[u8]>,
        keep_tombstones: bool,
    ) -> Result<Self, KvError> {
        let ways = runs.iter().map(|run| RunCursor::seek(&*kv, spec, run, from));
        let cursors = begun(&*kv, spec, ways, |key| key >= from)?;
        Ok(Self(Merged::new(kv, spec, cursors, to, keep_tombstones)))
    }

    /// The next key and value.
    ///
    /// # Errors
    /// When the store fails or part of a run is missing.
    pub fn next_entry(&mut self) -> Result<Option<Pair<'_>>, KvError> {
        self.0.next_entry()
    }

    /// The next key and value; no value for a tombstone, where those are kept.
    pub(super) fn next_change(&mut self) -> Result<Option<Change<'_>>, KvError> {
        self.0.next_change()
    }
}
