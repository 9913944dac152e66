//! Several wallets that share accounts, sign away from nodes and sign texts: as processes, around a real node.

#[path = "../../command/stage.rs"]
#[allow(dead_code, reason = "made for the other commands as well")]
mod process;

mod carrying;
mod conditions;
mod holders;
mod messages;
mod town;
