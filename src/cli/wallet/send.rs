//! `cairn wallet send`, `sweep` and `batch`: paying.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, ensure};
use clap::Args;

use super::Options;
use super::follow::Patience;
use super::order::{Order, Terms, payee};
use super::paying::Desk;
use crate::types::{ACTIONS_MAX, Amount, Reference};
use crate::wallet::{LINK_SCHEME, Link, Payment, Rest, quoted, read_reference};

/// Bytes of a file of payments.
const BATCH_BYTES_MAX: u64 = 1 << 20;

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

/// Whether the same is paid once more.
#[derive(Args)]
struct Repeat {
    /// Pay even where just this payment was signed before, and waits for a block or may yet be mined.
    #[arg(long)]
    again: bool,
}

#[derive(Args)]
pub(super) struct Send {
    #[command(flatten)]
    wish: Wish,
    #[command(flatten)]
    terms: Terms,
    #[command(flatten)]
    repeat: Repeat,
    #[command(flatten)]
    patience: Patience,
}

#[derive(Args)]
pub(super) struct Sweep {
    /// Who gets everything.
    to: String,
    /// What it is for.
    #[arg(long, value_name = "TEXT", value_parser = read_reference)]
    reference: Option<Reference>,
    #[command(flatten)]
    terms: Terms,
    #[command(flatten)]
    repeat: Repeat,
    #[command(flatten)]
    patience: Patience,
}

#[derive(Args)]
pub(super) struct Batch {
    /// A file with a payment on each line: who is paid, how much, and, if you like, a reference, with commas between them.
    /// Lines that begin with `#` are passed over; `-` is standard input.
    file: PathBuf,
    #[command(flatten)]
    terms: Terms,
    #[command(flatten)]
    repeat: Repeat,
    #[command(flatten)]
    patience: Patience,
}

impl Send {
    pub fn run(&self, options: &Options) -> Result<()> {
        let desk = Desk::open(options)?;
        let payment = self.wish.payment(&desk)?;
        desk.pay(
            order(&desk, &self.terms, vec![payment], None)?,
            &self.terms,
            self.repeat.again,
            &self.patience,
        )
    }
}

impl Wish {
    /// All that is left, to whom this names.
    pub fn rest(&self, desk: &Desk<'_>) -> Result<Rest> {
        rest(desk, &self.to, self.reference.as_ref())
    }

    /// The payment that is meant.
    pub fn payment(&self, desk: &Desk<'_>) -> Result<Payment> {
        let is_link = self.to.get(..=LINK_SCHEME.len()).is_some_and(|begin| {
            begin.strip_suffix(':').is_some_and(|scheme| scheme.eq_ignore_ascii_case(LINK_SCHEME))
        });
        if !is_link {
            let amount = self.amount.context("how much? say it behind the address, such as 12.5")?;
            let to = payee(&self.to, desk.file.book(), &desk.chain)?;
            return Ok(Payment { to, amount, reference: self.reference.clone().unwrap_or_default() });
        }
        let link = Link::parse(&self.to, &desk.chain.params().prefix)?;
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

impl Sweep {
    pub fn run(&self, options: &Options) -> Result<()> {
        let desk = Desk::open(options)?;
        let rest = rest(&desk, &self.to, self.reference.as_ref())?;
        desk.pay(
            order(&desk, &self.terms, Vec::new(), Some(rest))?,
            &self.terms,
            self.repeat.again,
            &self.patience,
        )
    }
}

fn rest(desk: &Desk<'_>, to: &str, reference: Option<&Reference>) -> Result<Rest> {
    let to = payee(to, desk.file.book(), &desk.chain)?;
    Ok(Rest { to, reference: reference.cloned().unwrap_or_default() })
}

/// What these terms say besides who is paid.
pub(super) fn order(
    desk: &Desk<'_>,
    terms: &Terms,
    payments: Vec<Payment>,
    rest: Option<Rest>,
) -> Result<Order> {
    let (_, from) = terms.payer(desk.file.book())?;
    let (note, fee, expires) = (terms.note()?, terms.fee, terms.expires);
    Ok(Order { from, payments, rest, note, fee, expires })
}

impl Batch {
    pub fn run(&self, options: &Options) -> Result<()> {
        let desk = Desk::open(options)?;
        let text = self.text()?;
        ensure!(
            text.len() as u64 <= BATCH_BYTES_MAX,
            "{}: longer than {BATCH_BYTES_MAX} bytes, and one transaction has room for {ACTIONS_MAX} payments: make it several \
             files",
            self.file.display()
        );
        let mut payments = Vec::new();
        // What spreadsheets put in front, unseen.
        for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                let read = read_line(line, &desk);
                payments.push(read.with_context(|| format!("{}, line {}", self.file.display(), at + 1))?);
            }
        }
        ensure!(!payments.is_empty(), "{}: no payment in it", self.file.display());
        let room = ACTIONS_MAX - usize::from(self.terms.note.is_some());
        ensure!(
            payments.len() <= room,
            "{} payments, and one transaction has room for {room}: make it several files, so that each is paid whole or not at all",
            payments.len()
        );
        let mut seen = BTreeSet::new();
        let twice = payments
            .iter()
            .find(|payment| !seen.insert((payment.to, payment.amount, payment.reference.to_vec())));
        if let Some(twice) = twice {
            desk.say(&format!(
                "note: {} to {} is in it more than once",
                twice.amount,
                desk.chain.text(&twice.to)
            ));
        }
        desk.pay(order(&desk, &self.terms, payments, None)?, &self.terms, self.repeat.again, &self.patience)
    }

    fn text(&self) -> Result<String> {
        let shown = self.file.display();
        let read = |source: &mut dyn std::io::Read| {
            let mut text = String::new();
            std::io::Read::read_to_string(&mut std::io::Read::take(source, BATCH_BYTES_MAX + 1), &mut text)
                .map(|_| text)
        };
        let text = if self.file.as_os_str() == "-" {
            read(&mut std::io::stdin())
        } else {
            fs::File::open(&self.file).and_then(|mut file| read(&mut file))
        };
        text.with_context(|| format!("cannot read {shown}"))
    }
}

fn read_line(line: &str, desk: &Desk<'_>) -> Result<Payment> {
    let mut parts = line.splitn(3, ',').map(str::trim);
    let to = parts.next().unwrap_or_default();
    let amount = parts.next().context("expected who is paid, a comma, and how much")?;
    let reference = parts.next().map(read_reference).transpose()?.unwrap_or_default();
    Ok(Payment {
        to: payee(to, desk.file.book(), &desk.chain)?,
        amount: amount.parse().with_context(|| format!("`{amount}`"))?,
        reference,
    })
}
