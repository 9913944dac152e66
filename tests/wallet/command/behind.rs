//! Nodes that mean well and lack blocks, or what waited.

use cairn::api::{Code, Problem};
use serde_json::json;

use super::chain::{ends_with, stage};

/// As a node answers that has not caught up: nothing was mined, and nothing waits.
fn behind(path: &str, body: &str) -> String {
    if path.starts_with("/v1/transactions/") {
        return json!(Problem::new(Code::TransactionUnknown, "it is not here")).to_string();
    }
    body.replace("\"nonce\":1,", "\"nonce\":0,").replace("\"next_nonce\":1,", "\"next_nonce\":0,")
}

/// As one answers that knows that it lacks blocks.
fn unready(path: &str, body: &str) -> String {
    match path {
        "/ready" => json!(Problem::new(Code::NotReady, "900 blocks are missing")).to_string(),
        _ => body.to_owned(),
    }
}

#[test]
fn payment_that_was_mined_is_not_taken_for_the_same_anew() {
    let (home, devnet) = stage();
    let order = ["send", "bob", "1", "--yes", "--wait", "0", "--json"];
    let miner = devnet.mine_soon(1);
    devnet.wallet(&home, &["send", "bob", "1", "--yes"]).success();
    miner.join().unwrap();
    let again = devnet.wallet_through(&home, &behind, &order);
    ends_with(&again, 3, "was seen in the block at height 1");
    let prepare = ["prepare", "bob", "3", "--out", "wish.json"];
    ends_with(&devnet.wallet_through(&home, &behind, &prepare), 1, "the node is behind");
    assert_eq!(devnet.waiting(), 0);
    let anew = devnet.wallet(&home, &order).json();
    assert_eq!((&anew["nonce"], &anew["repeated"]), (&json!(1), &json!(false)));
}

/// As one answers whose chain stands still.
fn standing_still(path: &str, body: &str) -> String {
    match path {
        "/ready" => json!(Problem::new(Code::NotReady, "its tip is 9000 seconds old")).to_string(),
        _ => body.replace("\"sync\":{\"state\":\"alone\"}", "\"sync\":{\"state\":\"synced\"}"),
    }
}

#[test]
fn node_whose_chain_stands_still_is_believed_and_that_is_said() {
    let (home, devnet) = stage();
    let send = ["send", "bob", "1", "--yes", "--wait", "0", "--json"];
    let told = devnet.wallet_through(&home, &standing_still, &send).json();
    let note = told["notes"][0].as_str().unwrap();
    assert!(note.contains("may be behind: its tip is 9000 seconds old"), "{note}");
    assert_eq!(devnet.waiting(), 1);
}

#[test]
fn nothing_is_paid_by_the_word_of_a_node_that_is_not_ready() {
    let (home, devnet) = stage();
    let send = ["send", "bob", "1", "--yes", "--wait", "0"];
    for order in [&send[..], &["prepare", "bob", "1", "--out", "wish.json"]] {
        ends_with(&devnet.wallet_through(&home, &unready, order), 1, "is not ready");
    }
    assert_eq!(devnet.waiting(), 0);
    devnet.wallet(&home, &send).success();
}
