//! Sending transactions and blocks.

use axum::http::StatusCode;
use cairn::codec::encode;
use cairn::testkit::{Actor, remine};
use cairn::types::Txid;
use serde_json::{Value, json};

use crate::stage::{Stage, miner_address, raw};

#[test]
fn a_transaction_is_taken_in_and_then_known_and_then_mined() {
    let mut stage = Stage::new();
    let payment = stage.payment(0, 1, 1000);
    let txid = payment.body.txid();
    let said = stage.post("/v1/transactions", &raw(&payment));
    assert_eq!(said.status, StatusCode::ACCEPTED);
    assert_eq!(said.json(), json!({"txid": txid, "hash": payment.hash(), "verdict": "ready"}));
    let again = stage.post("/v1/transactions", &raw(&payment));
    assert_eq!((again.status, &again.json()["verdict"]), (StatusCode::OK, &json!("known")));
    let waiting = stage.json(&format!("/v1/transactions/{txid}"));
    assert_eq!((&waiting["status"], &waiting["ready"]), (&json!("pending"), &json!(true)));
    stage.mine(vec![payment.clone()]);
    let mined = stage.json(&format!("/v1/transactions/{txid}"));
    assert_eq!((&mined["status"], &mined["height"]), (&json!("confirmed"), &json!(1)));
    assert_eq!((&mined["depth"], &mined["position"]), (&json!(1), &json!(1)));
    let late = stage.post("/v1/transactions", &raw(&payment));
    assert_eq!((late.status, &late.json()["verdict"]), (StatusCode::OK, &json!("mined")));
}

#[test]
fn several_transactions_are_answered_each() {
    let stage = Stage::new();
    let actor = Actor::new(0);
    let params = stage.network.params();
    let pay = |nonce| actor.pay(params, nonce, &Actor::new(1), 1, 500);
    let broken = json!({"raw": "00"});
    let said = stage
        .post("/v1/transactions", &json!([raw(&pay(0)), raw(&pay(1)), broken, raw(&pay(3)), raw(&pay(0))]));
    assert_eq!(said.status, StatusCode::OK);
    let outcomes = said.json();
    let verdict = |at: usize| outcomes[at]["accepted"]["verdict"].clone();
    assert_eq!((verdict(0), verdict(1)), (json!("ready"), json!("ready")));
    assert_eq!(outcomes[2]["refused"]["code"], "not_decodable");
    assert_eq!((verdict(3), &outcomes[3]["accepted"]["expected"]), (json!("waiting"), &json!(2)));
    assert_eq!(verdict(4), json!("known"));
    assert_eq!(stage.post("/v1/transactions", &json!([])).json(), json!([]));
    assert_eq!(stage.post("/v1/transactions", &json!(vec![broken; 1001])).code(), "too_large");
}

#[test]
fn refusals_say_what_to_do() {
    let mut stage = Stage::new();
    let first = stage.payment(0, 1, 1000);
    stage.mine(vec![first.clone()]);
    let params = stage.network.params().clone();
    let actor = Actor::new(0);
    let mut forged = actor.pay(&params, 1, &Actor::new(1), 1, 500);
    forged.body.fee = cairn::types::Amount::from_pebbles(501);
    let cases = [
        (actor.pay(&params, 0, &Actor::new(1), 7, 500), "nonce_used"),
        (actor.pay(&params, 5000, &Actor::new(1), 7, 500), "nonce_ahead"),
        (actor.pay(&params, 1, &Actor::new(1), u64::MAX >> 2, 500), "balance_too_low"),
        (Actor::new(99).pay(&params, 0, &Actor::new(1), 1, 500), "balance_too_low"),
        (forged, "transaction_invalid"),
    ];
    for (transaction, code) in cases {
        let said = stage.post("/v1/transactions", &raw(&transaction));
        assert_eq!((said.code().as_str(), said.status.as_u16()), (code, 422));
    }
    for (sent, code) in [
        (json!({"raw": "zz"}), "bad_request"),
        (json!({"raw": "00", "body": "00"}), "bad_request"),
        (json!({"body": "00"}), "bad_request"),
        (json!({"raw": hex::encode([encode(&first), vec![0]].concat())}), "not_decodable"),
        (json!({"rawer": "00"}), "bad_request"),
        (json!("00"), "bad_request"),
    ] {
        assert_eq!(stage.post("/v1/transactions", &sent).code(), code, "{sent}");
    }
}

#[test]
fn a_dearer_one_takes_the_place_of_a_cheaper_one() {
    let stage = Stage::new();
    let (params, actor) = (stage.network.params(), Actor::new(0));
    let cheap = actor.pay(params, 0, &Actor::new(1), 1, 500);
    let dear = actor.pay(params, 0, &Actor::new(1), 1, 5000);
    let barely = actor.pay(params, 0, &Actor::new(1), 2, 501);
    assert_eq!(stage.post("/v1/transactions", &raw(&cheap)).status, StatusCode::ACCEPTED);
    assert_eq!(stage.post("/v1/transactions", &raw(&barely)).code(), "fee_too_low");
    assert_eq!(stage.post("/v1/transactions", &raw(&dear)).status, StatusCode::ACCEPTED);
    assert_eq!(stage.json(&format!("/v1/transactions/{}", dear.body.txid()))["status"], "pending");
}

/// Prepares a payment, signs what it was told to sign, and sends it: all that a wallet in another language needs.
#[test]
fn whoever_cannot_encode_has_it_encoded_and_signs() {
    let stage = Stage::new();
    let actor = Actor::new(0);
    let key = hex::encode(actor.secret().public_key().to_bytes());
    let draft = json!({
        "policy": {"kind": "key", "key": key},
        "actions": [
            {"kind": "pay", "to": stage.address(1), "amount": "1000", "reference": hex::encode("invoice")},
            {"kind": "note", "text": "thank you"},
        ],
    });
    let said = stage.post("/v1/transactions/prepare", &draft);
    assert_eq!(said.status, StatusCode::OK, "{}", String::from_utf8_lossy(&said.body));
    let prepared = said.json();
    assert_eq!(prepared["transaction"]["from"], stage.address(0));
    assert_eq!(prepared["transaction"]["actions"][1]["text"], "thank you");
    let message: [u8; 32] =
        hex::decode(prepared["signing_message"].as_str().unwrap()).unwrap().try_into().unwrap();
    let signature = hex::encode(actor.secret().sign(&message).0);
    let signed = json!({"body": prepared["body"], "witness": {"signatures": [signature]}});
    let sent = stage.post("/v1/transactions", &signed);
    assert_eq!(sent.status, StatusCode::ACCEPTED, "{}", String::from_utf8_lossy(&sent.body));
    assert_eq!(sent.json()["txid"], prepared["txid"]);
    let length =
        stage.get(&format!("/v1/transactions/{}/raw", prepared["txid"].as_str().unwrap())).body.len();
    assert_eq!(prepared["bytes"], length);
}

#[test]
fn a_draft_that_is_none_says_why() {
    let stage = Stage::new();
    let key = hex::encode(Actor::new(0).secret().public_key().to_bytes());
    let pay = json!({"kind": "pay", "to": stage.address(1), "amount": "1"});
    let policy = json!({"kind": "key", "key": key});
    for (draft, code) in [
        (json!({"policy": policy, "actions": []}), "bad_value"),
        (json!({"policy": policy, "actions": vec![pay.clone(); 257]}), "bad_value"),
        (json!({"policy": {"kind": "key", "key": "00"}, "actions": [pay]}), "bad_value"),
        (json!({"policy": policy, "actions": [{"kind": "note", "text": "a", "bytes": "62"}]}), "bad_value"),
        (
            json!({"policy": {"kind": "threshold", "required": 0, "children": []}, "actions": [pay]}),
            "bad_value",
        ),
        (json!({"policy": policy, "actions": [{"kind": "pay", "to": "me", "amount": "1"}]}), "bad_address"),
        (
            json!({"policy": policy, "actions": [{"kind": "pay", "to": stage.address(1), "amount": 1}]}),
            "bad_request",
        ),
        (json!({"policy": policy, "actions": [{"kind": "note", "text": "x".repeat(257)}]}), "bad_value"),
        (json!({"policy": policy, "actions": [pay], "tip": "1"}), "bad_request"),
    ] {
        assert_eq!(stage.post("/v1/transactions/prepare", &draft).code(), code, "{draft}");
    }
}

#[test]
fn a_template_that_is_worked_on_becomes_a_block() {
    let stage = Stage::new();
    let payment = stage.payment(0, 1, 1000);
    stage.node.send(&payment).unwrap();
    let path = format!("/v1/mining/template?address={}", stage.text(&miner_address()));
    let template = stage.json(&path);
    assert_eq!(template["txids"], json!([payment.body.txid()]));
    assert_ne!(template["block"], stage.json(&path)["block"], "nobody does another's work");
    // As a miner in any language would: turn the last four bytes of the header.
    let mut block = hex::decode(template["block"].as_str().unwrap()).unwrap();
    let target = hex::decode(template["target"].as_str().unwrap()).unwrap();
    for nonce in 0_u32.. {
        block[76..80].copy_from_slice(&nonce.to_le_bytes());
        let mut hash = cairn::crypto::sha256d(&block[..80]);
        hash.reverse();
        if hash[..] <= target[..] {
            break;
        }
    }
    let said = stage.post("/v1/blocks", &json!({"block": hex::encode(&block)}));
    assert_eq!(said.json()["verdict"], "followed", "{}", said.json());
    assert_eq!(stage.json("/v1/tip")["hash"], said.json()["hash"]);
    let again = stage.post("/v1/blocks", &json!({"block": hex::encode(&block)}));
    assert_eq!(again.json()["verdict"], "known");
}

#[test]
fn a_block_that_breaks_a_rule_is_refused_with_the_rule() {
    let stage = Stage::new();
    let params = stage.network.params();
    let mut block = stage.miner.draft(miner_address(), Vec::new()).mine(params);
    block.coinbase.amount = cairn::types::Amount::from_pebbles(1 << 50);
    remine(&mut block, params);
    let said = stage.post("/v1/blocks", &json!({"block": hex::encode(encode(&block))}));
    assert_eq!(said.code(), "block_invalid");
    assert_eq!(stage.post("/v1/blocks", &json!({"block": "00"})).code(), "not_decodable");
}

#[test]
fn what_was_never_here_is_unknown() {
    let stage = Stage::new();
    let txid = Txid::from_bytes([9; 32]);
    for path in ["", "/raw", "/proof"] {
        let said = stage.get(&format!("/v1/transactions/{txid}{path}"));
        assert_eq!((said.status.as_u16(), said.code().as_str()), (404, "transaction_unknown"));
    }
    assert_eq!(stage.get("/v1/transactions/9").code(), "bad_value");
}

#[test]
fn a_proof_of_a_transaction_holds_for_whoever_has_the_header() {
    let mut stage = Stage::new();
    let payment = stage.payment(0, 1, 1000);
    let block = stage.mine(vec![payment.clone()]);
    let said = stage.json(&format!("/v1/transactions/{}/proof", payment.body.txid()));
    let proof: cairn::ledger::TransactionProof =
        cairn::codec::decode(&hex::decode(said["proof"].as_str().unwrap()).unwrap()).unwrap();
    assert_eq!(proof.verify().unwrap(), (block.coinbase.height, block.header.hash()));
    assert_eq!(proof.transaction, payment);
    assert_eq!(said["block"], Value::from(block.header.hash().to_string()));
}

#[test]
fn a_payment_whose_money_went_with_a_branch_says_why_it_left() {
    let mut stage = Stage::new();
    let mut other = stage.miner.clone();
    let income = stage.payment(0, 9, 5000);
    stage.mine(vec![income]);
    let spent = stage.payment(9, 1, 1000);
    let txid = spent.body.txid();
    stage.node.send(&spent).unwrap();
    // On the branch that comes instead the same money goes elsewhere.
    let instead = Actor::new(0).pay(stage.network.params(), 0, &Actor::new(2), 5000, 500);
    for transactions in [vec![instead], Vec::new()] {
        let hash = other.mine(miner_address(), transactions);
        stage.node.submit(other.block(&hash).block()).unwrap();
    }
    let left = stage.json(&format!("/v1/transactions/{txid}"));
    assert_eq!(left, json!({"txid": txid, "status": "dropped", "why": "refused", "transaction": null}));
}
