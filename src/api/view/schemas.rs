//! How the chain's own values look in a document: the schema of each.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::api::problem::shortened;
use crate::consensus::PowMode;
use crate::types::{
    Address, Amount, Bits, BlockHash, Height, HistoryRoot, MerkleRoot, Nonce, Prefix, StateRoot, Timestamp,
    TxHash, TxRoot, Txid,
};

/// Gives a type of the rooms below a name and a schema in the document.
macro_rules! schema {
    ($type:ty, $name:literal, $build:expr) => {
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                let build: fn(ObjectBuilder) -> ObjectBuilder = $build;
                RefOr::T(build(ObjectBuilder::new()).build().into())
            }
        }

        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }
        }
    };
}

fn text(build: ObjectBuilder, pattern: &str, description: &str) -> ObjectBuilder {
    build.schema_type(Type::String).pattern(Some(pattern)).description(Some(description))
}

fn digits(build: ObjectBuilder, description: &str) -> ObjectBuilder {
    text(build, "^[0-9a-f]{64}$", description)
}

fn number(build: ObjectBuilder, format: KnownFormat, description: &str) -> ObjectBuilder {
    build
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(format)))
        .minimum(Some(0))
        .description(Some(description))
}

schema!(Amount, "Amount", |build| text(
    build,
    "^[0-9]{1,20}$",
    "Money in pebbles, as a string of digits, since numbers in JSON lose some of them; 100000000 are one CRN."
));
schema!(BlockHash, "BlockHash", |build| digits(
    build,
    "The hash of a block's header, back to front as people print it."
));
schema!(Txid, "Txid", |build| digits(
    build,
    "What people call a transaction: the hash of what it does, without its witness."
));
schema!(TxHash, "TxHash", |build| digits(
    build,
    "What machines call a transaction: the hash of all its bytes."
));
schema!(TxRoot, "TxRoot", |build| digits(build, "Root over a block's coinbase and transactions."));
schema!(StateRoot, "StateRoot", |build| digits(build, "Root over all accounts, rewards and the supply."));
schema!(HistoryRoot, "HistoryRoot", |build| digits(build, "Root over all earlier headers."));
schema!(MerkleRoot, "MerkleRoot", |build| digits(build, "What a header commits to."));
schema!(Bits, "Bits", |build| text(build, "^[0-9a-f]{8}$", "A target in its compact form."));
schema!(Prefix, "Prefix", |build| text(build, "^[a-z]{1,16}$", "What addresses of this network begin with."));
schema!(Height, "Height", |build| number(build, KnownFormat::Int64, "How many blocks lie below."));
schema!(Nonce, "Nonce", |build| number(
    build,
    KnownFormat::Int64,
    "How many transactions an account has sent before."
));
schema!(Timestamp, "Timestamp", |build| number(build, KnownFormat::Int64, "Seconds since 1970."));
schema!(PowMode, "PowMode", |build| build
    .schema_type(Type::String)
    .enum_values(Some(["fixed", "asert"]))
    .description(Some("How difficulty goes on from genesis.")));

/// An address as people write it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AddressText(pub String);

impl AddressText {
    /// The text of an address.
    pub fn new(address: &Address, prefix: &Prefix) -> Self {
        Self(address.to_text(prefix))
    }
}

schema!(AddressText, "Address", |build| text(
    build,
    "^[a-z]{1,16}1[02-9ac-hj-np-z]{58}$",
    "Who is paid: 32 bytes in bech32m, with the prefix of the network."
));

/// Bytes in hexadecimal digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Hex(pub String);

/// Text that is no bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected hexadecimal digits, two for each byte, and not `{0}`")]
pub struct NotHex(String);

impl TryFrom<String> for Hex {
    type Error = NotHex;

    fn try_from(digits: String) -> Result<Self, NotHex> {
        let is_hex = digits.len().is_multiple_of(2) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        if is_hex { Ok(Self(digits)) } else { Err(NotHex(shortened(&digits))) }
    }
}

impl Hex {
    /// The digits of these bytes.
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        Self(hex::encode(bytes))
    }
}

schema!(Hex, "Hex", |build| text(build, "^([0-9a-fA-F]{2})*$", "Bytes in hexadecimal digits."));
