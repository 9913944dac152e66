//! States of the whole network, carried in files.

use std::fs;
use std::path::Path;

use cairn::api::Code;
use cairn::devnet::DevnetError;
use cairn::devnet::desk::SnapshotView;
use serde_json::json;

use super::stage::Stage;
use super::states::{eventful, state};

#[test]
fn files_are_not_written_for_who_asks_from_elsewhere() {
    let stage = Stage::with(1, |options| options.host = "0.0.0.0".parse().unwrap());
    let file = stage.folder.path().join("state.cairn");
    for order in ["/v1/dump", "/v1/load"] {
        let refused = stage.desk().post::<SnapshotView>(order, &json!({ "file": file })).unwrap_err();
        assert_eq!(refused.code(), Some(Code::NotServed), "{refused}");
        assert!(refused.to_string().contains("without --host"), "{refused}");
    }
    assert!(!file.exists());
}

#[test]
fn a_network_in_a_file_goes_on_elsewhere() {
    let stage = eventful(3);
    let file = stage.folder.path().join("state.cairn");
    let written = stage.handle().dump(&file).unwrap();
    assert!(stage.handle().dump(&file).is_err(), "it writes over nothing");
    let before = state(&stage);
    assert!(stage.handle().snapshots().unwrap().is_empty());

    let other = Stage::start(3);
    other.handle().mine(40, None).unwrap();
    let loaded = other.handle().load(&file).unwrap();
    assert_eq!(loaded.state.nodes, written.nodes);
    assert_eq!(state(&other).nodes, before.nodes);

    other.handle().part(&"0".parse().unwrap()).unwrap();
    other.handle().mine(1, Some(0)).unwrap();
    other.handle().mine(2, Some(1)).unwrap();
    assert_eq!(other.heights(), [13, 14, 14].map(Some), "links are cut as before");

    let smaller = Stage::start(2);
    let refused = smaller.handle().load(&file).unwrap_err();
    assert!(refused.to_string().contains("--nodes 3"), "{refused}");
    assert_eq!(smaller.heights(), [Some(0); 2]);
}

#[test]
fn a_file_has_its_name_once_it_is_whole() {
    let stage = Stage::start(2);
    stage.handle().mine(300, None).unwrap();
    let (file, part) = (stage.folder.path().join("state"), stage.folder.path().join("state.part"));
    fs::write(&part, b"somebody's").unwrap();
    let refused = stage.handle().dump(&file).unwrap_err();
    assert!(matches!(&refused, DevnetError::FileThere(there) if *there == part), "{refused}");
    assert_eq!(fs::read(&part).unwrap(), b"somebody's");
    fs::remove_file(&part).unwrap();
    let first_seen = std::thread::scope(|scope| {
        let (handle, file) = (stage.handle(), &file);
        let writing = scope.spawn(move || handle.dump(file).unwrap());
        let mut seen = None;
        while seen.is_none() && !writing.is_finished() {
            seen = fs::metadata(file).ok().map(|there| there.len());
        }
        seen
    });
    let whole = fs::metadata(&file).unwrap().len();
    assert_eq!(first_seen.unwrap_or(whole), whole);
    assert!(!part.exists());
    stage.handle().load(&file).unwrap();
}

#[test]
fn what_is_no_network_in_a_file_is_refused_and_nothing_changes() {
    let stage = Stage::start(1);
    stage.handle().mine(2, None).unwrap();
    let file = stage.folder.path().join("anything");
    fs::write(&file, b"anything").unwrap();
    let missing = stage.folder.path().join("missing");
    for file in [file.as_path(), missing.as_path(), Path::new("/")] {
        let order = json!({ "file": file });
        let refused = stage.desk().post::<SnapshotView>("/v1/load", &order).unwrap_err();
        assert_eq!(refused.code(), Some(Code::NotNow), "{refused}");
    }
    let relative = stage.desk().post::<SnapshotView>("/v1/dump", &json!({ "file": "here" })).unwrap_err();
    assert_eq!(relative.code(), Some(Code::BadValue));
    assert_eq!(stage.heights(), [Some(2)]);
}

#[test]
fn a_network_of_another_chain_is_refused_and_nothing_changes() {
    let words = "legal winner thank year wave sausage worth useful legal winner thank yellow";
    let other = Stage::with(2, |options| options.mnemonic = Some(words.parse().unwrap()));
    let file = other.folder.path().join("state.cairn");
    other.handle().dump(&file).unwrap();
    let stage = eventful(2);
    let before = state(&stage);
    let refused = stage.handle().load(&file).unwrap_err();
    assert!(matches!(refused, DevnetError::OtherChain { .. }), "{refused}");
    assert_eq!(state(&stage), before);
    stage.again(|_| {}).unwrap().agree();
}

#[test]
fn two_networks_on_their_way_to_files_do_not_mix() {
    let stage = eventful(2);
    let (one, two) = (stage.folder.path().join("one"), stage.folder.path().join("two"));
    let handle = stage.handle();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| handle.dump(&one).unwrap());
        let second = scope.spawn(|| handle.dump(&two).unwrap());
        assert_eq!(first.join().unwrap().nodes, second.join().unwrap().nodes);
    });
    for file in [one, two] {
        stage.handle().load(&file).unwrap();
    }
}
