//! Where passwords come from: a file, the environment, the terminal, and never an argument, which others could see.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use zeroize::Zeroizing;

use super::terminal::Terminal;
use crate::cli::files::read_no_more;
use crate::wallet::keystore::{KeystoreError, Password, Unlocked, WalletFile};

/// How often a person may try again.
const TRIES_MAX: usize = 3;
/// Bytes of a file with one secret in it.
const SECRET_FILE_BYTES_MAX: usize = 64 << 10;

/// Where a password comes from.
pub(super) struct Passwords {
    file: Option<PathBuf>,
    /// The option that names such a file.
    option: &'static str,
    /// The variable that may hold one.
    variable: &'static str,
}

impl Passwords {
    /// Of the wallet as it is.
    pub fn current(file: Option<&Path>) -> Self {
        let file = file.map(Path::to_owned);
        Self { file, option: "--password-file", variable: "CAIRN_WALLET_PASSWORD" }
    }

    /// Of the wallet as it is to be.
    pub fn new(file: Option<&Path>) -> Self {
        let file = file.map(Path::to_owned);
        Self { file, option: "--new-password-file", variable: "CAIRN_WALLET_NEW_PASSWORD" }
    }

    /// One that was given without asking.
    fn given(&self) -> Result<Option<Password>> {
        if let Some(file) = &self.file {
            let text = read_secret(file)?;
            return Password::new(&text)
                .map(Some)
                .with_context(|| format!("{} {}", self.option, file.display()));
        }
        let Some(text) = env::var_os(self.variable) else { return Ok(None) };
        let text = text
            .into_string()
            .map(Zeroizing::new)
            .map_err(|_| anyhow!("{}: this is no text", self.variable))?;
        Password::new(&text).map(Some).context(self.variable)
    }

    fn terminal(&self) -> Result<Terminal> {
        Terminal::open().with_context(|| {
            format!(
                "a password is needed, and there is no terminal to ask for it: say {} FILE, or set {}",
                self.option, self.variable
            )
        })
    }

    /// Opens a wallet. Whoever mistypes may try again.
    pub fn unlock(&self, name: &str, file: &WalletFile) -> Result<(Password, Unlocked)> {
        let given = if file.is_open() { Some(Password::empty()) } else { self.given()? };
        if let Some(password) = given {
            let wallet = file.unlock(&password)?;
            return Ok((password, wallet));
        }
        let mut terminal = self.terminal()?;
        let question = format!("Password of the wallet `{name}`: ");
        for tries in 1.. {
            let typed = terminal.ask_unseen(&question)?;
            let opened = Password::new(&typed)
                .map_err(|_| KeystoreError::WrongPassword)
                .and_then(|password| Ok((file.unlock(&password)?, password)));
            match opened {
                Ok((wallet, password)) => return Ok((password, wallet)),
                Err(KeystoreError::WrongPassword) if tries < TRIES_MAX => {
                    terminal.say("That is not it. Once more:\n")?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(KeystoreError::WrongPassword.into())
    }

    /// A new one, typed twice.
    pub fn choose(&self) -> Result<Password> {
        if let Some(password) = self.given()? {
            return Ok(password);
        }
        let mut terminal = self.terminal()?;
        loop {
            match Password::new(&terminal.ask_unseen_twice("New password")?) {
                Ok(password) => return Ok(password),
                Err(error) => terminal.say(&format!("{error}. Once more:\n"))?,
            }
        }
    }
}

/// The one line of a file that holds a secret; `-` is standard input.
pub(super) fn read_secret(path: &Path) -> Result<Zeroizing<String>> {
    let text = read_text(path)?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    ensure!(!line.contains('\n'), "{}: expected one line", path.display());
    Ok(Zeroizing::new(line.to_owned()))
}

/// The text of a file that holds secrets; `-` is standard input.
pub(super) fn read_text(path: &Path) -> Result<Zeroizing<String>> {
    let text = read_no_more(path, SECRET_FILE_BYTES_MAX)?;
    ensure!(
        text.len() <= SECRET_FILE_BYTES_MAX,
        "{}: longer than {SECRET_FILE_BYTES_MAX} bytes, which is no file of secrets",
        path.display()
    );
    Ok(text)
}
