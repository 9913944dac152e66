//! What would cost somebody money, if it went through.

use std::fs;
use std::process::Stdio;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::chain::{ends_with, stage};
use super::stage::Home;

#[test]
fn payment_that_was_mined_while_nobody_heard_is_not_made_again() {
    let (home, devnet) = stage();
    let send = ["send", "bob", "1", "--yes", "--json"];
    let mut killed =
        devnet.command(&home, &send).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    devnet.until_waiting(1);
    killed.kill().unwrap();
    killed.wait().unwrap();
    let first = devnet.pool()[0].clone();
    devnet.mine(1);
    let again = devnet.wallet(&home, &send).json();
    assert_eq!((&again["txid"], &again["height"]), (&json!(first), &json!(1)));
    assert_eq!(again["repeated"], json!(true));
    assert_eq!(devnet.waiting(), 0);
    // Now that they know, the same means another.
    let other = devnet.wallet(&home, &[&send[..], &["--wait", "0"]].concat()).json();
    assert_eq!((other["txid"] == json!(first), devnet.waiting()), (false, 1));
    assert_eq!(other["repeated"], json!(false));
}

#[test]
fn same_payment_from_two_terminals_at_once_is_made_once() {
    let (home, devnet) = stage();
    let asked = ["send", "bob", "1", "--wait", "0"];
    let mut terminals = [devnet.at_terminal(&home, &asked), devnet.at_terminal(&home, &asked)];
    for terminal in &mut terminals {
        terminal.until("Send it? [y/N] ");
    }
    let ended = terminals.map(|mut terminal| {
        terminal.say("y");
        terminal.end()
    });
    assert_eq!((ended[0].1, ended[1].1), (Some(0), Some(3)), "{ended:?}");
    assert!(ended[1].0.contains("say --again"), "{ended:?}");
    assert_eq!(devnet.waiting(), 1);
}

#[test]
fn fee_that_a_greedy_node_names_is_not_paid_unasked() {
    let (home, devnet) = stage();
    let greedy = |arguments: &[&str]| devnet.wallet_through(&home, &greedy, arguments);
    let send = ["send", "bob", "1", "--yes", "--wait", "0", "--json"];
    ends_with(&greedy(&send), 3, "Say --high-fee");
    // Under a hundredth of what is sent, and far more than it takes all the same.
    ends_with(&greedy(&["send", "bob", "5000", "--yes", "--wait", "0"]), 3, "Say --high-fee");
    let sent = devnet.wallet(&home, &send).json();
    let txid = sent["txid"].as_str().unwrap();
    for replace in ["bump", "cancel"] {
        ends_with(&greedy(&[replace, txid, "--yes", "--wait", "0"]), 3, "Say --high-fee");
    }
    assert_eq!(devnet.pool(), [txid]);
    let slip = ["bump", txid, "--fee", "50", "--yes", "--wait", "0"];
    ends_with(&devnet.wallet(&home, &slip), 3, "far more than it usually takes");
    devnet.wallet(&home, &[&slip[..], &["--high-fee"]].concat()).success();
}

/// A tenth of a coin for each byte, and nothing below it.
fn greedy(path: &str, body: &str) -> String {
    if path != "/v1/fees" {
        return body.to_owned();
    }
    let mut value: Value = serde_json::from_str(body).unwrap();
    for rate in ["floor", "next_block"] {
        assert!(value[rate].is_u64() || value[rate].is_string(), "{value}");
        let much = 10_000_000_000_u64;
        value[rate] = if value[rate].is_u64() { json!(much) } else { json!(much.to_string()) };
    }
    value.to_string()
}

#[test]
fn balance_of_yesterday_is_no_proof_of_todays() {
    let (home, devnet) = stage();
    devnet.mine(2);
    let asked = ["balance", "bob", "--verify", "--json"];
    let proven = devnet.wallet_through(&home, &first_proof, &asked).json();
    assert_eq!(proven["proven"]["as_of"], json!(1));
    devnet.mine(2);
    ends_with(&devnet.wallet_through(&home, &first_proof, &asked), 1, "it is behind, or hides something");
    assert_eq!(devnet.wallet(&home, &asked).json()["proven"]["as_of"], json!(3));
}

/// The same proof for ever.
fn first_proof(path: &str, body: &str) -> String {
    static FIRST: OnceLock<String> = OnceLock::new();
    if path.ends_with("/proof") { FIRST.get_or_init(|| body.to_owned()).clone() } else { body.to_owned() }
}

#[test]
fn batch_that_is_too_long_is_refused_and_not_cut() {
    let (home, devnet) = stage();
    let before_the_end = "#".repeat((1 << 20) - "\nbob,12".len());
    home.write("long.csv", format!("{before_the_end}\nbob,125"));
    ends_with(&devnet.wallet(&home, &["batch", "long.csv", "--yes"]), 1, "long.csv: longer than");
    home.write("sheet.csv", "\u{feff}bob,1\r\n");
    devnet.wallet(&home, &["batch", "sheet.csv", "--yes", "--wait", "0"]).success();
    assert_eq!(devnet.waiting(), 1);
}

#[test]
fn node_that_falls_silent_after_a_payment_is_no_failure_of_it() {
    let (home, devnet) = stage();
    let silent = |arguments: &[&str]| devnet.wallet_through(&home, &silent, arguments);
    ends_with(&silent(&["send", "bob", "1", "--yes"]), 4, "is on its way");
    assert_eq!(devnet.waiting(), 1);
}

/// Says nothing of any one transaction.
fn silent(path: &str, body: &str) -> String {
    if path.starts_with("/v1/transactions/") { "?".to_owned() } else { body.to_owned() }
}

#[test]
fn words_of_a_node_do_not_steer_the_terminal() {
    let (home, devnet) = stage();
    let refused = devnet.wallet_through(&home, &steering, &["send", "bob", "10001", "--yes", "--wait", "0"]);
    ends_with(&refused, 1, "?[2K?");
    assert!(!refused.err.contains(['\u{1b}', '\u{202e}']), "{refused:?}");
}

#[test]
fn genesis_that_a_node_changes_when_it_is_asked_again_is_not_kept() {
    let (home, devnet) = stage();
    let kept = || {
        let files = fs::read_dir(home.named("")).unwrap().map(|file| file.unwrap().file_name());
        files.filter(|name| name.to_string_lossy().ends_with(".genesis.json")).count()
    };
    devnet.wallet_through(&home, &changed, &["balance"]).success();
    assert_eq!(kept(), 0);
    devnet.wallet(&home, &["balance"]).success();
    assert_eq!(kept(), 1);
}

/// Other rules from the second time on.
fn changed(path: &str, body: &str) -> String {
    static WAS_ASKED: AtomicBool = AtomicBool::new(false);
    if path == "/v1/network" && WAS_ASKED.swap(true, Ordering::Relaxed) {
        // A chain of its own, by all that it says.
        return body.replace("\"maturity\":", "\"maturity\":1");
    }
    body.to_owned()
}

#[test]
fn words_of_a_file_do_not_steer_the_terminal() {
    let (home, devnet) = stage();
    for line in ["bob,\u{1b}[2K1", "\u{1b}[2K\u{202e}nobody,1"] {
        home.write("wages.csv", line);
        let refused = devnet.wallet(&home, &["batch", "wages.csv", "--yes"]);
        ends_with(&refused, 1, "?[2K");
        assert!(!refused.err.contains(['\u{1b}', '\u{202e}']), "{refused:?}");
    }
}

#[test]
fn addresses_that_a_node_made_up_are_not_shown() {
    let (home, devnet) = stage();
    let sent = devnet.wallet(&home, &["send", "bob", "1", "--yes", "--wait", "0", "--json"]).json();
    let txid = sent["txid"].as_str().unwrap();
    let shown = devnet.wallet_through(&home, &made_up, &["show", txid]);
    let lines: Vec<String> =
        shown.success().lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert!(
        lines.contains(&"from ?".to_owned()) && lines.contains(&"pays 1 CRN to ?".to_owned()),
        "{shown:?}"
    );
    assert!(!shown.out.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
}

/// Addresses with signs in them.
fn made_up(path: &str, body: &str) -> String {
    if path.starts_with("/v1/transactions/") {
        body.replace("\"cdev1", "\"\\u001b[2K\\u202ecdev1")
    } else {
        body.to_owned()
    }
}

/// More than there is, and what the node says of that with signs in it.
fn steering(path: &str, body: &str) -> String {
    if path == "/v1/network" {
        return body.to_owned();
    }
    let rich = body.replace(":\"1000000000000\"", ":\"9000000000000\"");
    rich.replace("\"detail\":\"", "\"detail\":\"\\u001b[2K\\u202e")
}

#[test]
fn policy_that_no_words_bring_back_is_not_forgotten_unasked() {
    let home = Home::with_wallet();
    home.wallet(&["policy", "create", "later", "all of (main, after 1200)", "--yes"]).success();
    let asked = home.wallet(&["account", "remove", "later"]);
    assert!(asked.failure(1).contains("The policy of `later` is in this wallet alone"), "{asked:?}");
    home.wallet(&["account", "remove", "later", "--yes"]).success();
}
