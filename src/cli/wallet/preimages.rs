//! Secrets that hash locks ask for.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use zeroize::Zeroizing;

use super::passwords::read_secret;
use crate::types::Preimage;

/// What is shown to meet a policy, beside signatures.
#[derive(Args, Clone)]
pub(super) struct Preimages {
    /// Show this secret, 64 hexadecimal digits, where a policy asks for it. May be said several times. Once the payment is sent
    /// everybody can read it.
    // It is read later: what is wrong with an argument is said with the argument in it.
    #[arg(long = "preimage", value_name = "HEX")]
    given: Vec<Zeroizing<String>>,
    /// The same, from a file; `-` is standard input.
    #[arg(long = "preimage-file", value_name = "FILE")]
    files: Vec<PathBuf>,
}

fn read_preimage(digits: &str) -> Result<Preimage, &'static str> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(digits.trim(), &mut bytes).map_err(|_| "expected 64 hexadecimal digits")?;
    Ok(bytes)
}

impl Preimages {
    /// All of them.
    pub fn all(&self) -> Result<Vec<Preimage>> {
        let given = self.given.iter().map(|digits| read_preimage(digits));
        let mut all: Vec<Preimage> =
            given.collect::<Result<_, _>>().map_err(|why| anyhow!("--preimage: {why}"))?;
        for file in &self.files {
            let read = read_preimage(&read_secret(file)?).map_err(anyhow::Error::msg);
            all.push(read.with_context(|| file.display().to_string())?);
        }
        Ok(all)
    }
}
