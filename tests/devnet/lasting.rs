//! That a devnet goes on where it was left.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use cairn::devnet::desk::NetworkView;
use cairn::devnet::{Devnet, DevnetError, Work};
use cairn::types::Amount;

use super::stage::{Stage, options};

#[test]
fn chain_pool_clock_and_mining_are_as_they_were_left() {
    let stage = Stage::start(3);
    stage.handle().mine(4, None).unwrap();
    stage.handle().warp(1_000_000).unwrap();
    stage.handle().hold_clock(true).unwrap();
    stage.handle().set_mining("interval=3600".parse().unwrap()).unwrap();
    stage.handle().give(stage.account(3), Amount::from_pebbles(5), None).unwrap();
    stage.wait("the payment", |network| network.nodes.iter().all(|node| node.waiting == 1));
    let before = stage.network();
    let stage = stage.again(|options| options.mining = None).unwrap();
    let after = stage.network();
    assert!(after.nodes.iter().all(|node| node.waiting == 1), "{:#?}", after.nodes);
    let tips = |network: &NetworkView| network.nodes.iter().map(|node| node.tip).collect::<Vec<_>>();
    assert_eq!(tips(&before), tips(&after));
    assert_eq!((before.clock, &before.mining), (after.clock, &after.mining));
    let ids = |network: &NetworkView| network.nodes.iter().map(|node| node.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&before), ids(&after));
}

#[test]
fn more_nodes_than_before_catch_up_and_fewer_leave_the_others_for_later() {
    let stage = Stage::start(2);
    stage.handle().mine(6, None).unwrap();
    let stage = stage.again(|options| options.nodes = Some(4)).unwrap();
    stage.agree();
    assert_eq!(stage.heights(), [Some(6); 4]);
    let stage = stage.again(|options| options.nodes = Some(1)).unwrap();
    assert_eq!(stage.heights(), [Some(6)]);
    let stage = stage.again(|options| options.nodes = Some(4)).unwrap();
    stage.agree();
    assert_eq!(stage.heights(), [Some(6); 4]);
}

#[test]
fn who_was_down_and_what_was_wrong_with_links_is_so_again_and_there_are_as_many_nodes() {
    let stage = Stage::start(4);
    stage.handle().kill(2).unwrap();
    stage.handle().part(&"0 | 1".parse().unwrap()).unwrap();
    let links = stage.handle().links();
    let stage = stage.again(|options| options.nodes = None).unwrap();
    assert_eq!(stage.handle().links(), links);
    stage.handle().mine(1, Some(0)).unwrap();
    stage.handle().mine(2, Some(1)).unwrap();
    assert_eq!(stage.heights(), [Some(1), Some(2), None, Some(0)]);
    stage.handle().restart(2).unwrap();
    stage.handle().heal().unwrap();
    stage.agree();
    let stage = stage.again(|options| options.nodes = Some(2)).unwrap();
    assert_eq!(stage.heights(), [Some(2); 2]);
}

#[test]
fn what_is_kept_of_nodes_that_are_left_out_for_once_outlasts_that_and_a_revert() {
    let stage = Stage::start(4);
    stage.handle().mine(2, Some(0)).unwrap();
    stage.handle().part(&"3".parse().unwrap()).unwrap();
    stage.handle().mine(4, Some(3)).unwrap();
    stage.handle().kill(2).unwrap();
    let before = stage.network();
    let stage = stage.again(|options| options.nodes = Some(2)).unwrap();
    assert!(stage.network().links.is_empty());
    stage.handle().snapshot(Some("two".to_owned())).unwrap();
    stage.handle().mine(1, Some(0)).unwrap();
    stage.handle().revert("two").unwrap();
    let stage = stage.again(|options| options.nodes = Some(4)).unwrap();
    let after = stage.network();
    assert_eq!(before.links, after.links);
    let stands = |network: &NetworkView| {
        network.nodes.iter().map(|node| (node.id.clone(), node.tip)).collect::<Vec<_>>()
    };
    assert_eq!(stands(&before), stands(&after));
    assert_eq!(stage.heights(), [Some(2), Some(2), None, Some(6)]);
    stage.handle().restart(2).unwrap();
    assert_eq!(stage.heights()[2], Some(2));
}

#[test]
fn what_somebody_puts_into_its_folders_is_in_nobodys_way() {
    let stage = Stage::start(1);
    stage.handle().mine(2, None).unwrap();
    for name in ["notes", "7"] {
        std::fs::write(stage.folder.path().join("generations").join(name), "a file").unwrap();
    }
    let stage = stage.again(|_| {}).unwrap();
    assert_eq!(stage.heights(), [Some(2)]);
    assert!(stage.folder.path().join("generations/notes").is_file());
}

#[test]
fn a_node_that_cannot_begin_is_down_and_the_others_run() {
    let stage = Stage::start(3);
    stage.handle().mine(2, None).unwrap();
    let genesis = |node: usize| stage.folder.path().join(format!("generations/1/node-{node}/manifest.json"));
    let (damaged, whole) = (genesis(1), std::fs::read(genesis(1)).unwrap());
    let told = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&told);
    let stage = {
        let Stage { devnet, folder } = stage;
        drop(devnet);
        std::fs::write(&damaged, "nothing of ours").unwrap();
        let mut options = options(folder.path(), 3);
        options.log = Arc::new(move |line| lines.lock().unwrap().push(line.to_owned()));
        Stage { devnet: Devnet::start(options).unwrap(), folder }
    };
    assert!(told.lock().unwrap().iter().any(|line| line.contains("node 1: ")), "{told:?}");
    stage.handle().mine(1, None).unwrap();
    assert_eq!(stage.heights(), [Some(3), None, Some(3)]);
    std::fs::write(&damaged, whole).unwrap();
    stage.handle().restart(1).unwrap();
    stage.agree();
}

#[test]
fn a_start_that_takes_long_is_called_off_and_the_next_one_goes_on() {
    let stage = Stage::start(1);
    stage.handle().mine(100, None).unwrap();
    let Stage { devnet, folder } = stage;
    drop(devnet);
    std::fs::remove_dir_all(folder.path().join("generations/1/node-0/sled")).unwrap();
    let mut options = options(folder.path(), 1);
    let (ending, said) = (Arc::clone(&options.ending), Arc::new(Mutex::new(Vec::new())));
    let lines = Arc::clone(&said);
    options.log = Arc::new(move |line| {
        lines.lock().unwrap().push(line.to_owned());
        ending.store(line.contains("is made from the journal"), Ordering::Relaxed);
    });
    let called_off = Devnet::start(options).err().unwrap();
    assert!(matches!(called_off, DevnetError::Ending), "{called_off}");
    assert_eq!(said.lock().unwrap().len(), 1, "it is not made to the end: {said:?}");
    let stage = Stage { devnet: Devnet::start(super::stage::options(folder.path(), 1)).unwrap(), folder };
    assert_eq!(stage.heights(), [Some(100)]);
}

#[test]
fn where_all_were_down_all_begin() {
    let stage = Stage::start(2);
    stage.handle().kill(0).unwrap();
    stage.handle().kill(1).unwrap();
    let stage = stage.again(|_| {}).unwrap();
    assert_eq!(stage.heights(), [Some(0); 2]);
}

#[test]
fn a_folder_of_other_words_or_of_other_work_is_left_alone() {
    let stage = Stage::start(1);
    stage.handle().mine(1, None).unwrap();
    let folder = stage.folder;
    drop(stage.devnet);
    let begin = |change: &dyn Fn(&mut cairn::devnet::DevnetOptions)| {
        let mut options = options(folder.path(), 1);
        change(&mut options);
        Devnet::start(options)
    };
    let other = "legal winner thank year wave sausage worth useful legal winner thank yellow";
    let refused = begin(&|options| options.mnemonic = Some(other.parse().unwrap())).err().unwrap();
    assert!(matches!(refused, DevnetError::OtherWords(_)), "{refused}");
    let refused = begin(&|options| options.work = Work::Asert).err().unwrap();
    assert!(matches!(refused, DevnetError::OtherWork { asert: false, .. }), "{refused}");
    assert!(refused.to_string().contains("leave that out to go on"), "{refused}");
    let again = begin(&|_| {}).unwrap();
    let tip = again.handle().roster().borrow()[0].live.as_ref().unwrap().node.reader().tip();
    assert_eq!(tip.height.0, 1);
}

#[test]
fn two_devnets_in_one_folder_are_one_too_many() {
    let stage = Stage::start(1);
    let refused = Devnet::start(options(stage.folder.path(), 1)).err().unwrap();
    assert!(matches!(refused, DevnetError::InUse(_)), "{refused}");
    assert_eq!(stage.handle().mine(1, None).unwrap().blocks.len(), 1);
}

#[test]
fn a_devnet_that_ended_leaves_its_folder_to_the_next_whoever_can_still_order_it() {
    let folder = tempfile::tempdir().unwrap();
    let begin = || Devnet::start(options(folder.path(), 1)).unwrap();
    let ended = begin();
    let handle = ended.handle();
    drop(ended);
    drop(begin());
    assert!(handle.mine(1, None).is_err(), "it makes no blocks any more");
}
