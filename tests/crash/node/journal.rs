//! The journal is the truth: what a crash explains is cut, all else is named and left as it is.

use std::fs;
use std::path::Path;

use cairn::storage::{
    Disk, Files, Journal, JournalError, JournalOptions, JournalReader, Location, Position, StorageError,
};
use cairn::types::Height;
use std::sync::Arc;

use super::folders::{cut, files, flip_bit, later, segment};
use super::{check_against_replay, genesis, recover, start};

/// Where the records of a folder's journal lie.
fn records(folder: &Path) -> Vec<Location> {
    let files: Arc<dyn Files> = Arc::new(Disk::open(&folder.join("journal-1")).unwrap());
    let reader = JournalReader::inspect(files, genesis().params().chain).unwrap().reader;
    let records = reader.records(Position::START, reader.end());
    records.map(|record| record.unwrap().0).collect()
}

/// Everything in a folder but what belongs to nobody.
fn content(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let names = files(folder).into_iter().filter(|path| !path.starts_with(folder.join("sled")));
    names.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// The refusal, after which all is as it was.
fn refused(folder: &Path) -> JournalError {
    let before = content(folder);
    let error = match recover(folder) {
        Err(StorageError::Journal(error)) => error,
        Err(other) => panic!("{other}"),
        Ok(recovered) => panic!("opened, with {:?}", recovered.notes),
    };
    assert!(before == content(folder), "{error}: nothing else is touched");
    error
}

#[test]
fn bytes_behind_the_last_record_are_cut() {
    let folder = later();
    let mut bytes = fs::read(segment(folder.path())).unwrap();
    let length = bytes.len();
    bytes.extend([7; 100]);
    fs::write(segment(folder.path()), bytes).unwrap();
    let recovered = recover(folder.path()).unwrap();
    assert!(recovered.notes[0].contains("cut 100 bytes"), "{:?}", recovered.notes);
    assert!(recovered.notes[0].contains(&format!("byte {length} of segment 1")), "{:?}", recovered.notes);
    check_against_replay(&recovered);
    assert_eq!(fs::metadata(segment(folder.path())).unwrap().len(), length as u64);
}

#[test]
fn last_step_lost_is_a_crash_where_the_database_does_not_know_better() {
    for with_database in [true, false] {
        let folder = later();
        // The last of all is the voucher.
        let last = *records(folder.path()).iter().rev().nth(1).unwrap();
        cut(&segment(folder.path()), last.offset + 40);
        if with_database {
            let error = refused(folder.path());
            assert!(matches!(error, JournalError::EndsEarly { segment: 1, .. }), "{error}");
        } else {
            fs::remove_dir_all(folder.path().join("sled")).unwrap();
            let recovered = recover(folder.path()).unwrap();
            assert!(recovered.notes[0].starts_with("cut "), "{:?}", recovered.notes);
            check_against_replay(&recovered);
        }
    }
}

#[test]
fn last_step_damaged_is_named_by_the_voucher_behind_it() {
    let folder = later();
    let last = *records(folder.path()).iter().rev().nth(1).unwrap();
    flip_bit(&segment(folder.path()), (last.offset + 40) * 8);
    // Nobody needs it yet: what follows from it is in the database.
    let recovered = recover(folder.path()).unwrap();
    assert_eq!(recovered.notes, [""; 0]);
    check_against_replay(&recovered);
    drop(recovered);
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    let error = refused(folder.path());
    assert!(
        matches!(error, JournalError::Damaged { segment: 1, offset } if offset == last.offset),
        "{error}"
    );
}

#[test]
fn voucher_that_is_damaged_takes_nothing_with_it() {
    for flip in [true, false] {
        let folder = later();
        let height = recover(folder.path()).unwrap().ledger.height();
        let last = *records(folder.path()).last().unwrap();
        match flip {
            true => flip_bit(&segment(folder.path()), (last.offset + 10) * 8),
            false => cut(&segment(folder.path()), last.offset + 10),
        }
        fs::remove_dir_all(folder.path().join("sled")).unwrap();
        let recovered = recover(folder.path()).unwrap();
        assert!(recovered.notes[0].starts_with("cut "), "{:?}", recovered.notes);
        assert_eq!(recovered.ledger.height(), height);
        check_against_replay(&recovered);
    }
}

#[test]
fn record_damaged_in_the_middle_is_named_once_it_is_needed() {
    let folder = later();
    let records = records(folder.path());
    // Of what was synced before something else was written, which says so.
    let middle = records[records.len() / 4];
    flip_bit(&segment(folder.path()), (middle.offset + 40) * 8);
    // The database has what follows from it: the node runs, and only whoever asks for that block meets the damage.
    check_against_replay(&recover(folder.path()).unwrap());
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    let error = refused(folder.path());
    assert!(
        matches!(error, JournalError::Damaged { segment: 1, offset } if offset == middle.offset),
        "{error}"
    );
    let text = error.to_string();
    assert!(text.contains(&format!("journal-0000000001 is damaged at byte {}", middle.offset)), "{text}");
}

#[test]
fn damage_in_a_sealed_segment_is_named() {
    let folder = tempfile::tempdir().unwrap();
    split(later().path(), folder.path());
    assert!(files(&folder.path().join("journal-1")).len() > 3);
    check_against_replay(&recover(folder.path()).unwrap());
    let two = folder.path().join("journal-1/journal-0000000002");
    let whole = fs::read(&two).unwrap();
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    flip_bit(&two, (whole.len() as u64 - 10) * 8);
    let error = refused(folder.path());
    assert!(matches!(error, JournalError::Damaged { segment: 2, .. }), "{error}");
    cut(&two, whole.len() as u64 / 2);
    let error = refused(folder.path());
    assert!(matches!(error, JournalError::Damaged { segment: 2, .. }), "{error}");
    fs::remove_file(&two).unwrap();
    let error = refused(folder.path());
    assert!(matches!(error, JournalError::Missing { segment: 2 }), "{error}");
    fs::write(&two, whole).unwrap();
    check_against_replay(&recover(folder.path()).unwrap());
}

#[test]
fn journal_that_is_gone_is_missed() {
    let folder = later();
    fs::remove_dir_all(folder.path().join("journal-1")).unwrap();
    let error = recover(folder.path()).unwrap_err();
    assert!(matches!(error, StorageError::Journal(JournalError::EndsEarly { .. })), "{error}");
}

#[test]
fn step_of_another_block_is_not_taken_for_the_one_that_was_asked_for() {
    let folder = later();
    let recovered = recover(folder.path()).unwrap();
    let library = recovered.store.library();
    let at = |height| {
        let entry = recovered.chain.at(Height(height)).unwrap();
        let written = recovered.written[entry.arrival.unwrap() as usize];
        (entry.hash, library.block(written.block.unwrap()).unwrap(), written.connected.unwrap())
    };
    let ((hash, block, step), (_, _, other_step)) = (at(7), at(8));
    assert!(library.receipts(step, &hash).is_ok() && library.undo(step, &block).is_ok());
    let receipts = library.receipts(other_step, &hash).unwrap_err();
    assert!(matches!(receipts, StorageError::Unreadable { location, .. } if location == other_step));
    assert!(library.undo(other_step, &block).is_err());
}

/// The same records in short segments, without a database.
fn split(from: &Path, to: &Path) {
    for name in ["manifest.json", "genesis.json"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
    let chain = genesis().params().chain;
    let disk = |folder: &Path| -> Arc<dyn Files> { Arc::new(Disk::open(&folder.join("journal-1")).unwrap()) };
    let options = JournalOptions { segment_bytes_max: 20_000, ..JournalOptions::default() };
    let mut journal = Journal::create(disk(to), chain, options).unwrap();
    let reader = JournalReader::inspect(disk(from), chain).unwrap().reader;
    for record in reader.records(Position::START, reader.end()) {
        journal.append(&[&record.unwrap().1]).unwrap();
    }
    journal.sync().unwrap();
}

#[test]
fn what_was_synced_before_a_kill_is_vouched_for_by_the_next_life() {
    let folder = later();
    let all = records(folder.path());
    let voucher = all.last().unwrap();
    // So a kill leaves it.
    cut(&segment(folder.path()), voucher.offset);
    start(folder.path()).unwrap().stop();
    assert_eq!(records(folder.path())[..all.len()], all);
}
