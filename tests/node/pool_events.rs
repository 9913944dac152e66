//! What enters the pool and leaves it, as it is told and as it is remembered.

use std::collections::BTreeSet;

use cairn::node::{Left, PoolEvent, Verdict};
use cairn::testkit::{Actor, within};
use cairn::types::{Action, Amount, Height, Reference, Transaction, TxHash};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

use crate::stage::{Stage, miner_address};

fn pay(stage: &Stage, from: u32, nonce: u64, fee: u64) -> Transaction {
    Actor::new(from).pay(stage.network.params(), nonce, &Actor::new(from + 1), 1000, fee)
}

fn expiring(stage: &Stage, from: u32, nonce: u64, expiry: Height) -> Transaction {
    let (params, actor) = (stage.network.params(), Actor::new(from));
    let (to, reference) = (Actor::new(9).address(), Reference::default());
    let pay = Action::Pay { to, amount: Amount::from_pebbles(5), reference };
    let mut body = actor.body(params, nonce, 100, vec![pay]);
    body.expiry = Some(expiry);
    actor.sign(params, body)
}

fn entered(of: &Transaction) -> PoolEvent {
    PoolEvent::Entered { hash: of.hash(), txid: of.body.txid() }
}

fn returned(of: &Transaction) -> PoolEvent {
    PoolEvent::Returned { hash: of.hash(), txid: of.body.txid() }
}

fn left(of: &Transaction, why: Left) -> PoolEvent {
    PoolEvent::Left { hash: of.hash(), txid: of.body.txid(), why }
}

/// What has been told, once so many events have come; nothing more is on its way then.
fn told(events: &mut Receiver<PoolEvent>, count: usize) -> Vec<PoolEvent> {
    let told = (0..count).map(|_| within("an event", events.recv()).unwrap()).collect();
    assert_eq!(events.try_recv(), Err(TryRecvError::Empty));
    told
}

#[test]
fn every_change_of_the_pool_is_told_with_its_reason() {
    let mut stage = Stage::new();
    let mut miner = stage.miner();
    let mut events = stage.node.handle().pool_events();
    let (cheap, dear) = (pay(&stage, 0, 0, 100), pay(&stage, 0, 0, 500));
    let (ours, theirs) = (pay(&stage, 1, 0, 100), pay(&stage, 1, 0, 90));
    let late = expiring(&stage, 2, 0, Height(1));
    for transaction in [&cheap, &dear, &ours, &late] {
        stage.node.send(transaction).unwrap();
    }
    let replaced = left(&cheap, Left::Replaced { by: dear.body.txid() });
    let expected = [entered(&cheap), entered(&dear), replaced, entered(&ours), entered(&late)];
    assert_eq!(told(&mut events, 5), expected);
    let reader = stage.node.reader();
    assert_eq!(reader.departed(&cheap.body.txid()), Some(Left::Replaced { by: dear.body.txid() }));
    assert_eq!(reader.departed(&dear.body.txid()), None);

    let mut other = miner.fork(1);
    stage.grow(&[miner.mine(vec![dear.clone(), theirs.clone()])]);
    let expected = [left(&dear, Left::Mined), left(&ours, Left::Conflicted), left(&late, Left::Expired)];
    assert_eq!(told(&mut events, 3), expected);
    let reader = stage.node.reader();
    let why = [&dear, &ours, &late].map(|gone| reader.departed(&gone.body.txid()));
    assert_eq!(why, [None, Some(Left::Conflicted), Some(Left::Expired)]);

    // On another branch both of that block come back, and what conflicted may come again.
    let verdicts = stage.node.submit_all(&other.mine_empty(2));
    assert_eq!(verdicts[1], Ok(Verdict::Followed { reverted: 1 }));
    assert_eq!(told(&mut events, 2), [returned(&dear), returned(&theirs)]);
    stage.node.send(&pay(&stage, 1, 0, 900)).unwrap();
    let (third, reader) = (pay(&stage, 1, 0, 900), stage.node.reader());
    assert_eq!(
        told(&mut events, 2),
        [entered(&third), left(&theirs, Left::Replaced { by: third.body.txid() })]
    );
    assert_eq!(reader.departed(&theirs.body.txid()), Some(Left::Replaced { by: third.body.txid() }));

    stage.node.restart();
    assert!(within("the end", events.recv()).is_err());
    assert_eq!(stage.node.reader().departed(&theirs.body.txid()), None, "it is kept in memory alone");
}

#[test]
fn pool_that_is_put_together_from_events_is_the_pool() {
    let stage = Stage::new();
    let mut miner = stage.miner();
    let mut events = stage.node.handle().pool_events();
    let mut past = miner.clone();
    for round in 0..12 {
        let next = |who: u32| miner.nonce(who);
        for who in 0..6 {
            // Some follow, some replace, some wait for what never comes.
            let nonce = next(who) + [0, 0, 1, 3][(round + who as usize) % 4];
            let _ = stage.node.send(&pay(&stage, who, nonce, 100 + 150 * round as u64));
        }
        match round % 4 {
            0 => past = miner.clone(),
            3 => {
                // Back to three blocks ago, and past where this branch stood.
                let mut other = past.fork(round as u8);
                other.recipient = miner_address(round as u8 % 8);
                let blocks = other.mine_payments(5, &[round as u32 % 6]);
                assert!(stage.node.submit_all(&blocks).iter().all(Result::is_ok));
                miner = other;
                continue;
            }
            _ => {}
        }
        let who = round as u32 % 6;
        let foreign = pay(&stage, who, miner.nonce(who), 7);
        let waiting = stage.node.reader().pool().unwrap();
        let best = waiting.entries().first().map(|entry| entry.transaction().transaction().clone());
        let mut block: Vec<Transaction> = best.into_iter().collect();
        if !block.iter().any(|best| best.body.policy == foreign.body.policy) {
            block.push(foreign);
        }
        stage.grow(&[miner.mine(block)]);
    }
    let expected: BTreeSet<TxHash> =
        stage.node.handle().look(|_, pool| pool.all().map(|entry| entry.facts().hash).collect());
    let mut pool = BTreeSet::new();
    let mut returned_count = 0;
    while let Ok(event) = events.try_recv() {
        match event {
            PoolEvent::Entered { hash, .. } => assert!(pool.insert(hash), "it enters once"),
            PoolEvent::Returned { hash, .. } => {
                assert!(pool.insert(hash), "it returns once");
                returned_count += 1;
            }
            PoolEvent::Left { hash, .. } => {
                pool.remove(&hash);
            }
        }
    }
    assert!(returned_count > 0 && !expected.is_empty());
    assert_eq!(pool, expected);
}
