//! Texts that are signed for an address: whoever knows the address, the text and the signature can verify it, with no node
//! to ask.
//!
//! # Security
//! What is signed is a hash under a tag of its own, which no transaction's message is made with, so a signature of a text
//! never spends anything. It covers the prefix and the address: it cannot be passed off as another address's, even one with the same
//! keys, nor as one on a network of another prefix. Only keys and thresholds of them can sign a text: a height cannot be
//! looked up where there is no chain, and a preimage shown for a text would be lost for payments.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};

use super::lack::Lack;
use super::leaves;
use super::parts::{PartError, Parts};
use crate::codec::{Canonical, CodecError, Decode, Encode, List, decode, encode};
use crate::consensus::{WitnessError, meet};
use crate::crypto::{Claim, Digest, PublicKey, SecretKey, Signature, Tag};
use crate::types::{Address, Height, POLICY_BYTES_MAX, POLICY_KEYS_MAX, Policy, Prefix};

static TEXT: LazyLock<Tag> = LazyLock::new(|| Tag::new("cairn/text"));

/// The form of signatures that is written, and the only one that is read.
const VERSION: u8 = 1;

/// A policy, and signatures of a text by some of its keys, each named by its place among them. It may be complete or wait
/// for others.
///
/// As text it is one word of base64 in the alphabet for URLs, without padding: the shortest form that survives mails, forms and
/// command lines, and that a double click takes whole. It needs no checksum, since a damaged signature does not verify.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct TextSignature {
    version: u8,
    policy: Policy,
    signatures: List<(u8, Signature), 0, POLICY_KEYS_MAX>,
}

impl Canonical for TextSignature {
    const BYTES_MAX: usize = 2 + POLICY_BYTES_MAX + 65 * POLICY_KEYS_MAX;
}

/// Why a text was not signed for an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Not the text of a signature.
    #[error("not a signature of a text: {0}")]
    Form(String),
    /// In a form of another program.
    #[error("a signature in form {0}, which this program does not know")]
    Version(u8),
    /// It is under another address's policy.
    #[error("signed for another address")]
    OtherAddress,
    /// A signature that does not hold, or is nobody's.
    #[error("{0}; perhaps the text was changed, be it by a space at its end")]
    Part(PartError),
    /// Not everybody has signed who must.
    #[error("signed by some, but not by enough")]
    Lacking(Lack),
    /// What came together does not meet the policy.
    #[error(transparent)]
    Witness(#[from] WitnessError),
}

impl From<PartError> for TextError {
    fn from(error: PartError) -> Self {
        Self::Part(error)
    }
}

/// A text on its way to being signed for an address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TextSigning {
    parts: Parts,
}

/// # Security
/// Each field has one length or says it, so no two of them can be shifted into one another.
fn message(address: &Address, prefix: &Prefix, text: &str) -> Digest {
    let prefix = prefix.as_str().as_bytes();
    let length = u8::try_from(prefix.len()).expect("a prefix has at most sixteen letters");
    TEXT.hash(&[&[length], prefix, address.as_bytes(), text.as_bytes()].concat())
}

impl TextSigning {
    /// A text that nobody has signed for this policy's address.
    pub fn new(policy: Policy, prefix: &Prefix, text: &str) -> Self {
        let message = message(&policy.address(), prefix, text);
        Self { parts: Parts::new(policy, message) }
    }

    /// Signs with a key of the policy.
    ///
    /// # Errors
    /// When the policy does not name it.
    pub fn sign(&mut self, secret: &SecretKey) -> Result<(), PartError> {
        self.parts.sign(secret)
    }

    /// Takes in what others signed of the same text.
    ///
    /// # Errors
    /// When a signature does not hold: it is another text's.
    pub fn combine(&mut self, other: &TextSignature) -> Result<(), TextError> {
        if other.policy != *self.parts.policy() {
            return Err(TextError::OtherAddress);
        }
        let keys = leaves::keys(&other.policy);
        for (at, signature) in &other.signatures {
            let key: Option<&PublicKey> = keys.get(usize::from(*at));
            let key = key.ok_or_else(|| TextError::Form(format!("the policy has no key {at}")))?;
            self.parts.add_signature(*key, *signature)?;
        }
        Ok(())
    }

    /// What is still missing; nothing where it is complete.
    pub fn lack(&self) -> Option<Lack> {
        self.parts.lack(Height::GENESIS)
    }

    /// All that has been signed, complete or for others to go on with.
    ///
    /// # Panics
    /// Never: a policy has at most sixteen keys.
    pub fn signature(&self) -> TextSignature {
        let keys = leaves::keys(self.parts.policy());
        let place = |key: &PublicKey| keys.iter().position(|other| other == key);
        let signatures = self.parts.signatures().filter_map(|(key, signature)| {
            let at = u8::try_from(place(key)?).ok()?;
            Some((at, *signature))
        });
        let mut signatures: Vec<(u8, Signature)> = signatures.collect();
        signatures.sort_unstable_by_key(|(at, _)| *at);
        TextSignature {
            version: VERSION,
            policy: self.parts.policy().clone(),
            signatures: List::new(signatures).expect("one for each key at most"),
        }
    }
}

impl TextSignature {
    /// The policy under which it was signed.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Checks that the text was signed for this address, by enough of its keys.
    ///
    /// # Errors
    /// Why not.
    pub fn verify(&self, address: &Address, prefix: &Prefix, text: &str) -> Result<(), TextError> {
        if self.policy.address() != *address {
            return Err(TextError::OtherAddress);
        }
        let mut signing = TextSigning::new(self.policy.clone(), prefix, text);
        signing.combine(self)?;
        let (_, witness) = signing.parts.witness(Height::GENESIS).map_err(TextError::Lacking)?;
        // The last word is the chain's own.
        let met = meet(&self.policy, &witness, signing.parts.message())?;
        if met.claims.iter().all(Claim::holds) {
            Ok(())
        } else {
            Err(TextError::Form("a signature does not hold".to_owned()))
        }
    }
}

impl fmt::Display for TextSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(encode(self)))
    }
}

impl FromStr for TextSignature {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        // Three bytes are four letters.
        if text.len() > Self::BYTES_MAX.div_ceil(3) * 4 {
            return Err(TextError::Form("longer than any signature".to_owned()));
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text.trim());
        let bytes = bytes.map_err(|error| TextError::Form(error.to_string()))?;
        match bytes.first() {
            Some(&version) if version != VERSION => return Err(TextError::Version(version)),
            Some(_) | None => {}
        }
        decode(&bytes).map_err(|error: CodecError| TextError::Form(error.to_string()))
    }
}
