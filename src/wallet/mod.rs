//! Keys and spending: from words that a person can write down to a transaction that the chain takes, and the file that
//! keeps them.
//!
//! This room decides how keys are derived, what a wallet holds and how its file is sealed, what is put before somebody who
//! signs, and what a signature is asked for. It knows no chain state and draws no randomness: entropy, salts, balances and
//! heights come in as arguments. Whatever the chain would refuse is judged by `consensus` and `ledger` themselves, before
//! anything is signed.
//!
//! A payment goes this way: a [`Draft`] in a [`Scene`] becomes [`Prepared`] for one of the [`ways`] that its policy can be
//! met; its body becomes a [`Signing`], which travels between holders as an [`OfflineFile`] where it must, and ends as a
//! checked transaction, which the [`Outbox`] remembers. Read `derivation.rs` and [`keystore`] for what is kept, `draft.rs`,
//! `way.rs` and `signing.rs` for what is spent.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod batch;
mod caution;
mod checksum;
mod derivation;
mod describe;
mod draft;
mod expression;
pub mod keyring;
pub mod keystore;
mod lack;
mod leaves;
mod link;
mod mistyped;
mod offline;
mod outbox;
mod parts;
mod signing;
mod text;
mod trial;
mod warning;
mod way;
mod words;

pub use batch::{BatchError, BatchLine, read_batch};
pub use caution::{Caution, FAR_SECONDS, cautions};
pub use derivation::{ACCOUNTS_MAX, AccountError, DEVNET_MNEMONIC, Mnemonic, MnemonicError, Seed, wordlist};
pub use describe::{describe, plain, quoted};
pub use draft::{Draft, DraftError, Fee, Payment, Prepared, Rest, Scene, fee_for};
pub use expression::{
    EXPRESSION_BYTES_MAX, ExpressionError, ExpressionProblem, NamedKeys, parse_policy, policy_text,
};
pub use lack::{Lack, lack};
pub use link::{
    LINK_BYTES_MAX, LINK_SCHEME, Link, LinkError, ReferenceError, read_reference, reference_text,
};
pub use mistyped::{NoAddress, Slip, explain_mistyped, likely, read_address};
pub use offline::{Known, OFFLINE_BYTES_MAX, OFFLINE_VERSION, OfflineError, OfflineFile};
pub use outbox::{
    Earlier, KEY_SECONDS, KEYS_MAX, Kept, LOST_DEPTH, Look, ORDER_KEY_LETTERS_MAX, OUTBOX_MAX, OrderKey,
    OrderKeyError, Ordered, Outbox, OutboxError, Progress, Purpose, SETTLED_DEPTH, Sent, UNHEARD_DEPTH,
    UNHEARD_SECONDS, Word, is_shut_out, is_void,
};
pub use parts::{PartError, Parts};
pub use signing::{Signing, SigningError};
pub use text::{TextError, TextSignature, TextSigning};
pub use warning::{
    FEE_SHARE_PERCENT_MAX, FEE_TIMES_LEAST_MAX, NEARLY_ALL_PERCENT, NamedBy, RATE_BELIEVED_MAX, RATE_LEAST,
    Warning, fee_warning, paid_by, warning_lines,
};
pub use way::{Means, WAYS_MAX, Way, ways};
pub use words::{KeyNames, explain};
