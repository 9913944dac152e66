//! Walks downwards: through one run, and through several as if they were one.
//!
//! A chunk names the last key of the one before it, under which that one lies: so the way back needs no more of the store
//! than to look up a key, and notices a chunk that is missing as it comes to it.

use std::ops::{Bound, Range};
use std::sync::Arc;

use crate::storage::{KeyValue, KvError};

use super::TableSpec;
use super::chunk::Reader;
use super::cursor::gap;
use super::manifest::Run;
use super::merged::{Merged, Pair, Walk, begun};

/// Walks through one run from its end.
struct BackCursor {
    run: Arc<Run>,
    key_bytes: usize,
    /// The keys of a chunk, one after the other, and where in `bytes` each has its value.
    keys: Vec<u8>,
    values: Vec<Option<Range<usize>>>,
    bytes: Vec<u8>,
    /// How many of the chunk's entries are still to come, and then the one on which this stands.
    left: usize,
    /// The last key of the chunk before; nothing in the first.
    fence: Option<Vec<u8>>,
}

impl BackCursor {
    /// Stands behind the last entry below `to`, or behind all.
    fn seek(kv: &dyn KeyValue, spec: TableSpec, run: &Arc<Run>, to: Option<&[u8]>) -> Result<Self, KvError> {
        let mut cursor = Self {
            run: Arc::clone(run),
            key_bytes: spec.key_bytes,
            keys: Vec::new(),
            values: Vec::new(),
            bytes: Vec::new(),
            left: 0,
            fence: Some(run.last_key.to_vec()),
        };
        let Some(to) = to.filter(|to| *to <= &run.last_key[..]) else { return Ok(cursor) };
        let (from, end) = (spec.chunk_key(run.id, to), spec.run_end(run.id));
        let next = kv.scan((Bound::Included(&from), Bound::Excluded(&end))).next().transpose()?;
        let (key, chunk) = next.ok_or_else(|| gap(run))?;
        cursor.load(chunk, spec.last_key_of(&key)?)?;
        if cursor.fence.as_deref().is_some_and(|fence| fence >= to) {
            return Err(gap(run));
        }
        Ok(cursor)
    }

    /// Takes in the chunk that lies under this key.
    fn load(&mut self, chunk: Vec<u8>, last_key: &[u8]) -> Result<(), KvError> {
        self.keys.clear();
        self.values.clear();
        self.bytes.clear();
        let mut reader = Reader::new(chunk, self.key_bytes)?;
        while reader.advance()? {
            self.keys.extend_from_slice(reader.key());
            let begin = self.bytes.len();
            self.bytes.extend_from_slice(reader.value().unwrap_or_default());
            self.values.push(reader.value().map(|_| begin..self.bytes.len()));
        }
        if !self.keys.ends_with(last_key) || last_key.len() != self.key_bytes {
            return Err(gap(&self.run));
        }
        // Each step leads further down, or a damaged chunk could lead round and round.
        if reader.fence().is_some_and(|fence| *fence >= self.keys[..self.key_bytes]) {
            return Err(gap(&self.run));
        }
        self.left = self.values.len();
        self.fence = reader.fence().map(<[u8]>::to_vec);
        Ok(())
    }
}

impl Walk for BackCursor {
    fn advance(&mut self, kv: &dyn KeyValue, spec: TableSpec) -> Result<bool, KvError> {
        if self.left == 0 {
            let Some(before) = self.fence.take() else { return Ok(false) };
            let chunk = kv.get(&spec.chunk_key(self.run.id, &before))?;
            self.load(chunk.ok_or_else(|| gap(&self.run))?, &before)?;
        }
        self.left -= 1;
        Ok(true)
    }

    fn key(&self) -> &[u8] {
        &self.keys[self.left * self.key_bytes..][..self.key_bytes]
    }

    fn value(&self) -> Option<&[u8]> {
        self.values[self.left].clone().map(|range| &self.bytes[range])
    }

    fn is_before(one: &[u8], other: &[u8]) -> bool {
        one > other
    }

    fn is_past(key: &[u8], end: &[u8]) -> bool {
        key < end
    }
}

/// Entries of a table against the order of their keys, of each key the newest; otherwise as [`Entries`](super::Entries).
#[derive(Debug)]
pub struct EntriesBack(Merged<BackCursor>);

impl EntriesBack {
    pub(super) fn new(
        kv: Arc<dyn KeyValue>,
        spec: TableSpec,
        runs: &[Arc<Run>],
        from: &[u8],
        to: Option<&[u8]>,
    ) -> Result<Self, KvError> {
        let ways = runs.iter().map(|run| BackCursor::seek(&*kv, spec, run, to));
        let cursors = begun(&*kv, spec, ways, |key| to.is_none_or(|to| key < to))?;
        Ok(Self(Merged::new(kv, spec, cursors, Some(from), false)))
    }

    /// The next key and value, downwards.
    ///
    /// # Errors
    /// When the store fails or part of a run is missing.
    pub fn next_entry(&mut self) -> Result<Option<Pair<'_>>, KvError> {
        self.0.next_entry()
    }
}
