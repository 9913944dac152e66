//! Following a transaction until blocks confirm it, through reorganizations, with a line that lives on a terminal.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::ends::Ended;
use super::paying::{Desk, Heard};
use crate::api::view::Standing;
use crate::cli::output::{Report, count};
use crate::cli::signals;
use crate::client::ClientError;
use crate::types::{BlockHash, Height, Transaction};
use crate::wallet::Progress;

/// How often the node is asked.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Unless it is said otherwise, so many times the time between two blocks is waited, …
const SPACINGS: u32 = 10;
/// … and no less than this.
const WAIT_MIN: Duration = Duration::from_secs(60);

/// How long to wait, and for what.
#[derive(Args, Clone)]
pub(super) struct Patience {
    /// Wait until so many blocks confirm it; 0 does not wait.
    #[arg(long, value_name = "BLOCKS", default_value_t = 1)]
    pub wait: u32,
    /// Wait no longer than so many seconds [default: ten times the time between two blocks, and a minute at least].
    #[arg(long, value_name = "SECONDS")]
    pub timeout: Option<u64>,
    /// Pay even where just this payment waits for a block already.
    #[arg(long)]
    pub again: bool,
}

/// Where a transaction stood when it was last looked at.
pub(super) enum Seen {
    /// A node has it.
    Pending,
    /// It stands in a block.
    Mined { block: BlockHash, height: Height, depth: u32 },
}

impl Seen {
    /// Adds it to an answer.
    pub fn told(&self, report: Report) -> Report {
        match self {
            Self::Pending => report.fact("status", "status", "waits for a block", "pending"),
            Self::Mined { block, height, depth } => report
                .fact(
                    "status",
                    "status",
                    format!("in the block at height {height}, {}", count(*depth as usize, "confirmation")),
                    "confirmed",
                )
                .only_json("block", block.to_string())
                .only_json("height", height.0)
                .only_json("depth", *depth),
        }
    }
}

/// A line that changes on a terminal, and is not there elsewhere.
struct Line(Option<ProgressBar>);

impl Line {
    fn new(quiet: bool) -> Self {
        let wanted = !quiet && std::io::stderr().is_terminal();
        let bar = wanted.then(|| {
            let style =
                ProgressStyle::with_template("{spinner} {msg} ({elapsed})").expect("the template is ours");
            let bar = ProgressBar::new_spinner().with_style(style);
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Self(bar)
    }

    fn say(&self, text: String) {
        if let Some(bar) = &self.0 {
            bar.set_message(text);
        }
    }

    /// A line that stays.
    fn keep(&self, text: &str) {
        if let Some(bar) = &self.0 {
            bar.println(text);
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// Waits until as many blocks confirm it as were asked for.
pub(super) fn follow(desk: &Desk<'_>, transaction: &Transaction, patience: &Patience) -> Result<Seen> {
    if patience.wait == 0 {
        return Ok(Seen::Pending);
    }
    let told_to_stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&told_to_stop);
    signals::watch(move || {
        flag.store(true, Ordering::Relaxed);
        false
    })?;
    let usual = Duration::from_secs(desk.chain.params().spacing.into()) * SPACINGS;
    let longest = patience.timeout.map_or(usual.max(WAIT_MIN), Duration::from_secs);
    let mut watch = Watch { desk, transaction, line: Line::new(desk.options.json), mined: None };
    let begun = Instant::now();
    loop {
        if let Some(seen) = watch.look(patience.wait)? {
            return Ok(seen);
        }
        let on_its_way = |why: String| Ended::OnItsWay { txid: transaction.body.txid(), why };
        if told_to_stop.load(Ordering::Relaxed) {
            return Err(on_its_way("you stopped waiting".to_owned()).into());
        }
        if begun.elapsed() >= longest {
            let wanted = count(patience.wait as usize, "confirmation");
            return Err(on_its_way(format!("{wanted} did not come within {} s", longest.as_secs())).into());
        }
        thread::sleep(LOOK_EVERY);
    }
}

struct Watch<'a> {
    desk: &'a Desk<'a>,
    transaction: &'a Transaction,
    line: Line,
    /// The block it stood in.
    mined: Option<(Height, BlockHash)>,
}

impl Watch<'_> {
    /// Looks once; gives where it stands when that is enough.
    fn look(&mut self, wanted: u32) -> Result<Option<Seen>> {
        let txid = self.transaction.body.txid();
        let standing = match self.desk.chain.client.transaction(&txid) {
            Ok(view) => view.map(|view| view.standing),
            Err(error @ ClientError::Unreachable { .. }) => {
                self.line.say(format!("the node does not answer: {error}"));
                return Ok(None);
            }
            // A node that has just begun, or is busy.
            Err(ClientError::Problem(problem)) if problem.code.is_passing() => return Ok(None),
            Err(error) => {
                let why = format!("the node does not say what becomes of it ({error})");
                return Err(Ended::OnItsWay { txid, why }.into());
            }
        };
        match standing {
            Some(Standing::Confirmed { block, height, depth, .. }) => {
                self.confirmed(block, height, depth, wanted)
            }
            Some(Standing::Pending { ready, .. }) => {
                self.taken_back();
                let what = if ready { "a block" } else { "an earlier one of this account" };
                self.line.say(format!("waits for {what}"));
                Ok(None)
            }
            Some(Standing::Replaced { by }) => {
                let by = by.map_or_else(String::new, |by| format!(" {by}"));
                self.lost(format!("another of this account took its place{by}"))
            }
            Some(Standing::Expired) => self.lost("the last block it could stand in has passed".to_owned()),
            // It may come again: the node is told, once more.
            Some(Standing::Dropped { .. }) | None => {
                self.taken_back();
                self.line.say("the node forgot it, and is told again".to_owned());
                match self.desk.tell(self.transaction)? {
                    Heard::Taken => Ok(None),
                    Heard::Refused(problem) => self
                        .lost(format!("the node gave it up, and does not take it again: {}", problem.detail)),
                }
            }
        }
    }

    fn confirmed(
        &mut self,
        block: BlockHash,
        height: Height,
        depth: u32,
        wanted: u32,
    ) -> Result<Option<Seen>> {
        if self.mined != Some((height, block)) {
            self.taken_back();
            self.mined = Some((height, block));
            let txid = self.transaction.body.txid();
            // Where that cannot be written it is found out again; what was paid is paid.
            let _ = self.desk.vault.note(|file| file.note(&txid, Progress::Mined { height }));
        }
        self.line.say(format!(
            "in the block at height {height}, {depth} of {}",
            count(wanted as usize, "confirmation")
        ));
        Ok((depth >= wanted).then_some(Seen::Mined { block, height, depth }))
    }

    /// Says so where it stood in a block that is not followed any more.
    fn taken_back(&mut self) {
        if let Some((height, block)) = self.mined.take() {
            self.line.keep(&format!(
                "the block at height {height} that it stood in, {block}, is not followed any more"
            ));
        }
    }

    fn lost(&self, why: String) -> Result<Option<Seen>> {
        let txid = self.transaction.body.txid();
        Err(Ended::Lost { txid, why }.into())
    }
}
