//! Published vectors, and bytes of our own that are frozen.
//!
//! What others have published is run against our code: `rfc8032`, `wycheproof`, `speccheck` and `zip215` against
//! signatures, `bitcoin` and `summa` against headers, targets and merkle trees, `asert` against difficulty, `rfc6962`
//! against merkle paths, `bip350` against addresses. Each file says where we decide otherwise than its source, and
//! asserts exactly that. `data/README.md` says where the data is from.
//!
//! `frozen` is the other half: the chain's own bytes, laid by hand. A test that fails there means that a node built
//! from this source would split from the network.

mod asert;
mod bip350;
mod bitcoin;
mod frozen;
mod rfc6962;
mod rfc8032;
mod speccheck;
mod summa;
mod support;
mod verdict;
mod wycheproof;
mod zip215;
