//! `cairn ready`: whether a node is of use, for whatever waits for it.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use serde_json::{Value, json};

use super::stage::{Folder, Running, answer_of};
use super::story::{TIP, story};

/// Somewhere that answers once, with this status and body.
fn answers_once(status: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let place = listener.local_addr().expect("an address");
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody who asks");
        let asked = stream.read(&mut [0; 4096]).expect("a question");
        assert!(asked > 0);
        let length = body.len();
        write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
            .expect("somebody who listens");
    });
    format!("http://{place}")
}

#[test]
fn node_that_answers_is_ready_and_says_how_far_it_is() {
    let folder = story().folder();
    let all = ["node", "--data-dir", "data", "--listen", "off", "--http", "127.0.0.1:0", "--admin", "off"];
    let mut node = Running::start(&mut folder.command(&all));
    let line = loop {
        let line = node.line();
        if line.starts_with("answering at ") {
            break line;
        }
        assert!(!line.is_empty(), "it ended");
    };
    let url = line.trim().trim_start_matches("answering at ");

    let said = folder.run(&["ready", "--node", url]);
    let height = format!("height  {TIP}, {}\n", story().tip());
    assert!(said.success().starts_with(&format!("ready   yes\n{height}")), "{said:?}");
    let answer = folder.run(&["ready", "--node", url, "--json"]).json();
    let expected = json!({
        "ready": true, "height": TIP, "tip": story().tip(), "sync": { "state": "alone" }, "peers": 0,
    });
    assert_eq!(answer, expected);

    // A health check names it once for all commands; the command line goes over that.
    let mut command = folder.command(&["ready"]);
    answer_of(command.env("CAIRN_NODE", url)).success();
    let mut command = folder.command(&["ready", "--node", "http://127.0.0.1:1"]);
    answer_of(command.env("CAIRN_NODE", url)).failure(1);
    node.signal("TERM");
    node.end().success();
}

#[test]
fn node_that_is_not_ready_says_why_and_ends_with_one() {
    let problem = r#"{"type":"/docs#problem-not_ready","title":"The node is not ready","status":503,"code":"not_ready",
        "detail":"it catches up: 9 blocks are missing up to height 90","advice":"Wait."}"#;
    let (folder, status) = (Folder::new(), "503 Service Unavailable");
    for json in [false, true] {
        let url = answers_once(status, problem);
        let all = ["ready", "--node", &url, "--json"];
        let answer = folder.run(if json { &all } else { &all[..3] });
        let why = "it catches up: 9 blocks are missing up to height 90";
        assert_eq!((answer.code, answer.err), (Some(1), format!("error: {url} is not ready: {why}\n")));
        match serde_json::from_str::<Value>(&answer.out) {
            Ok(said) => assert_eq!(said, json!({ "ready": false, "why": why })),
            Err(_) => assert!(!json && answer.out.is_empty(), "{}", answer.out),
        }
    }
}

#[test]
fn nobody_and_strangers_are_not_ready() {
    let folder = Folder::new();
    let answer = folder.run(&["ready", "--node", "http://127.0.0.1:1"]);
    assert!(answer.failure(1).contains("no node answers at http://127.0.0.1:1"), "{answer:?}");
    let url = answers_once("404 Not Found", "<html>");
    let answer = folder.run(&["ready", "--node", &url]);
    assert!(answer.failure(1).contains("no node that this program understands"), "{answer:?}");
    let answer = folder.run(&["ready", "--node", "127.0.0.1:9330"]);
    assert!(answer.failure(1).contains("say http://HOST:PORT"), "{answer:?}");
}
