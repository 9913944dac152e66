//! What the database holds: where blocks lie, the state, the indexes. All of it follows from the journal.
//!
//! | key | value |
//! |---|---|
//! | `layout` | the layout's number, and the journal's chain |
//! | `block` ‖ number | header, and where its block and its step lie; numbered as they came |
//! | `tip` | the last step, where the journal goes on after it, its block; how many blocks came until then |
//! | `ruled out` | what an operator would not have followed, at some step after the state's; missing where that is nothing |
//! | `state mark` | the same for the state, and its root |
//! | `s…` | the state: key → entry, in runs |
//! | `i…` | the indexes: key → place, in runs; the last step that is indexed is noted with the list of runs |

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;

use super::StorageError;
use super::index::{BlockIndex, KEY_BYTES};
use super::index_view::IndexView;
use super::journal::Position;
use super::kv::{BATCH_BYTES_MAX, Batch, Healing, KeyValue, KvError, Sled, SledOptions};
use super::records::{RULED_OUT_MAX, Sequence};
use super::recovery::Written;
use super::runs::{Runs, TableSpec};
use crate::codec::{Canonical, Decode, Encode, List, decode, encode};
use crate::ledger::{Changes, Entry, StateKey};
use crate::types::{BlockHash, ChainId, Header, StateRoot};

/// Version of the tables; others are made anew from the journal.
const TABLES_VERSION: u32 = 2;

/// What sled is told to keep in memory.
const CACHE_BYTES: u64 = 16 << 20;

const VERSION_KEY: &[u8] = b"layout";
const TIP_KEY: &[u8] = b"tip";
const STATE_MARK_KEY: &[u8] = b"state mark";
const RULED_OUT_KEY: &[u8] = b"ruled out";
const BLOCK_PREFIX: &[u8] = b"block";

const STATE: TableSpec = TableSpec { prefix: 0xf0, key_bytes: 32 };
const INDEX: TableSpec = TableSpec { prefix: 0xf1, key_bytes: KEY_BYTES };

/// A block's header and where the journal has it, by its number in the order in which blocks came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// Its number.
    pub arrival: u64,
    /// Its header.
    pub header: Header,
    /// Where it lies.
    pub written: Written,
}

#[derive(Encode, Decode)]
struct RowValue {
    header: Header,
    written: Written,
}

impl Canonical for RowValue {
    const BYTES_MAX: usize = 256;
}

/// At which step the state stands that is written down.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct StateMark {
    /// The step.
    pub sequence: Sequence,
    /// Where the journal goes on after it.
    pub position: Position,
    /// The block at its top.
    pub block: BlockHash,
    /// The state's root.
    pub state: StateRoot,
}

impl Canonical for StateMark {
    const BYTES_MAX: usize = 128;
}

/// The tip, as it is written down.
#[derive(Encode, Decode)]
struct TipValue {
    tip: StateMark,
    /// Number of the last block that came.
    last_arrival: u64,
}

impl Canonical for TipValue {
    const BYTES_MAX: usize = 128;
}

/// Up to which step everything is indexed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct IndexMark {
    /// The step.
    pub sequence: Sequence,
    /// Where the journal goes on after it.
    pub position: Position,
    /// The block at its top.
    pub block: BlockHash,
}

impl Canonical for IndexMark {
    const BYTES_MAX: usize = 128;
}

#[derive(Encode)]
struct Version {
    tables: u32,
    chain: BlockHash,
    /// Number of the journal that they follow from.
    journal: u32,
}

/// What the database knew when it was opened.
pub(super) struct Loaded {
    pub mark: StateMark,
    /// Number of the last step that was durable.
    pub tip_sequence: Sequence,
    /// Blocks above genesis, in the order in which they came.
    pub rows: Vec<(Header, Written)>,
    pub entries: Vec<(StateKey, Entry)>,
    pub ruled_out: BTreeSet<BlockHash>,
}

/// Blocks by name.
type Names = List<BlockHash, 0, RULED_OUT_MAX>;

impl Canonical for Names {
    const BYTES_MAX: usize = 64 + 32 * RULED_OUT_MAX;
}

/// The database.
pub struct Tables {
    kv: Arc<dyn KeyValue>,
    state: Runs,
    index: Runs,
    index_mark: IndexMark,
    /// Number of the last block that has a row.
    last_arrival: u64,
    /// Changes of the state that are not written.
    held: BTreeMap<StateKey, Option<Entry>>,
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tables").field("index_mark", &self.index_mark).finish_non_exhaustive()
    }
}

impl Tables {
    /// Opens sled in a folder; what had to be healed is for the log.
    pub(super) fn open_sled(path: &Path) -> Result<(Arc<dyn KeyValue>, Vec<Healing>), KvError> {
        let (sled, healed) = Sled::open(path, SledOptions { cache_bytes: CACHE_BYTES })?;
        Ok((Arc::new(sled), healed))
    }

    /// The tables in a database. Where they are another version's, another chain's or follow from another journal, nothing
    /// in them counts.
    pub(super) fn open(kv: Arc<dyn KeyValue>, chain: ChainId, journal: u32) -> Result<Self, StorageError> {
        let version = encode(&Version { tables: TABLES_VERSION, chain: chain.0, journal });
        if kv.get(VERSION_KEY)?.as_ref() != Some(&version) {
            clear(&*kv)?;
            let mut batch = Batch::new();
            batch.put(VERSION_KEY, version);
            kv.apply(batch)?;
        }
        let tip: Option<TipValue> = value(&*kv, TIP_KEY)?;
        let index = Runs::open(Arc::clone(&kv), INDEX)?;
        let index_mark = match index.note() {
            [] => IndexMark { sequence: 0, position: Position::START, block: chain.0 },
            note => read(note)?,
        };
        Ok(Self {
            state: Runs::open(Arc::clone(&kv), STATE)?,
            index,
            index_mark,
            last_arrival: tip.map_or(0, |tip| tip.last_arrival),
            held: BTreeMap::new(),
            kv,
        })
    }

    /// Up to where the journal was durable when the tip was written down.
    pub(super) fn durable_end(&self) -> Result<Position, StorageError> {
        let tip: Option<TipValue> = value(&*self.kv, TIP_KEY)?;
        Ok(tip.map_or(Position::START, |TipValue { tip, .. }| tip.position))
    }

    /// What was written down; nothing where no state was.
    pub(super) fn load(&self) -> Result<Option<Loaded>, StorageError> {
        let Some(mark) = value::<StateMark>(&*self.kv, STATE_MARK_KEY)? else { return Ok(None) };
        let tip: TipValue =
            value(&*self.kv, TIP_KEY)?.ok_or_else(|| damaged("a state and no tip".to_owned()))?;
        let mut rows = Vec::new();
        for pair in self.kv.scan(prefixed(BLOCK_PREFIX, &after_blocks())) {
            let (key, bytes) = pair?;
            let expected = rows.len() as u64 + 1;
            if key[BLOCK_PREFIX.len()..] != expected.to_be_bytes() {
                return Err(damaged(format!("block number {expected} is missing")).into());
            }
            let RowValue { header, written } = read(&bytes)?;
            rows.push((header, written));
        }
        if (rows.len() as u64) < tip.last_arrival {
            return Err(damaged(format!("block number {} is missing", tip.last_arrival)).into());
        }
        let mut entries = Vec::new();
        let mut state = self.state.view().iter()?;
        while let Some((key, bytes)) = state.next_entry()? {
            let key = key.first_chunk().ok_or_else(|| damaged("a key of the state is short".to_owned()))?;
            entries.push((StateKey::from_bytes(*key), read(bytes)?));
        }
        let ruled_out: Option<Names> = value(&*self.kv, RULED_OUT_KEY)?;
        let ruled_out = ruled_out.iter().flat_map(|names| names.iter().copied()).collect();
        Ok(Some(Loaded { mark, tip_sequence: tip.tip.sequence, rows, entries, ruled_out }))
    }

    /// Writes where blocks lie, and what is at the tip, in one step.
    ///
    /// # Errors
    /// When the database fails; so with all that follows.
    pub fn put_blocks(&mut self, rows: Vec<Row>, tip: &StateMark) -> Result<(), StorageError> {
        let mut batch = Batch::new();
        for Row { arrival, header, written } in rows {
            if batch.bytes() > BATCH_BYTES_MAX / 2 {
                self.kv.apply(std::mem::take(&mut batch))?;
            }
            let key = [BLOCK_PREFIX, &arrival.to_be_bytes()].concat();
            batch.put(key, encode(&RowValue { header, written }));
            self.last_arrival = self.last_arrival.max(arrival);
        }
        batch.put(TIP_KEY, encode(&TipValue { tip: *tip, last_arrival: self.last_arrival }));
        Ok(self.kv.apply(batch)?)
    }

    /// Writes what is ruled out. The journal has it step by step, so it may be ahead of the rest: whatever is gone through
    /// again leads there.
    ///
    /// # Errors
    /// When the database fails; so with all that follows.
    pub fn put_ruled_out(&mut self, blocks: &BTreeSet<BlockHash>) -> Result<(), StorageError> {
        let names = Names::new(blocks.iter().copied().collect());
        let names = names.map_err(|_| {
            StorageError::Contradiction(format!("more than {RULED_OUT_MAX} blocks are ruled out"))
        })?;
        let mut batch = Batch::new();
        batch.put(RULED_OUT_KEY, encode(&names));
        Ok(self.kv.apply(batch)?)
    }

    /// Remembers a whole state, which nothing that was written leads to.
    pub(super) fn hold_all(&mut self, entries: impl Iterator<Item = (StateKey, Entry)>) {
        self.held.extend(entries.map(|(key, entry)| (key, Some(entry))));
    }

    /// Remembers what a step changed, to be written with others.
    pub fn hold(&mut self, changes: &Changes) {
        self.held.extend(changes.iter().cloned());
    }

    /// How many keys have changes that are not written.
    pub fn changes_held(&self) -> usize {
        self.held.len()
    }

    /// Writes all changes that were held, which lead to this mark, in one step.
    ///
    /// # Errors
    /// When the database fails.
    pub fn write_state(&mut self, mark: StateMark) -> Result<(), StorageError> {
        let mut batch = Batch::new();
        batch.put(STATE_MARK_KEY, encode(&mark));
        let held = std::mem::take(&mut self.held);
        let entries = held.iter().map(|(key, entry)| (key.as_bytes(), entry.as_ref().map(encode)));
        self.state.add(entries, batch)?;
        Ok(())
    }

    /// Forgets everything, because it does not fit the journal.
    pub(super) fn clear(&mut self, chain: ChainId, journal: u32) -> Result<(), StorageError> {
        clear(&*self.kv)?;
        *self = Self::open(Arc::clone(&self.kv), chain, journal)?;
        Ok(())
    }

    /// Up to where everything is indexed.
    pub fn index_mark(&self) -> IndexMark {
        self.index_mark
    }

    /// The indexes as they are now, for readers on any thread.
    pub fn index_view(&self) -> IndexView {
        IndexView::new(self.index.view(), self.index_mark)
    }

    /// Adds to the indexes what leads to this mark, in one step.
    ///
    /// # Errors
    /// When the database fails.
    pub fn write_index(&mut self, entries: BlockIndex, mark: IndexMark) -> Result<(), StorageError> {
        let entries = entries.into_entries().into_iter().map(|(key, value)| (key, Some(value)));
        self.index.add_noted(entries, encode(&mark))?;
        self.index_mark = mark;
        Ok(())
    }

    /// Does a bit of what keeps the tables small and quick. Whether there may be more.
    ///
    /// # Errors
    /// When the database fails.
    pub fn tidy(&mut self) -> Result<bool, StorageError> {
        Ok(self.state.tidy()? || self.index.tidy()?)
    }

    /// Makes all of it durable.
    ///
    /// # Errors
    /// When the database fails.
    pub fn sync(&self) -> Result<(), StorageError> {
        Ok(self.kv.sync()?)
    }

    /// What all of it takes on disk.
    ///
    /// # Errors
    /// When the disk cannot say.
    pub fn disk_bytes(&self) -> Result<u64, StorageError> {
        Ok(self.kv.disk_bytes()?)
    }
}

fn prefixed<'a>(from: &'a [u8], to: &'a [u8]) -> (Bound<&'a [u8]>, Bound<&'a [u8]>) {
    (Bound::Included(from), Bound::Excluded(to))
}

fn after_blocks() -> Vec<u8> {
    [BLOCK_PREFIX, &[0xff; 9]].concat()
}

fn damaged(reason: String) -> KvError {
    KvError::Damaged { reason }
}

fn read<T: Canonical>(bytes: &[u8]) -> Result<T, KvError> {
    decode(bytes).map_err(|error| damaged(error.to_string()))
}

fn value<T: Canonical>(kv: &dyn KeyValue, key: &[u8]) -> Result<Option<T>, KvError> {
    kv.get(key)?.map(|bytes| read(&bytes)).transpose()
}

/// Removes everything there is.
fn clear(kv: &dyn KeyValue) -> Result<(), KvError> {
    loop {
        let mut batch = Batch::new();
        for pair in kv.scan((Bound::Unbounded, Bound::Unbounded)).take(256) {
            batch.remove(pair?.0);
        }
        if batch.is_empty() {
            return Ok(());
        }
        kv.apply(batch)?;
    }
}
