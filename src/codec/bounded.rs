//! The containers of the encoding: a list, a run of bytes, and one that is secret, each with bounds in its type.

use std::fmt;
use std::ops::Deref;

use super::{Decode, DecodeError, Decoder, Encode, EncodeError, Encoder};
use bincode::de::read::Reader;
use bincode::de::{BorrowDecode, BorrowDecoder};
use bincode::enc::write::Writer;
use zeroize::Zeroize;

/// Memory set aside for a list before its first element has been read, whatever length it claims.
const PREALLOCATED_BYTES_MAX: usize = 16 << 10;

/// More or fewer elements than a container's type allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{length} elements, but {min} to {max} are allowed")]
pub struct OutOfBounds {
    /// How many were given.
    pub length: usize,
    /// Fewest allowed.
    pub min: usize,
    /// Most allowed.
    pub max: usize,
}

fn within(length: usize, min: usize, max: usize) -> Result<(), OutOfBounds> {
    if (min..=max).contains(&length) { Ok(()) } else { Err(OutOfBounds { length, min, max }) }
}

/// `MIN` to `MAX` values of one type.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct List<T, const MIN: usize, const MAX: usize>(Vec<T>);

impl<T, const MIN: usize, const MAX: usize> List<T, MIN, MAX> {
    /// A list of these values.
    ///
    /// # Errors
    /// When there are too few or too many.
    pub fn new(values: Vec<T>) -> Result<Self, OutOfBounds> {
        within(values.len(), MIN, MAX)?;
        Ok(Self(values))
    }

    /// The values.
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T, const MAX: usize> Default for List<T, 0, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MIN: usize, const MAX: usize> Deref for List<T, MIN, MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'a, T, const MIN: usize, const MAX: usize> IntoIterator for &'a List<T, MIN, MAX> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T: fmt::Debug, const MIN: usize, const MAX: usize> fmt::Debug for List<T, MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: Encode, const MIN: usize, const MAX: usize> Encode for List<T, MIN, MAX> {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        (self.0.len() as u64).encode(encoder)?;
        self.0.iter().try_for_each(|value| value.encode(encoder))
    }
}

impl<C, T: Decode<C>, const MIN: usize, const MAX: usize> Decode<C> for List<T, MIN, MAX> {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let length = decode_length(decoder, MIN, MAX)?;
        let preallocated = (PREALLOCATED_BYTES_MAX / size_of::<T>().max(1)).min(length);
        let mut values = Vec::with_capacity(preallocated);
        for _ in 0..length {
            values.push(T::decode(decoder)?);
        }
        Ok(Self(values))
    }
}

impl<'de, C, T: Decode<C>, const MIN: usize, const MAX: usize> BorrowDecode<'de, C> for List<T, MIN, MAX> {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Self::decode(decoder)
    }
}

/// `MIN` to `MAX` bytes whose meaning is somebody else's.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Blob<const MIN: usize, const MAX: usize>(Vec<u8>);

impl<const MIN: usize, const MAX: usize> Blob<MIN, MAX> {
    /// These bytes.
    ///
    /// # Errors
    /// When there are too few or too many.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, OutOfBounds> {
        let bytes = bytes.into();
        within(bytes.len(), MIN, MAX)?;
        Ok(Self(bytes))
    }
}

impl<const MAX: usize> Default for Blob<0, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<const MIN: usize, const MAX: usize> Deref for Blob<MIN, MAX> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<const MIN: usize, const MAX: usize> fmt::Debug for Blob<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl<const MIN: usize, const MAX: usize> Encode for Blob<MIN, MAX> {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        (self.0.len() as u64).encode(encoder)?;
        encoder.writer().write(&self.0)
    }
}

impl<C, const MIN: usize, const MAX: usize> Decode<C> for Blob<MIN, MAX> {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let length = decode_length(decoder, MIN, MAX)?;
        if length > 0 && decoder.reader().peek_read(length).is_none() {
            return Err(DecodeError::Other("a run of bytes longer than what follows"));
        }
        decoder.claim_bytes_read(length)?;
        let mut bytes = vec![0; length];
        decoder.reader().read(&mut bytes)?;
        Ok(Self(bytes))
    }
}

impl<'de, C, const MIN: usize, const MAX: usize> BorrowDecode<'de, C> for Blob<MIN, MAX> {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Self::decode(decoder)
    }
}

/// `MIN` to `MAX` bytes that nobody else may see: wiped when they go, and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretBlob<const MIN: usize, const MAX: usize>(Blob<MIN, MAX>);

impl<const MIN: usize, const MAX: usize> SecretBlob<MIN, MAX> {
    /// A copy of these bytes.
    ///
    /// # Errors
    /// When there are too few or too many.
    pub fn new(bytes: &[u8]) -> Result<Self, OutOfBounds> {
        Blob::new(bytes).map(Self)
    }
}

impl<const MIN: usize, const MAX: usize> Drop for SecretBlob<MIN, MAX> {
    fn drop(&mut self) {
        self.0.0.zeroize();
    }
}

impl<const MIN: usize, const MAX: usize> Deref for SecretBlob<MIN, MAX> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<const MIN: usize, const MAX: usize> fmt::Debug for SecretBlob<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBlob(…)")
    }
}

impl<const MIN: usize, const MAX: usize> Encode for SecretBlob<MIN, MAX> {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.0.encode(encoder)
    }
}

impl<C, const MIN: usize, const MAX: usize> Decode<C> for SecretBlob<MIN, MAX> {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Blob::decode(decoder).map(Self)
    }
}

impl<'de, C, const MIN: usize, const MAX: usize> BorrowDecode<'de, C> for SecretBlob<MIN, MAX> {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Self::decode(decoder)
    }
}

fn decode_length<D: Decoder>(decoder: &mut D, min: usize, max: usize) -> Result<usize, DecodeError>
where
    u64: Decode<D::Context>,
{
    let length = usize::try_from(u64::decode(decoder)?).unwrap_or(usize::MAX);
    within(length, min, max).map_err(|error| DecodeError::OtherString(error.to_string()))?;
    Ok(length)
}
