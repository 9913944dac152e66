//! `cairn wallet address`: where to be paid.

use std::io::{self, IsTerminal};

use anyhow::{Context, Result};
use clap::Args;
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};
use serde_json::json;

use super::Options;
use crate::cli::output::{tell, tell_json};

#[derive(Args)]
pub(super) struct Show {
    /// Whose address [default: the first account's].
    account: Option<String>,
    /// Draw it for a camera, too [default: where a person reads the answer].
    #[arg(long)]
    qr: bool,
    /// Do not.
    #[arg(long, conflicts_with = "qr")]
    no_qr: bool,
}

impl Show {
    pub fn run(&self, options: &Options) -> Result<()> {
        let file = options.vault()?.read()?;
        let account = match &self.account {
            Some(name) => file.book().account(name)?,
            None => file.book().default_account().context("this wallet has no account")?,
        };
        let address = account.address().to_text(file.network().prefix());
        if options.json {
            return tell_json(&json!({ "account": account.name(), "address": address }));
        }
        tell(&format!("{address}\n"))?;
        let is_terminal = io::stdout().is_terminal();
        if self.qr || is_terminal && !self.no_qr { tell(&drawn(&address, is_terminal)?) } else { Ok(()) }
    }
}

/// An address as a square of dots, two lines of them in each line of text.
///
/// In capital letters, which are the same address and take fewer dots. Light dots are drawn, since most terminals are dark; those
/// that take colours are told which, as not every camera reads what is light on dark.
fn drawn(address: &str, with_colours: bool) -> Result<String> {
    let code = QrCode::with_error_correction_level(address.to_uppercase(), EcLevel::L)?;
    let image = code.render().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
    let line =
        |line: &str| if with_colours { format!("\x1b[97;40m{line}\x1b[0m\n") } else { format!("{line}\n") };
    Ok(image.lines().map(line).collect())
}
