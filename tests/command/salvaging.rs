//! `cairn chain reindex --salvage`: what is left of a damaged journal.

use std::fs;

use cairn::node::{Cursor, CursorError};
use serde_json::json;

use super::stage::Folder;
use super::story::{BLOCKS, FORK, SIDE, SIDE_FORK, TIP, story};

/// Damages the record of a block, by its number in the order in which they came.
fn damage_block(folder: &Folder, number: usize) {
    let records = folder.records(story().chain());
    let mut blocks = records.iter().filter(|(_, payload)| payload[0] == 3);
    folder.flip_in_record(blocks.nth(number).expect("as many blocks").0);
}

/// The number of the block at this height of the branch that is followed in the end.
fn number_at(height: u32) -> usize {
    let hash = story().at(height);
    story().arrivals.iter().position(|block| block.header.hash() == hash).expect("a block of the story")
}

#[test]
fn everything_below_the_damage_and_beside_it_is_kept() {
    let story = story();
    let folder = story.folder();
    damage_block(&folder, number_at(55));
    let damaged = fs::read(folder.segment()).unwrap();
    let salvaged = folder.json(&["reindex", "--salvage"]);
    assert_eq!(salvaged["height"], json!(54));
    assert_eq!(salvaged["tip"], json!(story.at(54).to_string()));
    assert_eq!(salvaged["left_out"], json!(TIP - 55));
    let lost = salvaged["lost"].as_array().unwrap();
    assert!(lost.len() == 1 && lost[0].as_str().unwrap().contains("is damaged at byte"), "{lost:?}");
    assert_eq!(salvaged["blocks"], json!(BLOCKS as u32 - (TIP - 54)));
    let aside = folder.path("data/damaged-journal/journal-0000000001");
    assert_eq!(fs::read(aside).unwrap(), damaged, "nothing of it is lost");
    assert!(!folder.has("data/salvaged.blocks"));

    let info = folder.json(&["info"]);
    assert_eq!(info["height"], json!(54));
    // Of both branches that are not followed.
    assert_eq!(info["side_blocks"], json!(23 - FORK + SIDE - SIDE_FORK));
    assert_eq!(folder.json(&["verify"])["valid"], json!(true));

    folder.write("chain.blocks", story.file());
    let imported = folder.json(&["import", "chain.blocks"]);
    assert_eq!((&imported["blocks"], &imported["known"]), (&json!(TIP - 54), &json!(54)));
    assert_eq!(story.answers(&folder), story.expected(0));
}

#[test]
fn damaged_step_loses_no_block() {
    let story = story();
    let folder = story.folder();
    let records = folder.records(story.chain());
    let steps = records.iter().filter(|(_, payload)| payload[0] == 4);
    folder.flip_in_record(steps.skip(30).map(|(location, _)| *location).next().unwrap());
    let salvaged = folder.json(&["reindex", "--salvage"]);
    assert_eq!((&salvaged["blocks"], &salvaged["left_out"]), (&json!(BLOCKS), &json!(0)));
    assert_eq!(story.answers(&folder), story.expected(0));
}

#[test]
fn damaged_beginning_loses_no_block() {
    let story = story();
    let folder = story.folder();
    let (location, _) = folder.records(story.chain())[0];
    folder.flip_in_record(location);
    folder.json(&["reindex", "--salvage"]);
    assert_eq!(story.answers(&folder), story.expected(0));
}

/// The second time there is another journal to set aside; what was set aside first may be all there is.
#[test]
fn salvage_never_loses_what_an_earlier_one_set_aside() {
    let story = story();
    let folder = story.folder();
    damage_block(&folder, number_at(40));
    folder.json(&["reindex", "--salvage"]);
    let aside = folder.path("data/damaged-journal/journal-0000000001");
    let before = fs::read(&aside).unwrap();
    let answer = folder.chain(&["reindex", "--salvage"]);
    assert!(answer.failure(1).contains("move it away first"), "{answer:?}");
    assert_eq!(fs::read(&aside).unwrap(), before);
    assert_eq!(folder.tip(), (story.at(39).to_string(), 39));
    fs::rename(folder.path("data/damaged-journal"), folder.path("elsewhere")).unwrap();
    folder.json(&["reindex", "--salvage"]);
    assert_eq!(folder.tip(), (story.at(39).to_string(), 39));
}

/// A folder as a salvage leaves it that was killed before it took anything in: the journal is new, all blocks are in a
/// file.
#[test]
fn salvage_that_was_killed_goes_on() {
    let story = story();
    for is_aside in [true, false] {
        let folder = story.to_import();
        story.node(&folder.data()).stop();
        fs::rename(folder.path("chain.blocks"), folder.path("data/salvaged.blocks")).unwrap();
        if is_aside {
            fs::create_dir(folder.path("data/damaged-journal")).unwrap();
            folder.write("data/damaged-journal/journal-0000000001", "damaged");
        }
        let salvaged = folder.json(&["reindex", "--salvage"]);
        assert_eq!(salvaged["blocks"], json!(TIP));
        assert_eq!(story.answers(&folder), story.expected(0));
        assert!(!folder.has("data/salvaged.blocks"));
    }
}

fn link_journal(folder: &Folder, journal: &str, to: &str) {
    fs::create_dir_all(folder.path(to)).expect("room");
    let name = "journal-0000000001";
    fs::hard_link(folder.path(journal).join(name), folder.path(to).join(name)).expect("a journal");
}

/// Killed before the new journal counts, or before the old one's first name is gone: the damaged one is always there.
#[test]
fn damaged_journal_outlives_a_salvage_that_is_killed_at_any_instant() {
    let story = story();
    for counts in [false, true] {
        let folder = story.folder();
        damage_block(&folder, number_at(40));
        let damaged = fs::read(folder.segment()).unwrap();
        if counts {
            folder.json(&["reindex", "--salvage"]);
            link_journal(&folder, "data/damaged-journal", "data/journal-1");
            folder.tip();
            assert!(!folder.has("data/journal-1"));
        } else {
            fs::create_dir(folder.path("data/journal-2")).unwrap();
            link_journal(&folder, "data/journal-1", "data/damaged-journal");
            folder.json(&["reindex", "--salvage"]);
        }
        assert_eq!(folder.tip(), (story.at(39).to_string(), 39));
        assert!(folder.bytes("data/damaged-journal/journal-0000000001") == damaged);
    }
}

/// What cannot be set aside goes on to count.
#[test]
fn journal_that_cannot_be_set_aside_is_left_where_it_is() {
    let story = story();
    let folder = story.folder();
    damage_block(&folder, number_at(40));
    let damaged = fs::read(folder.segment()).unwrap();
    folder.write("data/damaged-journal", "in the way");
    cairn::storage::salvage(&folder.data(), &story.network.genesis, &mut |_| Ok(())).unwrap_err();
    let _ = folder.chain(&["info"]);
    assert!(folder.bytes("data/journal-1/journal-0000000001") == damaged);
}

#[test]
fn cursor_from_before_a_salvage_leads_nowhere() {
    let story = story();
    let folder = story.folder();
    let cursor = Cursor { epoch: 0, sequence: 20, index: u32::MAX };
    let node = story.node(&folder.data());
    assert!(node.handle().events(cursor).is_ok());
    node.stop();
    damage_block(&folder, number_at(40));
    folder.json(&["reindex", "--salvage"]);
    assert_eq!(folder.json(&["info"])["epoch"], json!(1));
    let node = story.node(&folder.data());
    let refused = node.handle().events(cursor).err();
    assert!(matches!(refused, Some(CursorError::AnotherEpoch { found: 0, epoch: 1 })), "{refused:?}");
    assert!(node.handle().events(Cursor::beginning(1)).is_ok());
}

#[test]
fn salvage_of_a_pruned_journal_says_why_not() {
    let folder = story().folder();
    folder.json(&["prune", "--keep", "20"]);
    let before = folder.tip();
    let answer = folder.chain(&["reindex", "--salvage"]);
    assert!(answer.failure(1).contains("pruned"), "{answer:?}");
    assert_eq!(folder.tip(), before);
    assert!(!folder.has("data/salvaged.blocks") && !folder.has("data/salvaged.part"));
}

/// Nothing but what follows it says that there is a base: without it a node would begin at genesis.
#[test]
fn salvage_of_a_pruned_journal_whose_beginning_is_damaged_says_why_not() {
    let folder = story().folder();
    folder.json(&["prune", "--keep", "20"]);
    let records = folder.records(story().chain());
    for damaged in [&records[..1], &records[1..2]] {
        damaged.iter().for_each(|(location, _)| folder.flip_in_record(*location));
        let before = fs::read(folder.segment()).unwrap();
        let answer = folder.chain(&["reindex", "--salvage"]);
        assert!(answer.failure(1).contains("what the journal begins with is damaged"), "{answer:?}");
        assert_eq!(fs::read(folder.segment()).unwrap(), before);
        assert!(!folder.has("data/damaged-journal") && !folder.has("data/salvaged.blocks"));
    }
}
