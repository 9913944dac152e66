//! Folders of every layout there ever was can be opened, and have in them what they had.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fs;
use std::path::{Path, PathBuf};

use cairn::consensus::{Genesis, GenesisFile};
use cairn::ledger::{MapSeed, View};
use cairn::storage::{Folder, LAYOUT, Recovered, StorageError};
use cairn::testkit::{Actor, actors};
use tempfile::TempDir;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/fixtures");

/// What is in each fixture: the same five blocks, one of which was taken off again.
const TIP: &str = "4e5035b688c06c0a4fcb40f6ec7b5e2ee2e67896132bca006b77bfcf811b5801";
const STATE: &str = "90279d5c6265ca637c73db8fa32fe7e7741238040a9fd645d2b117a3c2348239";
const BALANCES: [u64; 3] = [100_001_999_500, 99_998_999_500, 99_998_999_500];

fn fixtures() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        fs::read_dir(FIXTURES).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

fn copy_of(fixture: &Path) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(fixture, folder.path());
    folder
}

fn open(folder: &Path) -> Result<Recovered, StorageError> {
    let text = Folder::genesis_text(folder)?.expect("there is a chain");
    let genesis = Genesis::new(&serde_json::from_str::<GenesisFile>(&text).unwrap()).unwrap();
    Recovered::open(folder, &genesis, Some(&text), MapSeed([1, 2, 3, 4]))
}

#[test]
fn every_layout_has_a_fixture() {
    let names: Vec<String> =
        fixtures().iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(names, (1..=LAYOUT).map(|layout| format!("layout-{layout}")).collect::<Vec<_>>());
}

#[test]
fn folder_of_every_layout_has_in_it_what_it_had() {
    for fixture in fixtures() {
        let folder = copy_of(&fixture);
        for _ in 0..2 {
            let recovered = open(folder.path()).unwrap();
            assert_eq!(recovered.notes, [""; 0]);
            let tip = recovered.chain.tip();
            assert_eq!((tip.hash.to_string(), tip.height.0), (TIP.to_owned(), 4));
            assert_eq!(recovered.ledger.commitments().state.to_string(), STATE);
            let balance =
                |actor: Actor| recovered.ledger.account(&actor.address()).unwrap().balance.pebbles();
            assert_eq!(actors(3).into_iter().map(balance).collect::<Vec<_>>(), BALANCES);
            assert_eq!(recovered.store.sequence(), 6);
            assert_eq!(recovered.chain.header_count(), 6);
        }
        let manifest = fs::read_to_string(folder.path().join("manifest.json")).unwrap();
        assert!(manifest.contains(&format!("\"layout\": {LAYOUT}")), "{manifest}");
    }
}

#[test]
fn newer_layout_is_refused_and_left_alone() {
    let folder = copy_of(&fixtures()[0]);
    let manifest = folder.path().join("manifest.json");
    let text = format!("{{\"layout\": {}, \"colour\": \"green\"}}", LAYOUT + 1);
    fs::write(&manifest, &text).unwrap();
    let error = open(folder.path()).unwrap_err();
    assert!(
        matches!(error, StorageError::NewerLayout { found, known: LAYOUT, .. } if found == LAYOUT + 1),
        "{error}"
    );
    assert!(error.to_string().contains("use a later one"), "{error}");
    assert_eq!(fs::read_to_string(&manifest).unwrap(), text);
    assert!(!folder.path().join("sled").exists());
}

#[test]
fn manifest_that_says_nothing_is_named_and_left_alone() {
    let folder = copy_of(&fixtures()[0]);
    let manifest = folder.path().join("manifest.json");
    let half = fs::read_to_string(&manifest).unwrap()[..20].to_owned();
    for text in ["", "garbage", "{}", &half, "{\"layout\": 1}", "{\"layout\": 0}", "\u{0}\u{0}"] {
        fs::write(&manifest, text).unwrap();
        let error = open(folder.path()).unwrap_err();
        let named = matches!(&error, StorageError::Manifest { path, .. } if *path == manifest);
        assert!(named, "{text}: {error}");
        assert!(error.to_string().contains("manifest.json"), "{error}");
        assert_eq!(fs::read_to_string(&manifest).unwrap(), text);
    }
    fs::write(&manifest, [0xff, 0xfe]).unwrap();
    assert!(matches!(open(folder.path()), Err(StorageError::Manifest { .. })));
}

#[test]
fn manifest_that_is_gone_is_missed_where_there_is_a_journal() {
    let folder = copy_of(&fixtures()[0]);
    let text = fs::read_to_string(folder.path().join("genesis.json")).unwrap();
    let genesis = Genesis::new(&serde_json::from_str::<GenesisFile>(&text).unwrap()).unwrap();
    fs::remove_file(folder.path().join("manifest.json")).unwrap();
    fs::rename(folder.path().join("journal-1"), folder.path().join("journal-2")).unwrap();
    let error = Recovered::open(folder.path(), &genesis, Some(&text), MapSeed([1, 2, 3, 4])).unwrap_err();
    assert!(error.to_string().contains("manifest.json: it is missing, and there is journal-2"), "{error}");
    assert!(folder.path().join("journal-2/journal-0000000001").exists());
}

#[test]
fn manifest_from_before_a_journal_was_replaced_is_refused_and_nothing_is_removed() {
    let folder = copy_of(&fixtures()[0]);
    fs::rename(folder.path().join("journal-1"), folder.path().join("journal-2")).unwrap();
    let segment = folder.path().join("journal-2/journal-0000000001");
    let before = fs::read(&segment).unwrap();
    for is_empty in [false, true] {
        let error = open(folder.path()).unwrap_err();
        let expected = "it names journal-1, which is gone, and there is journal-2";
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(fs::read(&segment).unwrap(), before);
        assert!(folder.path().join("journal-1").exists() == is_empty && !folder.path().join("sled").exists());
        // What a command leaves that looked for it.
        fs::create_dir_all(folder.path().join("journal-1")).unwrap();
    }

    let manifest = folder.path().join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("\"journal\": 1", "\"journal\": 2")).unwrap();
    assert_eq!(open(folder.path()).unwrap().chain.tip().hash.to_string(), TIP, "as the error advises");
}

#[test]
fn what_somebody_keeps_beside_the_journal_is_left_alone() {
    let folder = copy_of(&fixtures()[0]);
    let kept = ["journal-1.bak", "journal-old", "journal-01", "journal-"];
    for name in kept {
        copy(&folder.path().join("journal-1"), &folder.path().join(name));
    }
    fs::write(folder.path().join("journal-notes.txt"), "mind the gap").unwrap();
    fs::write(folder.path().join("journal-3"), "no folder").unwrap();
    copy(&folder.path().join("journal-1"), &folder.path().join("journal-2"));
    open(folder.path()).unwrap();
    for name in kept {
        assert!(folder.path().join(name).join("journal-0000000001").exists(), "{name}");
    }
    assert!(folder.path().join("journal-notes.txt").exists() && folder.path().join("journal-3").exists());
    assert!(!folder.path().join("journal-2").exists(), "what an interrupted replacement left");
}

/// Makes a fixture of the present layout: run with `CAIRN_FIXTURE=migrations/fixtures/layout-<n>`, once per layout.
#[test]
fn fixture_is_made_where_somebody_asks_for_one() {
    use cairn::node::{Node, NodeOptions};
    use cairn::testkit::{Follower, Network, devnet_file};

    let Ok(path) = std::env::var("CAIRN_FIXTURE") else { return };
    let folder = Path::new(&path);
    assert!(!folder.exists(), "fixtures are never changed");
    let file = devnet_file(3);
    let text = serde_json::to_string_pretty(&file).unwrap();
    let network = Network::from_file(&file, 3);
    let people = &network.actors;
    let mut follower = Follower::new(&network);
    let params = network.params().clone();
    let miner = Actor::new(9).address();
    follower.mine(miner, vec![people[0].pay(&params, 0, &people[1], 1_000_000, 500)]);
    follower.mine(miner, vec![people[1].pay(&params, 0, &people[2], 2_000_000, 500)]);
    let mut other = follower.clone();
    follower.mine(Actor::new(8).address(), vec![]);
    other.mine(miner, vec![people[2].pay(&params, 0, &people[0], 3_000_000, 500)]);
    other.mine(miner, vec![]);
    let abandoned = follower.branch().pop().unwrap();
    let mut blocks = other.branch();
    blocks.insert(2, abandoned);
    let options = NodeOptions::new(folder, network.genesis.clone(), text);
    let node = Node::start(options).unwrap();
    for block in blocks {
        pollster::block_on(node.handle().submit_block(block)).wait().unwrap();
    }
    node.stop();
    for made_again in ["sled", "pool"] {
        fs::remove_dir_all(folder.join(made_again)).unwrap();
    }
    fs::remove_file(folder.join("lock")).unwrap();
    let balances =
        people.iter().map(|actor| other.ledger.account(&actor.address()).unwrap().balance.pebbles());
    println!("{}\n{}", other.chain.tip().hash, other.ledger.commitments().state);
    println!("{:?}", balances.collect::<Vec<_>>());
}
