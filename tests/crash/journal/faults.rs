//! A disk that is full, refuses to be written, or fails a sync.

use std::io::ErrorKind;

use cairn::storage::{Journal, JournalError, Position};
use cairn::testkit::SimulatedDisk;

use super::life::{Life, Step, steps};
use super::{all, create, files, name, open, seeds};

/// What a journal answers once it has stopped.
fn stopped(journal: &mut Journal) -> (String, ErrorKind) {
    let causes = [journal.append(&[b"more"]).map(drop), journal.sync()].map(|result| match result {
        Err(JournalError::Stopped { cause, kind }) => (cause, kind),
        other => panic!("{other:?}"),
    });
    assert_eq!(causes[0], causes[1], "the first cause is the one that is told");
    causes.into_iter().next().unwrap()
}

/// Starts again on the same machine, goes on, and then loses power.
fn start_again(disk: &SimulatedDisk, life: &mut Life, seed: u64) {
    let disk = disk.after_kill();
    let mut opened = open(&disk, Position::START).unwrap();
    life.check(&opened);
    let again = disk.after_crash(seed);
    life.clone().check(&open(&again, Position::START).unwrap());
    life.work(&mut opened.journal, &steps(seed, 20)).unwrap();
    life.check(&open(&disk.after_crash(seed), Position::START).unwrap());
}

#[test]
fn full_disk_stops_the_journal_and_loses_nothing() {
    for seed in seeds(400) {
        let disk = SimulatedDisk::new();
        let mut journal = create(&disk);
        disk.limit_free_bytes(Some(seed * 97 % 20_000));
        let mut life = Life::default();
        if life.work(&mut journal, &steps(seed, 100)).is_ok() {
            continue;
        }
        let before = all(&journal);
        let (cause, kind) = stopped(&mut journal);
        assert_eq!(kind, ErrorKind::StorageFull, "{cause}");
        assert_eq!(all(&journal), before, "reading goes on");
        disk.limit_free_bytes(None);
        stopped(&mut journal);
        start_again(&disk, &mut life, seed);
    }
}

#[test]
fn read_only_disk_stops_the_journal_and_can_be_read() {
    let disk = SimulatedDisk::new();
    let mut journal = create(&disk);
    let mut life = Life::default();
    life.work(&mut journal, &steps(1, 40)).unwrap();
    disk.make_read_only(true);
    assert_eq!(stopped(&mut journal).1, ErrorKind::ReadOnlyFilesystem);
    assert!(!all(&journal).is_empty());
    assert!(matches!(open(&disk, Position::START), Err(JournalError::Io(_))));
    disk.make_read_only(false);
    start_again(&disk, &mut life, 1);
}

#[test]
fn failed_sync_is_the_last_and_starting_again_writes_what_it_lost() {
    for seed in seeds(200) {
        let disk = SimulatedDisk::new();
        let mut journal = create(&disk);
        let mut life = Life::default();
        let steps = steps(seed, 80);
        life.work(&mut journal, &steps[..20]).unwrap();
        disk.fail_next_sync();
        let failed =
            life.work(&mut journal, &[&steps[20..], &[Step::Append { length: 9 }, Step::Sync]].concat());
        let Err(JournalError::Stopped { cause, .. }) = failed else { panic!("{failed:?}") };
        assert_eq!(stopped(&mut journal).0, cause);
        // The system still shows what it did not write: whoever reads it there must not take it for kept.
        start_again(&disk, &mut life, seed);
    }
}

#[test]
fn failed_sync_and_then_a_torn_record_keep_what_recovery_has_shown() {
    let disk = SimulatedDisk::new();
    let mut journal = create(&disk);
    journal.append(&[&[1; 700]]).unwrap();
    disk.fail_next_sync();
    journal.sync().unwrap_err();
    let end = journal.end().offset;
    files(&disk).open(&name(1)).unwrap().write_all_at(&[9; 700], end).unwrap();
    let disk = disk.after_kill();
    let opened = open(&disk, Position::START).unwrap();
    assert_eq!(opened.cut.map(|cut| cut.bytes), Some(700));
    for seed in 0..20 {
        let opened = open(&disk.after_crash(seed), Position::START).unwrap();
        assert_eq!(all(&opened.journal).len(), 1);
    }
}
