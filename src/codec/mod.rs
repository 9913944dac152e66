//! Bounded, canonical bytes: the one encoding that is hashed, sent and stored.
//!
//! This room decides how a value becomes bytes and which bytes are a value. It is the only room that names the
//! library underneath; everybody else derives [`Encode`] and [`Decode`] and implements [`Canonical`] (the derives also ask for
//! a borrowing form that nothing here uses: [`impl_borrow_decode`] makes it for what is written by hand). It knows no
//! domain word and holds no state.
//!
//! The encoding is bincode 2's `standard()` configuration: little-endian, integers as variable-length numbers.
//! That alone is not canonical: it accepts an integer padded to more bytes than it needs, and leaves bytes behind
//! unread. Whoever could alter bytes without altering meaning could give one transaction many hashes, so
//! [`decode`] accepts exactly what [`encode`] produces and nothing else.
//!
//! Read [`decode`] first, then `bounded.rs` for the containers.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod bounded;

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
pub use bincode::de::Decoder;
pub use bincode::enc::Encoder;
use bincode::enc::write::Writer;
pub use bincode::error::{DecodeError, EncodeError};
pub use bincode::{Decode, Encode, impl_borrow_decode};

pub use bounded::{Blob, List, OutOfBounds, SecretBlob};

/// Largest encoding of anything, in bytes; every [`Canonical::BYTES_MAX`] stays below it.
pub const ENCODING_BYTES_MAX: usize = 64 << 20;

/// What the library may claim while decoding. It books the width of an integer's type, eight bytes at most, where
/// the encoding may hold one; beyond that nothing in this room claims more than it has read.
const CLAIM_BYTES_MAX: usize = 8 * ENCODING_BYTES_MAX;

type Wire = Configuration<LittleEndian, Varint, Limit<CLAIM_BYTES_MAX>>;

const fn wire() -> Wire {
    bincode::config::standard().with_limit::<CLAIM_BYTES_MAX>()
}

/// A value with exactly one encoding, no longer than a stated bound.
pub trait Canonical: Encode + Decode<()> {
    /// Longest encoding that is read, in bytes; anything longer is refused before a byte of it is looked at.
    const BYTES_MAX: usize;
}

/// Why bytes are not a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// Longer than the type's bound.
    #[error("{bytes} bytes, but at most {bytes_max} are allowed")]
    TooLong {
        /// Length of what was given.
        bytes: usize,
        /// The type's bound.
        bytes_max: usize,
    },
    /// The bytes end early, name an unknown variant, or break a bound of the type.
    #[error("malformed: {0}")]
    Malformed(String),
    /// A value, and then bytes that belong to nothing.
    #[error("{0} bytes left over after the value")]
    Trailing(usize),
    /// A value, but not the one way of writing it.
    #[error("not in canonical form")]
    NotCanonical,
}

/// Encodes a value; the result decodes to an equal one.
///
/// # Panics
/// Never: writing to memory cannot fail, and no type of ours refuses to be encoded.
pub fn encode<T: Encode>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_into(value, &mut bytes);
    bytes
}

/// Appends a value's encoding to `bytes`.
///
/// # Panics
/// Never, see [`encode`].
pub fn encode_into<T: Encode>(value: &T, bytes: &mut Vec<u8>) {
    write(value, Appender(bytes));
}

/// Length of a value's encoding, without making it.
///
/// # Panics
/// Never, see [`encode`].
pub fn encoded_len<T: Encode>(value: &T) -> usize {
    let mut length = 0;
    write(value, Counter(&mut length));
    length
}

fn write<T: Encode>(value: &T, writer: impl Writer) {
    bincode::encode_into_writer(value, writer, wire()).expect("writing to memory cannot fail");
}

/// Decodes exactly what [`encode`] produced.
///
/// # Security
/// Memory taken is bounded by the bytes given, whatever lengths they claim: at most 64 bytes for each, where thousands
/// of empty lists and notes become values that could hold more.
///
/// # Errors
/// When the bytes are too long for the type, malformed, followed by others, or not the canonical form.
pub fn decode<T: Canonical>(bytes: &[u8]) -> Result<T, CodecError> {
    const { assert!(T::BYTES_MAX <= ENCODING_BYTES_MAX, "a bound above the room's own") };
    if bytes.len() > T::BYTES_MAX {
        return Err(CodecError::TooLong { bytes: bytes.len(), bytes_max: T::BYTES_MAX });
    }
    let (value, consumed) = bincode::decode_from_slice::<T, _>(bytes, wire())
        .map_err(|error| CodecError::Malformed(describe(&error)))?;
    if consumed != bytes.len() {
        return Err(CodecError::Trailing(bytes.len() - consumed));
    }
    let mut rest = bytes;
    let same = bincode::encode_into_writer(&value, Comparer(&mut rest), wire()).is_ok();
    if same && rest.is_empty() { Ok(value) } else { Err(CodecError::NotCanonical) }
}

fn describe(error: &DecodeError) -> String {
    match error {
        DecodeError::UnexpectedEnd { additional } => format!("ends {additional} bytes early"),
        DecodeError::LimitExceeded => "claims more bytes than are allowed".to_owned(),
        DecodeError::UnexpectedVariant { type_name, found, .. } => {
            format!("unknown kind {found} of {type_name}")
        }
        DecodeError::Other(reason) => (*reason).to_owned(),
        DecodeError::OtherString(reason) => reason.clone(),
        other => format!("{other:?}"),
    }
}

struct Appender<'a>(&'a mut Vec<u8>);

impl Writer for Appender<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

struct Counter<'a>(&'a mut usize);

impl Writer for Counter<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        *self.0 += bytes.len();
        Ok(())
    }
}

/// Compares instead of writing: re-encoding costs no memory.
struct Comparer<'a, 'b>(&'a mut &'b [u8]);

impl Writer for Comparer<'_, '_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        *self.0 = self.0.strip_prefix(bytes).ok_or(EncodeError::UnexpectedEnd)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Encode, Decode)]
    struct Sample {
        number: u64,
        list: List<u32, 1, 3>,
    }

    impl Canonical for Sample {
        const BYTES_MAX: usize = 32;
    }

    fn sample() -> Sample {
        Sample { number: 7, list: List::new(vec![1, 2]).unwrap() }
    }

    #[test]
    fn encoding_is_read_back() {
        let bytes = encode(&sample());
        assert_eq!(bytes, [7, 2, 1, 2]);
        assert_eq!(encoded_len(&sample()), 4);
        assert_eq!(decode(&bytes), Ok(sample()));
    }

    #[test]
    fn padded_integer_is_refused() {
        // 251 announces a two-byte integer; 7 would have fitted into one byte.
        assert_eq!(decode::<Sample>(&[251, 7, 0, 2, 1, 2]), Err(CodecError::NotCanonical));
    }

    #[test]
    fn trailing_bytes_are_refused() {
        assert_eq!(decode::<Sample>(&[7, 2, 1, 2, 9]), Err(CodecError::Trailing(1)));
    }

    #[test]
    fn input_above_the_bound_is_refused_unread() {
        assert_eq!(decode::<Sample>(&[0; 33]), Err(CodecError::TooLong { bytes: 33, bytes_max: 32 }));
    }

    #[test]
    fn list_outside_its_bounds_is_refused() {
        assert!(matches!(decode::<Sample>(&[7, 0]), Err(CodecError::Malformed(_))));
        assert!(matches!(decode::<Sample>(&[7, 4, 1, 2, 3, 4]), Err(CodecError::Malformed(_))));
    }

    #[test]
    fn hostile_length_is_refused_without_allocating() {
        let claim = [7, 253, 255, 255, 255, 255, 255, 255, 255, 255];
        assert!(matches!(decode::<Sample>(&claim), Err(CodecError::Malformed(_))));
    }
}
