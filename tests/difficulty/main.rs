//! Difficulty under miners: what ASERT over effective time does with the median's lag in between.
//!
//! The published vectors show that our function is `aserti3-2d` to the bit. They do not show that the loop is stable
//! into which we put it: blocks are found at a rate that difficulty sets, stamped by people, read through a median that
//! lags five blocks behind, and sleeps are cut short. Here that loop runs. Blocks are drawn instead of hashed, from a
//! seed, so every run of a test is the same.
//!
//! Read `chain.rs` first. `-- --nocapture` prints the figures that `docs/consensus.md` quotes.

mod chain;
mod figures;
mod halflife;
mod shocks;
mod sleep;
mod stamps;
mod steady;
