//! Reading a segment from front to back, and looking for records where there should be some.

use std::io;
use std::sync::Arc;

use super::segment::{HEAD_BYTES, Head, Stamp};
use crate::storage::files::File;

/// How much is read at once where everything is looked at.
pub(super) const CHUNK_BYTES: usize = 256 << 10;

/// What a disk cannot give, it cannot give in pages of so many bytes.
const PAGE_BYTES: usize = 4 << 10;

/// A file, seen through one buffer.
pub(super) struct Window {
    file: Arc<dyn File>,
    /// Nothing is read beyond this.
    pub end: u64,
    chunk: usize,
    /// Whether it is read page by page, because some of it cannot be read.
    is_careful: bool,
    start: u64,
    held: Vec<u8>,
}

impl Window {
    pub fn new(file: Arc<dyn File>, end: u64, chunk: usize) -> Self {
        Self { file, end, chunk, is_careful: false, start: 0, held: Vec::new() }
    }

    /// Reads page by page from now on, so that nothing is lost with a page that cannot be read but what lies there. False
    /// where it did already.
    pub fn take_care(&mut self) -> bool {
        self.held.clear();
        !std::mem::replace(&mut self.is_careful, true)
    }

    /// How much is read at once from `offset` on.
    fn piece(&self, offset: u64) -> usize {
        if self.is_careful { PAGE_BYTES - (offset % PAGE_BYTES as u64) as usize } else { self.chunk }
    }

    /// Just these bytes, which lie before the end.
    pub fn bytes(&mut self, offset: u64, length: usize) -> io::Result<&[u8]> {
        if self.held_from(offset).len() < length {
            self.fill(offset, length.max(self.piece(offset)))?;
        }
        Ok(&self.held_from(offset)[..length])
    }

    /// Some bytes from `offset` on, at least one and at most so many; `offset` lies before the end.
    fn some(&mut self, offset: u64, at_most: u64) -> io::Result<&[u8]> {
        if self.held_from(offset).is_empty() {
            self.fill(offset, self.piece(offset))?;
        }
        let held = self.held_from(offset);
        Ok(&held[..at_most.min(held.len() as u64) as usize])
    }

    /// A copy that does not pass through the buffer where it is large.
    pub fn copy(&mut self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        if length <= self.chunk {
            return Ok(self.bytes(offset, length)?.to_vec());
        }
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    }

    fn held_from(&self, offset: u64) -> &[u8] {
        let skipped = offset.checked_sub(self.start).and_then(|skipped| usize::try_from(skipped).ok());
        skipped.and_then(|skipped| self.held.get(skipped..)).unwrap_or_default()
    }

    fn fill(&mut self, offset: u64, length: usize) -> io::Result<()> {
        let mut held = std::mem::take(&mut self.held);
        held.resize((length as u64).min(self.end.saturating_sub(offset)) as usize, 0);
        self.file.read_exact_at(&mut held, offset)?;
        (self.start, self.held) = (offset, held);
        Ok(())
    }
}

/// What stands at an offset.
pub(super) enum Found {
    /// A whole record.
    Record(Head),
    /// The head of a record whose payload is not what was written, or not all there.
    Torn(Head),
    /// Nothing that we wrote for this place.
    Nothing,
}

/// Looks at one place.
pub(super) fn examine(window: &mut Window, stamp: Stamp, offset: u64) -> io::Result<Found> {
    let Some(head) = head_at(window, stamp, offset)? else { return Ok(Found::Nothing) };
    if head.end() > window.end {
        return Ok(Found::Torn(head));
    }
    let mut check = head.checking();
    let mut at = head.payload();
    while at < head.end() {
        let piece = window.some(at, head.end() - at)?;
        check.feed(piece);
        at += piece.len() as u64;
    }
    Ok(if check.holds() { Found::Record(head) } else { Found::Torn(head) })
}

/// The head at an offset; what it precedes has not been looked at.
pub(super) fn head_at(window: &mut Window, stamp: Stamp, offset: u64) -> io::Result<Option<Head>> {
    if offset + HEAD_BYTES > window.end {
        return Ok(None);
    }
    Ok(stamp.decode_head(window.bytes(offset, HEAD_BYTES as usize)?, offset))
}

/// How far whole records reach.
pub(super) struct Walked {
    /// Where the last of them ends.
    pub end: u64,
    /// The furthest that any of them says was durable.
    pub durable: u64,
}

/// Checks record after record until one is not whole.
pub(super) fn walk(window: &mut Window, stamp: Stamp, from: u64) -> io::Result<Walked> {
    let mut walked = Walked { end: from, durable: 0 };
    while let Found::Record(head) = examine(window, stamp, walked.end)? {
        walked = Walked { end: head.end(), durable: walked.durable.max(head.synced) };
    }
    Ok(walked)
}

/// The first head at `from` or behind. Records have no fixed places, so every byte may begin one. A careful window steps
/// over what cannot be read.
pub(super) fn next_head(window: &mut Window, stamp: Stamp, from: u64) -> io::Result<Option<Head>> {
    let marker = stamp.marker();
    let mut at = from;
    while at + HEAD_BYTES <= window.end {
        let (piece, is_careful) = (window.piece(at) as u64, window.is_careful);
        let length = (window.end - at).min(piece + HEAD_BYTES - 1) as usize;
        let bytes = match window.bytes(at, length) {
            Err(_) if is_careful => {
                at += piece;
                continue;
            }
            read => read?,
        };
        let starts = length - HEAD_BYTES as usize + 1;
        let heads = (0..starts).filter(|start| bytes[*start..*start + 4] == marker);
        let mut heads = heads.filter_map(|start| stamp.decode_head(&bytes[start..], at + start as u64));
        if let Some(head) = heads.next() {
            return Ok(Some(head));
        }
        at += starts as u64;
    }
    Ok(None)
}

/// Whether a record behind `offset` testifies that what begins there was durable.
///
/// Its head is enough: it was written by us, whatever became of its payload.
pub(super) fn was_durable(window: &mut Window, stamp: Stamp, offset: u64) -> io::Result<bool> {
    let mut at = offset;
    while let Some(head) = next_head(window, stamp, at)? {
        if head.synced > offset {
            return Ok(true);
        }
        at = head.payload();
    }
    Ok(false)
}
