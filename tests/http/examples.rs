//! The examples in the document are true.
//!
//! `CAIRN_WRITE_EXAMPLES=1 cargo test --test http examples` asks them anew and writes down what was answered.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use cairn::api::{AdminOptions, Example, Token, document, examples};
use cairn::testkit::{Actor, until};
use cairn::types::{Address, Timestamp};
use serde_json::{Value, json};

use crate::operators::{OnPaper, WORD};
use crate::stage::{Stage, miner_address, raw};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/api/examples.json");

/// What has no answer in JSON that stays: bytes, and what goes on.
const WITHOUT_ANSWER: [&str; 3] = ["block_raw", "transaction_raw", "metrics"];

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
    asked.into_iter().map(example).collect()
}

/// What an operator asks and orders, one for each operation at least.
fn orders(stage: &Stage) -> Vec<Example> {
    let place = json!({"address": "192.0.2.7:9333"});
    let banned = "203.0.113.9";
    let left = json!({"block": stage.node.tip().hash});
    let miner = stage.text(&miner_address());
    let ask = |operation: &str, method: &'static str, path: &str, body: Option<Value>| {
        (operation.to_owned(), method, path.to_owned(), body)
    };
    let asked = [
        ask("admin_peers_add", "post", "/admin/v1/peers/add", Some(place.clone())),
        ask("admin_bans_add", "post", "/admin/v1/bans", Some(json!({"who": banned, "seconds": 86_400}))),
        ask(
            "admin_links_put",
            "put",
            "/admin/v1/links",
            Some(json!({"who": "all", "delay_ms": 80, "jitter_ms": 20})),
        ),
        ask("admin_peers", "get", "/admin/v1/peers", None),
        ask("admin_bans", "get", "/admin/v1/bans", None),
        ask("admin_links", "get", "/admin/v1/links", None),
        ask("admin_links_heal", "delete", "/admin/v1/links", None),
        ask("admin_bans_remove", "delete", &format!("/admin/v1/bans/{banned}"), None),
        ask("admin_peers_drop", "post", "/admin/v1/peers/drop", Some(place)),
        ask(
            "admin_mining_start",
            "post",
            "/admin/v1/mining/start",
            Some(json!({"address": miner, "pace": "interval=5"})),
        ),
        ask("admin_mining", "get", "/admin/v1/mining", None),
        ask("admin_mining_pace", "post", "/admin/v1/mining/pace", Some(json!({"pace": "automine"}))),
        ask("admin_mining_stop", "post", "/admin/v1/mining/stop", None),
        ask("admin_chain", "get", "/admin/v1/chain", None),
        ask("admin_chain_invalidate", "post", "/admin/v1/chain/invalidate", Some(left.clone())),
        ask("admin_chain_reconsider", "post", "/admin/v1/chain/reconsider", Some(left)),
        ask("metrics", "get", "/metrics", None),
        ask(
            "admin_mining_blocks",
            "post",
            "/admin/v1/mining/blocks",
            Some(json!({"address": miner, "count": 2})),
        ),
    ];
    asked.into_iter().map(example).collect()
}

/// Gives all orders; each is followed before the next is given.
fn ordered(mut stage: Stage) -> Vec<Example> {
    let orders = orders(&stage);
    stage.face_operator(AdminOptions {
        token: Token::new(WORD).unwrap(),
        mining: Some(Arc::new(OnPaper::default())),
        data_dir: None,
        watch_freely: false,
    });
    let report = || stage.ask(request("get", "/admin/v1/peers", None)).json();
    let height = stage.node.tip().height.0;
    until("the tip", || (report()["tip"]["height"] == height).then_some(()));
    let give = |order: Example| {
        let done = ask(&stage, order);
        let (list, count) = match done.operation.as_str() {
            "admin_peers_add" => ("added", 1),
            "admin_bans_add" => ("bans", 1),
            "admin_bans_remove" => ("bans", 0),
            "admin_peers_drop" => ("added", 0),
            _ => return done,
        };
        until("the order", || (report()[list].as_array().unwrap().len() == count).then_some(()));
        done
    };
    orders.into_iter().map(give).collect()
}

fn example((operation, method, path, body): (String, &str, String, Option<Value>)) -> Example {
    Example { operation, method: method.to_owned(), path, body, status: 0, answer: None }
}

/// A request of somebody who has the word.
fn request(method: &str, path: &str, body: Option<&Value>) -> Request<Body> {
    let request = Request::builder().method(method.to_uppercase().as_str()).uri(path);
    let request = request.header(AUTHORIZATION, format!("Bearer {WORD}"));
    match body {
        None => request.body(Body::empty()),
        Some(body) => request.header(CONTENT_TYPE, "application/json").body(Body::from(body.to_string())),
    }
    .unwrap()
}

/// Asks, and puts in place of what differs from run to run what is always the same.
fn ask(stage: &Stage, mut example: Example) -> Example {
    let said = stage.ask(request(&example.method, &example.path, example.body.as_ref()));
    example.status = said.status.as_u16();
    assert!(said.status.is_success(), "{}: {}", example.operation, String::from_utf8_lossy(&said.body));
    if !said.body.is_empty() && !WITHOUT_ANSWER.contains(&example.operation.as_str()) {
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
    if matches!(operation, "peers" | "admin_peers") {
        // Who somebody is, is drawn.
        *answer.get_mut("node").unwrap() = json!("5a".repeat(32));
    }
    let bans = if operation == "admin_bans" { Some(&mut *answer) } else { answer.get_mut("bans") };
    for ban in bans.and_then(Value::as_array_mut).into_iter().flatten() {
        assert!(ban["until"].as_u64().unwrap() > 86_400);
        ban["until"] = json!(1_800_000_000);
    }
    if operation == "admin_chain" {
        // It depends on how long the test has been running.
        assert!(answer["audits"].is_u64());
        answer["audits"] = json!(3);
    }
    if operation == "admin_mining_blocks" {
        // No two nodes make the same.
        for (number, block) in (1..).zip(answer["blocks"].as_array_mut().unwrap()) {
            *block = json!(format!("{number:064x}"));
        }
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
    let mut asked: Vec<Example> =
        questions(&stage).into_iter().map(|question| ask(&stage, question)).collect();
    asked.extend(ordered(stage));
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
    // Streams go on; they have tests of their own.
    let paths = document["paths"].as_object().unwrap().iter();
    let paths = paths.filter(|(path, _)| !path.starts_with("/v1/events"));
    let operations = paths.flat_map(|(_, item)| item.as_object().unwrap());
    let names = operations.map(|(_, operation)| operation["operationId"].as_str().unwrap().to_owned());
    let without: Vec<String> = names.filter(|name| !with.contains(name)).collect();
    assert_eq!(without, Vec::<String>::new());
}
