//! `cairn wallet batch`: paying many at once.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;

use super::Options;
use super::order::{Manner, payee};
use super::paid::outstanding;
use super::paying::Desk;
use crate::cli::files::read_no_more;
use crate::types::ACTIONS_MAX;
use crate::wallet::{BatchError, BatchLine, Payment, read_batch};

/// Bytes of a file of payments.
const BATCH_BYTES_MAX: usize = 1 << 20;

#[derive(Args)]
pub(super) struct Batch {
    /// A file with a payment on each line: who is paid, how much, and, if you like, a reference, with commas between them.
    ///
    /// Amounts have a point: `bob,12.5,INVOICE-42`. What may be a decimal comma is refused. Lines that begin with `#` are passed
    /// over; `-` is standard input.
    file: PathBuf,
    #[command(flatten)]
    manner: Manner,
}

impl Batch {
    pub fn run(&self, options: &Options) -> Result<()> {
        let desk = Desk::open(options)?;
        let shown = self.file.display();
        let text = read_no_more(&self.file, BATCH_BYTES_MAX)?;
        ensure!(
            text.len() <= BATCH_BYTES_MAX,
            "{shown}: longer than {BATCH_BYTES_MAX} bytes, and one transaction has room for {ACTIONS_MAX} payments: make it several \
             files"
        );
        let read = |(at, line)| payment(line, &desk).with_context(|| format!("{shown}, line {at}"));
        let payments: Vec<Payment> = read_batch(&text).map(read).collect::<Result<_>>()?;
        ensure!(!payments.is_empty(), "{shown}: no payment in it");
        let room = ACTIONS_MAX - usize::from(self.manner.terms.note.is_some());
        ensure!(
            payments.len() <= room,
            "{} payments, and one transaction has room for {room}: make it several files, so that each is paid whole or not at all",
            payments.len()
        );
        // Whoever is asked is shown it then.
        if self.manner.terms.yes {
            let notes = outstanding(&payments, desk.file.book(), &desk.chain);
            notes.iter().for_each(|note| desk.say(&format!("note: {note}")));
        }
        self.manner.pay(&desk, payments, None)
    }
}

fn payment(line: Result<BatchLine<'_>, BatchError>, desk: &Desk<'_>) -> Result<Payment> {
    let BatchLine { to, amount, reference } = line?;
    Ok(Payment { to: payee(&to, desk.file.book(), &desk.chain)?, amount, reference })
}
