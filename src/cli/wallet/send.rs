//! `cairn wallet send` and `sweep`: paying.

use anyhow::{Context, Result, anyhow, ensure};
use clap::Args;

use super::Options;
use super::order::{Manner, Mistyped, Terms, payee};
use super::paying::Desk;
use crate::types::{Amount, Prefix, Reference};
use crate::wallet::{Link, LinkError, Payment, Rest, explain_mistyped, quoted, read_reference};

/// A payment.
#[derive(Args)]
pub(super) struct Wish {
    /// Who is paid: an address, an account or a contact of this wallet, or a payment link.
    to: String,
    /// How much, in coins, such as 12.5 or 12.5CRN. A link may say it.
    amount: Option<Amount>,
    /// What it is for, as whoever is paid asked for it: up to 32 bytes of text, or `hex:` and digits.
    #[arg(long, value_name = "TEXT", value_parser = read_reference)]
    reference: Option<Reference>,
}

#[derive(Args)]
pub(super) struct Send {
    #[command(flatten)]
    wish: Wish,
    #[command(flatten)]
    manner: Manner,
}

#[derive(Args)]
pub(super) struct Sweep {
    /// Who gets everything.
    to: String,
    /// What it is for.
    #[arg(long, value_name = "TEXT", value_parser = read_reference)]
    reference: Option<Reference>,
    #[command(flatten)]
    manner: Manner,
}

impl Send {
    pub fn run(&self, options: &Options) -> Result<()> {
        let desk = Desk::open(options)?;
        let payment = self.wish.payment(&desk)?;
        self.manner.pay(&desk, vec![payment], None)
    }
}

impl Wish {
    /// All that is left, to whom this names.
    pub fn rest(&self, desk: &Desk<'_>) -> Result<Rest> {
        rest(desk, &self.to, self.reference.as_ref())
    }

    /// The payment that is meant.
    pub fn payment(&self, desk: &Desk<'_>) -> Result<Payment> {
        // Neither names nor addresses have a colon.
        if !self.to.contains(':') {
            let amount = self.amount.context("how much? say it behind the address, such as 12.5")?;
            let to = payee(&self.to, desk.file.book(), &desk.chain)?;
            return Ok(Payment { to, amount, reference: self.reference.clone().unwrap_or_default() });
        }
        let link = read_link(&self.to, &desk.chain.params().prefix)?;
        if let Some(label) = &link.label {
            desk.say(&format!(
                "the link says that it is of {}: that is a stranger's word",
                quoted(label.as_bytes())
            ));
        }
        let amount = match (self.amount, link.amount) {
            (Some(given), Some(asked)) if given != asked => {
                return Err(anyhow!(
                    "the link asks for {asked}, and {given} was said: say it without an amount, or without the link"
                ));
            }
            (given, asked) => {
                given.or(asked).context("the link leaves the amount to you: say it behind the link")?
            }
        };
        let reference = match &self.reference {
            Some(given) if !link.reference.is_empty() && *given != link.reference => {
                return Err(anyhow!(
                    "the link has a reference already: without that, whoever is paid cannot tell what for"
                ));
            }
            given => given.clone().unwrap_or(link.reference),
        };
        Ok(Payment { to: link.address, amount, reference })
    }
}

/// A link; where its address was mistyped it is said where.
fn read_link(text: &str, prefix: &Prefix) -> Result<Link> {
    Link::parse(text, prefix).map_err(|error| match &error {
        LinkError::Address { text, error } => {
            Mistyped(format!("the link's address: {}", explain_mistyped(text, error, prefix))).into()
        }
        _ => error.into(),
    })
}

impl Sweep {
    pub fn run(&self, options: &Options) -> Result<()> {
        let desk = Desk::open(options)?;
        let rest = rest(&desk, &self.to, self.reference.as_ref())?;
        check_goes_away(&rest, &self.manner.terms, &desk)?;
        self.manner.pay(&desk, Vec::new(), Some(rest))
    }
}

fn rest(desk: &Desk<'_>, to: &str, reference: Option<&Reference>) -> Result<Rest> {
    let to = payee(to, desk.file.book(), &desk.chain)?;
    Ok(Rest { to, reference: reference.cloned().unwrap_or_default() })
}

/// Refuses to pay all that is left to the account that pays it: nothing would come of that but the fee.
pub(super) fn check_goes_away(rest: &Rest, terms: &Terms, desk: &Desk<'_>) -> Result<()> {
    let (payer, _) = terms.payer(desk.file.book())?;
    ensure!(
        rest.to != payer.address(),
        "`{}` is the account that would pay, so that all of it came back but the fee: name another to be paid, or with --from another \
         that pays",
        payer.name()
    );
    Ok(())
}
