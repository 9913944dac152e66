//! What a node says of transactions that were signed here, and what it is told of them.
//!
//! What is made of its word is decided in [`crate::wallet::Outbox`].

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::ends::{Ended, Undone};
use super::now;
use super::order::{Asked, Which, ask_for_yes};
use super::paying::Desk;
use crate::api::view::{Standing, SyncView};
use crate::api::{Code, Problem};
use crate::cli::secrets::beside;
use crate::client::ClientError;
use crate::types::{Action, Address, Nonce, Transaction, Txid};
use crate::wallet::{Look, Outbox, Progress, Sent, Word, describe};

/// Seconds after which a command that signed something and has not sent it is taken to be cut off.
const FRESH_SECONDS_MAX: u32 = 4;
/// How often it is looked whether it was sent.
const PAUSE: Duration = Duration::from_millis(50);

/// What a node said to a transaction.
pub(super) enum Heard {
    /// It has it.
    Taken,
    /// It will not have it.
    Refused(Box<Problem>),
}

impl Heard {
    fn progress(&self) -> Progress {
        match self {
            Self::Taken => Progress::Taken,
            Self::Refused(_) => Progress::Refused,
        }
    }
}

/// What a node's answer says of a transaction, in the words of the outbox.
fn word(standing: Option<&Standing>) -> Word {
    match standing {
        Some(Standing::Confirmed { height, .. }) => Word::Confirmed(*height),
        Some(Standing::Pending { .. }) => Word::Pending,
        Some(Standing::Replaced { .. }) => Word::Replaced,
        Some(Standing::Expired) => Word::Expired,
        Some(Standing::Dropped { .. }) | None => Word::Unknown,
    }
}

impl Desk<'_> {
    /// Looks at what became of all that this account sent.
    pub fn look_after(&self, address: &Address) -> Result<()> {
        let client = &self.chain.client;
        let look = Look { nonce: self.chain.account(address)?.nonce, tip: client.tip()?.height, now: now() };
        let ours: Vec<Sent> = self.vault.note(|file| {
            Ok(file.outbox.iter().filter(|sent| sent.account() == address).cloned().collect())
        })?;
        let words: Result<Vec<(Txid, Word)>, ClientError> = ours
            .iter()
            .map(|sent| {
                let standing = client.transaction(sent.txid())?.map(|view| view.standing);
                Ok((*sent.txid(), word(standing.as_ref())))
            })
            .collect();
        let words = words?;
        self.vault.note(|file| {
            words.iter().for_each(|(txid, word)| file.outbox.hear(txid, *word, &look));
            file.outbox.settle(address, &look);
            file.save()
        })
    }

    /// Tells the node again what it does not know of this account's, and says so: it may be another node, or have lost its pool.
    /// What is to be paid now is left to whoever carries out that order.
    ///
    /// What no node may ever have heard of, is in doubt, or stood in a block that this node does not have, is sent only where somebody
    /// agrees: it may be forgotten, of a chain that was begun anew, or given up for another.
    pub fn tell_again(
        &self,
        address: &Address,
        order: &[Action],
        which: Which<'_>,
        first_behind: Nonce,
        yes: bool,
    ) -> Result<()> {
        let expected = self.chain.account(address)?.next_nonce;
        let untold = self.vault.note(|file| {
            let untold = file.outbox.untold(address, expected).into_iter();
            Ok(untold.cloned().collect::<Vec<Sent>>())
        })?;
        for sent in &untold {
            let (transaction, txid) = (sent.transaction(), sent.txid());
            if self.is_sent_by_another(sent)? {
                continue;
            }
            // Of what a node took, and nobody has given up for another since, it is certain that it is meant.
            if sent.progress() != Progress::Taken || sent.is_weighed() {
                // One that is over with is not carried out again: what is ordered now comes behind it.
                let goes_on = matches!(which, Which::Once(_)) || !sent.is_closed();
                if which.is_of(sent, address, order) && goes_on {
                    continue;
                }
                // Nor is anybody asked about what does not come before it.
                if sent.nonce() >= first_behind {
                    continue;
                }
                self.agree_to_tell(sent, yes)?;
            }
            match self.tell(transaction)? {
                Heard::Taken => self.say(&format!(
                    "{txid}, which was signed before and which this node did not know, was sent to it again"
                )),
                Heard::Refused(problem) => self.say(&format!(
                    "{txid}, which was signed before, is not taken any more: {}. `cairn wallet bump {txid}` sends the same for a \
                     higher fee, `cairn wallet cancel {txid}` puts nothing in its place; else its \
                     number goes to the next payment that you agree to",
                    problem.detail
                )),
            }
        }
        Ok(())
    }

    /// Whether another command was about to send it, and did.
    fn is_sent_by_another(&self, sent: &Sent) -> Result<bool> {
        let begun = Instant::now();
        let mut is_signed = sent.progress() == Progress::Signed;
        while is_signed {
            let is_fresh = now().0.saturating_sub(sent.since().0) < FRESH_SECONDS_MAX;
            if !is_fresh || begun.elapsed().as_secs() >= FRESH_SECONDS_MAX.into() {
                return Ok(false);
            }
            thread::sleep(PAUSE);
            let progress = self.vault.note(|file| Ok(file.outbox.find(sent.txid()).map(Sent::progress)))?;
            is_signed = progress == Some(Progress::Signed);
        }
        Ok(sent.progress() == Progress::Signed)
    }

    /// Has somebody agree to a payment of another day being sent; else nothing is.
    fn agree_to_tell(&self, sent: &Sent, yes: bool) -> Result<()> {
        let txid = sent.txid();
        let why = match sent.progress() {
            Progress::Taken => {
                format!("{txid} was signed before, was in doubt, and the same was paid anew since")
            }
            Progress::Mined { height } => {
                format!("{txid} was seen in the block at height {height}, and this node has it nowhere")
            }
            Progress::Passed { .. } => format!(
                "{txid} was signed before, and what became of it is in doubt: a node said that its number went to another, and by \
                 this node's word it did not"
            ),
            _ => format!("{txid} was signed before, and no node may have heard of it"),
        };
        if yes {
            let ways = self.ways_out(sent);
            let why = format!("{why}. It comes before this one: {ways}");
            return Err(Ended::ComesFirst { txid: *txid, why, undone: Undone::Sent }.into());
        }
        let body = describe(&sent.transaction().body, &self.chain.params().prefix).join("\n");
        ask_for_yes(&format!("{why}.\n{body}\n"), "It comes before this one. Send it now?", Undone::Sent)
    }

    /// Has somebody agree to what is paid now taking the number of what a node had once and will not have any more: whoever ordered
    /// that may think that it is on its way. Else nothing is sent.
    pub fn agree_to_displace(&self, asked: &Asked, nonce: Nonce, which: Which<'_>, yes: bool) -> Result<()> {
        let (gives_way, has_own) = self.vault.note(|file| {
            let (gives_way, has_own) = gives_way(&file.outbox, asked, nonce, which)?;
            Ok((gives_way.cloned(), has_own))
        })?;
        let Some(sent) = gives_way else { return Ok(()) };
        let why = displacing(sent.txid());
        if yes {
            let ways = self.ways_out(&sent);
            let own = match which {
                Which::Once(key) if has_own => {
                    format!(
                        ". Either has the number of the order `{key}`, which is then paid under another key alone"
                    )
                }
                Which::Once(_) | Which::Plain | Which::Beside(_) => String::new(),
            };
            let why = format!("{why}. Say first what becomes of it: {ways}{own}");
            return Err(Ended::ComesFirst { txid: *sent.txid(), why, undone: Undone::Sent }.into());
        }
        let body = describe(&sent.transaction().body, &self.chain.params().prefix).join("\n");
        ask_for_yes(&format!("{why}.\n{body}\n"), "Pay this in its place?", Undone::Sent)
    }

    /// What can be done about a payment that stands before others: first what harms nobody, last what forgets.
    fn ways_out(&self, sent: &Sent) -> String {
        let txid = sent.txid();
        let bump = match sent.progress() {
            // It would be paid beside that.
            _ if sent.is_weighed() => String::new(),
            Progress::Signed => format!(" `cairn wallet bump {txid}` sends it;"),
            _ => format!(" `cairn wallet bump {txid}` sends it for a higher fee;"),
        };
        let ways = format!(
            "`cairn wallet show {txid}` looks for it, another node with --node;{bump} `cairn wallet cancel {txid}` puts nothing in its \
             place"
        );
        match sent.progress() {
            Progress::Mined { .. } => format!(
                "{ways}. Only where the chain was begun anew, move {} away: it guards against paying twice",
                beside(self.vault.path(), ".sent").display()
            ),
            _ => ways,
        }
    }

    /// Tells the node of a transaction that is written down, and notes what it says. Where nobody answers, or not to the point,
    /// it is kept as it was.
    pub fn tell(&self, transaction: &Transaction) -> Result<Heard> {
        let heard = self.submit(transaction)?;
        self.note(&transaction.body.txid(), heard.progress());
        Ok(heard)
    }

    /// The same for one that somebody waits for, and that its node forgot; nothing where it is not what stands for its order.
    ///
    /// No lock is held meanwhile, since a node may take its time. Where it is taken back just then, the node hears of both, and takes one;
    /// where the same is paid anew, somebody knew that this one may yet be mined.
    pub fn tell_what_stands(&self, transaction: &Transaction) -> Result<Option<Heard>> {
        let txid = transaction.body.txid();
        let stands = || {
            self.vault.note(|file| {
                let is_passed = |sent: &Sent| matches!(sent.progress(), Progress::Passed { .. });
                // What is not ours was never written down.
                let known = file.outbox.find(&txid);
                Ok(known.is_none_or(|sent| file.outbox.may_be_sent(sent) && !is_passed(sent)))
            })
        };
        if !stands()? {
            return Ok(None);
        }
        let heard = self.submit(transaction)?;
        if !stands()? {
            return Ok(None);
        }
        self.note(&txid, heard.progress());
        Ok(Some(heard))
    }

    fn submit(&self, transaction: &Transaction) -> Result<Heard> {
        match self.chain.client.submit(transaction) {
            Ok(_) => Ok(Heard::Taken),
            // It is there already.
            Err(ClientError::Problem(problem)) if problem.code == Code::OtherWitness => Ok(Heard::Taken),
            Err(ClientError::Problem(problem)) if problem.code.is_verdict() => Ok(Heard::Refused(problem)),
            Err(error) => {
                let txid = transaction.body.txid();
                Err(error).with_context(|| {
                    format!(
                        "{txid} is signed and kept, and may not have been heard of: say the same again, and it is sent once"
                    )
                })
            }
        }
    }

    /// Refuses to have something new signed by the word of a node that says of itself that it lacks blocks, or takes nothing in.
    ///
    /// Where it only has heard of no block for long, nobody may have mined one, and it is as good as any: that is said.
    pub fn check_ready(&self) -> Result<()> {
        let client = &self.chain.client;
        let problem = match client.ready() {
            Err(ClientError::Problem(problem)) if problem.code == Code::NotReady => problem,
            // Whoever hides that it is not lies about the rest as well.
            _ => return Ok(()),
        };
        let (url, why) = (client.url(), problem.detail.clone());
        let status = client.status()?;
        if status.sync != SyncView::Synced || status.stopped.is_some() {
            return Err(ClientError::Problem(problem)).with_context(|| {
                format!(
                    "the node at {url} is not ready, so nothing is paid by its word: wait until it is, or ask another with --node"
                )
            });
        }
        self.say(&format!("the node at {url} may be behind: {why}. Where others have more blocks, ask one of those with --node"));
        Ok(())
    }

    /// Notes what a node said to a transaction. Where that cannot be written the node has said it all the same, and what was
    /// written before suffices for never paying twice.
    fn note(&self, txid: &Txid, progress: Progress) {
        let Err(error) = self.vault.note(|file| file.note(txid, progress)) else { return };
        let said = match progress {
            Progress::Refused => "was not taken by the node",
            _ => "is sent",
        };
        self.say(&format!("{txid} {said}, which could not be noted ({error:#})"));
    }

    /// Sends a transaction that is written down.
    pub fn send(&self, transaction: &Transaction) -> Result<()> {
        match self.tell(transaction)? {
            Heard::Taken => Ok(()),
            Heard::Refused(problem) => {
                let txid = transaction.body.txid();
                self.say_hole(&transaction.body.policy.address(), transaction.body.nonce);
                Err(ClientError::Problem(problem)).with_context(|| {
                    format!("the node did not take {txid}; its number goes to what is sent next, so that at most one of both is mined")
                })
            }
        }
    }
}

/// What of another order gives its number to this one, though a node had it once; and whether that number is this order's own. What
/// was signed before this order was last signed with it has given way already.
pub(super) fn gives_way<'a>(
    outbox: &'a Outbox,
    asked: &Asked,
    nonce: Nonce,
    which: Which<'_>,
) -> Result<(Option<&'a Sent>, bool)> {
    let (account, actions) = (asked.account(), asked.actions()?);
    let giving: BTreeSet<&Txid> = outbox.gives_way(&account, nonce, asked.height()).map(Sent::txid).collect();
    let (mut last, mut has_own) = (None, false);
    for sent in outbox.iter().filter(|sent| *sent.account() == account && sent.nonce() == nonce) {
        if which.is_of(sent, &account, &actions) {
            (last, has_own) = (None, true);
        } else if giving.contains(sent.txid()) {
            last = Some(sent);
        }
    }
    Ok((last, has_own))
}

/// What is to be said of one that gives its number away.
pub(super) fn displacing(txid: &Txid) -> String {
    format!(
        "{txid} was on its way, and a node that was asked did not take it again; this takes its number, so that no more than one of both \
         is made"
    )
}
