//! What it costs to be one of many: catching up from another process beside importing the same chain, blocks and
//! transactions along a line of nodes, and connections that are quiet.
//!
//! All nodes share this machine's processors: a line of six does six times the work of one.

mod support;

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use cairn::consensus::Genesis;
use cairn::net::{Faults, Peers, PeersOptions, PeersReport};
use cairn::node::{Fresh, Node, NodeHandle, NodeOptions, Pending, Tip};
use cairn::protocol::{Message, NodeId, Settings};
use cairn::storage::ChainFile;
use cairn::testkit::{Draft, Raw, Workload};
use cairn::types::{Address, Block, BlockHash, Transaction};
use support::{compare, figure, median, memory_mb, ms, processor_time, ratio, timed, yardstick};
use tokio::runtime::{Builder, Runtime};

/// The chain that the benchmark of importing imports.
const CHAIN: Workload = Workload { blocks: 40, payments: 5000, accounts: 200_000 };
/// Names the folder of a node that a second process runs, for others to catch up from.
const SERVER_VARIABLE: &str = "CAIRN_BENCH_SERVER";
/// Names the place that a second process connects to many times, and then is quiet.
const GUESTS_VARIABLE: &str = "CAIRN_BENCH_GUESTS";

const TURNS: usize = 3;
const LINE: usize = 6;
const HOPS: usize = 3;
const RELAYED: u32 = 20_000;
const GUESTS: usize = 50;

fn main() {
    let data = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    if let Some(folder) = std::env::var_os(SERVER_VARIABLE) {
        return serve(Path::new(&folder), &data);
    }
    if let Ok(place) = std::env::var(GUESTS_VARIABLE) {
        return be_guests(place.parse().expect("a place"));
    }
    yardstick();
    let folder = data.join("relay");
    let _ = fs::remove_dir_all(&folder);
    // First, while this process has taken little memory.
    quiet_connections(&folder);
    let genesis = CHAIN.genesis();
    catch_up(&genesis, &CHAIN.file(&genesis, &data), &folder);
    blocks_along_a_line(&folder);
    transactions_along_a_line(&folder);
    let _ = fs::remove_dir_all(&folder);
}

/// A node and its port, on a thread of its own as in the command.
struct Member {
    node: Option<Node>,
    peers: Option<Peers>,
    runtime: Option<Runtime>,
}

impl Member {
    fn start(genesis: &Genesis, folder: &Path, added: &[SocketAddr]) -> Self {
        let node = Node::start(NodeOptions::new(folder, genesis.clone(), "")).expect("a node");
        let mut member = Self { node: Some(node), peers: None, runtime: None };
        member.connect(genesis, folder, added);
        member
    }

    fn connect(&mut self, genesis: &Genesis, folder: &Path, added: &[SocketAddr]) {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a thread");
        let mut settings = Settings::new(NodeId::UNKNOWN, true);
        settings.discovers = false;
        settings.added = added.iter().map(SocketAddr::to_string).collect();
        let options = PeersOptions {
            settings,
            listener: Some(TcpListener::bind("127.0.0.1:0").expect("a port")),
            data_dir: folder.to_owned(),
            log: Arc::new(|_| {}),
            faults: Faults::new(genesis.params(), [1; 32]),
        };
        let peers = Peers::start(self.handle(), options, runtime.handle()).expect("a port to others");
        (self.peers, self.runtime) = (Some(peers), Some(runtime));
    }

    fn handle(&self) -> NodeHandle {
        self.node.as_ref().expect("it runs").handle()
    }

    fn address(&self) -> SocketAddr {
        self.peers.as_ref().and_then(Peers::local_address).expect("it listens")
    }

    fn report(&self) -> PeersReport {
        pollster::block_on(self.peers.as_ref().expect("it runs").handle().report()).expect("it runs")
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        drop(self.peers.take());
        drop(self.runtime.take());
        self.node.take().into_iter().for_each(Node::stop);
    }
}

/// Nodes of which each is connected to the one before, and to the one behind.
fn line(genesis: &Genesis, folder: &Path, count: usize) -> Vec<Member> {
    let _ = fs::remove_dir_all(folder);
    let mut members: Vec<Member> = Vec::new();
    for number in 0..count {
        let added: Vec<SocketAddr> = members.last().map(Member::address).into_iter().collect();
        members.push(Member::start(genesis, &folder.join(number.to_string()), &added));
    }
    let greeted =
        |member: &Member| member.report().machine.peers.iter().filter(|peer| peer.agent.is_some()).count();
    let links = 2 * (count - 1);
    until(|| members.iter().map(greeted).sum::<usize>() == links);
    // Whoever wants blocks at once has said so.
    thread::sleep(Duration::from_millis(100));
    members
}

fn until(mut holds: impl FnMut() -> bool) {
    while !holds() {
        thread::sleep(Duration::from_millis(1));
    }
}

fn this_program(variable: &str, value: impl AsRef<std::ffi::OsStr>) -> (Child, String) {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    let child = command.env(variable, value).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.expect("a second process");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
    (child, line.trim().to_owned())
}

fn submit_all(genesis: &Genesis, file: &Path, handle: &NodeHandle) {
    let file = BufReader::with_capacity(1 << 20, File::open(file).expect("the chain file"));
    let mut blocks = ChainFile::open(file, genesis.params().chain).expect("a chain file");
    let mut pending = Vec::new();
    while let Some(block) = blocks.next_block().expect("whole blocks") {
        pending.push(pollster::block_on(handle.submit_block(block)));
    }
    for pending in pending {
        pending.wait().expect("honest blocks");
    }
}

/// The second process: has the chain, says where, and waits for its end.
fn serve(folder: &Path, data: &Path) {
    let genesis = CHAIN.genesis();
    let _ = fs::remove_dir_all(folder);
    let member = Member::start(&genesis, folder, &[]);
    submit_all(&genesis, &CHAIN.file(&genesis, data), &member.handle());
    println!("{}", member.address());
    wait_for_end();
}

/// Waits until whoever began this process ends it, or ends.
fn wait_for_end() {
    let _ = std::io::stdin().read_line(&mut String::new());
}

fn wait_for_tip(handle: &NodeHandle, holds: impl FnMut(&Tip) -> bool) {
    pollster::block_on(handle.tips().wait_for(holds)).expect("it runs");
}

/// The same chain from a file and from another process, everything checked and durable.
fn catch_up(genesis: &Genesis, file: &Path, folder: &Path) {
    let (mut server, address) = this_program(SERVER_VARIABLE, folder.join("server"));
    let address: SocketAddr = address.parse().expect("a place");
    let (one, other) = (folder.join("import"), folder.join("sync"));
    let start = |folder: &Path| {
        let _ = fs::remove_dir_all(folder);
        Node::start(NodeOptions::new(folder, genesis.clone(), "")).expect("a node")
    };
    let import = || {
        let node = start(&one);
        let time = timed(|| submit_all(genesis, file, &node.handle()));
        node.stop();
        time
    };
    let sync = || {
        let mut member = Member { node: Some(start(&other)), peers: None, runtime: None };
        timed(|| {
            member.connect(genesis, &other, &[address]);
            wait_for_tip(&member.handle(), |tip| tip.height.0 == CHAIN.blocks);
        })
    };
    let compared = compare(TURNS, import, sync);
    let transactions = f64::from(CHAIN.blocks * CHAIN.payments);
    figure("import", transactions / compared.first.as_secs_f64(), "tx/s");
    figure("sync_from_a_peer", transactions / compared.second.as_secs_f64(), "tx/s");
    ratio("sync_over_import", compared.ratio, "import");
    drop(server.stdin.take());
    let _ = server.wait();
}

fn mine(genesis: &Genesis, handle: &NodeHandle, transactions: Vec<Transaction>) -> Block {
    let groundwork = pollster::block_on(handle.groundwork()).expect("it runs").expect("the chain goes on");
    Draft::on(groundwork, Address::from_bytes([7; 32]), transactions).mine(genesis.params())
}

fn submit(
    handle: &NodeHandle,
    transactions: &[Transaction],
) -> Vec<Pending<cairn::node::TransactionVerdict>> {
    let submit = |payment: &Transaction| pollster::block_on(handle.submit_transaction(payment.clone()));
    transactions.iter().map(submit).collect()
}

fn pool_len(handle: &NodeHandle) -> usize {
    handle.look(|_, pool| pool.len())
}

/// From the first of six to the last: until it is checked there, and until it is durable there.
fn blocks_along_a_line(folder: &Path) {
    let workload = Workload { blocks: 1, payments: 2100, accounts: 50_000 };
    let genesis = workload.genesis();
    let members = line(&genesis, &folder.join("line"), LINE);
    let (first, last) = (members[0].handle(), members[LINE - 1].handle());
    let mut number = 0;
    for (name, payments, turns) in [("empty", 0, 21), ("of_2100", 2100, 9)] {
        let (mut checked, mut durable) = (Vec::new(), Vec::new());
        for _ in 0..turns {
            let transactions = if payments == 0 { Vec::new() } else { workload.payments(&genesis, number) };
            number += u32::from(payments > 0);
            for pending in submit(&first, &transactions) {
                pending.wait().expect("an honest payment");
            }
            until(|| members.iter().all(|member| pool_len(&member.handle()) == payments));
            thread::sleep(Duration::from_millis(50));
            let block = mine(&genesis, &first, transactions);
            let (hash, mut fresh) = (block.header.hash(), last.fresh());
            let begun = Instant::now();
            let pending = pollster::block_on(first.submit_block(block));
            while !matches!(fresh.blocking_recv(), Ok(Fresh::Followed { block, .. }) if block.hash() == hash)
            {
            }
            checked.push(begun.elapsed());
            wait_for_tip(&last, |tip| tip.hash == hash);
            durable.push(begun.elapsed());
            pending.wait().expect("an honest block");
            wait_for_all(&members, hash);
        }
        let middle = |mut times: Vec<Duration>| {
            times.sort_unstable();
            ms(times[turns / 2])
        };
        figure(&format!("block_{name}_checked_at_the_sixth"), middle(checked), "ms");
        figure(&format!("block_{name}_durable_at_the_sixth"), middle(durable), "ms");
    }
    drop(members);
    figure("sync_of_six_writers_at_once", ms(sync_at_once(folder, LINE)), "ms");
}

fn wait_for_all(members: &[Member], hash: BlockHash) {
    members.iter().for_each(|member| wait_for_tip(&member.handle(), |tip| tip.hash == hash));
}

/// What a sync of a few bytes takes while so many do the same.
fn sync_at_once(folder: &Path, writers: usize) -> Duration {
    use std::io::Write;
    fs::create_dir_all(folder).expect("a folder");
    let mut times: Vec<Duration> = thread::scope(|scope| {
        let write = |number: usize| {
            let mut file = File::create(folder.join(format!("sync-{number}"))).expect("a file");
            let mut sync = || {
                file.write_all(&[7; 4096]).expect("room on the disk");
                timed(|| file.sync_data().expect("a disk that syncs"))
            };
            (0..21).map(|_| sync()).collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..writers).map(|number| scope.spawn(move || write(number))).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a sync")).collect()
    });
    times.sort_unstable();
    times[times.len() / 2]
}

/// Payments from the first of four to the last, beside the same let in by four nodes that know nothing of each other: what
/// passing them on costs, where all four share the processors.
fn transactions_along_a_line(folder: &Path) {
    let workload = Workload { blocks: 1, payments: RELAYED, accounts: RELAYED };
    let genesis = workload.genesis();
    let payments = workload.payments(&genesis, 0);
    let alone = median(TURNS, || {
        let folder = folder.join("alone");
        let _ = fs::remove_dir_all(&folder);
        let node = Node::start(NodeOptions::new(&folder, genesis.clone(), "")).expect("a node");
        timed(|| admit(&node.handle(), &payments))
    });
    let (mut relayed, mut apart, mut bytes) = (Vec::new(), Vec::new(), 0.0);
    for _ in 0..TURNS {
        let members = line(&genesis, &folder.join("hops"), HOPS + 1);
        let link = |members: &[Member]| {
            let traffic = members[1].report().traffic;
            let bytes = traffic.values().map(|link| link.bytes_in + link.bytes_out).sum::<u64>();
            bytes as f64 / 2.0
        };
        let before = link(&members);
        let begun = Instant::now();
        let pending = submit(&members[0].handle(), &payments);
        until(|| pool_len(&members[HOPS].handle()) == payments.len());
        relayed.push(begun.elapsed());
        drop(pending);
        bytes = (link(&members) - before) / payments.len() as f64;
        drop(members);
        let nodes: Vec<Node> = (0..=HOPS)
            .map(|number| {
                let folder = folder.join("apart").join(number.to_string());
                let _ = fs::remove_dir_all(&folder);
                Node::start(NodeOptions::new(folder, genesis.clone(), "")).expect("a node")
            })
            .collect();
        apart.push(timed(|| {
            thread::scope(|scope| {
                for node in &nodes {
                    scope.spawn(|| admit(&node.handle(), &payments));
                }
            });
        }));
    }
    relayed.sort_unstable();
    apart.sort_unstable();
    let rate = |time: Duration| payments.len() as f64 / time.as_secs_f64();
    let (relayed, apart) = (rate(relayed[TURNS / 2]), rate(apart[TURNS / 2]));
    figure("admission_of_one_alone", rate(alone), "tx/s");
    figure("admission_of_four_at_once", apart, "tx/s");
    figure("relay_through_3_hops", relayed, "tx/s");
    ratio("relay_over_admission_of_four", relayed / apart, "admission of four at once");
    ratio("relay_over_admission", relayed / rate(alone), "admission of one alone");
    let length = cairn::codec::encoded_len(&payments[0]) as f64;
    figure("bytes_per_transaction_and_link", bytes, "bytes");
    figure("bytes_of_a_transaction", length, "bytes");
}

fn admit(handle: &NodeHandle, payments: &[Transaction]) {
    for pending in submit(handle, payments) {
        pending.wait().expect("an honest payment");
    }
}

/// The second process: so many guests, who answer when they are asked whether they are there.
fn be_guests(place: SocketAddr) {
    let chain = CHAIN_OF_GUESTS.genesis().params().chain;
    for _ in 0..GUESTS {
        let mut guest = Raw::greet(place, chain);
        thread::spawn(move || {
            while let Some(message) = guest.receive() {
                match message {
                    Message::Hello(mut hello) => {
                        hello.port = None;
                        guest.send(&Message::Hello(hello));
                    }
                    Message::Ping(number) => guest.send(&Message::Pong(number)),
                    _ => {}
                }
            }
        });
    }
    println!("all are there");
    wait_for_end();
}

const CHAIN_OF_GUESTS: Workload = Workload { blocks: 1, payments: 1, accounts: 10 };

/// What guests cost who say nothing.
fn quiet_connections(folder: &Path) {
    let folder = folder.join("quiet");
    let _ = fs::remove_dir_all(&folder);
    let member = Member::start(&CHAIN_OF_GUESTS.genesis(), &folder, &[]);
    thread::sleep(Duration::from_secs(1));
    let before = memory_mb("VmRSS");
    let (mut guests, _) = this_program(GUESTS_VARIABLE, member.address().to_string());
    until(|| member.report().machine.peers.iter().filter(|peer| peer.agent.is_some()).count() == GUESTS);
    thread::sleep(Duration::from_secs(2));
    figure("memory_of_a_connection", (memory_mb("VmRSS") - before) * 1024.0 / GUESTS as f64, "KiB");
    let (begun, processor) = (Instant::now(), processor_time());
    thread::sleep(Duration::from_secs(20));
    let used = processor_time().saturating_sub(processor).as_secs_f64() / begun.elapsed().as_secs_f64();
    figure("processor_with_50_quiet_peers", used * 100.0, "% of a core");
    drop(guests.stdin.take());
    let _ = guests.wait();
}
