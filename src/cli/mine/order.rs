//! Blocks made to order, by a node of our own that is stopped afterwards.

use anyhow::{Context, Result};
use serde_json::json;

use crate::cli::config::{Place, Tuning};
use crate::cli::output::tell;
use crate::miner::Maker;
use crate::node::{Node, NodeHandle};
use crate::template::Payout;
use crate::types::BlockHash;
use crate::wallet::read_address;

/// Blocks that are listed together, once they are durable.
const TOGETHER: usize = 1000;

pub(super) fn make(count: u32, to: &str, place: &Place, as_json: bool) -> Result<()> {
    let settled = place.settle()?;
    let recipient =
        read_address(to, &settled.genesis.params().prefix).with_context(|| format!("--to {to}"))?;
    let node = Node::start(settled.node(&Tuning::default())?)?;
    let outcome = make_on(node.handle(), count as usize, Payout::to(recipient), as_json);
    node.stop();
    outcome
}

fn make_on(handle: NodeHandle, count: usize, payout: Payout, as_json: bool) -> Result<()> {
    let mut maker = Maker::new(handle, payout)?;
    let mut all: Vec<BlockHash> = Vec::new();
    let mut left = count;
    let mut outcome = Ok(());
    while left > 0 && outcome.is_ok() {
        let made = maker.mine(left.min(TOGETHER)).unwrap_or_else(|unfinished| {
            outcome = Err(unfinished.why);
            unfinished.made
        });
        left -= made.len();
        if as_json {
            all.extend(made);
        } else {
            tell(&made.iter().map(|hash| format!("{hash}\n")).collect::<String>())?;
        }
    }
    if as_json {
        let hashes: Vec<String> = all.iter().map(ToString::to_string).collect();
        tell(&format!("{:#}\n", json!({ "blocks": hashes })))?;
    }
    Ok(outcome?)
}
