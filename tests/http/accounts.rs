//! Accounts: what they have, what happened to them, and proofs of it.

use cairn::codec::decode;
use cairn::ledger::BalanceProof;
use cairn::testkit::Actor;
use cairn::types::{Amount, PEBBLES_PER_COIN};
use serde_json::{Value, json};

use crate::stage::{Stage, miner_address, raw};

const FUNDS: u64 = 1000 * PEBBLES_PER_COIN;

#[test]
fn an_address_that_was_never_paid_has_nothing() {
    let stage = Stage::new();
    let account = stage.json(&format!("/v1/accounts/{}", stage.address(77)));
    assert_eq!(account["balance"], "0");
    assert_eq!(account["nonce"], 0);
    assert_eq!(account["address"], stage.address(77));
}

#[test]
fn what_waits_in_the_pool_is_spoken_for() {
    let stage = Stage::new();
    let payment = stage.payment(0, 1, 1000);
    stage.node.send(&payment).unwrap();
    let payer = stage.json(&format!("/v1/accounts/{}", stage.address(0)));
    assert_eq!(payer["balance"], FUNDS.to_string());
    assert_eq!(payer["outgoing"], "1500");
    assert_eq!(payer["spendable"], (FUNDS - 1500).to_string());
    assert_eq!((&payer["nonce"], &payer["next_nonce"]), (&json!(0), &json!(1)));
    assert_eq!(payer["pending"], 1);
    let paid = stage.json(&format!("/v1/accounts/{}", stage.address(1)));
    assert_eq!((&paid["incoming"], &paid["spendable"]), (&json!("1000"), &json!(FUNDS.to_string())));
    let pending = stage.json(&format!("/v1/accounts/{}/pending", stage.address(0)));
    assert_eq!(pending["transactions"][0]["txid"], payment.body.txid().to_string());
    assert_eq!(pending["incoming"], json!([]));
    let pending = stage.json(&format!("/v1/accounts/{}/pending", stage.address(1)));
    assert_eq!(pending["incoming"][0]["txid"], payment.body.txid().to_string());
    assert_eq!(pending["transactions"], json!([]));
}

#[test]
fn a_history_names_who_was_on_the_other_side() {
    let mut stage = Stage::new();
    let payment = stage.payment(0, 1, 1000);
    stage.mine(vec![payment]);
    for (whose, other) in [(0, 1), (1, 0)] {
        let told = stage.json(&format!("/v1/accounts/{}/history", stage.address(whose)));
        let entry = &told["entries"][0];
        assert_eq!(entry["others"], json!([stage.address(other)]));
        assert_eq!(entry["others_count"], 1);
    }
    let rewards = stage.json(&format!("/v1/accounts/{}/history", stage.text(&miner_address())));
    assert_eq!(rewards["entries"][0]["others_count"], 0);
}

#[test]
fn a_reward_is_immature_until_it_matures() {
    let mut stage = Stage::new();
    let path = format!("/v1/accounts/{}", stage.text(&miner_address()));
    let reward = stage.mine(Vec::new()).coinbase.amount.pebbles();
    stage.mine(Vec::new());
    let account = stage.json(&path);
    assert_eq!((&account["balance"], &account["immature"]), (&json!("0"), &json!((2 * reward).to_string())));
    stage.mine(Vec::new());
    stage.mine(Vec::new());
    let account = stage.json(&path);
    assert_eq!(account["balance"], reward.to_string());
    assert_eq!(account["immature"], (3 * reward).to_string());
}

#[test]
fn a_history_in_pages_is_the_whole_and_adds_up_to_the_balance() {
    let stage = Stage::with_history();
    for who in [stage.address(0), stage.address(1), stage.text(&miner_address())] {
        let mut entries = Vec::new();
        let mut path = format!("/v1/accounts/{who}/history?limit=2");
        loop {
            let page = stage.json(&path);
            entries.extend(page["entries"].as_array().unwrap().clone());
            match page["next"].as_str() {
                None => break,
                Some(next) => path = format!("/v1/accounts/{who}/history?limit=2&cursor={next}"),
            }
        }
        assert_eq!(entries.len(), 5);
        let heights: Vec<u64> = entries.iter().map(|entry| entry["height"].as_u64().unwrap()).collect();
        assert_eq!(heights, [5, 4, 3, 2, 1]);
        let pebbles = |value: &Value| value.as_str().unwrap().parse::<i128>().unwrap();
        let account = stage.json(&format!("/v1/accounts/{who}"));
        let begun = if who == stage.text(&miner_address()) { 0 } else { i128::from(FUNDS) };
        let flow: i128 =
            entries.iter().map(|entry| pebbles(&entry["received"]) - pebbles(&entry["sent"])).sum();
        assert_eq!(begun + flow, pebbles(&account["balance"]) + pebbles(&account["immature"]));
    }
    let newest = &stage.json(&format!("/v1/accounts/{}/history", stage.address(0)))["entries"][0];
    assert_eq!(newest["moved"], "out");
    assert_eq!(newest["references"], json!([hex::encode("invoice")]));
    assert_eq!(newest["depth"], 1);
    let reward = &stage.json(&format!("/v1/accounts/{}/history", stage.text(&miner_address())))["entries"][0];
    assert_eq!(
        (&reward["moved"], &reward["txid"], &reward["matures_at"]),
        (&json!("reward"), &Value::Null, &json!(8))
    );
}

#[test]
fn a_proof_of_a_balance_holds_for_whoever_has_the_header() {
    let mut stage = Stage::new();
    let path = format!("/v1/accounts/{}/proof", stage.address(0));
    assert_eq!(stage.get(&path).code(), "not_kept");
    let payment = stage.payment(0, 1, 1000);
    stage.mine(vec![payment]);
    let block = stage.mine(Vec::new());
    let said = stage.json(&path);
    let proof: BalanceProof = decode(&hex::decode(said["proof"].as_str().unwrap()).unwrap()).unwrap();
    let proven = proof.verify(&Actor::new(0).address()).unwrap();
    assert_eq!(proven.proven_by, block.header.hash());
    assert_eq!(proven.account.balance, Amount::from_pebbles(FUNDS - 1500));
    assert_eq!(said["balance"], (FUNDS - 1500).to_string());
    assert_eq!((&said["as_of"], &said["nonce"]), (&json!(1), &json!(1)));
}

#[test]
fn payments_are_found_by_what_they_are_for() {
    let stage = Stage::with_history();
    let invoice = hex::encode("invoice");
    let first = stage.json(&format!("/v1/references/{invoice}?limit=3"));
    let next = first["next"].as_str().unwrap();
    let second = stage.json(&format!("/v1/references/{invoice}?limit=3&cursor={next}"));
    let count = |page: &Value| page["payments"].as_array().unwrap().len();
    assert_eq!((count(&first), count(&second)), (3, 2));
    assert_eq!(first["payments"][0]["status"], "confirmed");
    assert_eq!(first["payments"][0]["transaction"]["actions"][0]["reference"], invoice);
    assert_eq!(stage.json("/v1/references/00")["payments"], json!([]));
}

#[test]
fn a_mistyped_address_is_said_to_be_one() {
    let stage = Stage::new();
    let good = stage.address(0);
    let mut mistyped = good.clone();
    mistyped.replace_range(10..11, if &good[10..11] == "q" { "p" } else { "q" });
    let foreign = Actor::new(0).address().to_text(&"other".parse().unwrap());
    for (address, word) in [
        (mistyped.as_str(), "the letter at place 11 is likely wrong"),
        (&foreign, "`other`"),
        ("bogus", "one is `ctest1` and 58 small letters and digits"),
    ] {
        for path in ["", "/history", "/proof", "/pending"] {
            let said = stage.get(&format!("/v1/accounts/{address}{path}"));
            assert_eq!(said.code(), "bad_address");
            let detail = said.json()["detail"].as_str().unwrap().to_owned();
            assert!(detail.contains(word), "{detail}");
        }
    }
    let said = stage.get(&format!("/v1/accounts/{good}/history?cursor=later"));
    assert_eq!(said.code(), "bad_cursor");
}

#[test]
fn what_is_sent_over_http_counts_at_once() {
    let stage = Stage::new();
    let payment = stage.payment(0, 1, 1000);
    assert_eq!(stage.post("/v1/transactions", &raw(&payment)).status.as_u16(), 202);
    assert_eq!(stage.json(&format!("/v1/accounts/{}", stage.address(0)))["pending"], 1);
}

#[test]
fn a_history_from_its_beginning_is_the_same_the_other_way_round() {
    let stage = Stage::with_history();
    for who in [stage.address(0), stage.text(&miner_address())] {
        let whole = |order: &str| {
            let (mut entries, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = stage.json(&format!("/v1/accounts/{who}/history?limit=2&order={order}{cursor}"));
                entries.extend(page["entries"].as_array().unwrap().clone());
                match page["next"].as_str() {
                    None => return entries,
                    Some(next) => cursor = format!("&cursor={next}"),
                }
            }
        };
        let mut oldest_first = whole("oldest");
        oldest_first.reverse();
        assert_eq!(oldest_first, whole("newest"));
    }
    assert_eq!(
        stage.get(&format!("/v1/accounts/{}/history?order=best", stage.address(0))).code(),
        "bad_value"
    );
}

#[test]
fn what_an_account_had_at_each_height_is_told() {
    let stage = Stage::with_history();
    for height in 0..=5 {
        let past = stage.json(&format!("/v1/accounts/{}/at/{height}", stage.address(0)));
        assert_eq!(past["balance"], (FUNDS - 1500 * height).to_string());
        assert_eq!((&past["nonce"], &past["as_of"]), (&json!(height), &json!(height)));
        assert_eq!(past["as_of_block"], stage.json(&format!("/v1/blocks/{height}"))["hash"]);
    }
    assert_eq!(stage.get(&format!("/v1/accounts/{}/at/6", stage.address(0))).code(), "block_unknown");
    assert_eq!(stage.get(&format!("/v1/accounts/{}/at/now", stage.address(0))).code(), "bad_value");
}
