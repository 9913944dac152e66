//! `cairn node`: starting, ending, and who else may work there.

use std::fs::File;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::story::{TIP, story};

#[test]
fn node_ends_at_once_on_either_signal() {
    for signal in ["TERM", "INT"] {
        let folder = story().empty_folder();
        let node = folder.start_node();
        assert!(node.greeting.contains(&story().chain().to_string()), "{}", node.greeting);
        assert!(node.greeting.contains(" at height 0, "), "{}", node.greeting);
        let begun = Instant::now();
        node.signal(signal);
        let answer = node.end();
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
        assert!(answer.success().ends_with(&format!("stopped at height 0, {}\n", story().chain())));
    }
}

#[test]
fn node_goes_on_where_it_was() {
    let folder = story().folder();
    let node = folder.start_node();
    let tip = format!("at height {TIP}, {}\n", story().tip());
    assert!(node.greeting.ends_with(&tip), "{}", node.greeting);
    node.signal("TERM");
    assert!(node.end().success().ends_with(&tip));
}

#[test]
fn node_says_that_it_makes_its_database_before_it_is_ready() {
    let folder = story().folder();
    std::fs::remove_dir_all(folder.path("data/sled")).unwrap();
    let node = folder.start_node();
    assert!(node.greeting.starts_with("the database is made from the journal, "), "{}", node.greeting);
    node.signal("TERM");
    node.end().success();
}

#[test]
fn node_that_was_killed_starts_again() {
    let folder = story().folder();
    let node = folder.start_node();
    node.signal("KILL");
    assert_eq!(node.end().code, None);
    let node = folder.start_node();
    assert!(node.greeting.contains(&story().tip()), "{}", node.greeting);
    node.signal("INT");
    node.end().success();
}

/// Its own disk may have room when that of its log has none.
#[test]
fn node_whose_lines_cannot_be_written_goes_on() {
    let folder = story().empty_folder();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut command = folder.command(&["node", "--data-dir", "data"]);
    let mut node = command.stdout(full).stderr(Stdio::null()).spawn().unwrap();
    // What it does when it is ready.
    while !folder.has("data/pool") {
        assert_eq!(node.try_wait().unwrap(), None, "it goes on");
        thread::yield_now();
    }
    Command::new("kill").args(["-TERM", &node.id().to_string()]).status().unwrap();
    assert_eq!(node.wait().unwrap().code(), Some(0));
}

#[test]
fn second_node_in_a_folder_is_refused() {
    let folder = story().empty_folder();
    let node = folder.start_node();
    let answer = folder.run(&["node", "--data-dir", "data"]);
    assert_eq!(
        answer.failure(1),
        "error: data is in use by another process: stop that one, or choose another --data-dir\n"
    );
    node.signal("TERM");
    node.end().success();
}

#[test]
fn node_needs_the_genesis_file_no_more_than_once() {
    let folder = story().empty_folder();
    let node = folder.start_node();
    node.signal("TERM");
    node.end().success();
    std::fs::remove_file(folder.path("genesis.json")).unwrap();
    let node = folder.start_node();
    node.signal("TERM");
    node.end().success();
}

#[test]
fn node_without_a_genesis_file_says_how_to_make_one() {
    let folder = super::stage::Folder::new();
    let answer = folder.run(&["node", "--data-dir", "data"]);
    assert!(
        answer.failure(1).contains("`cairn genesis new --preset devnet --out FILE` makes one"),
        "{answer:?}"
    );
    assert!(!folder.has("data"));
}

#[test]
fn node_on_a_damaged_journal_says_where_and_what_to_do() {
    let folder = story().folder();
    let (location, _) = folder.records(story().chain())[20];
    std::fs::remove_dir_all(folder.path("data/sled")).unwrap();
    folder.flip_in_record(location);
    let answer = folder.run(&["node", "--data-dir", "data"]);
    let error = answer.failure(1);
    assert!(error.contains(&format!("damaged at byte {}", location.offset)), "{error}");
}
