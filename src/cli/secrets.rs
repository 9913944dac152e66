//! Words that only whoever may read a node's folder shall know.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, Result, anyhow};

use crate::api::Token;

/// The file with the word for the operator's side.
pub(super) const TOKEN_FILE: &str = "api-token";

/// A word that nobody guesses.
pub(super) fn word() -> Result<String> {
    let mut word = [0; 32];
    getrandom::fill(&mut word).map_err(|error| anyhow!("no randomness: {error}"))?;
    Ok(hex::encode(word))
}

/// A file that nobody else can read, whole or not at all.
pub(super) fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    let new = path.with_extension("new");
    let _ = fs::remove_file(&new);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&new)?.write_all(text.as_bytes())?;
    fs::rename(&new, path)
}

/// The word that an operator settled in this file.
pub(super) fn token_in(path: &Path) -> Result<Token> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Token::new(&text).with_context(|| format!("{}", path.display()))
}

/// The word that lies in a node's folder; it is made where there is none.
pub(super) fn token_of(data_dir: &Path) -> Result<Token> {
    let path = data_dir.join(TOKEN_FILE);
    match fs::metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let word = word()?;
            write_secret(&path, &format!("{word}\n"))
                .with_context(|| format!("cannot write {}", path.display()))?;
            Ok(Token::new(&word)?)
        }
        _ => token_in(&path).context("remove this file, and another is made"),
    }
}
