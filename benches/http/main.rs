//! The HTTP port over real sockets: what it answers in a second and how soon, beside a server that only says one thing;
//! while blocks come in and branches change; how fast transactions come in; pages of what is large; and pages for people.
//!
//! Whoever asks is a second process on the same two cores.

mod load;
mod looks;
mod stage;
#[path = "../support/mod.rs"]
mod support;

use std::convert::Infallible;
use std::env;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use axum::body::Body;
use cairn::api::view::AddressText;
use cairn::client::{Client, First};
use cairn::codec::encode;
use cairn::consensus::Genesis;
use cairn::node::{NodeHandle, Verdict};
use cairn::testkit::{Actor, Draft, Workload};
use cairn::types::{Address, Block, BlockHash, Height, Transaction};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use load::{Answered, Asked, Load, run_errand};
use looks::looks;
use stage::Stage;
use support::{figure, ms, processor_time, ratio, yardstick};

/// Blocks that are there when the asking begins.
const CHAIN: Workload = Workload { blocks: 20, payments: 1000, accounts: 100_000 };
/// What comes in while others ask.
const SYNCED: Workload = Workload { blocks: 40, payments: 5000, accounts: 100_000 };
const CONNECTIONS: [usize; 3] = [1, 16, 64];
/// How long each question is asked.
const ASKED_FOR: Duration = Duration::from_secs(2);
const TURNS: usize = 3;
/// Transactions that are sent.
const SENT: usize = 40_000;
/// Entries of the long history.
const HISTORY: u32 = 100_000;

fn main() {
    if run_errand() {
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("http");
    let genesis = CHAIN.genesis();
    looks(&genesis, &folder);
    if env::var_os("CAIRN_BENCH_LOOKS").is_some() {
        return;
    }
    let rate = yardstick();
    reads(&genesis, &folder);
    reads_while_syncing(&genesis, &folder);
    submissions(&genesis, &folder, rate);
    pages(&folder);
    let _ = fs::remove_dir_all(&folder);
}

impl Stage {
    /// Asks each of these in turn, again and again.
    fn ask(&self, connections: usize, asked: &[Asked]) -> Answered {
        Load::start(&self.address(), connections, Some(ASKED_FOR), asked).answered()
    }

    /// Asks each of these once.
    fn ask_once(&self, connections: usize, asked: &[Asked]) -> Answered {
        Load::start(&self.address(), connections, None, asked).answered()
    }
}

/// A block on what the node stands on.
fn mined(genesis: &Genesis, handle: &NodeHandle, transactions: Vec<Transaction>) -> Block {
    let groundwork = pollster::block_on(handle.groundwork()).expect("a running node").expect("room above");
    Draft::on(groundwork, Address::from_bytes([7; 32]), transactions).mine(genesis.params())
}

fn submit(handle: &NodeHandle, block: Block) {
    let verdict = pollster::block_on(handle.submit_block(block)).wait();
    assert!(matches!(verdict, Ok(Verdict::Followed { .. } | Verdict::Side)), "{verdict:?}");
}

/// The chain that all questions are about.
fn grow(genesis: &Genesis, handle: &NodeHandle) {
    for number in 0..CHAIN.blocks {
        submit(handle, mined(genesis, handle, CHAIN.payments(genesis, number)));
    }
}

fn accounts(genesis: &Genesis, count: u32) -> Vec<Asked> {
    let prefix = &genesis.params().prefix;
    let path = |number| format!("/v1/accounts/{}", Actor::new(number).address().to_text(prefix));
    (0..count).map(|number| Asked::path(path(number))).collect()
}

fn headers(handle: &NodeHandle) -> Vec<Asked> {
    let path = |hash: BlockHash| Asked::path(format!("/v1/blocks/{hash}/header"));
    let heights = (0..=CHAIN.blocks).map(Height);
    handle.look(|chain, _| {
        heights.filter_map(|height| chain.at(height)).map(|entry| path(entry.hash)).collect()
    })
}

/// What is asked most, over one connection and over many.
fn reads(genesis: &Genesis, folder: &Path) {
    let stage = Stage::new(genesis, folder);
    grow(genesis, &stage.handle());
    let bare = Bare::start(stage.runtime());
    let questions = [
        ("tip", vec![Asked::path("/v1/tip")]),
        ("header", headers(&stage.handle())),
        // More than are kept for one tip, so nearly every answer is made anew.
        ("balance", accounts(genesis, 60_000)),
    ];
    for connections in CONNECTIONS {
        let bare = median_rate(|| bare.ask(connections));
        figure(&format!("bare_{connections}"), bare, "requests/s");
        for (name, asked) in &questions {
            let name = format!("{name}_{connections}");
            let answered = median_turn(&name, None, || {
                let before = processor_time();
                let answered = stage.ask(connections, asked);
                (answered, processor_time().saturating_sub(before))
            });
            figure(&name, answered.rate(), "requests/s");
            ratio(&format!("{name}_over_bare"), answered.rate() / bare, "a server that says one thing");
        }
    }
    stage.end();
}

fn median_rate(mut turn: impl FnMut() -> f64) -> f64 {
    let mut rates: Vec<f64> = (0..TURNS).map(|_| turn()).collect();
    rates.sort_by(f64::total_cmp);
    rates[TURNS / 2]
}

/// A server that gives everybody the same few bytes.
struct Bare(SocketAddr);

impl Bare {
    fn start(runtime: &tokio::runtime::Handle) -> Self {
        let _inside = runtime.enter();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a socket");
        let address = listener.local_addr().expect("a port");
        let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let service = service_fn(|_| async {
                    Ok::<_, Infallible>(hyper::Response::new(Body::from(vec![b'x'; 100])))
                });
                let connection = hyper::server::conn::http1::Builder::new();
                tokio::spawn(connection.serve_connection(TokioIo::new(stream), service));
            }
        });
        Self(address)
    }

    fn answered(&self, connections: usize) -> Answered {
        Load::start(&self.0.to_string(), connections, Some(ASKED_FOR), &[Asked::path("/")]).answered()
    }

    fn ask(&self, connections: usize) -> f64 {
        self.answered(connections).rate()
    }
}

/// What is asked while a chain comes in as fast as it goes, and while branches change.
fn reads_while_syncing(genesis: &Genesis, folder: &Path) {
    let mut blocks = Vec::new();
    SYNCED.make(genesis, |block| blocks.push(block.clone()));
    let alone = {
        let stage = Stage::new(genesis, folder);
        let time = take_in(&stage.handle(), &blocks);
        stage.end();
        time
    };
    for (name, asked) in [("tip", vec![Asked::path("/v1/tip")]), ("balance", accounts(genesis, 60_000))] {
        let stage = Stage::new(genesis, folder);
        let load = Load::start(&stage.address(), 16, Some(alone.mul_f64(2.0)), &asked);
        thread::sleep(Duration::from_millis(50));
        let time = take_in(&stage.handle(), &blocks);
        let answered = load.answered();
        let name = format!("{name}_16_while_syncing");
        figure(&name, answered.rate(), "requests/s");
        figure(&format!("{name}_p50"), answered.p50, "us");
        figure(&format!("{name}_p99"), answered.p99, "us");
        ratio(&format!("sync_with_{name}"), alone.as_secs_f64() / time.as_secs_f64(), "sync alone");
        stage.end();
    }
    reads_while_branches_change(genesis, folder);
}

fn take_in(handle: &NodeHandle, blocks: &[Block]) -> Duration {
    let begun = Instant::now();
    let mut pending = std::collections::VecDeque::new();
    for block in blocks {
        pending.push_back(pollster::block_on(handle.submit_block(block.clone())));
        if pending.len() > 64 {
            pending.pop_front().map(|pending| pending.wait().expect("an honest block"));
        }
    }
    pending.into_iter().for_each(|pending| {
        pending.wait().expect("an honest block");
    });
    begun.elapsed()
}

/// Ten blocks of 2,000 payments are taken back for eleven empty ones while somebody asks.
fn reads_while_branches_change(genesis: &Genesis, folder: &Path) {
    let other = Stage::new(genesis, folder);
    let empty: Vec<Block> = (0..11)
        .map(|_| {
            let block = mined(genesis, &other.handle(), Vec::new());
            submit(&other.handle(), block.clone());
            block
        })
        .collect();
    other.end();
    let stage = Stage::new(genesis, folder);
    let full = Workload { payments: 2000, ..CHAIN };
    for number in 0..10 {
        submit(&stage.handle(), mined(genesis, &stage.handle(), full.payments(genesis, number)));
    }
    let time = Duration::from_millis(500);
    let load = Load::start(&stage.address(), 16, Some(time), &accounts(genesis, 60_000));
    thread::sleep(Duration::from_millis(200));
    empty.iter().for_each(|block| submit(&stage.handle(), block.clone()));
    let answered = load.answered();
    figure("balance_16_while_branches_change", answered.rate(), "requests/s");
    figure("balance_16_while_branches_change_p99", answered.p99, "us");
    stage.end();
}

/// Connections over which transactions are sent, and how many go together.
const WAYS: [(&str, usize, usize); 5] = [
    ("single_1", 1, 1),
    ("single_4", 4, 1),
    ("single_16", 16, 1),
    ("single_64", 64, 1),
    ("arrays_of_100", 4, 100),
];

/// Transactions sent one at a time and in arrays, each answered when the pool has it.
fn submissions(genesis: &Genesis, folder: &Path, rate: f64) {
    let block = Workload { payments: SENT as u32, ..CHAIN };
    let raw = |payment: &Transaction| format!("{{\"raw\":\"{}\"}}", hex::encode(encode(payment)));
    let raw: Vec<String> = block.payments(genesis, 0).iter().map(raw).collect();
    for (name, connections, together) in WAYS {
        // Over one connection, a part of them takes as long.
        let sent = &raw[..if connections == 1 { SENT / 10 } else { SENT }];
        let body = |chunk: &[String]| match chunk {
            [one] => one.clone(),
            many => format!("[{}]", many.join(",")),
        };
        let asked: Vec<Asked> =
            sent.chunks(together).map(|chunk| Asked::posted("/v1/transactions", body(chunk))).collect();
        let name = format!("submit_{name}");
        let taken = median_turn(&name, Some(sent.len()), || {
            let stage = Stage::new(genesis, folder);
            let before = processor_time();
            let answered = stage.ask_once(connections, &asked);
            let spent = processor_time().saturating_sub(before);
            assert_eq!(stage.handle().reader().pool().expect("the tip").entries().len(), sent.len());
            stage.end();
            (answered, spent)
        });
        let per_second = sent.len() as f64 / taken.seconds;
        figure(&name, per_second, "tx/s");
        let headline = if together > 1 { "submit_over_yardstick" } else { &format!("{name}_over_yardstick") };
        ratio(headline, per_second / rate, "yardstick");
    }
}

/// Asks some times; says how long answers took and what they cost of the processor in the middle one of these turns, and
/// gives that.
fn median_turn(
    name: &str,
    things: Option<usize>,
    mut turn: impl FnMut() -> (Answered, Duration),
) -> Answered {
    let mut turns: Vec<_> = (0..TURNS).map(|_| turn()).collect();
    turns.sort_by(|one, other| one.0.rate().total_cmp(&other.0.rate()));
    let (answered, spent) = turns.swap_remove(TURNS / 2);
    let things = things.unwrap_or(answered.requests);
    figure(&format!("{name}_p50"), answered.p50, "us");
    figure(&format!("{name}_p99"), answered.p99, "us");
    figure(&format!("{name}_processor"), spent.as_secs_f64() * 1e6 / things as f64, "us");
    answered
}

/// Pages of 1,000 transactions, and of a history of 100,000 entries: the first time each is asked for, and again.
fn pages(folder: &Path) {
    let workload = Workload { blocks: HISTORY / 5000, payments: 5000, accounts: HISTORY };
    let genesis = workload.genesis();
    let stage = Stage::new(&genesis, folder);
    let shop = Actor::new(HISTORY);
    for number in 0..workload.blocks {
        let senders = number * workload.payments..(number + 1) * workload.payments;
        let pay = |sender| Actor::new(sender).pay(genesis.params(), 0, &shop, 1000, 10);
        submit(&stage.handle(), mined(&genesis, &stage.handle(), senders.map(pay).collect()));
    }
    let client = Client::new(&format!("http://{}", stage.address())).expect("an address");
    let address = AddressText::new(&shop.address(), &genesis.params().prefix);
    // Until the indexes are there.
    while client.history(&address, First::Newest, None, 1).is_err() {
        thread::sleep(Duration::from_millis(20));
    }
    for (order, name) in [(First::Newest, "newest"), (First::Oldest, "oldest")] {
        let times = all_pages(|cursor| {
            let page = client.history(&address, order, cursor, 1000).expect("a page");
            (page.entries.len(), page.next)
        });
        let name = format!("history_of_{HISTORY}_{name}");
        figure(&format!("{name}_page_of_1000"), ms(times[times.len() / 2]), "ms");
        figure(&format!("{name}_slowest_page"), ms(times[times.len() - 1]), "ms");
    }
    let page = Asked::path(format!("/v1/blocks/{}/transactions?limit=1000", workload.blocks));
    let begun = Instant::now();
    stage.ask_once(1, std::slice::from_ref(&page));
    figure("page_of_1000_transactions", ms(begun.elapsed()), "ms, a new process and connection included");
    figure("page_of_1000_transactions_again", stage.ask(1, &[page]).p50 / 1e3, "ms");
    stage.end();
}

/// The times of all pages, shortest first; together they hold the whole history.
fn all_pages(mut page: impl FnMut(Option<&str>) -> (usize, Option<String>)) -> Vec<Duration> {
    let (mut times, mut cursor, mut seen) = (Vec::new(), None, 0);
    loop {
        let begun = Instant::now();
        let (entries, next) = page(cursor.as_deref());
        times.push(begun.elapsed());
        seen += entries;
        match next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, HISTORY as usize);
    times.sort_unstable();
    times
}
