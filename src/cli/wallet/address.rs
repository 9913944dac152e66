//! `cairn wallet address`: where to be paid.

use std::io::{self, IsTerminal};

use anyhow::Result;
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
    #[command(flatten)]
    drawing: Drawing,
}

/// Whether to draw something for a camera.
#[derive(Args)]
pub(super) struct Drawing {
    /// Draw it for a camera, too [default: where a person reads the answer].
    #[arg(long)]
    qr: bool,
    /// Do not.
    #[arg(long, conflicts_with = "qr")]
    no_qr: bool,
}

/// Draws a text for a camera, where that is wanted.
pub(super) fn drawn_for(drawing: &Drawing, text: &str) -> Result<()> {
    let is_terminal = io::stdout().is_terminal();
    if drawing.qr || is_terminal && !drawing.no_qr { tell(&drawn(text, is_terminal)?) } else { Ok(()) }
}

impl Show {
    pub fn run(&self, options: &Options) -> Result<()> {
        let file = options.vault()?.read()?;
        let account = file.book().account_or_first(self.account.as_deref())?;
        let address = account.address().to_text(file.network().prefix());
        if options.json {
            return tell_json(&json!({ "account": account.name(), "address": address }));
        }
        tell(&format!("{address}\n"))?;
        // In capital letters it is the same address, and takes fewer dots.
        drawn_for(&self.drawing, &address.to_uppercase())
    }
}

/// A text as a square of dots, two lines of them in each line of text.
///
/// Light dots are drawn, since most terminals are dark; those
/// that take colours are told which, as not every camera reads what is light on dark.
fn drawn(text: &str, with_colours: bool) -> Result<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L)?;
    let image = code.render().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
    let line =
        |line: &str| if with_colours { format!("\x1b[97;40m{line}\x1b[0m\n") } else { format!("{line}\n") };
    Ok(image.lines().map(line).collect())
}
