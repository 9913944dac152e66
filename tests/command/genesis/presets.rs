//! `cairn genesis new`.

use cairn::consensus::{Genesis, GenesisFile};
use cairn::testkit::{Actor, Follower};
use cairn::types::{Height, Timestamp};

use super::{COMMITTED, chain_in, folder_with};
use crate::stage::Folder;

const DEVNET: [&str; 6] = ["genesis", "new", "--preset", "devnet", "--time", "1767225600"];

#[test]
fn committed_genesis_is_what_the_command_makes() {
    let answer = Folder::new().run(&DEVNET);
    assert_eq!(answer.success(), COMMITTED);
}

#[test]
fn file_of_each_preset_checks_and_begins_a_chain() {
    for preset in ["asert", "devnet"] {
        let folder = Folder::new();
        let made = folder.run(&["genesis", "new", "--preset", preset, "--out", "genesis.json"]);
        assert_eq!(made.success(), "", "what went into a file is not told as well");
        assert!(folder.run(&["genesis", "check"]).success().contains("a chain can begin with this file"));

        let genesis = Genesis::from_json(&folder.text("genesis.json")).unwrap();
        assert_eq!(genesis.params().chain.to_string(), chain_in(&folder));
        let mut follower = Follower::at(&genesis.with_virtual_work());
        follower.mine_empty(Actor::new(0).address(), 20);
        assert_eq!(follower.height(), Height(20), "{preset}");
    }
}

#[test]
fn presets_are_those_of_the_library() {
    let time = Timestamp(1_767_225_600);
    let new =
        |more: &[&str]| Folder::new().run(&[&["genesis", "new", "--time", "1767225600"], more].concat());
    assert_eq!(new(&["--preset", "asert"]).success(), GenesisFile::asert(time).to_json());
    let bare = new(&["--preset", "devnet", "--accounts", "0"]);
    assert_eq!(bare.success(), GenesisFile::devnet(time).to_json());
}

#[test]
fn genesis_begins_now_unless_told_otherwise() {
    let now = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let before = now();
    let made = Folder::new().run(&["genesis", "new", "--preset", "asert"]);
    let file = GenesisFile::from_json(made.success()).unwrap();
    assert!((before..=now()).contains(&u64::from(file.time.0)), "{}", file.time);
}

#[test]
fn what_is_asked_for_is_in_the_file() {
    let owner = Actor::new(7).address().to_text(&"mine".parse().unwrap());
    let allocate = format!("{owner}=12.5");
    let options =
        ["--name", "Mine", "--prefix", "mine", "--accounts", "2", "--balance", "3", "--allocate", &allocate];
    let made = Folder::new().run(&[&DEVNET[..], &options].concat());
    let file = GenesisFile::from_json(made.success()).unwrap();
    assert_eq!((file.name.as_str(), file.prefix.as_str()), ("Mine", "mine"));
    let amounts: Vec<u64> = file.allocation.iter().map(|entry| entry.amount.pebbles()).collect();
    assert_eq!(amounts, [300_000_000, 300_000_000, 1_250_000_000]);
    assert_eq!(file.allocation[2].address, owner);
    assert!(file.allocation[..2].iter().all(|entry| entry.address.starts_with("mine1")));
}

#[test]
fn existing_file_is_not_overwritten() {
    let folder = folder_with("precious");
    let refused = folder.run(&[&DEVNET[..], &["--out", "genesis.json"]].concat());
    assert!(refused.failure(1).starts_with("error: genesis.json exists already: remove it"), "{refused:?}");
    assert_eq!(folder.text("genesis.json"), "precious");
    let nowhere = folder.run(&[&DEVNET[..], &["--out", "missing/genesis.json"]].concat());
    assert!(
        nowhere.failure(1).starts_with("error: cannot write missing/genesis.json: No such"),
        "{nowhere:?}"
    );
}

#[test]
fn what_only_a_devnet_has_is_refused_elsewhere() {
    for option in [["--accounts", "3"], ["--balance", "5"], ["--mnemonic", "not words"]] {
        let refused = Folder::new().run(&[&["genesis", "new", "--preset", "asert"][..], &option].concat());
        assert!(refused.failure(1).contains("are for --preset devnet"), "{refused:?}");
    }
}

#[test]
fn file_that_would_be_refused_is_not_made() {
    let folder = Folder::new();
    let refused = folder.run(&[&DEVNET[..], &["--name", "", "--out", "genesis.json"]].concat());
    assert!(refused.failure(1).contains("genesis: name: "), "{refused:?}");
    assert!(!folder.path("genesis.json").exists());
}
