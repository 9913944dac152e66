//! `cairn chain reindex`, and what happens without it: the database made again from the journal.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::stage::{Folder, files_below};
use super::story::{TIP, story};

fn damage(folder: &Path) {
    for (path, mut bytes) in files_below(folder) {
        bytes.iter_mut().step_by(7).for_each(|byte| *byte ^= 0x55);
        fs::write(path, bytes).expect("a file to damage");
    }
}

fn is_whole(folder: &Folder) {
    let rebuilt = folder.json(&["reindex"]);
    assert_eq!(rebuilt["height"], json!(TIP));
    assert_eq!(rebuilt["tip"], json!(story().tip()));
    assert_eq!(rebuilt["indexed"], json!(TIP));
    assert_eq!(story().answers(folder), story().expected(0));
}

#[test]
fn reindex_of_a_sound_database_changes_no_answer() {
    let folder = story().folder();
    let journal = fs::read(folder.segment()).unwrap();
    is_whole(&folder);
    assert_eq!(fs::read(folder.segment()).unwrap(), journal);
}

#[test]
fn reindex_makes_a_database_that_is_gone() {
    let folder = story().folder();
    fs::remove_dir_all(folder.path("data/sled")).unwrap();
    is_whole(&folder);
}

#[test]
fn reindex_makes_a_database_that_is_damaged() {
    let folder = story().folder();
    damage(&folder.path("data/sled"));
    is_whole(&folder);
}

#[test]
fn node_makes_a_database_by_itself() {
    for gone in [true, false] {
        let folder = story().folder();
        if gone {
            fs::remove_dir_all(folder.path("data/sled")).unwrap();
        } else {
            damage(&folder.path("data/sled"));
        }
        assert_eq!(story().answers(&folder), story().expected(0));
        assert_eq!(folder.tip(), (story().tip(), u64::from(TIP)));
    }
}

#[test]
fn reindex_of_a_damaged_journal_says_what_to_do() {
    let folder = story().folder();
    let (location, _) = folder.records(story().chain())[20];
    folder.flip_in_record(location);
    let journal = fs::read(folder.segment()).unwrap();
    let answer = folder.chain(&["reindex"]);
    let error = answer.failure(1);
    assert!(error.contains(&format!("journal-0000000001 is damaged at byte {}", location.offset)), "{error}");
    assert_eq!(fs::read(folder.segment()).unwrap(), journal);
}

/// All of an import may be synced at once, so that no later record testifies for it; the database does, until it is gone.
#[test]
fn reindex_cuts_nothing_off_that_was_acknowledged() {
    let story = story();
    let folder = story.to_import();
    folder.json(&["import", "chain.blocks"]);
    let (location, _) = folder.records(story.chain())[40];
    folder.flip_in_record(location);
    let journal = fs::read(folder.segment()).unwrap();
    for command in [&["reindex"][..], &["info"], &["reindex"]] {
        let answer = folder.chain(command);
        let place = format!("journal-0000000001 is damaged at byte {}", location.offset);
        assert!(answer.failure(1).contains(&place), "{answer:?}");
        assert_eq!(fs::read(folder.segment()).unwrap(), journal);
    }
    folder.json(&["reindex", "--salvage"]);
    folder.write("chain.blocks", story.file());
    folder.json(&["import", "chain.blocks"]);
    assert_eq!(story.answers(&folder), story.expected(0));
}
