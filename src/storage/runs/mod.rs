//! Tables of many small entries on a store that wants few bulky values.
//!
//! A table is a list of *runs*. A run is a sorted set of entries, packed into chunks of some KiB each, and never changes;
//! of two runs that name a key the newer holds. Whoever has entries adds them as a new run, in one atomic batch with keys
//! of their own (say, the height the table then stands at). Merging makes one run of several of a size, so that each
//! entry is written again a few times only, and runs stay few.
//!
//! In the store, a table's keys begin with its prefix byte: `prefix 0` holds the manifest, the list of runs that count;
//! `prefix 1 id(4) last-key` a chunk. A look-up is the first chunk of a run whose last key is not below the one looked
//! for, so that nothing has to be kept in memory but the manifest. Every chunk names the last key of the one before, and
//! the manifest the last of the run: a chunk that got lost is noticed by whoever would have needed it.
//!
//! Read [`Runs`] first, then `merge.rs`.

mod back;
mod chunk;
mod cursor;
#[cfg(feature = "testkit")]
mod inspect;
mod manifest;
mod merge;
mod merged;
mod writer;

use std::fmt;
use std::ops::Bound;
use std::sync::Arc;

use super::{Batch, KeyValue, KvError};
pub use back::EntriesBack;
use chunk::KEY_BYTES_MAX;
pub use chunk::VALUE_BYTES_MAX;
pub use cursor::Entries;
use manifest::{Note, RUNS_MAX, Run};
use merge::Merge;
pub use merged::Pair;
use writer::RunWriter;

/// Chunks of runs that no longer count which one step removes.
const SWEEP_CHUNKS_MAX: usize = 64;

/// Where a table lies and what its keys look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableSpec {
    /// First byte of all its keys in the store; nobody else's keys begin with it.
    pub prefix: u8,
    /// Length of an entry's key, 127 at most.
    pub key_bytes: usize,
}

impl TableSpec {
    fn manifest_key(self) -> Vec<u8> {
        vec![self.prefix, 0]
    }

    fn chunk_key(self, id: u32, last_key: &[u8]) -> Vec<u8> {
        let mut key = Vec::with_capacity(6 + last_key.len());
        key.extend_from_slice(&[self.prefix, 1]);
        key.extend_from_slice(&id.to_be_bytes());
        key.extend_from_slice(last_key);
        key
    }

    /// What sorts after all chunks of a run, and before those of the next.
    fn run_end(self, id: u32) -> Vec<u8> {
        match id.checked_add(1) {
            Some(next) => self.chunk_key(next, &[]),
            None => vec![self.prefix, 2],
        }
    }

    /// The entry's key in a chunk's key.
    fn last_key_of(self, chunk_key: &[u8]) -> Result<&[u8], KvError> {
        let last_key = chunk_key.get(6..).filter(|key| key.len() == self.key_bytes);
        last_key.ok_or_else(|| KvError::damaged("a chunk's key has a wrong length"))
    }

    /// The run in a chunk's key.
    fn id_of(self, chunk_key: &[u8]) -> Result<u32, KvError> {
        let id = chunk_key.get(2..6).and_then(|id| id.try_into().ok()).map(u32::from_be_bytes);
        id.ok_or_else(|| KvError::damaged("a chunk's key is too short"))
    }
}

/// A table, as its one writer sees it.
pub struct Runs {
    view: RunsView,
    note: Note,
    next_id: u32,
    /// Runs that no longer count, whose chunks are still in the store: views that were given out may be reading them.
    retired: Vec<Arc<Run>>,
    merge: Option<Merge>,
}

/// A table as it was when the view was made, whatever is added and merged meanwhile. While it lives, the runs it names
/// stay in the store.
#[derive(Clone)]
pub struct RunsView {
    kv: Arc<dyn KeyValue>,
    spec: TableSpec,
    /// Newest first.
    runs: Arc<[Arc<Run>]>,
}

impl fmt::Debug for Runs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Runs").field("view", &self.view).finish_non_exhaustive()
    }
}

impl fmt::Debug for RunsView {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RunsView").field("runs", &self.runs).finish_non_exhaustive()
    }
}

impl Runs {
    /// Opens a table, or an empty one where there is none, and clears what an interrupted writer left behind.
    ///
    /// # Errors
    /// When the store fails, or a run lacks its last chunk.
    ///
    /// # Panics
    /// When keys are longer than 127 bytes.
    pub fn open(kv: Arc<dyn KeyValue>, spec: TableSpec) -> Result<Self, KvError> {
        assert!(spec.key_bytes <= KEY_BYTES_MAX, "a key too long for a table");
        let manifest = kv.get(&spec.manifest_key())?.map(|bytes| manifest::decode(spec, &bytes));
        let (runs, note) = manifest.transpose()?.unwrap_or_default();
        for run in &runs {
            if kv.get(&spec.chunk_key(run.id, &run.last_key))?.is_none_or(|chunk| chunk.is_empty()) {
                return Err(KvError::damaged(format!("run {} lacks its end", run.id)));
            }
        }
        let next_id = runs.iter().map(|run| run.id + 1).max().unwrap_or(0);
        let view = RunsView { kv, spec, runs: runs.into() };
        let mut table = Self { view, note, next_id, retired: Vec::new(), merge: None };
        table.remove_strays()?;
        Ok(table)
    }

    /// The table as it is now, for readers on any thread.
    pub fn view(&self) -> RunsView {
        self.view.clone()
    }

    /// What was noted of the table as it is now; nothing where nothing was.
    pub fn note(&self) -> &[u8] {
        &self.note
    }

    /// Adds entries as [`Runs::add`] does, and what is to be noted of the table from then on, 256 bytes at most: in one
    /// value with the list of runs, so that a store which came back with gaps has both or neither.
    ///
    /// # Errors
    /// See [`Runs::add`].
    ///
    /// # Panics
    /// See [`Runs::add`].
    pub fn add_noted<K: AsRef<[u8]>, V: AsRef<[u8]>>(
        &mut self,
        entries: impl IntoIterator<Item = (K, Option<V>)>,
        note: Vec<u8>,
    ) -> Result<(), KvError> {
        let note = Note::new(note).expect("a note is short");
        let mut batch = Batch::new();
        let run = self.write_run(entries, &mut batch)?;
        self.replace_runs(run.into_iter().chain(self.view.runs.iter().cloned()).collect(), note, batch)
    }

    /// Adds entries in one atomic step with the caller's own keys; `None` as a value takes a key away.
    ///
    /// It takes any number of entries in bounded memory: what does not fit into one batch goes before, unnoticed until
    /// the last one names it.
    ///
    /// # Errors
    /// When the store fails; then nothing was added.
    ///
    /// # Panics
    /// When keys do not ascend, or are not of the table's length, or a value is longer than [`VALUE_BYTES_MAX`], or
    /// thousands of runs were added and none merged.
    pub fn add<K: AsRef<[u8]>, V: AsRef<[u8]>>(
        &mut self,
        entries: impl IntoIterator<Item = (K, Option<V>)>,
        mut own: Batch,
    ) -> Result<(), KvError> {
        let Some(run) = self.write_run(entries, &mut own)? else { return self.view.kv.apply(own) };
        let runs = [run].into_iter().chain(self.view.runs.iter().cloned()).collect();
        self.replace_runs(runs, self.note.clone(), own)
    }

    /// Writes a run that counts once a list names it; the last of it goes into the batch. None where it has no entries.
    fn write_run<K: AsRef<[u8]>, V: AsRef<[u8]>>(
        &mut self,
        entries: impl IntoIterator<Item = (K, Option<V>)>,
        batch: &mut Batch,
    ) -> Result<Option<Arc<Run>>, KvError> {
        assert!(self.view.runs.len() < RUNS_MAX, "runs were added and never merged");
        let kv = Arc::clone(&self.view.kv);
        let mut writer = self.writer();
        for (key, value) in entries {
            if writer.push(key.as_ref(), value.as_ref().map(AsRef::as_ref)) {
                writer.spill(&*kv)?;
            }
        }
        writer.finish(&*kv, batch)
    }

    /// Does a bounded bit of what is left to do (about half a MiB written): merging runs of a size, removing those that
    /// no longer count. True when there may be more; nothing is lost by stopping at any time.
    ///
    /// # Errors
    /// When the store fails or part of a run is missing.
    pub fn tidy(&mut self) -> Result<bool, KvError> {
        if self.sweep()? {
            return Ok(true);
        }
        let Some(mut merge) =
            self.merge.take().map_or_else(|| self.begin_merge(), |merge| Ok(Some(merge)))?
        else {
            return Ok(false);
        };
        if merge.step(&*self.view.kv)? {
            self.merge = Some(merge);
        } else {
            let mut batch = Batch::new();
            let runs = merge.finish(&*self.view.kv, &self.view.runs, &mut batch)?;
            self.replace_runs(runs, self.note.clone(), batch)?;
        }
        Ok(true)
    }

    fn writer(&mut self) -> RunWriter {
        let id = self.next_id;
        self.next_id = id.checked_add(1).expect("four thousand million runs");
        RunWriter::new(self.view.spec, id)
    }

    fn begin_merge(&mut self) -> Result<Option<Merge>, KvError> {
        let Some(due) = merge::due(&self.view.runs) else { return Ok(None) };
        let writer = self.writer();
        Merge::begin(&self.view, due, writer).map(Some)
    }

    /// Makes these the runs that count, and this what is noted of them, with what else is in the batch.
    fn replace_runs(&mut self, runs: Vec<Arc<Run>>, note: Note, mut batch: Batch) -> Result<(), KvError> {
        let spec = self.view.spec;
        batch.put(spec.manifest_key(), manifest::encode(spec, &runs, &note));
        self.view.kv.apply(batch)?;
        self.note = note;
        let before = std::mem::replace(&mut self.view.runs, runs.into());
        let gone = before.iter().filter(|run| !self.view.runs.iter().any(|other| other.id == run.id));
        self.retired.extend(gone.cloned());
        Ok(())
    }

    /// Removes some chunks of a run that neither counts nor is read; false when there is none.
    fn sweep(&mut self) -> Result<bool, KvError> {
        let Some(at) = self.retired.iter().position(|run| Arc::strong_count(run) == 1) else {
            return Ok(false);
        };
        if !self.remove_chunks(self.retired[at].id)? {
            self.retired.swap_remove(at);
        }
        Ok(true)
    }

    /// Removes what no manifest names.
    fn remove_strays(&mut self) -> Result<(), KvError> {
        let (spec, kv) = (self.view.spec, Arc::clone(&self.view.kv));
        let mut from = spec.chunk_key(0, &[]);
        let end = [spec.prefix, 2];
        loop {
            let next = kv.scan((Bound::Included(&from), Bound::Excluded(&end))).next().transpose()?;
            let Some((key, _)) = next else { return Ok(()) };
            let id = spec.id_of(&key)?;
            if !self.view.runs.iter().any(|run| run.id == id) {
                while self.remove_chunks(id)? {}
            }
            from = spec.run_end(id);
        }
    }

    /// Removes some chunks of a run; false when there were none left.
    ///
    /// They are emptied first. A leaf of sled that loses one value after the other writes those that are left with it,
    /// joins its neighbour with what it has left, and keeps the dead ones on disk until it has changed ten times.
    fn remove_chunks(&self, id: u32) -> Result<bool, KvError> {
        let (spec, kv) = (self.view.spec, &self.view.kv);
        let (from, end) = (spec.chunk_key(id, &[]), spec.run_end(id));
        let mut keys = Vec::new();
        for pair in kv.scan((Bound::Included(&from), Bound::Excluded(&end))).take(SWEEP_CHUNKS_MAX) {
            keys.push(pair?.0);
        }
        let (mut emptied, mut removed) = (Batch::new(), Batch::new());
        for key in &keys {
            emptied.put(key.clone(), Vec::new());
            removed.remove(key.clone());
        }
        kv.apply(emptied)?;
        kv.apply(removed)?;
        Ok(!keys.is_empty())
    }
}

impl RunsView {
    /// Whether another names the same runs.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.runs, &other.runs)
    }

    /// Entries whose keys are not below `from` and below `to`, if that is given.
    ///
    /// # Errors
    /// When the store fails or part of a run is missing; so with all that follows.
    pub fn range(&self, from: &[u8], to: Option<&[u8]>) -> Result<Entries, KvError> {
        self.walk(&self.runs, from, to, false)
    }

    /// The same entries as [`RunsView::range`], from the last down to the first.
    ///
    /// # Errors
    /// See [`RunsView::range`].
    pub fn range_back(&self, from: &[u8], to: Option<&[u8]>) -> Result<EntriesBack, KvError> {
        EntriesBack::new(Arc::clone(&self.kv), self.spec, &self.runs, from, to)
    }

    /// All entries.
    ///
    /// # Errors
    /// See [`RunsView::range`].
    pub fn iter(&self) -> Result<Entries, KvError> {
        self.range(&vec![0; self.spec.key_bytes], None)
    }

    fn walk(
        &self,
        runs: &[Arc<Run>],
        from: &[u8],
        to: Option<&[u8]>,
        keep_tombstones: bool,
    ) -> Result<Entries, KvError> {
        Entries::new(Arc::clone(&self.kv), self.spec, runs, from, to, keep_tombstones)
    }
}
