//! The operator's side: the word, and what it lets do.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{Request, StatusCode};
use cairn::api::{
    AdminOptions, Context, Front, Manners, MiningControl, MiningOrder, MiningRefused, MiningState, Token,
};
use cairn::miner::Pace;
use cairn::net::{Faults, Peers, PeersOptions};
use cairn::protocol::{NodeId, Settings};
use cairn::testkit::until;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::stage::{Said, Stage, miner_address};

pub const WORD: &str = "0123456789abcdef0123456789abcdef";

/// One who mines on paper.
#[derive(Default)]
pub struct OnPaper(Mutex<MiningState>);

impl MiningControl for OnPaper {
    fn state(&self) -> MiningState {
        self.0.lock().clone()
    }

    fn start(&self, order: MiningOrder) -> Result<(), MiningRefused> {
        let MiningOrder { payout, pace, threads } = order;
        let pace = pace.flatten();
        *self.0.lock() = MiningState { payout: Some(payout), pace, threads, ..MiningState::default() };
        Ok(())
    }

    fn stop(&self) {
        *self.0.lock() = MiningState::default();
    }

    fn set_pace(&self, pace: Option<Pace>) -> Result<(), MiningRefused> {
        let mut state = self.0.lock();
        if state.payout.is_none() {
            return Err(MiningRefused::NotMining);
        }
        state.pace = pace;
        Ok(())
    }
}

/// A node whose operator's side is asked, and its port to others.
pub struct Operated {
    pub stage: Stage,
    _peers: Peers,
    _runtime: Runtime,
    _folder: tempfile::TempDir,
}

impl Operated {
    pub fn new(watch_freely: bool) -> Self {
        let mut stage = Stage::new();
        let folder = tempfile::tempdir().unwrap();
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let params = stage.network.params();
        let mut settings = Settings::new(NodeId::UNKNOWN, params.lab);
        settings.discovers = false;
        let options = PeersOptions {
            settings,
            listener: None,
            data_dir: folder.path().to_owned(),
            log: Arc::new(|_| {}),
            faults: Faults::new(params, [3; 32]),
        };
        let peers = Peers::start(stage.node.handle(), options, runtime.handle()).unwrap();
        let context = Context::new(stage.node.handle(), Some(peers.handle()));
        let options = AdminOptions {
            token: Token::new(WORD).unwrap(),
            mining: Some(Arc::new(OnPaper::default())),
            data_dir: None,
            watch_freely,
        };
        stage.face(Front::admin(&context, options, &Manners::default()));
        Self { stage, _peers: peers, _runtime: runtime, _folder: folder }
    }

    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Said {
        let request = Request::builder().method(method).uri(path);
        let request =
            request.header(AUTHORIZATION, format!("Bearer {WORD}")).header(CONTENT_TYPE, "application/json");
        self.stage
            .ask(request.body(body.map_or_else(Body::empty, |body| Body::from(body.to_string()))).unwrap())
    }

    pub fn get(&self, path: &str) -> Value {
        let said = self.ask("GET", path, None);
        assert_eq!(said.status, StatusCode::OK, "{path}: {}", String::from_utf8_lossy(&said.body));
        said.json()
    }

    /// Gives an order, which is followed.
    pub fn order(&self, method: &str, path: &str, body: Option<&Value>) {
        let said = self.ask(method, path, body);
        assert_eq!(said.status, StatusCode::NO_CONTENT, "{path}: {}", String::from_utf8_lossy(&said.body));
    }

    /// Gives an order, which is not.
    pub fn refused(&self, method: &str, path: &str, body: &Value) -> String {
        self.ask(method, path, Some(body)).code()
    }
}

#[test]
fn nobody_does_anything_without_the_word() {
    let operated = Operated::new(true);
    let document = Stage::new().json("/openapi.json");
    let mut orders = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        if !path.starts_with("/admin/") {
            continue;
        }
        for (method, operation) in item.as_object().unwrap() {
            orders += 1;
            assert_eq!(operation["security"], json!([{"bearer": []}]), "{method} {path}");
            for word in
                [None, Some("Bearer "), Some(WORD), Some("Bearer 0123"), Some(&*format!("Basic {WORD}"))]
            {
                let mut request = Request::builder().method(method.to_uppercase().as_str()).uri(path);
                if let Some(word) = word {
                    request = request.header(AUTHORIZATION, word);
                }
                let said = operated.stage.ask(request.body(Body::empty()).unwrap());
                assert_eq!(
                    (said.status, said.code().as_str()),
                    (StatusCode::UNAUTHORIZED, "unauthorized"),
                    "{path}"
                );
                assert_eq!(said.header("www-authenticate"), "Bearer");
            }
        }
    }
    assert!(orders > 12, "{orders}");
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
}

#[test]
fn whoever_only_watches_needs_the_word_where_others_could_ask() {
    let (own, open) = (Operated::new(true), Operated::new(false));
    for path in ["/metrics", "/healthy", "/ready"] {
        assert_eq!(own.stage.get(path).status, StatusCode::OK, "{path}");
        assert_eq!(open.stage.get(path).code(), "unauthorized", "{path}");
        assert_eq!(open.ask("GET", path, None).status, StatusCode::OK, "{path}");
    }
    assert_eq!(own.stage.get("/v1/tip").code(), "not_found");
}

#[test]
fn the_public_side_takes_no_orders_and_shows_no_figures() {
    let stage = Stage::new();
    for path in ["/metrics", "/admin/v1/peers", "/admin/v1/mining"] {
        assert_eq!(stage.get(path).code(), "not_found", "{path}");
    }
}

#[test]
fn a_peer_is_added_and_dropped() {
    let operated = Operated::new(true);
    let place = json!({"address": "127.0.0.1:1"});
    operated.order("POST", "/admin/v1/peers/add", Some(&place));
    let added = || operated.get("/admin/v1/peers")["added"].clone();
    until("the order", || (added() == json!(["127.0.0.1:1"])).then_some(()));
    let report = operated.get("/admin/v1/peers");
    assert_eq!((&report["bans"], &report["links"]), (&json!([]), &json!([])));
    assert_eq!(report["node"].as_str().unwrap().len(), 64);
    operated.order("POST", "/admin/v1/peers/drop", Some(&place));
    until("the order", || (added() == json!([])).then_some(()));
    assert_eq!(operated.refused("POST", "/admin/v1/peers/drop", &place), "not_found");
    for bad in ["", "host", "host:", "host:0", "host:65536", ":1", "a b:1", "::1:5"] {
        let bad = json!({"address": bad});
        assert_eq!(operated.refused("POST", "/admin/v1/peers/add", &bad), "bad_value", "{bad}");
    }
}

#[test]
fn somebody_is_banned_and_forgiven() {
    let operated = Operated::new(true);
    let node = "ab".repeat(32);
    for who in ["192.0.2.7", &node] {
        operated.order("POST", "/admin/v1/bans", Some(&json!({"who": who, "seconds": 1000})));
        let ban = until("the ban", || operated.get("/admin/v1/bans").as_array().unwrap().first().cloned());
        assert_eq!(ban["who"], who);
        assert_eq!(operated.get("/admin/v1/peers")["bans"], json!([ban]));
        operated.order("DELETE", &format!("/admin/v1/bans/{who}"), None);
        until("pardon", || (operated.get("/admin/v1/bans") == json!([])).then_some(()));
        assert_eq!(operated.ask("DELETE", &format!("/admin/v1/bans/{who}"), None).code(), "not_found");
    }
    let own = operated.get("/admin/v1/peers")["node"].clone();
    for bad in [json!("127.0.0.1"), json!("nobody"), own] {
        assert_eq!(operated.refused("POST", "/admin/v1/bans", &json!({"who": bad})), "bad_value", "{bad}");
    }
    let never = json!({"who": "192.0.2.7", "seconds": 0});
    assert_eq!(operated.refused("POST", "/admin/v1/bans", &never), "bad_value");
}

#[test]
fn a_link_is_made_bad_and_good_again() {
    let operated = Operated::new(true);
    let link = json!({"who": "all", "delay_ms": 20, "jitter_ms": 0, "loss_percent": 12.5, "bytes_per_second": null, "cut": false});
    operated.order("PUT", "/admin/v1/links", Some(&link));
    operated.order("PUT", "/admin/v1/links", Some(&json!({"who": "192.0.2.7:9333", "cut": true})));
    let links = operated.get("/admin/v1/links");
    assert_eq!(links.as_array().unwrap().len(), 2);
    assert_eq!(links[0], link);
    assert_eq!((&links[1]["who"], &links[1]["cut"]), (&json!("192.0.2.7:9333"), &json!(true)));
    operated.order("PUT", "/admin/v1/links", Some(&json!({"who": "all"})));
    assert_eq!(operated.get("/admin/v1/links").as_array().unwrap().len(), 1);
    operated.order("DELETE", "/admin/v1/links", None);
    assert_eq!(operated.get("/admin/v1/links"), json!([]));
    for bad in [
        json!({"who": "nobody", "cut": true}),
        json!({"who": "all", "delay_ms": 60_001}),
        json!({"who": "all", "loss_percent": 99.5}),
        json!({"who": "all", "loss_percent": -1.0}),
        json!({"who": "all", "bytes_per_second": 0}),
    ] {
        assert_eq!(operated.refused("PUT", "/admin/v1/links", &bad), "bad_value", "{bad}");
    }
    assert_eq!(
        operated.refused("PUT", "/admin/v1/links", &json!({"who": "all", "dealy_ms": 1})),
        "bad_request"
    );
}

#[test]
fn mining_is_begun_changed_and_ended() {
    let operated = Operated::new(true);
    let address = operated.stage.text(&miner_address());
    let state = |name: &str| operated.get("/admin/v1/mining")[name].clone();
    assert_eq!((state("pace"), state("address")), (Value::Null, Value::Null));
    let pace = json!({"pace": "automine"});
    assert_eq!(operated.refused("POST", "/admin/v1/mining/pace", &pace), "not_found");
    operated.order(
        "POST",
        "/admin/v1/mining/start",
        Some(&json!({"address": address, "pace": "work", "threads": 2, "tag": "test"})),
    );
    assert_eq!(
        (state("pace"), state("address"), state("threads")),
        (json!("work"), json!(address), json!(2))
    );
    operated.order("POST", "/admin/v1/mining/pace", Some(&pace));
    assert_eq!(state("pace"), "automine");
    operated.order("POST", "/admin/v1/mining/stop", None);
    assert_eq!(state("pace"), Value::Null);
    for bad in [
        json!({"address": address, "pace": "often"}),
        json!({"address": address, "threads": 0}),
        json!({"address": address, "tag": "x".repeat(92)}),
    ] {
        assert_eq!(operated.refused("POST", "/admin/v1/mining/start", &bad), "bad_value", "{bad}");
    }
    let mistyped = json!({"address": "ctest1xyz"});
    assert_eq!(operated.refused("POST", "/admin/v1/mining/start", &mistyped), "bad_address");
}

#[test]
fn blocks_are_made_to_order_and_followed() {
    let operated = Operated::new(true);
    let address = operated.stage.text(&miner_address());
    let said =
        operated.ask("POST", "/admin/v1/mining/blocks", Some(&json!({"count": 3, "address": address})));
    let blocks = said.json()["blocks"].clone();
    assert_eq!(blocks.as_array().unwrap().len(), 3);
    let chain = operated.get("/admin/v1/chain");
    assert_eq!(chain["tip"], json!({"height": 3, "hash": blocks[2]}));
    assert_eq!((&chain["stopped"], &chain["alarm"]), (&Value::Null, &Value::Null));
    for count in [0, 1001] {
        let bad = json!({"count": count, "address": address});
        assert_eq!(operated.refused("POST", "/admin/v1/mining/blocks", &bad), "bad_value");
    }
}

#[test]
fn a_node_that_is_alone_is_healthy_and_ready() {
    let mut stage = Stage::new();
    stage.mine(Vec::new());
    assert!(stage.json("/healthy")["version"].is_string());
    let ready = stage.json("/ready");
    assert_eq!((&ready["tip"]["height"], &ready["sync"]), (&json!(1), &json!({"state": "alone"})));
}
