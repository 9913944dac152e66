//! Several wallets that share accounts, sign away from nodes and sign texts: as processes, around a real node.

mod carrying;
mod conditions;
mod holders;
mod messages;
mod town;
