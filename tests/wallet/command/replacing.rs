//! What can be put in the place of a payment, and what cannot any more.

use std::fs;
use std::process::Stdio;
use std::thread;

use serde_json::json;

use super::chain::{Devnet, ends_with, stage};
use super::stage::Home;

/// The name of what an order sends that is not waited for.
fn sent(home: &Home, devnet: &Devnet, order: &[&str]) -> String {
    let told = devnet.wallet(home, &[order, &["--yes", "--wait", "0", "--json"]].concat()).json();
    told["txid"].as_str().unwrap().to_owned()
}

#[test]
fn payment_whose_last_block_has_passed_is_taken_back_for_good_and_not_raised() {
    let (home, devnet) = stage();
    let txid = sent(&home, &devnet, &["send", "bob", "1", "--expires", "1"]);
    devnet.rival(2).iter().for_each(|block| devnet.submit(block));
    assert_eq!(devnet.waiting(), 0);
    let raised = devnet.wallet(&home, &["bump", &txid, "--yes", "--wait", "0"]);
    ends_with(&raised, 1, "could stand in no block above height 1, and the next is at height 3");
    let cancel = sent(&home, &devnet, &["cancel", &txid]);
    assert_eq!(devnet.pool(), [&*cancel]);
    // It has no last block itself.
    let shown = devnet.wallet(&home, &["show", &cancel, "--json"]).json();
    assert_eq!(shown["transaction"]["expiry"], json!(null));
}

#[test]
fn cancel_that_comes_too_late_says_so_and_names_what_was_paid() {
    let (home, devnet) = stage();
    let first = sent(&home, &devnet, &["send", "bob", "1"]);
    let block = devnet.found();
    let (later, before) = (devnet.for_another(), first.clone());
    let miner = thread::spawn(move || {
        later.until_another_waits_than(&before);
        later.submit(&block);
    });
    let cancel = ["cancel", &*first, "--yes", "--timeout", "60", "--json"];
    for _ in 0..2 {
        let late = devnet.wallet(&home, &cancel);
        ends_with(&late, 1, &format!("too late: {first} stands in the block at height 1"));
        assert!(late.out.contains("\"too_late\""), "{late:?}");
    }
    miner.join().unwrap();
}

#[test]
fn what_was_signed_can_be_seen_though_no_node_knows_it() {
    let (home, mut devnet) = stage();
    let first = sent(&home, &devnet, &["send", "bob", "1", "--once", "a"]);
    devnet.forget_everything(&home);
    let shown = devnet.wallet(&home, &["show", &first]);
    for part in
        ["never heard of it", "1 CRN to bob", "for the order `a`", "a node took it", "`cairn wallet bump"]
    {
        assert!(shown.success().contains(part), "{part:?} is not in {shown:?}");
    }
    let shown = devnet.wallet(&home, &["show", &first, "--json"]).json();
    assert_eq!((&shown["status"], &shown["wallet"]["progress"]), (&json!("unknown"), &json!("taken")));
    assert_eq!(shown["transaction"]["actions"][0]["amount"], json!("100000000"));
    let nobodys = "00".repeat(32);
    ends_with(&devnet.wallet(&home, &["show", &nobodys]), 1, "remembers nothing of it");
}

#[test]
fn cancel_that_was_cut_off_names_the_way_on() {
    let (home, mut devnet) = stage();
    let first = sent(&home, &devnet, &["send", "bob", "1"]);
    let mut command = devnet.command(&home, &["cancel", &first, "--yes"]);
    let mut killed = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    devnet.until_another_waits_than(&first);
    killed.kill().unwrap();
    killed.wait().unwrap();
    let cancel = devnet.pool()[0].clone();
    // As if no node had heard of it.
    devnet.forget_everything(&home);
    let path = home.named("default.json.sent");
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("\"taken\"", "\"signed\"")).unwrap();
    let way = format!("no node may have heard of it: `cairn wallet bump {cancel}` sends it");
    for other in [&["bump", &first][..], &["cancel", &first, "--fee", "0.5"]] {
        ends_with(&devnet.wallet(&home, &[other, &["--yes", "--high-fee", "--wait", "0"]].concat()), 1, &way);
    }
    let again = devnet.wallet(&home, &["bump", &cancel, "--yes", "--wait", "0", "--json"]).json();
    assert_eq!((&again["txid"], devnet.pool()), (&json!(cancel), vec![cancel.clone()]));
}
