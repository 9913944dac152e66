//! What the log is told of orders.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use cairn::api::Problem;
use cairn::devnet::desk::{BlocksMade, BlocksOrder, FaucetOrder, GivenView, MendedView, NetworkView};
use cairn::types::Height;
use serde_json::json;

use super::stage::Stage;

/// A devnet, and the lines that its log was told of orders.
fn stage(nodes: usize) -> (Stage, Arc<Mutex<Vec<String>>>) {
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let told = Arc::clone(&lines);
    let stage = Stage::with(nodes, |options| {
        options.orders = Arc::new(move |line: &str| told.lock().unwrap().push(line.to_owned()));
    });
    (stage, lines)
}

/// Sends something as a browser does, or any program that is none of ours; the answer is yet to be read.
fn send(stage: &Stage, path: &str, kind: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(stage.devnet.desk().unwrap()).unwrap();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nuser-agent: Mozilla/5.0\r\ncontent-type: {kind}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    stream
}

/// The same, and waits for the answer.
fn post(stage: &Stage, path: &str, kind: &str, body: &str) {
    let mut answer = String::new();
    send(stage, path, kind, body).read_to_string(&mut answer).unwrap();
}

#[test]
fn every_order_is_one_line_that_says_by_which_way_it_came() {
    let (stage, lines) = stage(2);
    let desk = stage.desk();
    desk.post::<BlocksMade>("/v1/mine", &BlocksOrder { blocks: 2, node: Some(1) }).unwrap();
    desk.post::<MendedView>("/v1/links", &json!({ "a": 0, "b": 1, "cut": true })).unwrap();
    desk.post::<MendedView>("/v1/heal", &json!({})).unwrap();
    let form = "application/x-www-form-urlencoded";
    post(&stage, "/orders/warp", form, "seconds=60");
    post(&stage, "/orders/clock", form, "hold=on");
    post(&stage, "/v1/mining", "application/json", r#"{"mode":"interval=3600"}"#);
    desk.get::<NetworkView>("/v1/network").unwrap();
    assert_eq!(
        *lines.lock().unwrap(),
        [
            "order from the command line: mine 2 blocks by node 1",
            "order from the command line: link 0 to 1: cut",
            "order from the command line: heal all links",
            "order from the page: put the clock forward by 60 s",
            "order from the page: hold the clock",
            "order over HTTP: blocks come every 3600 seconds",
        ]
    );
}

#[test]
fn orders_that_are_refused_are_lines_that_say_why() {
    let (stage, lines) = stage(1);
    let desk = stage.desk();
    desk.post::<NetworkView>("/v1/nodes/0/restart", &json!({})).unwrap_err();
    let order = FaucetOrder { address: "bogus".to_owned(), amount: None, node: None };
    desk.post::<GivenView>("/v1/faucet", &order).unwrap_err();
    post(&stage, "/orders/revert", "application/x-www-form-urlencoded", "name=no%0Awhere");
    desk.post::<Problem>("/v1/mine", &json!({ "blocks": 0 })).unwrap_err();
    let lines = lines.lock().unwrap();
    for (line, begins) in lines.iter().zip([
        "order from the command line: restart node 0, refused: node 0 runs already",
        "order from the command line: give 100 CRN to bogus, refused: `bogus`: ",
        "order from the page: go back to snapshot no?where, refused: `no?where` is no name",
        "order from the command line: mine 0 blocks, refused: `0` blocks cannot be ordered",
    ]) {
        assert!(line.starts_with(begins), "{line}");
    }
    assert_eq!(lines.len(), 4, "{lines:#?}");
}

#[test]
fn an_order_is_a_line_also_where_nobody_waits_for_its_answer() {
    let (stage, lines) = stage(1);
    let gone = send(&stage, "/v1/mine", "application/json", r#"{"blocks":1000}"#);
    stage.wait("it is being carried out", |network| network.nodes[0].height > Some(Height(0)));
    drop(gone);
    stage.wait("its line", |_| !lines.lock().unwrap().is_empty());
    assert_eq!(*lines.lock().unwrap(), ["order over HTTP: mine 1000 blocks"]);
}
