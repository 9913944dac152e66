//! Scripts that say the same until it ends well: however often, each payment is made once, and each fee raised once.

use std::process::Stdio;

use serde_json::json;

use super::chain::{Devnet, ends_with, stage};
use super::stage::Home;
use crate::process::Answer;

/// What a script says over and over while blocks are late.
const TURNS: usize = 3;

fn turn(home: &Home, devnet: &Devnet, order: &[&str]) -> Answer {
    devnet.wallet(home, &[order, &["--yes", "--timeout", "1", "--json"]].concat())
}

/// What an order sends that is not waited for.
fn sent(home: &Home, devnet: &Devnet, order: &[&str]) -> String {
    let told = devnet.wallet(home, &[order, &["--yes", "--wait", "0", "--json"]].concat()).json();
    told["txid"].as_str().unwrap().to_owned()
}

fn fee_of(home: &Home, devnet: &Devnet, txid: &str) -> u64 {
    let shown = devnet.wallet(home, &["show", txid, "--json"]).json();
    shown["transaction"]["fee"].as_str().unwrap().parse().unwrap()
}

/// In pebbles.
fn balance(home: &Home, devnet: &Devnet, account: &str) -> u64 {
    let said = devnet.wallet(home, &["balance", account, "--json"]).json();
    said["balance"].as_str().unwrap().parse().unwrap()
}

#[test]
fn fee_that_a_script_raises_until_a_block_comes_is_raised_once() {
    let (home, devnet) = stage();
    let (main, bob) = (balance(&home, &devnet, "main"), balance(&home, &devnet, "bob"));
    let first = sent(&home, &devnet, &["send", "bob", "1"]);
    let bump = ["bump", &*first];
    ends_with(&turn(&home, &devnet, &bump), 4, "");
    let raised = devnet.pool()[0].clone();
    assert_ne!(raised, first);
    for _ in 0..TURNS {
        ends_with(&turn(&home, &devnet, &bump), 4, "");
        assert_eq!(devnet.pool(), [&*raised]);
    }
    // A higher one on purpose: by its amount, or by the name of what is raised.
    let higher = sent(&home, &devnet, &["bump", &first, "--fee", "0.001"]);
    assert_ne!(higher, raised);
    ends_with(&turn(&home, &devnet, &["bump", &raised]), 4, "");
    assert_eq!(devnet.pool(), [&*higher]);
    let highest = sent(&home, &devnet, &["bump", &higher]);
    assert_eq!(devnet.pool(), [&*highest]);
    let fee = fee_of(&home, &devnet, &highest);
    devnet.mine(1);
    let told = turn(&home, &devnet, &bump).json();
    assert_eq!((&told["txid"], &told["repeated"]), (&json!(highest), &json!(true)));
    let coin = 100_000_000;
    assert_eq!(balance(&home, &devnet, "bob") - bob, coin);
    assert_eq!(main - balance(&home, &devnet, "main"), coin + fee);
}

#[test]
fn fee_that_is_raised_by_a_tenth_is_held_against_what_it_takes() {
    let (home, devnet) = stage();
    let first = sent(&home, &devnet, &["send", "bob", "1", "--fee", "0.5", "--high-fee"]);
    let bump = ["bump", &*first, "--yes", "--wait", "0"];
    ends_with(&devnet.wallet(&home, &bump), 3, "Say --high-fee");
    assert_eq!(devnet.pool(), [&*first]);
    devnet.wallet(&home, &[&bump[..], &["--high-fee"]].concat()).success();
}

#[test]
fn payment_that_a_script_takes_back_until_a_block_comes_is_taken_back_once_and_well() {
    let (home, devnet) = stage();
    let bob = balance(&home, &devnet, "bob");
    let first = sent(&home, &devnet, &["send", "bob", "1"]);
    let cancel = ["cancel", &*first];
    ends_with(&turn(&home, &devnet, &cancel), 4, "");
    let taking = devnet.pool()[0].clone();
    for _ in 0..TURNS {
        ends_with(&turn(&home, &devnet, &cancel), 4, "");
        assert_eq!(devnet.pool(), [&*taking]);
    }
    devnet.mine(1);
    let told = turn(&home, &devnet, &cancel).json();
    assert_eq!((&told["txid"], &told["status"]), (&json!(taking), &json!("confirmed")));
    assert_eq!(balance(&home, &devnet, "bob"), bob);
}

#[test]
fn payment_that_a_script_means_once_more_until_a_block_comes_is_made_once_more() {
    let (home, devnet) = stage();
    let bob = balance(&home, &devnet, "bob");
    let first = sent(&home, &devnet, &["send", "bob", "1"]);
    let again = ["send", "bob", "1", "--again", &*first];
    for _ in 0..=TURNS {
        ends_with(&turn(&home, &devnet, &again), 4, "");
        assert_eq!(devnet.waiting(), 2);
    }
    // A higher fee is no other payment.
    let second = devnet.pool().into_iter().find(|txid| *txid != first).unwrap();
    sent(&home, &devnet, &["bump", &second]);
    ends_with(&turn(&home, &devnet, &again), 4, "");
    assert_eq!(devnet.waiting(), 2);
    devnet.mine(1);
    for _ in 0..TURNS {
        assert_eq!(turn(&home, &devnet, &again).json()["repeated"], json!(true));
    }
    let coin = 100_000_000;
    assert_eq!((devnet.waiting(), balance(&home, &devnet, "bob") - bob), (0, 2 * coin));
    let other = ["send", "bob", "2", "--again", &first, "--yes", "--wait", "0"];
    ends_with(&devnet.wallet(&home, &other), 1, "is no payment of just this");
}

#[test]
fn refusal_that_says_how_nothing_is_paid_keeps_its_word() {
    let (home, devnet) = stage();
    let first = sent(&home, &devnet, &["send", "bob", "1"]);
    let again = ["send", "bob", "1", "--yes", "--again", &first];
    let mut killed =
        devnet.command(&home, &again).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    devnet.until_waiting(2);
    killed.kill().unwrap();
    killed.wait().unwrap();
    let advice = "Order it once more as that was ordered, and you are told, and nothing is paid";
    ends_with(&devnet.wallet(&home, &["prepare", "bob", "1", "--out", "wish.json"]), 3, advice);
    ends_with(&turn(&home, &devnet, &again[..3]), 4, "");
    ends_with(&devnet.wallet(&home, &[&again[..], &["--wait", "0"]].concat()), 0, "");
    assert_eq!(devnet.waiting(), 2);
}
