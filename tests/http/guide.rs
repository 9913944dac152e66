//! What docs/api.md shows is what a node answers: each of its requests is asked of a new node, in order, and whatever the
//! text shows of an answer must be in it.

use std::fs;

use axum::body::Body;
use axum::http::Request;
use axum::http::header::CONTENT_TYPE;
use cairn::consensus::Genesis;
use cairn::testkit::{Follower, Network};
use cairn::types::{Address, Transaction};
use serde_json::Value;

use crate::stage::Stage;

const HERE: &str = "http://127.0.0.1:9330";

/// A request that the text shows, and what it shows of the answer.
struct Shown {
    path: String,
    body: Option<String>,
    answer: Value,
}

/// All requests of a text: lines that begin with a dollar sign, each followed by its answer.
fn shown(text: &str) -> Vec<Shown> {
    let blocks = text.split("```console\n").skip(1).map(|block| block.split("```").next().unwrap());
    let commands = blocks.flat_map(|block| block.split("$ ").skip(1));
    commands
        .map(|command| {
            let (line, answer) = command.split_once('\n').unwrap();
            let (before, path) = line.split_once(HERE).unwrap();
            let body =
                before.split_once("-d '").map(|(_, body)| body.trim_end().trim_end_matches('\'').to_owned());
            let answer = serde_json::from_str(answer).unwrap_or_else(|error| panic!("{error}: {answer}"));
            Shown { path: path.trim().to_owned(), body, answer }
        })
        .collect()
}

/// Whether an answer has all that is shown of it; text that ends in dots is its beginning.
fn has(answer: &Value, shown: &Value) -> bool {
    match (answer, shown) {
        (Value::Object(answer), Value::Object(shown)) => {
            shown.iter().all(|(name, shown)| answer.get(name).is_some_and(|answer| has(answer, shown)))
        }
        (Value::Array(answer), Value::Array(shown)) => {
            answer.len() == shown.len() && answer.iter().zip(shown).all(|(answer, shown)| has(answer, shown))
        }
        (Value::String(answer), Value::String(shown)) => match shown.strip_suffix('…') {
            Some(beginning) => answer.starts_with(beginning),
            None => answer == shown,
        },
        (answer, shown) => answer == shown,
    }
}

#[test]
fn what_the_guide_shows_is_what_a_node_answers() {
    let root = env!("CARGO_MANIFEST_DIR");
    let read = |name: &str| fs::read_to_string(format!("{root}/{name}")).unwrap();
    let genesis = Genesis::from_json(&read("genesis.json")).unwrap();
    let mut miner = Follower::at(&genesis);
    let stage = Stage::of(Network { genesis, actors: Vec::new() });
    let shown = shown(&read("docs/api.md"));
    assert!(shown.len() >= 8, "the guide shows what people do first");
    for Shown { path, body, answer } in &shown {
        let said = match body {
            None => stage.get(path),
            Some(body) => {
                let request = Request::post(path).header(CONTENT_TYPE, "application/json");
                stage.ask(request.body(Body::from(body.clone())).unwrap())
            }
        };
        assert!(has(&said.json(), answer), "{path}\nshown:    {answer}\nanswered: {}", said.json());
        // The guide's node makes a block whenever there is a payment.
        let pool = stage.node.reader().pool().unwrap();
        let waiting = pool.entries().iter().map(|entry| entry.transaction().transaction().clone());
        let waiting: Vec<Transaction> = waiting.collect();
        if !waiting.is_empty() {
            let hash = miner.mine(Address::from_bytes([0xa0; 32]), waiting);
            stage.node.submit(miner.block(&hash).block()).unwrap();
        }
    }
}
