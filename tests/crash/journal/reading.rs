//! Reading what is there, while it grows and shrinks.

use std::sync::Arc;

use cairn::storage::{Disk, Files, Journal, JournalError, Location, PAYLOAD_BYTES_MAX, Position};
use cairn::testkit::SimulatedDisk;

use super::{CHAIN, all, create, open, options, payload};

#[test]
fn records_are_read_from_any_of_them_to_any_other() {
    let disk = SimulatedDisk::new();
    let mut journal = create(&disk);
    let lengths = [10, 0, 3000, 20, 5500, 20_000, 1, 2999, 2999, 400];
    let locations: Vec<Location> = (0..)
        .zip(lengths)
        .map(|(number, length)| journal.append(&[&payload(number, length)]).unwrap())
        .collect();
    let reader = journal.reader();
    assert!(journal.segments().len() > 4);
    for (first, from) in locations.iter().enumerate() {
        for (last, to) in locations.iter().enumerate().skip(first) {
            let found = reader.records(from.position(), to.position()).map(|record| record.unwrap().0);
            assert!(found.eq(locations[first..last].iter().copied()));
            let found = reader.records(from.position(), to.end()).map(|record| record.unwrap().0);
            assert!(found.eq(locations[first..=last].iter().copied()));
        }
    }
    for (at, record) in reader.records_shortened(Position::START, journal.end(), 7).enumerate() {
        let (location, start) = record.unwrap();
        let payload = payload(at as u64, lengths[at]);
        assert_eq!((location, &start[..]), (locations[at], &payload[..lengths[at].min(7)]));
        let (from, count) = (location.length / 3, location.length / 2);
        let part = reader.read_part(location, from, count).unwrap();
        assert_eq!(part, payload[from as usize..][..count as usize]);
    }
}

#[test]
fn iterator_at_the_end_sees_what_is_appended_later() {
    let disk = SimulatedDisk::new();
    let mut journal = create(&disk);
    let far = Position { segment: u32::MAX, offset: 0 };
    let mut records = journal.reader().records(Position::START, far);
    for number in 0..20 {
        assert!(records.next().is_none());
        journal.append(&[&payload(number, 900)]).unwrap();
        assert_eq!(records.next().unwrap().unwrap().1, payload(number, 900));
    }
}

#[test]
fn location_that_holds_no_record_is_refused() {
    let disk = SimulatedDisk::new();
    let mut journal = create(&disk);
    let location = journal.append(&[b"hello"]).unwrap();
    let reader = journal.reader();
    let length = |length| Location { length, ..location };
    for wrong in [length(4), length(6), length(u32::MAX), Location { offset: u64::MAX, ..location }] {
        assert!(matches!(reader.read(wrong), Err(JournalError::NoRecord(found)) if found == wrong));
    }
    assert!(matches!(reader.read_part(location, 3, 3), Err(JournalError::NoRecord(_))));
    assert!(matches!(reader.read_part(location, u32::MAX, u32::MAX), Err(JournalError::NoRecord(_))));
    let elsewhere = Location { segment: 2, ..location };
    assert!(matches!(reader.read(elsewhere), Err(JournalError::Missing { segment: 2 })));
}

#[test]
fn pruned_segments_are_gone_for_readers_and_for_good() {
    let disk = SimulatedDisk::new();
    let mut journal = create(&disk);
    let locations: Vec<Location> =
        (0..20).map(|number| journal.append(&[&payload(number, 1000)]).unwrap()).collect();
    journal.sync().unwrap();
    let reader = journal.reader();
    reader.read(locations[0]).unwrap();
    journal.remove_segments_below(3).unwrap();
    assert!(matches!(reader.read(locations[0]), Err(JournalError::Removed { segment: 1, first: 3 })));
    let mut old = reader.records(locations[0].position(), journal.end());
    assert!(matches!(old.next(), Some(Err(JournalError::Removed { .. }))) && old.next().is_none());
    let kept = locations.iter().filter(|location| location.segment >= 3).count();
    assert_eq!(all(&journal).len(), kept);
    let opened = open(&disk.after_crash(1), Position::START).unwrap();
    assert_eq!(all(&opened.journal).len(), kept);
    // The one that is written to stays, whatever is asked for.
    journal.remove_segments_below(u32::MAX).unwrap();
    assert_eq!(journal.segments().len(), 1);
    journal.append(&[b"still here"]).unwrap();
}

#[test]
fn readers_on_other_threads_follow_a_writer_on_a_real_disk() {
    const RECORDS: u64 = 2000;
    let folder = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Files> = Arc::new(Disk::open(folder.path()).unwrap());
    let mut journal = Journal::create(disk.clone(), CHAIN, options(1)).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let reader = journal.reader();
            scope.spawn(move || {
                let far = Position { segment: u32::MAX, offset: 0 };
                let mut records = reader.records(Position::START, far);
                let mut number = 0;
                while number < RECORDS {
                    let Some(record) = records.next() else { continue };
                    let (location, bytes) = record.unwrap();
                    assert_eq!(bytes, payload(number, 100));
                    assert_eq!(reader.read(location).unwrap(), bytes);
                    number += 1;
                }
            });
        }
        for number in 0..RECORDS {
            journal.append(&[&payload(number, 100)]).unwrap();
        }
    });
    drop(journal);
    let opened = Journal::open(disk, CHAIN, options(2), Position::START).unwrap();
    assert_eq!((opened.cut, all(&opened.journal).len()), (None, RECORDS as usize));
}

#[test]
fn record_that_is_too_long_changes_nothing() {
    let disk = SimulatedDisk::new();
    let mut journal = create(&disk);
    let part = vec![0; 1 << 20];
    let parts = vec![&part[..]; (PAYLOAD_BYTES_MAX >> 20) as usize];
    let bytes = u64::from(PAYLOAD_BYTES_MAX) + 1;
    let too_long = journal.append(&[&parts[..], &[&[1]]].concat()).unwrap_err();
    assert!(matches!(too_long, JournalError::TooLarge { bytes: found } if found == bytes));
    assert_eq!(journal.append(&[b"fits"]).unwrap().segment, 1);
}
