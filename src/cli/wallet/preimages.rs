//! Secrets that hash locks ask for.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use super::passwords::read_secret;
use crate::types::Preimage;

/// What is shown to meet a policy, beside signatures.
#[derive(Args, Clone)]
pub(super) struct Preimages {
    /// Show this secret, 64 hexadecimal digits, where a policy asks for it. May be said several times. Once the payment is sent
    /// everybody can read it.
    #[arg(long = "preimage", value_name = "HEX", value_parser = read_preimage)]
    given: Vec<Preimage>,
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
        let mut all = self.given.clone();
        for file in &self.files {
            let read = read_preimage(&read_secret(file)?).map_err(anyhow::Error::msg);
            all.push(read.with_context(|| file.display().to_string())?);
        }
        Ok(all)
    }
}
