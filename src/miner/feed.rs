//! Templates: one when it is asked for, and the newest at any time for those who go on mining.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::select;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use crate::node::{Closed, NodeHandle, ReadError, Reader};
use crate::template::{ASSIGNED_BYTES, Groundwork, Template};

/// A template is made again this long after the pool changed; in between changes gather.
const REFRESH_AFTER: Duration = Duration::from_millis(500);
/// And where nothing changes this often, for the time in its header and for miners who take silence for an end.
const REPEAT_AFTER: Duration = Duration::from_secs(30);

/// Why nothing can be mined.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MineError {
    /// The node takes nothing in.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// The chain has come to its last height.
    #[error("the chain has as many blocks as it can have")]
    EndOfChain,
}

/// The best block on the present tip, as of now.
///
/// # Errors
/// When there is none to be made any more.
pub async fn template(node: &NodeHandle) -> Result<Template, MineError> {
    let mut tips = node.tips();
    loop {
        // Before it is asked: another tip may be seen by the time that the answer is here, and none come after that.
        tips.borrow_and_update();
        let groundwork = node.groundwork().await?.ok_or(MineError::EndOfChain)?;
        let reader = node.reader();
        if reader.tip().hash == groundwork.previous {
            if let Ok(template) = template_on(node, &reader, groundwork) {
                return Ok(template);
            }
            continue;
        }
        // The writer is ahead of what is durable: what the pool has to offer is known once that is, too. Or readers are ahead of
        // its answer.
        select! {
            changed = tips.changed() => changed.map_err(|_| Closed::ended())?,
            closed = closed(node) => return Err(closed.into()),
        }
    }
}

/// Waits until a node takes nothing in any more: what its disk refused never becomes a tip that anybody sees.
async fn closed(node: &NodeHandle) -> Closed {
    let mut conditions = node.conditions();
    loop {
        if let Some(reason) = conditions.borrow_and_update().stopped.clone() {
            return Closed { reason };
        }
        if conditions.changed().await.is_err() {
            return Closed::ended();
        }
    }
}

/// The best block on this groundwork, of what a reader sees waiting, as of now.
///
/// # Errors
/// When the pool has gone on to another tip.
pub fn template_on(
    node: &NodeHandle,
    reader: &Reader,
    groundwork: Groundwork,
) -> Result<Template, ReadError> {
    let (params, now) = (node.genesis().params(), node.chain_time());
    reader.ready(|ordered| {
        let ordered = ordered.map(|entry| entry.transaction());
        Template::assemble(params, groundwork, now, ordered)
    })
}

/// The newest template at any time, for as many as like to work on it. It is made while anybody holds this.
#[derive(Clone)]
pub struct Feed {
    templates: watch::Receiver<Option<Arc<Template>>>,
    assigned: Arc<AtomicU32>,
}

impl Feed {
    /// Begins to make templates, on `runtime`: each takes it a millisecond or two.
    pub fn start(node: NodeHandle, runtime: &Handle) -> Self {
        let (sender, templates) = watch::channel(None);
        runtime.spawn(async move { follow(&node, &sender).await });
        // Other nodes may pay the same address: from the same number on, they would do the same work.
        let first = getrandom::u32().expect("the operating system gives randomness");
        Self { templates, assigned: Arc::new(AtomicU32::new(first)) }
    }

    /// The newest template, and every one to come; some may be passed over. Nothing until the first is made. It ends with
    /// the node, or the chain.
    pub fn templates(&self) -> watch::Receiver<Option<Arc<Template>>> {
        self.templates.clone()
    }

    /// The first half of an extranonce, which nobody else who works on these templates has.
    pub fn assign(&self) -> [u8; ASSIGNED_BYTES] {
        self.assigned.fetch_add(1, Ordering::Relaxed).to_be_bytes()
    }
}

/// Makes templates while they can be made and anybody wants them.
async fn follow(node: &NodeHandle, templates: &watch::Sender<Option<Arc<Template>>>) {
    let (mut tips, mut pool) = (node.tips(), node.pool_changes());
    let mut made_at = Instant::now();
    loop {
        tips.mark_unchanged();
        pool.mark_unchanged();
        let Ok(template) = template(node).await else { return };
        let repeat = made_at.elapsed() >= REPEAT_AFTER;
        let published = templates.send_if_modified(|newest| {
            let better = newest.as_ref().is_none_or(|newest| is_better(&template, newest));
            if better || repeat {
                *newest = Some(Arc::new(template));
            }
            better || repeat
        });
        if published {
            made_at = Instant::now();
        }
        let changed_fees = async {
            let changed = pool.changed().await;
            sleep(REFRESH_AFTER).await;
            changed
        };
        select! {
            moved = tips.changed() => if moved.is_err() { return },
            changed = changed_fees => if changed.is_err() { return },
            () = sleep_until(made_at + REPEAT_AFTER) => {}
            () = templates.closed() => return,
        }
    }
}

/// Whether to begin anew for this: it stands elsewhere, or pays more.
fn is_better(template: &Template, newest: &Template) -> bool {
    template.groundwork() != newest.groundwork() || template.reward() > newest.reward()
}
