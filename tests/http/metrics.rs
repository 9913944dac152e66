//! Figures: what is on the page, in its description, and in the dashboard.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use cairn::api::{
    AdminOptions, Context, FIGURES, Front, Manners, MiningControl, MiningOrder, MiningRefused, MiningState,
    Token,
};
use cairn::miner::Pace;
use cairn::testkit::PATIENCE;
use serde_json::Value;
use tokio::runtime::Builder;

use crate::stage::Stage;

/// A stage whose figures are asked for, after some of what they count.
fn watched() -> Stage {
    let mut stage = Stage::with_history();
    let context = Context::new(stage.node.handle(), None);
    stage.face(Front::with_manners(context.clone(), &Manners::default()));
    for path in ["/v1/tip", "/v1/tip", "/v1/blocks/2", "/v1/blocks/x", "/nothing"] {
        stage.get(path);
    }
    stage.node.send(&stage.payment(1, 2, 5)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), [0; 100]).unwrap();
    let options = AdminOptions {
        token: Token::new("0123456789abcdef").unwrap(),
        mining: None,
        data_dir: Some(folder.path().to_owned()),
        watch_freely: true,
    };
    stage.face(Front::admin(&context, options, &Manners::default()));
    // Read while the folder is there.
    let said = stage.get("/metrics");
    assert_eq!(
        (said.status, said.header("content-type")),
        (StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8")
    );
    stage
}

/// Mining of which nothing can be said before somebody lets it.
struct Held(Mutex<Receiver<()>>);

impl MiningControl for Held {
    fn state(&self) -> MiningState {
        self.0.lock().unwrap().recv_timeout(PATIENCE).expect("others go on meanwhile");
        MiningState::default()
    }

    fn start(&self, _: MiningOrder) -> Result<(), MiningRefused> {
        Err(MiningRefused::NotMining)
    }

    fn stop(&self) {}

    fn set_pace(&self, _: Option<Pace>) -> Result<(), MiningRefused> {
        Err(MiningRefused::NotMining)
    }
}

fn page(stage: &Stage) -> String {
    String::from_utf8(stage.get("/metrics").body).unwrap()
}

/// What the page says, by name and labels; it must be well made.
fn parsed(page: &str) -> (BTreeMap<String, String>, BTreeMap<String, f64>) {
    let (mut kinds, mut values) = (BTreeMap::new(), BTreeMap::new());
    assert!(page.ends_with('\n'));
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(!help.is_empty() && !kinds.contains_key(name), "{line}");
            continue;
        }
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(kinds.insert(name.to_owned(), kind.to_owned()).is_none(), "{line}");
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap();
        let name = series.split('{').next().unwrap();
        let family = family(name, &kinds).unwrap_or_else(|| panic!("no type before {line}"));
        let of_histogram = kinds[family] == "histogram";
        assert_eq!(name != family, of_histogram, "{line}");
        if let Some(labels) = series.strip_prefix(name).filter(|labels| !labels.is_empty()) {
            let inside = labels.strip_prefix('{').and_then(|labels| labels.strip_suffix('}')).unwrap();
            for label in inside.split("\",") {
                let (key, text) = label.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
                assert!(key.bytes().all(|byte| byte.is_ascii_lowercase()), "{line}");
                assert!(!text.trim_end_matches('"').contains('"'), "{line}");
            }
        }
        assert!(values.insert(series.to_owned(), value.parse().unwrap()).is_none(), "twice: {line}");
    }
    (kinds, values)
}

/// The figure that a line belongs to.
fn family<'a>(name: &'a str, kinds: &BTreeMap<String, String>) -> Option<&'a str> {
    let ends = ["", "_bucket", "_sum", "_count"];
    ends.iter().find_map(|end| name.strip_suffix(end).filter(|family| kinds.contains_key(*family)))
}

fn root(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file)
}

#[test]
fn the_page_is_well_made_and_says_what_happened() {
    let (_, values) = parsed(&page(&watched()));
    for (series, expected) in [
        ("cairn_chain_height", 5.0),
        ("cairn_node_stopped", 0.0),
        ("cairn_blocks_total{verdict=\"followed\"}", 5.0),
        ("cairn_chain_reorganizations_total", 0.0),
        ("cairn_mempool_transactions{standing=\"ready\"}", 1.0),
        ("cairn_mempool_entered_total", 1.0),
        ("cairn_store_bytes", 100.0),
        ("cairn_http_requests_total{method=\"GET\",route=\"/v1/tip\",class=\"2xx\"}", 2.0),
        ("cairn_http_requests_total{method=\"GET\",route=\"/v1/blocks/{block}\",class=\"2xx\"}", 1.0),
        ("cairn_http_requests_total{method=\"GET\",route=\"/v1/blocks/{block}\",class=\"4xx\"}", 1.0),
        ("cairn_http_requests_total{method=\"GET\",route=\"none\",class=\"4xx\"}", 1.0),
        ("cairn_http_request_seconds_count{method=\"GET\",route=\"/v1/tip\"}", 2.0),
        ("cairn_http_request_seconds_bucket{method=\"GET\",route=\"/v1/tip\",le=\"+Inf\"}", 2.0),
        ("cairn_http_requests_in_flight", 1.0),
    ] {
        assert_eq!(values.get(series), Some(&expected), "{series}");
    }
    assert!(values["cairn_chain_work"] > 0.0);
    #[cfg(target_os = "linux")]
    for series in
        ["process_resident_memory_bytes", "process_open_fds", "process_threads", "process_start_time_seconds"]
    {
        assert!(values[series] > 0.0, "{series}");
    }
}

#[test]
fn a_reorganization_is_counted_with_its_blocks() {
    let stage = watched();
    let mut other = cairn::testkit::Follower::new(&stage.network);
    for _ in 0..6 {
        let hash = other.mine(cairn::types::Address::from_bytes([0xb0; 32]), Vec::new());
        stage.node.submit(other.block(&hash).block()).unwrap();
    }
    let (_, values) = parsed(&page(&stage));
    assert_eq!(values["cairn_chain_reorganizations_total"], 1.0);
    assert_eq!(values["cairn_chain_blocks_taken_off_total"], 5.0);
    assert_eq!(values["cairn_blocks_total{verdict=\"side\"}"], 5.0);
    assert_eq!(values["cairn_mempool_returned_total"], 5.0);
}

#[test]
fn nobody_waits_for_figures_of_mining_that_is_being_changed() {
    let stage = Stage::new();
    let (let_go, held) = channel();
    let options = AdminOptions {
        token: Token::new("0123456789abcdef").unwrap(),
        mining: Some(Arc::new(Held(Mutex::new(held)))),
        data_dir: None,
        watch_freely: true,
    };
    let context = Context::new(stage.node.handle(), None);
    let front = Front::admin(&context, options, &Manners::default());
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let (said, _) = runtime
        .block_on(async { tokio::join!(biased; front.answer(request), async { let_go.send(()).unwrap() }) });
    assert_eq!(said.status(), StatusCode::OK);
}

#[test]
fn what_is_described_is_there_and_what_is_there_is_described() {
    let (kinds, _) = parsed(&page(&watched()));
    let figures: BTreeMap<_, _> =
        FIGURES.iter().map(|figure| (figure.name.to_owned(), figure.kind.name().to_owned())).collect();
    assert_eq!(kinds, figures);
    let text = fs::read_to_string(root("docs/metrics.md")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.filter_map(|row| row.split_once("` | "));
    // What is worth an alarm stands in a table of its own, and asks for more than a name.
    let named = cells.filter(|(name, _)| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
    let described: BTreeMap<_, _> =
        named.map(|(name, rest)| (name.to_owned(), rest.split(" | ").next().unwrap().to_owned())).collect();
    assert_eq!(described, figures);
    for figure in FIGURES {
        let counts = figure.kind.name() == "counter";
        assert_eq!(counts, figure.name.ends_with("_total"), "{}", figure.name);
        assert!(text.contains(figure.help), "{}: {}", figure.name, figure.help);
    }
}

/// Names of figures in queries.
fn names_in(queries: &str) -> impl Iterator<Item = String> {
    let words = queries.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("cairn_") || word.starts_with("process_")).map(str::to_owned)
}

#[track_caller]
fn assert_all_there(asked: &BTreeSet<String>) {
    let (kinds, _) = parsed(&page(&watched()));
    let unknown: Vec<_> = asked.iter().filter(|name| family(name, &kinds).is_none()).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn the_dashboard_asks_only_for_what_is_there() {
    let text = fs::read_to_string(root("docs/grafana/cairn.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    let asked: BTreeSet<_> = targets.flat_map(|target| names_in(target["expr"].as_str().unwrap())).collect();
    assert_all_there(&asked);
    assert!(panels.len() >= 8 && asked.len() >= 15, "{} panels, {asked:?}", panels.len());
}

#[test]
fn alarms_are_of_what_is_there() {
    let text = fs::read_to_string(root("docs/monitoring/prometheus/alerts.yml")).unwrap();
    let queries = text.lines().filter_map(|line| line.trim().strip_prefix("expr: "));
    let asked: BTreeSet<_> = queries.flat_map(names_in).collect();
    assert_all_there(&asked);
    assert!(asked.len() >= 6, "{asked:?}");
}
