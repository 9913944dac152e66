//! `cairn wallet sign-message` and `verify-message`: texts that the holder of an address stands for.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, ensure};
use clap::Args;
use serde_json::json;

use super::Options;
use super::paying::check_book;
use super::policies::own_keys_in;
use super::wording::lack_words;
use crate::api::view::PolicyView;
use crate::cli::output::{Report, tell, tell_json};
use crate::types::Prefix;
use crate::wallet::{TextError, TextSignature, TextSigning, policy_text, read_address};

/// Bytes of a text.
const TEXT_BYTES_MAX: u64 = 16 << 20;

#[derive(Args)]
pub(super) struct SignMessage {
    /// The text. Every letter counts, a space at its end too.
    #[arg(required_unless_present = "file")]
    text: Option<String>,
    /// The text is what is in this file, to the last byte.
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    file: Option<PathBuf>,
    /// For which account's address [default: the first's].
    #[arg(long, value_name = "ACCOUNT")]
    from: Option<String>,
    /// Take in what another holder of a shared account signed of the same text. May be said several times.
    #[arg(long = "with", value_name = "SIGNATURE")]
    others: Vec<TextSignature>,
}

#[derive(Args)]
#[command(allow_missing_positional = true)]
pub(super) struct VerifyMessage {
    /// Whose text it is said to be.
    address: String,
    /// The text.
    #[arg(required_unless_present = "file")]
    text: Option<String>,
    /// What `cairn wallet sign-message` said.
    #[arg(required = true)]
    signature: TextSignature,
    /// The text is what is in this file, to the last byte.
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    file: Option<PathBuf>,
}

fn text_of(text: Option<&str>, file: Option<&PathBuf>) -> Result<String> {
    let Some(file) = file else { return Ok(text.unwrap_or_default().to_owned()) };
    let mut read = String::new();
    let source = fs::File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    std::io::Read::read_to_string(&mut std::io::Read::take(source, TEXT_BYTES_MAX + 1), &mut read)
        .with_context(|| format!("cannot read {}", file.display()))?;
    ensure!(read.len() as u64 <= TEXT_BYTES_MAX, "{}: longer than {TEXT_BYTES_MAX} bytes", file.display());
    Ok(read)
}

impl SignMessage {
    pub fn run(&self, options: &Options) -> Result<()> {
        let vault = options.vault()?;
        let file = vault.read()?;
        let account = file.book().account_or_first(self.from.as_deref())?;
        let policy = account.policy().with_context(|| {
            format!("`{}` is only watched: this wallet has no key that could sign for it", account.name())
        })?;
        ensure!(
            !own_keys_in(&policy, file.book()).is_empty(),
            "this wallet has no key that could sign for `{}`",
            account.name()
        );
        let prefix = file.network().prefix();
        let text = text_of(self.text.as_deref(), self.file.as_ref())?;
        let mut signing = TextSigning::new(policy.clone(), prefix, &text);
        self.others.iter().try_for_each(|other| signing.combine(other))?;
        let opened = vault.open(&options.passwords())?;
        check_book(&opened.wallet, &file)?;
        for secret in opened.wallet.keyring().secret_keys(&policy) {
            signing.sign(&secret)?;
        }
        let signature = signing.signature().to_string();
        let missing = lack_words(signing.lack().as_ref(), file.book());
        if options.json {
            return tell_json(&json!({
                "account": account.name(),
                "address": account.address().to_text(prefix),
                "signature": signature,
                "complete": signing.lack().is_none(),
                "missing": missing,
            }));
        }
        tell(&format!("{signature}\n"))?;
        if !missing.is_empty() {
            eprintln!("missing: {}; they go on with --with and this signature", missing.join("; "));
        }
        Ok(())
    }
}

impl VerifyMessage {
    /// Takes no wallet: all that it takes is in what was typed.
    pub fn run(&self, options: &Options) -> Result<()> {
        let prefix = prefix_of(&self.address)?;
        let address = read_address(&self.address, &prefix).with_context(|| self.address.clone())?;
        let text = text_of(self.text.as_deref(), self.file.as_ref())?;
        self.signature.verify(&address, &prefix, &text).map_err(|error| {
            let lacking = match &error {
                TextError::Lacking(lack) => format!(": {}", lack.words(&|_| None).join("; ")),
                _ => String::new(),
            };
            anyhow!("this does not hold: {error}{lacking}")
        })?;
        let policy = self.signature.policy();
        Report::default()
            .fact("valid", "holds", "the text was signed for this address", true)
            .same("address", "address", address.to_text(&prefix))
            .line("by", policy_text(policy))
            .only_json("policy", json!(PolicyView::from(policy)))
            .tell(options.json)
    }
}

/// What an address begins with, which says its network.
fn prefix_of(address: &str) -> Result<Prefix> {
    let (prefix, _) = address.rsplit_once('1').with_context(|| format!("`{address}` is no address"))?;
    prefix.to_lowercase().parse().with_context(|| format!("`{address}` is no address"))
}
