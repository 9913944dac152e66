//! `cairn wallet` as a person runs it: processes, files, and a terminal of their own.

#[path = "../../command/stage.rs"]
#[allow(dead_code, reason = "made for the other commands as well")]
mod process;

mod accounts;
mod asking;
mod chain;
mod keeping;
mod making;
mod paying;
mod stage;
