//! What is told as it happens and never again: the pool, peers, miners.

use std::future::pending;

use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::filter::Filter;
use crate::api::context::{Context, tip_view};
use crate::api::view::{EventType, EventView, LeftWhy, MempoolEvent, PoolChange, ResyncEvent, ResyncWhy};
use crate::node::{Left, PoolEvent};

/// All that one stream hears of.
#[derive(Default)]
pub struct Live {
    pool: Option<Receiver<PoolEvent>>,
    sights: Option<Receiver<EventView>>,
}

/// Something that was heard.
pub enum Heard {
    /// Of the pool.
    Pool(PoolEvent),
    /// Of peers or miners.
    Sight(EventView),
    /// More than could be kept.
    Missed,
}

impl Live {
    /// From now on.
    pub async fn listen(context: &Context, filter: &Filter) -> Self {
        let pool = filter.has(EventType::Mempool).then(|| context.node().pool_events());
        let sights = match filter.needs_lookout() {
            true => Some(context.hub().lookout().listen(context).await),
            false => None,
        };
        Self { pool, sights }
    }

    /// What is heard next. It may be dropped before it comes, and nothing is lost.
    pub async fn next(&mut self) -> Heard {
        tokio::select! {
            heard = hear(&mut self.pool) => heard.map_or(Heard::Missed, Heard::Pool),
            heard = hear(&mut self.sights) => heard.map_or(Heard::Missed, Heard::Sight),
        }
    }

    /// How it is now.
    pub async fn resync(context: &Context, why: ResyncWhy) -> ResyncEvent {
        let report = match context.peers() {
            Some(peers) => peers.report().await.ok(),
            None => None,
        };
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

/// What comes next; nothing where some was missed.
async fn hear<T: Clone>(from: &mut Option<Receiver<T>>) -> Option<T> {
    loop {
        let Some(receiver) = from else { return pending().await };
        match receiver.recv().await {
            Ok(heard) => return Some(heard),
            Err(RecvError::Lagged(_)) => {
                // What is left is older than what is told now of how it is.
                *receiver = receiver.resubscribe();
                return None;
            }
            // The node has ended: the stream learns of that elsewhere.
            Err(RecvError::Closed) => *from = None,
        }
    }
}

impl Heard {
    /// As it is told; nothing where that was not asked for.
    pub fn tell(self, context: &Context, filter: &Filter) -> Option<EventView> {
        match self {
            Self::Pool(event) => Some(EventView::Mempool(pooled(context, event))),
            Self::Sight(event) => {
                let kind = match &event {
                    EventView::Peers(_) => EventType::Peers,
                    _ => EventType::Mining,
                };
                filter.has(kind).then_some(event)
            }
            Self::Missed => None,
        }
    }
}

fn pooled(context: &Context, event: PoolEvent) -> MempoolEvent {
    let (change, hash, txid, left) = match event {
        PoolEvent::Entered { hash, txid } => (PoolChange::Entered, hash, txid, None),
        PoolEvent::Returned { hash, txid } => (PoolChange::Returned, hash, txid, None),
        PoolEvent::Left { hash, txid, why } => (PoolChange::Left, hash, txid, Some(why)),
    };
    let entry = match left {
        None => context.node().look(|_, pool| pool.get(&hash).cloned()),
        Some(_) => None,
    };
    let entry = entry.as_ref();
    MempoolEvent {
        change,
        txid,
        from: entry.map(|entry| context.text(&entry.facts().sender)),
        fee: entry.map(|entry| entry.fee()),
        bytes: entry.map(|entry| entry.facts().bytes),
        why: left.as_ref().map(why_of),
        by: match left {
            Some(Left::Replaced { by }) => Some(by),
            _ => None,
        },
    }
}

fn why_of(left: &Left) -> LeftWhy {
    match left {
        Left::Mined => LeftWhy::Mined,
        Left::Replaced { .. } => LeftWhy::Replaced,
        Left::Conflicted => LeftWhy::Conflicted,
        Left::Expired => LeftWhy::Expired,
        Left::Aged => LeftWhy::Aged,
        Left::Evicted => LeftWhy::Evicted,
        Left::Unfunded => LeftWhy::Unfunded,
        Left::Orphaned => LeftWhy::Orphaned,
        Left::Refused(_) => LeftWhy::Refused,
    }
}
