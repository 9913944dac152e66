//! Orders with a key, as programs say them; and scripts that others come in between of.

use std::fs;
use std::process::Stdio;
use std::thread;

use serde_json::{Value, json};

use cairn::api::{Code, Problem};

use super::chain::{Devnet, ends_with, stage};
use super::stage::Home;

/// What an order says that is not waited for.
fn told(home: &Home, devnet: &Devnet, order: &[&str]) -> Value {
    devnet.wallet(home, &[order, &["--yes", "--wait", "0", "--json"]].concat()).json()
}

fn txid(told: &Value) -> String {
    told["txid"].as_str().unwrap().to_owned()
}

#[test]
fn order_with_a_key_is_paid_once_however_often_it_is_said() {
    let (home, devnet) = stage();
    let order = ["send", "bob", "1", "--once", "wages/11"];
    let first = txid(&told(&home, &devnet, &order));
    for _ in 0..2 {
        let again = told(&home, &devnet, &order);
        assert_eq!((txid(&again), &again["repeated"]), (first.clone(), &json!(true)));
        devnet.mine(1);
    }
    // It was told to be confirmed, and still is no other.
    let again = told(&home, &devnet, &order);
    assert_eq!((txid(&again), &again["status"]), (first.clone(), &json!("confirmed")));
    let other = told(&home, &devnet, &["send", "bob", "1", "--once", "wages/12"]);
    assert_eq!((&other["repeated"], devnet.waiting()), (&json!(false), 1));
    // What has no key is not answered with what has one.
    devnet.mine(1);
    assert_eq!(told(&home, &devnet, &["send", "bob", "1"])["repeated"], json!(false));
}

#[test]
fn key_of_another_order_is_refused() {
    let (home, devnet) = stage();
    let first = txid(&told(&home, &devnet, &["send", "bob", "1", "--once", "a"]));
    let other = devnet.wallet(&home, &["send", "bob", "2", "--once", "a", "--yes", "--json"]);
    ends_with(&other, 3, &format!("another payment was ordered by the key `a`, as {first}"));
    assert!(other.out.contains("key_taken"), "{other:?}");
    ends_with(&devnet.wallet(&home, &["send", "bob", "2", "--once", "a b", "--yes"]), 2, "no spaces");
    ends_with(
        &devnet.wallet(&home, &["send", "bob", "1", "--once", "a", "--again", &first, "--yes"]),
        2,
        "--again",
    );
    assert_eq!(devnet.waiting(), 1);
}

#[test]
fn order_with_a_key_that_was_cut_off_goes_on_whatever_is_paid_beside_it() {
    let (home, devnet) = stage();
    let order = ["send", "bob", "1", "--once", "a", "--yes"];
    let mut killed =
        devnet.command(&home, &order).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    devnet.until_waiting(1);
    killed.kill().unwrap();
    killed.wait().unwrap();
    let first = devnet.pool()[0].clone();
    let beside = devnet.wallet(&home, &["send", "bob", "1", "--yes"]);
    ends_with(&beside, 3, &format!("waits for a block already, as {first}"));
    told(&home, &devnet, &["send", "bob", "1", "--again", &first]);
    let raised = txid(&told(&home, &devnet, &["bump", &first]));
    devnet.mine(1);
    let again = told(&home, &devnet, &order[..5]);
    assert_eq!((txid(&again), &again["repeated"], devnet.waiting()), (raised, &json!(true), 0));
}

#[test]
fn key_outlives_what_is_remembered_of_the_payment() {
    let (home, mut devnet) = stage();
    let order = ["send", "bob", "1", "--once", "a"];
    let first = txid(&told(&home, &devnet, &order));
    devnet.mine(1);
    told(&home, &devnet, &order);
    devnet.mine(150);
    devnet.until_indexed(&home);
    for _ in 0..2 {
        let again = told(&home, &devnet, &order);
        assert_eq!(
            (txid(&again), &again["status"], &again["height"]),
            (first.clone(), &json!("confirmed"), &json!(1))
        );
    }
    let kept: Value =
        serde_json::from_str(&fs::read_to_string(home.named("default.json.sent")).unwrap()).unwrap();
    assert_eq!((&kept["sent"], &kept["kept"]["a"]["txid"]), (&json!([]), &json!(first)));
    // A node that keeps all blocks, and has none with it, did not throw that away.
    devnet.forget_everything(&home);
    devnet.mine(1);
    let denied = devnet.wallet(&home, &[&order[..], &["--yes", "--wait", "0"]].concat());
    ends_with(&denied, 4, "this node says that it does not");
}

#[test]
fn order_with_a_key_that_a_node_had_and_does_not_take_again_is_in_doubt() {
    let (home, mut devnet) = stage();
    let order = ["send", "bob", "1", "--once", "a", "--yes", "--wait", "0", "--json"];
    let first = txid(&devnet.wallet(&home, &order).json());
    devnet.forget_everything(&home);
    for _ in 0..2 {
        // Others may have it still: it is not said that nothing was paid.
        let said = devnet.wallet_through(&home, &refusing, &order);
        assert_eq!(said.code, Some(4), "{said:?}");
        assert!(said.out.contains("in_doubt") && said.out.contains(&first), "{said:?}");
        devnet.forget_everything(&home);
    }
    assert_eq!(txid(&devnet.wallet(&home, &order).json()), first);
}

/// As a node answers that is full: nothing is taken for a little.
fn full(path: &str, body: &str) -> String {
    if path != "/v1/fees" {
        return refusing(path, body);
    }
    let mut fees: Value = serde_json::from_str(body).unwrap();
    fees["floor"] = json!(900_000);
    fees.to_string()
}

#[test]
fn order_with_a_key_that_gives_too_little_by_now_is_in_doubt_where_a_node_had_it() {
    let (home, mut devnet) = stage();
    let order = ["send", "bob", "1", "--once", "a", "--fee", "0.00001", "--yes", "--wait", "0", "--json"];
    let too_little = devnet.wallet_through(&home, &full, &order);
    ends_with(&too_little, 1, "");
    assert!(too_little.out.contains("fee_too_low"), "{too_little:?}");
    let first = txid(&devnet.wallet(&home, &order).json());
    devnet.forget_everything(&home);
    let said = devnet.wallet_through(&home, &full, &order);
    assert_eq!(said.code, Some(4), "{said:?}");
    assert!(said.out.contains("in_doubt") && said.out.contains(&first), "{said:?}");
}

#[test]
fn payment_whose_fee_was_raised_and_whose_block_is_nowhere_is_sent_again() {
    let (home, mut devnet) = stage();
    let order = ["send", "bob", "1", "--once", "a"];
    let first = txid(&told(&home, &devnet, &order));
    let (later, before) = (devnet.for_another(), first.clone());
    let miner = thread::spawn(move || {
        later.until_another_waits_than(&before);
        later.mine(1);
    });
    let raised = txid(&devnet.wallet(&home, &["bump", &first, "--yes", "--timeout", "60", "--json"]).json());
    miner.join().unwrap();
    devnet.forget_everything(&home);
    assert_eq!(txid(&told(&home, &devnet, &order)), raised);
    assert_eq!(devnet.waiting(), 1);
}

#[test]
fn payment_whose_block_is_nowhere_is_not_settled_but_sent_again() {
    let (home, mut devnet) = stage();
    let order = ["send", "bob", "1", "--once", "a"];
    let first = txid(&told(&home, &devnet, &order));
    devnet.mine(1);
    assert_eq!(told(&home, &devnet, &order)["status"], json!("confirmed"));
    // As after a reorganization, or where somebody went back to a snapshot, and nobody looked for days.
    devnet.forget_everything(&home);
    devnet.mine(150);
    devnet.until_indexed(&home);
    let again = told(&home, &devnet, &order);
    assert_eq!((txid(&again), &again["status"]), (first, &json!("pending")));
    assert_eq!(devnet.waiting(), 1);
}

/// As a node answers that says of whatever it is asked about that another took its place.
fn replacing(path: &str, body: &str) -> String {
    match path.strip_prefix("/v1/transactions/") {
        Some(txid) => {
            json!({ "txid": txid, "status": "replaced", "by": null, "transaction": null }).to_string()
        }
        None => body.to_owned(),
    }
}

#[test]
fn order_with_a_key_that_one_node_denied_is_sent_to_the_next() {
    let (home, mut devnet) = stage();
    let order = ["send", "bob", "1", "--once", "a", "--yes", "--wait", "0", "--json"];
    let first = txid(&devnet.wallet(&home, &order).json());
    ends_with(&devnet.wallet_through(&home, &replacing, &order), 4, "another of this account took its place");
    devnet.forget_everything(&home);
    assert_eq!(devnet.waiting(), 0);
    let again = devnet.wallet(&home, &order).json();
    assert_eq!((txid(&again), &again["repeated"], devnet.waiting()), (first, &json!(true), 1));
}

/// As a node answers that is too busy to take anything.
fn busy(path: &str, body: &str) -> String {
    match path {
        "/v1/transactions" => json!(Problem::new(Code::Busy, "later")).to_string(),
        _ => body.to_owned(),
    }
}

#[test]
fn order_with_a_key_is_told_of_whatever_else_was_signed_and_not_sent() {
    let (home, devnet) = stage();
    let order = |key: &'static str| ["send", "bob", "1", "--once", key, "--yes", "--wait", "0", "--json"];
    let first = txid(&devnet.wallet(&home, &order("a")).json());
    devnet.mine(1);
    // Signed, and as far as anybody knows not sent.
    assert_eq!(devnet.wallet_through(&home, &busy, &order("b")).code, Some(1));
    let told = devnet.wallet(&home, &order("a")).json();
    assert_eq!((txid(&told), &told["status"]), (first, &json!("confirmed")));
}

#[test]
fn node_that_forgot_is_told_of_what_an_order_with_a_key_waits_for() {
    let (home, mut devnet) = stage();
    let order = |key: &'static str| ["send", "bob", "1", "--once", key, "--yes", "--wait", "0", "--json"];
    let [first, second] = ["a", "b"].map(|key| txid(&devnet.wallet(&home, &order(key)).json()));
    devnet.forget_everything(&home);
    assert_eq!(txid(&devnet.wallet(&home, &order("b")).json()), second);
    assert_eq!(devnet.pool(), [first, second]);
}

#[test]
fn order_with_a_key_whose_number_another_took_is_told_to_be_lost() {
    let (home, mut devnet) = stage();
    let first_block = devnet.rival(1);
    first_block.iter().for_each(|block| devnet.submit(block));
    devnet.wallet(&home, &["balance", "--verify"]).success();
    let order = ["send", "bob", "1", "--once", "a", "--yes", "--json"];
    // A node does not take it, and another gets its number.
    let low = [&order[..], &["--wait", "0", "--fee", "0"]].concat();
    let refusing = devnet.wallet_through(&home, &refusing, &low);
    ends_with(&refusing, 1, "its number goes to what is sent next");
    devnet.forget_everything(&home);
    first_block.iter().for_each(|block| devnet.submit(block));
    devnet.wallet(&home, &["send", "bob", "2", "--yes", "--wait", "0"]).success();
    let doubt = devnet.wallet(&home, &[&order[..], &["--timeout", "1"]].concat());
    assert_eq!(doubt.code, Some(4), "{doubt:?}");
    devnet.mine(6);
    ends_with(&devnet.wallet(&home, &[&order[..], &["--timeout", "5"]].concat()), 5, "takes another key");
    assert_eq!(devnet.waiting(), 0);
}

/// As a node answers that takes nothing.
fn refusing(path: &str, body: &str) -> String {
    match path {
        "/v1/transactions" => json!(Problem::new(Code::FeeTooLow, "it is full")).to_string(),
        _ => body.to_owned(),
    }
}

/// As a node answers that says of what was sent first that it is not there, and that its number is used.
fn denying(path: &str, body: &str) -> String {
    if path.starts_with("/v1/transactions/") {
        return json!(Problem::new(Code::TransactionUnknown, "it is not here")).to_string();
    }
    body.replace("\"nonce\":0,", "\"nonce\":1,")
}

#[test]
fn script_that_goes_on_after_somebody_paid_once_more_makes_no_third() {
    let (home, devnet) = stage();
    let through =
        |order: &[&str]| devnet.wallet_through(&home, &denying, &[&["send", "bob", "1"], order].concat());
    ends_with(&through(&["--yes", "--timeout", "30"]), 4, "has no block with it");
    let first = devnet.pool()[0].clone();
    let quick = ["--yes", "--wait", "0", "--json"];
    ends_with(&through(&quick), 3, "what became of it is not known");
    // An operator has seen that, and pays beside it.
    let second = txid(&through(&[&quick[..], &["--again", &first]].concat()).json());
    assert_eq!(devnet.waiting(), 2);
    // The script knows nothing of that.
    ends_with(&through(&quick), 3, &format!("say --again {second}"));
    let given = devnet.wallet(&home, &[&["send", "bob", "1"], &quick[..]].concat()).json();
    assert_eq!((&given["repeated"], devnet.waiting()), (&json!(true), 2));
    assert!([&first, &second].contains(&&txid(&given)), "{given}");
}

#[test]
fn fee_that_was_raised_after_an_order_had_ended_is_not_taken_for_the_next() {
    let (home, devnet) = stage();
    let first = txid(&told(&home, &devnet, &["send", "bob", "1"]));
    // It waits no longer than this, and nobody hears how it ends.
    let bump = ["bump", &*first, "--yes", "--timeout", "1"];
    let mut command = devnet.command(&home, &bump);
    assert_eq!(command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().code(), Some(4));
    devnet.mine(1);
    let next = told(&home, &devnet, &["send", "bob", "1"]);
    assert_eq!((&next["repeated"], devnet.waiting()), (&json!(false), 1), "the order before ended with 0");
}

#[test]
fn what_was_taken_back_is_not_sent_again_from_its_file() {
    let (home, devnet) = stage();
    ends_with(&devnet.wallet(&home, &["prepare", "bob", "1", "--out", "wish.json"]), 0, "");
    ends_with(&home.wallet(&["sign", "wish.json", "--out", "signed.json", "--yes"]), 0, "");
    let submit = ["submit", "signed.json", "--wait", "0", "--json"];
    let first = txid(&devnet.wallet(&home, &submit).json());
    let cancel = txid(&told(&home, &devnet, &["cancel", &first]));
    ends_with(
        &devnet.wallet(&home, &submit),
        3,
        &format!("{cancel} was signed to take the place of {first}"),
    );
    assert_eq!(devnet.pool(), [cancel]);
}
