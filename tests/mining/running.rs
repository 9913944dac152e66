//! A node that runs, and the runtime that ports need.

use std::sync::Arc;

use cairn::consensus::GenesisFile;
use cairn::miner::Feed;
use cairn::template::Template;
use cairn::testkit::{Actor, Network, TestNode, devnet_file, within};
use cairn::types::Timestamp;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::stage::FUNDED;

pub struct Running {
    pub node: TestNode,
    pub network: Network,
    pub runtime: Runtime,
    _folder: TempDir,
}

impl Running {
    pub fn new() -> Self {
        Self::of(&devnet_file(FUNDED))
    }

    pub fn of(file: &GenesisFile) -> Self {
        let (folder, network) = (TempDir::new().unwrap(), Network::from_file(file, FUNDED));
        let node = TestNode::start(folder.path(), &network.genesis);
        node.clock.set(Timestamp(file.time.0 + 1000));
        Self { node, network, runtime: Runtime::new().unwrap(), _folder: folder }
    }

    pub fn feed(&self) -> Feed {
        Feed::start(self.node.handle(), self.runtime.handle())
    }

    /// Somebody pays somebody.
    pub fn pay(&self, from: u32, nonce: u64, to: u32, amount: u64, fee: u64) {
        let params = self.network.params();
        self.node.send(&Actor::new(from).pay(params, nonce, &Actor::new(to), amount, fee)).unwrap();
    }
}

/// The first template, now or yet to come, that is as it should be.
pub fn wait_for(
    templates: &mut watch::Receiver<Option<Arc<Template>>>,
    is_wanted: impl Fn(&Template) -> bool,
) -> Arc<Template> {
    let wanted = templates.wait_for(|newest| newest.as_deref().is_some_and(&is_wanted));
    within("a template", wanted).unwrap().clone().unwrap()
}
