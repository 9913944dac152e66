//! Who mines when: one after the other, by a node that chance picks; or all who run, by work.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use futures_util::future::select_all;
use parking_lot::{Mutex, MutexGuard};
use tokio::runtime::Handle;
use tokio::select;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::ground::Ground;
use super::links::Links;
use super::mining::Mining;
use super::network::DevnetHandle;
use super::roster::{Live, Roster, living};
use super::spreading::reached;
use crate::miner::{
    Feed, Maker, Miner, MinerOptions, OrderError, STACK_BYTES, Unfinished, fastest, make_way,
};
use crate::net::Log;

/// How long it waits before it looks again, where nobody can mine.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a transaction that waits at a node may be one that was just mined elsewhere: so long a block may take to come.
const CATCH_UP: Duration = Duration::from_millis(500);

/// Mines as it is told, on a thread of its own, until it is dropped.
pub(super) struct Schedule {
    stop: Option<watch::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What it has at hand.
struct Keeper {
    roster: watch::Receiver<Roster>,
    mining: watch::Receiver<Mining>,
    stopping: watch::Receiver<()>,
    turn: Arc<Mutex<()>>,
    ground: Arc<Ground>,
    links: Arc<Mutex<Links>>,
    /// Set once nobody makes blocks any more.
    ending: Arc<AtomicBool>,
    runtime: Handle,
    log: Log,
    /// One for each node that has mined, and which start of it that was.
    makers: BTreeMap<usize, (u64, Maker)>,
}

/// Why it looks again.
enum Turn {
    Again,
    Over,
}

impl Schedule {
    /// Begins, for this network.
    pub fn start(network: &DevnetHandle) -> io::Result<Self> {
        let (stop, stopping) = watch::channel(());
        let (inner, common) = (&network.0, &network.0.common);
        let mut keeper = Keeper {
            roster: inner.roster.subscribe(),
            mining: inner.mining.subscribe(),
            stopping,
            turn: Arc::clone(&inner.turn),
            ground: Arc::clone(&inner.ground),
            links: Arc::clone(&inner.links),
            ending: Arc::clone(&common.ending),
            runtime: common.runtime.clone(),
            log: Arc::clone(&common.log),
            makers: BTreeMap::new(),
        };
        let handle = common.runtime.clone();
        let thread = thread::Builder::new().name("cairn-devnet".to_owned()).stack_size(STACK_BYTES);
        let thread = thread.spawn(move || {
            make_way();
            handle.block_on(keeper.keep());
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Schedule {
    fn drop(&mut self) {
        self.stop = None;
        // A thread that panicked has said so.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Keeper {
    async fn keep(&mut self) {
        loop {
            let mining = *self.mining.borrow_and_update();
            let turn = match mining {
                Mining::Manual => self.rest().await,
                Mining::Work => self.work().await,
                Mining::At(pace) => {
                    let spacing =
                        living(&self.roster).first().map(|(_, live)| live.node.genesis().params().spacing);
                    match spacing {
                        None => self.wait_for_nodes().await,
                        Some(spacing) => match pace.times(spacing) {
                            Some(times) => self.keep_pace(times).await,
                            None => self.automine().await,
                        },
                    }
                }
            };
            if matches!(turn, Turn::Over) {
                return;
            }
        }
    }

    /// Waits until it is told otherwise.
    async fn rest(&mut self) -> Turn {
        select! {
            changed = self.mining.changed() => if changed.is_err() { Turn::Over } else { Turn::Again },
            _ = self.stopping.changed() => Turn::Over,
        }
    }

    /// Waits until a node begins.
    async fn wait_for_nodes(&mut self) -> Turn {
        select! {
            changed = self.roster.changed() => if changed.is_err() { Turn::Over } else { Turn::Again },
            changed = self.mining.changed() => if changed.is_err() { Turn::Over } else { Turn::Again },
            _ = self.stopping.changed() => Turn::Over,
        }
    }

    async fn pause(&mut self) -> Turn {
        select! {
            () = sleep(PAUSE) => Turn::Again,
            _ = self.stopping.changed() => Turn::Over,
        }
    }

    async fn keep_pace(&mut self, times: Box<dyn Iterator<Item = Duration> + Send>) -> Turn {
        let mut due = Instant::now();
        for time in times {
            // One that was slept through is not made up for.
            due = (due + time).max(Instant::now());
            select! {
                () = sleep_until(due) => {}
                changed = self.mining.changed() => return if changed.is_err() { Turn::Over } else { Turn::Again },
                _ = self.stopping.changed() => return Turn::Over,
            }
            let living = living(&self.roster);
            if let Some((index, live)) = picked(&living) {
                self.mine(*index, live);
            }
        }
        Turn::Over
    }

    /// A block whenever something waits for one, by the node where it waits.
    async fn automine(&mut self) -> Turn {
        let mut mined_at: Option<Instant> = None;
        loop {
            // Where something always waits it would hear of neither below.
            if self.is_over() {
                return Turn::Over;
            }
            if self.mining.has_changed().unwrap_or(true) {
                return Turn::Again;
            }
            let living = living(&self.roster);
            let mut changes: Vec<_> = living.iter().map(|(_, live)| live.node.pool_changes()).collect();
            changes.iter_mut().for_each(watch::Receiver::mark_unchanged);
            let may_be_late = mined_at.is_some_and(|mined_at| mined_at.elapsed() < CATCH_UP);
            let links = self.links.lock().clone();
            let has_work = |(index, live): &&(usize, Live)| {
                // Where a block is on its way that takes what waits, another would only be in its way.
                let is_late = may_be_late && is_behind(&links, *index, &living);
                !is_late && live.node.reader().ready(|mut ordered| ordered.next().is_some()).unwrap_or(false)
            };
            if let Some((index, live)) = living.iter().find(has_work) {
                if !self.mine(*index, live) {
                    return self.pause().await;
                }
                mined_at = Some(Instant::now());
                continue;
            }
            let any_change = async {
                if changes.is_empty() {
                    // That one begins, the roster tells.
                    std::future::pending::<()>().await;
                }
                let changed = changes.iter_mut().map(|pool| Box::pin(pool.changed()));
                // And where that is an end, too.
                let _ = select_all(changed).await;
            };
            // Those that were passed over are looked at again.
            let again = async {
                match mined_at {
                    Some(mined_at) if mined_at.elapsed() < CATCH_UP => sleep_until(mined_at + CATCH_UP).await,
                    _ => std::future::pending().await,
                }
            };
            select! {
                () = any_change => {}
                () = again => {}
                changed = self.roster.changed() => if changed.is_err() { return Turn::Over },
                changed = self.mining.changed() => return if changed.is_err() { Turn::Over } else { Turn::Again },
                _ = self.stopping.changed() => return Turn::Over,
            }
        }
    }

    /// A thread each for as many nodes as there are processors, until something changes.
    async fn work(&mut self) -> Turn {
        self.roster.mark_unchanged();
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let mut miners = Vec::new();
        for (index, live) in living(&self.roster).into_iter().take(processors) {
            let feed = Feed::start(live.node.clone(), &self.runtime);
            let options = MinerOptions {
                payout: self.ground.payout(index),
                threads: 1,
                kernel: fastest(),
                log: Arc::new(|_| {}),
            };
            match Miner::start(&live.node, &feed, &self.runtime, &options) {
                Ok(miner) => miners.push(miner),
                Err(error) => (self.log)(&format!("node {index} does not mine: {error}")),
            }
        }
        select! {
            changed = self.roster.changed() => if changed.is_err() { Turn::Over } else { Turn::Again },
            changed = self.mining.changed() => if changed.is_err() { Turn::Over } else { Turn::Again },
            _ = self.stopping.changed() => Turn::Over,
        }
    }

    fn is_over(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    /// Waits for its turn, as long as there will be one.
    fn turn_in<'a>(&self, turns: &'a Mutex<()>) -> Option<MutexGuard<'a, ()>> {
        loop {
            match turns.try_lock_for(PAUSE) {
                None if self.is_over() => return None,
                None => {}
                turn => return turn,
            }
        }
    }

    /// Has a node make a block. It may be ending, or may have been told not to.
    fn mine(&mut self, index: usize, live: &Live) -> bool {
        let turns = Arc::clone(&self.turn);
        let Some(_turn) = self.turn_in(&turns) else { return false };
        if self.makers.get(&index).is_none_or(|(start, _)| *start != live.start) {
            let Ok(maker) = Maker::new(live.node.clone(), self.ground.payout(index)) else {
                return false;
            };
            self.makers.insert(index, (live.start, maker.until(Arc::clone(&self.ending))));
        }
        let Some((_, maker)) = self.makers.get_mut(&index) else { return false };
        match maker.mine(1) {
            Ok(_) => true,
            // It ends; another is picked next time.
            Err(Unfinished {
                why: OrderError::Mine(_) | OrderError::Refused(_) | OrderError::Stopped,
                ..
            }) => false,
            Err(unfinished) => {
                (self.log)(&format!("node {index} makes no block: {unfinished}"));
                false
            }
        }
    }
}

/// Whether one of these has a longer chain that this node can hear of.
fn is_behind(links: &Links, node: usize, living: &[(usize, Live)]) -> bool {
    let height = |index: usize| {
        let found = living.iter().find(|(other, _)| *other == index);
        found.map(|(_, live)| live.node.reader().tip().height)
    };
    let others = reached(links, node, living.iter().map(|(index, _)| *index));
    others.into_iter().any(|other| height(other) > height(node))
}

/// One of several, by chance.
pub(super) fn picked<T>(all: &[T]) -> Option<&T> {
    let drawn = getrandom::u32().unwrap_or_default() as usize;
    all.get(drawn % all.len().max(1))
}
