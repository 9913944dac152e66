//! The one that writes: appends, syncs, begins segments and takes old ones away.

use std::fmt;
use std::io;
use std::sync::Arc;

use super::open::{Opened, Recovered, last_of, recover};
use super::segment::{HEAD_BYTES, HEADER_BYTES, SegmentHeader, Stamp, segment_name, segment_number};
use super::shared::{Segment, Shared};
use super::{
    JournalError, JournalOptions, JournalReader, Location, PAYLOAD_BYTES_MAX, Position, SegmentLength,
};
use crate::storage::files::{File, Files};
use crate::types::ChainId;

/// A buffer that one long record left behind is given back.
const BUFFER_BYTES_MAX: usize = 4 << 20;

/// An append-only log. There is one writer; [`Journal::reader`] gives out any number of readers.
///
/// # Invariants
/// - What was appended before a [`Journal::sync`] that succeeded is there, in order, after any crash.
/// - What was appended after it may be lost, but only from the end: never one record and not the next.
pub struct Journal {
    files: Arc<dyn Files>,
    chain: ChainId,
    options: JournalOptions,
    shared: Arc<Shared>,
    /// The last segment, up to the end of its last record.
    tail: Segment,
    file: Arc<dyn File>,
    /// How much of it is durable.
    synced: u64,
    stopped: Option<Stop>,
    /// Where a record is put together, so that it is one write.
    buffer: Vec<u8>,
}

#[derive(Clone)]
struct Stop {
    cause: String,
    kind: io::ErrorKind,
}

impl From<Stop> for JournalError {
    fn from(Stop { cause, kind }: Stop) -> Self {
        Self::Stopped { cause, kind }
    }
}

impl Journal {
    /// A new journal; it is there, and durable, when this returns.
    ///
    /// # Errors
    /// Where there is one already, or the disk refuses.
    pub fn create(
        files: Arc<dyn Files>,
        chain: ChainId,
        mut options: JournalOptions,
    ) -> Result<Self, JournalError> {
        if let Some(segment) = files.list()?.iter().find_map(|name| segment_number(name)) {
            return Err(JournalError::AlreadyThere { segment });
        }
        let (tail, file) = begin_segment(&*files, chain, &mut options, 1, 0)?;
        let shared = Shared::new(files.clone(), [(1, tail)].into(), [].into());
        Ok(Self::assemble(files, chain, options, shared, tail, file))
    }

    /// The journal in this folder, checked from a position on that is known to have been durable.
    ///
    /// What a crash left unfinished is cut off; all that remains is durable when this returns. Where there is damage
    /// instead, nothing at all is changed.
    ///
    /// # Errors
    /// [`JournalError::NoJournal`] where there is none, and whatever else does not let us go on.
    pub fn open(
        files: Arc<dyn Files>,
        chain: ChainId,
        mut options: JournalOptions,
        from: Position,
    ) -> Result<Opened, JournalError> {
        let Recovered { segments, tail, file, cut } = recover(&*files, chain, from, &mut options)?;
        let shared = Shared::new(files.clone(), segments, [].into());
        Ok(Opened { journal: Self::assemble(files, chain, options, shared, tail, file), cut })
    }

    fn assemble(
        files: Arc<dyn Files>,
        chain: ChainId,
        options: JournalOptions,
        shared: Shared,
        tail: Segment,
        file: Arc<dyn File>,
    ) -> Self {
        let shared = Arc::new(shared);
        let synced = tail.end;
        Self { files, chain, options, shared, tail, file, synced, stopped: None, buffer: Vec::new() }
    }

    /// Writes a record, its payload given in parts. Readers see it at once; a crash may take it until the next
    /// [`Journal::sync`].
    ///
    /// # Errors
    /// [`JournalError::TooLarge`], which changes nothing; [`JournalError::Stopped`] from the first failure of the disk on.
    pub fn append(&mut self, parts: &[&[u8]]) -> Result<Location, JournalError> {
        self.check_running()?;
        let bytes: u64 = parts.iter().map(|part| part.len() as u64).sum();
        let length = u32::try_from(bytes).ok().filter(|length| *length <= PAYLOAD_BYTES_MAX);
        let length = length.ok_or(JournalError::TooLarge { bytes })?;
        if !self.has_empty_tail() && self.tail.end + HEAD_BYTES + bytes > self.options.segment_bytes_max {
            self.begin_next_segment()?;
        }
        let Segment { stamp, end: offset, .. } = self.tail;
        self.buffer.clear();
        self.buffer.extend(stamp.encode_head(offset, self.synced, length, parts));
        for part in parts {
            self.buffer.extend_from_slice(part);
        }
        let written = self.file.write_all_at(&self.buffer, offset);
        self.stop_on(written)?;
        self.tail.end += self.buffer.len() as u64;
        self.buffer.shrink_to(BUFFER_BYTES_MAX);
        self.shared.publish(self.tail);
        Ok(Location { segment: stamp.segment, offset, length })
    }

    /// Makes everything appended so far durable.
    ///
    /// # Errors
    /// [`JournalError::Stopped`] from the first failure of the disk on.
    pub fn sync(&mut self) -> Result<(), JournalError> {
        self.check_running()?;
        if self.synced < self.tail.end {
            let done = self.file.sync();
            self.stop_on(done)?;
            self.synced = self.tail.end;
        }
        Ok(())
    }

    /// Makes sure that nothing which was written is ever written to again: what comes next goes into a segment of its own.
    /// Answers with those that are sealed so.
    ///
    /// # Errors
    /// [`JournalError::Stopped`] from the first failure of the disk on.
    pub fn seal(&mut self) -> Result<Vec<SegmentLength>, JournalError> {
        self.check_running()?;
        if !self.has_empty_tail() {
            self.begin_next_segment()?;
        }
        let mut sealed = self.segments();
        sealed.pop();
        Ok(sealed)
    }

    /// Whether nothing was written to the last segment: being there, it testifies that all before it was durable.
    pub fn has_empty_tail(&self) -> bool {
        self.tail.end == HEADER_BYTES
    }

    /// Begins an empty segment behind the ones in this folder, all of which are whole; none of them is ever written to
    /// from then on.
    ///
    /// # Errors
    /// [`JournalError::NoJournal`] where there is none, and where one is missing or damaged.
    pub fn begin_behind(files: &dyn Files, chain: ChainId) -> Result<(), JournalError> {
        let last = last_of(files, chain)?;
        let mut options = JournalOptions::default();
        begin_segment(files, chain, &mut options, last.stamp.segment + 1, last.end)?;
        Ok(())
    }

    /// The segment before is whole and durable before a successor says so by being there.
    fn begin_next_segment(&mut self) -> Result<(), JournalError> {
        self.sync()?;
        let number =
            self.tail.stamp.segment.checked_add(1).expect("nobody writes four billion segments of 64 MiB");
        let begun = begin_segment(&*self.files, self.chain, &mut self.options, number, self.tail.end);
        (self.tail, self.file) = self.stop_on(begun)?;
        self.synced = self.tail.end;
        self.shared.publish(self.tail);
        Ok(())
    }

    /// Takes away all segments below a number, though never the one that is written to.
    ///
    /// # Errors
    /// Whatever the disk says; the journal goes on either way, and the call can be made again.
    pub fn remove_segments_below(&mut self, number: u32) -> Result<(), JournalError> {
        // One by one, lowest first: a crash must not leave a hole.
        for old in self.shared.first()..number.min(self.tail.stamp.segment) {
            let segment = self.shared.segment(old)?;
            self.shared.withdraw(old);
            if let Err(error) = self.remove_segment(old) {
                self.shared.publish(segment);
                return Err(error.into());
            }
        }
        Ok(())
    }

    fn remove_segment(&self, number: u32) -> io::Result<()> {
        match self.files.remove(&segment_name(number)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => self.files.sync_folder(),
        }
    }

    /// Something to read with, for any thread; it sees what comes later too.
    pub fn reader(&self) -> JournalReader {
        JournalReader::new(self.shared.clone())
    }

    /// Where the next record begins, unless it needs a new segment.
    pub fn end(&self) -> Position {
        Position { segment: self.tail.stamp.segment, offset: self.tail.end }
    }

    /// Up to where everything is durable.
    pub fn synced_end(&self) -> Position {
        Position { segment: self.tail.stamp.segment, offset: self.synced }
    }

    /// All segments and their lengths, oldest first.
    pub fn segments(&self) -> Vec<SegmentLength> {
        self.shared.lengths()
    }

    fn check_running(&self) -> Result<(), JournalError> {
        self.stopped.clone().map_or(Ok(()), |stop| Err(stop.into()))
    }

    /// Passes a result on; a failure is the last thing that is tried.
    fn stop_on<T>(&mut self, result: io::Result<T>) -> Result<T, JournalError> {
        result.map_err(|error| {
            let stop = Stop { cause: error.to_string(), kind: error.kind() };
            self.stopped.insert(stop).clone().into()
        })
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("end", &self.end())
            .field("synced", &self.synced)
            .finish_non_exhaustive()
    }
}

/// Makes a segment whose name and header are durable, so that its first record can go in.
fn begin_segment(
    files: &dyn Files,
    chain: ChainId,
    options: &mut JournalOptions,
    number: u32,
    before: u64,
) -> io::Result<(Segment, Arc<dyn File>)> {
    let file = files.create(&segment_name(number))?;
    let segment = write_header(&*file, chain, options, number, before)?;
    files.sync_folder()?;
    Ok((segment, file))
}

/// Writes the header of a segment in which nothing is yet, and makes it durable.
pub(super) fn write_header(
    file: &dyn File,
    chain: ChainId,
    options: &mut JournalOptions,
    number: u32,
    before: u64,
) -> io::Result<Segment> {
    let stamp = Stamp { segment: number, salt: (options.salt)()? };
    file.write_all_at(&SegmentHeader { stamp, chain, before }.encode(), 0)?;
    file.sync()?;
    Ok(Segment { stamp, end: HEADER_BYTES, before })
}
