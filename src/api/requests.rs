//! Names of requests, and lines on them.
//!
//! Each request has a name, its client's or one made here. It stands in the answer, in the line that a log has of it, and in
//! whatever is said of a fault in it.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::{HeaderName, HeaderValue, Request};

/// The header that has the name.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest name that is taken over from a client.
const ID_BYTES_MAX: usize = 64;

/// What a log is told of a request that was answered.
#[derive(Clone, PartialEq, Debug)]
pub struct Answered<'a> {
    /// Its name.
    pub id: &'a str,
    /// Its method.
    pub method: &'a str,
    /// What it asked for, the part behind the question mark too.
    pub path: &'a str,
    /// The answer's status.
    pub status: u16,
    /// How long that took.
    pub milliseconds: f64,
    /// Bytes of the answer's body, where that is known beforehand.
    pub bytes: Option<u64>,
}

/// Takes a line on each request.
pub type RequestLog = Arc<dyn Fn(&Answered<'_>) + Send + Sync>;

/// Makes names.
pub(super) struct Names {
    /// Differs from one start to the next.
    start: u32,
    count: AtomicU64,
}

impl Names {
    pub fn new() -> Self {
        let start = getrandom::u32().expect("the operating system gives randomness");
        Self { start, count: AtomicU64::new(0) }
    }

    /// The name of a request: its own, where that is short and plain.
    pub fn of<B>(&self, request: &Request<B>) -> HeaderValue {
        let own = request.headers().get(REQUEST_ID).filter(|name| is_plain(name.as_bytes()));
        own.cloned().unwrap_or_else(|| self.next())
    }

    fn next(&self) -> HeaderValue {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let mut name = [0; 8 + 1 + 16];
        let mut rest = &mut name[..];
        write!(rest, "{:08x}-{count:x}", self.start).expect("both numbers fit");
        let left = rest.len();
        HeaderValue::from_bytes(&name[..name.len() - left]).expect("hexadecimal digits and a dash")
    }
}

/// Whether this can stand in any log as it is.
fn is_plain(name: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte);
    (1..=ID_BYTES_MAX).contains(&name.len()) && name.iter().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &[u8]) -> Request<()> {
        let name = HeaderValue::from_bytes(name).unwrap();
        Request::builder().header(REQUEST_ID, name).body(()).unwrap()
    }

    #[test]
    fn plain_names_are_taken_over_and_others_are_made() {
        let names = Names::new();
        for name in ["a", "7f3c-41", "shop:1234_5.6", &"x".repeat(ID_BYTES_MAX)] {
            assert_eq!(names.of(&named(name.as_bytes())), name);
        }
        let made = |request| names.of(&request).to_str().unwrap().to_owned();
        let long = "x".repeat(ID_BYTES_MAX + 1);
        for name in ["", "a b", "a\"", "\u{e9}", &long] {
            assert_ne!(made(named(name.as_bytes())), name);
        }
        assert_ne!(made(Request::new(())), made(Request::new(())));
        assert!(is_plain(made(Request::new(())).as_bytes()));
    }
}
