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
use super::hearing::Heard;
use super::paying::Desk;
use super::sent::SentFile;
use crate::api::Code;
use crate::api::view::Standing;
use crate::cli::output::{Report, count};
use crate::cli::signals;
use crate::client::ClientError;
use crate::types::{BlockHash, Body, Height, Transaction, Txid};
use crate::wallet::{LOST_DEPTH, Progress, Sent};

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
}

/// Where a transaction stood when it was last looked at.
pub(super) enum Seen {
    /// A node has it.
    Pending,
    /// It stands in a block.
    Mined { block: BlockHash, height: Height, depth: u32 },
    /// It was seen in the block at this height before; the node that is asked now has thrown that away.
    Before { height: Height },
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
            Self::Before { height } => {
                let text = format!("was in the block at height {height}, which this node has no more");
                report.fact("status", "status", text, "confirmed").only_json("height", height.0)
            }
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

    /// Says something that is not of this line.
    fn beside(&self, say: impl FnOnce()) {
        match &self.0 {
            Some(bar) => bar.suspend(say),
            None => say(),
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

/// Waits until as many blocks confirm it as were asked for; gives where it stands, and what stands for it: where its fee was raised
/// meanwhile, that is another. One that an earlier command sent may stand in a block already, and is looked at even where nothing is
/// waited for.
pub(super) fn follow(
    desk: &Desk<'_>,
    transaction: &Transaction,
    patience: &Patience,
    repeated: bool,
) -> Result<(Seen, Transaction)> {
    let line = Line::new(desk.options.json);
    let mut watch = Watch {
        desk,
        transaction: transaction.clone(),
        line,
        mined: None,
        doubt: None,
        is_there: !repeated,
        is_behind: false,
    };
    if patience.wait == 0 {
        let seen = if repeated { watch.look(0)? } else { None };
        return match watch.doubt.take() {
            Some(doubt) => Err(watch.in_doubt(doubt)),
            None if seen.is_none() && !watch.is_there => {
                Err(watch.over("the node did not say where it stands".to_owned()))
            }
            None => Ok((seen.unwrap_or(Seen::Pending), watch.transaction)),
        };
    }
    let told_to_stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&told_to_stop);
    signals::watch(move || flag.store(true, Ordering::Relaxed))?;
    let usual = Duration::from_secs(desk.chain.params().spacing.into()) * SPACINGS;
    let longest = patience.timeout.map_or(usual.max(WAIT_MIN), Duration::from_secs);
    let begun = Instant::now();
    loop {
        if let Some(seen) = watch.look(patience.wait)? {
            return Ok((seen, watch.transaction));
        }
        if told_to_stop.load(Ordering::Relaxed) {
            return Err(watch.over("you stopped waiting".to_owned()));
        }
        if begun.elapsed() >= longest {
            let wanted = count(patience.wait as usize, "confirmation");
            return Err(watch.over(format!("{wanted} did not come within {} s", longest.as_secs())));
        }
        thread::sleep(LOOK_EVERY);
    }
}

struct Watch<'a> {
    desk: &'a Desk<'a>,
    /// What was ordered, or what took its place and does the same.
    transaction: Transaction,
    line: Line,
    /// The block it stood in.
    mined: Option<(Height, BlockHash)>,
    /// Why it may never be mined, while that may change yet.
    doubt: Option<String>,
    /// Whether the node has it, or had it when this began.
    is_there: bool,
    /// Whether it waits for another of its account, by the node's word.
    is_behind: bool,
}

impl Watch<'_> {
    /// Looks once; gives where it stands when that is enough.
    fn look(&mut self, wanted: u32) -> Result<Option<Seen>> {
        let txid = self.txid();
        self.doubt = None;
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
                (self.is_there, self.is_behind) = (true, !ready);
                self.taken_back();
                let what = if ready { "a block" } else { "an earlier one of this account" };
                self.line.say(format!("waits for {what}"));
                Ok(None)
            }
            Some(Standing::Replaced { by }) => self.replaced(by),
            Some(Standing::Expired) => self.expired(),
            Some(Standing::Dropped { .. }) | None => self.missing(),
        }
    }

    /// The node does not have it. Where its number is used nothing can be done about it, else the node is told once more.
    fn missing(&mut self) -> Result<Option<Seen>> {
        let Body { policy, nonce, expiry, .. } = &self.transaction.body;
        let txid = self.txid();
        let account = self.desk.chain.account(&policy.address());
        if account.is_ok_and(|account| account.nonce > *nonce) {
            // Where the node does not answer it is asked again.
            let Ok(same) = self.mined_of_its_order() else { return Ok(None) };
            if let Some(same) = same {
                self.go_over_to(same);
                return Ok(None);
            }
            let Ok(rival) = self.mined_rival() else { return Ok(None) };
            if rival.is_some() {
                return self.replaced(rival);
            }
            let known = self.desk.vault.note(|file| {
                let known = file.outbox.find(&txid);
                Ok(known.filter(|sent| file.outbox.mined_instead_of(sent).is_none()).map(Sent::progress))
            })?;
            // A node that keeps all blocks has thrown none away.
            let Ok(keeps_less) = self.desk.keeps_less_than_all() else { return Ok(None) };
            return match known {
                // Where this very watch saw the block, as many above it were waited for, and did not come.
                Some(Progress::Mined { height }) if self.mined.is_none() && keeps_less => {
                    Ok(Some(Seen::Before { height }))
                }
                _ => Err(self
                    .in_doubt("the node says that its number is used, and has no block with it".to_owned())),
            };
        }
        if expiry.is_some() {
            match self.is_timely(&self.transaction) {
                Ok(true) => {}
                Ok(false) => return self.expired(),
                Err(error) => {
                    self.line.say(format!("the node does not answer: {error:#}"));
                    return Ok(None);
                }
            }
        }
        self.taken_back();
        self.line.say("the node forgot it, and is told again".to_owned());
        match self.desk.tell_what_stands(&self.transaction) {
            Ok(None) => {
                Err(self.in_doubt("the node forgot it, and it was given up for another since".to_owned()))
            }
            Ok(Some(Heard::Taken)) => {
                self.is_there = true;
                Ok(None)
            }
            // A block came in between, and may be its own.
            Ok(Some(Heard::Refused(problem))) if problem.code == Code::NonceUsed => Ok(None),
            Ok(Some(Heard::Refused(problem))) => {
                let why = format!("the node gave it up, and does not take it again: {}", problem.detail);
                Err(self.in_doubt(why))
            }
            Err(error) => {
                self.line.say(format!("the node cannot be told again: {error:#}"));
                Ok(None)
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
        self.is_behind = false;
        if self.mined != Some((height, block)) {
            self.taken_back();
            self.mined = Some((height, block));
            let txid = self.txid();
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

    /// Another has its number: for good where that one provably stands in a block, deep enough. Else any miner may still hold this one.
    fn replaced(&mut self, by: Option<Txid>) -> Result<Option<Seen>> {
        let same = match by {
            Some(by) => self.of_its_order(&by)?,
            None => match self.mined_of_its_order() {
                Ok(same) => same,
                Err(_) => return Ok(None),
            },
        };
        if let Some(same) = same {
            self.go_over_to(same);
            return Ok(None);
        }
        let by = match by {
            Some(by) => Some(by),
            None => match self.mined_rival() {
                Ok(rival) => rival,
                Err(_) => return Ok(None),
            },
        };
        let Some(by) = by else {
            return Err(self.in_doubt("another of this account took its place".to_owned()));
        };
        let why = format!("another of this account took its place, {by}");
        let pays = self.transaction.body.payments().next().is_some();
        match self.desk.chain.client.transaction(&by).map(|found| found.map(|found| found.standing)) {
            // It was to have nothing paid, and something was.
            Ok(Some(Standing::Confirmed { height, .. })) if !pays && self.was_to_displace(&by)? => {
                Err(Ended::TooLate { txid: by, height }.into())
            }
            Ok(Some(Standing::Confirmed { depth, .. })) if depth < LOST_DEPTH => {
                Ok(self.wait_in_doubt(&why, &format!("{depth} of the {LOST_DEPTH} blocks")))
            }
            Ok(Some(Standing::Confirmed { .. })) => {
                let proven = self.desk.proves_shut_out(&self.transaction.body, &by);
                let txid = self.txid();
                let again = match self
                    .desk
                    .vault
                    .note(|file| Ok(file.outbox.find(&txid).and_then(Sent::once).cloned()))?
                {
                    Some(_) => ". Whoever orders the same once more takes another key".to_owned(),
                    None => format!(". Whoever orders the same once more says --again {txid}"),
                };
                Err(self.lost_if(proven, &why, &again))
            }
            _ => Err(self.in_doubt(why)),
        }
    }

    /// Whether this is another that was signed for the same order, for another fee.
    fn of_its_order(&self, by: &Txid) -> Result<Option<Transaction>> {
        Ok(self.others_of_its_order()?.into_iter().find(|other| other.body.txid() == *by))
    }

    /// What the node has in a block of all that was signed for the same order: that one may have won whose place this was to take.
    fn mined_of_its_order(&self) -> Result<Option<Transaction>> {
        for other in self.others_of_its_order()? {
            let found = self.desk.chain.client.transaction(&other.body.txid())?;
            if matches!(found.map(|view| view.standing), Some(Standing::Confirmed { .. })) {
                return Ok(Some(other));
            }
        }
        Ok(None)
    }

    /// What of this wallet has the number of this one in a block, by a node's word, and is of another order, or takes it back.
    fn mined_rival(&self) -> Result<Option<Txid>> {
        let txid = self.txid();
        for rival in self.rivals()? {
            let standing = self.desk.chain.client.transaction(&rival)?.map(|view| view.standing);
            if let Some(Standing::Confirmed { height, .. }) = standing {
                self.desk.vault.note(|file| file.note(&rival, Progress::Mined { height }))?;
                return Ok(Some(rival));
            }
        }
        self.desk.vault.note(|file| {
            let rival = file.outbox.find(&txid).and_then(|this| file.outbox.mined_instead_of(this));
            Ok(rival.map(|rival| *rival.txid()))
        })
    }

    /// Whether another was signed here before this one.
    fn was_to_displace(&self, other: &Txid) -> Result<bool> {
        let txid = self.txid();
        self.desk.vault.note(|file| {
            let first = file.outbox.iter().find(|sent| *sent.txid() == txid || sent.txid() == other);
            Ok(first.is_some_and(|first| first.txid() == other))
        })
    }

    /// What was signed here with the number of this one.
    fn rivals(&self) -> Result<Vec<Txid>> {
        let (txid, body) = (self.txid(), &self.transaction.body);
        let (account, nonce) = (body.policy.address(), body.nonce);
        self.desk.vault.note(|file| {
            let of_it = file.outbox.iter().filter(|sent| *sent.account() == account && sent.nonce() == nonce);
            Ok(of_it.map(|sent| *sent.txid()).filter(|rival| *rival != txid).collect())
        })
    }

    /// Whether the next block could take it in.
    fn is_timely(&self, transaction: &Transaction) -> Result<bool> {
        let height = self.desk.chain.next_height()?;
        Ok(transaction.body.expiry.is_none_or(|expiry| expiry >= height))
    }

    fn others_of_its_order(&self) -> Result<Vec<Transaction>> {
        let txid = self.txid();
        self.desk.vault.note(|file| {
            let Some(this) = file.outbox.find(&txid) else { return Ok(Vec::new()) };
            let others =
                file.outbox.iter().filter(|sent| *sent.txid() != txid && sent.is_of_one_order_with(this));
            Ok(others.map(|sent| sent.transaction().clone()).collect())
        })
    }

    /// Follows another that does the same from now on.
    fn go_over_to(&mut self, same: Transaction) {
        let said = format!(
            "{} took the place of {} and does the same: that is followed",
            same.body.txid(),
            self.txid()
        );
        self.line.beside(|| self.desk.say(&said));
        (self.transaction, self.mined, self.is_behind) = (same, None, false);
    }

    /// The last block it could stand in has passed: for good where that provably lies deep enough.
    fn expired(&mut self) -> Result<Option<Seen>> {
        let why = "the last block it could stand in has passed".to_owned();
        let Some(expiry) = self.transaction.body.expiry else {
            let why =
                "the node says that the last block it could stand in has passed, and there is no such block";
            return Err(self.in_doubt(why.to_owned()));
        };
        let Ok(rival) = self.mined_rival() else { return Ok(None) };
        if rival.is_some() {
            return self.replaced(rival);
        }
        // Whoever says an order again may have had it signed anew, until a later block.
        let mut last = (expiry, self.transaction.body.clone());
        for other in self.others_of_its_order()? {
            let Ok(is_timely) = self.is_timely(&other) else { return Ok(None) };
            if is_timely {
                return self.outlived_by(other);
            }
            let expiry = other.body.expiry.unwrap_or(last.0);
            last = if expiry > last.0 { (expiry, other.body) } else { last };
        }
        let (expiry, body) = last;
        let tip = self.desk.chain.client.tip().map_or(expiry, |tip| tip.height);
        let passed = tip.0.saturating_sub(expiry.0);
        if passed < LOST_DEPTH {
            return Ok(self.wait_in_doubt(&why, &format!("{passed} of the {LOST_DEPTH} blocks")));
        }
        let proven = self.desk.proves_void(&body);
        // Its number goes to what is sent next, the same included.
        Err(self.lost_if(proven, &why, ""))
    }

    /// Another that was signed for the same order can be mined yet: it is followed where it waits.
    fn outlived_by(&mut self, other: Transaction) -> Result<Option<Seen>> {
        let txid = other.body.txid();
        let waits = |file: &SentFile| file.outbox.find(&txid).is_some_and(Sent::is_on_its_way);
        if self.desk.vault.note(|file| Ok(waits(file)))? {
            self.go_over_to(other);
            return Ok(None);
        }
        let why = format!(
            "its last block has passed, and {txid}, which was signed for the same order, may be mined yet"
        );
        Err(self.in_doubt(why))
    }

    /// Goes on waiting: what speaks against it may be taken back yet.
    fn wait_in_doubt(&mut self, why: &str, so_far: &str) -> Option<Seen> {
        let doubt = format!("{why}; {so_far} are there that make it certain");
        self.line.say(doubt.clone());
        self.doubt = Some(doubt);
        None
    }

    /// Lost where the node proved it, in doubt where it only says so.
    fn lost_if(&self, proven: Result<bool>, why: &str, way_on: &str) -> anyhow::Error {
        match proven {
            Ok(true) => {
                let txid = self.txid();
                // Whoever is told so pays by other ways: this order is not signed anew.
                match self.desk.vault.note(|file| file.lose(&txid)) {
                    Ok(()) => Ended::Lost { txid, why: format!("{why}{way_on}") }.into(),
                    Err(error) => self.in_doubt(format!("{why}, and that cannot be noted ({error:#})")),
                }
            }
            Ok(false) => {
                self.in_doubt(format!("{why}, which the node says and does not prove{}", self.unprovable()))
            }
            Err(error) => self.in_doubt(format!("{why}, which the node says and does not prove ({error:#})")),
        }
    }

    /// Why no node can prove it, where that is so, and what then ends the doubt.
    fn unprovable(&self) -> &'static str {
        let txid = self.txid();
        let seen = self.desk.vault.note(|file| Ok(file.outbox.find(&txid).and_then(Sent::seen)));
        match seen {
            Ok(None) => {
                ". No node can, as no header had been checked when it was signed (`cairn wallet balance --verify` does that for the \
                 next): it is in doubt for a week and 1440 blocks. Whoever is sure before that, and ordered it with a key, pays under \
                 another; without one, as is said when it is ordered again"
            }
            Ok(Some(_)) | Err(_) => "",
        }
    }

    fn txid(&self) -> Txid {
        self.transaction.body.txid()
    }

    /// Nobody waits any more.
    fn over(&mut self, why: String) -> anyhow::Error {
        match self.doubt.take() {
            Some(doubt) => self.in_doubt(doubt),
            None if self.is_behind => {
                let body = &self.transaction.body;
                self.desk.say_hole(&body.policy.address(), body.nonce);
                let why = format!("{why}: it waits for an earlier one of its account");
                Ended::OnItsWay { txid: self.txid(), why }.into()
            }
            None => Ended::OnItsWay { txid: self.txid(), why }.into(),
        }
    }

    fn in_doubt(&self, why: String) -> anyhow::Error {
        Ended::InDoubt { txid: self.txid(), why }.into()
    }
}
