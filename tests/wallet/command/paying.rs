//! Paying, against a node that mines when it is told to.

use std::fs;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use cairn::types::Address;
use serde_json::{Value, json};

use super::chain::{Devnet, Lie, ends_with, stage};
use super::stage::Home;
use crate::process::Answer;

/// So many coins, in JSON.
fn coins(coins: f64) -> Value {
    json!(((coins * 1e8) as u64).to_string())
}

/// A command that goes on while the test does.
fn begin(home: &Home, devnet: &Devnet, arguments: &[&str]) -> Child {
    let mut command = devnet.command(home, arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn balance(home: &Home, devnet: &Devnet, account: &str) -> Value {
    devnet.wallet(home, &["balance", account, "--json"]).json()["balance"].clone()
}

#[test]
fn payment_is_made_and_waited_for() {
    let (home, devnet) = stage();
    let miner = devnet.mine_soon(1);
    let sent = devnet.wallet(&home, &["send", "bob", "12.5", "--yes", "--json"]).json();
    miner.join().unwrap();
    assert_eq!(
        (&sent["status"], &sent["height"], &sent["depth"]),
        (&json!("confirmed"), &json!(1), &json!(1))
    );
    assert_eq!(sent["actions"][0]["amount"], coins(12.5));
    assert_eq!(balance(&home, &devnet, "bob"), coins(10_012.5));
    let history = devnet.wallet(&home, &["history", "bob", "--json"]).json();
    assert_eq!(history["entries"][0]["txid"], sent["txid"]);
    let shown = devnet.wallet(&home, &["show", sent["txid"].as_str().unwrap()]);
    assert!(shown.success().contains("in the block at height 1"), "{shown:?}");
}

#[test]
fn nothing_is_sent_that_nobody_agreed_to() {
    let (home, devnet) = stage();
    ends_with(&devnet.wallet(&home, &["send", "bob", "1"]), 3, "say --yes if you mean it");
    let mut terminal = devnet.at_terminal(&home, &["send", "bob", "1", "--wait", "0"]);
    let shown = terminal.answer("Send it? [y/N] ", "n");
    assert!(shown.contains("Pays    1 CRN to bob (cdev1") && shown.contains("Leaves  9999 CRN"), "{shown}");
    let (_, ended) = terminal.end();
    assert_eq!((ended, devnet.waiting()), (Some(3), 0));
    let mut terminal = devnet.at_terminal(&home, &["send", "bob", "1", "--wait", "0"]);
    terminal.answer("Send it? [y/N] ", "yes");
    let (_, ended) = terminal.end();
    assert_eq!((ended, devnet.waiting()), (Some(0), 1));
}

#[test]
fn slips_are_refused_with_a_sentence() {
    let (home, devnet) = stage();
    let bob = home.accounts()[1].1.clone();
    let letter = if &bob[20..21] == "x" { "y" } else { "x" };
    let mistyped = format!("{}{letter}{}", &bob[..20], &bob[21..]);
    let refused = |arguments: &[&str], code: i32, said: &str| {
        ends_with(&devnet.wallet(&home, &[&["send"], arguments, &["--yes"]].concat()), code, said);
    };
    refused(&[&mistyped, "1"], 1, "the letter at place 21 is likely wrong");
    refused(
        &["nobody", "1"],
        1,
        "no account, no contact and no address; on this chain an address is `cdev1` and 58",
    );
    refused(&["bob", "10001"], 1, "costs 10001 CRN, but the sender has 10000 CRN");
    refused(&["bob", "0"], 1, "pays nothing");
    refused(&["bob", "1e3"], 2, "expected an amount in coins");
    refused(&["bob", "1", "--fee", "5"], 3, "--high-fee");
    refused(&["bob"], 1, "how much?");
    refused(&["bob", "1,5"], 2, "with a point and no comma");
    refused(
        &["bitcoin:bc1qar0srrr7xfkvy5l643"],
        1,
        "this is a `bitcoin:` link, which asks for something else",
    );
    let elsewhere = Address::from_bytes([1; 32]).to_text(&"cairn".parse().unwrap());
    refused(&[&format!("cairn:{elsewhere}?amount=1")], 1, "asks for payment on another network");
    refused(&[&format!("cairn:{mistyped}?amount=1")], 1, "the letter at place 21 is likely wrong");
    refused(&["bob", "1", "--from", "carol"], 1, "carol");
    assert_eq!(devnet.waiting(), 0);
    devnet.wallet(&home, &["send", "bob", "1", "--fee", "5", "--high-fee", "--yes", "--wait", "0"]).success();
    assert_eq!(devnet.waiting(), 1);
}

#[test]
fn sends_at_once_take_different_nonces() {
    let (home, devnet) = stage();
    let running: Vec<Child> = ["1", "2", "3", "4"]
        .iter()
        .map(|amount| begin(&home, &devnet, &["send", "bob", amount, "--yes", "--wait", "0", "--json"]))
        .collect();
    let mut nonces = Vec::new();
    for process in running {
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let sent: Value = serde_json::from_slice(&output.stdout).unwrap();
        nonces.push(sent["nonce"].as_u64().unwrap());
    }
    nonces.sort_unstable();
    assert_eq!(nonces, [0, 1, 2, 3]);
    devnet.mine(1);
    assert_eq!(balance(&home, &devnet, "bob"), coins(10_010.0));
}

/// As if the process had died between writing down what it signed and hearing that a node has it.
fn cut_off(home: &Home) {
    let path = home.named("default.json.sent");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("\"taken\""));
    let text = text.replace("\"taken\"", "\"signed\"").replace("\"reported\": true", "\"reported\": false");
    fs::write(&path, text).unwrap();
}

#[test]
fn send_that_was_cut_off_is_repeated_and_pays_once() {
    let (home, mut devnet) = stage();
    let send = ["send", "bob", "1", "--yes", "--wait", "0", "--json"];
    let first = devnet.wallet(&home, &send).json();
    cut_off(&home);
    let again = devnet.wallet(&home, &send).json();
    assert_eq!((&again["txid"], devnet.waiting()), (&first["txid"], 1));
    // Before any node heard of it, too.
    cut_off(&home);
    devnet.forget_everything(&home);
    assert_eq!(devnet.waiting(), 0);
    let again = devnet.wallet(&home, &send).json();
    assert_eq!((&again["txid"], devnet.waiting()), (&first["txid"], 1));
    devnet.mine(1);
    assert_eq!(balance(&home, &devnet, "bob"), coins(10_001.0));
    // It is over with, so the same means another.
    let other = devnet.wallet(&home, &send).json();
    assert_ne!(other["txid"], first["txid"]);
}

#[test]
fn same_payment_twice_has_to_be_meant() {
    let (home, devnet) = stage();
    let send = ["send", "bob", "1", "--yes", "--wait", "0"];
    devnet.wallet(&home, &send).success();
    let first = devnet.pool()[0].clone();
    ends_with(&devnet.wallet(&home, &send), 3, &format!("say --again {first}"));
    devnet.wallet(&home, &[&send[..], &["--again", &first]].concat()).success();
    assert_eq!(devnet.waiting(), 2);
}

#[test]
fn node_that_forgot_is_told_again() {
    let (home, mut devnet) = stage();
    devnet.wallet(&home, &["send", "bob", "1", "--yes", "--wait", "0"]).success();
    devnet.forget_everything(&home);
    ends_with(
        &devnet.wallet(&home, &["send", "bob", "2", "--yes", "--wait", "0"]),
        0,
        "was sent to it again",
    );
    assert_eq!(devnet.waiting(), 2);
    devnet.mine(1);
    assert_eq!(balance(&home, &devnet, "bob"), coins(10_003.0));
}

#[test]
fn whoever_waits_is_told_how_it_ended() {
    let (home, devnet) = stage();
    let late = devnet.wallet(&home, &["send", "bob", "1", "--yes", "--timeout", "1"]);
    ends_with(&late, 4, "is on its way");
    let mut terminal = devnet.at_terminal(&home, &["send", "bob", "2", "--yes"]);
    terminal.until("waits for a block");
    terminal.interrupt();
    let (said, ended) = terminal.end();
    assert_eq!(ended, Some(4), "{said}");
    assert!(said.contains("you stopped waiting"), "{said}");
    devnet.mine(1);
    let sent = devnet.wallet(&home, &["send", "bob", "3", "--yes", "--wait", "0", "--json"]).json();
    let txid = sent["txid"].as_str().unwrap();
    let bumping = begin(&home, &devnet, &["bump", txid, "--yes", "--timeout", "30"]);
    devnet.until_another_waits_than(txid);
    let bumped = devnet.pool()[0].clone();
    devnet.wallet(&home, &["cancel", &bumped, "--yes", "--wait", "0"]).success();
    let output = bumping.wait_with_output().unwrap();
    // Any miner may still hold it.
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("is in doubt: another of this account took its place"), "{said}");
}

#[test]
fn fee_is_raised_and_payment_taken_back_while_they_wait() {
    let (home, devnet) = stage();
    let txid = |answer: Answer| answer.json()["txid"].as_str().unwrap().to_owned();
    let quick = ["--yes", "--wait", "0", "--json"];
    let wallet = |arguments: &[&str]| devnet.wallet(&home, &[arguments, &quick[..]].concat());
    let first = txid(wallet(&["send", "bob", "1", "--fee", "0.001"]));
    ends_with(&wallet(&["bump", &first, "--fee", "0.00105"]), 3, "10 % more");
    let second = txid(wallet(&["bump", &first]));
    assert_eq!(devnet.pool(), [&*second]);
    let shown = devnet.wallet(&home, &["show", &first]);
    assert!(shown.success().contains("took its place"), "{shown:?}");
    // Whoever names the first one means that which stands for it now, and has it raised once.
    assert_eq!(txid(wallet(&["bump", &first])), second);
    let third = txid(wallet(&["bump", &second]));
    assert_eq!(devnet.pool(), [&*third]);
    let fourth = txid(wallet(&["cancel", &first]));
    assert_eq!(devnet.pool(), [&*fourth]);
    let said = format!("{fourth} was signed in the place of {first} and does something else");
    ends_with(&wallet(&["bump", &first]), 1, &said);
    assert_eq!(txid(wallet(&["cancel", &first])), fourth);
    let said = format!("{fourth} was signed in the place of {first} and takes it back already");
    ends_with(&wallet(&["cancel", &first, "--fee", "0.01"]), 1, &said);
    // Until that is mined any of the others may be.
    let early = wallet(&["send", "bob", "1"]);
    ends_with(&early, 3, &format!("can be mined until {fourth}, which has its number, is: wait for that"));
    devnet.mine(1);
    ends_with(&wallet(&["cancel", &fourth]), 1, "too late");
    let said = format!("{fourth}, which has the number of {second}, was seen in the block at height 1");
    ends_with(&wallet(&["bump", &second]), 1, &said);
    // It did what it was to do, however often that is asked.
    let again = wallet(&["cancel", &first]).json();
    assert_eq!((again["txid"].as_str(), again["status"].as_str()), (Some(&*fourth), Some("confirmed")));
    // What was taken back can be paid anew, where that is meant.
    ends_with(
        &wallet(&["send", "bob", "1"]),
        3,
        &format!("By the node's word {fourth}, which has its number, stands"),
    );
    let anew = txid(wallet(&["send", "bob", "1", "--again", &first]));
    let last = txid(wallet(&["cancel", &anew]));
    assert_eq!(devnet.pool(), [&*last]);
    devnet.mine(1);
    assert_eq!(balance(&home, &devnet, "bob"), coins(10_000.0));
    let strange = "00".repeat(32);
    ends_with(&wallet(&["bump", &strange]), 1, "was not sent from this wallet");
}

#[test]
fn account_is_swept_to_the_last_pebble() {
    let (home, devnet) = stage();
    devnet.wallet(&home, &["sweep", "bob", "--fee", "0.5", "--yes", "--wait", "0"]).success();
    devnet.mine(1);
    assert_eq!(balance(&home, &devnet, "main"), coins(0.0));
    assert_eq!(balance(&home, &devnet, "bob"), coins(19_999.5));
}

#[test]
fn an_account_is_not_swept_into_itself() {
    let (home, devnet) = stage();
    for order in
        [&["sweep", "main", "--yes"][..], &["sweep", "bob", "--from", "bob"], &["prepare", "main", "--all"]]
    {
        let refused = devnet.wallet(&home, order);
        assert!(refused.failure(1).contains("is the account that would pay"), "{order:?}: {refused:?}");
    }
    assert_eq!(devnet.waiting(), 0);
}

#[test]
fn batch_pays_all_or_nothing() {
    let (home, devnet) = stage();
    let bob = home.accounts()[1].1.clone();
    home.write("wages.csv", format!("# June\nbob, 1.5, June\n\n{bob},2\n"));
    home.write("broken.csv", format!("bob,1\n{bob},x\n"));
    ends_with(&devnet.wallet(&home, &["batch", "broken.csv", "--yes"]), 1, "broken.csv, line 2: `x`");
    assert_eq!(devnet.waiting(), 0);
    devnet.wallet(&home, &["batch", "wages.csv", "--yes", "--wait", "0"]).success();
    assert_eq!(devnet.waiting(), 1);
    devnet.mine(1);
    let history = devnet.wallet(&home, &["history", "bob", "--json"]).json();
    assert_eq!(history["entries"][0]["received"], coins(3.5));
}

#[test]
fn what_was_asked_for_is_paid_and_found_by_its_reference() {
    let (home, devnet) = stage();
    let asked = ["request", "2.5", "--reference", "INVOICE-42", "--label", "Joe's shop", "--to", "bob"];
    let link = home.json(&asked)["link"].as_str().unwrap().to_owned();
    ends_with(&devnet.wallet(&home, &["send", &link, "2", "--yes"]), 1, "the link asks for 2.5 CRN");
    let nothing = home.wallet(&["request", "0"]);
    assert!(nothing.failure(2).contains("a request for nothing: say how much"), "{nothing:?}");
    let paid = devnet.wallet(&home, &["send", &link, "--yes", "--wait", "0", "--json"]).json();
    let pending = devnet.wallet(&home, &["history", "--reference", "INVOICE-42", "--json"]).json();
    assert_eq!(pending["pending"][0]["txid"], paid["txid"]);
    devnet.mine(1);
    let of = |reference| devnet.wallet(&home, &["history", "bob", "--reference", reference, "--json"]).json();
    assert_eq!(of("INVOICE-42")["entries"][0]["txid"], paid["txid"]);
    assert_eq!(of("INVOICE-43")["entries"], json!([]));
}

#[test]
fn node_of_another_chain_is_refused() {
    let (_home, devnet) = stage();
    let other = Home::new();
    let genesis = include_str!("../../../genesis.json").replace("\"maturity\": ", "\"maturity\": 1");
    other.write("genesis.json", genesis);
    other.wallet(&["new", "--open", "--yes"]).success();
    ends_with(&devnet.wallet(&other, &["balance"]), 1, "and this wallet is for");
}

#[test]
fn lies_of_a_node_are_found_out() {
    let (home, devnet) = stage();
    let begun = devnet.wallet(&home, &["balance", "bob", "--verify"]);
    assert!(
        begun.success().contains("There is no block above it yet, and nothing else to prove."),
        "{begun:?}"
    );
    assert!(begun.out.contains("proven   10000 CRN, after the block at height 0"), "{begun:?}");
    devnet.mine(3);
    let proven = devnet.wallet(&home, &["balance", "bob", "--verify", "--json"]).json();
    assert_eq!((&proven["proven"]["as_of"], &proven["proven"]["balance"]), (&json!(2), &coins(10_000.0)));
    let with = |lie: &'static Lie, arguments: &[&str]| devnet.wallet_through(&home, lie, arguments);
    // Another balance than the proof's: the proof counts.
    let richer = with(&richer, &["balance", "bob", "--verify", "--json"]).json();
    assert_eq!((&richer["balance"], &richer["proven"]["balance"]), (&json!("9"), &coins(10_000.0)));
    ends_with(&with(&forged, &["balance", "bob", "--verify"]), 1, "proof");
    let rules = with(&other_rules, &["balance"]);
    ends_with(&rules, 1, "its parameters make chain");
    // A nonce that is taken: what was signed here counts.
    devnet.wallet(&home, &["send", "bob", "1", "--yes", "--wait", "0"]).success();
    let sent = with(&old_nonce, &["send", "bob", "2", "--yes", "--wait", "0", "--json"]);
    assert_eq!(sent.json()["nonce"], json!(1));
    // What cannot be understood is said to be that, and nothing happens.
    let nonsense = with(&|_, _| "{}".to_owned(), &["send", "bob", "3", "--yes"]);
    ends_with(&nonsense, 1, "no node that this program understands");
}

fn richer(path: &str, body: &str) -> String {
    let is_account = path.starts_with("/v1/accounts/") && !path.ends_with("/proof");
    if is_account {
        body.replace("\"balance\":\"1000000000000\"", "\"balance\":\"9\"")
    } else {
        body.to_owned()
    }
}

fn other_rules(path: &str, body: &str) -> String {
    if path == "/v1/network" { body.replace("\"maturity\":", "\"maturity\":1") } else { body.to_owned() }
}

fn old_nonce(_: &str, body: &str) -> String {
    body.replace("\"next_nonce\":1", "\"next_nonce\":0")
}

/// Another digit towards the end of the proof.
fn forged(path: &str, body: &str) -> String {
    if !path.ends_with("/proof") {
        return body.to_owned();
    }
    let mut value: Value = serde_json::from_str(body).unwrap();
    let proof = value["proof"].as_str().unwrap().to_owned();
    let at = proof.len() - 40;
    let digit = if &proof[at..=at] == "0" { "1" } else { "0" };
    value["proof"] = json!(format!("{}{digit}{}", &proof[..at], &proof[at + 1..]));
    value.to_string()
}

#[test]
fn payment_is_followed_through_a_reorganization() {
    let (home, devnet) = stage();
    let rival = devnet.rival(3);
    let send = ["send", "bob", "1", "--yes", "--wait", "2", "--json"];
    let mut waiting = begin(&home, &devnet, &send);
    devnet.until_waiting(1);
    devnet.mine(1);
    // Long enough to be seen in its first block.
    thread::sleep(Duration::from_millis(600));
    assert!(waiting.try_wait().unwrap().is_none());
    rival.iter().for_each(|block| devnet.submit(block));
    devnet.until_waiting(1);
    devnet.mine(2);
    let output = waiting.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let sent: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&sent["height"], &sent["depth"]), (&json!(4), &json!(2)));
}

#[test]
fn node_is_found_by_the_settings_beside_the_wallets() {
    let (home, devnet) = stage();
    let folder = home.named("config.toml");
    fs::write(&folder, format!("node = \"{}\"\n", devnet.url())).unwrap();
    let mut command = home.command(&["balance", "bob", "--json"]);
    let settled = crate::process::answer_of(command.env_remove("CAIRN_NODE"));
    assert_eq!(settled.json()["balance"], coins(10_000.0));
    fs::write(&folder, "nodes = 1\n").unwrap();
    let mut command = home.command(&["balance"]);
    ends_with(&crate::process::answer_of(command.env_remove("CAIRN_NODE")), 1, "unknown field `nodes`");
}

#[test]
fn node_that_hides_its_newest_blocks_is_found_out() {
    let (home, mut devnet) = stage();
    devnet.mine(3);
    devnet.wallet(&home, &["balance", "--verify"]).success();
    devnet.forget_everything(&home);
    devnet.rival(2).iter().for_each(|block| devnet.submit(block));
    ends_with(&devnet.wallet(&home, &["balance", "--verify"]), 1, "was seen before");
}
