//! The file between machines: read, shown in words, and handed on.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

use super::super::Options;
use super::super::wording::{lack_words, name_of_key, shared_lines};
use crate::cli::files::read_no_more;
use crate::cli::output::{Report, tell};
use crate::cli::secrets::write_secret;
use crate::consensus::Genesis;
use crate::crypto::PublicKey;
use crate::types::{Address, Height, Nonce, Policy};
use crate::wallet::keyring::Book;
use crate::wallet::{Lack, OFFLINE_BYTES_MAX, OfflineFile, Warning, describe, explain, quoted};

/// A file that was read, and what it takes to judge it.
pub(super) struct Carried<'a> {
    pub file: OfflineFile,
    pub genesis: &'a Genesis,
    pub book: &'a Book,
}

impl<'a> Carried<'a> {
    /// Reads a file; `-` is standard input.
    pub fn read(path: &Path, genesis: &'a Genesis, book: &'a Book) -> Result<Self> {
        let text = read_no_more(path, OFFLINE_BYTES_MAX)?;
        let file = OfflineFile::read(&text, genesis).with_context(|| path.display().to_string())?;
        Ok(Self { file, genesis, book })
    }

    pub fn policy(&self) -> &Policy {
        &self.file.signing.body().policy
    }

    /// The height of the block it is meant for: as its preparer knew it, or so far that no height is waited for.
    fn height(&self) -> Height {
        self.file.known.height.and_then(Height::next).unwrap_or(Height(u32::MAX))
    }

    /// What is missing until it can be sent.
    pub fn lack(&self) -> Option<Lack> {
        self.file.signing.lack(self.height())
    }

    /// What is signed, in words that are made from its bytes, and what a person should think about.
    pub fn lines(&self) -> Vec<String> {
        let body = self.file.signing.body();
        let prefix = &self.genesis.params().prefix;
        let mut lines = describe(body, prefix);
        let mut parties: Vec<Address> = vec![body.policy.address()];
        parties.extend(body.payments().map(|(to, _)| *to));
        for party in parties {
            if let Some(name) = self.book.name_of(&party) {
                let line = format!("{} is `{name}`", party.to_text(prefix));
                if !lines.contains(&line) {
                    lines.push(line);
                }
            }
        }
        lines.extend(explain(&body.policy, &|key| name_of_key(self.book, key)));
        let spacing = self.genesis.params().spacing;
        let payees = body.payments().filter(|(to, _)| **to != body.policy.address());
        lines.extend(payees.flat_map(|(to, _)| shared_lines(to, self.book, self.height(), spacing)));
        if let Some(balance) = self.file.known.balance {
            lines.push(format!("Whoever prepared it says: the account has {balance}"));
        }
        if let Some(height) = self.file.known.height {
            lines.push(format!("Whoever prepared it says: the chain is at height {height}"));
        }
        let warnings = self.file.signing.warnings();
        lines.extend(warnings.iter().map(|warning| format!("Note: {}", warning.words(prefix))));
        lines
    }

    /// A fee far beyond what it takes.
    ///
    /// # Security
    /// By the body alone: nothing that its preparer says has a part in it, neither a balance nor a height.
    pub fn fee_beyond_reason(&self) -> Option<String> {
        let warnings = self.file.signing.warnings();
        let high = warnings.iter().find(|warning| matches!(warning, Warning::FeeBeyondReason { .. }))?;
        Some(high.words(&self.genesis.params().prefix))
    }

    /// Writes it where it was asked for, and says how far it is.
    ///
    /// On standard output it is alone, for the next command to read; what people are told goes to the other. `next` is the number
    /// that another needs which is prepared before this one is sent.
    pub fn hand_on(&self, options: &Options, out: Option<&Path>, next: Option<Nonce>) -> Result<()> {
        let text = self.file.to_json(self.genesis);
        let lack = self.lack();
        let missing = lack_words(lack.as_ref(), self.book);
        let standing = |file: &str| {
            if lack.is_none() {
                ("complete", format!("`cairn wallet submit{file}` sends it"))
            } else {
                ("missing", missing.join("; "))
            }
        };
        let Some(path) = out else {
            tell(&text)?;
            let (name, words) = standing("");
            if !options.json {
                // The file was handed on, whether anybody reads this or not.
                let _ = writeln!(io::stderr(), "{name}: {words}");
            }
            return Ok(());
        };
        write(path, &text).with_context(|| format!("cannot write {}", path.display()))?;
        let (name, words) = standing(&format!(" {}", quoted_path(path)));
        Report::default()
            .same("file", "file", path.display())
            .same("txid", "txid", self.file.signing.txid())
            .fact("signed", "signed by", self.signers(), json!(self.signers_keys()))
            .only_json("nonce", self.file.signing.body().nonce.0)
            .only_json("next_nonce", next.map(|next| next.0))
            .only_json("complete", lack.is_none())
            .only_json("missing", json!(missing))
            .only_json("notes", options.notes.take())
            .line(name, words)
            .tell(options.json)
    }

    /// Who has signed, by what the wallet's owner calls them.
    fn signers(&self) -> String {
        let digits = |key: &PublicKey| format!("key {}…", &hex::encode(key.to_bytes())[..12]);
        let signatures = self.file.signing.parts().signatures();
        let names = signatures.map(|(key, _)| name_of_key(self.book, key).unwrap_or_else(|| digits(key)));
        let names: Vec<String> = names.collect();
        if names.is_empty() { "nobody yet".to_owned() } else { names.join(", ") }
    }

    fn signers_keys(&self) -> Vec<String> {
        self.file.signing.parts().signatures().map(|(key, _)| hex::encode(key.to_bytes())).collect()
    }
}

/// A path that can be typed.
fn quoted_path(path: &Path) -> String {
    let shown = path.display().to_string();
    if shown.contains(char::is_whitespace) { quoted(shown.as_bytes()) } else { shown }
}

/// Whole or not at all, where there is a file or none; what is no file, a pipe say, is written to.
fn write(path: &Path, text: &str) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => fs::write(path, text),
        _ => write_secret(path, text),
    }
}
