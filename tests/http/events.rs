//! Events over plain HTTP: each kind, from any cursor on, and the bounds.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use cairn::api::{Context, Front, StreamLimits};
use cairn::net::{Faults, Peers, PeersOptions};
use cairn::node::{Share, WorkerName};
use cairn::protocol::{NodeId, Settings};
use cairn::storage::prune;
use cairn::template::Difficulty;
use cairn::testkit::{Actor, Follower, MAP_SEED, PATIENCE, until};
use cairn::types::{Address, Block, Transaction};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Builder;
use tokio::time::timeout;

use crate::listening::{Heard, Listener, Serving, told};
use crate::stage::{Stage, miner_address};

/// Where the events stand.
pub fn cursor(stage: &Stage) -> String {
    stage.json("/v1/status")["cursor"].as_str().unwrap().to_owned()
}

/// A block on somebody's own branch, which is not handed in.
pub fn mined(miner: &mut Follower, recipient: u8, transactions: Vec<Transaction>) -> Block {
    let hash = miner.mine(Address::from_bytes([recipient; 32]), transactions);
    miner.block(&hash).block().clone()
}

/// Grows by three with payments, goes over to a branch of three that forks above the first, and grows once more.
fn story() -> Stage {
    let mut stage = Stage::new();
    let first = stage.payment(0, 1, 1000);
    stage.mine(vec![first]);
    let mut other = stage.miner.clone();
    let payments = [stage.payment(0, 1, 2000), stage.payment(1, 2, 300), stage.payment(2, 0, 40)];
    stage.mine(payments.to_vec());
    let last = stage.payment(0, 2, 5);
    stage.mine(vec![last]);
    let branch = [
        mined(&mut other, 0xb0, vec![payments[1].clone()]),
        mined(&mut other, 0xb0, vec![payments[0].clone()]),
        mined(&mut other, 0xb0, Vec::new()),
    ];
    branch.iter().for_each(|block| {
        stage.node.submit(block).unwrap();
    });
    stage.miner = other;
    let payment = stage.payment(3, 1, 7);
    stage.mine(vec![payment]);
    stage
}

fn kinds(all: &[Heard]) -> Vec<&str> {
    all.iter().map(|heard| heard.event.as_str()).collect()
}

#[test]
fn whoever_begins_to_listen_is_told_where_it_begins_and_what_comes() {
    let mut stage = Stage::new();
    let below = stage.mine(Vec::new()).header.hash();
    let serving = Serving::start(stage.node.handle());
    let mut listener = serving.listen("");
    let hello = listener.hear("hello");
    assert_eq!(hello, json!({"type": "hello", "cursor": "0-1", "tip": {"height": 1, "hash": below}}));
    let payment = stage.payment(0, 1, 1000);
    let block = stage.mine(vec![payment]);
    let expected = json!({
        "type": "block_connected", "cursor": "0-2-2", "hash": block.header.hash(), "height": 2, "previous": below,
        "time": block.header.time.0, "transactions": 1,
    });
    let heard = listener.next();
    assert_eq!((heard.id.as_str(), heard.data), ("0-2-2", expected));
}

#[test]
fn nobody_on_the_way_keeps_or_gathers_a_stream() {
    let stage = Stage::new();
    let serving = Serving::start(stage.node.handle());
    let listener = serving.listen_with("", &[("accept-encoding", "gzip")]).ok().unwrap();
    for header in ["content-type: text/event-stream", "cache-control: no-store", "x-accel-buffering: no"] {
        assert!(listener.headers.iter().any(|line| line == header), "{header}: {:?}", listener.headers);
    }
    assert!(!listener.headers.iter().any(|line| line.starts_with("content-encoding")));
}

#[test]
fn a_payment_is_told_to_whoever_watches_either_side() {
    let mut stage = Stage::new();
    let serving = Serving::start(stage.node.handle());
    let (payer, payee) = (stage.address(0), stage.address(77));
    let miner = stage.text(&miner_address());
    let query = format!("?types=transaction,account&address={payer},{payee},{miner}");
    let mut listener = serving.listen(&query);
    listener.hear("hello");
    let payment = stage.payment(0, 77, 1000);
    let block = stage.mine(vec![payment.clone()]);
    let (hash, txid) = (block.header.hash(), payment.body.txid());
    let expected = json!({"type": "transaction", "cursor": "0-1-3", "change": "connected", "txid": txid, "block": hash,
        "height": 1, "position": 1});
    assert_eq!(listener.hear("transaction"), expected);
    let reward = listener.hear("account");
    assert_eq!(reward["address"], miner.as_str());
    assert_eq!(
        (&reward["moved"], &reward["txid"], &reward["matures_at"]),
        (&json!("reward"), &Value::Null, &json!(4))
    );
    assert_eq!(reward["received"], block.coinbase.amount.pebbles().to_string());
    let both = [listener.hear("account"), listener.hear("account")];
    let of = |address: &str| both.iter().find(|event| event["address"] == address).unwrap();
    let charge = stage.network.params().account_charge.pebbles();
    let (paid, received) = (of(&payer), of(&payee));
    assert_eq!(
        (&paid["moved"], &paid["fee"], &paid["received"]),
        (&json!("out"), &json!("500"), &json!("0"))
    );
    assert_eq!(paid["sent"], (1500 + charge).to_string());
    assert_eq!((&received["moved"], &received["received"]), (&json!("in"), &json!("1000")));
    assert_eq!(received["references"], json!([hex::encode("invoice")]));
    for event in &both {
        assert_eq!(
            (&event["txid"], &event["position"], &event["change"]),
            (&json!(txid), &json!(1), &json!("connected"))
        );
    }
}

#[test]
fn a_reorganization_is_told_first_then_what_goes_downwards_then_what_comes_upwards() {
    let stage = story();
    let serving = Serving::start(stage.node.handle());
    let end = cursor(&stage);
    let all = serving.listen("?after=0-3").all_up_to(&end);
    let names = ["reorganization", "block_disconnected", "block_disconnected"];
    let connected = ["block_connected"; 4];
    assert_eq!(kinds(&all), [&names[..], &connected].concat());
    let heights: Vec<_> = all[1..].iter().map(|heard| heard.data["height"].as_u64().unwrap()).collect();
    assert_eq!(heights, [3, 2, 2, 3, 4, 5]);
    let change = &all[0].data;
    let hashes = |range: std::ops::Range<usize>| -> Vec<_> {
        all[range].iter().map(|heard| heard.data["hash"].clone()).collect()
    };
    assert_eq!(change["disconnected"], Value::Array(hashes(1..3)));
    assert_eq!(change["connected"], Value::Array(hashes(3..6)));
    assert_eq!((&change["depth"], &change["fork"]["height"]), (&json!(2), &json!(1)));
    assert_eq!(change["fork"]["hash"], all[2].data["previous"]);
    // What a stream names that ends between two steps of a change: the first was seen whole.
    let rest = serving.listen("?after=0-4-4294967294").all_up_to(&end);
    assert_eq!(rest, all[2..]);
}

/// Everything somebody can ask for of the journal.
fn filters(stage: &Stage) -> [String; 6] {
    let (first, second) = (stage.address(0), stage.address(1));
    let miner = stage.text(&miner_address());
    [
        "types=block,reorganization".to_owned(),
        "types=transaction".to_owned(),
        "types=reorganization".to_owned(),
        format!("types=account&address={first}"),
        format!("types=account,block&address={second},{miner}"),
        format!("types=block,transaction,account,reorganization&address={first},{second},{miner}"),
    ]
}

/// From the beginning, and from behind each event, to the end.
fn check_all_suffixes(stage: &Stage) -> Vec<Vec<Heard>> {
    let serving = Serving::start(stage.node.handle());
    let end = cursor(stage);
    let mut told = Vec::new();
    for filter in filters(stage) {
        let all = serving.listen(&format!("?after=0-0&{filter}")).all_up_to(&end);
        for (at, heard) in all.iter().enumerate() {
            assert_eq!(heard.data["cursor"], heard.id.as_str());
            let rest = serving.listen(&format!("?after={}&{filter}", heard.id)).all_up_to(&end);
            assert_eq!(rest, all[at + 1..], "{filter} after {}", heard.id);
        }
        told.push(all);
    }
    told
}

#[test]
fn whoever_comes_back_is_told_each_event_once_wherever_they_were_also_after_a_restart() {
    let mut stage = story();
    let told = check_all_suffixes(&stage);
    assert!(told.iter().all(|all| !all.is_empty()));
    // A cursor means the same under every filter: each event of a narrow one is in the widest, in the same order.
    let widest = &told[5];
    for narrow in &told[..5] {
        let mut rest = widest.iter();
        assert!(narrow.iter().all(|heard| rest.any(|other| other == heard)));
    }
    stage.restart_after(|_, _| {});
    assert_eq!(check_all_suffixes(&stage), told);
}

#[test]
fn a_block_with_more_events_than_are_made_at_once_is_told_whole() {
    let mut stage = Stage::new();
    let params = stage.network.params().clone();
    let payer = Actor::new(0);
    let pay = |nonce| cairn::types::Action::Pay {
        to: Actor::new(1 + nonce as u32 % 3).address(),
        amount: cairn::types::Amount::from_pebbles(1),
        reference: Actor::reference(""),
    };
    let payments =
        (0..700).map(|nonce| payer.sign(&params, payer.body(&params, nonce, 500, vec![pay(nonce)])));
    let payments: Vec<_> = payments.collect();
    stage.mine(payments.clone());
    let serving = Serving::start(stage.node.handle());
    let query = format!("types=block,transaction,account&address={}", stage.address(1));
    let all = serving.listen(&format!("?after=0-0&{query}")).all_up_to("0-1");
    let txids: Vec<_> = payments.iter().map(|payment| json!(payment.body.txid())).collect();
    let of = |kind: &str| -> Vec<_> {
        all.iter().filter(|heard| heard.event == kind).map(|heard| heard.data["txid"].clone()).collect()
    };
    assert_eq!(of("transaction"), txids);
    assert_eq!(of("account"), txids.iter().step_by(3).cloned().collect::<Vec<_>>());
    for at in [0, 510, 511, 512, 700, 701, 900] {
        let rest = serving.listen(&format!("?after={}&{query}", all[at].id)).all_up_to("0-1");
        assert_eq!(rest, all[at + 1..]);
    }
}

#[test]
fn whoever_missed_nothing_is_told_so_at_once() {
    let stage = story();
    let serving = Serving::start(stage.node.handle());
    let end = cursor(&stage);
    let place = serving.listen(&format!("?after={end}")).next_or_mark().unwrap();
    assert!(place.is_mark() && place.id == end, "{place:?}");
}

#[test]
fn what_a_browser_has_seen_counts_more_than_where_it_began() {
    let stage = story();
    let serving = Serving::start(stage.node.handle());
    let mut listener = serving.listen_with("?after=0-1", &[("last-event-id", "0-2-2")]).ok().unwrap();
    assert_eq!(listener.hear("block_connected")["height"], 3);
}

#[test]
fn where_a_cursor_leads_nowhere_it_is_said_why_and_all_goes_on_from_now() {
    let mut stage = story();
    let serving = Serving::start(stage.node.handle());
    let end = cursor(&stage);
    let mut listeners: Vec<Listener> = Vec::new();
    for (after, why) in [("7-1", "another_epoch"), ("0-10", "ahead"), ("0-10-1", "ahead")] {
        let mut listener = serving.listen(&format!("?after={after}"));
        let reset = listener.next();
        assert_eq!((reset.event.as_str(), reset.id.as_str()), ("reset", end.as_str()), "{after}");
        assert_eq!((&reset.data["why"], &reset.data["cursor"]), (&json!(why), &json!(end)));
        assert_eq!(reset.data["tip"], stage.json("/v1/tip"));
        listeners.push(listener);
    }
    let block = stage.mine(Vec::new()).header.hash();
    for listener in &mut listeners {
        assert_eq!(listener.hear("block_connected")["hash"], json!(block));
    }
}

#[test]
fn a_cursor_before_what_was_pruned_leads_nowhere() {
    let mut stage = Stage::with_history();
    stage.restart_after(|folder, network| {
        let pruned = prune(folder, &network.genesis, MAP_SEED, 2).unwrap();
        assert!(pruned.base.0 > 0);
    });
    let serving = Serving::start(stage.node.handle());
    let reset = serving.listen("?after=0-1").hear("reset");
    assert_eq!((&reset["why"], &reset["tip"]["height"]), (&json!("pruned"), &json!(5)));
    let end = cursor(&stage);
    let kept = serving.listen("?after=0-3").all_up_to(&end);
    assert_eq!(kinds(&kept), ["block_connected"; 2]);
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_told() {
    let stage = Stage::new();
    let serving = Serving::start(stage.node.handle());
    let many = vec![stage.address(0); 101].join(",");
    for (query, code) in [
        ("?types=blocks".to_owned(), "bad_value"),
        ("?types=account".to_owned(), "bad_value"),
        ("?address=nobody".to_owned(), "bad_address"),
        (format!("?address={many}"), "bad_value"),
        ("?after=17".to_owned(), "bad_cursor"),
        ("?after=0-1-0".to_owned(), "bad_cursor"),
    ] {
        let (status, problem) = serving.listen_with(&query, &[]).err().unwrap();
        assert_eq!((status, problem["code"].as_str().unwrap()), (400, code), "{query}");
    }
    let (status, problem) = serving.listen_with("", &[("last-event-id", "x")]).err().unwrap();
    assert_eq!((status, &problem["code"]), (400, &json!("bad_cursor")));
    assert_eq!(serving.context.streams(), 0);
}

#[test]
fn what_enters_the_pool_and_leaves_it_is_told_live() {
    let mut stage = Stage::new();
    let first = stage.payment(0, 1, 1000);
    stage.node.send(&first).unwrap();
    let serving = Serving::start(stage.node.handle());
    let mut listener = serving.listen("?types=mempool");
    listener.hear("hello");
    let resync = listener.hear("resync");
    assert_eq!(
        (&resync["why"], &resync["mempool"], &resync["peers"]),
        (&json!("began"), &json!(1), &json!(0))
    );
    let second = stage.payment(1, 2, 50);
    stage.node.send(&second).unwrap();
    let entered = listener.hear("mempool");
    assert_eq!((&entered["change"], &entered["txid"]), (&json!("entered"), &json!(second.body.txid())));
    assert_eq!((&entered["from"], &entered["fee"]), (&json!(stage.address(1)), &json!("500")));
    let mut other = stage.miner.clone();
    stage.mine(vec![first.clone()]);
    let left = listener.hear("mempool");
    assert_eq!(
        (&left["change"], &left["why"], &left["txid"]),
        (&json!("left"), &json!("mined"), &json!(first.body.txid()))
    );
    let branch = [mined(&mut other, 0xb0, Vec::new()), mined(&mut other, 0xb0, Vec::new())];
    branch.iter().for_each(|block| {
        stage.node.submit(block).unwrap();
    });
    let returned = listener.hear("mempool");
    assert_eq!((&returned["change"], &returned["txid"]), (&json!("returned"), &json!(first.body.txid())));
}

#[test]
fn whoever_comes_back_is_told_how_it_is_live_beside_what_they_missed() {
    let stage = story();
    let serving = Serving::start(stage.node.handle());
    let mut listener = serving.listen("?types=mempool,block&after=0-8");
    assert_eq!(listener.hear("resync")["tip"]["height"], 5);
    assert_eq!(listener.hear("block_connected")["height"], 5);
}

/// Limits under which nobody has to wait long.
fn quick() -> StreamLimits {
    let moment = Duration::from_millis(20);
    StreamLimits { look_every: moment, heartbeat: moment, ..StreamLimits::default() }
}

#[test]
fn miners_that_come_and_find_blocks_are_told_of() {
    let stage = Stage::new();
    let serving = Serving::with_limits(stage.node.handle(), None, quick());
    let mut listener = serving.listen("?types=mining");
    listener.hear("hello");
    assert_eq!(listener.hear("resync")["workers"], 0);
    let name = WorkerName { miner: miner_address(), worker: "shed".to_owned() };
    let handle = stage.node.handle();
    handle.workers().count(&name, Share::Accepted(Difficulty::ONE));
    let told = |change: &str, blocks: u64| json!({"type": "mining", "change": change, "address": stage.text(&miner_address()), "worker": "shed", "blocks": blocks});
    assert_eq!(listener.hear("mining"), told("came", 0));
    handle.workers().count(&name, Share::Block);
    assert_eq!(listener.hear("mining"), told("found_block", 1));
}

#[test]
fn whoever_missed_something_live_is_told_how_it_is_now() {
    let stage = Stage::new();
    let serving = Serving::with_limits(stage.node.handle(), None, quick());
    let mut listener = serving.listen("?types=mining");
    listener.hear("hello");
    listener.hear("resync");
    // More than are kept come into sight at once.
    let handle = stage.node.handle();
    for number in 0..4000 {
        let name = WorkerName { miner: miner_address(), worker: number.to_string() };
        handle.workers().count(&name, Share::Accepted(Difficulty::ONE));
    }
    let resync = std::iter::from_fn(|| Some(listener.next())).find(|heard| heard.event == "resync").unwrap();
    assert_eq!(resync.data["why"], "missed");
}

#[test]
fn peers_that_connect_and_go_are_told_of() {
    let stages = [Stage::new(), Stage::new()];
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let meet = |which: usize, others: Vec<String>| {
        let mut settings = Settings::new(NodeId([0; 32]), true);
        settings.added = others;
        settings.discovers = false;
        let options = PeersOptions {
            settings,
            listener: Some(std::net::TcpListener::bind("127.0.0.1:0").unwrap()),
            data_dir: folders[which].path().to_owned(),
            log: std::sync::Arc::new(|_: &str| {}),
            faults: Faults::new(stages[which].network.params(), [3; 32]),
        };
        Peers::start(stages[which].node.handle(), options, runtime.handle()).unwrap()
    };
    let ours = meet(0, Vec::new());
    let serving = Serving::with_limits(stages[0].node.handle(), Some(ours.handle()), quick());
    let mut listener = serving.listen("?types=peers");
    listener.hear("hello");
    assert_eq!(listener.hear("resync")["peers"], 0);
    let theirs = meet(1, vec![ours.local_address().unwrap().to_string()]);
    let came = listener.hear("peers");
    assert_eq!(
        (&came["change"], &came["direction"], &came["peers"]),
        (&json!("connected"), &json!("in"), &json!(1))
    );
    drop(theirs);
    let gone = listener.hear("peers");
    assert_eq!((&gone["change"], &gone["node"], &gone["peers"]), (&json!("gone"), &came["node"], &json!(0)));
}

#[test]
fn where_nothing_happens_the_heart_beats_and_says_the_place() {
    let mut stage = Stage::new();
    let serving = Serving::with_limits(stage.node.handle(), None, quick());
    let mut listener = serving.listen("?types=reorganization");
    listener.hear("hello");
    stage.mine(Vec::new());
    assert!(listener.all_up_to("0-1").is_empty());
    for _ in 0..3 {
        let beat = listener.next_or_mark().unwrap();
        assert!(beat.is_mark() && beat.id == "0-1", "{beat:?}");
    }
}

#[test]
fn a_stream_says_so_when_the_node_or_the_server_ends() {
    let mut stage = story();
    let end = cursor(&stage);
    let mut serving = Serving::start(stage.node.handle());
    let mut listener = serving.listen("?after=0-8");
    assert_eq!(listener.hear("block_connected")["height"], 5);
    serving.end();
    let closing = listener.hear("closing");
    assert!(
        closing["why"] == "stopping" && (closing["cursor"] == end.as_str() || closing["cursor"] == "0-9-2")
    );
    assert_eq!(listener.end_or_next(), None);

    let serving = Serving::start(stage.node.handle());
    let mut listener = serving.listen("");
    listener.hear("hello");
    let block = stage.mine(Vec::new()).header.hash();
    stage.node.stop();
    assert_eq!(listener.hear("block_connected")["hash"], json!(block));
    assert_eq!(listener.hear("closing")["why"], "stopping");
    assert_eq!(listener.end_or_next(), None);
}

#[test]
fn whoever_does_not_read_is_told_where_they_were_and_loses_nothing() {
    let mut stage = Stage::new();
    for _ in 0..200 {
        stage.mine(Vec::new());
    }
    let limits = StreamLimits { slow: Duration::from_millis(20), ..StreamLimits::default() };
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let context = Context::with_limits(stage.node.handle(), None, limits);
    let front = Front::new(context.clone());
    let request = Request::get("/v1/events?after=0-0").body(Body::empty()).unwrap();
    let body = runtime.block_on(front.answer(request)).into_body();
    until("patience to end", || (context.streams_given_up() == 1).then_some(()));
    let text = runtime.block_on(async {
        timeout(PATIENCE, body.collect()).await.expect("it ends by itself").unwrap().to_bytes()
    });
    let text = std::str::from_utf8(&text).unwrap();
    let ids: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
    assert!(text.contains("event: closing\ndata: {\"type\":\"closing\",\"why\":\"slow\""), "{text}");
    let last = ids.len() - 1;
    assert_eq!(ids[last], ids[last - 1]);
    assert!(last < 200, "{last}");
    let rest =
        Serving::start(stage.node.handle()).listen(&format!("?after={}", ids[last])).all_up_to("0-200");
    assert_eq!(last + rest.len(), 200);
}

#[test]
fn there_are_only_so_many_streams_and_a_place_is_free_again_when_somebody_goes() {
    let stage = Stage::new();
    let limits = StreamLimits { streams: 2, ..quick() };
    let serving = Serving::with_limits(stage.node.handle(), None, limits);
    let (first, second) = (serving.listen(""), serving.socket(""));
    let (status, problem) = serving.listen_with("", &[]).err().unwrap();
    assert_eq!((status, &problem["code"]), (503, &json!("busy")));
    drop(first);
    let mut third = until("a place", || serving.listen_with("", &[]).ok());
    third.hear("hello");
    drop((second, third));
    until("places", || (serving.context.streams() == 0).then_some(()));
}

#[test]
fn two_who_listen_are_told_the_same() {
    let mut stage = Stage::new();
    let serving = Serving::start(stage.node.handle());
    let mut listeners =
        [serving.listen("?types=transaction,block"), serving.listen("?types=transaction,block")];
    listeners.iter_mut().for_each(|listener| {
        listener.hear("hello");
    });
    let payment = stage.payment(0, 1, 1);
    stage.mine(vec![payment]);
    let [first, second] = &mut listeners;
    assert_eq!(first.all_up_to("0-1"), second.all_up_to("0-1"));
    assert_eq!(told(&serving.listen("?after=0-0").next())[0], "block_connected");
}
