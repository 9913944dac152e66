//! `cairn ready`: whether a node is of use, for whatever waits for it or starts it again.

use anyhow::{Context, Result, anyhow};
use clap::Args;
use serde_json::json;

use super::output::{Report, tell_json};
use super::peers::sync_text;
use super::serving::USUAL_NODE;
use crate::api::view::ReadyView;
use crate::client::{Client, ClientError};

/// Images without a shell or curl have this one binary, so their health checks can ask nobody else.
#[derive(Args)]
pub(super) struct Ready {
    /// The node to ask [default: http://127.0.0.1:9330].
    #[arg(long, env = "CAIRN_NODE", value_name = "URL")]
    node: Option<String>,
    /// Answer in JSON, with `ready` and, where it is not, `why`.
    #[arg(long)]
    json: bool,
}

impl Ready {
    pub fn run(&self) -> Result<()> {
        let named = self.node.as_deref().filter(|node| !node.is_empty());
        let client = Client::new(named.unwrap_or(USUAL_NODE))?;
        match client.ready() {
            Ok(ready) => report(&ready)?.tell(self.json),
            Err(error) => {
                let why = why(error);
                if self.json {
                    tell_json(&json!({ "ready": false, "why": why }))?;
                }
                Err(anyhow!(why).context(format!("{} is not ready", client.url())))
            }
        }
    }
}

fn report(ready: &ReadyView) -> Result<Report> {
    let ReadyView { tip, sync, peers } = ready;
    let as_json = serde_json::to_value(sync).context("cannot write JSON")?;
    Ok(Report::default()
        .fact("ready", "ready", "yes", true)
        .fact("height", "height", format!("{}, {}", tip.height, tip.hash), tip.height.0)
        .only_json("tip", tip.hash.to_string())
        .fact("sync", "sync", sync_text(sync), as_json)
        .fact("peers", "peers", peers, *peers))
}

/// What the node itself says about it, where it says something: that it is not ready is said already.
fn why(error: ClientError) -> String {
    match error {
        ClientError::Problem(problem) => problem.detail,
        other => other.to_string(),
    }
}
