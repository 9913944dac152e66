//! Blocks: by height, by hash, whole and in part.

use axum::http::StatusCode;
use cairn::codec::{decode, encode};
use cairn::types::Block;
use serde_json::{Value, json};

use crate::stage::Stage;

#[test]
fn a_block_is_the_same_by_height_by_hash_and_as_the_tip() {
    let mut stage = Stage::new();
    let payment = stage.payment(0, 1, 1000);
    let block = stage.mine(vec![payment.clone()]);
    let hash = block.header.hash();
    let by_height = stage.json("/v1/blocks/1");
    assert_eq!(by_height, stage.json(&format!("/v1/blocks/{hash}")));
    assert_eq!(by_height, stage.json("/v1/blocks/tip"));
    assert_eq!(by_height["hash"], hash.to_string());
    assert_eq!(by_height["height"], 1);
    assert_eq!(by_height["followed"], true);
    assert_eq!(by_height["depth"], 1);
    assert_eq!(by_height["transaction_count"], 1);
    assert_eq!(by_height["fees"], "500");
    assert_eq!(by_height["bytes"], encode(&block).len());
    assert_eq!(by_height["coinbase"]["matures_at"], 4);
    assert_eq!(by_height["txids"], Value::Null);
    let with_names = stage.json("/v1/blocks/1?txids=true");
    assert_eq!(with_names["txids"], json!([payment.body.txid()]));
}

#[test]
fn depth_grows_with_the_branch_and_is_nothing_beside_it() {
    let mut stage = Stage::new();
    let mut other = stage.miner.clone();
    stage.mine(Vec::new());
    stage.mine(Vec::new());
    assert_eq!(stage.json("/v1/blocks/1")["depth"], 2);
    assert_eq!(stage.json("/v1/blocks/0")["depth"], 3);
    let beside = other.mine(cairn::types::Address::from_bytes([0xb0; 32]), Vec::new());
    stage.node.submit(other.block(&beside).block()).unwrap();
    let beside = stage.json(&format!("/v1/blocks/{beside}"));
    assert_eq!((&beside["followed"], &beside["depth"]), (&json!(false), &json!(0)));
}

#[test]
fn bytes_of_a_block_are_the_block() {
    let mut stage = Stage::new();
    let block = stage.mine(Vec::new());
    let said = stage.get("/v1/blocks/1/raw");
    assert_eq!(said.header("content-type"), "application/octet-stream");
    assert_eq!(decode::<Block>(&said.body).unwrap(), block);
    let genesis = stage.get("/v1/blocks/0/raw");
    assert_eq!(decode::<Block>(&genesis.body).unwrap(), *stage.network.genesis.block());
}

#[test]
fn a_header_is_eighty_bytes_and_what_they_say() {
    let mut stage = Stage::new();
    let block = stage.mine(Vec::new());
    let header = stage.json("/v1/blocks/1/header");
    assert_eq!(header["header"], hex::encode(encode(&block.header)));
    assert_eq!(header["previous"], stage.network.params().chain.to_string());
    assert_eq!(header["bits"], "207fffff");
    assert_eq!(header["time"], block.header.time.0);
    assert!(header["work"].as_str().unwrap().parse::<u64>().unwrap() > 0);
}

#[test]
fn the_list_of_blocks_goes_on_to_genesis_and_names_each_once() {
    let mut stage = Stage::new();
    for _ in 0..7 {
        stage.mine(Vec::new());
    }
    let (mut path, mut heights) = ("/v1/blocks?limit=3".to_owned(), Vec::new());
    loop {
        let page = stage.json(&path);
        let blocks = page["blocks"].as_array().unwrap();
        heights.extend(blocks.iter().map(|block| block["height"].as_u64().unwrap()));
        match &page["next"] {
            Value::Null => break,
            next => path = format!("/v1/blocks?limit=3&before={next}"),
        }
    }
    assert_eq!(heights, [7, 6, 5, 4, 3, 2, 1, 0]);
}

#[test]
fn transactions_of_a_block_come_in_pages() {
    let mut stage = Stage::new();
    let payments: Vec<_> = (0..3).map(|payer| stage.payment(payer, 3, 1)).collect();
    stage.mine(payments.clone());
    let first = stage.json("/v1/blocks/1/transactions?limit=2");
    assert_eq!(first["next"], 3);
    let second = stage.json("/v1/blocks/1/transactions?limit=2&from=3");
    assert_eq!(second["next"], Value::Null);
    let both = [first, second].map(|page| page["transactions"].as_array().unwrap().clone()).concat();
    let names: Vec<_> = both.iter().map(|shown| shown["txid"].clone()).collect();
    let expected: Vec<_> = payments.iter().map(|payment| json!(payment.body.txid())).collect();
    assert_eq!(names, expected);
    assert_eq!(stage.json("/v1/blocks/0/transactions"), json!({"transactions": [], "next": null}));
}

#[test]
fn what_is_no_block_is_said_to_be_none() {
    let stage = Stage::new();
    let unknown = "00".repeat(32);
    for (path, status, code) in [
        ("/v1/blocks/7", StatusCode::NOT_FOUND, "block_unknown"),
        (&format!("/v1/blocks/{unknown}"), StatusCode::NOT_FOUND, "block_unknown"),
        ("/v1/blocks/-1", StatusCode::BAD_REQUEST, "bad_value"),
        ("/v1/blocks/latest", StatusCode::BAD_REQUEST, "bad_value"),
        ("/v1/blocks/4294967296", StatusCode::BAD_REQUEST, "bad_value"),
        ("/v1/blocks?limit=0", StatusCode::BAD_REQUEST, "bad_value"),
        ("/v1/blocks?limit=1001", StatusCode::BAD_REQUEST, "bad_value"),
        ("/v1/blocks?limit=many", StatusCode::BAD_REQUEST, "bad_value"),
        ("/v1/blocks/1/2/3", StatusCode::NOT_FOUND, "not_found"),
    ] {
        let said = stage.get(path);
        assert_eq!((said.status, said.code().as_str()), (status, code), "{path}");
    }
}
