//! An append-only log of opaque records: what was synced is there after any crash, and damage is told from a crash.
//!
//! # On disk
//!
//! Segments `journal-0000000001`, … one after the other; integers are little-endian.
//!
//! | header | | record | |
//! |---|---|---|---|
//! | magic `crnj` | 4 | marker, from the salt | 4 |
//! | format, 1 | 4 | length of the payload | 4 |
//! | segment | 4 | synced: the segment was durable up to here | 8 |
//! | chain id | 32 | CRC-32C of salt, segment, offset, length, synced | 4 |
//! | salt | 8 | the same, continued over the payload | 4 |
//! | length of the segment before | 8 | payload | length |
//! | CRC-32C of all before | 4 | | |
//!
//! # A crash, or damage
//!
//! A segment is synced before the next is created, and a new one's header and name before its first record goes in. So
//! whatever is wrong in a segment that has a successor is damage. In the last one a disk may have kept any part of what was
//! written after the last sync, later bytes without earlier ones. That is cut off, and nothing was promised about it. But
//! if a record further behind testifies by its `synced` that the bad place was durable once, no crash explains that:
//! nothing is changed, and [`JournalError::Damaged`] says where.
//!
//! A journal can be sealed: then its last segment is closed like those before it, and an empty one is begun, so that what was
//! written may be linked elsewhere and never changes there.
//!
//! Left out on purpose: a lock against a second process (the store has one), and repair (what lies in a damaged record can
//! only come from peers or a copy).
//!
//! Read `writer.rs` first, then `open.rs` for recovery.

mod error;
mod open;
mod reader;
mod scan;
mod segment;
mod shared;
mod verification;
mod writer;

pub use error::JournalError;
pub use open::{Cut, Opened};
pub use reader::{Inspected, JournalReader, Records};
pub(in crate::storage) use segment::segment_name;
pub use verification::Verification;
pub use writer::Journal;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::codec::{Decode, Encode};

/// A segment is closed before it grows beyond this many bytes; only a single record that is longer does.
pub const SEGMENT_BYTES_MAX: u64 = 64 << 20;

/// Longest payload of a record; a longer one is refused with [`JournalError::TooLarge`].
pub const PAYLOAD_BYTES_MAX: u32 = 1 << 30;

/// A place between two records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Position {
    /// Which segment.
    pub segment: u32,
    /// Bytes from its beginning.
    pub offset: u64,
}

impl Position {
    /// The beginning of the oldest segment there is.
    pub const START: Self = Self { segment: 0, offset: 0 };
}

/// Where a record lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Location {
    /// Which segment.
    pub segment: u32,
    /// Where its head begins.
    pub offset: u64,
    /// Bytes of payload.
    pub length: u32,
}

impl Location {
    /// Of a record of this length that would end there; nothing where there is no room for one.
    pub fn ending(end: Position, length: u32) -> Option<Self> {
        let offset = end.offset.checked_sub(segment::HEAD_BYTES + u64::from(length))?;
        Some(Self { segment: end.segment, offset, length })
    }

    /// Where it begins.
    pub fn position(&self) -> Position {
        Position { segment: self.segment, offset: self.offset }
    }

    /// Where the next one begins, unless that has a segment of its own.
    pub fn end(&self) -> Position {
        let offset = self.offset + segment::HEAD_BYTES + u64::from(self.length);
        Position { segment: self.segment, offset }
    }
}

/// A segment and how much of it is records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentLength {
    /// Its number.
    pub segment: u32,
    /// Its bytes, header included.
    pub bytes: u64,
}

/// Where salts come from.
type SaltSource = Box<dyn FnMut() -> io::Result<u64> + Send>;

/// How a journal is written.
pub struct JournalOptions {
    /// A segment is closed before it would grow beyond this.
    pub segment_bytes_max: u64,
    /// Draws a salt for each new segment.
    ///
    /// # Security
    /// Nobody who writes blocks may know it beforehand; see the segment's header.
    pub salt: SaltSource,
    /// Set, it calls off an opening that is under way.
    pub stop: Arc<AtomicBool>,
}

impl Default for JournalOptions {
    fn default() -> Self {
        let salt = || getrandom::u64().map_err(|error| io::Error::other(error.to_string()));
        Self { segment_bytes_max: SEGMENT_BYTES_MAX, salt: Box::new(salt), stop: Arc::default() }
    }
}

impl fmt::Debug for JournalOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalOptions")
            .field("segment_bytes_max", &self.segment_bytes_max)
            .finish_non_exhaustive()
    }
}
