//! What survives a crash: files, and the journal of everything that happened.
//!
//! This room decides when something counts as kept, and what of it is there after the power went. It is the only one
//! that touches a disk, and it asks the disk for little: a flat folder of files that can be written, synced, renamed
//! and removed. It does not know what the bytes mean for balances.
//!
//! Read [`Journal`] first, then [`Files`], the seam at which tests put a disk that forgets.

mod files;
mod journal;

pub use files::{Disk, File, Files};
pub use journal::{
    Cut, Inspected, Journal, JournalError, JournalOptions, JournalReader, Location, Opened,
    PAYLOAD_BYTES_MAX, Position, Records, SEGMENT_BYTES_MAX, SegmentLength, Verification,
};
