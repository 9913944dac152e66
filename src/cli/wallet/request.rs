//! `cairn wallet request`: asking to be paid.

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::Options;
use super::address::{Drawing, drawn_for};
use crate::cli::output::{tell, tell_json};
use crate::types::{Amount, AmountError, Reference};
use crate::wallet::{Link, read_reference, reference_text};

#[derive(Args)]
pub(super) struct Request {
    /// How much, in coins; without it, whoever pays decides.
    #[arg(value_parser = read_amount)]
    amount: Option<Amount>,
    /// By what you will know the payment, such as an invoice's number: up to 32 bytes of text, or `hex:` and digits. Everybody can read it.
    #[arg(long, value_name = "TEXT", value_parser = read_reference)]
    reference: Option<Reference>,
    /// What whoever pays is shown.
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    /// Which account is to be paid [default: the first].
    #[arg(long, value_name = "ACCOUNT")]
    to: Option<String>,
    #[command(flatten)]
    drawing: Drawing,
}

fn read_amount(text: &str) -> Result<Amount, String> {
    let amount: Amount = text.parse().map_err(|error: AmountError| error.to_string())?;
    if amount.is_zero() {
        return Err(
            "a request for nothing: say how much, or leave it to whoever pays and say no amount".to_owned()
        );
    }
    Ok(amount)
}

impl Request {
    pub fn run(&self, options: &Options) -> Result<()> {
        let file = options.vault()?.read()?;
        let account = file.book().account_or_first(self.to.as_deref())?;
        let link = Link {
            address: account.address(),
            amount: self.amount,
            reference: self.reference.clone().unwrap_or_default(),
            label: self.label.clone(),
        };
        let text = link.to_text(file.network().prefix());
        if options.json {
            return tell_json(&json!({
                "link": text,
                "account": account.name(),
                "address": link.address.to_text(file.network().prefix()),
                "amount": link.amount,
                "reference": reference_text(&link.reference),
            }));
        }
        tell(&format!("{text}\n"))?;
        drawn_for(&self.drawing, &text)
    }
}
