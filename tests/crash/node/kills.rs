//! A real process, killed at any moment: while it opens, mends, takes blocks in, goes over to another branch.
//!
//! This binary starts itself, with a folder in its environment; what it was promised it says on its output.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use cairn::node::{BlockVerdict, Pending, Verdict};
use cairn::storage::Sequence;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tempfile::TempDir;

use super::{Prepared, check_against_replay, recover, seeds, start};

const FOLDER: &str = "CAIRN_CRASH_FOLDER";
const FROM: &str = "CAIRN_CRASH_FROM";
const TOGETHER: &str = "CAIRN_CRASH_TOGETHER";

/// More kills say nothing new.
const KILLS_MAX: usize = 1000;
/// A transaction of those that wait is submitted with every block whose number this divides.
const WAITING_EVERY: usize = 6;
/// How long the pool may take to be read back.
const PATIENCE: Duration = Duration::from_secs(20);

/// The child. Where nobody started it as one it does nothing.
#[test]
fn child_that_is_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let number = |name: &str| std::env::var(name).unwrap().parse::<usize>().unwrap();
    let (from, together) = (number(FROM), number(TOGETHER));
    let folder = PathBuf::from(folder);
    let blocks = Prepared::read_blocks(&folder.with_extension("blocks"));
    let waiting = super::prepared::waiting();
    say("opening");
    let node = start(&folder.join("data")).unwrap();
    let handle = node.handle();
    say("open");
    let mut answers = VecDeque::new();
    for (at, block) in blocks.iter().enumerate().skip(from) {
        for transaction in &block.transactions {
            drop(pollster::block_on(handle.submit_transaction(transaction.clone())));
        }
        answers.push_back((at, pollster::block_on(handle.submit_block(block.clone()))));
        if let Some(transaction) = waiting.get(at / WAITING_EVERY).filter(|_| at % WAITING_EVERY == 0) {
            // It may be here, from a life before this one; if not, it was let in now.
            let _ = pollster::block_on(handle.submit_transaction(transaction.clone())).wait();
            assert!(handle.reader().pooled(&transaction.names().hash).is_some());
            say(&format!("transaction {}", at / WAITING_EVERY));
        }
        if answers.len() >= together {
            acknowledge(&mut answers);
        }
    }
    while !answers.is_empty() {
        acknowledge(&mut answers);
    }
    node.stop();
    say("done");
}

fn acknowledge(answers: &mut VecDeque<(usize, Pending<BlockVerdict>)>) {
    let Some((at, answer)) = answers.pop_front() else { return };
    let verdict = answer.wait();
    assert!(matches!(verdict, Ok(Verdict::Known | Verdict::Side | Verdict::Followed { .. })), "{verdict:?}");
    say(&format!("block {at}"));
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // The harness begins a line of its own and does not end it.
    writeln!(out, "\ncairn {line}").unwrap();
    out.flush().unwrap();
}

/// One folder, and what was promised about it.
struct Victim {
    folder: TempDir,
    /// So many blocks, from the first on.
    blocks: usize,
    /// So many of the transactions that wait.
    transactions: usize,
    sequence: Sequence,
    kills: u32,
    is_done: bool,
}

impl Victim {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Prepared::get().write(&folder.path().join("node.blocks"));
        Self { folder, blocks: 0, transactions: 0, sequence: 0, kills: 0, is_done: false }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("node/data")
    }

    fn spawn(&self, together: u32) -> (Child, Lines<BufReader<ChildStdout>>) {
        std::fs::create_dir_all(self.folder.path().join("node")).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "node::kills::child_that_is_killed", "--nocapture", "--test-threads=1"])
            .env(FOLDER, self.folder.path().join("node"))
            .env(FROM, self.blocks.to_string())
            .env(TOGETHER, together.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        (child, lines)
    }

    /// Lets a child live until some moment, and takes note of everything it was promised.
    fn kill(&mut self, random: &mut ChaCha8Rng) {
        let (mut child, mut lines) = self.spawn(1 + random.next_u32() % 16);
        // A third die while they open, after any time that this may take; the others behind some answer.
        let (event, count, wait) = match random.next_u32() % 3 {
            0 => ("opening", 1, random.next_u64() % 60_000),
            _ => ("block", 1 + random.next_u32() % 60, random.next_u64() % 3000),
        };
        let mut left = count;
        while left > 0 && self.hear(&mut lines, event) {
            left -= 1;
        }
        if left == 0 {
            pass(Duration::from_micros(wait));
        }
        child.kill().unwrap();
        while self.hear(&mut lines, "") {}
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("panicked"), "{said}");
        self.kills += 1;
    }

    /// Reads lines up to one of a kind; false at the end.
    fn hear(&mut self, lines: &mut Lines<BufReader<ChildStdout>>, event: &str) -> bool {
        for line in lines.by_ref() {
            let Ok(line) = line else { return false };
            // The last one may have been cut short: what was not said whole was not promised.
            let Some(said) = line.strip_prefix("cairn ") else { continue };
            let (kind, number) = said.split_once(' ').unwrap_or((said, "0"));
            let number: usize = number.parse().unwrap_or_default();
            match kind {
                "block" => self.blocks = self.blocks.max(number + 1),
                "transaction" => self.transactions = self.transactions.max(number + 1),
                "done" => self.is_done = true,
                _ => {}
            }
            if kind == event {
                return true;
            }
        }
        false
    }

    /// Everything that was promised is there, and what is there fits together.
    fn check_store(&mut self) {
        let prepared = Prepared::get();
        let recovered = recover(&self.data()).unwrap();
        check_against_replay(&recovered);
        for block in &prepared.blocks[..self.blocks] {
            let hash = block.header.hash();
            assert!(recovered.chain.has_body(&hash), "{hash} was acknowledged");
            let arrival = recovered.chain.entry(&hash).unwrap().arrival.unwrap() as usize;
            let location = recovered.written[arrival].block.expect("a block above genesis");
            assert_eq!(recovered.store.library().block(location).unwrap().header, block.header);
        }
        let plan = recovered.chain.plan();
        let best = plan.and_then(|plan| plan.connect.last().copied()).unwrap_or(recovered.chain.tip().hash);
        let acknowledged =
            prepared.blocks[..self.blocks].iter().map(|block| prepared.work(&block.header.hash()));
        assert!(acknowledged.max().is_none_or(|work| prepared.work(&best) >= work));
        assert!(recovered.store.sequence() >= self.sequence, "steps are never taken back");
        self.sequence = recovered.store.sequence();
    }

    fn check_node(&mut self) {
        let prepared = Prepared::get();
        let node = start(&self.data()).unwrap();
        let reader = node.handle().reader();
        let tip = reader.tip();
        let acknowledged =
            prepared.blocks[..self.blocks].iter().map(|block| prepared.work(&block.header.hash()));
        assert!(acknowledged.max().is_none_or(|work| prepared.work(&tip.hash) >= work));
        assert_eq!(tip.state, prepared.at(&tip.hash).1);
        assert!(tip.sequence >= self.sequence);
        let since = Instant::now();
        for (at, transaction) in prepared.waiting[..self.transactions].iter().enumerate() {
            while reader.pooled(&transaction.names().hash).is_none() {
                assert!(since.elapsed() < PATIENCE, "transaction {at} was acknowledged");
                std::thread::yield_now();
            }
        }
        // Dropped or stopped, which is the same; now and then this one is what the next kill finds.
    }
}

/// Time that is part of what is tried, and no waiting for anything.
fn pass(time: Duration) {
    let since = Instant::now();
    while since.elapsed() < time {
        std::hint::spin_loop();
    }
}

#[test]
fn node_that_is_killed_at_any_moment_keeps_what_it_acknowledged() {
    let mut victim = Victim::new();
    for seed in seeds(30).take(KILLS_MAX) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        eprintln!("seed {seed}, kill {} of this folder, {} blocks", victim.kills, victim.blocks);
        victim.kill(&mut random);
        if victim.data().join("manifest.json").exists() {
            match random.next_u32() % 4 {
                0 => victim.check_node(),
                1 | 2 => victim.check_store(),
                // The next one finds what this one left, and dies in its turn.
                _ => {}
            }
        }
        if victim.is_done {
            victim.check_store();
            victim.check_node();
            victim = Victim::new();
        }
    }
    victim.check_store();
    victim.check_node();
}
