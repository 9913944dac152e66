//! `cairn wallet prepare`: a payment for others to sign, or for this wallet's keys on another machine.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use super::super::Options;
use super::super::ends::Undone;
use super::super::hearing::{displacing, gives_way};
use super::super::order::{Repeat, Terms};
use super::super::paying::{Desk, check_once};
use super::super::send::{Wish, check_goes_away};
use super::carried::Carried;
use crate::types::{Address, Height, Nonce, Policy};
use crate::wallet::{Known, Means, OfflineFile, Signing, Way, ways};

#[derive(Args)]
pub(in super::super) struct Prepare {
    #[command(flatten)]
    wish: Wish,
    /// Pay all that the account has.
    #[arg(long, conflicts_with = "amount")]
    all: bool,
    #[command(flatten)]
    terms: Terms,
    #[command(flatten)]
    repeat: Repeat,
    /// The number of the transaction among its account's [default: the next]. Of two with the same number one can be mined.
    #[arg(long, value_name = "NUMBER")]
    nonce: Option<u64>,
    /// Write the payment to this file [default: standard output].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Prepare {
    pub fn run(&self, options: &Options) -> Result<()> {
        let desk = Desk::open(options)?;
        let (payments, rest) = if self.all {
            let rest = self.wish.rest(&desk)?;
            check_goes_away(&rest, &self.terms, &desk)?;
            (Vec::new(), Some(rest))
        } else {
            (vec![self.wish.payment(&desk)?], None)
        };
        let order = self.terms.order(desk.file.book(), payments, rest)?;
        let (_, policy) = self.terms.payer(desk.file.book())?;
        desk.check_ready()?;
        let asked = order.ask(&desk.chain)?;
        desk.look_after(&policy.address())?;
        let nonce = self.nonce(&desk, &policy.address(), asked.expected)?;
        let (account, actions, which) = (policy.address(), asked.actions()?, self.repeat.which());
        let given_way = desk.vault.note(|file| {
            check_once(&file.outbox, &account, &actions, nonce, which)?;
            Ok(gives_way(&file.outbox, &asked, nonce, which)?.0.map(|sent| *sent.txid()))
        })?;
        if let Some(given_way) = given_way {
            desk.say(&displacing(&given_way));
        }
        let way = way_for_all(&policy, asked.height()).context(
            "nobody can ever spend from that account: no way of meeting its policy has a key that can sign",
        )?;
        let prepared = asked.prepare_for(&desk.chain, nonce, &way)?;
        asked.check_fee(&prepared, &desk.chain, self.terms.high_fee, Undone::Prepared)?;
        desk.show(asked.shown(&prepared, desk.file.book(), &desk.chain).trim_end());
        desk.say_hole(&policy.address(), nonce);
        let mut signing = Signing::new(prepared.body, desk.chain.params())?;
        self.terms.preimages.all()?.into_iter().try_for_each(|preimage| signing.add_preimage(preimage))?;
        let known = Known { balance: Some(asked.balance), height: asked.height().previous() };
        let file = OfflineFile { signing, known };
        let carried = Carried { file, genesis: &desk.chain.genesis, book: desk.file.book() };
        // What is only prepared is signed elsewhere, if at all: it cannot be counted here.
        let next = nonce.next();
        if let Some(next) = next {
            desk.say(&format!(
                "This is number {nonce} of its account. Another that is prepared before this one is sent needs --nonce {next}"
            ));
        }
        carried.hand_on(options, self.out.as_deref(), next)
    }

    /// The next number, what this wallet sent counted as well.
    fn nonce(&self, desk: &Desk<'_>, account: &Address, expected: Nonce) -> Result<Nonce> {
        if let Some(nonce) = self.nonce {
            return Ok(Nonce(nonce));
        }
        desk.vault.note(|sent| Ok(sent.outbox.next_nonce(account, expected)?))
    }
}

/// The way that the fee is reckoned for: the longest of those that are open in this block, or of all where none is, so that the
/// fee is enough whoever signs.
fn way_for_all(policy: &Policy, height: Height) -> Option<Way> {
    let all = Means::all(policy);
    let open = ways(policy, &Means { height, ..all.clone() });
    let open = if open.is_empty() { ways(policy, &all) } else { open };
    open.into_iter().next_back()
}
