//! Blocks through the door: a whole chain imported, everything checked, beside what verifying its signatures alone costs.

mod support;

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cairn::consensus::Genesis;
use cairn::node::{Node, NodeHandle, NodeOptions, Verdict};
use cairn::storage::ChainFile;
use cairn::testkit::Workload;
use cairn::types::Block;
use support::{figure, ms, ratio, yardstick};

const WORKLOAD: Workload = Workload { blocks: 40, payments: 5000, accounts: 200_000 };

fn main() {
    let rate = yardstick();
    let genesis = WORKLOAD.genesis();
    let data = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let file = WORKLOAD.file(&genesis, &data);
    let folder = data.join("import-node");
    for _ in 0..3 {
        let _ = fs::remove_dir_all(&folder);
        import(&genesis, &file, &folder, rate);
    }
}

/// Processor time of this process.
fn processor_time() -> Duration {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    Duration::from_millis(10 * (ticks(11) + ticks(12)))
}

/// The most memory that this process ever had.
fn peak_memory_mb() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kibibytes.unwrap_or(0.0) / 1024.0
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

fn import(genesis: &Genesis, file: &Path, folder: &Path, rate: f64) {
    let node = Node::start(NodeOptions::new(folder, genesis.clone(), "")).expect("a node");
    let handle = node.handle();
    let transactions = f64::from(WORKLOAD.blocks * WORKLOAD.payments);
    let (start, before) = (Instant::now(), processor_time());
    submit_all(genesis, file, &handle);
    let elapsed = start.elapsed();
    figure("sync", transactions / elapsed.as_secs_f64(), "tx/s");
    ratio("sync_over_yardstick", transactions / elapsed.as_secs_f64() / rate, "yardstick");
    let spent = processor_time().saturating_sub(before);
    figure("processor_per_transaction", spent.as_secs_f64() * 1e6 / transactions, "us");
    let stopping = Instant::now();
    node.stop();
    figure("stop", ms(stopping.elapsed()), "ms");
    let complete = start.elapsed();
    ratio("sync_indexed_over_yardstick", transactions / complete.as_secs_f64() / rate, "yardstick");
    figure("peak_memory", peak_memory_mb(), "MB");
    let raw = fs::metadata(file).map_or(0, |file| file.len());
    ratio("disk", folder_bytes(folder) as f64 / raw as f64, "bytes of the blocks");
    let starting = Instant::now();
    let node = Node::start(NodeOptions::new(folder, genesis.clone(), "")).expect("a node");
    figure("restart", ms(starting.elapsed()), "ms");
    assert_eq!(node.handle().reader().tip().height.0, WORKLOAD.blocks);
    node.stop();
}

fn submit_all(genesis: &Genesis, file: &Path, handle: &NodeHandle) {
    let file = BufReader::with_capacity(1 << 20, File::open(file).expect("the chain file"));
    let mut blocks = ChainFile::open(file, genesis.params().chain).expect("a chain file");
    let mut pending = Vec::new();
    while let Some(block) = blocks.next_block().expect("whole blocks") {
        let block: Block = block;
        pending.push(pollster::block_on(handle.submit_block(block)));
    }
    for answer in pending {
        assert_eq!(answer.wait(), Ok(Verdict::Followed { reverted: 0 }));
    }
}
