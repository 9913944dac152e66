//! What can be wrong with a journal, and what to do about it.

use std::io;

use super::segment::segment_name;
use super::{Location, PAYLOAD_BYTES_MAX};
use crate::types::ChainId;

/// Why the journal could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// No segment at all: nothing was ever made here, or the making was cut short before anything was promised.
    #[error("there is no journal here: make one")]
    NoJournal,
    /// A journal was to be made where one is.
    #[error("{} is there already: open it, or choose an empty folder", segment_name(*.segment))]
    AlreadyThere {
        /// The first of the segments found.
        segment: u32,
    },
    /// A record that was durable once is so no more: not the work of a crash.
    #[error(
        "{} is damaged at byte {offset}, where a complete record was: nothing has been changed; restore the file from \
         a copy, or keep what is whole with `cairn chain reindex --salvage`",
        segment_name(*.segment)
    )]
    Damaged {
        /// Which segment.
        segment: u32,
        /// Where the record begins.
        offset: u64,
    },
    /// The first bytes of a segment, without which none of its records can be told from noise.
    #[error("the header of {} is damaged: restore the file from a copy", segment_name(*.segment))]
    HeaderDamaged {
        /// Which segment.
        segment: u32,
    },
    /// A segment between others, gone.
    #[error("{} is missing: restore it from a copy", segment_name(*.segment))]
    Missing {
        /// Which segment.
        segment: u32,
    },
    /// The journal is shorter than it is known to have been.
    #[error(
        "the journal ends in {} at byte {offset}, before what is known to have been kept: restore it from a copy",
        segment_name(*.segment)
    )]
    EndsEarly {
        /// The segment in which it ends, or that is not there.
        segment: u32,
        /// Where it ends.
        offset: u64,
    },
    /// Asked for something in a segment that was pruned.
    #[error("{} was removed by pruning; the first one kept is {first}", segment_name(*.segment))]
    Removed {
        /// Which segment.
        segment: u32,
        /// The oldest that is there.
        first: u32,
    },
    /// Somebody else's journal.
    #[error("{} belongs to chain {found}, not to {expected}: choose another folder", segment_name(*.segment))]
    AnotherChain {
        /// Which segment.
        segment: u32,
        /// The chain its header names.
        found: ChainId,
        /// The chain it was opened for.
        expected: ChainId,
    },
    /// Written by a later version of this program.
    #[error(
        "{} has format {format}, and this version knows {known} at most: use a later one",
        segment_name(*.segment)
    )]
    NewerFormat {
        /// Which segment.
        segment: u32,
        /// Its format.
        format: u32,
        /// The latest that is known here.
        known: u32,
    },
    /// Whoever kept this location kept it longer than the record.
    #[error(
        "no record of {} bytes at byte {} of {}: rebuild the index that points there",
        .0.length, .0.offset, segment_name(.0.segment)
    )]
    NoRecord(Location),
    /// More than a record holds.
    #[error("a record of {bytes} bytes, and at most {PAYLOAD_BYTES_MAX} are possible: split it")]
    TooLarge {
        /// Length of the payload.
        bytes: u64,
    },
    /// A write or a sync failed, now or earlier.
    ///
    /// # Security
    /// After a failed sync the system may have dropped what it could not write, and the next sync would answer that all is
    /// well. Going on would be a lie; opening again writes the tail anew.
    #[error("the journal has stopped ({cause}): free some space or mend the disk, then start again")]
    Stopped {
        /// The first failure.
        cause: String,
        /// Its kind: `StorageFull`, `ReadOnlyFilesystem`, …
        kind: io::ErrorKind,
    },
    /// Whoever opened it does not want it any more.
    #[error("told to stop while the journal was read")]
    CalledOff,
    /// The disk does not let us read, or not recover.
    #[error("cannot read or recover the journal: {0}")]
    Io(#[from] io::Error),
}
