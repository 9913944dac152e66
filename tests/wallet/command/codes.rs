//! What programs are told of a command that did not do what was asked.

use serde_json::{Value, json};

use super::chain::Devnet;
use super::stage::Home;
use crate::process::Answer;

/// The object in place of the answer; people are told as well.
fn error(answer: &Answer, exit: i32, code: &str) -> Value {
    assert_eq!(answer.code, Some(exit), "{answer:?}");
    assert!(answer.err.contains("error: "), "{answer:?}");
    let said: Value = serde_json::from_str(&answer.out).unwrap_or_else(|error| panic!("{error}: {answer:?}"));
    assert_eq!((&said["error"]["code"], &said["error"]["exit"]), (&json!(code), &json!(exit)), "{said}");
    assert!(answer.err.contains(said["error"]["message"].as_str().unwrap()), "{answer:?}");
    said["error"].clone()
}

#[test]
fn every_failure_is_an_object_with_a_code() {
    let home = Home::with_password("open, Sesame");
    home.write("wrong", "x");
    home.write("broken.csv", "main,1,5\n");
    home.wallet(&["--wallet", "open", "restore", "--open", "--mnemonic-file", "words"]).success();
    for (arguments, exit, code) in [
        (&["balance"][..], 1, "node_unreachable"),
        (&["account", "new", "a", "--password-file", "wrong"], 1, "wrong_password"),
        (&["account", "new", "a"], 1, "failed"),
        (&["--wallet", "open", "account", "new", "main"], 1, "taken"),
        (&["address", "nobody"], 1, "unknown_name"),
        (&["--wallet", "none", "list"], 1, "failed"),
        (&["history", "--limit", "0"], 2, "usage"),
        (&["send"], 2, "usage"),
        (&["fly"], 2, "usage"),
    ] {
        error(&home.wallet(&[arguments, &["--json"]].concat()), exit, code);
    }
    // Who does not ask for JSON gets none, nor who asks something else wrongly.
    assert_eq!(home.wallet(&["fly"]).out, "");
    assert_eq!(home.run(&["chain", "fly", "--json"]).out, "");
    let help = home.wallet(&["send", "--help", "--json"]);
    assert!(help.success().starts_with("Pay somebody"), "{help:?}");
}

#[test]
fn end_of_a_payment_is_told_with_its_name() {
    let home = Home::with_wallet();
    home.wallet(&["account", "new", "bob"]).success();
    let devnet = Devnet::start(&home);
    let wallet = |arguments: &[&str]| devnet.wallet(&home, &[arguments, &["--json"]].concat());
    error(&wallet(&["send", "bob", "1"]), 3, "declined");
    error(&wallet(&["send", "bob", "10001", "--yes"]), 1, "balance_too_low");
    error(&wallet(&["send", "bitcoin:x", "1", "--yes"]), 1, "bad_link");
    error(&wallet(&["send", "cairn:cdev1x", "1", "--yes"]), 1, "bad_address");
    home.write("comma.csv", "bob,1,5\n");
    error(&wallet(&["batch", "comma.csv", "--yes"]), 1, "bad_batch");
    let late = error(&wallet(&["send", "bob", "1", "--yes", "--timeout", "1"]), 4, "on_its_way");
    assert_eq!(late["txid"], json!(devnet.pool()[0]));
}
