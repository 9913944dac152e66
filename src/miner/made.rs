//! Blocks made to order, where the difficulty is fixed and somebody or something other than work decides when one comes.

use std::collections::VecDeque;
use std::io;
use std::iter::repeat;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::select;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::dig::{Digger, Next};
use super::feed::{MineError, template};
use super::pace::{Chance, Pace};
use super::threads::Log;
use crate::consensus::PowMode;
use crate::crypto::search::Kernel;
use crate::node::{BlockRefused, BlockVerdict, Bulk, NodeHandle, Pending, Verdict};
use crate::template::{ASSIGNED_BYTES, Job, Payout, Template};
use crate::types::BlockHash;

/// Blocks that may be on their way while more are made.
const IN_FLIGHT_MAX: usize = 1024;

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
    /// Whoever ordered them wants no more.
    #[error("it was told to stop after {made} blocks")]
    Stopped {
        /// So many were made; they stay.
        made: usize,
    },
}

/// Makes blocks when it is told to.
pub struct Maker {
    node: NodeHandle,
    payout: Payout,
    digger: Digger,
    stop: Arc<AtomicBool>,
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
                let digger = Digger::new(Kernel::best(), [0; ASSIGNED_BYTES]);
                Ok(Self { node, payout, digger, stop: Arc::default() })
            }
        }
    }

    /// Makes so many blocks, one on the other, and waits until they are durable and followed. The first of them take
    /// what waits in the pool.
    ///
    /// Where somebody else's block comes in between, another is made in the place of each that is not followed.
    ///
    /// # Errors
    /// When no more can be made; those that were made before stay.
    pub fn mine(&mut self, count: usize) -> Result<Vec<BlockHash>, OrderError> {
        let mut made = Vec::with_capacity(count);
        while made.len() < count {
            self.mine_up_to(count, &mut made)?;
        }
        Ok(made)
    }

    fn mine_up_to(&mut self, count: usize, made: &mut Vec<BlockHash>) -> Result<(), OrderError> {
        let mut in_flight: VecDeque<(BlockHash, Pending<BlockVerdict>)> = VecDeque::new();
        // While blocks take from the pool each must be durable before the pool knows what is left. What follows then is
        // empty, and goes together.
        let mut bulk: Option<Bulk> = None;
        while made.len() + in_flight.len() < count {
            let template = match &bulk {
                Some(_) => self.empty_template()?,
                None => pollster::block_on(template(&self.node))?,
            };
            let is_complete = template.is_complete();
            in_flight.push_back(self.make(template, made.len())?);
            if bulk.is_none() {
                in_flight.drain(..).try_for_each(|block| land(block, made))?;
                bulk = is_complete.then(|| self.node.bulk());
            }
            if in_flight.len() >= IN_FLIGHT_MAX {
                in_flight.pop_front().map_or(Ok(()), |block| land(block, made))?;
            }
        }
        drop(bulk);
        in_flight.into_iter().try_for_each(|block| land(block, made))
    }

    /// Stands on the writer's tip, which may not be durable yet.
    fn empty_template(&self) -> Result<Template, MineError> {
        let groundwork = pollster::block_on(self.node.groundwork())?.ok_or(MineError::EndOfChain)?;
        let (params, now) = (self.node.genesis().params(), self.node.chain_time());
        Ok(Template::assemble(params, groundwork, now, []))
    }

    fn make(
        &mut self,
        template: Template,
        made: usize,
    ) -> Result<(BlockHash, Pending<BlockVerdict>), OrderError> {
        let job = Job::new(Arc::new(template), &self.payout);
        let (node, stop) = (&self.node, &self.stop);
        let next = |_| {
            if stop.load(Ordering::Relaxed) { Next::Leave } else { Next::At(node.chain_time()) }
        };
        let rolled = self.digger.dig(&job, next).ok_or(OrderError::Stopped { made })?;
        let block = job.block(&rolled);
        let hash = block.header.hash();
        Ok((hash, pollster::block_on(node.submit_block(block))))
    }
}

/// Waits for a block's verdict, and counts it where it is followed.
fn land(
    (hash, pending): (BlockHash, Pending<BlockVerdict>),
    made: &mut Vec<BlockHash>,
) -> Result<(), OrderError> {
    if let Verdict::Followed { .. } = pending.wait()? {
        made.push(hash);
    }
    Ok(())
}

/// Makes blocks at a pace, on a thread of its own, until it is dropped.
pub struct Pacer {
    stop: Arc<AtomicBool>,
    stopped: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Pacer {
    /// Begins; `runtime` keeps the time. What ends it before is told to `log`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(mut maker: Maker, pace: Pace, runtime: Handle, log: Log) -> io::Result<Self> {
        let (stop, (stopped, stops)) = (Arc::clone(&maker.stop), watch::channel(false));
        let thread = thread::Builder::new().name("cairn-pacer".to_owned());
        let thread = thread.spawn(move || {
            let outcome = runtime.block_on(keep_pace(&mut maker, pace, stops));
            match outcome {
                Ok(()) | Err(OrderError::Stopped { .. } | OrderError::Mine(MineError::Closed(_))) => {}
                Err(error) => log(&format!("no more blocks are made: {error}")),
            }
        })?;
        Ok(Self { stop, stopped, thread: Some(thread) })
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

async fn keep_pace(maker: &mut Maker, pace: Pace, stops: watch::Receiver<bool>) -> Result<(), OrderError> {
    let spacing = f64::from(maker.node.genesis().params().spacing);
    match pace {
        Pace::Automine => automine(maker, stops).await,
        Pace::Interval(time) => keep_times(maker, repeat(time), stops).await,
        Pace::Poisson { share, seed } => {
            let seed =
                seed.unwrap_or_else(|| getrandom::u64().expect("the operating system gives randomness"));
            keep_times(maker, Chance::new(spacing / share, seed), stops).await
        }
    }
}

/// A block whenever something waits for one.
async fn automine(maker: &mut Maker, mut stops: watch::Receiver<bool>) -> Result<(), OrderError> {
    let mut pool = maker.node.pool_changes();
    loop {
        pool.mark_unchanged();
        // Where the pool has just gone on to another tip it will say so.
        if maker.node.reader().ready(|mut ordered| ordered.next().is_some()).unwrap_or(false) {
            maker.mine(1).map(drop)?;
            continue;
        }
        select! {
            changed = pool.changed() => if changed.is_err() { return Ok(()) },
            _ = stops.changed() => return Ok(()),
        }
    }
}

/// A block after each of these times. One that was slept through is not made up for.
async fn keep_times(
    maker: &mut Maker,
    times: impl Iterator<Item = Duration>,
    mut stops: watch::Receiver<bool>,
) -> Result<(), OrderError> {
    let mut due = Instant::now();
    for time in times {
        due = (due + time).max(Instant::now());
        select! {
            () = sleep_until(due) => maker.mine(1).map(drop)?,
            _ = stops.changed() => break,
        }
    }
    Ok(())
}
