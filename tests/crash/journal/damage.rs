//! Bits that turn over, files that are cut or gone, records that are planted: each has one stated outcome.

use cairn::storage::{Files, Journal, JournalError, JournalOptions, JournalReader, Location, Position};
use cairn::testkit::SimulatedDisk;
use cairn::testkit::strategies::cases;
use cairn::types::{BlockHash, ChainId};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{
    CHAIN, RECORD_HEAD_BYTES, SEGMENT_HEADER_BYTES, all, create, files, name, open, options, payload,
};

/// Three segments of five records each, every one synced alone.
fn three_segments() -> (SimulatedDisk, Vec<Location>) {
    let disk = SimulatedDisk::new();
    let mut journal = create(&disk);
    let mut append = |number| {
        let location = journal.append(&[&payload(number, 1000)]).unwrap();
        journal.sync().unwrap();
        location
    };
    let locations: Vec<Location> = (0..15).map(&mut append).collect();
    assert_eq!(journal.segments().len(), 3);
    (disk.after_crash(0), locations)
}

/// Opening fails with this, and nothing was changed.
#[track_caller]
fn refused(disk: &SimulatedDisk, from: Position) -> JournalError {
    let error = open(disk, from).unwrap_err();
    assert_eq!(disk.operations(), 0, "{error}: something was changed");
    error
}

fn faults(disk: &SimulatedDisk) -> Vec<(u32, Option<u64>)> {
    let inspected = JournalReader::inspect(files(disk), CHAIN).unwrap();
    assert_eq!(disk.operations(), 0);
    let fault = |error| match error {
        JournalError::Damaged { segment, offset } => (segment, Some(offset)),
        JournalError::HeaderDamaged { segment } | JournalError::Missing { segment } => (segment, None),
        other => panic!("{other}"),
    };
    inspected.reader.verify().filter_map(Result::err).map(fault).collect()
}

/// A few pages of a long segment: nothing is lost but the records that lie there.
#[test]
fn what_the_disk_cannot_give_is_stepped_over() {
    let disk = SimulatedDisk::new();
    let roomy = JournalOptions { segment_bytes_max: 400_000, ..options(1) };
    let mut journal = Journal::create(files(&disk), CHAIN, roomy).unwrap();
    let append = |number| journal.append(&[&payload(number, 100 + number as usize * 13)]).unwrap();
    let locations: Vec<Location> = (0..300).map(append).collect();
    journal.sync().unwrap();
    drop(journal);
    let disk = disk.after_kill();
    // In the first segment, and in the last.
    let worn = [(1, 8192..12_288), (1, 200_704..208_896), (2, 4096..8192), (2, 122_880..126_976)];
    for (segment, bytes) in worn.clone() {
        disk.wear(&name(segment), bytes);
    }
    let is_worn = |location: &&Location| {
        worn.iter().any(|(segment, bytes)| {
            let touches = location.offset < bytes.end && bytes.start < location.end().offset;
            *segment == location.segment && touches
        })
    };
    let inspected = JournalReader::inspect(files(&disk), CHAIN).unwrap();
    let (sound, faults): (Vec<_>, Vec<_>) = inspected.reader.verify().partition(Result::is_ok);
    let sound: Vec<Location> = sound.into_iter().map(Result::unwrap).collect();
    let expected: Vec<Location> = locations.iter().filter(|at| !is_worn(at)).copied().collect();
    assert!(locations.last().unwrap().segment == 2 && expected.len() < locations.len());
    assert!(sound == expected, "{} of {}", sound.len(), expected.len());
    assert!(faults.len() >= worn.len());
    assert!(faults.iter().all(|fault| matches!(fault, Err(JournalError::Io(_)))), "{faults:?}");
}

#[test]
fn bit_flipped_in_a_record_that_was_durable_is_damage() {
    let (disk, locations) = three_segments();
    let last = locations.len() - 1;
    for location in &locations[..last] {
        let span = RECORD_HEAD_BYTES + u64::from(location.length);
        for byte in (0..24).chain((24..span).step_by(97)) {
            let disk = disk.after_crash(0);
            disk.flip_bit(&name(location.segment), (location.offset + byte) * 8 + byte % 8);
            let error = refused(&disk, Position::START);
            let JournalError::Damaged { segment, offset } = error else { panic!("{error}") };
            assert_eq!((segment, offset), (location.segment, location.offset));
            assert!(error.to_string().contains(&format!("{} is damaged at byte {offset}", name(segment))));
            assert_eq!(faults(&disk), [(segment, Some(offset))]);
        }
    }
}

#[test]
fn bit_flipped_in_the_last_record_is_a_crash_unless_somebody_knows_better() {
    let (disk, locations) = three_segments();
    let last = *locations.last().unwrap();
    disk.flip_bit(&name(3), (last.offset + 100) * 8);
    assert!(faults(&disk).is_empty(), "no record testifies for it");
    let unfinished = JournalReader::inspect(files(&disk), CHAIN).unwrap().unfinished.unwrap();
    let opened = open(&disk.after_crash(0), Position::START).unwrap();
    assert_eq!(opened.cut, Some(unfinished));
    assert_eq!((unfinished.segment, unfinished.offset, unfinished.bytes), (3, last.offset, 1024));
    assert_eq!(all(&opened.journal).len(), locations.len() - 1);
    // A position after it was handed out: reading it says what happened.
    let opened = open(&disk, last.end()).unwrap();
    let read = opened.journal.reader().read(last).unwrap_err();
    assert!(matches!(read, JournalError::Damaged { segment: 3, offset } if offset == last.offset));
}

#[test]
fn bit_flipped_in_a_header_is_damage() {
    let (disk, _) = three_segments();
    for segment in 1..=3 {
        for bit in 0..SEGMENT_HEADER_BYTES * 8 {
            let disk = disk.after_crash(0);
            disk.flip_bit(&name(segment), bit);
            let error = refused(&disk, Position::START);
            assert!(
                matches!(error, JournalError::HeaderDamaged { segment: found } if found == segment),
                "{error}"
            );
            assert_eq!(faults(&disk), [(segment, None)]);
        }
    }
}

#[test]
fn segment_that_was_never_finished_is_and_the_one_before_is_never_written_to() {
    let (disk, locations) = three_segments();
    for header in [vec![], vec![0; 64], payload(1, 63), disk.content(&name(3))[..63].to_vec()] {
        let disk = disk.after_crash(0);
        disk.put(&name(4), &header);
        assert_eq!(JournalReader::inspect(files(&disk), CHAIN).unwrap().reader.segments().len(), 3);
        let sealed = disk.content(&name(3));
        let mut journal = open(&disk, Position::START).unwrap().journal;
        assert_eq!(all(&journal).len(), locations.len());
        assert_eq!(journal.append(&[&payload(1, 10)]).unwrap().segment, 4);
        journal.sync().unwrap();
        assert!(disk.content(&name(3)) == sealed, "it may have been linked elsewhere");
        let again = open(&disk.after_crash(0), Position::START).unwrap();
        assert_eq!((again.cut, all(&again.journal).len()), (None, locations.len() + 1));
    }
    // Its being begun says that the one before was durable to the last byte.
    let disk = disk.after_crash(0);
    disk.put(&name(4), &[]);
    disk.flip_bit(&name(3), (locations.last().unwrap().offset + 30) * 8);
    assert!(matches!(refused(&disk, Position::START), JournalError::Damaged { segment: 3, .. }));
}

#[test]
fn cut_file_is_damage_where_anything_testifies_for_what_is_gone() {
    let (disk, locations) = three_segments();
    let (inside, last) = (locations[3], *locations.last().unwrap());
    for length in [SEGMENT_HEADER_BYTES, inside.offset, inside.offset + 5, inside.offset + 500] {
        let disk = disk.after_crash(0);
        disk.cut(&name(1), length);
        assert!(matches!(refused(&disk, Position::START), JournalError::Damaged { segment: 1, .. }));
        assert_eq!(faults(&disk).last(), Some(&(1, Some(length))));
    }
    disk.cut(&name(3), last.offset + 500);
    let error = refused(&disk, last.end());
    assert!(matches!(error, JournalError::EndsEarly { segment: 3, .. }), "{error}");
    let opened = open(&disk, Position::START).unwrap();
    assert_eq!(opened.cut.map(|cut| (cut.offset, cut.bytes)), Some((last.offset, 500)));
    assert_eq!(all(&opened.journal).len(), locations.len() - 1);
}

#[test]
fn position_inside_a_record_costs_no_record() {
    let (disk, locations) = three_segments();
    let last = *locations.last().unwrap();
    let wrong = Position { segment: 3, offset: last.offset + 10 };
    let opened = open(&disk, wrong).unwrap();
    assert_eq!((opened.cut, all(&opened.journal).len()), (None, locations.len()));
}

#[test]
fn position_testifies_for_what_is_before_it() {
    let disk = SimulatedDisk::new();
    let mut journal = create(&disk);
    journal.append(&[b"one"]).unwrap();
    let two = journal.append(&[b"two"]).unwrap();
    journal.sync().unwrap();
    let mut bytes = disk.content(&name(1));
    bytes.extend([9; 50]);
    let disk = disk.after_crash(0);
    disk.put(&name(1), &bytes);
    disk.flip_bit(&name(1), (two.offset + RECORD_HEAD_BYTES) * 8);
    let error = refused(&disk, two.end());
    assert!(matches!(error, JournalError::Damaged { segment: 1, offset } if offset == two.offset), "{error}");
    let cut = open(&disk, Position::START).unwrap().cut.unwrap();
    assert_eq!(cut.offset, two.offset, "without it this looks like a crash");
}

#[test]
fn file_that_is_gone_is_missed() {
    let (disk, locations) = three_segments();
    let without = |segment| {
        let disk = disk.after_crash(0);
        disk.remove(&name(segment)).unwrap();
        disk.sync_folder().unwrap();
        disk.after_crash(0)
    };
    assert!(matches!(refused(&without(2), Position::START), JournalError::Missing { segment: 2 }));
    assert_eq!(faults(&without(2)), [(2, None)]);
    let end = locations.last().unwrap().end();
    assert!(matches!(refused(&without(3), end), JournalError::EndsEarly { segment: 3, .. }));
    let start = locations[0].position();
    assert!(matches!(refused(&without(1), start), JournalError::Removed { segment: 1, first: 2 }));
    let none = SimulatedDisk::new();
    assert!(matches!(refused(&none, end), JournalError::EndsEarly { .. }));
    assert!(matches!(open(&none, Position::START), Err(JournalError::NoJournal)));
    let again = Journal::create(files(&disk), CHAIN, options(1)).unwrap_err();
    assert!(matches!(again, JournalError::AlreadyThere { segment: 1 }));
}

#[test]
fn journal_of_another_chain_or_version_is_refused() {
    let (disk, _) = three_segments();
    let other = ChainId(BlockHash::from_bytes([1; 32]));
    let error = Journal::open(files(&disk), other, options(1), Position::START).unwrap_err();
    assert!(matches!(error, JournalError::AnotherChain { found: CHAIN, .. }), "{error}");
    let mut bytes = disk.content(&name(3));
    bytes[4] = 2;
    let check = crc32c::crc32c(&bytes[..60]);
    bytes[60..64].copy_from_slice(&check.to_le_bytes());
    disk.put(&name(3), &bytes);
    let error = refused(&disk, Position::START);
    assert!(matches!(error, JournalError::NewerFormat { segment: 3, format: 2, known: 1 }), "{error}");
}

#[test]
fn verifying_lists_all_damage_and_not_only_the_first() {
    let (disk, locations) = three_segments();
    let broken = [1, 2, 7, 12];
    for at in broken {
        // Once a payload, once a head, behind which the next record has to be searched for.
        let byte = locations[at].offset + if at == 2 { 40 } else { 4 };
        disk.flip_bit(&name(locations[at].segment), byte * 8);
    }
    disk.put(&name(5), &payload(1, 100));
    let mut expected: Vec<_> =
        broken.map(|at| (locations[at].segment, Some(locations[at].offset))).into_iter().collect();
    expected.extend([(4, None), (5, None)]);
    assert_eq!(faults(&disk), expected);
    let reader = JournalReader::inspect(files(&disk), CHAIN).unwrap().reader;
    assert_eq!(reader.verify().filter(Result::is_ok).count(), locations.len() - broken.len());
}

#[test]
fn record_copied_into_a_payload_is_never_taken_for_one() {
    let (disk, locations) = three_segments();
    let mut journal = open(&disk, Position::START).unwrap().journal;
    // Exact copies of real records: of this segment, whole segments, and one that ends up at its own offset.
    let mut copies = disk.content(&name(3));
    copies.extend(disk.content(&name(2)));
    copies.extend(disk.content(&name(3)));
    let planted = journal.append(&[&copies]).unwrap();
    assert_eq!(planted.segment, 4);
    let in_place = [vec![0; 936], disk.content(&name(1))[1088..5000].to_vec()].concat();
    journal.append(&[&in_place]).unwrap();
    let count = locations.len() + 2;
    assert_eq!(all(&journal).len(), count);
    assert_eq!(journal.reader().verify().filter(Result::is_ok).count(), count);
    journal.sync().unwrap();
    // Torn, so that recovery searches through all of it: a crash, and not what the copies claim to testify.
    for segment in [4, 5] {
        let disk = disk.after_crash(0);
        for later in segment + 1..=5 {
            disk.remove(&name(later)).unwrap();
        }
        disk.flip_bit(&name(segment), (SEGMENT_HEADER_BYTES + 4) * 8);
        let opened = open(&disk, Position::START).unwrap();
        assert_eq!(opened.cut.map(|cut| cut.offset), Some(SEGMENT_HEADER_BYTES));
    }
}

/// What may stand behind the last record: noise, zeros, or pieces of the journal itself.
fn garbage() -> impl Strategy<Value = Vec<(u8, Vec<u8>, usize, usize)>> {
    vec((0..4_u8, vec(any::<u8>(), 0..300), 0..6000_usize, 0..3000_usize), 1..4)
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn whatever_follows_the_last_record_is_cut_and_nothing_else(
        pieces in garbage(), from_end: bool,
    ) {
        let (disk, locations) = three_segments();
        let mut bytes = disk.content(&name(3));
        let length = bytes.len() as u64;
        for (kind, noise, start, count) in pieces {
            match kind {
                0 => bytes.extend(noise),
                1 => bytes.extend(vec![0; count]),
                segment => {
                    let copied = disk.content(&name(u32::from(segment)));
                    let start = start.min(copied.len());
                    bytes.extend_from_slice(&copied[start..copied.len().min(start + count)]);
                }
            }
        }
        let extra = bytes.len() as u64 - length;
        disk.put(&name(3), &bytes);
        let end = locations.last().unwrap().end();
        let opened = open(&disk, if from_end { end } else { Position::START }).unwrap();
        prop_assert_eq!(opened.cut.map_or(0, |cut| cut.bytes), extra);
        prop_assert_eq!(opened.journal.end(), end);
        prop_assert_eq!(all(&opened.journal).len(), locations.len());
        prop_assert_eq!(disk.content(&name(3)).len() as u64, length);
    }
}
