//! What is told as it happens and never again: the pool, peers, miners.

use std::future::pending;

use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::filter::Filter;
use crate::api::context::{Context, tip_view};
use crate::api::view::{EventType, EventView, ResyncEvent, ResyncWhy};

/// All that one stream hears of.
#[derive(Default)]
pub struct Live {
    pool: Option<Receiver<Heard>>,
    sights: Option<Receiver<Heard>>,
}

/// Something that was heard.
#[derive(Clone, Debug)]
pub enum Heard {
    /// As it is told.
    Told(EventView),
    /// More than could be kept.
    Missed,
}

impl Live {
    /// From now on.
    pub async fn listen(context: &Context, filter: &Filter) -> Self {
        let (mut pool, mut sights) = (None, None);
        if filter.has(EventType::Mempool) {
            pool = Some(context.hub().pool().listen(context).await);
        }
        if filter.needs_lookout() {
            sights = Some(context.hub().lookout().listen(context).await);
        }
        Self { pool, sights }
    }

    /// What is heard next of what was asked for. It may be dropped before it comes, and nothing is lost.
    pub async fn next(&mut self, filter: &Filter) -> Heard {
        loop {
            let heard = tokio::select! {
                heard = hear(&mut self.pool) => heard,
                heard = hear(&mut self.sights) => heard,
            };
            if let Some(heard) = heard.if_asked(filter) {
                return heard;
            }
        }
    }

    /// How it is now.
    pub async fn resync(context: &Context, why: ResyncWhy) -> ResyncEvent {
        let report = context.report().await.ok();
        let node = context.node();
        ResyncEvent {
            why,
            tip: tip_view(node.reader().tip()),
            mempool: node.look(|_, pool| pool.len()),
            peers: report.map_or(0, |report| report.machine.peers.len()),
            workers: node.workers().reports().len(),
        }
    }
}

/// What comes next.
async fn hear(from: &mut Option<Receiver<Heard>>) -> Heard {
    loop {
        let Some(receiver) = from else { return pending().await };
        match receiver.recv().await {
            Ok(heard) => return heard,
            Err(RecvError::Lagged(_)) => {
                // What is left is older than what is told now of how it is.
                *receiver = receiver.resubscribe();
                return Heard::Missed;
            }
            // The node has ended: the stream learns of that elsewhere.
            Err(RecvError::Closed) => *from = None,
        }
    }
}

impl Heard {
    /// As it is told; nothing where that was not asked for.
    fn if_asked(self, filter: &Filter) -> Option<Self> {
        let kind = match &self {
            Self::Missed => return Some(self),
            Self::Told(EventView::Peers(_)) => EventType::Peers,
            Self::Told(EventView::Mining(_)) => EventType::Mining,
            Self::Told(_) => EventType::Mempool,
        };
        filter.has(kind).then_some(self)
    }
}
