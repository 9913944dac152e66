//! Who may ask, by which name, from which page, how often; and what stands by every answer.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use cairn::api::{CONNECTIONS_EACH_MAX, Manners};

use crate::stage::{Said, Stage};

const LOOPBACK: &str = "127.0.0.1:9330";
const OPEN: &str = "0.0.0.0:9330";

fn with(headers: &[(&str, &str)], method: &str, path: &str) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

fn get(stage: &Stage, headers: &[(&str, &str)]) -> Said {
    stage.ask(with(headers, "GET", "/v1/tip"))
}

fn named(origins: &[&str], hosts: &[&str]) -> Manners {
    Manners {
        origins: origins.iter().map(|origin| origin.parse().unwrap()).collect(),
        hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        ..Manners::default()
    }
}

#[test]
fn every_answer_has_the_name_of_its_request_and_says_that_it_is_what_it_says() {
    let stage = Stage::new();
    // The second is one that was kept.
    for path in ["/v1/tip", "/v1/tip", "/v1/mempool", "/nothing", "/v1/blocks/x"] {
        let said = stage.ask(with(&[("x-request-id", "shop-41")], "GET", path));
        assert_eq!(said.header("x-request-id"), "shop-41", "{path}");
        assert_eq!(said.header("x-content-type-options"), "nosniff", "{path}");
        let (one, other) = (stage.get(path), stage.get(path));
        assert_ne!(one.header("x-request-id"), other.header("x-request-id"), "{path}");
    }
    let long = "x".repeat(65);
    assert_ne!(get(&stage, &[("x-request-id", &long)]).header("x-request-id"), long);
}

#[test]
fn where_only_this_machine_can_ask_others_names_are_not_answered() {
    let mut stage = Stage::new();
    stage.behave(&named(&[], &["node.example"]), LOOPBACK);
    for host in ["localhost:9330", "127.0.0.1:9330", "[::1]:9330", "explorer.localhost", "Node.Example:443"] {
        assert_eq!(get(&stage, &[("host", host)]).status, StatusCode::OK, "{host}");
    }
    for host in ["evil.example:9330", "localhost.evil.example", "192.0.2.1:9330"] {
        let said = get(&stage, &[("host", host)]);
        assert_eq!((said.status.as_u16(), said.code().as_str()), (421, "misdirected"), "{host}");
    }
    let whole = with(&[("host", "localhost")], "GET", "http://evil.example/v1/tip");
    assert_eq!(stage.ask(whole).code(), "misdirected");
    stage.behave(&Manners::default(), OPEN);
    assert_eq!(get(&stage, &[("host", "evil.example:9330")]).status, StatusCode::OK);
}

#[test]
fn pages_of_other_sites_get_nothing_without_leave() {
    let mut stage = Stage::new();
    stage.behave(&Manners::default(), LOOPBACK);
    let foreign = ("origin", "https://evil.example");
    let host = ("host", "localhost:9330");
    let looked = get(&stage, &[host, foreign]);
    // It is answered, but the browser keeps the answer from the page.
    assert_eq!(looked.status, StatusCode::OK);
    assert!(!looked.headers.contains_key("access-control-allow-origin"));
    for origin in [foreign, ("origin", "null"), ("origin", "http://localhost:1234")] {
        let post = with(&[host, origin], "POST", "/v1/transactions");
        assert_eq!(stage.ask(post).code(), "forbidden", "{origin:?}");
        let socket = with(&[host, origin, ("upgrade", "websocket")], "GET", "/v1/tip");
        assert_eq!(stage.ask(socket).code(), "forbidden", "{origin:?}");
        let asked =
            with(&[host, origin, ("access-control-request-method", "POST")], "OPTIONS", "/v1/transactions");
        assert_eq!(stage.ask(asked).code(), "forbidden", "{origin:?}");
    }
    let own = with(&[host, ("origin", "http://localhost:9330")], "POST", "/v1/transactions");
    assert_eq!(stage.ask(own).code(), "unsupported_type");
}

#[test]
fn pages_of_sites_that_have_leave_may_ask_and_be_told() {
    let mut stage = Stage::new();
    stage.behave(&named(&["https://wallet.example", "http://localhost:5173"], &[]), LOOPBACK);
    let (host, origin) = (("host", "localhost:9330"), ("origin", "https://wallet.example"));
    // One that is kept, too.
    for _ in 0..2 {
        let said = get(&stage, &[host, origin]);
        assert_eq!(said.header("access-control-allow-origin"), "https://wallet.example");
        let varies: Vec<_> = said.headers.get_all("vary").iter().collect();
        assert_eq!(varies, ["accept-encoding", "origin"]);
    }
    let problem = stage.ask(with(&[host, origin], "POST", "/v1/transactions"));
    assert_eq!(problem.code(), "unsupported_type");
    assert_eq!(problem.header("access-control-allow-origin"), "https://wallet.example");
    let asked = [host, origin, ("access-control-request-method", "POST")];
    let leave = stage.ask(with(&asked, "OPTIONS", "/v1/transactions"));
    assert_eq!((leave.status, leave.body.len()), (StatusCode::NO_CONTENT, 0));
    assert!(leave.header("access-control-allow-headers").contains("content-type"));
    assert!(leave.header("access-control-allow-methods").contains("POST"));
    let other = [host, ("origin", "https://evil.example"), ("access-control-request-method", "POST")];
    assert_eq!(stage.ask(with(&other, "OPTIONS", "/v1/transactions")).code(), "forbidden");

    stage.behave(&named(&["*"], &[]), LOOPBACK);
    let said = get(&stage, &[host, ("origin", "https://anybody.example")]);
    assert_eq!(said.header("access-control-allow-origin"), "*");
}

#[test]
fn an_address_that_asks_too_often_is_told_when_to_come_again() {
    let mut stage = Stage::new();
    stage.behave(&Manners { requests_per_second: NonZeroU32::new(1), ..Manners::default() }, OPEN);
    let ask = |from: &str| stage.ask_as(&stage.visit(from).unwrap(), with(&[], "GET", "/v1/tip"));
    // Two seconds' worth at once; then it takes longer than this test does.
    let mut said = ask("192.0.2.1");
    let mut count = 0;
    while said.status == StatusCode::OK {
        count += 1;
        assert!(count < 1000, "no limit");
        said = ask("192.0.2.1");
    }
    assert!(count >= 2);
    assert_eq!(said.code(), "too_many_requests");
    assert!(said.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert_eq!(ask("192.0.2.2").status, StatusCode::OK);
    for _ in 0..10 {
        assert_eq!(ask("127.0.0.1").status, StatusCode::OK);
    }
    stage.behave(&Manners { requests_per_second: None, ..Manners::default() }, OPEN);
    for _ in 0..10 {
        let visit = stage.visit("192.0.2.1").unwrap();
        assert_eq!(stage.ask_as(&visit, with(&[], "GET", "/v1/tip")).status, StatusCode::OK);
    }
}

#[test]
fn an_address_has_so_many_connections_and_gets_them_back() {
    let stage = Stage::new();
    let mut inside: Vec<_> = (0..CONNECTIONS_EACH_MAX).map(|_| stage.visit("192.0.2.1").unwrap()).collect();
    assert!(stage.visit("192.0.2.1").is_none());
    assert!(stage.visit("192.0.2.2").is_some());
    inside.clear();
    assert!(stage.visit("192.0.2.1").is_some());
}

#[test]
fn a_body_that_does_not_come_ends_its_request() {
    let mut stage = Stage::new();
    stage.behave(&Manners { answer_time_max: Duration::from_millis(50), ..Manners::default() }, OPEN);
    let never = Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let request = Request::post("/v1/blocks").header("content-type", "application/json");
    let said = stage.ask(request.body(never).unwrap());
    assert_eq!((said.status, said.code().as_str()), (StatusCode::GATEWAY_TIMEOUT, "took_too_long"));
}

#[test]
fn a_log_is_told_of_every_request_where_it_is_wanted() {
    let mut stage = Stage::new();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&lines);
    let log = move |answered: &cairn::api::Answered<'_>| {
        kept.lock().unwrap().push(format!(
            "{} {} {} {} {:?}",
            answered.id, answered.method, answered.path, answered.status, answered.bytes
        ));
    };
    stage.behave(&Manners { requests: Some(Arc::new(log)), ..Manners::default() }, LOOPBACK);
    let bytes = get(&stage, &[("x-request-id", "one")]).body.len();
    get(&stage, &[("x-request-id", "two"), ("host", "evil.example")]);
    stage.ask(with(&[("x-request-id", "three")], "GET", "/v1/blocks?limit=0"));
    let lines = lines.lock().unwrap().clone();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0], format!("one GET /v1/tip 200 Some({bytes})"));
    assert!(lines[1].starts_with("two GET /v1/tip 421 "), "{lines:?}");
    assert!(lines[2].starts_with("three GET /v1/blocks?limit=0 400 "), "{lines:?}");
}
