//! Passwords, and whether there is one.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::{Costs, KeystoreError};

/// Bytes of a [`Password`].
pub const PASSWORD_BYTES_MAX: usize = 1024;

/// What opens a wallet. It is wiped when it goes, and never shows itself.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// What opens an open wallet.
    pub fn empty() -> Self {
        Self(Zeroizing::default())
    }

    /// This text, in the one form that it has on all systems: some write an accent as a letter's own, some as a sign behind it.
    ///
    /// # Errors
    /// When it is empty or longer than [`PASSWORD_BYTES_MAX`].
    pub fn new(text: &str) -> Result<Self, KeystoreError> {
        // Claimed at once, so that none is left behind unwiped where it grows: normalizing makes text at most eighteen
        // times as long.
        let mut normal = Zeroizing::new(String::with_capacity(18 * text.len().min(PASSWORD_BYTES_MAX)));
        if text.len() <= PASSWORD_BYTES_MAX {
            normal.extend(text.nfkd());
        }
        if normal.is_empty() {
            return Err(KeystoreError::Password);
        }
        Ok(Self(normal))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// How a wallet is to be protected.
#[derive(Clone, Debug)]
pub enum Protection {
    /// Not at all: whoever reads the file can spend. For test networks.
    Open,
    /// By a password, and by what each guess at it costs.
    Password(Password, Costs),
}
