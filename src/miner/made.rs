//! Blocks made to order, where the difficulty is fixed and somebody or something other than work decides when one comes.

use std::collections::VecDeque;
use std::io;
use std::mem::replace;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::select;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::dig::{Digger, Next};
use super::feed::{MineError, template};
use super::pace::Pace;
use super::polite::make_way;
use super::threads::Log;
use crate::consensus::{PowMode, TooEarly, check_arrival};
use crate::crypto::search::Kernel;
use crate::node::{BlockRefused, BlockVerdict, Bulk, NodeHandle, Pending, Verdict};
use crate::template::{Job, Payout, Template};
use crate::types::BlockHash;

/// Blocks that may be on their way while more are made.
const IN_FLIGHT_MAX: usize = 1024;

/// Room for what lies on the stack while nonces are looked for, which is much where the compiler did not optimize.
pub const STACK_BYTES: usize = 8 << 20;
/// How often the clock is looked at while the chain lies ahead of it.
const LOOK_AT_CLOCK: Duration = Duration::from_secs(1);

/// Why no block is made to order.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OrderError {
    /// The difficulty follows the blocks.
    #[error(
        "on this chain difficulty follows the times of blocks (`pow.mode` is `asert`): blocks made to order would \
         drive it up until none can be made; mine with work instead, or take a chain whose `pow.mode` is `fixed`"
    )]
    NotFixed,
    /// Nothing can be mined.
    #[error(transparent)]
    Mine(#[from] MineError),
    /// A block of ours was refused.
    #[error("our own block was refused: {0}")]
    Refused(#[from] BlockRefused),
    /// The chain lies ahead of the clock: nobody takes a block in before its time.
    #[error("the next block is {} seconds too early: look at the clock, or at `time` in the genesis file", .0.seconds_early)]
    Early(TooEarly),
    /// Whoever ordered them wants no more.
    #[error("it was told to stop")]
    Stopped,
}

/// Fewer blocks than were ordered.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{why}")]
pub struct Unfinished {
    /// Those that were made; they are durable, and stay.
    pub made: Vec<BlockHash>,
    /// Why there are no more.
    #[source]
    pub why: OrderError,
}

impl From<Unfinished> for OrderError {
    fn from(unfinished: Unfinished) -> Self {
        unfinished.why
    }
}

/// Makes blocks when it is told to.
pub struct Maker {
    node: NodeHandle,
    payout: Payout,
    digger: Digger,
    stop: Arc<AtomicBool>,
    /// How many it has made, for whoever watches.
    made: Arc<AtomicU64>,
}

impl Maker {
    /// One that pays to somebody.
    ///
    /// # Errors
    /// On a chain where blocks are not made to order.
    pub fn new(node: NodeHandle, payout: Payout) -> Result<Self, OrderError> {
        match node.genesis().params().pow_mode {
            PowMode::Asert => Err(OrderError::NotFixed),
            PowMode::Fixed => {
                // Another node may pay the same address: without it, both would make the same blocks.
                let assigned = getrandom::u32().expect("the operating system gives randomness");
                let digger = Digger::new(Kernel::best(), assigned.to_be_bytes());
                Ok(Self { node, payout, digger, stop: Arc::default(), made: Arc::default() })
            }
        }
    }

    /// The same, which makes no more blocks once this is set.
    #[must_use]
    pub fn until(mut self, stop: Arc<AtomicBool>) -> Self {
        self.stop = stop;
        self
    }

    /// Makes so many blocks, one on the other, and waits until they are durable and followed. The first of them take
    /// what waits in the pool.
    ///
    /// Where somebody else's block comes in between, another is made in the place of each that is not followed.
    ///
    /// # Errors
    /// When no more can be made; those that were made before stay.
    pub fn mine(&mut self, count: usize) -> Result<Vec<BlockHash>, Unfinished> {
        let mut made = Vec::with_capacity(count.min(IN_FLIGHT_MAX));
        while made.len() < count {
            let (before, mut in_flight) = (made.len(), VecDeque::new());
            let outcome = self.mine_up_to(count, &mut made, &mut in_flight);
            let landed = in_flight.into_iter().map(|block| land(block, &mut made));
            // All of them land, whatever became of one.
            let landed = landed.fold(Ok(()), Result::and);
            self.made.fetch_add((made.len() - before) as u64, Ordering::Relaxed);
            if let Err(why) = outcome.and(landed) {
                return Err(Unfinished { made, why });
            }
        }
        Ok(made)
    }

    fn mine_up_to(
        &mut self,
        count: usize,
        made: &mut Vec<BlockHash>,
        in_flight: &mut VecDeque<InFlight>,
    ) -> Result<(), OrderError> {
        // While blocks take from the pool each must be durable before the pool knows what is left. What follows then is
        // empty, and goes together.
        let mut bulk: Option<Bulk> = None;
        while made.len() + in_flight.len() < count {
            let template = match &bulk {
                Some(_) => self.empty_template()?,
                None => pollster::block_on(template(&self.node))?,
            };
            let is_complete = template.is_complete();
            in_flight.push_back(self.make(template)?);
            if bulk.is_none() {
                in_flight.drain(..).try_for_each(|block| land(block, made))?;
                bulk = is_complete.then(|| self.node.bulk());
            }
            if in_flight.len() >= IN_FLIGHT_MAX {
                in_flight.pop_front().map_or(Ok(()), |block| land(block, made))?;
            }
        }
        Ok(())
    }

    /// Stands on the writer's tip, which may not be durable yet.
    fn empty_template(&self) -> Result<Template, MineError> {
        let groundwork = pollster::block_on(self.node.groundwork())?.ok_or(MineError::EndOfChain)?;
        let (params, now) = (self.node.genesis().params(), self.node.chain_time());
        Ok(Template::assemble(params, groundwork, now, []))
    }

    fn make(&mut self, template: Template) -> Result<InFlight, OrderError> {
        check_arrival(template.time(), self.node.chain_time(), self.node.genesis().params())
            .map_err(OrderError::Early)?;
        let job = Job::new(Arc::new(template), &self.payout);
        let (node, stop) = (&self.node, &self.stop);
        let next = |_| {
            if stop.load(Ordering::Relaxed) { Next::Leave } else { Next::At(node.chain_time()) }
        };
        let rolled = self.digger.dig(&job, next).ok_or(OrderError::Stopped)?;
        // On an easy chain it finds one before it is told to leave.
        if stop.load(Ordering::Relaxed) {
            return Err(OrderError::Stopped);
        }
        let block = job.block(&rolled);
        let hash = block.header.hash();
        Ok((hash, pollster::block_on(node.submit_block(block))))
    }
}

/// A block that was submitted, and what will be said of it.
type InFlight = (BlockHash, Pending<BlockVerdict>);

/// Waits for a block's verdict, and counts it where it is followed.
fn land((hash, pending): InFlight, made: &mut Vec<BlockHash>) -> Result<(), OrderError> {
    if let Verdict::Followed { .. } = pending.wait()? {
        made.push(hash);
    }
    Ok(())
}

/// Makes blocks at a pace, on a thread of its own, until it is dropped.
pub struct Pacer {
    stop: Arc<AtomicBool>,
    made: Arc<AtomicU64>,
    stopped: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Pacer {
    /// Begins; `runtime` keeps the time. What ends it before is told to `log`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(mut maker: Maker, pace: Pace, runtime: Handle, log: Log) -> io::Result<Self> {
        let (stop, made) = (Arc::clone(&maker.stop), Arc::clone(&maker.made));
        let (stopped, stops) = watch::channel(false);
        let thread = thread::Builder::new().name("cairn-pacer".to_owned()).stack_size(STACK_BYTES);
        let thread = thread.spawn(move || {
            make_way();
            let outcome = runtime.block_on(keep_pace(&mut maker, pace, stops, &log));
            match outcome {
                Ok(()) | Err(OrderError::Stopped | OrderError::Mine(MineError::Closed(_))) => {}
                Err(error) => log(&format!("no more blocks are made: {error}")),
            }
        })?;
        Ok(Self { stop, made, stopped, thread: Some(thread) })
    }

    /// How many blocks it has made that became the tip.
    pub fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }
}

impl Drop for Pacer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.stopped.send_replace(true);
        // A thread that panicked has said so.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

async fn keep_pace(
    maker: &mut Maker,
    pace: Pace,
    mut stops: watch::Receiver<bool>,
    log: &Log,
) -> Result<(), OrderError> {
    let Some(times) = pace.times(maker.node.genesis().params().spacing) else {
        return automine(maker, stops, log).await;
    };
    let mut due = Instant::now();
    for time in times {
        // One that was slept through is not made up for.
        due = (due + time).max(Instant::now());
        select! {
            () = sleep_until(due) => make_one(maker, &mut stops, log).await?,
            _ = stops.changed() => break,
        }
    }
    Ok(())
}

/// A block whenever something waits for one.
async fn automine(maker: &mut Maker, mut stops: watch::Receiver<bool>, log: &Log) -> Result<(), OrderError> {
    let mut pool = maker.node.pool_changes();
    loop {
        pool.mark_unchanged();
        // Where the pool has just gone on to another tip it will say so.
        if maker.node.reader().ready(|mut ordered| ordered.next().is_some()).unwrap_or(false) {
            make_one(maker, &mut stops, log).await?;
            continue;
        }
        select! {
            changed = pool.changed() => if changed.is_err() { return Ok(()) },
            _ = stops.changed() => return Ok(()),
        }
    }
}

/// Makes a block, once the clock has come to where one can be made.
async fn make_one(maker: &mut Maker, stops: &mut watch::Receiver<bool>, log: &Log) -> Result<(), OrderError> {
    let mut has_told = false;
    loop {
        match maker.mine(1) {
            Ok(_) => return Ok(()),
            Err(Unfinished { why: why @ OrderError::Early(_), .. }) => {
                if !replace(&mut has_told, true) {
                    log(&format!("no block is made yet: {why}"));
                }
            }
            Err(unfinished) => return Err(unfinished.into()),
        }
        select! {
            () = sleep(LOOK_AT_CLOCK) => {}
            _ = stops.changed() => return Err(OrderError::Stopped),
        }
    }
}
