//! Blocks, to order.

use anyhow::Result;
use clap::Args;

use super::place::{Which, explained};
use super::screen::in_time;
use crate::cli::output::{Report, count};
use crate::devnet::desk::{BlocksMade, BlocksOrder, MiningView};

#[derive(Args)]
pub(super) struct Mine {
    /// How many.
    #[arg(default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    blocks: u32,
    /// By this node [default: one that chance picks].
    #[arg(long, value_name = "NUMBER")]
    node: Option<usize>,
    #[command(flatten)]
    which: Which,
}

impl Mine {
    pub fn give(&self) -> Result<()> {
        let order = BlocksOrder { blocks: self.blocks, node: self.node };
        let made: BlocksMade = self.which.client()?.post("/v1/mine", &order).map_err(explained)?;
        let tip = made.tip.map(|tip| tip.to_string()).unwrap_or_default();
        Report::default()
            .fact("blocks", "made", count(made.blocks, "block"), made.blocks)
            .same("tip", "tip", tip)
            .only_json("behind", made.behind.clone())
            .tell(self.which.json)?;
        in_time(&made.behind)
    }
}

#[derive(Args)]
pub(super) struct Mode {
    /// When blocks come: interval=SECONDS, automine, poisson=1, manual; on a network with --asert, work or manual. Without it
    /// says what it is.
    mode: Option<String>,
    #[command(flatten)]
    which: Which,
}

impl Mode {
    pub fn give(&self) -> Result<()> {
        let client = self.which.client()?;
        let now: MiningView = match &self.mode {
            Some(mode) => client.post("/v1/mining", &MiningView { mode: mode.clone() }),
            None => client.get("/v1/mining"),
        }
        .map_err(explained)?;
        Report::default().same("mode", "blocks come", now.mode).tell(self.which.json)
    }
}
