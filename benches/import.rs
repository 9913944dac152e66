//! Blocks through the door: a whole chain imported, everything checked, beside what verifying its signatures alone costs;
//! and what else a node does with blocks: connecting what its pool knows, going over to another branch, making many
//! empty ones, starting again.
//!
//! Run it with a high priority, but not a real-time one: sled waits by spinning, and would wait for ever.

mod support;

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use cairn::consensus::Genesis;
use cairn::node::{BlockVerdict, Node, NodeHandle, NodeOptions, Pending, Verdict};
use cairn::storage::ChainFile;
use cairn::template::Groundwork;
use cairn::testkit::{Draft, Workload};
use cairn::types::{Address, Block, Transaction};
use support::{figure, median, memory_mb, ms, processor_time, ratio, timed, yardstick};

const CHAIN: Workload = Workload { blocks: 40, payments: 5000, accounts: 200_000 };
/// Ten times as many transactions; only where asked for, because making it takes a minute.
const LONG_CHAIN: Workload = Workload { blocks: 400, ..CHAIN };
const LONG_VARIABLE: &str = "CAIRN_BENCH_LONG";
/// Names the folder in which a second process imports the chain, to be killed.
const KILLED_VARIABLE: &str = "CAIRN_BENCH_KILLED";
/// Names the folder in which a second process imports the long chain, so that its memory is its own.
const LONG_FOLDER_VARIABLE: &str = "CAIRN_BENCH_LONG_FOLDER";

const TURNS: usize = 5;

fn main() {
    let data = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    if let Some(folder) = std::env::var_os(KILLED_VARIABLE) {
        return import_and_wait(Path::new(&folder), &data);
    }
    if let Some(folder) = std::env::var_os(LONG_FOLDER_VARIABLE) {
        return long_import(Path::new(&folder), &data);
    }
    let rate = yardstick();
    let genesis = CHAIN.genesis();
    let file = CHAIN.file(&genesis, &data);
    let folder = data.join("import");
    import(&genesis, &file, &folder, rate);
    restart_after_kill(&genesis, &folder);
    connect(&genesis, &folder);
    reorganize(&genesis, &folder);
    empty_blocks(&genesis, &folder);
    if std::env::var_os(LONG_VARIABLE).is_some() {
        let status = this_program().env(LONG_FOLDER_VARIABLE, &folder).status().expect("a second process");
        assert!(status.success(), "the long import failed");
    }
    let _ = fs::remove_dir_all(&folder);
}

/// A node in an empty folder.
fn fresh(genesis: &Genesis, folder: &Path) -> Node {
    let _ = fs::remove_dir_all(folder);
    start(genesis, folder)
}

fn start(genesis: &Genesis, folder: &Path) -> Node {
    Node::start(NodeOptions::new(folder, genesis.clone(), "")).expect("a node")
}

fn blocks(genesis: &Genesis, file: &Path) -> ChainFile<BufReader<File>> {
    let file = BufReader::with_capacity(1 << 20, File::open(file).expect("the chain file"));
    ChainFile::open(file, genesis.params().chain).expect("a chain file")
}

fn submit(handle: &NodeHandle, block: Block) -> Pending<BlockVerdict> {
    pollster::block_on(handle.submit_block(block))
}

/// Submits all blocks of a file; `on_answer` hears of each that is durable.
fn submit_all(genesis: &Genesis, file: &Path, handle: &NodeHandle, mut on_answer: impl FnMut(usize)) {
    let mut blocks = blocks(genesis, file);
    let mut pending = std::collections::VecDeque::new();
    let mut answered = 0;
    let mut answer = |pending: Pending<BlockVerdict>| {
        assert_eq!(pending.wait(), Ok(Verdict::Followed { reverted: 0 }));
        answered += 1;
        on_answer(answered);
    };
    while let Some(block) = blocks.next_block().expect("whole blocks") {
        pending.push_back(submit(handle, block));
        if pending.len() > 64 {
            pending.pop_front().into_iter().for_each(&mut answer);
        }
    }
    pending.into_iter().for_each(answer);
}

fn import(genesis: &Genesis, file: &Path, folder: &Path, rate: f64) {
    let transactions = f64::from(CHAIN.blocks * CHAIN.payments);
    let (mut sync, mut indexed, mut processor, mut restarts) = (vec![], vec![], vec![], vec![]);
    for _ in 0..TURNS {
        let node = fresh(genesis, folder);
        let (begun, before) = (Instant::now(), processor_time());
        submit_all(genesis, file, &node.handle(), |_| {});
        sync.push(begun.elapsed().as_secs_f64());
        processor.push(processor_time().saturating_sub(before).as_secs_f64());
        node.stop();
        indexed.push(begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        let node = start(genesis, folder);
        restarts.push(begun.elapsed().as_secs_f64());
        assert_eq!(node.handle().reader().tip().height.0, CHAIN.blocks);
    }
    let middle = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[TURNS / 2]
    };
    let (sync, indexed) = (transactions / middle(sync), transactions / middle(indexed));
    figure("sync", sync, "tx/s");
    ratio("sync_over_yardstick", sync / rate, "yardstick");
    ratio("sync_indexed_over_yardstick", indexed / rate, "yardstick");
    figure("processor_per_transaction", middle(processor) * 1e6 / transactions, "us");
    figure("restart_after_stop", middle(restarts) * 1e3, "ms");
    figure("peak_memory", memory_mb("VmHWM"), "MB");
    let raw = fs::metadata(file).map_or(0, |file| file.len());
    ratio("disk", folder_bytes(folder) as f64 / raw as f64, "bytes of the blocks");
}

/// The second process: imports, says so, and waits for its end.
fn import_and_wait(folder: &Path, data: &Path) {
    let genesis = CHAIN.genesis();
    let node = fresh(&genesis, folder);
    submit_all(&genesis, &CHAIN.file(&genesis, data), &node.handle(), |_| {});
    println!("imported");
    std::thread::park();
}

fn this_program() -> Command {
    Command::new(std::env::current_exe().expect("this program"))
}

fn restart_after_kill(genesis: &Genesis, folder: &Path) {
    let child = this_program().env(KILLED_VARIABLE, folder).stdout(Stdio::piped()).spawn();
    let mut child = child.expect("a second process");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
    child.kill().expect("it runs");
    child.wait().expect("it was ours");
    let begun = Instant::now();
    let node = start(genesis, folder);
    figure("restart_after_kill", ms(begun.elapsed()), "ms");
    assert_eq!(node.handle().reader().tip().height.0, CHAIN.blocks, "all of it was acknowledged");
}

/// A block on what the node stands on, by somebody, with these transactions.
fn draft(genesis: &Genesis, groundwork: &Groundwork, miner: u8, transactions: Vec<Transaction>) -> Block {
    let draft = Draft::on(*groundwork, Address::from_bytes([miner; 32]), transactions);
    draft.mine(genesis.params())
}

fn groundwork(handle: &NodeHandle) -> Groundwork {
    pollster::block_on(handle.groundwork()).expect("a running node").expect("not the end of the chain")
}

/// Submits transactions and waits until all are in the pool.
fn admit(handle: &NodeHandle, transactions: &[Transaction]) {
    let submit =
        |transaction: &Transaction| pollster::block_on(handle.submit_transaction(transaction.clone()));
    let pending: Vec<_> = transactions.iter().map(submit).collect();
    pending.into_iter().for_each(|pending| {
        pending.wait().expect("an honest payment");
    });
}

/// A block of 5,000 transactions that are in the pool already.
fn connect(genesis: &Genesis, folder: &Path) {
    let node = fresh(genesis, folder);
    let handle = node.handle();
    let mut number = 0;
    let time = median(7, || {
        let transactions = CHAIN.payments(genesis, number);
        number += 1;
        admit(&handle, &transactions);
        let block = draft(genesis, &groundwork(&handle), 1, transactions);
        timed(|| assert_eq!(submit(&handle, block).wait(), Ok(Verdict::Followed { reverted: 0 })))
    });
    figure("connect_5000_from_the_pool", ms(time), "ms");
}

/// Ten blocks of 2,000 transactions are taken back for eleven empty ones.
fn reorganize(genesis: &Genesis, folder: &Path) {
    let workload = Workload { payments: 2000, ..CHAIN };
    let mut other = fresh(genesis, &folder.join("other"));
    let empty: Vec<Block> = (0..11).map(|_| mine_on(&mut other, genesis, 2, Vec::new())).collect();
    let time = median(TURNS, || {
        let mut node = fresh(genesis, &folder.join("node"));
        for number in 0..10 {
            mine_on(&mut node, genesis, 1, workload.payments(genesis, number));
        }
        let handle = node.handle();
        let (last, first) = empty.split_last().expect("eleven");
        first.iter().for_each(|block| assert_eq!(submit(&handle, block.clone()).wait(), Ok(Verdict::Side)));
        let time = timed(|| {
            assert_eq!(submit(&handle, last.clone()).wait(), Ok(Verdict::Followed { reverted: 10 }));
        });
        assert_eq!(
            handle.reader().pool().expect("the tip").entries().len(),
            20_000,
            "all can be mined again"
        );
        time
    });
    figure("reorganize_10_blocks_of_2000", ms(time), "ms");
}

fn mine_on(node: &mut Node, genesis: &Genesis, miner: u8, transactions: Vec<Transaction>) -> Block {
    let handle = node.handle();
    let block = draft(genesis, &groundwork(&handle), miner, transactions);
    assert_eq!(submit(&handle, block.clone()).wait(), Ok(Verdict::Followed { reverted: 0 }));
    block
}

/// A thousand empty blocks, each made when it is asked for, durable at the end.
fn empty_blocks(genesis: &Genesis, folder: &Path) {
    let count = 1000;
    let time = median(TURNS, || {
        let node = fresh(genesis, folder);
        let handle = node.handle();
        timed(|| {
            let bulk = handle.bulk();
            let mut pending = Vec::with_capacity(count);
            for _ in 0..count {
                pending.push(submit(&handle, draft(genesis, &groundwork(&handle), 1, Vec::new())));
            }
            drop(bulk);
            pending.into_iter().for_each(|pending| {
                pending.wait().expect("an honest block");
            });
        })
    });
    figure("empty_blocks", count as f64 / time.as_secs_f64(), "blocks/s");
}

/// Two million transactions, whose last tenth should go as fast as the first.
fn long_import(folder: &Path, data: &Path) {
    let rate = yardstick();
    let genesis = &LONG_CHAIN.genesis();
    let file = &LONG_CHAIN.file(genesis, data);
    let node = fresh(genesis, folder);
    let (begun, mut answers) = (Instant::now(), Vec::new());
    submit_all(genesis, file, &node.handle(), |_| answers.push(begun.elapsed().as_secs_f64()));
    let transactions = f64::from(LONG_CHAIN.blocks * LONG_CHAIN.payments);
    ratio("long_sync_over_yardstick", transactions / begun.elapsed().as_secs_f64() / rate, "yardstick");
    let (tenth, end) = (answers.len() / 10, answers.len() - 1);
    let (first, last) = (answers[tenth] - answers[0], answers[end] - answers[end - tenth]);
    ratio("long_sync_last_tenth", first / last, "the first tenth");
    node.stop();
    figure("long_peak_memory", memory_mb("VmHWM"), "MB");
    let raw = fs::metadata(file).map_or(0, |file| file.len());
    ratio("long_disk", folder_bytes(folder) as f64 / raw as f64, "bytes of the blocks");
    let begun = Instant::now();
    let node = start(genesis, folder);
    figure("long_restart_after_stop", ms(begun.elapsed()), "ms");
    drop(node);
}

fn folder_bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let bytes = |entry: fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => folder_bytes(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    entries.map(bytes).sum()
}
