//! `cairn wallet combine` and `submit`: signatures of several brought together, and sent.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use clap::Args;

use super::super::Options;
use super::super::ends::{Ended, Undone};
use super::super::follow::Patience;
use super::super::hearing::displacing;
use super::super::order::Repeat;
use super::super::paying::{Desk, check_once};
use super::super::preimages::Preimages;
use super::super::proofs::checked_tip;
use super::super::wording::lack_words;
use super::carried::Carried;
use crate::api::view::Standing;
use crate::types::Transaction;
use crate::wallet::{Outbox, Progress, Purpose, Sent, SigningError};

#[derive(Args)]
pub(in super::super) struct Combine {
    /// Files of the same payment, each signed by some; one of them may be `-`, standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write what comes of them to this file [default: standard output].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The file that the wallet's chain begins with [default: the one that a node told, or the devnet's].
    #[arg(long, env = "CAIRN_GENESIS", value_name = "FILE")]
    genesis: Option<PathBuf>,
}

#[derive(Args)]
pub(in super::super) struct Submit {
    /// A payment that enough have signed; `-` is standard input.
    file: PathBuf,
    #[command(flatten)]
    preimages: Preimages,
    #[command(flatten)]
    repeat: Repeat,
    #[command(flatten)]
    patience: Patience,
}

impl Combine {
    pub fn run(&self, options: &Options) -> Result<()> {
        let wallet = options.vault()?.read()?;
        let genesis = options.ground(wallet.network(), self.genesis.as_deref())?;
        let mut files = self.files.iter();
        let first = files.next().context("no file was named")?;
        let mut together = Carried::read(first, &genesis, wallet.book())?;
        for path in files {
            let other = Carried::read(path, &genesis, wallet.book())?;
            together.file.signing.combine(&other.file.signing).with_context(|| path.display().to_string())?;
        }
        together.hand_on(options, self.out.as_deref(), None)
    }
}

impl Submit {
    pub fn run(&self, options: &Options) -> Result<()> {
        let desk = Desk::open(options)?;
        let transaction = self.transaction(&desk)?;
        let (sender, txid) = (transaction.body.policy.address(), transaction.body.txid());
        let standing = desk.chain.client.transaction(&txid)?.map(|view| view.standing);
        let known = desk.vault.note(|sent| Ok(sent.outbox.find(&txid).map(Sent::progress)))?;
        let mut repeated = matches!(standing, Some(Standing::Pending { .. } | Standing::Confirmed { .. }))
            || matches!(known, Some(Progress::Mined { .. }));
        if !repeated {
            desk.check_ready()?;
            let is_ours = desk.file.book().account_at(&sender).is_some();
            repeated = is_ours && !self.write_down(&desk, &transaction)?;
        }
        if !repeated {
            desk.send(&transaction)?;
        }
        desk.say_hole(&sender, transaction.body.nonce);
        desk.follow(&transaction, &self.patience, repeated)
    }

    /// Writes it down, unless the same was paid before, and says whose place it takes; gives whether it is to be sent.
    ///
    /// # Security
    /// Looked at and written under one lock: two commands at once, each of which found nothing, would pay twice.
    fn write_down(&self, desk: &Desk<'_>, transaction: &Transaction) -> Result<bool> {
        let (body, which) = (&transaction.body, self.repeat.which());
        let seen = checked_tip(&desk.vault, &desk.chain);
        let (account, txid) = (body.policy.address(), body.txid());
        desk.look_after(&account)?;
        let height = desk.chain.next_height()?;
        let (is_mined, displaced, given_way) = desk.vault.note(|file| {
            let outbox = &file.outbox;
            match outbox.find(&txid) {
                Some(known) if known.is_mined() => return Ok((true, None, None)),
                Some(known) if known.is_weighed() => return Err(paid_anew(known)),
                // It would come to life again.
                Some(known) if outbox.instead_of(known).is_some() => return Err(given_up(outbox, known)),
                // Sent before: the chain takes it once.
                Some(_) => file.add(transaction, Purpose::InPlaceOf(&txid), seen)?,
                None => {
                    check_once(outbox, &account, &body.actions, body.nonce, which)?;
                    // What does the same with the same number is of that order, with its key.
                    let same = outbox
                        .iter()
                        .rfind(|sent| sent.nonce() == body.nonce && sent.does(&account, &body.actions));
                    let same = same.map(|sent| *sent.txid());
                    file.add(transaction, same.as_ref().map_or(which.purpose(), Purpose::InPlaceOf), seen)?;
                }
            }
            let outbox = &file.outbox;
            let own = outbox.find(&txid);
            let displaced = own.and_then(|sent| outbox.instead_of(sent));
            let given_way = own.and_then(|sent| outbox.gives_way_to(sent, height));
            Ok((false, displaced.map(|sent| *sent.txid()), given_way.map(|sent| *sent.txid())))
        })?;
        if let Some(given_way) = given_way {
            desk.say(&displacing(&given_way));
        }
        if let Some(displaced) = displaced {
            desk.say(&format!("{txid} has the number of {displaced}, which waits, and takes its place where the node takes it"));
        }
        Ok(!is_mined)
    }

    /// The transaction, if it is complete for the next block.
    fn transaction(&self, desk: &Desk<'_>) -> Result<Transaction> {
        let mut carried = Carried::read(&self.file, &desk.chain.genesis, desk.file.book())?;
        let signing = &mut carried.file.signing;
        self.preimages.all()?.into_iter().try_for_each(|preimage| signing.add_preimage(preimage))?;
        match signing.complete(desk.chain.next_height()?, desk.chain.params()) {
            Ok(checked) => Ok(checked.transaction().clone()),
            Err(SigningError::Lacking(lack)) => {
                let lacking = lack_words(Some(&lack), desk.file.book()).join("; ");
                Err(anyhow!("{} is not complete: {lacking}", self.file.display()))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Why one is not sent whose place another has taken since.
fn given_up(outbox: &Outbox, known: &Sent) -> anyhow::Error {
    let (txid, instead) = (*known.txid(), outbox.stands_for(known).txid());
    let why = format!(
        "{instead} was signed to take the place of {txid}, and waits: `cairn wallet show {instead}` says what it does. Where {txid} is \
         meant after all, `cairn wallet prepare` it once more, with the number and a higher fee"
    );
    Ended::Repeats { txid, why, undone: Undone::SentAgain }.into()
}

/// Why one is not sent that was in doubt until somebody paid the same beside it.
fn paid_anew(known: &Sent) -> anyhow::Error {
    let txid = *known.txid();
    let why = format!(
        "{txid} was in doubt, and the same was paid anew since: both would be paid. Whoever means a further one prepares that"
    );
    Ended::Repeats { txid, why, undone: Undone::SentAgain }.into()
}
