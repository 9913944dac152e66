//! What is new, before it is durable: for those who hand it on to other nodes. Each of these checks it itself,
//! and a block that waited for the disk of every node on its way would come late.

use std::sync::Arc;

use tokio::sync::broadcast;

use crate::consensus::CheckedBlock;
use crate::types::{Header, TxHash};

/// Headers told of one change at most; whoever lacks more of them asks for them.
pub(super) const FRESH_HEADERS_MAX: usize = 16;
/// Messages kept for whoever is slow. A block that is kept only here takes up to four times its encoding, so this many of
/// the longest would take gigabytes: whoever listens must take what is told at once, or go away.
const FRESH_MAX: usize = 128;

/// Something that the writer has done, and not synced yet.
///
/// This is no second stream of events, and nothing may be derived from it. A block that is told here can be gone after a
/// crash, or where the disk refuses the sync, and nobody is told that it went. What was done before somebody listens is not
/// kept for them, and whoever is slow is told that it missed some
/// ([`Lagged`](broadcast::error::RecvError::Lagged)): it must look again at what there is, with
/// [`NodeHandle::look`](super::NodeHandle::look). That is enough for saying to a peer "here is a block", which is as true
/// after a crash as before: the peer checks it itself. Whoever keeps anything about this node's chain follows
/// [`Events`](super::Events).
#[derive(Clone, Debug)]
pub enum Fresh {
    /// Blocks were put on the branch that is followed, perhaps after others were taken off. Where blocks were only taken
    /// off, nothing is told: there is nothing to hand on.
    Followed {
        /// The headers that are followed now and were not before, lowest first: the last 16, where there are more.
        headers: Arc<[Header]>,
        /// The last of them whole. It is written: [`Reader::block_bytes`](super::Reader::block_bytes) has it for those who
        /// ask.
        block: Arc<CheckedBlock>,
    },
    /// Transactions were let into the pool, whoever brought them; also those that are read back after a start. Some may
    /// have left it again for others of these.
    Admitted(Arc<[TxHash]>),
    /// Transactions came back to the pool from blocks that were taken off. Others may never have followed those, nor have
    /// been given what was in them.
    Returned(Arc<[TxHash]>),
}

/// The writer's end.
pub(super) struct FreshOutlet(broadcast::Sender<Fresh>);

/// Where to ask for the other end, as long as the writer has its own.
pub(super) struct FreshSource(broadcast::WeakSender<Fresh>);

pub(super) fn channel() -> (FreshOutlet, FreshSource) {
    let sender = broadcast::Sender::new(FRESH_MAX);
    let source = FreshSource(sender.downgrade());
    (FreshOutlet(sender), source)
}

impl FreshOutlet {
    /// Tells whoever listens; where nobody does, there is nothing to be made.
    pub fn tell(&self, fresh: impl FnOnce() -> Fresh) {
        if self.0.receiver_count() > 0 {
            // Whoever listened may have gone away just now.
            let _ = self.0.send(fresh());
        }
    }
}

impl FreshSource {
    /// All that comes from now on. It ends at once where the writer has.
    ///
    /// Nothing is kept for those who will come: a receiver of our own would make the writer tell for nobody, and would keep
    /// the last blocks from being forgotten.
    pub fn listen(&self) -> broadcast::Receiver<Fresh> {
        // The second ends here, and what it gave with it.
        self.0.upgrade().unwrap_or_else(|| broadcast::Sender::new(1)).subscribe()
    }
}
