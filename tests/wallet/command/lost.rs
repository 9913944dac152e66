//! When a payment is said to be lost, so that somebody pays again: by proof alone, and never by a node's word.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::{Value, json};

use super::chain::{Devnet, Lie, ends_with, stage};
use super::stage::Home;
use crate::process::Answer;

/// Blocks that make it certain.
const DEPTH: usize = 6;

/// The last part of a path about one transaction.
fn txid_in(path: &str) -> Option<&str> {
    path.strip_prefix("/v1/transactions/").filter(|rest| !rest.contains('/'))
}

/// A node that says of whatever was replaced that it waits, until it is told to say what is.
fn hiding(is_hidden: &'static AtomicBool) -> &'static Lie {
    Box::leak(Box::new(move |path: &str, body: &str| match txid_in(path) {
        Some(txid) if body.contains("\"replaced\"") && is_hidden.load(Ordering::Relaxed) => {
            json!({ "txid": txid, "status": "pending", "seconds": 0, "ready": true, "transaction": null })
                .to_string()
        }
        _ => body.to_owned(),
    }))
}

/// A home whose wallet has seen a block, and checked it, because somebody asked for that or has paid before.
fn stage_with_headers(by_paying: bool) -> (Home, Devnet) {
    let (home, devnet) = stage();
    devnet.rival(1).iter().for_each(|block| devnet.submit(block));
    if by_paying {
        devnet.wallet(&home, &["send", "bob", "7", "--yes", "--wait", "0"]).success();
        devnet.mine(1);
    } else {
        devnet.wallet(&home, &["balance", "--verify"]).success();
    }
    (home, devnet)
}

/// How a payment ends that is taken back while it is waited for, so many blocks before that is seen.
fn taken_back(
    home: &Home,
    devnet: &Devnet,
    blocks: usize,
    lie: &'static Lie,
    is_hidden: &AtomicBool,
) -> Answer {
    thread::scope(|scope| {
        let whoever = devnet.for_another();
        let order = ["send", "bob", "1", "--yes", "--timeout", "5", "--json"];
        let waiting = scope.spawn(move || whoever.wallet_through(home, lie, &order));
        devnet.until_waiting(1);
        let txid = devnet.pool()[0].clone();
        devnet.wallet(home, &["cancel", &txid, "--yes", "--wait", "0"]).success();
        devnet.mine(blocks);
        is_hidden.store(false, Ordering::Relaxed);
        waiting.join().unwrap()
    })
}

#[test]
fn payment_is_lost_once_another_with_its_number_stands_deep_enough() {
    static IS_HIDDEN: AtomicBool = AtomicBool::new(true);
    for by_paying in [false, true] {
        IS_HIDDEN.store(true, Ordering::Relaxed);
        let (home, devnet) = stage_with_headers(by_paying);
        let ended = taken_back(&home, &devnet, DEPTH, hiding(&IS_HIDDEN), &IS_HIDDEN);
        ends_with(&ended, 5, "which the node proved: another of this account took its place");
        let told: Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!(told["error"]["code"], json!("lost"));
        // A reorganization that is deeper still could bring it back, so the same has to be meant.
        let send = ["send", "bob", "1", "--yes", "--wait", "0"];
        let named = told["error"]["txid"].as_str().unwrap();
        ends_with(
            &devnet.wallet(&home, &send),
            3,
            &format!("to pay the same once more, say --again {named}"),
        );
        devnet.wallet(&home, &[&send[..], &["--again", named]].concat()).success();
        assert_eq!(devnet.waiting(), 1);
    }
}

#[test]
fn payment_is_not_lost_by_blocks_that_nothing_is_held_against() {
    static IS_HIDDEN: AtomicBool = AtomicBool::new(true);
    let (home, devnet) = stage();
    let ended = taken_back(&home, &devnet, DEPTH, hiding(&IS_HIDDEN), &IS_HIDDEN);
    ends_with(&ended, 4, "which the node says and does not prove");
}

#[test]
fn payment_is_in_doubt_while_the_block_against_it_may_be_taken_back() {
    static IS_HIDDEN: AtomicBool = AtomicBool::new(true);
    let (home, devnet) = stage();
    let ended = taken_back(&home, &devnet, DEPTH - 1, hiding(&IS_HIDDEN), &IS_HIDDEN);
    ends_with(&ended, 4, "5 of the 6 blocks are there that make it certain");
    let told: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(told["error"]["code"], json!("in_doubt"));
}

/// Says that another took the place of whatever it is asked about, and that this one lies deep.
fn made_up(path: &str, body: &str) -> String {
    let rival = "77".repeat(32);
    match txid_in(path) {
        Some(txid) if txid == rival => json!({
            "txid": txid, "status": "confirmed", "block": "00".repeat(32), "height": 1, "position": 1, "depth": 99, "time": 1,
            "charge": "0", "transaction": null,
        })
        .to_string(),
        Some(txid) => json!({ "txid": txid, "status": "replaced", "by": rival, "transaction": null }).to_string(),
        None => body.to_owned(),
    }
}

/// Says of whatever it is asked about that its last block has passed, long ago.
fn passed(path: &str, body: &str) -> String {
    match txid_in(path) {
        Some(txid) => json!({ "txid": txid, "status": "expired", "transaction": null }).to_string(),
        None if path == "/v1/tip" => {
            let mut tip: Value = serde_json::from_str(body).unwrap();
            tip["height"] = json!(1_000);
            tip.to_string()
        }
        None => body.to_owned(),
    }
}

#[test]
fn nothing_is_lost_by_a_nodes_word_alone() {
    let (home, devnet) = stage();
    let send = |lie: &'static Lie, order: &[&str]| {
        devnet.wallet_through(&home, lie, &[&["send", "bob"], order, &["--yes", "--timeout", "5"]].concat())
    };
    ends_with(&send(&made_up, &["1"]), 4, "which the node says and does not prove");
    ends_with(&send(&passed, &["2"]), 4, "and there is no such block");
    ends_with(&send(&passed, &["3", "--expires", "1"]), 4, "which the node says and does not prove");
    assert_eq!(devnet.waiting(), 3);
}

#[test]
fn payment_whose_last_block_has_passed_is_lost_once_that_lies_deep_enough() {
    for (blocks, code, said) in [
        (DEPTH + 1, 4, "5 of the 6 blocks are there that make it certain"),
        (DEPTH + 2, 5, "which the node proved: the last block it could stand in has passed"),
    ] {
        let (home, devnet) = stage_with_headers(false);
        let ended = thread::scope(|scope| {
            let (whoever, home) = (devnet.for_another(), &home);
            let order = ["send", "bob", "1", "--expires", "1", "--yes", "--timeout", "5"];
            let waiting = scope.spawn(move || whoever.wallet(home, &order));
            devnet.until_waiting(1);
            devnet.rival(blocks).iter().skip(1).for_each(|block| devnet.submit(block));
            waiting.join().unwrap()
        });
        ends_with(&ended, code, said);
    }
}

#[test]
fn payment_whose_fee_is_raised_elsewhere_is_followed() {
    let (home, devnet) = stage();
    thread::scope(|scope| {
        let (whoever, home) = (devnet.for_another(), &home);
        let waiting = scope.spawn(move || whoever.wallet(home, &["send", "bob", "1", "--yes", "--json"]));
        devnet.until_waiting(1);
        let first = devnet.pool()[0].clone();
        devnet.wallet(home, &["bump", &first, "--yes", "--wait", "0"]).success();
        devnet.until_another_waits_than(&first);
        let raised = devnet.pool()[0].clone();
        // Long enough to be seen waiting.
        thread::sleep(std::time::Duration::from_millis(600));
        devnet.mine(1);
        let told = waiting.join().unwrap().json();
        assert_eq!((&told["txid"], &told["height"]), (&json!(raised), &json!(1)));
        assert_eq!(told["instead_of"], json!(first));
        assert!(told["notes"][0].as_str().unwrap().contains("took the place of"), "{told}");
    });
    // Whoever ordered it knows, and means another.
    let anew = devnet.wallet(&home, &["send", "bob", "1", "--yes", "--wait", "0", "--json"]).json();
    assert_eq!((&anew["repeated"], &anew["nonce"]), (&json!(false), &json!(1)));
}
