//! The examples in the document are true.
//!
//! `CAIRN_WRITE_EXAMPLES=1 cargo test --test http examples` asks them anew and writes down what was answered.

use std::collections::BTreeSet;
use std::fs;

use cairn::api::{Example, document, examples};
use cairn::testkit::Actor;
use cairn::types::{Address, Timestamp};
use serde_json::{Value, json};

use crate::stage::{Stage, miner_address, raw};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/api/examples.json");

/// What has no answer in JSON that stays: bytes, and what goes on.
const WITHOUT_ANSWER: [&str; 2] = ["block_raw", "transaction_raw"];

/// A small story that always comes to the same: five blocks, a reorganization, payments that wait.
fn story() -> Stage {
    let mut stage = Stage::with_history();
    let mut other = stage.miner.clone();
    let lost = stage.payment(1, 2, 2500);
    stage.mine(vec![lost]);
    for _ in 0..2 {
        let hash = other.mine(Address::from_bytes([0xb0; 32]), Vec::new());
        let block = other.block(&hash).block().clone();
        stage.node.submit(&block).unwrap();
        stage.miner = other.clone();
    }
    let waits = stage.payment(0, 3, 7000);
    stage.node.send(&waits).unwrap();
    stage.node.wait_for_indexes();
    stage.node.clock.set(Timestamp(stage.miner.block(&stage.node.tip().hash).block().header.time.0 + 30));
    stage
}

/// What is asked of it, one for each operation at least.
fn questions(stage: &Stage) -> Vec<Example> {
    let [payer, paid] = [0, 1].map(|who| stage.address(who));
    let block = stage.json("/v1/blocks/3?txids=true");
    let (hash, txid) = (block["hash"].as_str().unwrap(), block["txids"][0].as_str().unwrap());
    let step = stage.json("/v1/reorganizations")[0]["step"].clone();
    let key = hex::encode(Actor::new(0).secret().public_key().to_bytes());
    let draft = json!({
        "policy": {"kind": "key", "key": key},
        "actions": [{"kind": "pay", "to": paid, "amount": "150000000", "reference": hex::encode("INVOICE-42")}],
    });
    let payment = raw(&stage.payment(3, 1, 4200));
    let second = raw(&Actor::new(2).pay(stage.network.params(), 0, &Actor::new(1), 4200, 500));
    let mined = hex::encode(stage.get("/v1/blocks/tip/raw").body);
    let miner = stage.text(&miner_address());
    let get = |operation: &str, path: String| (operation.to_owned(), "get", path, None);
    let post = |operation: &str, path: &str, body: &Value| {
        (operation.to_owned(), "post", path.to_owned(), Some(body.clone()))
    };
    let asked = [
        get("status", "/v1/status".into()),
        get("network", "/v1/network".into()),
        get("tip", "/v1/tip".into()),
        get("supply", "/v1/supply".into()),
        get("tips", "/v1/tips".into()),
        get("reorganizations", "/v1/reorganizations?limit=5".into()),
        get("reorganization", format!("/v1/reorganizations/{step}")),
        get("blocks", "/v1/blocks?limit=1".into()),
        get("block", "/v1/blocks/3?txids=true".into()),
        get("block_header", format!("/v1/blocks/{hash}/header")),
        get("block_raw", format!("/v1/blocks/{hash}/raw")),
        get("block_transactions", "/v1/blocks/3/transactions?from=1&limit=10".into()),
        get("transaction", format!("/v1/transactions/{txid}")),
        get("transaction_raw", format!("/v1/transactions/{txid}/raw")),
        get("transaction_proof", format!("/v1/transactions/{txid}/proof")),
        get("reference", format!("/v1/references/{}?limit=1", hex::encode("invoice"))),
        post("prepare_transaction", "/v1/transactions/prepare", &draft),
        post("test_transaction", "/v1/transactions/test", &payment),
        post("submit_transactions", "/v1/transactions", &payment),
        post("submit_transactions", "/v1/transactions", &json!([payment, second])),
        post("submit_block", "/v1/blocks", &json!({"block": mined})),
        get("account", format!("/v1/accounts/{payer}")),
        get("account_pending", format!("/v1/accounts/{payer}/pending")),
        get("account_history", format!("/v1/accounts/{payer}/history?order=newest&limit=2")),
        get("account_at", format!("/v1/accounts/{payer}/at/2")),
        get("account_proof", format!("/v1/accounts/{payer}/proof")),
        get("mempool", "/v1/mempool".into()),
        get("mempool_transactions", "/v1/mempool/transactions?limit=1".into()),
        get("mempool_histogram", "/v1/mempool/histogram".into()),
        get("fees", "/v1/fees".into()),
        get("mining", "/v1/mining".into()),
        get("mining_template", format!("/v1/mining/template?address={miner}")),
        get("peers", "/v1/peers".into()),
        get("healthy", "/healthy".into()),
        get("ready", "/ready".into()),
        get("search", format!("/v1/search?q={}", &txid[..8])),
    ];
    let example = |(operation, method, path, body): (String, &str, String, Option<Value>)| Example {
        operation,
        method: method.to_owned(),
        path,
        body,
        status: 0,
        answer: None,
    };
    asked.into_iter().map(example).collect()
}

/// Asks, and puts in place of what differs from run to run what is always the same.
fn ask(stage: &Stage, mut example: Example) -> Example {
    let said = match &example.body {
        None => stage.get(&example.path),
        Some(body) => stage.post(&example.path, body),
    };
    example.status = said.status.as_u16();
    if !WITHOUT_ANSWER.contains(&example.operation.as_str()) {
        let mut answer = said.json();
        steady(&example.operation, &mut answer);
        example.answer = Some(answer);
    }
    example
}

fn steady(operation: &str, answer: &mut Value) {
    for name in ["uptime_seconds", "seconds"] {
        if let Some(seconds) = answer.get_mut(name) {
            assert!(seconds.as_u64().unwrap() < 3600);
            *seconds = json!(12);
        }
    }
    if let Some(list) = answer.get_mut("transactions").and_then(Value::as_array_mut) {
        list.iter_mut().for_each(|entry| steady(operation, entry));
    }
    if operation == "peers" {
        // Who somebody is, is drawn.
        *answer.get_mut("node").unwrap() = json!("5a".repeat(32));
    }
    if operation == "mining_template" {
        // Each differs, so that nobody does another's work: only what everyone is given is compared.
        let block = answer["block"].as_str().unwrap().to_owned();
        assert!(block.starts_with(answer["header"].as_str().unwrap()));
        let header = &block[..72];
        *answer.get_mut("header").unwrap() = json!(format!("{header}{}", "0".repeat(88)));
        *answer.get_mut("block").unwrap() = json!(format!("{header}{}", "0".repeat(88)));
    }
}

#[test]
fn examples_in_the_document_are_what_a_node_answers() {
    let stage = story();
    let asked: Vec<Example> = questions(&stage).into_iter().map(|question| ask(&stage, question)).collect();
    if std::env::var_os("CAIRN_WRITE_EXAMPLES").is_some() {
        fs::write(FILE, serde_json::to_string_pretty(&asked).unwrap() + "\n").unwrap();
    }
    let written: Vec<Example> = serde_json::from_str(&fs::read_to_string(FILE).unwrap()).unwrap();
    for (asked, written) in asked.iter().zip(&written) {
        assert_eq!(asked, written, "{}: write them anew, see the top of this file", asked.operation);
    }
    assert_eq!(asked.len(), written.len());
}

#[test]
fn every_operation_has_an_example() {
    let with: BTreeSet<String> = examples().into_iter().map(|example| example.operation).collect();
    let document = document();
    // Streams go on, and what operators ask and order is on their side: both have tests of their own.
    let is_elsewhere = ["/v1/events", "/admin", "/metrics"];
    let paths = document["paths"].as_object().unwrap().iter();
    let paths = paths.filter(|(path, _)| !is_elsewhere.iter().any(|beginning| path.starts_with(beginning)));
    let operations = paths.flat_map(|(_, item)| item.as_object().unwrap());
    let names = operations.map(|(_, operation)| operation["operationId"].as_str().unwrap().to_owned());
    let without: Vec<String> = names.filter(|name| !with.contains(name)).collect();
    assert_eq!(without, Vec::<String>::new());
}
