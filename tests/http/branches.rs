//! Branches, reorganizations, and what became of transactions that were not mined.

use axum::http::StatusCode;
use cairn::testkit::{Actor, Follower};
use cairn::types::{Address, Block, Height, Transaction};
use serde_json::{Value, json};

use crate::stage::{Stage, raw};

fn rival_address() -> Address {
    Address::from_bytes([0xb0; 32])
}

/// A block of somebody who makes another branch.
pub fn rival(follower: &mut Follower, transactions: Vec<Transaction>) -> Block {
    let hash = follower.mine(rival_address(), transactions);
    follower.block(&hash).block().clone()
}

/// Two payments are taken off: one is mined again, one conflicts with what is mined instead, one returns to the pool.
pub fn reorganized() -> (Stage, [Transaction; 4], Vec<Block>) {
    let mut stage = Stage::new();
    let mut other = stage.miner.clone();
    let (params, again, waits) =
        (stage.network.params(), stage.payment(0, 1, 1000), stage.payment(2, 3, 1000));
    let loses = Actor::new(1).pay(params, 0, &Actor::new(2), 5, 500);
    let wins = Actor::new(1).pay(params, 0, &Actor::new(3), 6, 500);
    let mut blocks = vec![stage.mine(vec![again.clone(), loses.clone(), waits.clone()])];
    for transactions in [vec![again.clone(), wins.clone()], Vec::new()] {
        let block = rival(&mut other, transactions);
        stage.node.submit(&block).unwrap();
        blocks.push(block);
    }
    stage.node.wait_for_indexes();
    (stage, [again, loses, waits, wins], blocks)
}

#[test]
fn tips_name_the_branch_that_is_followed_and_those_beside_it() {
    let (stage, _, blocks) = reorganized();
    let tips = stage.json("/v1/tips");
    let told = |at: usize| {
        let tip = &tips[at];
        (
            tip["hash"].clone(),
            tip["height"].clone(),
            tip["fork"].clone(),
            tip["length"].clone(),
            tip["status"].clone(),
        )
    };
    assert_eq!(told(0), (json!(blocks[2].header.hash()), json!(2), json!(2), json!(0), json!("followed")));
    assert_eq!(told(1), (json!(blocks[0].header.hash()), json!(1), json!(0), json!(1), json!("side")));
    assert_eq!(tips.as_array().unwrap().len(), 2);
}

#[test]
fn a_reorganization_is_told_with_what_became_of_its_transactions() {
    let (stage, [again, loses, waits, _], blocks) = reorganized();
    let list = stage.json("/v1/reorganizations");
    assert_eq!(list.as_array().unwrap().len(), 1);
    let [off, first, second] = [0, 1, 2].map(|at: usize| blocks[at].header.hash());
    assert_eq!(list[0]["disconnected"], json!([off]));
    assert_eq!(list[0]["connected"], json!([first, second]));
    let step = &list[0]["step"];
    let story = stage.json(&format!("/v1/reorganizations/{step}"));
    assert_eq!(story["cursor"], list[0]["cursor"]);
    let names = |transaction: &Transaction| json!([transaction.body.txid()]);
    assert_eq!(
        story["transactions"],
        json!({
            "mined_again": names(&again), "pending": names(&waits), "conflicted": names(&loses),
            "dropped": [], "complete": true,
        })
    );
    assert_eq!(stage.get("/v1/reorganizations/77").code(), "not_found");
    assert_eq!(stage.get("/v1/reorganizations/last").code(), "bad_value");
}

#[test]
fn story_follows_what_waits_and_what_is_mined_after() {
    let (mut stage, [again, _, waits, _], _) = reorganized();
    let step = stage.json("/v1/reorganizations")[0]["step"].clone();
    let fates = |stage: &Stage| stage.json(&format!("/v1/reorganizations/{step}"))["transactions"].clone();
    let name = json!([waits.body.txid()]);
    assert_eq!(fates(&stage)["pending"], name);
    let dearer = Actor::new(2).pay(stage.network.params(), 0, &Actor::new(3), 1000, 50_000);
    stage.node.send(&dearer).unwrap();
    assert_eq!(
        (&fates(&stage)["pending"], &fates(&stage)["dropped"]),
        (&json!([]), &name),
        "at the same tip"
    );
    let mut miner = Follower::new(&stage.network);
    let followed: Vec<Block> = (1..=2).map(|height| block_at(&stage, height)).collect();
    for block in followed {
        miner.submit(block).unwrap();
    }
    stage.miner = miner;
    stage.mine(vec![waits.clone()]);
    stage.node.wait_for_indexes();
    assert_eq!(fates(&stage)["mined_again"], json!([again.body.txid(), waits.body.txid()]));
}

fn block_at(stage: &Stage, height: u32) -> Block {
    let reader = stage.node.reader();
    reader.block(&reader.header_at(Height(height)).unwrap().hash).unwrap().unwrap()
}

#[test]
fn a_transaction_that_lost_is_said_to_have_lost() {
    let (stage, [_, loses, waits, wins], _) = reorganized();
    let status =
        |transaction: &Transaction| stage.json(&format!("/v1/transactions/{}", transaction.body.txid()));
    assert_eq!(status(&wins)["status"], "confirmed");
    assert_eq!(status(&waits)["status"], "pending");
    assert_eq!((&status(&loses)["status"], &status(&loses)["by"]), (&json!("replaced"), &Value::Null));
}

#[test]
fn one_that_was_replaced_or_has_expired_says_so() {
    let mut stage = Stage::new();
    let (params, actor) = (stage.network.params().clone(), Actor::new(0));
    let cheap = actor.pay(&params, 0, &Actor::new(1), 1, 500);
    let dear = actor.pay(&params, 0, &Actor::new(1), 1, 5000);
    stage.node.send(&cheap).unwrap();
    stage.node.send(&dear).unwrap();
    let said = stage.json(&format!("/v1/transactions/{}", cheap.body.txid()));
    assert_eq!((&said["status"], &said["by"]), (&json!("replaced"), &json!(dear.body.txid())));
    let mut body = Actor::new(1).body(&params, 0, 500, dear.body.actions.to_vec());
    body.expiry = Some(Height(1));
    let brief = Actor::new(1).sign(&params, body);
    stage.node.send(&brief).unwrap();
    stage.mine(Vec::new());
    assert_eq!(stage.json(&format!("/v1/transactions/{}", brief.body.txid()))["status"], "expired");
}

#[test]
fn a_trial_says_what_sending_would_say_and_leaves_nothing_behind() {
    let stage = Stage::new();
    let (params, actor) = (stage.network.params(), Actor::new(0));
    let cheap = actor.pay(params, 0, &Actor::new(1), 1, 500);
    let dear = actor.pay(params, 0, &Actor::new(1), 1, 5000);
    let poor = Actor::new(1).pay(params, 0, &Actor::new(2), u64::MAX >> 2, 500);
    let test = |transaction: &Transaction| stage.post("/v1/transactions/test", &raw(transaction));
    assert_eq!(test(&cheap).json()["verdict"], "ready");
    assert_eq!(stage.json("/v1/mempool")["ready"], 0);
    stage.node.send(&cheap).unwrap();
    let said = test(&dear);
    assert_eq!((said.status, &said.json()["departs"]), (StatusCode::OK, &json!([cheap.body.txid()])));
    assert_eq!(test(&cheap).json()["verdict"], "known");
    assert_eq!(test(&poor).code(), "balance_too_low");
    assert_eq!(stage.json(&format!("/v1/transactions/{}", cheap.body.txid()))["status"], "pending");
}
