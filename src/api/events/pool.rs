//! What enters the pool and leaves it, looked at once for all who listen.

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Mutex, broadcast};

use super::live::Heard;
use crate::api::context::Context;
use crate::api::view::{EventView, LeftWhy, MempoolEvent, PoolChange};
use crate::node::{Left, POOL_EVENTS_MAX, PoolEvent};

/// Hands on what the node tells of its pool.
pub struct PoolRelay {
    told: broadcast::Sender<Heard>,
    /// Whether anything is handed on.
    is_on: Mutex<bool>,
}

impl Default for PoolRelay {
    fn default() -> Self {
        Self { told: broadcast::Sender::new(POOL_EVENTS_MAX), is_on: Mutex::default() }
    }
}

impl PoolRelay {
    /// All that comes from now on.
    pub async fn listen(&self, context: &Context) -> broadcast::Receiver<Heard> {
        let mut is_on = self.is_on.lock().await;
        let told = self.told.subscribe();
        if !*is_on {
            tokio::spawn(hand_on(context.clone(), context.node().pool_events()));
            *is_on = true;
        }
        told
    }
}

/// Hands on until nobody listens, or the node ends.
async fn hand_on(context: Context, mut events: broadcast::Receiver<PoolEvent>) {
    let relay = context.hub().pool();
    loop {
        let heard = match events.recv().await {
            Ok(event) => Heard::Told(EventView::Mempool(pooled(&context, event))),
            Err(RecvError::Lagged(_)) => {
                events = events.resubscribe();
                Heard::Missed
            }
            Err(RecvError::Closed) => {
                *relay.is_on.lock().await = false;
                return;
            }
        };
        if relay.told.send(heard).is_err() {
            let mut is_on = relay.is_on.lock().await;
            // Somebody may have come just now, and missed this.
            if relay.told.receiver_count() == 0 {
                *is_on = false;
                return;
            }
            let _ = relay.told.send(Heard::Missed);
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
        why: left.map(LeftWhy::from),
        by: match left {
            Some(Left::Replaced { by }) => Some(by),
            _ => None,
        },
    }
}
