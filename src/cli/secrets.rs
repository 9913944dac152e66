//! Files and words that nobody else shall know.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use zeroize::Zeroizing;

use crate::api::Token;

/// What the names of files end with that are being written. One that a kill left behind is of no use.
const NEW: &str = ".new";

/// The file with the word for the operator's side.
pub(super) const TOKEN_FILE: &str = "api-token";

/// Bytes that nobody guesses.
pub(super) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(&mut bytes[..]).map_err(|error| anyhow!("no randomness: {error}"))?;
    Ok(bytes)
}

/// A word that nobody guesses.
pub(super) fn word() -> Result<String> {
    Ok(hex::encode(&random::<32>()?[..]))
}

/// A text in a file that nobody else can read, whole or not at all.
pub(super) fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    write_whole(path, text.as_bytes())
}

/// A file that nobody else can read, whole or not at all: after a crash there is either what was before or this.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default();
    // Under a name that is nobody's: neither a file of somebody's is lost, nor is a link followed that leads elsewhere.
    let mut new = tempfile::Builder::new().prefix(name).suffix(NEW).tempfile_in(folder)?;
    new.write_all(bytes)?;
    new.as_file().sync_all()?;
    new.persist(path)?;
    File::open(folder)?.sync_all()
}

/// A file that goes with this one, named after the whole of its name: so it is never another's, nor this one itself.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// A file that is made like this can be read by nobody else.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
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
