//! Checking everything, and going on behind damage and what the disk does not give.

use std::sync::Arc;

use super::scan::{CHUNK_BYTES, Found, Window, examine, next_head};
use super::segment::{HEADER_BYTES, Stamp};
use super::shared::Shared;
use super::{JournalError, Location};

/// Every record of a journal: where it lies, or what is wrong in its place. See [`super::JournalReader::verify`].
pub struct Verification {
    shared: Arc<Shared>,
    /// The segment that comes next, once the present one is through.
    next: u32,
    present: Option<Present>,
}

/// The segment that is being checked.
struct Present {
    stamp: Stamp,
    window: Window,
    offset: u64,
}

impl Verification {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { next: shared.first(), shared, present: None }
    }

    /// Goes to the next segment that is there; says so where one is not.
    fn enter(&mut self) -> Result<bool, JournalError> {
        let expected = self.next;
        let Some(number) = self.shared.number_from(expected) else { return Ok(false) };
        self.next = number;
        if number > expected {
            return Err(JournalError::Missing { segment: expected });
        }
        self.next = number.saturating_add(1);
        let segment = self.shared.segment(number)?;
        let window = Window::new(self.shared.file(number)?, segment.end, CHUNK_BYTES);
        self.present = Some(Present { stamp: segment.stamp, window, offset: HEADER_BYTES });
        Ok(true)
    }

    /// What is missing behind the last whole record of a segment.
    fn check_length(&self, present: &Present) -> Option<JournalError> {
        let segment = present.stamp.segment;
        let offset = present.window.end;
        let is_short = self.shared.closed_at(segment).is_some_and(|closed_at| offset < closed_at);
        is_short.then_some(JournalError::Damaged { segment, offset })
    }
}

impl Present {
    fn check_next(&mut self) -> Result<Location, JournalError> {
        match self.examine_next() {
            Err(JournalError::Io(_)) if self.window.take_care() => self.check_next(),
            Err(JournalError::Io(error)) => {
                let behind = next_head(&mut self.window, self.stamp, self.offset + 1)?;
                self.offset = behind.map_or(self.window.end, |head| head.offset);
                Err(error.into())
            }
            checked => checked,
        }
    }

    fn examine_next(&mut self) -> Result<Location, JournalError> {
        let (segment, offset) = (self.stamp.segment, self.offset);
        match examine(&mut self.window, self.stamp, offset)? {
            Found::Record(head) => {
                self.offset = head.end();
                return Ok(Location { segment, offset, length: head.length });
            }
            Found::Torn(head) if head.end() <= self.window.end => self.offset = head.end(),
            Found::Torn(_) | Found::Nothing => {
                let behind = next_head(&mut self.window, self.stamp, offset + 1)?;
                self.offset = behind.map_or(self.window.end, |head| head.offset);
            }
        }
        Err(JournalError::Damaged { segment, offset })
    }
}

impl Iterator for Verification {
    type Item = Result<Location, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(present) = self.present.as_mut().filter(|present| present.offset < present.window.end)
            {
                return Some(present.check_next());
            }
            if let Some(cut_short) = self.present.take().and_then(|present| self.check_length(&present)) {
                return Some(Err(cut_short));
            }
            match self.enter() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
