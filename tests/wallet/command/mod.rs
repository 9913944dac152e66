//! `cairn wallet` as a person runs it: processes, files, and a terminal of their own.

mod accounts;
mod asking;
mod chain;
mod keeping;
mod losses;
mod making;
mod once;
mod paying;
mod stage;
