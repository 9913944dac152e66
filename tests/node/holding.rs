//! Holding a node, saving it, and going on from what was saved.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use cairn::ledger::MapSeed;
use cairn::node::{CursorError, Held, NodeHandle, Reader, verify_on_all_cores};
use cairn::storage::{Saved, StorageError, Verified, prune, restore, verify_journal};
use cairn::testkit::{TestNode, within};
use cairn::types::{Block, Transaction, TxHash};

use crate::stage::{GREW, Miner, Stage, answers, names, pool, tip_of, wait_for_pool};

const SEED: MapSeed = MapSeed([1, 2, 3, 4]);

fn hold(handle: &NodeHandle) -> Held {
    within("a hold", handle.hold()).unwrap()
}

/// What waits for a block, in the order in which a miner wants it.
fn ordered(reader: &Reader) -> Vec<TxHash> {
    reader.pool().unwrap().entries().iter().map(|entry| entry.facts().hash).collect()
}

fn save(node: &TestNode, to: &Path) -> Saved {
    hold(&node.handle()).save_to(to).unwrap()
}

#[test]
fn held_node_takes_nothing_in_until_the_last_who_holds_it_lets_go() {
    let stage = Stage::new();
    let mut miner = stage.miner();
    let handle = stage.node.handle();
    let (one, other) = (hold(&handle), hold(&handle));
    let payment = miner.pay(0, 0);
    let blocks = miner.mine_empty(2);
    let mut pending: Vec<_> = blocks.iter().map(|block| stage.node.submit_later(block)).collect();
    let mut paid = within("a place", handle.submit_transaction(payment.clone()));
    drop(one);
    thread::sleep(Duration::from_millis(50));
    assert!(pending.iter_mut().all(|pending| pending.ready().is_none()) && paid.ready().is_none());
    assert_eq!(stage.node.tip().height.0, 0);
    drop(other);
    for pending in pending {
        assert_eq!(within("a verdict", pending.answer()), Ok(GREW));
    }
    within("a verdict", paid.answer()).unwrap();
    assert_eq!(pool(&stage.node.reader()), names([&payment]));
}

#[test]
fn what_was_under_way_is_durable_and_answered_when_a_node_is_held() {
    let stage = Stage::new();
    let blocks = stage.miner().mine_payments(60, &[0, 1, 2, 3]);
    let handle = stage.node.handle();
    let _bulk = handle.bulk();
    let mut pending: Vec<_> = blocks.iter().map(|block| stage.node.submit_later(block)).collect();
    let held = hold(&handle);
    assert!(pending.iter_mut().all(|pending| pending.ready() == Some(Ok(GREW))));
    assert_eq!(stage.node.tip().hash, tip_of(&blocks));
    drop(held);
}

#[test]
fn node_that_is_held_ends_when_it_is_told_to() {
    let mut stage = Stage::new();
    let handle = stage.node.handle();
    let held = hold(&handle);
    let pending = stage.node.submit_later(&stage.miner().mine(Vec::new()));
    stage.node.stop();
    assert!(within("a verdict", pending.answer()).is_err());
    let saved = held.save_to(&stage.folder().join("late"));
    assert!(matches!(saved, Err(StorageError::Ended)), "{saved:?}");
    assert!(within("a hold", handle.hold()).is_err());
    drop(held);
    stage.node.start_again();
    assert_eq!(stage.node.tip().height.0, 0);
}

#[test]
fn whoever_goes_away_before_a_node_is_held_holds_nobody_up() {
    let stage = Stage::new();
    let handle = stage.node.handle();
    let held = hold(&handle);
    {
        let mut asked = Box::pin(handle.hold());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let _ = asked.as_mut().poll(&mut context);
    }
    drop(held);
    assert_eq!(stage.node.submit(&stage.miner().mine(Vec::new())), Ok(GREW));
}

/// Whoever brings blocks and payments meanwhile notices nothing but that it takes longer.
#[test]
fn node_that_is_busy_is_held_and_saved_again_and_again() {
    let stage = Stage::new();
    let mut miner = stage.miner();
    let payments: Vec<Transaction> =
        (0..40).flat_map(|ahead| [4, 5].map(|payer| miner.pay(payer, ahead))).collect();
    let blocks = miner.mine_payments(150, &[0, 1, 2, 3]);
    let node = &stage.node;
    let saves = thread::scope(|scope| {
        let submitting = scope.spawn(|| node.submit_all(&blocks));
        scope.spawn(|| payments.iter().for_each(|payment| drop(node.send(payment).unwrap())));
        let mut saves = Vec::new();
        while !submitting.is_finished() || saves.is_empty() {
            let held = hold(&node.handle());
            let (tip, order) = (node.tip(), ordered(&node.reader()));
            let to = stage.folder().join(format!("saved-{}", saves.len()));
            let saved = held.save_to(&to).unwrap();
            assert_eq!((saved.tip, saved.transactions as usize), (tip.hash, order.len()));
            assert_eq!((node.tip(), ordered(&node.reader())), (tip, order.clone()));
            drop(held);
            saves.push((to, tip, order));
        }
        let verdicts = submitting.join().unwrap();
        assert!(verdicts.iter().all(|verdict| *verdict == Ok(GREW)), "{verdicts:?}");
        saves
    });
    assert_eq!(pool(&node.reader()), names(&payments));
    for (number, (saved, tip, order)) in saves.iter().enumerate().step_by(1 + saves.len() / 5) {
        let to = stage.folder().join(format!("node-{number}"));
        restore(saved, &to, 1).unwrap();
        let restored = TestNode::start(&to, &stage.network.genesis);
        assert_eq!((restored.tip().hash, restored.tip().state), (tip.hash, tip.state));
        wait_for_pool(&restored, &sorted(order));
        assert_eq!(ordered(&restored.reader()), *order);
    }
}

#[test]
fn node_that_is_held_right_after_a_start_has_its_whole_pool() {
    let mut stage = Stage::new();
    let miner = stage.miner();
    let payments: Vec<Transaction> = (0..60).map(|ahead| miner.pay(0, ahead)).collect();
    payments.iter().for_each(|payment| drop(stage.node.send(payment).unwrap()));
    for number in 0..3 {
        stage.node.restart();
        let saved = save(&stage.node, &stage.folder().join(format!("saved-{number}")));
        assert_eq!(saved.transactions, 60);
    }
}

/// A node with two branches behind it and payments that wait, of which some pay more than those before them.
struct Scene {
    stage: Stage,
    miner: Miner,
    blocks: Vec<Block>,
}

impl Scene {
    fn new() -> Self {
        let stage = Stage::new();
        let mut miner = stage.miner();
        let mut blocks = miner.mine_payments(5, &[0, 1, 2]);
        let mut loser = miner.fork(1);
        blocks.extend(loser.mine_payments(2, &[0]));
        blocks.extend(miner.mine_payments(3, &[2]));
        assert!(stage.node.submit_all(&blocks).iter().all(Result::is_ok));
        assert_eq!(stage.node.tip().hash, miner.follower.chain.tip().hash);
        let scene = Self { stage, miner, blocks };
        let waiting: Vec<Transaction> = (0..3)
            .flat_map(|ahead| (0..5).map(move |payer| (payer, ahead)))
            .map(|at| scene.pay(at))
            .collect();
        waiting.iter().for_each(|payment| drop(scene.stage.node.send(payment)));
        scene
    }

    fn pay(&self, (payer, ahead): (u32, u64)) -> Transaction {
        self.miner.pay(payer, ahead)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.stage.folder().join(name)
    }

    /// Another node on what was saved.
    fn restored(&self, saved: &str, to: &str, epoch: u32) -> TestNode {
        restore(&self.at(saved), &self.at(to), epoch).unwrap();
        TestNode::start(&self.at(to), &self.stage.network.genesis)
    }
}

#[test]
fn node_that_is_restored_is_the_one_that_was_saved() {
    let scene = Scene::new();
    let node = &scene.stage.node;
    let (tip, order) = (node.tip(), ordered(&node.reader()));
    let before = answers(node, &scene.blocks);
    let cursor = node.handle().cursor();
    let saved = save(node, &scene.at("saved"));
    assert_eq!((saved.tip, saved.height, saved.state), (tip.hash, tip.height, tip.state));
    assert_eq!((saved.sequence, saved.epoch), (tip.sequence, 0));
    assert!(order.len() > 10);
    assert_eq!(saved.transactions as usize, order.len());
    assert_eq!(Saved::read(&scene.at("saved")).unwrap(), saved);

    let mut restored = scene.restored("saved", "restored", 3);
    assert_eq!((restored.tip().hash, restored.tip().state), (tip.hash, tip.state));
    wait_for_pool(&restored, &pool(&node.reader()));
    assert_eq!(ordered(&restored.reader()), order);
    assert_eq!(answers(&restored, &scene.blocks), before);
    let error = restored.handle().events(cursor).err().unwrap();
    assert!(matches!(error, CursorError::AnotherEpoch { found: 0, epoch: 3 }), "{error}");
    assert!(node.handle().events(cursor).is_ok());
    let sound = |node: &mut TestNode| {
        node.stop();
        let (folder, genesis) = (node.options().data_dir, &scene.stage.network.genesis);
        let verified = verify_journal(&folder, genesis, SEED, &verify_on_all_cores, &mut |_, _| {});
        assert!(verified.as_ref().is_ok_and(Verified::is_sound), "{verified:?}");
    };
    sound(&mut restored);
    let notes = restored.log();
    assert!(notes.iter().all(|line| line.contains("made from the journal")), "{notes:?}");
}

#[test]
fn what_was_saved_stays_as_it_was_whatever_becomes_of_the_node() {
    let mut scene = Scene::new();
    let (tip, order) = (scene.stage.node.tip(), ordered(&scene.stage.node.reader()));
    save(&scene.stage.node, &scene.at("saved"));
    // The other branch wins, the chain goes on, and what was before is forgotten.
    let mut other = scene.stage.miner();
    for block in &scene.blocks[..5] {
        other.follower.submit(block.clone()).unwrap();
    }
    let winning = other.fork(3).mine_payments(8, &[1, 3]);
    assert!(scene.stage.node.submit_all(&winning).iter().all(Result::is_ok));
    assert_eq!(scene.stage.node.tip().hash, tip_of(&winning));
    let first = scene.restored("saved", "first", 1);
    scene.stage.node.stop();
    let (folder, genesis) = (scene.stage.node.options().data_dir, &scene.stage.network.genesis);
    prune(&folder, genesis, SEED, 2).unwrap();
    fs::remove_dir_all(&folder).unwrap();

    // The first that was restored goes another way than the second.
    wait_for_pool(&first, &sorted(&order));
    let block = scene.miner.mine(Vec::new());
    assert_eq!(first.submit(&block), Ok(GREW));
    let again = save(&first, &scene.at("again"));
    assert_eq!((again.tip, again.epoch), (block.header.hash(), 1));
    for name in ["second", "third"] {
        let restored = scene.restored("saved", name, 2);
        assert_eq!(restored.tip().hash, tip.hash);
        wait_for_pool(&restored, &sorted(&order));
        assert_eq!(ordered(&restored.reader()), order);
    }
    let later = scene.restored("again", "later", 3);
    assert_eq!(later.tip().hash, block.header.hash());
}

fn sorted(names: &[TxHash]) -> Vec<TxHash> {
    let mut names = names.to_vec();
    names.sort();
    names
}

#[test]
fn node_can_be_saved_again_and_again_and_each_save_is_its_own() {
    let mut scene = Scene::new();
    let mut tips = Vec::new();
    for number in 0..5 {
        tips.push(save(&scene.stage.node, &scene.at(&format!("saved-{number}"))));
        // Every other time nothing has happened between.
        if number % 2 == 0 {
            let block = scene.miner.mine(Vec::new());
            assert_eq!(scene.stage.node.submit(&block), Ok(GREW));
        }
    }
    scene.stage.node.restart();
    for (number, saved) in tips.iter().enumerate() {
        let restored = scene.restored(&format!("saved-{number}"), &format!("node-{number}"), 1);
        assert_eq!(restored.tip().hash, saved.tip);
    }
}

#[test]
fn node_that_was_pruned_is_saved_with_where_it_begins() {
    let mut scene = Scene::new();
    scene.stage.node.stop();
    let folder = scene.stage.node.options().data_dir;
    prune(&folder, &scene.stage.network.genesis, SEED, 2).unwrap();
    scene.stage.node.start_again();
    let saved = save(&scene.stage.node, &scene.at("saved"));
    let restored = scene.restored("saved", "restored", 1);
    assert_eq!((restored.tip().hash, restored.handle().base().0), (saved.tip, saved.height.0 - 2));
}

#[test]
fn what_others_keep_beside_the_store_is_saved_with_it() {
    let scene = Scene::new();
    let folder = scene.stage.node.options().data_dir;
    fs::create_dir(folder.join("net")).unwrap();
    for (name, text) in [("net/identity.key", "key"), ("net/peers.book.new", "half"), ("api-token", "word")] {
        fs::write(folder.join(name), text).unwrap();
    }
    save(&scene.stage.node, &scene.at("saved"));
    drop(scene.restored("saved", "restored", 1));
    let restored = scene.at("restored");
    assert_eq!(fs::read(restored.join("net/identity.key")).unwrap(), b"key");
    assert_eq!(fs::read(restored.join("api-token")).unwrap(), b"word");
    assert!(!restored.join("net/peers.book.new").exists());
    // Written anew there, it stays as it was where it was saved.
    fs::write(restored.join("api-token"), "other").unwrap();
    assert_eq!(fs::read(scene.at("saved/api-token")).unwrap(), b"word");
}

#[test]
fn nothing_is_saved_or_restored_over_anything() {
    let scene = Scene::new();
    save(&scene.stage.node, &scene.at("saved"));
    let held = hold(&scene.stage.node.handle());
    let again = held.save_to(&scene.at("saved")).unwrap_err();
    assert!(matches!(again, StorageError::AlreadyThere(_)), "{again}");
    fs::create_dir(scene.at("empty")).unwrap();
    held.save_to(&scene.at("empty")).unwrap();
    drop(held);
    let over = restore(&scene.at("saved"), &scene.at("empty"), 1).unwrap_err();
    assert!(matches!(over, StorageError::AlreadyThere(_)), "{over}");
    // No node takes what was saved for a folder of its own.
    let options =
        || cairn::node::NodeOptions::new(scene.at("saved"), scene.stage.network.genesis.clone(), "{}");
    assert!(cairn::node::Node::start(options()).is_err());
    drop(scene.restored("saved", "restored", 1));
}

#[test]
fn save_that_fails_leaves_nothing_and_the_node_goes_on() {
    let mut scene = Scene::new();
    fs::write(scene.at("file"), "no folder").unwrap();
    let held = hold(&scene.stage.node.handle());
    assert!(held.save_to(&scene.at("file").join("saved")).is_err());
    assert!(held.save_to(&scene.at("file")).is_err());
    drop(held);
    assert_eq!(scene.stage.node.submit(&scene.miner.mine(Vec::new())), Ok(GREW));
    // What an earlier one left behind is no hindrance.
    fs::create_dir_all(scene.at("saved.part/journal-1")).unwrap();
    fs::write(scene.at("saved.part/journal-1/journal-0000000001"), "half").unwrap();
    save(&scene.stage.node, &scene.at("saved"));
    assert!(!scene.at("saved.part").exists());
    drop(scene.restored("saved", "restored", 1));
}

fn all_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(all_files(&path)) } else { files.push(path) }
    }
    files
}

#[test]
fn damage_in_what_was_saved_is_told_with_its_file_and_nothing_is_restored() {
    let scene = Scene::new();
    save(&scene.stage.node, &scene.at("saved"));
    let (saved, to) = (scene.at("saved"), scene.at("restored"));
    let files = all_files(&saved);
    assert!(files.len() >= 4, "{files:?}");
    for file in files {
        let whole = fs::read(&file).unwrap();
        let damage = |bytes: Option<&[u8]>| {
            // Away first: its other name is the node's own.
            fs::remove_file(&file).unwrap();
            bytes.into_iter().for_each(|bytes| fs::write(&file, bytes).unwrap());
            let error = restore(&saved, &to, 1).unwrap_err();
            let said = error.to_string();
            assert!(said.contains("saved") && said.contains("restore"), "{}: {said}", file.display());
            if bytes.is_some() {
                let name = file.file_name().unwrap().to_str().unwrap();
                assert!(said.contains(name), "{name}: {said}");
            }
            assert!(!to.exists());
        };
        for at in [0, whole.len() / 2, whole.len() - 2] {
            let mut bytes = whole.clone();
            bytes[at] ^= 2;
            damage(Some(&bytes));
        }
        damage(Some(&whole[..whole.len() / 2]));
        if file.file_name().unwrap() != "saved.json" {
            damage(None);
        }
        fs::write(&file, &whole).unwrap();
    }
    drop(scene.restored("saved", "restored", 1));
}
