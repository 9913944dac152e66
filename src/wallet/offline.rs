//! What travels between a machine that knows the chain and one that knows the keys: one readable JSON text.
//!
//! # Security
//! The body's bytes are what is signed, and nothing else in the file has a say. What the file says in words is for the eyes
//! of whoever opens it in an editor; on reading, the words are made again from the bytes, and a file whose words say
//! something else is refused. What its preparer knew, a balance and a height, is shown as the preparer's word.

use std::fmt::Display;

use serde::{Deserialize, Serialize};

use super::describe::describe;
use super::parts::PartError;
use super::signing::{Signing, SigningError};
use crate::codec::{CodecError, decode, encode};
use crate::consensus::Genesis;
use crate::crypto::{KeyError, PublicKey, Signature};
use crate::types::{Amount, BlockHash, Body, ChainId, Height, POLICY_KEYS_MAX, Prefix};

/// Length of a file; the longest transaction in words and in digits stays below.
pub const OFFLINE_BYTES_MAX: usize = 512 << 10;
/// The form that is written. Later forms are refused: what they mean is not known here.
pub const OFFLINE_VERSION: u32 = 1;
/// Preimages in one file: more than a policy has room for.
const PREIMAGES_MAX: usize = 32;

/// What the preparer of a file knew. It binds nobody.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// What the account could spend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<Amount>,
    /// The height of the tip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<Height>,
}

/// A transaction that travels.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OfflineFile {
    /// What is signed, and what has been.
    pub signing: Signing,
    /// What its preparer knew.
    pub known: Known,
}

/// Why a file is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OfflineError {
    /// Longer than any honest one.
    #[error("{0} bytes, but a file of this kind has at most {OFFLINE_BYTES_MAX}")]
    TooLong(usize),
    /// Not JSON of this form.
    #[error("at `{path}`: {reason}")]
    Form {
        /// Where, as a path of field names.
        path: String,
        /// What is wrong there.
        reason: String,
    },
    /// Written by a later program.
    #[error("written in form {found}, this program reads up to {OFFLINE_VERSION}: a newer one is needed")]
    Newer {
        /// Its form.
        found: u32,
    },
    /// For another chain.
    #[error("for chain {found}, but this is {expected}")]
    OtherChain {
        /// This chain.
        expected: ChainId,
        /// The file's.
        found: ChainId,
    },
    /// What it says is not what its bytes do.
    #[error(
        "misleading: `{field}` says {says:?}, but it is {does:?}; do not sign this, and ask where it came from"
    )]
    Misleading {
        /// Where in the file.
        field: String,
        /// What it says.
        says: String,
        /// What is so.
        does: String,
    },
    /// The body's bytes are none.
    #[error("at `body`: {0}")]
    Body(CodecError),
    /// The chain would refuse it, or a part does not belong.
    #[error(transparent)]
    Signing(#[from] SigningError),
}

impl From<CodecError> for OfflineError {
    fn from(error: CodecError) -> Self {
        Self::Body(error)
    }
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    network: String,
    chain: BlockHash,
    prefix: String,
    words: Vec<String>,
    body: String,
    signatures: Vec<SignedBy>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    preimages: Vec<String>,
    #[serde(default)]
    known: Known,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignedBy {
    key: String,
    signature: String,
}

impl OfflineFile {
    /// The file's text.
    ///
    /// # Panics
    /// Never: all of it can be said in JSON.
    pub fn to_json(&self, genesis: &Genesis) -> String {
        let params = genesis.params();
        let parts = self.signing.parts();
        let file = File {
            version: OFFLINE_VERSION,
            network: genesis.name().to_owned(),
            chain: params.chain.0,
            prefix: params.prefix.to_string(),
            words: describe(self.signing.body(), &params.prefix),
            body: hex::encode(encode(self.signing.body())),
            signatures: parts
                .signatures()
                .map(|(key, signature)| SignedBy {
                    key: hex::encode(key.to_bytes()),
                    signature: hex::encode(signature.0),
                })
                .collect(),
            preimages: parts.preimages().map(hex::encode).collect(),
            known: self.known,
        };
        serde_json::to_string_pretty(&file).expect("strings and numbers") + "\n"
    }

    /// Reads a file for the network of this genesis: its signatures are verified and its body is put before the chain's
    /// rules.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn read(text: &str, genesis: &Genesis) -> Result<Self, OfflineError> {
        if text.len() > OFFLINE_BYTES_MAX {
            return Err(OfflineError::TooLong(text.len()));
        }
        // The version first: a later form may have fields that this one refuses.
        let Version { version: found } = parse(text)?;
        if found > OFFLINE_VERSION {
            return Err(OfflineError::Newer { found });
        }
        let file: File = parse(text)?;
        let params = genesis.params();
        let (expected, found) = (params.chain, ChainId(file.chain));
        if found != expected {
            return Err(OfflineError::OtherChain { expected, found });
        }
        let body: Body = decode(&digits("body", &file.body)?)?;
        says_the_same(&file, genesis, &body, &params.prefix)?;
        let mut signing = Signing::new(body, params)?;
        add_parts(&mut signing, &file)?;
        Ok(Self { signing, known: file.known })
    }
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, OfflineError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let (path, reason) = (error.path().to_string(), error.inner().to_string());
        form(&path, &reason)
    })?;
    reader.end().map_err(|error| form(".", &error))?;
    Ok(value)
}

fn form(path: &str, reason: &dyn Display) -> OfflineError {
    // Reasons quote the file, and whoever wrote that may have written anything.
    let reason = reason.to_string().escape_debug().to_string();
    OfflineError::Form { path: path.escape_debug().to_string(), reason }
}

fn says_the_same(file: &File, genesis: &Genesis, body: &Body, prefix: &Prefix) -> Result<(), OfflineError> {
    let same = |field: String, says: Option<&String>, does: Option<&str>| {
        if says.map(String::as_str) == does {
            return Ok(());
        }
        let says = says.cloned().unwrap_or_default();
        Err(OfflineError::Misleading { field, says, does: does.unwrap_or_default().to_owned() })
    };
    same("network".to_owned(), Some(&file.network), Some(genesis.name()))?;
    same("prefix".to_owned(), Some(&file.prefix), Some(prefix.as_str()))?;
    let words = describe(body, prefix);
    (0..words.len().max(file.words.len())).try_for_each(|line| {
        same(format!("words[{line}]"), file.words.get(line), words.get(line).map(String::as_str))
    })
}

fn add_parts(signing: &mut Signing, file: &File) -> Result<(), OfflineError> {
    if file.signatures.len() > POLICY_KEYS_MAX {
        return Err(form("signatures", &"more than a policy has keys"));
    }
    if file.preimages.len() > PREIMAGES_MAX {
        return Err(form("preimages", &"more than a policy has hashes"));
    }
    let part = |error: PartError| OfflineError::Signing(error.into());
    for (at, signed) in file.signatures.iter().enumerate() {
        let path = format!("signatures[{at}]");
        let key = PublicKey::from_bytes(array(&format!("{path}.key"), &signed.key)?);
        let key = key.map_err(|error: KeyError| form(&format!("{path}.key"), &error))?;
        let signature = Signature(array(&format!("{path}.signature"), &signed.signature)?);
        signing.add_signature(key, signature).map_err(part)?;
    }
    for (at, preimage) in file.preimages.iter().enumerate() {
        signing.add_preimage(array(&format!("preimages[{at}]"), preimage)?).map_err(part)?;
    }
    Ok(())
}

fn digits(path: &str, text: &str) -> Result<Vec<u8>, OfflineError> {
    hex::decode(text).map_err(|error| form(path, &error))
}

fn array<const N: usize>(path: &str, text: &str) -> Result<[u8; N], OfflineError> {
    let bytes = digits(path, text)?;
    bytes.try_into().map_err(|_| form(path, &format!("expected {} hexadecimal digits", 2 * N)))
}
