//! The rules of the chain, one by one: take something valid, break one thing, expect that one error and whom it
//! speaks against. On a limit a thing is accepted, one step beyond it is refused.
//!
//! Every expected error stands in an [`assert_breaks!`]; `completeness.rs` reads them all and fails when an error of the
//! rules is among none of them.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

/// Asserts that a result is exactly this error, and, where the error can be blamed, whom it speaks against.
macro_rules! assert_breaks {
    ($result:expr, $error:expr $(,)?) => {
        assert_eq!($result.err().expect("a broken rule is noticed"), $error)
    };
    ($result:expr, $error:expr, $blame:expr $(,)?) => {{
        let found = $result.err().expect("a broken rule is noticed");
        assert_eq!(found, $error);
        assert_eq!(found.blame(), $blame, "{found}");
    }};
}

mod admission;
mod blocks;
mod branches;
mod completeness;
mod genesis;
mod headers;
mod kernels;
mod policies;
mod proofs;
mod rewards;
mod spending;
mod stage;
mod transactions;
mod values;
mod windows;
mod witnesses;
