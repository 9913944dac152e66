//! What must stay secret: words and keys, and the bytes that are sealed.

use std::fmt;

use zeroize::Zeroizing;

use super::{ACCOUNTS_KEPT_MAX, KeyringError, SeedIndex};
use crate::codec::{Canonical, Decode, Encode, List, SecretBlob, decode, encode_into, encoded_len};
use crate::crypto::{PublicKey, SecretKey};
use crate::wallet::{Mnemonic, Seed};

/// Sets of words in one wallet.
pub const SEEDS_MAX: usize = 16;
/// Bytes of the passphrase of one.
pub const PASSPHRASE_BYTES_MAX: usize = 256;

/// The first form of the sealed bytes, and the only one so far.
const VERSION: u32 = 1;

/// What is sealed, as bytes.
#[derive(Encode, Decode)]
struct Content {
    version: u32,
    seeds: List<SeedContent, 0, SEEDS_MAX>,
    keys: List<SecretBlob<32, 32>, 0, ACCOUNTS_KEPT_MAX>,
}

#[derive(Encode, Decode)]
struct SeedContent {
    entropy: SecretBlob<16, 32>,
    passphrase: SecretBlob<0, PASSPHRASE_BYTES_MAX>,
}

impl Canonical for Content {
    const BYTES_MAX: usize = 64 + SEEDS_MAX * (40 + PASSPHRASE_BYTES_MAX) + ACCOUNTS_KEPT_MAX * 33;
}

/// Longest sealed bytes, before they are sealed.
pub(in crate::wallet) const SECRETS_BYTES_MAX: usize = Content::BYTES_MAX;

/// Words, their passphrase, and what both stand for.
#[derive(Clone)]
struct Words {
    mnemonic: Mnemonic,
    passphrase: Zeroizing<String>,
    seed: Seed,
}

impl Words {
    fn new(mnemonic: Mnemonic, passphrase: &str) -> Self {
        let seed = mnemonic.seed(passphrase);
        Self { mnemonic, passphrase: Zeroizing::new(passphrase.to_owned()), seed }
    }
}

/// Everything secret in a wallet.
#[derive(Clone, Default)]
pub(in crate::wallet) struct Secrets {
    words: Vec<Words>,
    keys: Vec<SecretKey>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(…)")
    }
}

impl Secrets {
    /// The bytes to be sealed. Their memory is claimed at once, so that none is left behind unwiped where it grows.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let bounded = "bounds were kept when it was added";
        let seed = |words: &Words| SeedContent {
            entropy: SecretBlob::new(&words.mnemonic.entropy()).expect(bounded),
            passphrase: SecretBlob::new(words.passphrase.as_bytes()).expect(bounded),
        };
        let key = |key: &SecretKey| SecretBlob::new(&key.reveal()[..]).expect(bounded);
        let content = Content {
            version: VERSION,
            seeds: List::new(self.words.iter().map(seed).collect()).expect(bounded),
            keys: List::new(self.keys.iter().map(key).collect()).expect(bounded),
        };
        // The cipher puts its tag behind them.
        let mut bytes = Zeroizing::new(Vec::with_capacity(encoded_len(&content) + 32));
        encode_into(&content, &mut bytes);
        bytes
    }

    /// What these bytes hold; nothing where they are none that [`Secrets::encode`] made.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let content = decode::<Content>(bytes).ok().filter(|content| content.version == VERSION)?;
        let words = content.seeds.iter().map(|seed| {
            let mnemonic = Mnemonic::from_entropy(&seed.entropy).ok()?;
            Some(Words::new(mnemonic, std::str::from_utf8(&seed.passphrase).ok()?))
        });
        let key = |key: &SecretBlob<32, 32>| key.first_chunk().map(SecretKey::from_bytes);
        Some(Self {
            words: words.collect::<Option<_>>()?,
            keys: content.keys.iter().map(key).collect::<Option<_>>()?,
        })
    }

    pub fn seed_count(&self) -> usize {
        self.words.len()
    }

    pub fn key_count(&self) -> usize {
        self.keys.len()
    }

    pub fn add_words(&mut self, mnemonic: Mnemonic, passphrase: &str) -> Result<SeedIndex, KeyringError> {
        if passphrase.len() > PASSPHRASE_BYTES_MAX {
            return Err(KeyringError::PassphraseLong);
        }
        if self.words.len() >= SEEDS_MAX {
            return Err(KeyringError::SeedsFull);
        }
        let words = Words::new(mnemonic, passphrase);
        if self.words.iter().any(|other| other.seed.as_bytes() == words.seed.as_bytes()) {
            return Err(KeyringError::SeedTaken);
        }
        self.words.push(words);
        Ok(SeedIndex(self.words.len() as u8 - 1))
    }

    pub fn add_key(&mut self, key: SecretKey) {
        self.keys.push(key);
    }

    pub fn remove_key(&mut self, key: &PublicKey) {
        self.keys.retain(|secret| secret.public_key() != *key);
    }

    pub fn mnemonic(&self, seed: SeedIndex) -> Option<&Mnemonic> {
        self.words.get(usize::from(seed.0)).map(|words| &words.mnemonic)
    }

    pub fn passphrase(&self, seed: SeedIndex) -> Option<&str> {
        self.words.get(usize::from(seed.0)).map(|words| words.passphrase.as_str())
    }

    pub fn seed(&self, seed: SeedIndex) -> Option<&Seed> {
        self.words.get(usize::from(seed.0)).map(|words| &words.seed)
    }

    pub fn imported(&self, key: &PublicKey) -> Option<&SecretKey> {
        self.keys.iter().find(|secret| secret.public_key() == *key)
    }
}
