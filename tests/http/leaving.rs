//! Blocks that an operator leaves: the order, and what it is to whoever asks and listens.

use axum::http::StatusCode;
use cairn::testkit::{Follower, within};
use serde_json::{Value, json};

use crate::events::{cursor, mined};
use crate::listening::Serving;
use crate::operators::Operated;
use crate::stage::Stage;

const INVALIDATE: &str = "/admin/v1/chain/invalidate";
const RECONSIDER: &str = "/admin/v1/chain/reconsider";

#[test]
fn block_is_left_and_reconsidered_by_order() {
    let mut operated = Operated::new(true);
    let blocks = [(); 3].map(|()| operated.stage.mine(Vec::new()));
    let hashes = blocks.map(|block| block.header.hash());
    let said = operated.ask("POST", INVALIDATE, Some(&json!({"block": hashes[1]})));
    assert_eq!(said.status, StatusCode::OK);
    assert_eq!(said.json(), json!({"height": 1, "hash": hashes[0]}));
    assert_eq!(operated.get("/admin/v1/chain")["tip"], said.json());
    let said = operated.ask("POST", RECONSIDER, Some(&json!({"block": hashes[1]})));
    assert_eq!(said.json(), json!({"height": 3, "hash": hashes[2]}));
}

#[test]
fn what_cannot_be_left_is_refused_with_a_code() {
    let operated = Operated::new(true);
    let genesis = operated.stage.network.genesis.block().header.hash();
    for path in [INVALIDATE, RECONSIDER] {
        for (block, code) in [
            (json!("first"), "bad_value"),
            (json!("00".repeat(32)), "block_unknown"),
            (json!(genesis), "block_refused"),
        ] {
            assert_eq!(operated.refused("POST", path, &json!({ "block": block })), code);
        }
        assert_eq!(operated.refused("POST", path, &json!({"hash": genesis})), "bad_request");
    }
}

/// What is told of the chain, its accounts and its branches.
fn told(stage: &Stage) -> Vec<Value> {
    stage.node.wait_for_indexes();
    let accounts = (0..4).map(|who| stage.address(who));
    let of_accounts = accounts.flat_map(|address| {
        [format!("/v1/accounts/{address}"), format!("/v1/accounts/{address}/history?limit=20")]
    });
    let paths = ["/v1/tip", "/v1/supply", "/v1/blocks?limit=10", "/v1/mining", "/v1/fees"];
    paths.into_iter().map(str::to_owned).chain(of_accounts).map(|path| stage.json(&path)).collect()
}

#[test]
fn whoever_listens_is_told_of_a_reorganization_and_goes_on_from_any_cursor() {
    let mut stage = Stage::with_history();
    let serving = Serving::start(stage.node.handle());
    let lost = [stage.payment(0, 1, 2000), stage.payment(1, 2, 300)];
    let left = lost.map(|payment| stage.mine(vec![payment]).header.hash());
    let before = told(&stage);
    let behind = cursor(&stage);
    let mut listener = serving.listen("?types=reorganization,block");
    listener.hear("hello");
    within("another tip", stage.node.handle().invalidate(left[0])).unwrap();
    let told_of = listener.hear("reorganization");
    assert_eq!(told_of["fork"]["height"], 5);
    for hash in [left[1], left[0]] {
        assert_eq!(listener.hear("block_disconnected")["hash"], json!(hash));
    }
    // Nothing is told of what is not there any more, and what was mined waits again.
    assert_eq!(stage.json("/v1/tip")["height"], 5);
    assert_eq!(stage.get("/v1/blocks/6").code(), "block_unknown");
    assert_eq!(stage.json("/v1/mempool")["ready"], 2);
    assert_eq!(stage.json(&format!("/v1/blocks/{}", left[0]))["followed"], false);
    assert_eq!(stage.json("/v1/tips")[1]["status"], "ruled_out");
    let mid = cursor(&stage);
    assert_ne!(mid, behind);

    let mut other = Follower::new(&stage.network);
    for block in &stage.miner.branch()[..5] {
        other.submit(block.clone()).unwrap();
    }
    let block = mined(&mut other, 0xb0, Vec::new());
    stage.node.submit(&block).unwrap();
    assert_eq!(listener.hear("block_connected")["hash"], json!(block.header.hash()));
    within("another tip", stage.node.handle().reconsider(left[0])).unwrap();
    listener.hear("reorganization");
    assert_eq!(listener.hear("block_disconnected")["hash"], json!(block.header.hash()));
    for hash in left {
        assert_eq!(listener.hear("block_connected")["hash"], json!(hash));
    }
    assert_eq!(told(&stage), before);

    // Whoever was away hears the same, from the beginning and from in between.
    let end = cursor(&stage);
    for (from, reorganizations) in [("0-0", 2), (&*behind, 2), (&*mid, 1)] {
        let all = serving.listen(&format!("?after={from}")).all_up_to(&end);
        let count = all.iter().filter(|heard| heard.event == "reorganization").count();
        assert_eq!(count, reorganizations, "{from}");
    }
}
