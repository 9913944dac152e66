//! What comes in with a request, read so that whatever is wrong with it is said as a [`Problem`].

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::problem::{Code, Problem, shortened};
use crate::types::{Address, BlockHash, Height, Prefix, Reference};
use crate::wallet::read_address;

/// Parts of the path.
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        read.map(|path| Self(path.0))
            .map_err(|error: PathRejection| Problem::new(Code::BadValue, error.body_text()))
    }
}

/// What stands behind the question mark.
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        read.map(|query| Self(query.0))
            .map_err(|error: QueryRejection| Problem::new(Code::BadValue, error.body_text()))
    }
}

/// A body in JSON.
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let read = axum::Json::<T>::from_request(request, state).await;
        read.map(|json| Self(json.0)).map_err(|error: JsonRejection| {
            let code = match error.status() {
                StatusCode::PAYLOAD_TOO_LARGE => Code::TooLarge,
                StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedType,
                _ => Code::BadRequest,
            };
            Problem::new(code, error.body_text())
        })
    }
}

/// A value from its text.
pub fn value<T: FromStr<Err: Display>>(name: &str, text: &str) -> Result<T, Problem> {
    text.parse().map_err(|error| Problem::bad_value(name, text, error))
}

/// A height from its text.
pub fn height(name: &str, text: &str) -> Result<Height, Problem> {
    let number = digits(text).map(Height);
    number.ok_or_else(|| Problem::bad_value(name, text, "expected a height, such as 120"))
}

/// The number of a step that the node took, from its text.
pub fn step(name: &str, text: &str) -> Result<u64, Problem> {
    digits(text)
        .ok_or_else(|| Problem::bad_value(name, text, "expected a number of a reorganization, such as 7"))
}

fn digits<T: FromStr>(text: &str) -> Option<T> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// An address of this network.
pub fn address(text: &str, prefix: &Prefix) -> Result<Address, Problem> {
    read_address(text, prefix)
        .map_err(|error| Problem::new(Code::BadAddress, format!("`{}`: {error}", shortened(text))))
}

/// A reference in hexadecimal digits.
pub fn reference(text: &str) -> Result<Reference, Problem> {
    let bytes = hex::decode(text).ok().and_then(|bytes| Reference::new(bytes).ok());
    bytes
        .ok_or_else(|| Problem::bad_value("reference", text, "expected up to 32 bytes in hexadecimal digits"))
}

/// Bytes in hexadecimal digits.
pub fn bytes(name: &str, text: &str) -> Result<Vec<u8>, Problem> {
    hex::decode(text.trim()).map_err(|error| {
        Problem::new(Code::NotDecodable, format!("`{name}` is not hexadecimal digits: {error}"))
    })
}

/// How a block is named: by its height on the branch that is followed, by its hash, or as the tip.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BlockName {
    /// The last one.
    Tip,
    /// By where it stands.
    Height(Height),
    /// By its hash, on whatever branch.
    Hash(BlockHash),
}

impl BlockName {
    /// Reads one.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        if text == "tip" {
            return Ok(Self::Tip);
        }
        if text.len() == 64 {
            return value("block", text).map(Self::Hash);
        }
        let expected = "expected a height, a hash in 64 hexadecimal digits, or `tip`";
        height("block", text).map(Self::Height).map_err(|_| Problem::bad_value("block", text, expected))
    }
}

/// How many at most, where that was said.
pub fn limit(asked: Option<u32>, usual: u32, max: u32) -> Result<usize, Problem> {
    let limit = asked.unwrap_or(usual);
    if !(1..=max).contains(&limit) {
        return Err(Problem::bad_value("limit", &limit.to_string(), format!("expected 1 to {max}")));
    }
    Ok(limit as usize)
}
