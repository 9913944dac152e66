//! What the writer and all readers look at together: which segments there are, and how far they reach.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};

use super::segment::{HEADER_BYTES, Stamp, segment_name};
use super::{JournalError, Position, SegmentLength};
use crate::storage::files::{File, Files};

/// Segments that readers hold open; one more closes the one that was asked for longest ago.
const OPEN_FILES_MAX: usize = 64;

/// A segment, as far as it consists of records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    pub stamp: Stamp,
    pub end: u64,
    /// How long its predecessor was.
    pub before: u64,
}

pub(super) struct Shared {
    files: Arc<dyn Files>,
    segments: RwLock<BTreeMap<u32, Segment>>,
    /// Segments that are there, but whose header is not; empty unless somebody only inspects.
    broken: BTreeSet<u32>,
    open: Mutex<VecDeque<(u32, Arc<dyn File>)>>,
}

impl Shared {
    pub fn new(files: Arc<dyn Files>, segments: BTreeMap<u32, Segment>, broken: BTreeSet<u32>) -> Self {
        Self { files, segments: RwLock::new(segments), broken, open: Mutex::default() }
    }

    pub fn segment(&self, number: u32) -> Result<Segment, JournalError> {
        let segments = self.segments.read();
        if let Some(segment) = segments.get(&number) {
            return Ok(*segment);
        }
        Err(match segments.keys().chain(&self.broken).min() {
            _ if self.broken.contains(&number) => JournalError::HeaderDamaged { segment: number },
            Some(first) if number < *first => JournalError::Removed { segment: number, first: *first },
            _ => JournalError::Missing { segment: number },
        })
    }

    /// The first segment of this number or a higher one, whether it can be read or not.
    pub fn number_from(&self, number: u32) -> Option<u32> {
        let whole = self.segments.read().range(number..).next().map(|(number, _)| *number);
        whole.into_iter().chain(self.broken.range(number..).next().copied()).min()
    }

    /// How long a segment was when its successor was made, if that is there to say.
    pub fn closed_at(&self, number: u32) -> Option<u64> {
        let segments = self.segments.read();
        segments.get(&number.checked_add(1)?).map(|next| next.before)
    }

    pub fn first(&self) -> u32 {
        self.number_from(0).unwrap_or(0)
    }

    pub fn end(&self) -> Position {
        let last = self.segments.read().last_key_value().map(|(_, segment)| *segment);
        last.map_or(Position::START, |last| Position { segment: last.stamp.segment, offset: last.end })
    }

    pub fn lengths(&self) -> Vec<SegmentLength> {
        let segments = self.segments.read();
        let lengths =
            segments.iter().map(|(number, segment)| SegmentLength { segment: *number, bytes: segment.end });
        lengths.collect()
    }

    /// Lets readers see a segment, or more of it.
    pub fn publish(&self, segment: Segment) {
        self.segments.write().insert(segment.stamp.segment, segment);
    }

    /// Lets readers see a segment no more.
    pub fn withdraw(&self, number: u32) {
        self.segments.write().remove(&number);
        self.open.lock().retain(|(open, _)| *open != number);
    }

    /// A segment's file, opened where it is not yet.
    pub fn file(&self, number: u32) -> Result<Arc<dyn File>, JournalError> {
        let mut open = self.open.lock();
        if let Some(at) = open.iter().position(|(other, _)| *other == number) {
            let found = open.remove(at).expect("just found there");
            open.push_back(found.clone());
            return Ok(found.1);
        }
        let file = self.files.open_read_only(&segment_name(number))?;
        if open.len() == OPEN_FILES_MAX {
            open.pop_front();
        }
        open.push_back((number, file.clone()));
        Ok(file)
    }

    /// Where the first record at this position or behind would begin.
    pub fn clamp(&self, position: Position) -> Position {
        let segment = if position.segment == 0 { self.first() } else { position.segment };
        Position { segment, offset: position.offset.max(HEADER_BYTES) }
    }
}
