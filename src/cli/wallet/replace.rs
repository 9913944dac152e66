//! `cairn wallet bump` and `cancel`: another transaction in the place of one that waits.

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::Args;

use super::Options;
use super::ends::{Ended, Undone};
use super::follow::Patience;
use super::hearing::displacing;
use super::order::ask_for_yes;
use super::paying::Desk;
use super::proofs::checked_tip;
use super::sent::SentFile;
use super::wording::lack_words;
use crate::api::view::Standing;
use crate::codec::List;
use crate::types::{Action, Amount, Body, Note, Transaction, Txid};
use crate::wallet::{
    NamedBy, Progress, Purpose, Sent, Signing, SigningError, Warning, fee_for, fee_warning, paid_by,
};

/// What is put in the place of a payment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Instead {
    /// The same for a higher fee.
    Same,
    /// Nothing but a note without words: so it pays nobody, and its number is used.
    Nothing,
}

impl Instead {
    /// Like another in all but what it does, and for how long.
    fn of(self, body: &Body) -> Result<Body> {
        let body = body.clone();
        Ok(match self {
            Self::Same => body,
            // For as long as it takes: the last block of what it stands for may have passed.
            Self::Nothing => {
                Body { actions: List::new(vec![Action::Note(Note::default())])?, expiry: None, ..body }
            }
        })
    }
}

/// What nodes ask of a transaction that takes another's place: so many percent more than that gave.
const MORE_PERCENT: u64 = 10;

#[derive(Args)]
pub(super) struct Replace {
    /// Which transaction, of those that this wallet sent.
    txid: Txid,
    /// What the miner gets now, in coins [default: what it takes to be in the next block, and a tenth more than before; what has
    /// taken its place already is followed, and not raised again].
    #[arg(long, value_name = "AMOUNT")]
    fee: Option<Amount>,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// Give a fee that is far more than it takes, without being asked.
    #[arg(long)]
    high_fee: bool,
    #[command(flatten)]
    patience: Patience,
}

impl Replace {
    /// The same payment for a higher fee.
    pub fn bump(&self, options: &Options) -> Result<()> {
        self.run(options, Instead::Same)
    }

    /// Nothing in its place.
    pub fn cancel(&self, options: &Options) -> Result<()> {
        self.run(options, Instead::Nothing)
    }

    fn run(&self, options: &Options, what: Instead) -> Result<()> {
        let desk = Desk::open(options)?;
        if let Some(sent) = self.before(&desk, what)? {
            desk.say(&format!("{} does that already: it is followed, and not signed again", sent.txid()));
            if sent.progress() == Progress::Signed {
                desk.send(sent.transaction())?;
            }
            return self.follow(&desk, sent.transaction(), what, true);
        }
        let (before, is_there) = self.waiting(&desk, what)?;
        let mut body = what.of(&before.body)?;
        self.check_timely(&desk, &body)?;
        body.fee = self.fee_of(&desk, &before, is_there)?;
        say_displaced(&desk, &before)?;
        let named_by = if self.fee.is_some() { NamedBy::Payer } else { NamedBy::Node };
        let high = high_fee(&desk, &before, body.fee, named_by)?;
        if let Some(high) = high.as_ref().filter(|_| self.yes && !self.high_fee) {
            let why = format!("{high} Say --high-fee if you mean it");
            return Err(Ended::declined(why, Undone::Replaced));
        }
        let note = high.map_or_else(String::new, |high| format!("Note: {high}\n"));
        let shown = format!(
            "{} gave the miner {}; in its place one that {}\ngives {}.\n{note}",
            before.body.txid(),
            before.body.fee,
            if what == Instead::Same { "pays the same" } else { "pays nobody" },
            body.fee
        );
        if !self.yes {
            let question = if what == Instead::Same { "Raise the fee?" } else { "Take it back?" };
            ask_for_yes(&shown, question, Undone::Replaced)?;
        }
        let transaction = self.sign(&desk, body, &before, what)?;
        desk.send(&transaction)?;
        self.follow(&desk, &transaction, what, false)
    }

    /// Waits for blocks, and says what became of it.
    ///
    /// # Security
    /// The command that ordered the payment may be said again until it ends well, by a program that knows nothing of this one: of a
    /// raised fee, too, it is told itself, before it can mean another payment.
    fn follow(
        &self,
        desk: &Desk<'_>,
        transaction: &Transaction,
        what: Instead,
        repeated: bool,
    ) -> Result<()> {
        if what == Instead::Nothing {
            return desk.follow(transaction, &self.patience, repeated);
        }
        if let Some(txid) = desk.watch(transaction, &self.patience, repeated)? {
            desk.vault.told(&txid);
        }
        Ok(())
    }

    /// What was signed before to do just this, and waits or is mined: whoever says the same again means that, whether they were cut off
    /// or told that it waits.
    ///
    /// One that was named itself and that no node may have heard of is such a one where it is to do the same.
    ///
    /// # Security
    /// Else a script that repeats a `bump` until a block comes raises the fee each time, without end. A higher fee than the last takes
    /// --fee, or the name of what has that.
    fn before(&self, desk: &Desk<'_>, what: Instead) -> Result<Option<Sent>> {
        let account =
            desk.vault.note(|file| Ok(file.outbox.find(&self.txid).map(|named| *named.account())))?;
        let Some(account) = account else { return Ok(None) };
        // What was mined meanwhile decides what stands.
        desk.look_after(&account)?;
        desk.vault.note(|file| {
            let outbox = &file.outbox;
            let Some(named) = outbox.find(&self.txid) else { return Ok(None) };
            let stands = outbox.mined_instead_of(named).unwrap_or_else(|| outbox.stands_for(named));
            let body = &stands.transaction().body;
            let is_asked = body.actions == what.of(&named.transaction().body)?.actions
                && self.fee.is_none_or(|fee| fee == body.fee);
            let is_there = match stands.progress() {
                Progress::Signed => true,
                Progress::Taken => stands.txid() != named.txid(),
                // Whoever asked for it was never told that it did what it was for.
                Progress::Mined { .. } => {
                    stands.txid() != named.txid() && (what == Instead::Nothing || !stands.is_reported())
                }
                Progress::Refused | Progress::Passed { .. } => false,
            };
            if what == Instead::Same {
                check_not_paid_anew(stands)?;
            }
            Ok((is_asked && is_there).then(|| stands.clone()))
        })
    }

    /// Refuses to raise the fee of what no block can take in any more.
    fn check_timely(&self, desk: &Desk<'_>, body: &Body) -> Result<()> {
        let height = desk.chain.next_height()?;
        if let Some(expiry) = body.expiry.filter(|expiry| *expiry < height) {
            bail!(
                "too late: {} could stand in no block above height {expiry}, and the next is at height {height}. `cairn wallet cancel \
                 {0}` puts nothing in its place; else what is sent next takes its number",
                self.txid
            );
        }
        Ok(())
    }

    /// The transaction that stands for the nonce of the one that was named, if another can still take its place; and whether a node
    /// has it.
    fn waiting(&self, desk: &Desk<'_>, what: Instead) -> Result<(Transaction, bool)> {
        let found = desk.vault.note(|file| {
            let sent = self.standing(file, what)?;
            let progress = file.outbox.find(&sent.body.txid()).map(Sent::progress);
            Ok((sent, progress == Some(Progress::Taken)))
        });
        let (sent, is_taken) = found.map_err(|error| late_by_memory(desk, error))?;
        let txid = sent.body.txid();
        if txid != self.txid {
            desk.say(&format!("{txid} took the place of {} and does the same: that is meant", self.txid));
        }
        match desk.chain.client.transaction(&txid)?.map(|view| view.standing) {
            Some(Standing::Confirmed { height, .. }) => Err(Ended::TooLate { txid, height }.into()),
            Some(Standing::Replaced { by: Some(by) }) => bail!(
                "another took the place of {txid} already: `cairn wallet show {by}` says what it does, `cairn wallet bump {by}` \
                 raises its fee"
            ),
            Some(Standing::Replaced { by: None }) => bail!("another took the place of {txid} already"),
            Some(Standing::Pending { .. }) => Ok((sent, true)),
            _ => Ok((sent, is_taken)),
        }
    }

    /// What was signed last for the nonce of the one that was named, where it does the same.
    fn standing(&self, file: &SentFile, what: Instead) -> Result<Transaction> {
        let named = file.outbox.find(&self.txid).with_context(|| {
            format!("{} was not sent from this wallet, or is settled for good", self.txid)
        })?;
        if let Some((mined, height)) =
            file.outbox.mined_instead_of(named).and_then(|it| Some((it, it.mined_at()?)))
        {
            let txid = *mined.txid();
            if mined.transaction().body.actions == named.transaction().body.actions {
                return Err(Ended::TooLate { txid, height }.into());
            }
            bail!(
                "{txid}, which has the number of {0}, was seen in the block at height {height}: by that node's word {0} is not mined",
                self.txid
            );
        }
        let stands = file.outbox.stands_for(named);
        let (body, named) = (&stands.transaction().body, &named.transaction().body);
        let (txid, other) = (stands.txid(), self.txid);
        ensure!(
            body.actions == named.actions || stands.progress() != Progress::Signed,
            "{txid} was signed in the place of {other}, and no node may have heard of it: `cairn wallet bump {txid}` sends it"
        );
        let is_asked = what == Instead::Nothing && body.actions == what.of(named)?.actions;
        ensure!(
            body.actions == named.actions || !is_asked,
            "{txid} was signed in the place of {other} and takes it back already: `cairn wallet bump {txid}` raises its fee"
        );
        ensure!(
            body.actions == named.actions,
            "{txid} was signed in the place of {other} and does something else: `cairn wallet bump {txid}` raises its fee, `cairn wallet \
             cancel {txid}` takes it back"
        );
        Ok(stands.transaction().clone())
    }

    /// What it gives. Where no node is known to have what it is put in the place of, whoever says a fee may say less.
    fn fee_of(&self, desk: &Desk<'_>, before: &Transaction, is_there: bool) -> Result<Amount> {
        let least = least_above(before)?;
        match self.fee {
            Some(fee) if fee < least && is_there => {
                let why = format!(
                    "nodes take nothing in the place of another for less than {MORE_PERCENT} % more: {least}"
                );
                Err(Ended::declined(why, Undone::Replaced))
            }
            Some(fee) => Ok(fee),
            None => {
                let usual = fee_for(desk.chain.client.fees()?.next_block, before.names().bytes);
                Ok(usual.max(least))
            }
        }
    }

    /// Has a body signed with all keys of the wallet that its policy names, and written down. What was shown before is shown again.
    fn sign(&self, desk: &Desk<'_>, body: Body, before: &Transaction, what: Instead) -> Result<Transaction> {
        let params = desk.chain.params();
        let height = desk.chain.next_height()?;
        let seen = checked_tip(&desk.vault, &desk.chain);
        desk.vault.sign(&desk.options.passwords(), |wallet, file| {
            ensure!(
                self.standing(file, what)?.body.txid() == before.body.txid(),
                "what stands for {} changed while you were asked: say it again",
                self.txid
            );
            let policy = body.policy.clone();
            let mut signing = Signing::new(body, params)?;
            for secret in wallet.keyring().secret_keys(&policy) {
                signing.sign(&secret)?;
            }
            before.witness.preimages.iter().try_for_each(|preimage| signing.add_preimage(*preimage))?;
            let signed = signing.complete(height, params).map_err(|error| match error {
                SigningError::Lacking(lack) => {
                    let lacking = lack_words(Some(&lack), desk.file.book()).join("; ");
                    anyhow!("this wallet alone cannot replace it: {lacking}")
                }
                error => error.into(),
            });
            let transaction = signed?.transaction().clone();
            file.add(&transaction, Purpose::InPlaceOf(&before.body.txid()), seen)?;
            Ok(transaction)
        })
    }
}

/// The least fee for which nodes put another in its place.
fn least_above(before: &Transaction) -> Result<Amount> {
    let old = before.body.fee;
    let more = Amount::from_pebbles(old.pebbles() / (100 / MORE_PERCENT) + 1);
    old.checked_add(more).context("no fee is higher")
}

/// Says which payment of another order, that a node had once, has the same number.
fn say_displaced(desk: &Desk<'_>, before: &Transaction) -> Result<()> {
    let height = desk.chain.next_height()?;
    let displaced = desk.vault.note(|file| {
        let named = file.outbox.find(&before.body.txid());
        let displaced = named.and_then(|named| file.outbox.gives_way_to(named, height));
        Ok(displaced.map(|sent| *sent.txid()))
    })?;
    if let Some(txid) = displaced {
        desk.say(&displacing(&txid));
    }
    Ok(())
}

/// What is known to be in a block by memory alone may be in none any more.
fn late_by_memory(desk: &Desk<'_>, error: anyhow::Error) -> anyhow::Error {
    let Some(Ended::TooLate { txid, height }) = error.downcast_ref() else { return error };
    let standing = desk.chain.client.transaction(txid).map(|view| view.map(|view| view.standing));
    let is_known = !matches!(standing, Ok(None | Some(Standing::Dropped { .. })));
    let sent = desk.vault.note(|file| Ok(file.outbox.find(txid).map(|sent| (*sent.account(), sent.nonce()))));
    let Ok(Some((account, nonce))) = sent else { return error };
    // A node that has thrown the block away has the number as used.
    match desk.chain.account(&account) {
        Ok(account) if !is_known && account.nonce <= nonce => anyhow!(
            "{txid}, which does the same, was seen in the block at height {height}, and this node has it nowhere: `cairn wallet bump {txid}` \
             goes on with it"
        ),
        _ => error,
    }
}

/// Refuses to have something sent, or followed, that was in doubt and that somebody paid anew since: they would pay both.
fn check_not_paid_anew(stands: &Sent) -> Result<()> {
    let is_mined = matches!(stands.progress(), Progress::Mined { .. });
    if stands.is_weighed() && !is_mined {
        let txid = stands.txid();
        let why = format!(
            "{txid} was in doubt, and the same was paid anew since: with a higher fee it would be paid beside that. `cairn wallet \
             cancel {txid}` puts nothing in its place"
        );
        return Err(Ended::declined(why, Undone::Replaced));
    }
    Ok(())
}

/// What to say about a fee that is far more than it takes.
///
/// # Security
/// However it came about: a tenth more than what was given before is too much, too, where that was.
///
/// Where nobody says a fee it is the node that names it, and a miner's node could name any.
fn high_fee(desk: &Desk<'_>, before: &Transaction, fee: Amount, named_by: NamedBy) -> Result<Option<String>> {
    let (bytes, sent) = (before.names().bytes, paid_by(&before.body));
    let warning = fee_warning(fee, bytes, sent, desk.chain.client.fees()?.floor, named_by);
    let is_high = |warning: &Warning| matches!(warning, Warning::FeeBeyondReason { .. });
    Ok(warning.filter(is_high).map(|warning| warning.words(&desk.chain.params().prefix)))
}
