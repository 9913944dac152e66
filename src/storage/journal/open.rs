//! Recovery: what of a journal is there after whatever happened.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::scan::{CHUNK_BYTES, Walked, Window, walk, was_durable};
use super::segment::{FORMAT, HEADER_BYTES, HeaderFault, SegmentHeader, segment_name, segment_number};
use super::shared::Segment;
use super::writer::write_header;
use super::{Journal, JournalError, JournalOptions, Position};
use crate::storage::files::{File, Files};
use crate::types::ChainId;

/// A journal, and what of it was cut off.
#[derive(Debug)]
pub struct Opened {
    /// Ready to go on; all that is in it is durable.
    pub journal: Journal,
    /// The unsynced remainder of a crash, if there was any.
    pub cut: Option<Cut>,
}

/// Bytes at the end of the last segment that were written, never synced, and not all kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Which segment.
    pub segment: u32,
    /// Where its records end.
    pub offset: u64,
    /// How much followed.
    pub bytes: u64,
}

/// The segments of a folder, by their headers.
pub(super) struct Survey {
    /// Each with the length of its file.
    pub segments: BTreeMap<u32, Segment>,
    /// Those without a header that holds.
    pub broken: BTreeSet<u32>,
    /// The last one, if it is no longer than a header and that does not hold: a crash came while it was made, or what says so
    /// rotted. It never held a record.
    pub unborn: Option<u32>,
}

impl Survey {
    pub fn take(files: &dyn Files, chain: ChainId) -> Result<Self, JournalError> {
        let mut survey = Self { segments: BTreeMap::new(), broken: BTreeSet::new(), unborn: None };
        let numbers: BTreeSet<u32> = files.list()?.iter().filter_map(|name| segment_number(name)).collect();
        for &number in &numbers {
            let file = files.open_read_only(&segment_name(number))?;
            let end = file.length()?;
            match read_header(&*file, end, number, chain)? {
                Some(SegmentHeader { stamp, before, .. }) => {
                    survey.segments.insert(number, Segment { stamp, end, before });
                }
                None if end <= HEADER_BYTES && Some(&number) == numbers.last() => {
                    survey.unborn = Some(number);
                }
                None => {
                    survey.broken.insert(number);
                }
            }
        }
        Ok(survey)
    }

    /// Refuses to go on where a segment is missing or has lost its header.
    fn check_whole(&self) -> Result<(), JournalError> {
        if let Some(&segment) = self.broken.first() {
            return Err(JournalError::HeaderDamaged { segment });
        }
        let numbers: Vec<u32> = self.segments.keys().copied().chain(self.unborn).collect();
        match numbers.windows(2).find(|pair| pair[1] - pair[0] > 1) {
            Some(pair) => Err(JournalError::Missing { segment: pair[0] + 1 }),
            None => self.check_lengths(),
        }
    }

    /// Refuses to go on where a segment is not as long as its successor says.
    fn check_lengths(&self) -> Result<(), JournalError> {
        let neighbours = self.segments.values().zip(self.segments.values().skip(1));
        match neighbours.into_iter().find(|(segment, next)| segment.end != next.before) {
            Some((segment, next)) => {
                let offset = segment.end.min(next.before);
                Err(JournalError::Damaged { segment: segment.stamp.segment, offset })
            }
            None => Ok(()),
        }
    }

    /// Checks every record from a position on that is known to have been durable, and says where the last one ends.
    fn scan(&self, files: &dyn Files, from: Position, stop: &AtomicBool) -> Result<Tail, JournalError> {
        let (&first, _) = self.segments.first_key_value().ok_or(JournalError::NoJournal)?;
        let (&last, _) = self.segments.last_key_value().ok_or(JournalError::NoJournal)?;
        let from = if from.segment == 0 { Position { segment: first, ..Position::START } } else { from };
        if from.segment < first {
            return Err(JournalError::Removed { segment: from.segment, first });
        }
        if Some(from.segment) == self.unborn {
            return Err(JournalError::HeaderDamaged { segment: from.segment });
        }
        let mut tail = Err(JournalError::EndsEarly { segment: from.segment, offset: 0 });
        for (&number, &segment) in self.segments.range(from.segment..) {
            if stop.load(Ordering::Relaxed) {
                return Err(JournalError::CalledOff);
            }
            let known = if number == from.segment { from.offset.max(HEADER_BYTES) } else { HEADER_BYTES };
            // A segment is synced whole before its successor is made.
            let sealed = number != last || self.unborn.is_some();
            let file = files.open_read_only(&segment_name(number))?;
            tail = Ok(scan_segment(file, segment, known, sealed)?);
        }
        tail
    }
}

/// The header of a segment, or nothing if it does not hold.
fn read_header(
    file: &dyn File,
    length: u64,
    segment: u32,
    expected: ChainId,
) -> Result<Option<SegmentHeader>, JournalError> {
    if length < HEADER_BYTES {
        return Ok(None);
    }
    let mut bytes = [0; HEADER_BYTES as usize];
    file.read_exact_at(&mut bytes, 0)?;
    match SegmentHeader::decode(&bytes, segment) {
        Ok(header) if header.chain == expected => Ok(Some(header)),
        Ok(SegmentHeader { chain: found, .. }) => {
            Err(JournalError::AnotherChain { segment, found, expected })
        }
        Err(HeaderFault::Newer { format }) => {
            Err(JournalError::NewerFormat { segment, format, known: FORMAT })
        }
        Err(HeaderFault::Damaged) => Ok(None),
    }
}

/// Where the records of the last segment end.
struct Tail {
    segment: Segment,
    /// How much of it is certainly on the disk and not only in the system's memory of it.
    durable: u64,
    cut: Option<Cut>,
}

fn scan_segment(
    file: Arc<dyn File>,
    segment: Segment,
    known: u64,
    sealed: bool,
) -> Result<Tail, JournalError> {
    let Segment { stamp, end: length, .. } = segment;
    let number = stamp.segment;
    if known > length {
        return Err(JournalError::EndsEarly { segment: number, offset: length });
    }
    let mut window = Window::new(file, length, CHUNK_BYTES);
    let mut walked = walk(&mut window, stamp, known)?;
    if walked.end == known && known < length {
        // A crash right behind the position, or the position lies inside a record. Records that are whole are not to
        // be cut because somebody's position was wrong.
        walked = walk(&mut window, stamp, HEADER_BYTES)?;
    }
    let Walked { end, durable } = walked;
    if end == length {
        let durable = if sealed { length } else { durable.max(known_durable(known)) };
        return Ok(Tail { segment, durable, cut: None });
    }
    if sealed || known > end || was_durable(&mut window, stamp, end)? {
        return Err(JournalError::Damaged { segment: number, offset: end });
    }
    let cut = Cut { segment: number, offset: end, bytes: length - end };
    let durable = durable.max(known_durable(known));
    Ok(Tail { segment: Segment { end, ..segment }, durable, cut: Some(cut) })
}

/// A position just behind the header says nothing: it may be where a scan of everything begins.
fn known_durable(known: u64) -> u64 {
    if known > HEADER_BYTES { known } else { 0 }
}

/// Where the records of the last segment end, for somebody who changes nothing; nothing if there is damage before, or
/// something that cannot be read.
pub(super) fn unfinished(files: &dyn Files, segment: Segment) -> Result<Option<Cut>, JournalError> {
    let file = files.open_read_only(&segment_name(segment.stamp.segment))?;
    match scan_segment(file, segment, HEADER_BYTES, false) {
        Ok(tail) => Ok(tail.cut),
        Err(JournalError::Damaged { .. } | JournalError::Io(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The last segment of a journal in which none is missing or has lost its header.
pub(super) fn last_of(files: &dyn Files, chain: ChainId) -> Result<Segment, JournalError> {
    let survey = Survey::take(files, chain)?;
    survey.check_whole()?;
    match (survey.unborn, survey.segments.last_key_value()) {
        (Some(segment), _) => Err(JournalError::HeaderDamaged { segment }),
        (None, Some((_, last))) => Ok(*last),
        (None, None) => Err(JournalError::NoJournal),
    }
}

/// What recovery found and made durable.
pub(super) struct Recovered {
    pub segments: BTreeMap<u32, Segment>,
    pub tail: Segment,
    pub file: Arc<dyn File>,
    pub cut: Option<Cut>,
}

/// Checks everything first; only where nothing is damaged it takes away what a crash left unfinished, and finishes a segment
/// whose header did not get to the disk.
pub(super) fn recover(
    files: &dyn Files,
    chain: ChainId,
    from: Position,
    options: &mut JournalOptions,
) -> Result<Recovered, JournalError> {
    let mut survey = Survey::take(files, chain)?;
    survey.check_whole()?;
    let Tail { segment: last, durable, cut } = match survey.scan(files, from, &options.stop) {
        Err(JournalError::NoJournal) if from == Position::START => {
            // One that was only just being begun.
            survey.unborn.map_or(Ok(()), |unborn| files.remove(&segment_name(unborn)))?;
            files.sync_folder()?;
            return Err(JournalError::NoJournal);
        }
        Err(JournalError::NoJournal) => {
            return Err(JournalError::EndsEarly { segment: from.segment, offset: 0 });
        }
        scanned => scanned?,
    };
    files.sync_folder()?;
    let mut file = files.open(&segment_name(last.stamp.segment))?;
    if cut.is_some() {
        file.truncate(last.end)?;
    }
    write_again(&*file, durable, last.end)?;
    file.sync()?;
    let mut tail = last;
    survey.segments.insert(last.stamp.segment, last);
    if let Some(unborn) = survey.unborn {
        // The one before may have been sealed and linked elsewhere, so nothing goes there any more. Until the header holds,
        // this one stays what it is, and whoever dies here begins again.
        file = files.open(&segment_name(unborn))?;
        tail = write_header(&*file, chain, options, unborn, last.end)?;
        survey.segments.insert(unborn, tail);
    }
    Ok(Recovered { segments: survey.segments, tail, file, cut })
}

/// Writes bytes over themselves, so that the sync that follows covers them.
///
/// # Security
/// They may come from the memory of a system that failed to write them, said so to the process before us, and would now
/// sync without complaint because it holds them for written. Nobody else has to know that this happens.
fn write_again(file: &dyn File, from: u64, to: u64) -> Result<(), JournalError> {
    let mut bytes = Vec::new();
    let mut at = from;
    while at < to {
        bytes.resize((to - at).min(CHUNK_BYTES as u64) as usize, 0);
        file.read_exact_at(&mut bytes, at)?;
        file.write_all_at(&bytes, at)?;
        at += bytes.len() as u64;
    }
    Ok(())
}
