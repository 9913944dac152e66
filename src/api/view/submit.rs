//! What is sent in, and what is answered.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::policy::PolicyView;
use super::schemas::Hex;
use super::transaction::{ActionView, ContentView, WitnessView};
use crate::api::problem::Problem;
use crate::types::{Amount, BlockHash, Height, Nonce, TxHash, Txid};

/// A transaction to be sent: whole, or what it does and how its policy is met.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged, try_from = "AnySubmission")]
pub enum Submission {
    /// All its bytes.
    Raw(RawSubmission),
    /// What it does, as it was prepared, and who says so.
    Signed(SignedSubmission),
}

/// All bytes of a transaction.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RawSubmission {
    /// Its encoding.
    pub raw: Hex,
}

/// What a transaction does, and how its policy is met.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignedSubmission {
    /// What it does: the `body` that was prepared.
    pub body: Hex,
    /// How its policy is met.
    pub witness: WitnessView,
}

/// Either of them, read so that whoever made a mistake is told which.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnySubmission {
    raw: Option<Hex>,
    body: Option<Hex>,
    witness: Option<WitnessView>,
}

impl TryFrom<AnySubmission> for Submission {
    type Error = &'static str;

    fn try_from(any: AnySubmission) -> Result<Self, Self::Error> {
        match (any.raw, any.body, any.witness) {
            (Some(raw), None, None) => Ok(Self::Raw(RawSubmission { raw })),
            (None, Some(body), Some(witness)) => Ok(Self::Signed(SignedSubmission { body, witness })),
            _ => Err("a transaction is sent as `raw`, or as `body` and `witness`"),
        }
    }
}

/// One transaction, or several in the order in which they are to be taken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Submissions {
    /// Several: no more than 1000.
    Many(Vec<Submission>),
    /// One.
    One(Submission),
}

impl<'de> Deserialize<'de> for Submissions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMany)
    }
}

/// Tells one from several by how they begin.
struct OneOrMany;

impl<'de> Visitor<'de> for OneOrMany {
    type Value = Submissions;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a transaction, or a list of them")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Submissions, A::Error> {
        Submission::deserialize(MapAccessDeserializer::new(map)).map(Submissions::One)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Submissions, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Submissions::Many)
    }
}

/// What became of a transaction that was not refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Taken {
    /// It could be mined now.
    Ready,
    /// It waits for one with an earlier nonce.
    Waiting {
        /// The sender's next.
        expected: Nonce,
    },
    /// It was here before.
    Known,
    /// It stands in a block.
    Mined {
        /// Of this height.
        height: Height,
    },
}

/// The answer to a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SubmittedTransaction {
    /// What people call it.
    pub txid: Txid,
    /// What machines call it.
    pub hash: TxHash,
    /// What became of it.
    #[serde(flatten)]
    pub taken: Taken,
}

/// What would become of a transaction.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct TrialView {
    /// What it would be answered with.
    #[serde(flatten)]
    pub answer: SubmittedTransaction,
    /// What would leave the pool for it: the one that it replaces, what counts on that, what gives way.
    pub departs: Vec<Txid>,
}

/// The answer to one of several transactions: one of these.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was taken in.
    Accepted(SubmittedTransaction),
    /// It was refused.
    Refused(Problem),
}

/// The answer to one transaction, or to several in their order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Outcomes {
    /// To several.
    Many(Vec<Outcome>),
    /// To one.
    One(SubmittedTransaction),
}

/// What a transaction is to do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// Who may spend: the account that pays is this policy's address.
    pub policy: PolicyView,
    /// Its place among the sender's; the next, where nothing is said.
    #[serde(default)]
    pub nonce: Option<Nonce>,
    /// What the miner gets; what it takes to be in the next block, where nothing is said.
    #[serde(default)]
    pub fee: Option<Amount>,
    /// The last block it may stand in.
    #[serde(default)]
    pub expiry: Option<Height>,
    /// What is to happen, in order.
    #[schema(min_items = 1, max_items = 256)]
    pub actions: Vec<ActionView>,
}

/// A transaction that lacks its signatures.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Prepared {
    /// What people will call it.
    pub txid: Txid,
    /// What it does, encoded: send it back with the witness.
    pub body: Hex,
    /// What every key signs: 32 bytes, signed as they are with Ed25519.
    pub signing_message: Hex,
    /// About how long it will be with its witness.
    pub bytes: usize,
    /// The same in words, to be looked at before it is signed. Its `hash` and `bytes` there are those without a witness.
    pub transaction: ContentView,
}

/// A block to be submitted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockSubmission {
    /// Its encoding.
    pub block: Hex,
}

/// What became of a block that was submitted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Placed {
    /// It was here before.
    Known,
    /// One below it is missing; it is kept for a while.
    Orphan {
        /// The lowest that is missing.
        missing: BlockHash,
    },
    /// It lies ahead of our clock; it is kept until its time comes.
    Early {
        /// In how many seconds.
        seconds: u32,
    },
    /// It stands on a branch that is not followed.
    Side,
    /// It is followed, and durable.
    Followed {
        /// How many blocks were taken off for it.
        reverted: u32,
    },
}

/// The answer to a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SubmittedBlock {
    /// Its name.
    pub hash: BlockHash,
    /// What became of it.
    #[serde(flatten)]
    pub placed: Placed,
}
