//! Reading what was written: blocks, what they left behind, and the steps in their order. Many may read at once.

use std::sync::Arc;

use super::StorageError;
use super::index::Place;
use super::journal::{JournalReader, Location, Position};
use super::records::{
    BLOCK_OFFSET, Move, Receipts, Record, STEP_HEAD_BYTES, Sequence, Step, Trace, block_bytes,
};
use crate::codec::{Canonical, decode};
use crate::consensus::Params;
use crate::ledger::Undo;
use crate::types::{Block, BlockHash};

/// A step, and where the journal has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenStep {
    /// The step.
    pub step: Step,
    /// Its record.
    pub location: Location,
}

/// The journal, to read in.
#[derive(Clone, Debug)]
pub struct Library {
    journal: JournalReader,
    params: Arc<Params>,
}

impl Library {
    pub(super) fn new(journal: JournalReader, params: Arc<Params>) -> Self {
        Self { journal, params }
    }

    pub(super) fn journal(&self) -> &JournalReader {
        &self.journal
    }

    /// Where the journal ends now.
    pub fn end(&self) -> Position {
        self.journal.end()
    }

    pub(super) fn record(&self, location: Location) -> Result<Record, StorageError> {
        Record::read(&self.journal.read(location)?, location)
    }

    /// The block whose record lies here.
    ///
    /// # Errors
    /// When it cannot be read, or is no block.
    pub fn block(&self, location: Location) -> Result<Block, StorageError> {
        match self.record(location)? {
            Record::Block(block) => Ok(*block),
            _ => Err(misplaced(location, "a block")),
        }
    }

    /// The encoding of the block whose record lies here, as it was written: for whoever hands it on, and would only decode
    /// it to encode it again. That it is what was written is checked, as for every record.
    ///
    /// # Errors
    /// When it cannot be read, or is no block.
    pub fn block_bytes(&self, location: Location) -> Result<Vec<u8>, StorageError> {
        block_bytes(self.journal.read(location)?).ok_or_else(|| misplaced(location, "a block"))
    }

    /// How to take a block off, by the record of the step that put it on.
    ///
    /// # Errors
    /// When it cannot be read, or is no such step, or another block's.
    pub fn undo(&self, location: Location, block: &Block) -> Result<Undo, StorageError> {
        let undo = self.trace(location, &block.header.hash())?.undo().unpack(block, &self.params);
        undo.ok_or_else(|| misplaced(location, "what this block left behind"))
    }

    /// What became of a block's transactions, by the record of the step that put it on.
    ///
    /// # Errors
    /// When it cannot be read, or is no such step, or another block's.
    pub fn receipts(&self, location: Location, block: &BlockHash) -> Result<Receipts, StorageError> {
        Ok(self.trace(location, block)?.into_receipts())
    }

    fn trace(&self, location: Location, block: &BlockHash) -> Result<Trace, StorageError> {
        match self.record(location)? {
            Record::Connected(step, trace) if step.block == *block => Ok(trace),
            _ => Err(misplaced(location, "the step that put this block on")),
        }
    }

    /// The coinbase or a transaction of the block whose record lies here, by where it stands in that block's encoding.
    /// Nothing where none stands there: whoever remembered it remembers another block. Its bytes are not checked against
    /// damage.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn part<T: Canonical>(&self, block: Location, place: &Place) -> Result<Option<T>, StorageError> {
        let end = place.offset.checked_add(place.length).and_then(|end| end.checked_add(BLOCK_OFFSET));
        if end.is_none_or(|end| end > block.length) || place.length as usize > T::BYTES_MAX {
            return Ok(None);
        }
        let bytes = self.journal.read_part(block, BLOCK_OFFSET + place.offset, place.length)?;
        Ok(decode(&bytes).ok())
    }

    /// All steps recorded from one position to before another, in their order.
    pub fn steps(
        &self,
        from: Position,
        to: Position,
    ) -> impl Iterator<Item = Result<WrittenStep, StorageError>> + use<> {
        let records = self.journal.records_shortened(from, to, STEP_HEAD_BYTES);
        records.filter_map(|record| match record {
            Ok((location, head)) => Step::of(&head).map(|step| Ok(WrittenStep { step, location })),
            Err(error) => Some(Err(error.into())),
        })
    }

    /// A position from which all steps after `sequence` follow; some before may, too.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn position_before(&self, sequence: Sequence) -> Result<Position, StorageError> {
        let mut before = Position::START;
        for segment in self.journal.segments() {
            let start = Position { segment: segment.segment, offset: 0 };
            let next = Position { segment: segment.segment + 1, offset: 0 };
            match self.steps(start, next).next().transpose()? {
                Some(first) if first.step.sequence > sequence => break,
                Some(_) => before = start,
                None => {}
            }
        }
        Ok(before)
    }
}

fn misplaced(location: Location, expected: &str) -> StorageError {
    StorageError::Unreadable { location, reason: format!("not {expected}, which was to lie there") }
}

impl WrittenStep {
    /// Whether a block was put on.
    pub fn is_connected(&self) -> bool {
        self.step.moved == Move::Connected
    }
}
