//! Looking after peers and miners, for as long as somebody wants to be told: they tell nothing by themselves.

use std::collections::BTreeMap;

use tokio::sync::{Mutex, broadcast};
use tokio::time;

use super::live::Heard;
use crate::api::context::Context;
use crate::api::view::{EventView, Hex, MinerChange, MiningEvent, PeerChange, PeersEvent};
use crate::node::WorkerName;
use crate::protocol::{Met, PeerId};

/// Sights kept for whoever is slow; beyond it the oldest are lost to them, and they are told so.
const SIGHTS_MAX: usize = 1024;
/// Seconds after which a miner that sends nothing counts as gone.
const SILENT_SECONDS: u64 = 600;

/// Looks after peers and miners.
pub struct Lookout {
    sights: broadcast::Sender<Heard>,
    /// Whether somebody is looking.
    is_looking: Mutex<bool>,
}

impl Default for Lookout {
    fn default() -> Self {
        Self { sights: broadcast::Sender::new(SIGHTS_MAX), is_looking: Mutex::default() }
    }
}

impl Lookout {
    /// All that comes into sight from now on.
    pub async fn listen(&self, context: &Context) -> broadcast::Receiver<Heard> {
        let mut is_looking = self.is_looking.lock().await;
        let sights = self.sights.subscribe();
        if !*is_looking {
            let seen = Sight::of(context).await;
            tokio::spawn(keep_looking(context.clone(), seen));
            *is_looking = true;
        }
        sights
    }
}

async fn keep_looking(context: Context, mut seen: Sight) {
    let hub = context.hub();
    let mut ended = hub.ended();
    loop {
        tokio::select! {
            _ = ended.wait_for(|ended| *ended) => return,
            () = time::sleep(hub.limits().look_every) => {}
        }
        let lookout = hub.lookout();
        let mut is_looking = lookout.is_looking.lock().await;
        if lookout.sights.receiver_count() == 0 {
            *is_looking = false;
            return;
        }
        drop(is_looking);
        let sight = Sight::of(&context).await;
        for event in sight.since(&seen, &context) {
            // Whoever listened may have gone away just now.
            let _ = lookout.sights.send(Heard::Told(event));
        }
        seen = sight;
    }
}

/// Who was there at one moment.
struct Sight {
    peers: BTreeMap<PeerId, Met>,
    /// With how many blocks they found.
    workers: BTreeMap<WorkerName, u64>,
}

impl Sight {
    async fn of(context: &Context) -> Self {
        let report = context.report().await.ok();
        let peers = report.into_iter().flat_map(|report| report.machine.peers);
        let workers = context.node().workers().reports().into_iter();
        let workers = workers.filter(|worker| worker.idle_seconds < SILENT_SECONDS);
        Self {
            peers: peers.map(|peer| (peer.met.peer, peer.met)).collect(),
            workers: workers.map(|worker| (worker.name, worker.blocks)).collect(),
        }
    }

    /// What changed.
    fn since(&self, before: &Self, context: &Context) -> Vec<EventView> {
        let mut events = Vec::new();
        let count = self.peers.len();
        let gone = before.peers.iter().filter(|(peer, _)| !self.peers.contains_key(peer));
        events.extend(gone.map(|(_, met)| peer_event(PeerChange::Gone, met, count)));
        let came = self.peers.iter().filter(|(peer, _)| !before.peers.contains_key(peer));
        events.extend(came.map(|(_, met)| peer_event(PeerChange::Connected, met, count)));
        let mut mining = |change, name: &WorkerName, blocks| {
            let (address, worker) = (context.text(&name.miner), name.worker.clone());
            events.push(EventView::Mining(MiningEvent { change, address, worker, blocks }));
        };
        for (name, blocks) in before.workers.iter().filter(|(name, _)| !self.workers.contains_key(name)) {
            mining(MinerChange::Gone, name, *blocks);
        }
        for (name, blocks) in &self.workers {
            let known = before.workers.get(name);
            if known.is_none() {
                mining(MinerChange::Came, name, *blocks);
            }
            if known.is_some_and(|known| known < blocks) {
                mining(MinerChange::FoundBlock, name, *blocks);
            }
        }
        events
    }
}

fn peer_event(change: PeerChange, met: &Met, peers: usize) -> EventView {
    EventView::Peers(PeersEvent {
        change,
        node: Hex::of(met.node.0),
        address: met.address.to_string(),
        direction: met.side.into(),
        peers,
    })
}
