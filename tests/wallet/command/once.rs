//! The same order typed again, after commands that were cut off, nodes that lie, and nodes that have thrown away what they knew.

use std::fs;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};

use cairn::api::{Code, Problem};
use serde_json::{Value, json};

use super::chain::{Lie, ends_with, stage};
use super::stage::Home;

const SEND: [&str; 7] = ["send", "bob", "1", "--yes", "--wait", "0", "--json"];

fn is_about_one(path: &str) -> bool {
    path.starts_with("/v1/transactions/")
}

/// Whatever it is asked about waits.
fn pending(path: &str, body: &str) -> String {
    if !is_about_one(path) {
        return body.to_owned();
    }
    let txid = path.rsplit('/').next();
    json!({ "txid": txid, "status": "pending", "seconds": 0, "ready": true, "transaction": null }).to_string()
}

/// As a node answers that never saw it, or threw its block away.
fn unknown(path: &str, body: &str) -> String {
    if is_about_one(path) {
        return json!(Problem::new(Code::TransactionUnknown, "it is not here")).to_string();
    }
    body.to_owned()
}

/// The same of one that keeps the last blocks alone.
fn pruned(path: &str, body: &str) -> String {
    if path != "/v1/status" {
        return unknown(path, body);
    }
    let mut status: Value = serde_json::from_str(body).unwrap();
    status["base"] = json!(1);
    status.to_string()
}

/// The account is said to be beyond what it sent, of which nobody knows.
fn beyond(path: &str, body: &str) -> String {
    unknown(path, &body.replace("\"nonce\":0,", "\"nonce\":1,"))
}

fn replaced(path: &str, body: &str) -> String {
    if !is_about_one(path) {
        return body.to_owned();
    }
    let txid = path.rsplit('/').next();
    json!({ "txid": txid, "status": "replaced", "by": null, "transaction": null }).to_string()
}

#[test]
fn node_that_lies_about_the_nonce_has_nothing_paid_twice() {
    let (home, devnet) = stage();
    let first = devnet.wallet(&home, &SEND).json();
    let asked = devnet.wallet_through(&home, &beyond, &SEND);
    ends_with(&asked, 3, "what became of it is not known");
    let txid = first["txid"].as_str().unwrap();
    for remedy in [
        &*format!("`cairn wallet show {txid}`"),
        "--node",
        &format!("say --again {txid}: nothing more was sent"),
    ] {
        assert!(asked.err.contains(remedy), "{asked:?}");
    }
    assert_eq!(devnet.pool(), [txid]);
    // Whoever tells the truth finds it where it was.
    devnet.mine(1);
    let found = devnet.wallet(&home, &SEND).json();
    assert_eq!((&found["txid"], &found["repeated"]), (&first["txid"], &json!(true)));
    assert_eq!((&found["status"], devnet.waiting()), (&json!("confirmed"), 0));
    assert_ne!(devnet.wallet(&home, &SEND).json()["txid"], first["txid"]);
}

#[test]
fn node_that_says_a_payment_was_replaced_has_nothing_paid_twice() {
    let (home, devnet) = stage();
    let first = devnet.wallet(&home, &SEND).json()["txid"].as_str().unwrap().to_owned();
    let through = |arguments: &[&str]| devnet.wallet_through(&home, &replaced, arguments);
    for _ in 0..2 {
        ends_with(&through(&SEND), 3, "what became of it is not known");
    }
    assert_eq!(devnet.waiting(), 1);
    // Others are paid meanwhile, and the same where that is meant.
    through(&["send", "bob", "2", "--yes", "--wait", "0"]).success();
    through(&[&SEND[..], &["--again", &first]].concat()).success();
    assert_eq!(devnet.waiting(), 3);
}

#[test]
fn node_that_has_thrown_blocks_away_has_nothing_paid_twice() {
    let (home, devnet) = stage();
    devnet.wallet(&home, &SEND).success();
    devnet.mine(1);
    ends_with(&devnet.wallet_through(&home, &unknown, &SEND), 3, "in no block it is seen");
    // One of which it was seen that it was mined, and nobody was told.
    let other = ["send", "bob", "3", "--yes", "--json"];
    let mut killed =
        devnet.command(&home, &other).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    devnet.until_waiting(1);
    killed.kill().unwrap();
    killed.wait().unwrap();
    devnet.mine(1);
    devnet.wallet(&home, &["send", "bob", "4", "--yes", "--wait", "0"]).success();
    devnet.mine(1);
    // Nor is that told by a node that keeps all blocks.
    ends_with(&devnet.wallet_through(&home, &unknown, &other), 4, "has no block with it");
    let again = devnet.wallet_through(&home, &pruned, &other).json();
    assert_eq!((&again["repeated"], &again["status"]), (&json!(true), &json!("confirmed")));
    assert_eq!((&again["height"], devnet.waiting()), (&json!(2), 0));
}

#[test]
fn payment_with_a_last_block_that_was_mined_is_not_in_doubt_where_blocks_are_thrown_away() {
    let (home, devnet) = stage();
    let order = ["send", "bob", "1", "--once", "a", "--expires", "2", "--yes", "--wait", "0", "--json"];
    devnet.wallet(&home, &order).success();
    devnet.mine(1);
    devnet.wallet(&home, &order).success();
    devnet.mine(3);
    let again = devnet.wallet_through(&home, &pruned, &order).json();
    assert_eq!((&again["status"], &again["height"]), (&json!("confirmed"), &json!(1)));
}

#[test]
fn payment_of_which_a_node_shows_no_block_is_not_said_to_be_lost() {
    let (home, devnet) = stage();
    let followed = devnet.wallet_through(&home, &beyond, &["send", "bob", "1", "--yes", "--timeout", "30"]);
    ends_with(&followed, 4, "its number is used, and has no block with it");
    assert_eq!(devnet.waiting(), 1);
}

#[test]
fn payment_whose_raised_fee_won_can_be_made_anew() {
    let (home, devnet) = stage();
    let first = devnet.wallet(&home, &SEND).json()["txid"].as_str().unwrap().to_owned();
    let bumped = devnet.wallet(&home, &["bump", &first, "--yes", "--wait", "0", "--json"]).json();
    ends_with(&devnet.wallet(&home, &SEND), 3, bumped["txid"].as_str().unwrap());
    devnet.mine(1);
    let anew = devnet.wallet(&home, &SEND).json();
    assert_eq!((&anew["nonce"], &anew["repeated"]), (&json!(1), &json!(false)));
    assert_eq!(devnet.waiting(), 1);
}

#[test]
fn payment_that_a_node_refused_and_kept_is_not_made_beside_it() {
    let (home, devnet) = stage();
    let through = |arguments: &[&str]| devnet.wallet_through(&home, &refused, arguments);
    ends_with(&through(&SEND), 1, "its number goes to what is sent next");
    assert_eq!(devnet.waiting(), 1, "it was kept");
    // The same again has its number. Another that took it leaves the first in doubt.
    let other = ["send", "bob", "2", "--fee", "0.5", "--high-fee", "--yes", "--wait", "0"];
    devnet.wallet_through(&home, &forgetful, &other).success();
    ends_with(&devnet.wallet_through(&home, &forgetful, &SEND), 3, "which has its number");
    assert_eq!(devnet.waiting(), 1);
}

/// Refuses whatever is submitted, and keeps it.
fn refused(path: &str, body: &str) -> String {
    if path == "/v1/transactions" {
        return json!(Problem::new(Code::FeeTooLow, "it gives too little")).to_string();
    }
    unknown(path, body)
}

/// Knows of nothing that waits.
fn forgetful(path: &str, body: &str) -> String {
    unknown(path, &body.replace("\"next_nonce\":1,", "\"next_nonce\":0,"))
}

#[test]
fn payment_that_could_not_be_noted_is_said_to_be_sent() {
    let (home, devnet) = stage();
    let (place, aside) = (home.named("default.json.sent"), home.named("aside"));
    let (from, to, is_there) = (place.clone(), aside.clone(), AtomicBool::new(true));
    // From the moment at which the node has it nothing can be noted.
    let lie: &'static Lie = Box::leak(Box::new(move |path: &str, body: &str| {
        if path == "/v1/transactions" && is_there.swap(false, Ordering::Relaxed) {
            fs::rename(&from, &to).unwrap();
            fs::create_dir(&from).unwrap();
        }
        body.to_owned()
    }));
    let sent = devnet.wallet_through(&home, lie, &["send", "bob", "1", "--yes", "--wait", "0"]);
    let txid = devnet.pool()[0].clone();
    ends_with(&sent, 0, &format!("{txid} is sent, which could not be noted"));
    assert!(sent.out.contains(&txid), "{sent:?}");
    fs::remove_dir(&place).unwrap();
    fs::rename(&aside, &place).unwrap();
    let again = devnet.wallet(&home, &SEND).json();
    assert_eq!((&again["txid"], &again["repeated"]), (&json!(txid), &json!(true)));
    assert_eq!(devnet.waiting(), 1);
}

#[test]
fn sweep_that_is_typed_again_is_not_said_to_cost_too_much() {
    let (home, devnet) = stage();
    let sweep = ["sweep", "bob", "--yes", "--wait", "0", "--json"];
    let swept = devnet.wallet(&home, &sweep).json();
    ends_with(&devnet.wallet(&home, &sweep), 3, "waits for a block already");
    let path = home.named("default.json.sent");
    let text = fs::read_to_string(&path).unwrap().replace("\"taken\"", "\"signed\"");
    let untold = ["reported", "told"]
        .iter()
        .fold(text, |text, name| text.replace(&format!("\"{name}\": true"), &format!("\"{name}\": false")));
    fs::write(&path, untold).unwrap();
    let again: Value = devnet.wallet(&home, &sweep).json();
    assert_eq!((&again["txid"], &again["repeated"]), (&swept["txid"], &json!(true)));
    assert_eq!(devnet.waiting(), 1);
}

#[test]
fn payment_that_is_meant_once_more_is_made_once_more_and_not_twice() {
    let (home, devnet) = stage();
    let first = devnet.wallet(&home, &SEND).json()["txid"].as_str().unwrap().to_owned();
    let again = ["send", "bob", "1", "--yes", "--again", &first, "--json"];
    let mut killed =
        devnet.command(&home, &again).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    devnet.until_waiting(2);
    killed.kill().unwrap();
    killed.wait().unwrap();
    // It waits, and nobody was told of it.
    let again = [&again[..], &["--wait", "0"]].concat();
    let repeated = devnet.wallet(&home, &again).json();
    assert_eq!((&repeated["repeated"], &repeated["nonce"]), (&json!(true), &json!(1)));
    assert_eq!(devnet.waiting(), 2);
    // Now they know, and mean the same by the same words, and a third by others.
    assert_eq!(devnet.wallet(&home, &again).json()["nonce"], json!(1));
    let third = [&SEND[..], &["--again", repeated["txid"].as_str().unwrap()]].concat();
    assert_eq!(devnet.wallet(&home, &third).json()["nonce"], json!(2));
    devnet.mine(1);
    assert_eq!(devnet.waiting(), 0);
}

#[test]
fn payment_that_is_not_taken_any_more_is_said_with_the_way_out() {
    let (home, mut devnet) = stage();
    devnet.wallet(&home, &SEND).success();
    devnet.forget_everything(&home);
    let through = |arguments: &[&str]| devnet.wallet_through(&home, &refused, arguments);
    let said = through(&["send", "bob", "2", "--yes", "--wait", "0"]);
    for part in ["is not taken any more", "`cairn wallet bump ", "`cairn wallet cancel "] {
        ends_with(&said, 3, part);
    }
}

#[test]
fn payment_that_was_on_its_way_is_not_displaced_unless_somebody_agrees() {
    let (home, mut devnet) = stage();
    let first = devnet.wallet(&home, &SEND).json()["txid"].as_str().unwrap().to_owned();
    devnet.forget_everything(&home);
    // The node knows nothing of the first, and says that it does not take it again.
    let other = ["send", "bob", "2", "--yes", "--wait", "0", "--json"];
    let said = devnet.wallet_through(&home, &refusing, &other);
    for part in ["this takes its number", &format!("`cairn wallet bump {first}`")] {
        ends_with(&said, 3, part);
    }
    devnet.forget_everything(&home);
    // Nor is it displaced later, where nobody has it, or with a key.
    for order in [&other[..], &[&other[..], &["--once", "a"]].concat()] {
        let said = devnet.wallet(&home, order);
        ends_with(&said, 3, "this takes its number");
        assert!(said.out.contains("comes_first") && said.out.contains(&first), "{said:?}");
    }
    assert_eq!(devnet.waiting(), 0);
    let file = home.named("offline");
    let prepared = devnet.wallet(&home, &["prepare", "bob", "2", "--out", file.to_str().unwrap()]);
    ends_with(&prepared, 0, "this takes its number");
    let mut asked = devnet.at_terminal(&home, &["send", "bob", "3", "--wait", "0"]);
    asked.until("1 CRN to");
    asked.answer("Pay this in its place?", "n");
    assert_eq!(asked.end().1, Some(3));
    // The same is no other.
    let again = devnet.wallet(&home, &SEND).json();
    assert_eq!((again["txid"].as_str(), devnet.waiting()), (Some(&*first), 1));
    assert_eq!(devnet.wallet(&home, &other).json()["nonce"], json!(1));
}

/// As a node answers that takes nothing.
fn refusing(path: &str, body: &str) -> String {
    match path {
        "/v1/transactions" => json!(Problem::new(Code::FeeTooLow, "it is full")).to_string(),
        _ => body.to_owned(),
    }
}

#[test]
fn again_is_offered_where_it_means_something() {
    let home = Home::new();
    let help = |command: &str| home.wallet(&[command, "--help"]).success().to_owned();
    for command in ["send", "sweep", "batch", "submit", "prepare"] {
        assert!(help(command).contains("--again"), "{command}");
    }
    for command in ["bump", "cancel"] {
        assert!(!help(command).contains("--again"), "{command}");
    }
}

#[test]
fn fee_that_is_raised_or_payment_that_is_taken_back_can_be_said_again_after_it_was_cut_off() {
    let (home, devnet) = stage();
    let first = devnet.wallet(&home, &SEND).json()["txid"].as_str().unwrap().to_owned();
    for what in ["bump", "cancel"] {
        let mut command = devnet.command(&home, &[what, &first, "--yes", "--json"]);
        let before = devnet.pool()[0].clone();
        let mut killed = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        devnet.until_another_waits_than(&before);
        killed.kill().unwrap();
        killed.wait().unwrap();
        let stands = devnet.pool()[0].clone();
        // Once as if no node had heard of it.
        let path = home.named("default.json.sent");
        fs::write(&path, fs::read_to_string(&path).unwrap().replace("\"taken\"", "\"signed\"")).unwrap();
        let again = devnet.wallet(&home, &[what, &first, "--yes", "--wait", "0", "--json"]).json();
        assert_eq!((&again["txid"], &again["repeated"]), (&json!(stands), &json!(true)));
        assert_eq!(devnet.pool(), [stands]);
    }
}

#[test]
fn payment_of_another_day_is_not_sent_unless_somebody_agrees() {
    let (home, mut devnet) = stage();
    let order = |amount: &'static str| ["send", "bob", amount, "--yes", "--wait", "0"];
    let first = devnet.wallet(&home, &SEND).json()["txid"].as_str().unwrap().to_owned();
    // As if it had been cut off before any node heard of it.
    let path = home.named("default.json.sent");
    let text = fs::read_to_string(&path).unwrap().replace("\"taken\"", "\"signed\"");
    fs::write(&path, text.replace("\"reported\": true", "\"reported\": false")).unwrap();
    devnet.forget_everything(&home);
    let asked = devnet.wallet(&home, &order("2"));
    ends_with(&asked, 3, &format!("`cairn wallet bump {first}` sends it"));
    let told: Value = devnet.wallet(&home, &[&order("2")[..], &["--json"]].concat()).out.parse().unwrap();
    assert_eq!((&told["error"]["code"], &told["error"]["txid"]), (&json!("comes_first"), &json!(first)));
    assert_eq!(devnet.waiting(), 0);
    let mut terminal = devnet.at_terminal(&home, &["send", "bob", "2", "--wait", "0"]);
    terminal.answer("Send it now? [y/N] ", "n");
    assert_eq!((terminal.end().1, devnet.waiting()), (Some(3), 0));
    ends_with(&devnet.wallet(&home, &["bump", &first, "--yes", "--wait", "0"]), 0, "");
    assert_eq!(devnet.pool(), [&*first]);
    ends_with(&devnet.wallet(&home, &order("2")), 0, "");
    // What waited is told again, and that is said.
    devnet.forget_everything(&home);
    let said = devnet.wallet(&home, &order("3"));
    ends_with(
        &said,
        0,
        &format!("{first}, which was signed before and which this node did not know, was sent"),
    );
    assert_eq!(devnet.waiting(), 3);
    // What a chain had that was begun anew.
    devnet.mine(1);
    ends_with(&devnet.wallet(&home, &order("4")), 0, "");
    devnet.forget_everything(&home);
    ends_with(&devnet.wallet(&home, &order("5")), 3, "was seen in the block at height 1");
    assert_eq!(devnet.waiting(), 0);
}

#[test]
fn payment_that_others_sign_is_not_made_beside_the_same() {
    let (home, devnet) = stage();
    let prepare = ["prepare", "bob", "1", "--out", "wish.json"];
    ends_with(&devnet.wallet(&home, &prepare), 0, "");
    ends_with(&devnet.wallet(&home, &["sign", "wish.json", "--yes", "--out", "wish.json"]), 0, "");
    ends_with(&devnet.wallet(&home, &["prepare", "bob", "1", "--nonce", "1", "--out", "second.json"]), 0, "");
    ends_with(&devnet.wallet(&home, &["sign", "second.json", "--yes", "--out", "second.json"]), 0, "");
    let waits = devnet.wallet(&home, &SEND).json()["txid"].as_str().unwrap().to_owned();
    ends_with(&devnet.wallet(&home, &prepare), 3, "waits for a block already");
    ends_with(
        &devnet.wallet(&home, &[&prepare[..3], &["--again", &waits, "--out", "third.json"]].concat()),
        0,
        "",
    );
    let submit = ["submit", "second.json", "--wait", "0"];
    ends_with(&devnet.wallet(&home, &submit), 3, "waits for a block already");
    assert_eq!(devnet.waiting(), 1);
    ends_with(&devnet.wallet(&home, &[&submit[..], &["--again", &waits]].concat()), 0, "");
    assert_eq!(devnet.waiting(), 2);
    // One that has the number of another is no second payment, and says whose place it takes.
    let more = ["--fee", "0.001", "--high-fee", "--nonce", "0", "--out", "more.json"];
    ends_with(&devnet.wallet(&home, &[&["prepare", "bob", "3"], &more[..]].concat()), 0, "");
    ends_with(
        &devnet.wallet(&home, &["sign", "more.json", "--yes", "--high-fee", "--out", "more.json"]),
        0,
        "",
    );
    let displacing = devnet.wallet(&home, &["submit", "more.json", "--wait", "0"]);
    ends_with(&displacing, 0, &format!("has the number of {waits}, which waits"));
    assert_eq!(devnet.waiting(), 2);
}

#[test]
fn payment_in_doubt_is_not_sent_unless_somebody_agrees_and_never_once_the_same_was_paid_anew() {
    let (home, mut devnet) = stage();
    let order = |amount: &'static str| ["send", "bob", amount, "--yes", "--wait", "0", "--json"];
    let first = devnet.wallet(&home, &SEND).json()["txid"].clone();
    ends_with(&devnet.wallet_through(&home, &beyond, &SEND), 3, "what became of it is not known");
    devnet.forget_everything(&home);
    ends_with(&devnet.wallet(&home, &order("2")), 3, "what became of it is in doubt");
    assert_eq!(devnet.waiting(), 0);
    let mut terminal = devnet.at_terminal(&home, &["send", "bob", "2", "--wait", "0"]);
    terminal.answer("Send it now? [y/N] ", "y");
    terminal.answer("Send it? [y/N] ", "n");
    assert_eq!((terminal.end().1, devnet.pool()), (Some(3), vec![first.as_str().unwrap().to_owned()]));
    // In doubt again, and paid anew by somebody who knows that.
    ends_with(&devnet.wallet_through(&home, &beyond, &SEND), 3, "what became of it is not known");
    let anew = devnet
        .wallet_through(&home, &beyond, &[&SEND[..], &["--again", first.as_str().unwrap()]].concat())
        .json();
    assert_eq!(anew["nonce"], json!(1));
    devnet.forget_everything(&home);
    // A node that says for a moment that it has it does not change that.
    ends_with(&devnet.wallet_through(&home, &pending, &["send", "bob", "2"]), 3, "nobody to ask");
    let asked = devnet.wallet(&home, &order("2"));
    ends_with(&asked, 3, "and the same was paid anew since");
    assert!(!asked.err.contains("wallet bump"), "it would be paid beside that: {asked:?}");
    let bump = ["bump", first.as_str().unwrap(), "--yes", "--wait", "0"];
    ends_with(&devnet.wallet(&home, &bump), 3, "puts nothing in its place");
    assert_eq!(devnet.waiting(), 0);
    ends_with(&devnet.wallet_through(&home, &beyond, &SEND), 3, "waits for a block already");
    devnet.forget_everything(&home);
    let other = devnet.wallet(&home, &order("2")).json();
    assert_eq!(
        (&other["nonce"], devnet.waiting()),
        (&json!(0), 2),
        "the first is not sent, and its number is used"
    );
    let said = format!("{}, which was signed before", anew["txid"].as_str().unwrap());
    assert!(other["notes"][0].as_str().unwrap().starts_with(&said), "{other}");
}

#[test]
fn payment_far_ahead_of_its_account_does_not_stop_it() {
    let (home, devnet) = stage();
    let prepare = ["prepare", "bob", "1", "--nonce", "2", "--out", "wish.json"];
    ends_with(&devnet.wallet(&home, &prepare), 0, "number 0 is not used yet");
    ends_with(&devnet.wallet(&home, &["sign", "wish.json", "--yes", "--out", "wish.json"]), 0, "");
    let submit = ["submit", "wish.json", "--wait", "0"];
    ends_with(&devnet.wallet_through(&home, &refused, &submit), 1, "number 0 is not used yet");
    ends_with(&devnet.wallet(&home, &submit), 0, "number 0 is not used yet");
    for (amount, nonce) in [("2", 0), ("3", 1), ("4", 3)] {
        let sent = devnet.wallet(&home, &["send", "bob", amount, "--yes", "--wait", "0", "--json"]).json();
        assert_eq!(sent["nonce"], json!(nonce));
    }
    assert_eq!(devnet.waiting(), 4);
}

/// Shows the block that a transaction stands in once, and never again.
fn once(path: &str, body: &str) -> String {
    static WAS_SHOWN: AtomicBool = AtomicBool::new(false);
    let is_confirmed = is_about_one(path) && body.contains("\"confirmed\"");
    if is_confirmed && WAS_SHOWN.swap(true, Ordering::Relaxed) {
        unknown(path, body)
    } else {
        body.to_owned()
    }
}

#[test]
fn block_that_is_shown_once_does_not_stand_for_those_that_were_to_come_above_it() {
    let (home, devnet) = stage();
    let miner = devnet.mine_soon(1);
    let order = ["send", "bob", "1", "--yes", "--wait", "2", "--timeout", "30"];
    let followed = devnet.wallet_through(&home, &once, &order);
    miner.join().unwrap();
    ends_with(&followed, 4, "its number is used, and has no block with it");
}
