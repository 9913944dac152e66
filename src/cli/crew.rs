//! Mining by a node itself, while it runs: begun, ended and changed as its operator wants.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::Handle;

use super::mining::threads_or_all;
use super::output::{count, say, say_seldom};
use crate::api::{MiningControl, MiningOrder, MiningRefused, MiningState};
use crate::consensus::{Params, PowMode};
use crate::miner::{Feed, Maker, Miner, MinerOptions, MinerReport, OrderError, Pace, Pacer, fastest};
use crate::node::NodeHandle;
use crate::template::Payout;

/// How blocks of our own come to be made.
#[derive(Clone)]
pub(super) enum Own {
    /// By work.
    Work(MinerOptions),
    /// To order.
    AtPace(Payout, Pace),
}

/// What is being done. What does it ends when this is dropped.
enum Doing {
    Nothing,
    Work(MinerOptions, Miner),
    AtPace {
        payout: Payout,
        pace: Pace,
        pacer: Pacer,
    },
    /// The node stops: nothing is begun any more.
    Ended,
}

/// Those who mine for a node itself.
pub(super) struct Crew {
    node: NodeHandle,
    feed: Feed,
    runtime: Handle,
    quiet: bool,
    doing: Mutex<Doing>,
}

/// The pace at which blocks are made where nothing is said; by work where there is none.
pub(super) fn usual_pace(params: &Params) -> Option<Pace> {
    match params.pow_mode {
        PowMode::Asert => None,
        PowMode::Fixed => Some(Pace::Interval(Duration::from_secs(params.spacing.into()))),
    }
}

impl Crew {
    /// Nobody mines yet.
    pub fn new(node: NodeHandle, feed: Feed, runtime: Handle, quiet: bool) -> Self {
        Self { node, feed, runtime, quiet, doing: Mutex::new(Doing::Nothing) }
    }

    /// Mines like this, whatever was done before.
    pub fn begin(&self, own: Own) -> Result<(), MiningRefused> {
        let mut doing = self.doing.lock();
        if matches!(*doing, Doing::Ended) {
            return Err(OrderError::Stopped.into());
        }
        match own {
            Own::Work(options) => {
                // Threads of before are in the way of those that come.
                *doing = Doing::Nothing;
                let miner = Miner::start(&self.node, &self.feed, &self.runtime, &options)?;
                say(&format!("mining with {}, kernel {}", count(options.threads, "thread"), options.kernel));
                *doing = Doing::Work(options, miner);
            }
            Own::AtPace(payout, pace) => {
                let maker = Maker::new(self.node.clone(), payout.clone())?;
                *doing = Doing::Nothing;
                let pacer = Pacer::start(maker, pace, self.runtime.clone(), Arc::new(say))?;
                say(&format!("making blocks: {pace}"));
                *doing = Doing::AtPace { payout, pace, pacer };
            }
        }
        Ok(())
    }

    /// What came of work, where work is done.
    pub fn report(&self) -> Option<MinerReport> {
        match &*self.doing.lock() {
            Doing::Work(_, miner) => Some(miner.report()),
            Doing::Nothing | Doing::AtPace { .. } | Doing::Ended => None,
        }
    }

    /// Ends for good.
    pub fn end(&self) {
        *self.doing.lock() = Doing::Ended;
    }

    fn own(&self, payout: Payout, pace: Option<Pace>, threads: usize) -> Own {
        let log: crate::miner::Log = if self.quiet { Arc::new(|_| {}) } else { Arc::new(say_seldom()) };
        match pace {
            Some(pace) => Own::AtPace(payout, pace),
            None => Own::Work(MinerOptions { payout, threads, kernel: fastest(), log }),
        }
    }
}

impl MiningControl for Crew {
    fn state(&self) -> MiningState {
        match &*self.doing.lock() {
            Doing::Nothing | Doing::Ended => MiningState::default(),
            Doing::Work(options, miner) => MiningState {
                payout: Some(options.payout.clone()),
                pace: None,
                threads: Some(options.threads),
                report: miner.report(),
            },
            Doing::AtPace { payout, pace, pacer } => MiningState {
                payout: Some(payout.clone()),
                pace: Some(*pace),
                threads: None,
                report: MinerReport { found: pacer.made(), ..MinerReport::default() },
            },
        }
    }

    fn start(&self, order: MiningOrder) -> Result<(), MiningRefused> {
        let MiningOrder { payout, pace, threads } = order;
        let pace = pace.unwrap_or_else(|| usual_pace(self.node.genesis().params()));
        self.begin(self.own(payout, pace, threads.unwrap_or_else(|| threads_or_all(None))))
    }

    fn stop(&self) {
        let mut doing = self.doing.lock();
        if !matches!(*doing, Doing::Nothing | Doing::Ended) {
            *doing = Doing::Nothing;
            say("mining is ended by its operator");
        }
    }

    fn set_pace(&self, pace: Option<Pace>) -> Result<(), MiningRefused> {
        let own = match &*self.doing.lock() {
            Doing::Nothing | Doing::Ended => return Err(MiningRefused::NotMining),
            Doing::Work(options, _) if pace.is_none() => Own::Work(options.clone()),
            Doing::Work(options, _) => self.own(options.payout.clone(), pace, options.threads),
            Doing::AtPace { payout, .. } => self.own(payout.clone(), pace, threads_or_all(None)),
        };
        self.begin(own)
    }
}
