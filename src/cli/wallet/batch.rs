//! `cairn wallet batch`: paying many at once.

use std::fs;
use std::io::Read;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;

use super::Options;
use super::follow::Patience;
use super::order::{Terms, payee};
use super::paid::outstanding;
use super::paying::Desk;
use super::send::{Repeat, order};
use crate::types::ACTIONS_MAX;
use crate::wallet::{BatchError, BatchLine, Payment, read_batch};

/// Bytes of a file of payments.
const BATCH_BYTES_MAX: u64 = 1 << 20;

#[derive(Args)]
pub(super) struct Batch {
    /// A file with a payment on each line: who is paid, how much, and, if you like, a reference, with commas between them.
    ///
    /// Amounts have a point: `bob,12.5,INVOICE-42`. What may be a decimal comma is refused. Lines that begin with `#` are passed
    /// over; `-` is standard input.
    file: PathBuf,
    #[command(flatten)]
    terms: Terms,
    #[command(flatten)]
    repeat: Repeat,
    #[command(flatten)]
    patience: Patience,
}

impl Batch {
    pub fn run(&self, options: &Options) -> Result<()> {
        let desk = Desk::open(options)?;
        let shown = self.file.display();
        let text = self.text()?;
        ensure!(
            text.len() as u64 <= BATCH_BYTES_MAX,
            "{shown}: longer than {BATCH_BYTES_MAX} bytes, and one transaction has room for {ACTIONS_MAX} payments: make it several \
             files"
        );
        let read = |(at, line)| payment(line, &desk).with_context(|| format!("{shown}, line {at}"));
        let payments: Vec<Payment> = read_batch(&text).map(read).collect::<Result<_>>()?;
        ensure!(!payments.is_empty(), "{shown}: no payment in it");
        let room = ACTIONS_MAX - usize::from(self.terms.note.is_some());
        ensure!(
            payments.len() <= room,
            "{} payments, and one transaction has room for {room}: make it several files, so that each is paid whole or not at all",
            payments.len()
        );
        // Whoever is asked is shown it then.
        if self.terms.yes {
            let notes = outstanding(&payments, desk.file.book(), &desk.chain);
            notes.iter().for_each(|note| desk.say(&format!("note: {note}")));
        }
        desk.pay(order(&desk, &self.terms, payments, None)?, &self.terms, self.repeat.again, &self.patience)
    }

    fn text(&self) -> Result<String> {
        let read = |source: &mut dyn Read| {
            let mut text = String::new();
            // One byte more, so that what is too long is seen to be.
            source.take(BATCH_BYTES_MAX + 1).read_to_string(&mut text).map(|_| text)
        };
        let text = if self.file.as_os_str() == "-" {
            read(&mut std::io::stdin())
        } else {
            fs::File::open(&self.file).and_then(|mut file| read(&mut file))
        };
        text.with_context(|| format!("cannot read {}", self.file.display()))
    }
}

fn payment(line: Result<BatchLine<'_>, BatchError>, desk: &Desk<'_>) -> Result<Payment> {
    let BatchLine { to, amount, reference } = line?;
    Ok(Payment { to: payee(&to, desk.file.book(), &desk.chain)?, amount, reference })
}
