//! What an operator asks of a node that runs: over HTTP with the word, and by its log.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use cairn::testkit::Actor;
use serde_json::{Value, json};

use super::stage::{Folder, PATIENCE, Running};
use super::story::story;

/// Somebody to be paid.
fn somebody() -> String {
    Actor::new(5).address().to_text(&story().network.params().prefix)
}

/// The next line that has this in it.
fn wait_for(node: &mut Running, part: &str) -> String {
    let begun = Instant::now();
    loop {
        let line = node.line();
        assert!(!line.is_empty(), "it ended before it said {part:?}");
        assert!(begun.elapsed() < PATIENCE, "it never said {part:?}");
        if line.contains(part) {
            return line.trim().to_owned();
        }
    }
}

/// A node at ports that nobody has, with the places where it takes orders and answers.
fn start(folder: &Folder, arguments: &[&str]) -> (Running, String, String) {
    let all = ["node", "--data-dir", "data", "--listen", "off", "--http", "127.0.0.1:0"];
    let mut node = Running::start(&mut folder.command(&[&all, arguments].concat()));
    let place = |line: &str| line.rsplit("http://").next().expect("a place").to_owned();
    let admin = place(&wait_for(&mut node, "taking orders at "));
    let public = place(&wait_for(&mut node, "answering at "));
    (node, admin, public)
}

/// Status and body of the answer.
fn ask(place: &str, method: &str, path: &str, word: Option<&str>, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(place).expect("somebody who listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
    let word = word.map_or_else(String::new, |word| format!("authorization: Bearer {word}\r\n"));
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n{word}content-length: {length}\r\n\r\n{body}"
    )
    .expect("a request that can be sent");
    let mut said = String::new();
    stream.read_to_string(&mut said).expect("an answer");
    let (head, body) = said.split_once("\r\n\r\n").expect("a head");
    (head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status"), body.to_owned())
}

fn end(node: Running) -> String {
    node.signal("TERM");
    node.end().success().to_owned()
}

#[test]
fn the_word_is_made_once_for_the_owners_eyes_and_lets_its_owner_mine() {
    let folder = story().empty_folder();
    let (mut node, admin, public) = start(&folder, &["--admin", "127.0.0.1:0"]);
    let word = folder.text("data/api-token").trim().to_owned();
    assert!(word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit()), "{word}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(folder.path("data/api-token")).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(ask(&admin, "GET", "/admin/v1/mining", None, "").0, 401);
    assert_eq!(ask(&admin, "GET", "/metrics", None, "").0, 200);
    assert_eq!(ask(&public, "GET", "/ready", None, "").0, 200);

    let order = |path: &str, body: Value| ask(&admin, "POST", path, Some(&word), &body.to_string());
    let state = || -> Value {
        serde_json::from_str(&ask(&admin, "GET", "/admin/v1/mining", Some(&word), "").1).expect("JSON")
    };
    let to = somebody();
    let (status, made) = order("/admin/v1/mining/blocks", json!({"count": 2, "address": to}));
    assert_eq!((status, made.matches('"').count()), (200, 2 + 4 + 2), "{made}");
    assert_eq!(state()["pace"], Value::Null);
    assert_eq!(order("/admin/v1/mining/start", json!({"address": to, "pace": "interval=0.01"})).0, 204);
    wait_for(&mut node, "height 5");
    assert_eq!(state()["pace"], "interval=0.01");
    assert_eq!(order("/admin/v1/mining/pace", json!({"pace": "work"})).0, 204);
    assert_eq!((&state()["pace"], &state()["address"]), (&json!("work"), &json!(to)));
    assert_eq!(order("/admin/v1/mining/stop", json!({})).0, 204);
    assert_eq!(state()["address"], Value::Null);
    end(node);

    let (node, _, _) = start(&folder, &["--admin", "127.0.0.1:0"]);
    assert_eq!(folder.text("data/api-token").trim(), word);
    end(node);
}

#[test]
fn others_are_let_in_only_with_a_word_that_was_settled() {
    let folder = story().empty_folder();
    let open = ["node", "--data-dir", "data", "--listen", "off", "--http", "off", "--admin", "0.0.0.0:0"];
    let answer = folder.run(&open);
    let error = answer.failure(1);
    assert!(error.contains("--admin-token-file FILE") && error.contains("CAIRN_ADMIN_TOKEN"), "{error}");
    assert!(!folder.has("data/api-token"));
    folder.write("short", "guess me\n");
    let short = folder.run(&[&open[..], &["--admin-token-file", "short"]].concat());
    assert!(short.failure(1).contains("16 characters"), "{short:?}");

    folder.write("word", "correct-horse-battery-staple\n");
    let all =
        ["node", "--data-dir", "data", "--listen", "off", "--http", "off", "--admin-token-file", "word"];
    let mut node = Running::start(&mut folder.command(&[&all[..], &["--admin", "0.0.0.0:0"]].concat()));
    let line = wait_for(&mut node, "taking orders at ");
    let place = format!("127.0.0.1:{}", line.rsplit(':').next().expect("a port"));
    assert_eq!(ask(&place, "GET", "/metrics", None, "").0, 401);
    assert_eq!(ask(&place, "GET", "/metrics", Some("correct-horse-battery-staple"), "").0, 200);
    assert!(!folder.has("data/api-token"));
    end(node);
}

#[test]
fn lines_for_programs_are_objects_and_name_each_request() {
    let folder = story().empty_folder();
    folder.write("cairn.toml", "log_format = 'json'\n[http]\nlog_requests = true\nadmin = 'off'\n");
    let all =
        ["node", "--data-dir", "data", "--listen", "off", "--http", "127.0.0.1:0", "--config", "cairn.toml"];
    let mut node = Running::spawn(&mut folder.command(&all));
    let line = wait_for(&mut node, "answering at http://");
    let said: Value = serde_json::from_str(&line).expect("an object");
    assert!(said["time"].as_f64().is_some_and(|time| time > 1.7e9), "{line}");
    let place = said["line"].as_str().and_then(|line| line.rsplit('/').next()).expect("a place").to_owned();
    assert_eq!(ask(&place, "GET", "/v1/blocks?limit=1", None, "").0, 200);
    let line: Value = serde_json::from_str(&wait_for(&mut node, "\"request\"")).expect("an object");
    let request = &line["request"];
    assert_eq!((&request["path"], &request["status"]), (&json!("/v1/blocks?limit=1"), &json!(200)));
    assert!(request["id"].is_string() && request["bytes"].is_u64(), "{line}");
    for line in end(node).lines() {
        serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
}

#[test]
fn what_is_said_of_clients_wrongly_is_refused() {
    let folder = story().empty_folder();
    for (arguments, part) in [
        (["--http-origin", "wallet.example"], "https://wallet.example"),
        (["--http-host", "http://node.example"], "a name alone"),
        (["--admin", "9331"], "--admin 9331"),
        (["--admin-token-file", "nowhere"], "nowhere"),
        (["--log-format", "xml"], "human"),
    ] {
        let answer = folder.run(&[&["node", "--data-dir", "data"], &arguments[..]].concat());
        assert!(answer.code != Some(0) && answer.err.contains(part), "{arguments:?}: {answer:?}");
    }
    assert!(!folder.has("data"));
}
