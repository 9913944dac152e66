//! How the node is, what waits, who mines.

use axum::http::StatusCode;
use cairn::storage::StorageError;
use serde_json::json;

use crate::stage::{Stage, miner_address};

#[test]
fn status_says_which_chain_it_is_and_where_it_stands() {
    let mut stage = Stage::new();
    let block = stage.mine(Vec::new());
    let status = stage.json("/v1/status");
    assert_eq!(status["tip"], json!({"height": 1, "hash": block.header.hash()}));
    assert_eq!(status["network"]["chain"], stage.network.params().chain.to_string());
    assert_eq!(status["network"], stage.json("/v1/network"));
    assert_eq!(status["sync"], json!({"state": "alone"}));
    assert_eq!(status["cursor"], "0-1");
    assert_eq!(status["network"]["allocation"].as_array().unwrap().len(), 4);
}

#[test]
fn supply_is_what_was_given_out_and_mined_less_what_was_burned() {
    let mut stage = Stage::new();
    let reward = stage.mine(Vec::new()).coinbase.amount.pebbles();
    let payment = stage.payment(0, 77, 1000);
    stage.mine(vec![payment]);
    let supply = stage.json("/v1/supply");
    let charge = stage.network.params().account_charge.pebbles();
    assert_eq!(supply["issued"], (2 * reward).to_string());
    assert_eq!(supply["burned"], charge.to_string());
    let allocation: u64 = supply["allocation"].as_str().unwrap().parse().unwrap();
    assert_eq!(supply["total"], (allocation + 2 * reward - charge).to_string());
}

#[test]
fn what_waits_is_listed_best_first_and_counted_in_bars() {
    let stage = Stage::new();
    let payments: Vec<_> = (0..3).map(|payer| stage.payment(payer, 3, 1)).collect();
    for payment in &payments {
        stage.node.send(payment).unwrap();
    }
    let pool = stage.json("/v1/mempool");
    assert_eq!((&pool["ready"], &pool["waiting"], &pool["fees"]), (&json!(3), &json!(0), &json!("1500")));
    let list = stage.json("/v1/mempool/transactions?limit=2");
    assert_eq!((list["transactions"].as_array().unwrap().len(), &list["ready"]), (2, &json!(3)));
    let rates: Vec<u64> = list["transactions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|shown| shown["rate"].as_u64().unwrap())
        .collect();
    assert!(rates.is_sorted_by(|first, second| first >= second), "{rates:?}");
    let bars = stage.json("/v1/mempool/histogram");
    assert_eq!(bars[0]["count"], 3);
    assert!(bars[0]["rate_min"].as_u64().unwrap() <= rates[0]);
    let fees = stage.json("/v1/fees");
    assert!(fees["next_block"].as_u64() >= fees["ten_blocks"].as_u64());
}

#[test]
fn who_mined_is_counted_on_the_branch_that_is_followed() {
    let mut stage = Stage::new();
    let mut other = stage.miner.clone();
    stage.mine(Vec::new());
    let share = |stage: &Stage| stage.json("/v1/mining")["miners"].clone();
    let mine = stage.text(&miner_address());
    assert_eq!(share(&stage), json!([{"address": mine, "blocks": 1, "last": 1}]));
    let rival = cairn::types::Address::from_bytes([0xb0; 32]);
    for _ in 0..2 {
        let hash = other.mine(rival, Vec::new());
        stage.node.submit(other.block(&hash).block()).unwrap();
    }
    assert_eq!(share(&stage), json!([{"address": stage.text(&rival), "blocks": 2, "last": 2}]));
    assert_eq!(stage.json("/v1/mining")["blocks"], 2);
}

#[test]
fn search_finds_whatever_somebody_may_have_copied() {
    let stage = Stage::with_history();
    let block = stage.json("/v1/blocks/2?txids=true");
    let hash = block["hash"].as_str().unwrap();
    let txid = block["txids"][0].as_str().unwrap();
    let address = stage.address(0);
    let hits = |text: &str| stage.json(&format!("/v1/search?q={text}"))["hits"].clone();
    assert_eq!(hits("2"), json!([{"kind": "block", "hash": hash, "height": 2, "followed": true}]));
    assert_eq!(hits(hash), hits("2"));
    assert_eq!(hits(txid), json!([{"kind": "transaction", "txid": txid}]));
    assert_eq!(hits(&address), json!([{"kind": "account", "address": address, "known": true}]));
    assert_eq!(hits(&address.to_uppercase()), hits(&address));
    assert_eq!(hits("nothing"), json!([]));
    assert_eq!(hits(&txid[..6]), hits(txid));
    assert_eq!(hits(&txid[..5]), json!([]), "five digits are too few");
    let shown = &address[..address.find('1').unwrap() + 4];
    assert_eq!(hits(shown), hits(&address), "as pages show the beginning of an address");
    assert_eq!(hits(&shown[..shown.len() - 1]), json!([]), "two letters are too few");
    let mistyped = format!("{}q", &address[..address.len() - 1]);
    assert_eq!(hits(&mistyped), json!([]), "whoever mistyped an address is not led to another");
    assert!(hits(&hash[..8]).as_array().unwrap().contains(&hits(hash)[0]));
    assert_eq!(stage.get("/v1/search").code(), "bad_value");
}

#[test]
fn a_node_that_takes_nothing_in_any_more_says_so_to_whoever_would_start_it_again() {
    let stage = Stage::new();
    assert_eq!(stage.get("/healthy").status, StatusCode::OK);
    stage.node.handle().end_over(&StorageError::Contradiction("the disk makes no sense".to_owned()));
    let said = stage.get("/healthy");
    assert_eq!((said.status, said.code()), (StatusCode::SERVICE_UNAVAILABLE, "node_stopped".to_owned()));
    let detail = said.json()["detail"].to_string();
    assert!(detail.contains("the disk makes no sense"), "{detail}");
    let said = stage.get("/ready");
    assert_eq!((said.status, said.code()), (StatusCode::SERVICE_UNAVAILABLE, "not_ready".to_owned()));
    // What is known can still be read.
    assert_eq!(stage.json("/v1/tip")["height"], 0);
}
