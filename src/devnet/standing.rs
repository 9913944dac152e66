//! How a network stands, for whoever looks.

use super::network::DevnetHandle;
use super::places::Places;
use super::roster::{Live, Seat};
use crate::protocol::NodeId;
use crate::types::{BlockHash, Height};

/// How a node stands.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Its number.
    pub index: usize,
    /// Where it is reached.
    pub places: Places,
    /// What others know it by.
    pub id: NodeId,
    /// What is to be said of it while it runs.
    pub up: Option<Up>,
    /// Whether it is down only until the network has gone back to a state.
    pub going_back: bool,
}

/// How a node that runs stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Up {
    /// Its last block.
    pub tip: (Height, BlockHash),
    /// Transactions that wait there.
    pub waiting: usize,
    /// Numbers of those nodes of this network that it is connected to, and has heard from.
    pub peers: Vec<usize>,
    /// How many others it is connected to.
    pub strangers: usize,
}

impl DevnetHandle {
    /// How all nodes stand.
    pub async fn standings(&self) -> Vec<Standing> {
        let roster = self.0.roster.borrow().clone();
        let mut all = Vec::with_capacity(roster.len());
        for seat in roster.iter() {
            let up = match &seat.live {
                Some(live) => Some(self.look(live).await),
                None => None,
            };
            let Seat { index, places, id, going_back, .. } = *seat;
            all.push(Standing { index, places, id, up, going_back });
        }
        all
    }

    async fn look(&self, live: &Live) -> Up {
        let tip = live.node.reader().tip();
        let waiting = live.node.look(|_, pool| pool.ready_len());
        let ids = live.speaks_to().await;
        let mut peers: Vec<usize> =
            ids.iter().filter_map(|id| self.0.ids.iter().position(|known| known == id)).collect();
        let strangers = ids.len() - peers.len();
        peers.sort_unstable();
        peers.dedup();
        Up { tip: (tip.height, tip.hash), waiting, peers, strangers }
    }
}

impl Live {
    /// All who have said to it who they are, over connections that are there: over a link that is cut they can be made, and
    /// nothing is ever heard.
    pub(super) async fn speaks_to(&self) -> Vec<NodeId> {
        let report = self.peers.report().await;
        let peers = report.into_iter().flat_map(|report| report.machine.peers);
        peers.filter(|peer| peer.agent.is_some()).map(|peer| peer.met.node).collect()
    }
}
