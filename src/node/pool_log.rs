//! The pool, written down as it grows, so that neither a restart nor a kill loses what waits for a block.
//!
//! It is not synced: what the operating system holds survives the process, and more is not promised for transactions. What
//! was written before a start stays until all of it has been read back, however small the pool is until then.

use std::sync::Arc;

use super::writer::Failed;
use crate::codec::{decode, encode_into};
use crate::consensus::CheckedTransaction;
use crate::mempool::Mempool;
use crate::storage::{Files, Journal, JournalError, JournalOptions, JournalReader, Position, StorageError};
use crate::types::{ChainId, Transaction};

/// A segment of the log.
const SEGMENT_BYTES_MAX: u64 = 4 << 20;
/// What the log may hold beyond twice the pool before it is written anew.
const SLACK_BYTES: u64 = 2 * SEGMENT_BYTES_MAX;

/// Encodings written together, about, where all are written anew.
const RECORD_BYTES: usize = 1 << 20;

/// Every transaction that was let in, and for a while those that have left again.
pub(super) struct PoolLog {
    journal: Journal,
    /// What was added and not written: encodings, each behind its length in four bytes.
    added: Vec<u8>,
    /// Whether the pool has all again that was here at the start.
    is_back: bool,
}

impl PoolLog {
    /// Opens the log in a folder, or makes it. Where it is damaged, a new one is begun with what can be read of it.
    pub fn open(files: &Arc<dyn Files>, chain: ChainId) -> Result<Self, StorageError> {
        let options = || JournalOptions { segment_bytes_max: SEGMENT_BYTES_MAX, ..JournalOptions::default() };
        let opened = match Journal::open(Arc::clone(files), chain, options(), Position::START) {
            Ok(opened) => Ok(opened.journal),
            Err(JournalError::NoJournal) => Journal::create(Arc::clone(files), chain, options()),
            Err(
                JournalError::Damaged { .. }
                | JournalError::HeaderDamaged { .. }
                | JournalError::Missing { .. },
            ) => {
                let records = readable(Arc::clone(files), chain)?;
                remove_all(&**files).map_err(StorageError::io("cannot begin the pool's log anew"))?;
                Journal::create(Arc::clone(files), chain, options()).and_then(|mut journal| {
                    records.iter().try_for_each(|record| journal.append(&[record]).map(|_| ()))?;
                    Ok(journal)
                })
            }
            Err(error) => Err(error),
        };
        Ok(Self { journal: opened?, added: Vec::new(), is_back: false })
    }

    /// Everything that is written now, read as it is asked for.
    pub fn kept(&self) -> impl Iterator<Item = Transaction> + use<> {
        let records = self.journal.reader().records(Position::START, self.journal.end());
        records.map_while(Result::ok).flat_map(|(_, bytes)| unpack(&bytes))
    }

    /// A log of nothing but what is in the pool now, in other files; durable when this returns. Answers with how many these
    /// are.
    pub fn write_copy(files: &Arc<dyn Files>, chain: ChainId, pool: &Mempool) -> Result<u64, StorageError> {
        let options = JournalOptions { segment_bytes_max: SEGMENT_BYTES_MAX, ..JournalOptions::default() };
        let journal = Journal::create(Arc::clone(files), chain, options)?;
        let mut log = Self { journal, added: Vec::new(), is_back: true };
        log.write_anew(pool).and_then(|()| log.sync()).map_err(|failed| failed.0)?;
        Ok(pool.len() as u64)
    }

    /// Whether all that was here at the start was read back.
    pub fn has_all(&self) -> bool {
        self.is_back
    }

    /// All that was here at the start was read back, and let in or refused.
    pub fn is_back(&mut self) {
        self.is_back = true;
    }

    /// A transaction was let in.
    pub fn add(&mut self, transaction: &CheckedTransaction) {
        let at = self.added.len();
        self.added.extend_from_slice(&[0; 4]);
        encode_into(transaction.transaction(), &mut self.added);
        let length = (self.added.len() - at - 4) as u32;
        self.added[at..at + 4].copy_from_slice(&length.to_le_bytes());
    }

    /// Writes what was added.
    pub fn flush(&mut self) -> Result<(), Failed> {
        if !self.added.is_empty() {
            self.journal.append(&[&self.added]).map_err(StorageError::from)?;
            self.added.clear();
        }
        Ok(())
    }

    /// Writes what was added; and everything anew, where most of what was written has left.
    pub fn write(&mut self, pool: &Mempool) -> Result<(), Failed> {
        self.flush()?;
        if !self.is_back {
            return Ok(());
        }
        let written: u64 = self.journal.segments().iter().map(|segment| segment.bytes).sum();
        if written > 2 * pool.bytes() as u64 + SLACK_BYTES { self.write_anew(pool) } else { Ok(()) }
    }

    /// Writes all of it behind what was written, in an order in which all of it is let in again: what pays for others, or
    /// has an earlier nonce, before those.
    pub fn write_anew(&mut self, pool: &Mempool) -> Result<(), Failed> {
        let first = self.journal.end().segment;
        let mut entries: Vec<_> = pool.all().collect();
        entries.sort_by_key(|entry| entry.arrival());
        for entry in entries {
            self.add(entry.transaction());
            if self.added.len() > RECORD_BYTES {
                self.flush()?;
            }
        }
        self.flush()?;
        if self.is_back {
            self.journal.remove_segments_below(first).map_err(StorageError::from)?;
        }
        Ok(())
    }

    /// Makes it durable, at the end. An empty record testifies that it is: damage would else be taken for what a crash left
    /// unfinished, and be cut off with all behind it.
    pub fn sync(&mut self) -> Result<(), Failed> {
        let synced = self.journal.sync().and_then(|()| self.journal.append(&[]));
        Ok(synced.and_then(|_| self.journal.sync()).map_err(StorageError::from)?)
    }
}

/// The records of a damaged log that can be read.
fn readable(files: Arc<dyn Files>, chain: ChainId) -> Result<Vec<Vec<u8>>, JournalError> {
    let reader = JournalReader::inspect(files, chain)?.reader;
    Ok(reader.verify().flatten().filter_map(|location| reader.read(location).ok()).collect())
}

fn remove_all(files: &dyn Files) -> std::io::Result<()> {
    files.list()?.iter().try_for_each(|name| files.remove(name))?;
    files.sync_folder()
}

/// The transactions of a record.
fn unpack(mut bytes: &[u8]) -> Vec<Transaction> {
    let mut transactions = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>()
        && let Some((encoding, rest)) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)
    {
        transactions.extend(decode::<Transaction>(encoding).ok());
        bytes = rest;
    }
    transactions
}
