//! Reading records: by their location, or one after the other.

use std::fmt;
use std::sync::Arc;

use super::open::{Cut, Survey, unfinished};
use super::scan::{CHUNK_BYTES, Window, head_at};
use super::segment::{HEAD_BYTES, HEADER_BYTES, Head};
use super::shared::{Segment, Shared};
use super::{JournalError, Location, Position, SegmentLength, Verification};
use crate::storage::files::Files;
use crate::types::ChainId;

/// How much is read at once where payloads are mostly skipped.
const SKIPPING_CHUNK_BYTES: usize = 4 << 10;

/// Reads a journal while it is written; cheap to clone, for any thread.
#[derive(Clone)]
pub struct JournalReader {
    shared: Arc<Shared>,
}

/// A journal that somebody looks at without changing anything.
#[derive(Debug)]
pub struct Inspected {
    /// Reads whatever can be read.
    pub reader: JournalReader,
    /// What opening it to write would cut off.
    pub unfinished: Option<Cut>,
}

impl JournalReader {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Looks at a journal without changing a byte, damaged or not, even while a node writes to it.
    ///
    /// # Errors
    /// Where there is none, it belongs to another chain or a later version, or the disk refuses.
    pub fn inspect(files: Arc<dyn Files>, chain: ChainId) -> Result<Inspected, JournalError> {
        let Survey { mut segments, broken, unborn } = Survey::take(&*files, chain)?;
        if segments.is_empty() && broken.is_empty() {
            return Err(JournalError::NoJournal);
        }
        let mut cut = None;
        if let Some(mut last) = segments.last_entry().filter(|last| {
            let is_last = broken.last().is_none_or(|broken| broken < last.key());
            is_last && unborn.is_none()
        }) {
            cut = unfinished(&*files, *last.get())?;
            if let Some(cut) = cut {
                last.get_mut().end = cut.offset;
            }
        }
        Ok(Inspected { reader: Self::new(Arc::new(Shared::new(files, segments, broken))), unfinished: cut })
    }

    /// The payload of a record.
    ///
    /// # Errors
    /// [`JournalError::NoRecord`] where there is none of this length, [`JournalError::Damaged`] where it is not what was
    /// written.
    pub fn read(&self, location: Location) -> Result<Vec<u8>, JournalError> {
        let segment = self.segment_of(location)?;
        let file = self.shared.file(location.segment)?;
        let mut bytes = [0; HEAD_BYTES as usize];
        file.read_exact_at(&mut bytes, location.offset)?;
        let damaged = JournalError::Damaged { segment: location.segment, offset: location.offset };
        let head = match segment.stamp.decode_head(&bytes, location.offset) {
            None => return Err(damaged),
            Some(head) if head.length != location.length => return Err(JournalError::NoRecord(location)),
            Some(head) => head,
        };
        let mut payload = vec![0; location.length as usize];
        file.read_exact_at(&mut payload, head.payload())?;
        if is_whole(&head, &payload) { Ok(payload) } else { Err(damaged) }
    }

    /// A part of a payload, unchecked: for one small thing inside a long record that has been checked before.
    ///
    /// # Errors
    /// [`JournalError::NoRecord`] where the record, or this part of it, is not within the journal.
    pub fn read_part(&self, location: Location, offset: u32, length: u32) -> Result<Vec<u8>, JournalError> {
        self.segment_of(location)?;
        if u64::from(offset) + u64::from(length) > u64::from(location.length) {
            return Err(JournalError::NoRecord(location));
        }
        let mut part = vec![0; length as usize];
        let file = self.shared.file(location.segment)?;
        file.read_exact_at(&mut part, location.offset + HEAD_BYTES + u64::from(offset))?;
        Ok(part)
    }

    /// The segment a location points into; one that points beyond its end is refused before memory is claimed for it.
    fn segment_of(&self, location: Location) -> Result<Segment, JournalError> {
        let segment = self.shared.segment(location.segment)?;
        let end = location.offset.checked_add(HEAD_BYTES + u64::from(location.length));
        let is_inside = location.offset >= HEADER_BYTES && end.is_some_and(|end| end <= segment.end);
        if is_inside { Ok(segment) } else { Err(JournalError::NoRecord(location)) }
    }

    /// Records from one position to before another, each checked; ends with the first error.
    ///
    /// `from` lies between records, as every [`Position`] given out here does.
    pub fn records(&self, from: Position, to: Position) -> Records {
        self.records_with(from, to, None)
    }

    /// The same, but only the first bytes of each payload, which are then not checked; long ones are skipped unread.
    pub fn records_shortened(&self, from: Position, to: Position, payload_bytes_max: u32) -> Records {
        self.records_with(from, to, Some(payload_bytes_max))
    }

    fn records_with(&self, from: Position, to: Position, shortened: Option<u32>) -> Records {
        let next = self.shared.clamp(from);
        Records { shared: self.shared.clone(), next, to, shortened, window: None, has_failed: false }
    }

    /// Checks every record of every segment and goes on behind damage.
    pub fn verify(&self) -> Verification {
        Verification::new(self.shared.clone())
    }

    /// Where the last record ends.
    pub fn end(&self) -> Position {
        self.shared.end()
    }

    /// All segments that can be read and their lengths, oldest first.
    pub fn segments(&self) -> Vec<SegmentLength> {
        self.shared.lengths()
    }
}

impl fmt::Debug for JournalReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalReader").field("end", &self.end()).finish_non_exhaustive()
    }
}

fn is_whole(head: &Head, payload: &[u8]) -> bool {
    let mut check = head.checking();
    check.feed(payload);
    check.holds()
}

/// Records one after the other, with their locations. See [`JournalReader::records`].
pub struct Records {
    shared: Arc<Shared>,
    next: Position,
    to: Position,
    shortened: Option<u32>,
    window: Option<Window>,
    has_failed: bool,
}

impl Records {
    /// The segment that holds the next record, or nothing at the end.
    fn segment(&mut self) -> Result<Option<Segment>, JournalError> {
        while self.next < self.to && self.next < self.shared.end() {
            let segment = self.shared.segment(self.next.segment)?;
            if self.next.offset < segment.end {
                return Ok(Some(segment));
            }
            self.next = Position { segment: self.next.segment + 1, offset: HEADER_BYTES };
            self.window = None;
        }
        Ok(None)
    }

    fn read_next(&mut self) -> Result<Option<(Location, Vec<u8>)>, JournalError> {
        let Some(Segment { stamp, end, .. }) = self.segment()? else { return Ok(None) };
        let Position { segment, offset } = self.next;
        let chunk = if self.shortened.is_some() { SKIPPING_CHUNK_BYTES } else { CHUNK_BYTES };
        let window = match &mut self.window {
            Some(window) => window,
            none => none.insert(Window::new(self.shared.file(segment)?, end, chunk)),
        };
        // More may have been appended since.
        window.end = end;
        let damaged = JournalError::Damaged { segment, offset };
        let Some(head) = head_at(window, stamp, offset)?.filter(|head| head.end() <= end) else {
            return Err(damaged);
        };
        let payload_bytes = self.shortened.map_or(head.length, |bytes_max| bytes_max.min(head.length));
        let payload = window.copy(head.payload(), payload_bytes as usize)?;
        if self.shortened.is_none() && !is_whole(&head, &payload) {
            return Err(damaged);
        }
        self.next.offset = head.end();
        Ok(Some((Location { segment, offset, length: head.length }, payload)))
    }
}

impl Iterator for Records {
    type Item = Result<(Location, Vec<u8>), JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        let next = self.read_next();
        self.has_failed = next.is_err();
        next.transpose()
    }
}
