//! Processors at work on the newest template.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use parking_lot::{Condvar, Mutex};
use tokio::runtime::Handle;
use tokio::select;
use tokio::task::AbortHandle;

use super::dig::{Digger, Next};
use super::polite::make_way;
use super::{Feed, MineError, STACK_BYTES, template};
use crate::consensus::{TooEarly, check_arrival};
use crate::crypto::search::Kernel;
use crate::node::{NodeHandle, Verdict};
use crate::template::{Job, Meter, Payout, Rolled};
use crate::types::BlockHash;

/// Where lines for a log go.
pub type Log = Arc<dyn Fn(&str) + Send + Sync>;

/// How processors mine.
#[derive(Clone)]
pub struct MinerOptions {
    /// Who is paid.
    pub payout: Payout,
    /// How many threads look.
    pub threads: usize,
    /// How each of them looks.
    pub kernel: Kernel,
    /// Told of blocks.
    pub log: Log,
}

/// What came of it so far.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct MinerReport {
    /// Hashes a second, over the last minute or so.
    pub hash_rate: f64,
    /// All hashes.
    pub hashes: u64,
    /// Blocks that became the tip.
    pub found: u64,
    /// Blocks that came too late.
    pub stale: u64,
}

/// Threads that mine until this is dropped.
pub struct Miner {
    board: Arc<Board>,
    threads: Vec<JoinHandle<()>>,
    posts: AbortHandle,
}

/// What the threads work on.
#[derive(Default)]
struct Work {
    job: Option<Arc<Job>>,
    /// A block on this one was found and is on its way: nothing more is looked for there.
    solved: Option<BlockHash>,
    ended: bool,
    found: u64,
    stale: u64,
}

struct Counted {
    meter: Meter,
    hashes: u64,
}

struct Board {
    work: Mutex<Work>,
    changed: Condvar,
    /// Moves whenever the threads should look at the board again.
    number: AtomicU64,
    counted: Mutex<Counted>,
    started: Instant,
}

impl Board {
    fn new() -> Self {
        Self {
            work: Mutex::default(),
            changed: Condvar::new(),
            number: AtomicU64::new(0),
            counted: Mutex::new(Counted { meter: Meter::new(0.0), hashes: 0 }),
            started: Instant::now(),
        }
    }

    fn change(&self, change: impl FnOnce(&mut Work)) {
        let mut work = self.work.lock();
        change(&mut work);
        self.number.fetch_add(1, Ordering::Release);
        self.changed.notify_all();
    }

    /// What to work on, once there is something. Nothing at the end.
    fn wait(&self) -> Option<(u64, Arc<Job>)> {
        let mut work = self.work.lock();
        loop {
            if work.ended {
                return None;
            }
            let is_open = |job: &&Arc<Job>| Some(previous(job)) != work.solved;
            if let Some(job) = work.job.as_ref().filter(is_open) {
                return Some((self.number.load(Ordering::Acquire), Arc::clone(job)));
            }
            self.changed.wait(&mut work);
        }
    }

    /// Takes the job off where its tip has gone; the next is being made.
    fn tip_is(&self, tip: BlockHash) {
        let work = self.work.lock();
        let has_moved = work.solved.is_some_and(|solved| solved != tip)
            || work.job.as_ref().is_some_and(|job| previous(job) != tip);
        drop(work);
        if has_moved {
            self.change(|work| {
                work.job.take_if(|job| previous(job) != tip);
                work.solved.take_if(|solved| *solved != tip);
            });
        }
    }

    /// Whether this is the first block found on its tip; the others then stop looking for one.
    fn is_first(&self, job: &Job) -> bool {
        let mut first = false;
        self.change(|work| first = work.solved.replace(previous(job)) != Some(previous(job)));
        first
    }

    fn count(&self, hashes: u64) {
        let now = self.started.elapsed().as_secs_f64();
        let mut counted = self.counted.lock();
        counted.hashes += hashes;
        counted.meter.count(hashes as f64, now);
    }

    /// One thread's work, until the end.
    fn work(&self, node: &NodeHandle, mut digger: Digger, log: &Log) {
        while let Some((number, job)) = self.wait() {
            let found = digger.dig(&job, |hashes| {
                self.count(hashes);
                // Whatever else has to be done here goes first.
                thread::yield_now();
                let is_current = self.number.load(Ordering::Acquire) == number;
                if is_current { Next::At(node.chain_time()) } else { Next::Leave }
            });
            if let Some(rolled) = found.filter(|_| self.is_first(&job)) {
                self.submit(node, &job, &rolled, log);
            }
        }
    }

    fn submit(&self, node: &NodeHandle, job: &Job, rolled: &Rolled, log: &Log) {
        let block = job.block(rolled);
        let (hash, height) = (block.header.hash(), block.coinbase.height);
        let verdict = pollster::block_on(async { node.submit_block(block).await.answer().await });
        // Where it is followed the tip has moved, and whoever posts says so.
        match verdict {
            Ok(Verdict::Followed { .. }) => {
                self.change(|work| work.found += 1);
                log(&format!("found block {height}, {hash}"));
            }
            // Another was first, and its tip will be up in a moment; or its own time is to come, and it is followed then.
            Ok(_) => self.change(|work| work.stale += 1),
            Err(refused) => {
                log(&format!("our own block {height} was refused: {refused}"));
                self.change(|work| (work.job, work.solved) = (None, None));
            }
        }
    }
}

fn previous(job: &Job) -> BlockHash {
    job.template().groundwork().previous
}

impl Miner {
    /// Begins to mine; `runtime` keeps the time.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn start(
        node: &NodeHandle,
        feed: &Feed,
        runtime: &Handle,
        options: &MinerOptions,
    ) -> io::Result<Self> {
        let board = Arc::new(Board::new());
        let posts = post(
            node.clone(),
            feed.clone(),
            options.payout.clone(),
            Arc::clone(&board),
            Arc::clone(&options.log),
        );
        let posts = runtime.spawn(posts).abort_handle();
        let mut miner = Self { board, threads: Vec::with_capacity(options.threads), posts };
        for number in 0..options.threads {
            let (board, node, log) = (Arc::clone(&miner.board), node.clone(), Arc::clone(&options.log));
            let digger = Digger::new(options.kernel, feed.assign());
            let thread = thread::Builder::new().name(format!("cairn-miner-{number}"));
            let thread = thread.stack_size(STACK_BYTES);
            miner.threads.push(thread.spawn(move || {
                make_way();
                board.work(&node, digger, &log);
            })?);
        }
        Ok(miner)
    }

    /// Whether nothing is looked for any more: the node has ended, or the chain.
    pub fn has_ended(&self) -> bool {
        self.threads.iter().all(JoinHandle::is_finished)
    }

    /// What came of it so far.
    pub fn report(&self) -> MinerReport {
        let now = self.board.started.elapsed().as_secs_f64();
        let (work, counted) = (self.board.work.lock(), self.board.counted.lock());
        MinerReport {
            hash_rate: counted.meter.rate(now),
            hashes: counted.hashes,
            found: work.found,
            stale: work.stale,
        }
    }
}

impl Drop for Miner {
    fn drop(&mut self) {
        self.posts.abort();
        self.board.change(|work| work.ended = true);
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so.
            let _ = thread.join();
        }
    }
}

/// Puts up what the threads work on, until there is nothing more to come.
async fn post(node: NodeHandle, feed: Feed, payout: Payout, board: Arc<Board>, log: Log) {
    let (mut templates, mut tips) = (feed.templates(), node.tips());
    templates.mark_changed();
    loop {
        let ended = select! {
            newer = templates.changed() => newer.is_err(),
            moved = tips.changed() => moved.is_err(),
        };
        if ended {
            if let Err(why @ MineError::EndOfChain) = template(&node).await {
                log(&format!("nothing is mined any more: {why}"));
            }
            return board.change(|work| work.ended = true);
        }
        let tip = tips.borrow_and_update().hash;
        board.tip_is(tip);
        let newest = templates.borrow_and_update().clone();
        if let Some(template) = newest.filter(|template| template.groundwork().previous == tip) {
            let is_up = |job: &Arc<Job>| Arc::ptr_eq(job.template(), &template);
            let arrival = check_arrival(template.time(), node.chain_time(), node.genesis().params());
            match arrival {
                // A template of a later time will come.
                Err(TooEarly { seconds_early }) => log(&format!(
                    "nothing is mined yet: the next block is {seconds_early} seconds too early; look at the clock"
                )),
                Ok(()) if board.work.lock().job.as_ref().is_some_and(is_up) => {}
                Ok(()) => {
                    let job = Arc::new(Job::new(template, &payout));
                    board.change(|work| work.job = Some(job));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Template;
    use crate::testkit::{Follower, Network};
    use crate::types::{Address, Bits, Timestamp};

    /// A job that nobody will ever solve, on this block.
    fn hopeless(previous: u8) -> Arc<Job> {
        let network = Network::new(1);
        let mut groundwork = Follower::new(&network).groundwork();
        groundwork.previous = BlockHash::from_bytes([previous; 32]);
        groundwork.context.bits = Bits(0x0301_0000);
        let template = Template::assemble(network.params(), groundwork, Timestamp(0), []);
        Arc::new(Job::new(Arc::new(template), &Payout::to(Address::from_bytes([1; 32]))))
    }

    fn tip(number: u8) -> BlockHash {
        BlockHash::from_bytes([number; 32])
    }

    #[test]
    fn digger_leaves_a_job_at_the_next_look_after_the_tip_moved() {
        let (board, mut digger) = (Board::new(), Digger::new(Kernel::best(), [0; 4]));
        board.change(|work| work.job = Some(hopeless(1)));
        let (number, job) = board.wait().unwrap();
        let mut looks = 0;
        let found = digger.dig(&job, |hashes| {
            board.count(hashes);
            looks += 1;
            if looks == 3 {
                board.tip_is(tip(2));
            }
            let is_current = board.number.load(Ordering::Acquire) == number;
            if is_current { Next::At(Timestamp(0)) } else { Next::Leave }
        });
        assert_eq!((found, looks), (None, 3));
        assert!(board.work.lock().job.is_none());
    }

    #[test]
    fn second_block_on_a_tip_is_not_looked_for() {
        let board = Board::new();
        board.change(|work| work.job = Some(hopeless(1)));
        let (number, job) = board.wait().unwrap();
        assert!(board.is_first(&job));
        assert!(!board.is_first(&job));
        assert_ne!(board.number.load(Ordering::Acquire), number);
        // Nothing is offered until another job is up, even where it pays more.
        board.change(|work| work.job = Some(hopeless(1)));
        assert_eq!(board.work.lock().solved, Some(tip(1)));
        board.tip_is(tip(2));
        assert!(board.work.lock().job.is_none());
        board.change(|work| work.job = Some(hopeless(2)));
        assert_eq!(previous(&board.wait().unwrap().1), tip(2));
    }

    #[test]
    fn tip_that_stays_takes_nothing_down() {
        let board = Board::new();
        board.change(|work| work.job = Some(hopeless(1)));
        let (number, _) = board.wait().unwrap();
        board.tip_is(tip(1));
        assert_eq!(board.wait().unwrap().0, number);
    }
}
