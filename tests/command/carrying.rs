//! `cairn chain export` and `import`: a chain carried from one folder to another.

use std::fs;
use std::process::Stdio;

use cairn::testkit::Workload;
use serde_json::json;

use super::stage::Folder;
use super::story::{FORK, TIP, story};

#[test]
fn import_of_an_export_leads_to_the_same_node() {
    let story = story();
    let (from, to) = (story.exported(), story.empty_folder());
    fs::copy(from.path("chain.blocks"), to.path("chain.blocks")).unwrap();
    let imported = to.json(&["import", "chain.blocks"]);
    assert_eq!(imported["blocks"], json!(TIP));
    assert_eq!(imported["known"], json!(0));
    assert_eq!(imported["tip"], json!(story.tip()));
    assert_eq!(from.tip(), to.tip());
    assert_eq!(story.answers(&to), story.expected(0));
    assert_eq!(story.answers(&from), story.expected(0));

    let again = to.json(&["import", "chain.blocks"]);
    assert_eq!((&again["blocks"], &again["known"]), (&json!(0), &json!(TIP)));
    assert_eq!(again["tip"], imported["tip"]);
    assert_eq!(story.answers(&to), story.expected(0));
}

#[test]
fn import_of_a_longer_file_goes_on() {
    let story = story();
    let (from, to) = (story.folder(), story.empty_folder());
    let exported = from.json(&["export", "some.blocks", "--to", "33"]);
    assert_eq!((&exported["height"], &exported["added"]), (&json!(33), &json!(33)));
    fs::copy(from.path("some.blocks"), to.path("some.blocks")).unwrap();
    assert_eq!(to.json(&["import", "some.blocks"])["height"], json!(33));
    assert_eq!(to.tip(), (story.at(33).to_string(), 33));

    to.write("chain.blocks", story.file());
    let imported = to.json(&["import", "chain.blocks"]);
    assert_eq!((&imported["blocks"], &imported["known"]), (&json!(TIP - 33), &json!(33)));
    assert_eq!(story.answers(&to), story.expected(0));
}

#[test]
fn import_goes_over_to_a_better_branch() {
    let story = story();
    let folder = story.to_import();
    // As far as the branch that is abandoned later.
    let node = story.node(&folder.data());
    let first = story.arrivals.iter().take(super::story::ABANDONED as usize);
    first.for_each(|block| {
        super::story::submit(&node.handle(), block).unwrap();
    });
    node.stop();
    let imported = folder.json(&["import", "chain.blocks"]);
    assert_eq!((&imported["blocks"], &imported["known"]), (&json!(TIP - FORK), &json!(FORK)));
    assert_eq!(story.answers(&folder), story.expected(0));
}

#[test]
fn import_that_was_killed_goes_on_where_it_was() {
    let work = Workload { blocks: 150, payments: 100, accounts: 300 };
    let genesis = work.genesis();
    let folder = Folder::new();
    let file = work.file(&genesis, folder.path("chain.blocks").parent().unwrap());
    folder.write("genesis.json", work.genesis_file().to_json());
    let file = file.to_str().unwrap();
    let mut import = folder.command(&["chain", "import", file, "--data-dir", "data"]);
    let mut import = import.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let segment = folder.data().join("journal-1/journal-0000000001");
    while fs::metadata(&segment).map_or(0, |metadata| metadata.len()) < 1 << 20 {
        assert_eq!(import.try_wait().unwrap(), None, "it is killed before it ends");
        std::thread::yield_now();
    }
    import.kill().unwrap();
    import.wait().unwrap();
    let (_, height) = folder.tip();
    assert!(height < 150, "{height}");
    let imported = folder.json(&["import", file]);
    assert_eq!(imported["height"], json!(150));
    // The kill may have come between a block and the step that puts it on.
    let known = imported["known"].as_u64().unwrap();
    assert!(known == height || known == height + 1, "{known} at height {height}");

    let other = Folder::new();
    other.write("genesis.json", work.genesis_file().to_json());
    other.json(&["import", file]);
    assert_eq!(folder.tip(), other.tip());
    let verified = folder.json(&["verify"]);
    assert_eq!(verified["state"], other.json(&["verify"])["state"]);
}

#[test]
fn export_adds_what_a_file_lacks() {
    let story = story();
    let folder = story.folder();
    folder.json(&["export", "chain.blocks", "--to", "40"]);
    let some = folder.bytes("chain.blocks");
    let exported = folder.json(&["export", "chain.blocks"]);
    assert_eq!((&exported["height"], &exported["added"]), (&json!(TIP), &json!(TIP - 40)));
    let whole = folder.bytes("chain.blocks");
    assert_eq!(whole.len() as u64, exported["bytes"].as_u64().unwrap());
    assert_eq!(some, whole[..some.len()]);
    assert_eq!(whole, story.file());

    // Nothing is taken away by asking for less.
    let exported = folder.json(&["export", "chain.blocks", "--to", "10"]);
    assert_eq!((&exported["height"], &exported["added"]), (&json!(TIP), &json!(0)));
    assert_eq!(folder.bytes("chain.blocks"), whole);
}

#[test]
fn export_mends_a_file_that_was_cut_anywhere() {
    let story = story();
    let folder = story.folder();
    let (whole, offsets) = (story.file(), story.offsets());
    let within_block = offsets[40] + 100;
    let within_length = offsets[12] + 2;
    for cut in [0, 7, 43, 44, offsets[20], within_length, within_block, whole.len() - 1] {
        folder.write("chain.blocks", &whole[..cut]);
        folder.json(&["export", "chain.blocks"]);
        assert!(folder.bytes("chain.blocks") == whole, "cut at {cut}");
    }
}

#[test]
fn export_onto_another_branch_is_refused() {
    let story = story();
    let folder = story.folder();
    // A node that saw nothing but the branch that was abandoned.
    let other = story.empty_folder();
    let node = story.node(&other.data());
    let first = story.arrivals.iter().take(super::story::ABANDONED as usize);
    first.for_each(|block| {
        super::story::submit(&node.handle(), block).unwrap();
    });
    node.stop();
    other.json(&["export", "chain.blocks"]);
    let file = other.bytes("chain.blocks");
    folder.write("chain.blocks", &file);
    let answer = folder.chain(&["export", "chain.blocks"]);
    assert!(answer.failure(1).contains("another branch from height 21 on"), "{answer:?}");
    assert_eq!(folder.bytes("chain.blocks"), file);
}

#[test]
fn export_onto_a_damaged_file_is_refused() {
    let folder = story().folder();
    let mut file = story().file();
    // The end of a body: no header tells.
    file[story().offsets()[34] - 1] ^= 1;
    folder.write("chain.blocks", &file[..story().offsets()[40]]);
    let answer = folder.chain(&["export", "chain.blocks"]);
    assert!(answer.failure(1).contains("chain.blocks is damaged at height 34"), "{answer:?}");
    assert!(folder.bytes("chain.blocks") == file[..story().offsets()[40]]);
}

#[test]
fn export_over_something_else_is_refused() {
    let story = story();
    let folder = story.folder();
    for text in ["notes", &"no blocks at all".repeat(100)] {
        folder.write("notes.txt", text);
        let answer = folder.chain(&["export", "notes.txt"]);
        assert!(answer.failure(1).contains("notes.txt: not a chain file"), "{answer:?}");
        assert_eq!(folder.bytes("notes.txt"), text.as_bytes());
    }
}

#[test]
fn export_onto_a_file_that_goes_further_is_refused() {
    let story = story();
    let folder = story.empty_folder();
    let some = story.folder();
    some.json(&["export", "some.blocks", "--to", "33"]);
    folder.write("some.blocks", some.bytes("some.blocks"));
    folder.json(&["import", "some.blocks"]);
    folder.write("chain.blocks", story.file());
    let answer = folder.chain(&["export", "chain.blocks"]);
    assert!(answer.failure(1).contains("holds blocks above our tip at height 33"), "{answer:?}");
    assert_eq!(folder.bytes("chain.blocks"), story.file());
}

#[test]
fn export_above_the_tip_is_refused() {
    let folder = story().folder();
    let answer = folder.chain(&["export", "chain.blocks", "--to", "61"]);
    assert!(answer.failure(1).contains("there is no height 61: the tip stands at 60"), "{answer:?}");
    assert!(!folder.has("chain.blocks"));
}
