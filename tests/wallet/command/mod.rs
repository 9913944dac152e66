//! `cairn wallet` as a person runs it: processes, files, and a terminal of their own.

mod accounts;
mod asking;
mod behind;
mod cameras;
mod chain;
mod codes;
mod history;
mod keeping;
mod keys;
mod loops;
mod losses;
mod lost;
mod making;
mod once;
mod paying;
mod readers;
mod receipts;
mod replacing;
mod stage;
