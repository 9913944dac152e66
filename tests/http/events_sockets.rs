//! Events over WebSocket: the same as over HTTP, and changed as they go.

use serde_json::json;

use crate::events::{cursor, mined};
use crate::listening::Serving;
use crate::stage::{Stage, miner_address};

#[test]
fn a_socket_tells_the_same_as_a_stream() {
    let mut stage = Stage::new();
    for _ in 0..3 {
        let payment = stage.payment(0, 1, 1000);
        stage.mine(vec![payment]);
    }
    let serving = Serving::start(stage.node.handle());
    let query = format!("?types=block,account&address={}&after=0-0", stage.address(1));
    let over_http = serving.listen(&query).all_up_to("0-3");
    let mut socket = serving.socket(&query);
    let over_socket: Vec<_> = over_http.iter().map(|_| socket.next()).collect();
    assert_eq!(over_socket, over_http.into_iter().map(|heard| heard.data).collect::<Vec<_>>());
    assert_eq!(over_socket.len(), 6);
}

#[test]
fn what_is_told_can_be_changed_at_any_time_and_nothing_is_left_out_between() {
    let mut stage = Stage::new();
    let serving = Serving::start(stage.node.handle());
    let mut socket = serving.socket("");
    assert_eq!(socket.hear("hello")["cursor"], "0-0");
    let payment = stage.payment(0, 1, 1000);
    stage.mine(vec![payment.clone()]);
    assert_eq!(socket.hear("block_connected")["cursor"], "0-1-2");
    // What stands behind that in the same block was not asked for before, and is now.
    socket.send(&json!({"types": ["transaction"], "after": "0-1-2"}));
    let subscribed = socket.hear("subscribed");
    assert_eq!(
        subscribed,
        json!({"type": "subscribed", "types": ["transaction"], "addresses": [], "cursor": "0-1-2"})
    );
    assert_eq!(socket.hear("transaction")["txid"], json!(payment.body.txid()));
    // Without a cursor it goes on where it is.
    let address = stage.text(&miner_address());
    socket.send(&json!({"addresses": [address]}));
    let subscribed = socket.hear("subscribed");
    assert_eq!(subscribed["types"], json!(["block", "account", "reorganization"]));
    assert!(subscribed["cursor"] == "0-1" || subscribed["cursor"] == "0-1-3", "{subscribed}");
    let mut heard = Vec::new();
    stage.mine(Vec::new());
    while heard.last().is_none_or(|cursor| cursor != "0-2-3") {
        heard.push(socket.next()["cursor"].as_str().unwrap().to_owned());
    }
    heard.retain(|cursor| cursor.starts_with("0-2"));
    assert_eq!(heard, ["0-2-2", "0-2-3"]);
    // From the beginning again.
    socket.send(&json!({"types": ["block"], "after": "0-0"}));
    socket.hear("subscribed");
    assert_eq!([socket.next()["height"].clone(), socket.next()["height"].clone()], [json!(1), json!(2)]);
}

#[test]
fn what_makes_no_sense_is_refused_and_all_goes_on_as_before() {
    let mut stage = Stage::new();
    let serving = Serving::start(stage.node.handle());
    let mut socket = serving.socket("");
    socket.hear("hello");
    for (text, code) in [
        ("{", "bad_request"),
        (r#"{"types": ["blocks"]}"#, "bad_request"),
        (r#"{"kinds": ["block"]}"#, "bad_request"),
        (r#"{"types": ["account"]}"#, "bad_value"),
        (r#"{"addresses": ["nobody"]}"#, "bad_address"),
        (r#"{"after": "yesterday"}"#, "bad_cursor"),
    ] {
        socket.send_frame(1, text.as_bytes());
        assert_eq!(socket.hear("refused")["problem"]["code"], code, "{text}");
    }
    socket.send_frame(2, b"{}");
    assert_eq!(socket.hear("refused")["problem"]["code"], "bad_request");
    let block = stage.mine(Vec::new()).header.hash();
    assert_eq!(socket.hear("block_connected")["hash"], json!(block));
}

#[test]
fn a_socket_answers_pings_and_goes_when_the_client_does_or_says_too_much() {
    let stage = Stage::new();
    let serving = Serving::start(stage.node.handle());
    let mut socket = serving.socket("");
    socket.hear("hello");
    socket.send_frame(9, b"there?");
    assert_eq!(socket.frame(), Some((10, b"there?".to_vec())));
    socket.send_frame(8, &1000u16.to_be_bytes());
    assert_eq!(socket.frame().map(|(opcode, _)| opcode), Some(8));
    assert_eq!(socket.frame(), None);
    let mut socket = serving.socket("");
    socket.hear("hello");
    socket.send_frame(1, &[b' '; 20_000]);
    while socket.frame().is_some() {}
    cairn::testkit::until("places", || (serving.context.streams() == 0).then_some(()));
}

#[test]
fn a_socket_says_why_it_ends_and_goes_on_where_it_was_elsewhere() {
    let mut stage = Stage::new();
    let mut other = stage.miner.clone();
    stage.mine(Vec::new());
    let mut serving = Serving::start(stage.node.handle());
    let mut socket = serving.socket("?after=0-0");
    socket.hear("block_connected");
    serving.end();
    let closing = socket.hear("closing");
    assert_eq!(closing["why"], "stopping");
    assert_eq!(socket.frame().map(|(opcode, _)| opcode), Some(8));
    for _ in 0..2 {
        let block = mined(&mut other, 0xb0, Vec::new());
        stage.node.submit(&block).unwrap();
    }
    stage.restart_after(|_, _| {});
    assert_eq!(cursor(&stage), "0-4");
    let serving = Serving::start(stage.node.handle());
    let mut socket = serving.socket(&format!("?after={}", closing["cursor"].as_str().unwrap()));
    for event in ["reorganization", "block_disconnected", "block_connected", "block_connected"] {
        socket.hear(event);
    }
    let reset = serving.socket("?after=9-0").hear("reset");
    assert_eq!(reset["why"], "another_epoch");
}

#[test]
fn without_an_upgrade_there_is_no_socket() {
    let stage = Stage::new();
    let said = stage.get("/v1/events/socket");
    assert_eq!(said.code(), "bad_request");
}
