//! From a mnemonic to keys: BIP39, then SLIP-0010 for ed25519.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use zeroize::Zeroizing;

use crate::crypto::SecretKey;

/// The words behind every devnet's prefunded accounts. Public: whoever reads this can spend them.
pub const DEVNET_MNEMONIC: &str = "test test test test test test test test test test test junk";

/// The words that a mnemonic is made of, in the order that gives each its number, one a line.
pub fn wordlist() -> &'static str {
    static WORDS: LazyLock<String> = LazyLock::new(|| bip39::Language::English.word_list().join("\n"));
    &WORDS
}

/// Purpose and coin of the derivation path `m/44'/9333'/account'`.
const PURPOSE: u32 = 44;
const COIN: u32 = 9333;

/// Twelve or twenty-four words that all keys of a wallet follow from. It never shows itself.
#[derive(Clone)]
pub struct Mnemonic(bip39::Mnemonic);

/// Why words are not a mnemonic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MnemonicError {
    /// Not as many words as any mnemonic of ours has.
    #[error("a mnemonic has 12 or 24 words, these are {0}")]
    Words(usize),
    /// A word that is on no list.
    #[error("word {position} is not on the list of mnemonic words")]
    UnknownWord {
        /// Which, from 1.
        position: usize,
    },
    /// All words are on the list, but they do not belong together.
    #[error("the words do not belong together: one is wrong, or their order is")]
    Checksum,
}

impl FromStr for Mnemonic {
    type Err = MnemonicError;

    fn from_str(text: &str) -> Result<Self, MnemonicError> {
        let words = text.split_whitespace().count();
        if words != 12 && words != 24 {
            return Err(MnemonicError::Words(words));
        }
        match bip39::Mnemonic::parse_in(bip39::Language::English, text) {
            Ok(mnemonic) => Ok(Self(mnemonic)),
            Err(bip39::Error::UnknownWord(at)) => Err(MnemonicError::UnknownWord { position: at + 1 }),
            Err(_) => Err(MnemonicError::Checksum),
        }
    }
}

impl fmt::Debug for Mnemonic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mnemonic(…)")
    }
}

impl Mnemonic {
    /// The words of this entropy: 16 bytes make 12 words, 32 make 24.
    ///
    /// # Errors
    /// For entropy of any other length.
    pub fn from_entropy(entropy: &[u8]) -> Result<Self, MnemonicError> {
        match entropy.len() {
            16 | 32 => bip39::Mnemonic::from_entropy(entropy).map(Self).map_err(|_| MnemonicError::Checksum),
            bytes => Err(MnemonicError::Words(bytes * 3 / 4)),
        }
    }

    /// The words, for the one moment in which they are written down.
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.to_string())
    }

    /// What the words say, for whoever keeps them: as many bytes as [`Mnemonic::from_entropy`] takes.
    pub fn entropy(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.to_entropy())
    }

    /// What the words and a passphrase stand for; without one, an empty passphrase. Slow on purpose.
    pub fn seed(&self, passphrase: &str) -> Seed {
        Seed(Zeroizing::new(self.0.to_seed(passphrase)))
    }
}

/// 64 bytes that all keys of a wallet follow from. They never show themselves.
#[derive(Clone)]
pub struct Seed(Zeroizing<[u8; 64]>);

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}

/// Accounts of one seed: every step of the path is hardened, which takes the highest bit of its number.
pub const ACCOUNTS_MAX: u32 = 1 << 31;

/// An account beyond the last that a path can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("account {0}: accounts are numbered from 0 to 2147483647")]
pub struct AccountError(pub u32);

impl Seed {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }

    /// The key of an account, at `m/44'/9333'/account'`.
    ///
    /// # Errors
    /// From [`ACCOUNTS_MAX`] on, where the path would name an earlier account again.
    pub fn account(&self, account: u32) -> Result<SecretKey, AccountError> {
        if account >= ACCOUNTS_MAX {
            return Err(AccountError(account));
        }
        let path = [PURPOSE, COIN, account];
        let key = Zeroizing::new(slip10_ed25519::derive_ed25519_private_key(self.as_bytes(), &path));
        Ok(SecretKey::from_bytes(&key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_words_are_told_apart() {
        let parse = |text: &str| text.parse::<Mnemonic>().unwrap_err();
        assert_eq!(parse("test junk"), MnemonicError::Words(2));
        let unknown = DEVNET_MNEMONIC.replace("junk", "jnuk");
        assert_eq!(parse(&unknown), MnemonicError::UnknownWord { position: 12 });
        assert_eq!(parse(&DEVNET_MNEMONIC.replace("junk", "test")), MnemonicError::Checksum);
    }

    #[test]
    fn accounts_differ_and_passphrases_matter() {
        let mnemonic: Mnemonic = DEVNET_MNEMONIC.parse().unwrap();
        let key = |passphrase, account| mnemonic.seed(passphrase).account(account).unwrap().public_key();
        assert_eq!(key("", 0), key("", 0));
        assert_ne!(key("", 0), key("", 1));
        assert_ne!(key("", 0), key("x", 0));
        assert_eq!(mnemonic.seed("").account(ACCOUNTS_MAX).unwrap_err(), AccountError(ACCOUNTS_MAX));
    }

    #[test]
    fn mnemonic_never_shows_itself() {
        let mnemonic: Mnemonic = DEVNET_MNEMONIC.parse().unwrap();
        assert_eq!(format!("{mnemonic:?}"), "Mnemonic(…)");
        assert_eq!(format!("{:?}", mnemonic.seed("")), "Seed(…)");
        assert_eq!(mnemonic.reveal().as_str(), DEVNET_MNEMONIC);
    }
}
