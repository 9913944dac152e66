//! The writer's half of the store: one journal, and what has been written to it but not synced.

use std::collections::BTreeMap;
use std::io;

use super::StorageError;
use super::journal::{Journal, JournalError, Location, Position, SegmentLength};
use super::library::{Library, WrittenStep};
use super::records::{Move, Payload, Record, Ruling, Sequence, Step, Trace};
use crate::types::{Block, BlockHash};

/// Where new blocks and steps go.
#[derive(Debug)]
pub struct Store {
    journal: Journal,
    library: Library,
    sequence: Sequence,
    unsynced_bytes: u64,
    /// Checksums of segments that are closed: each is read once for that.
    sealed_checks: BTreeMap<u32, u32>,
}

impl Store {
    pub(super) fn new(journal: Journal, library: Library, sequence: Sequence) -> Self {
        Self { journal, library, sequence, unsynced_bytes: 0, sealed_checks: BTreeMap::new() }
    }

    /// What was written, to be read.
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// Number of the last step.
    pub fn sequence(&self) -> Sequence {
        self.sequence
    }

    /// Where the next record goes.
    pub fn end(&self) -> Position {
        self.journal.end()
    }

    /// Bytes of the whole journal.
    pub fn bytes(&self) -> u64 {
        self.journal.segments().iter().map(|segment| segment.bytes).sum()
    }

    /// Bytes that a sync would make durable.
    pub fn unsynced_bytes(&self) -> u64 {
        self.unsynced_bytes
    }

    fn append(&mut self, payload: &Payload) -> Result<Location, StorageError> {
        let location = payload.with_parts(|parts| self.journal.append(parts))?;
        self.unsynced_bytes += u64::from(location.length);
        Ok(location)
    }

    /// Writes a block.
    ///
    /// # Errors
    /// When the disk refuses; from then on nothing is accepted.
    pub fn block(&mut self, block: &Block) -> Result<Location, StorageError> {
        self.append(&Payload::block(block))
    }

    /// Writes that a block was put on top; `last` says that the change ends with it.
    ///
    /// # Errors
    /// When the disk refuses; from then on nothing is accepted.
    pub fn connected(
        &mut self,
        block: BlockHash,
        trace: &Trace,
        last: bool,
    ) -> Result<WrittenStep, StorageError> {
        let step = self.next(Move::Connected, block, last);
        let location = self.append(&Payload::connected(step, trace))?;
        self.sequence = step.sequence;
        Ok(WrittenStep { step, location })
    }

    /// Writes that the top block was taken off.
    ///
    /// # Errors
    /// When the disk refuses; from then on nothing is accepted.
    pub fn disconnected(&mut self, block: BlockHash, last: bool) -> Result<WrittenStep, StorageError> {
        let step = self.next(Move::Disconnected, block, last);
        let location = self.append(&Payload::disconnected(step))?;
        self.sequence = step.sequence;
        Ok(WrittenStep { step, location })
    }

    fn next(&self, moved: Move, block: BlockHash, last: bool) -> Step {
        Step { sequence: self.sequence + 1, moved, block, last }
    }

    /// Writes that an operator would not have this block followed, nor what is above it.
    ///
    /// # Errors
    /// When the disk refuses; from then on nothing is accepted.
    pub fn ruled_out(&mut self, block: BlockHash) -> Result<(), StorageError> {
        self.append(&Payload::ruling(Ruling::RuledOut(block))).map(|_| ())
    }

    /// Writes that it counts again.
    ///
    /// # Errors
    /// When the disk refuses; from then on nothing is accepted.
    pub fn reconsidered(&mut self, block: BlockHash) -> Result<(), StorageError> {
        self.append(&Payload::ruling(Ruling::Reconsidered(block))).map(|_| ())
    }

    /// Makes all that was written durable. Only after this may anybody be told of it.
    ///
    /// # Errors
    /// When the disk refuses; from then on nothing is accepted.
    pub fn sync(&mut self) -> Result<(), StorageError> {
        self.journal.sync()?;
        self.unsynced_bytes = 0;
        Ok(())
    }

    /// Closes everything that was written, durable, for good: what comes next goes into a segment of its own. Answers with
    /// the segments that are closed.
    pub(super) fn seal(&mut self) -> Result<Vec<SegmentLength>, StorageError> {
        let sealed = self.journal.seal()?;
        self.unsynced_bytes = 0;
        Ok(sealed)
    }

    /// The checksum of a segment that is closed, as it was made out before, or is now.
    pub(super) fn check_of_sealed(
        &mut self,
        segment: u32,
        make_out: impl FnOnce() -> io::Result<u32>,
    ) -> io::Result<u32> {
        if let Some(check) = self.sealed_checks.get(&segment) {
            return Ok(*check);
        }
        Ok(*self.sealed_checks.entry(segment).or_insert(make_out()?))
    }

    /// Whether something behind all that was written testifies for it: a record made for that, or a segment begun since.
    pub fn is_vouched(&self) -> bool {
        if self.journal.has_empty_tail() {
            return true;
        }
        let length =
            Payload::voucher().with_parts(|parts| parts.iter().map(|part| part.len()).sum::<usize>());
        let last = Location::ending(self.end(), length as u32);
        last.is_some_and(|last| matches!(self.library.record(last), Ok(Record::Voucher)))
    }

    /// Testifies that everything is durable, where nothing follows that would.
    ///
    /// # Errors
    /// When the disk refuses; from then on nothing is accepted.
    pub fn vouch(&mut self) -> Result<(), StorageError> {
        self.unsynced_bytes = 0;
        Ok(vouch(&mut self.journal)?)
    }
}

/// Syncs a journal, and writes behind what was synced that it was. Damage to the last records would otherwise be taken for
/// what a crash left unfinished, and be cut off with all that was acknowledged in them.
pub(super) fn vouch(journal: &mut Journal) -> Result<(), JournalError> {
    journal.sync()?;
    Payload::voucher().with_parts(|parts| journal.append(parts))?;
    journal.sync()
}
