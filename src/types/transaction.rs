//! Transactions: a body that says what is to happen, and a witness that whoever may say so has said so.

use std::sync::LazyLock;

use super::{Address, Amount, ChainId, ChainTag, Height, Nonce, Policy, TxHash, Txid};
use crate::codec::{Blob, Canonical, Decode, Encode, List, encode, encode_into};
use crate::crypto::{Digest, Signature, Tag, sha256d};

/// Actions in one transaction.
pub const ACTIONS_MAX: usize = 256;
/// Encoding of a transaction; a genesis may ask for less.
pub const TRANSACTION_BYTES_MAX: usize = 32 << 10;

const CHOICES_MAX: usize = 256;
const SIGNATURES_MAX: usize = super::POLICY_KEYS_MAX;
const PREIMAGES_MAX: usize = 32;

/// What a payment is for, chosen by whoever asked for it; it is indexed, so one address serves many invoices.
pub type Reference = Blob<0, 32>;
/// A public text, kept for ever.
pub type Note = Blob<0, 256>;
/// The secret behind a [`Policy::Preimage`].
pub type Preimage = [u8; 32];

/// One thing that a transaction does.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Encode, Decode)]
pub enum Action {
    /// Pays an amount.
    Pay {
        /// Who is paid.
        to: Address,
        /// How much, at least a pebble.
        amount: Amount,
        /// What for.
        reference: Reference,
    },
    /// Pays whatever the balance leaves; must come last.
    PayAll {
        /// Who is paid.
        to: Address,
        /// What for.
        reference: Reference,
    },
    /// Says something; at most one a transaction.
    Note(Note),
}

/// What a transaction does, and on whose account: everything but the proof that it may.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Encode, Decode)]
pub struct Body {
    /// The chain it is for, so that one of another network gets a clear answer.
    pub chain: ChainTag,
    /// Whose account pays: the one at this policy's address.
    pub policy: Policy,
    /// How many transactions that account has sent before.
    pub nonce: Nonce,
    /// What the miner gets.
    pub fee: Amount,
    /// The last block it may stand in.
    pub expiry: Option<Height>,
    /// What happens, in order.
    pub actions: List<Action, 1, ACTIONS_MAX>,
}

/// How the policy was met: what each of its parts asks for, in the order in which the policy names them.
///
/// Walk the policy from the top. Each threshold takes one of `choices`, a bit for each child that is used, and only
/// those children are walked; each key takes one of `signatures`, each preimage one of `preimages`. Nothing may be
/// left over, so there is one witness for one way of meeting a policy.
///
/// # Security
/// Which way was chosen is not signed. Where signatures made for one way also fit another, a stranger can take that one:
/// the same [`Txid`] under another [`TxHash`], perhaps without a preimage that somebody is waiting to see. A policy whose
/// parts must not be exchanged names its keys in each of them.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Encode, Decode)]
pub struct Witness {
    /// For each threshold: bit `i` stands for child `i`.
    pub choices: List<u16, 0, CHOICES_MAX>,
    /// For each chosen key.
    pub signatures: List<Signature, 0, SIGNATURES_MAX>,
    /// For each chosen preimage.
    pub preimages: List<Preimage, 0, PREIMAGES_MAX>,
}

/// A body and its witness.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Encode, Decode)]
pub struct Transaction {
    /// What happens.
    pub body: Body,
    /// Why it may.
    pub witness: Witness,
}

/// What a transaction is called, and how long it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Names {
    /// The name for people.
    pub txid: Txid,
    /// The name for machines.
    pub hash: TxHash,
    /// Length of its encoding.
    pub bytes: usize,
}

static TX: LazyLock<Tag> = LazyLock::new(|| Tag::new("cairn/tx"));
static SIGN: LazyLock<Tag> = LazyLock::new(|| Tag::new("cairn/sign"));

impl Body {
    /// The name that a transaction with this body has.
    pub fn txid(&self) -> Txid {
        Txid::from_bytes(TX.hash(&encode(self)))
    }

    /// Whom it pays and what for, in order.
    pub fn payments(&self) -> impl Iterator<Item = (&Address, &Reference)> {
        self.actions.iter().filter_map(|action| match action {
            Action::Pay { to, reference, .. } | Action::PayAll { to, reference } => Some((to, reference)),
            Action::Note(_) => None,
        })
    }
}

impl Txid {
    /// What every signer of this transaction signs. It binds the whole chain id, not only its first bytes.
    pub fn signing_message(&self, chain: &ChainId) -> Digest {
        SIGN.hash_pair(chain.0.as_bytes(), self.as_bytes())
    }
}

impl Transaction {
    /// The name for machines.
    pub fn hash(&self) -> TxHash {
        self.names().hash
    }

    /// Both names and the length of the encoding, with one pass over the bytes.
    pub fn names(&self) -> Names {
        let mut bytes = encode(&self.body);
        let txid = Txid::from_bytes(TX.hash(&bytes));
        encode_into(&self.witness, &mut bytes);
        Names { txid, hash: TxHash::from_bytes(sha256d(&bytes)), bytes: bytes.len() }
    }
}

impl Canonical for Transaction {
    const BYTES_MAX: usize = TRANSACTION_BYTES_MAX;
}

impl Canonical for Body {
    const BYTES_MAX: usize = TRANSACTION_BYTES_MAX;
}
