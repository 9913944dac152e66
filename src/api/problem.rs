//! What is answered when something is wrong: one shape, with a code that programs can rely on.

use std::fmt::Write as _;

use axum::http::header::{self, HeaderValue};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::chain::ChainError;
use crate::mempool::AdmitError;
use crate::node::{BlockRefused, Closed, ReadError, RulingRefused, TransactionRefused};

/// The media type of a [`Problem`], RFC 9457.
pub const PROBLEM_TYPE: &str = "application/problem+json";

/// Declares all codes: the status each comes with, what it is in short, and what to do about it.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $status:ident, $title:literal, $advice:literal;)*) => {
        /// What is wrong, for programs. A code never changes its meaning.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name, as programs are told it.
            pub fn name(self) -> String {
                let name = serde_json::to_value(self).ok();
                name.as_ref().and_then(|name| name.as_str()).unwrap_or_default().to_owned()
            }

            /// The status that it comes with.
            pub const fn status(self) -> StatusCode {
                match self {
                    $(Self::$name => StatusCode::$status,)*
                }
            }

            /// What is wrong, in short.
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$name => $title,)*
                }
            }

            /// What to do.
            pub const fn advice(self) -> &'static str {
                match self {
                    $(Self::$name => $advice,)*
                }
            }
        }
    };
}

codes! {
    /// The request cannot be understood.
    BadRequest = BAD_REQUEST, "The request cannot be understood", "Compare it with the example at /docs.";
    /// Text that is no hash, address, height or amount.
    BadValue = BAD_REQUEST, "A value cannot be understood", "Look at the value that is named: what it should look like is said.";
    /// An address with a slip in it.
    BadAddress = BAD_REQUEST, "Not an address of this network", "Copy it again, whole, from where it was shown.";
    /// Not a cursor of this list.
    BadCursor = BAD_REQUEST, "Not a cursor of this list", "Begin without a cursor, and go on with the `next` of each page, unchanged.";
    /// Bytes that are no transaction or block.
    NotDecodable = BAD_REQUEST, "These bytes are not what they should be", "Send the canonical encoding as hexadecimal digits, whole and with nothing behind it.";
    /// Whoever asks did not say the word.
    Unauthorized = UNAUTHORIZED, "This needs the word of the operator", "Send `authorization: Bearer` and what the node wrote into the file `api-token` in its data directory.";
    /// Another site's page asks.
    Forbidden = FORBIDDEN, "Not from there", "Pages of other sites need the operator's leave: `--http-origin`.";
    /// There is nothing there.
    NotFound = NOT_FOUND, "There is nothing there", "See /docs for all that can be asked.";
    /// No such block.
    BlockUnknown = NOT_FOUND, "No such block", "A height above the tip is not there yet; a hash may belong to a block that never came.";
    /// No such transaction.
    TransactionUnknown = NOT_FOUND, "No such transaction", "It was never here, or left the pool long ago. Whoever signed it can send it again.";
    /// The body of that block is not here.
    NotKept = NOT_FOUND, "This is not kept here", "It was pruned, or only its header came: ask a node that keeps all blocks.";
    /// It takes more work than one answer is worth.
    TooFar = UNPROCESSABLE_ENTITY, "That is too far back", "Ask for a later height, or go through the history yourself.";
    /// Another method.
    MethodNotAllowed = METHOD_NOT_ALLOWED, "Not by this method", "The header `allow` says by which.";
    /// The pool has gone on while it was looked at.
    TipMoved = CONFLICT, "The chain went on meanwhile", "Ask again: the answer would have mixed two tips.";
    /// The list turned over while it was read.
    CursorStale = CONFLICT, "The list has changed below this cursor", "Begin it again: a reorganization took back what the cursor stood on.";
    /// Too much at once.
    TooLarge = PAYLOAD_TOO_LARGE, "Too much at once", "Send less in one request: the limit is named.";
    /// Another media type.
    UnsupportedType = UNSUPPORTED_MEDIA_TYPE, "Not in this form", "Send `content-type: application/json`.";
    /// A rule of the chain is broken.
    TransactionInvalid = UNPROCESSABLE_ENTITY, "This transaction breaks a rule of the chain", "It can never be mined as it is: make and sign another.";
    /// A nonce that was used.
    NonceUsed = UNPROCESSABLE_ENTITY, "Its nonce is used already", "Ask the account for its next nonce, and sign again.";
    /// A nonce that is too far ahead.
    NonceAhead = UNPROCESSABLE_ENTITY, "Its nonce is too far ahead", "Send those with the nonces before it first.";
    /// Not enough money.
    BalanceTooLow = UNPROCESSABLE_ENTITY, "The account does not have that much", "Look at `spendable` of the account: rewards need to mature, and what waits in the pool is spoken for.";
    /// A fee that is too low.
    FeeTooLow = UNPROCESSABLE_ENTITY, "Its fee is too low now", "Ask /v1/fees, and sign it again with a higher fee.";
    /// It cannot be mined at this height.
    Untimely = UNPROCESSABLE_ENTITY, "Not at this height", "It has expired, or its policy opens later: the heights are named.";
    /// It is known in another form.
    OtherWitness = UNPROCESSABLE_ENTITY, "The same transaction is here with another witness", "Nothing needs to be done: it waits for a block as it is.";
    /// The sender waits for others of its own.
    PoolRefused = UNPROCESSABLE_ENTITY, "The pool does not take it now", "The reason is named; wait for the next block, or for what the account has waiting.";
    /// A block that breaks a rule.
    BlockInvalid = UNPROCESSABLE_ENTITY, "This block breaks a rule of the chain", "Make it anew from /v1/mining/template.";
    /// A block that is not for this branch.
    BlockRefused = UNPROCESSABLE_ENTITY, "This block is not taken", "The reason is named.";
    /// Another is meant.
    Misdirected = MISDIRECTED_REQUEST, "Another is meant", "Call this node `localhost` or 127.0.0.1, or have its operator say `--http-host` with the name.";
    /// Too often.
    TooManyRequests = TOO_MANY_REQUESTS, "Too many requests", "Wait as long as `retry-after` says.";
    /// A network of a laboratory cannot do that as it is now.
    NotNow = CONFLICT, "Not as the network is now", "The reason is named, and what to do first.";
    /// A fault of ours.
    Internal = INTERNAL_SERVER_ERROR, "A fault of this node", "The operator finds more in the log under the request id.";
    /// Not here.
    NotServed = NOT_IMPLEMENTED, "This node does not do that", "The reason is named.";
    /// Indexes are behind.
    Indexing = SERVICE_UNAVAILABLE, "The indexes are being made", "Ask again in a moment: how far they are is named.";
    /// Nothing is taken in.
    NodeStopped = SERVICE_UNAVAILABLE, "The node takes nothing in", "The operator must look: /ready says why.";
    /// It is not ready yet.
    NotReady = SERVICE_UNAVAILABLE, "The node is not ready", "Wait until /ready says so; the reason is named.";
    /// So many are served already.
    Busy = SERVICE_UNAVAILABLE, "Too much is going on", "Ask again in a moment.";
    /// It took too long.
    TookTooLong = GATEWAY_TIMEOUT, "It took too long", "Ask for less, or again in a moment. What was submitted goes its way.";
}

/// What is wrong, what about it, and what to do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Where this kind of problem is explained.
    #[serde(rename = "type")]
    #[schema(example = "/docs#problem-bad_address")]
    pub kind: String,
    /// What is wrong, in short.
    #[schema(example = "Not an address of this network")]
    pub title: String,
    /// The status, as a number.
    #[schema(example = 400)]
    pub status: u16,
    /// What is wrong, for programs.
    pub code: Code,
    /// What exactly is wrong.
    pub detail: String,
    /// What to do.
    pub advice: String,
}

impl Problem {
    /// Something of this kind.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("/docs#problem-{}", code.name()),
            title: code.title().to_owned(),
            status: code.status().as_u16(),
            code,
            detail: detail.into(),
            advice: code.advice().to_owned(),
        }
    }

    /// A value that cannot be understood, what it is of, and why.
    pub fn bad_value(name: &str, value: &str, why: impl std::fmt::Display) -> Self {
        Self::new(Code::BadValue, format!("`{name}` is `{}`: {why}", shortened(value)))
    }

    /// A fault of ours.
    pub fn internal(what: impl std::fmt::Display) -> Self {
        Self::new(Code::Internal, what.to_string())
    }
}

/// Signs of somebody's text that are said back, at most.
const SAID_BACK_MAX: usize = 80;

/// Somebody's text, as far as it is worth saying back.
pub fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(SAID_BACK_MAX).collect();
    if short.len() < text.len() {
        let _ = write!(short, "…");
    }
    short
}

impl Code {
    /// Whether a node looked at what was sent and will not have it; else it may not have come to that.
    pub fn is_verdict(self) -> bool {
        self.status() == StatusCode::UNPROCESSABLE_ENTITY
    }

    /// Whether the same may be asked again in a moment, and be answered.
    pub const fn is_passing(self) -> bool {
        matches!(self, Self::Indexing | Self::Busy | Self::NotReady | Self::TipMoved)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let retry = self.code.is_passing().then(|| HeaderValue::from_static("1"));
        // A problem has no map and nothing else that could not be written.
        let body = serde_json::to_vec(&self).expect("a problem is plain text and numbers");
        let mut response = (self.code.status(), body).into_response();
        let headers = response.headers_mut();
        let mut set = |name: HeaderName, value| headers.insert(name, value);
        set(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_TYPE));
        set(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = retry {
            set(header::RETRY_AFTER, seconds);
        }
        if self.code == Code::Unauthorized {
            set(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.code == Code::Internal {
            response.extensions_mut().insert(Fault(self.detail.clone()));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// What a log is told of a fault.
#[derive(Clone)]
pub(super) struct Fault(pub String);

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        let code = match &error {
            ReadError::TipMoved => Code::TipMoved,
            ReadError::Pruned { .. } => Code::NotKept,
            ReadError::TooFar { .. } => Code::TooFar,
            ReadError::Indexing { .. } => Code::Indexing,
            ReadError::Storage(_) => Code::Internal,
        };
        Self::new(code, error.to_string())
    }
}

impl From<Closed> for Problem {
    fn from(closed: Closed) -> Self {
        Self::new(Code::NodeStopped, closed.to_string())
    }
}

impl From<&TransactionRefused> for Problem {
    fn from(refused: &TransactionRefused) -> Self {
        let code = match refused {
            TransactionRefused::Broken(_) => Code::TransactionInvalid,
            TransactionRefused::Pool(error) => code_of_admission(error),
            TransactionRefused::Closed(_) => Code::NodeStopped,
        };
        Self::new(code, refused.to_string())
    }
}

fn code_of_admission(error: &AdmitError) -> Code {
    match error {
        AdmitError::OtherWitness { .. } => Code::OtherWitness,
        AdmitError::Untimely(_) => Code::Untimely,
        AdmitError::OldNonce { .. } => Code::NonceUsed,
        AdmitError::NonceTooFar { .. } | AdmitError::NoRoomToWait { .. } => Code::NonceAhead,
        AdmitError::UnknownSender
        | AdmitError::Balance { .. }
        | AdmitError::NothingLeft
        | AdmitError::Overflow => Code::BalanceTooLow,
        AdmitError::Floor { .. }
        | AdmitError::Full { .. }
        | AdmitError::FullAndUnconfirmed { .. }
        | AdmitError::FullOfOwn { .. }
        | AdmitError::Replacement { .. } => Code::FeeTooLow,
        AdmitError::Known | AdmitError::AfterPayAll { .. } | AdmitError::AccountFull { .. } => {
            Code::PoolRefused
        }
    }
}

impl From<&BlockRefused> for Problem {
    fn from(refused: &BlockRefused) -> Self {
        let code = match refused {
            BlockRefused::Block(_)
            | BlockRefused::Ledger(_)
            | BlockRefused::Chain(ChainError::Header(_) | ChainError::Invalid(_)) => Code::BlockInvalid,
            BlockRefused::Chain(ChainError::RuledOut(_))
            | BlockRefused::TooDeep { .. }
            | BlockRefused::TooEarly { .. }
            | BlockRefused::BelowBase { .. } => Code::BlockRefused,
            BlockRefused::Closed(_) => Code::NodeStopped,
        };
        Self::new(code, refused.to_string())
    }
}

impl From<&RulingRefused> for Problem {
    fn from(refused: &RulingRefused) -> Self {
        let code = match refused {
            RulingRefused::NoLaboratory => Code::NotServed,
            RulingRefused::Unknown(_) => Code::BlockUnknown,
            RulingRefused::BelowBase { .. } => Code::NotKept,
            RulingRefused::Broken(_) => Code::BlockInvalid,
            RulingRefused::Genesis | RulingRefused::TooMany => Code::BlockRefused,
            RulingRefused::Closed(_) => Code::NodeStopped,
        };
        Self::new(code, refused.to_string())
    }
}
