//! What happened, in order, from any point on: read from the journal, so that nothing is lost by whoever was away.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::watch;

use super::shared::{Shared, Tip};
use crate::storage::{Move, Position, Sequence, Step, StorageError};
use crate::types::{Address, Block, BlockHash, Txid};

/// Where somebody stands in what happened: the last that they have seen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Cursor {
    /// How often the chain was turned back; a cursor of another epoch leads nowhere.
    pub epoch: u32,
    /// The step.
    pub sequence: Sequence,
    /// Within the step: how many of those whom its block concerns were seen, entry by entry.
    pub index: u32,
}

impl Cursor {
    /// Before everything.
    pub fn beginning(epoch: u32) -> Self {
        Self { epoch, sequence: 0, index: u32::MAX }
    }
}

/// A change of the branch that is followed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NodeEvent {
    /// A block was put on top.
    Grew {
        /// Where this leaves whoever has seen it.
        cursor: Cursor,
        /// The block.
        block: BlockHash,
    },
    /// Another branch is followed.
    Reorganized {
        /// Where this leaves whoever has seen it.
        cursor: Cursor,
        /// What was taken off, from the old tip down.
        disconnected: Vec<BlockHash>,
        /// What was put on instead, upwards.
        connected: Vec<BlockHash>,
    },
}

impl NodeEvent {
    /// Where this leaves whoever has seen it.
    pub fn cursor(&self) -> Cursor {
        match self {
            Self::Grew { cursor, .. } | Self::Reorganized { cursor, .. } => *cursor,
        }
    }

    pub(super) fn of(steps: &[Step], epoch: u32) -> Option<Self> {
        let of = |moved| steps.iter().filter(move |step| step.moved == moved).map(|step| step.block);
        let cursor = Cursor { epoch, sequence: steps.last()?.sequence, index: u32::MAX };
        Some(match steps {
            [Step { moved: Move::Connected, block, .. }] => Self::Grew { cursor, block: *block },
            _ => Self::Reorganized {
                cursor,
                disconnected: of(Move::Disconnected).collect(),
                connected: of(Move::Connected).collect(),
            },
        })
    }
}

/// Why a cursor leads nowhere.
#[derive(Debug, thiserror::Error)]
pub enum CursorError {
    /// The chain was turned back since.
    #[error(
        "the chain was turned back since: cursors of epoch {found} lead nowhere, this is epoch {epoch}; begin anew"
    )]
    AnotherEpoch {
        /// The cursor's.
        found: u32,
        /// The present one.
        epoch: u32,
    },
    /// It lies ahead of everything that happened.
    #[error("step {found} has not happened yet, the last is {last}")]
    Ahead {
        /// The cursor's.
        found: Sequence,
        /// The last.
        last: Sequence,
    },
    /// What came after it was pruned.
    #[error("what happened after step {found} was pruned, up to {first}; begin anew")]
    Pruned {
        /// The cursor's.
        found: Sequence,
        /// The first that is kept.
        first: Sequence,
    },
    /// The disk.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Everything that happens after a cursor.
pub struct Events {
    shared: Arc<Shared>,
    /// The last step that was handed out.
    seen: Sequence,
    /// Steps that were read and not handed out.
    read: VecDeque<Step>,
    /// Where in the journal the next is.
    position: Position,
    tips: watch::Receiver<Tip>,
}

impl Events {
    pub(super) fn new(shared: Arc<Shared>, after: Cursor) -> Result<Self, CursorError> {
        let Cursor { epoch, sequence, index } = after;
        if epoch != shared.epoch {
            return Err(CursorError::AnotherEpoch { found: epoch, epoch: shared.epoch });
        }
        let last = shared.state.read().tip.sequence;
        if sequence > last {
            return Err(CursorError::Ahead { found: sequence, last });
        }
        // Where only a part of a step was seen, the rest is yet to come.
        let seen = if index == u32::MAX { sequence } else { sequence.saturating_sub(1) };
        if seen < shared.first_sequence {
            return Err(CursorError::Pruned { found: sequence, first: shared.first_sequence });
        }
        let position = shared.library.position_before(seen)?;
        let tips = shared.tips();
        Ok(Self { shared, seen, read: VecDeque::new(), position, tips })
    }

    /// The next event, once there is one. Nothing when the node has ended.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn next(&mut self) -> Result<Option<NodeEvent>, StorageError> {
        loop {
            if let Some(event) = self.ready()? {
                return Ok(Some(event));
            }
            if self.tips.changed().await.is_err() {
                return Ok(None);
            }
        }
    }

    /// The next event, if it has happened.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn ready(&mut self) -> Result<Option<NodeEvent>, StorageError> {
        if self.read.is_empty() {
            self.fill()?;
        }
        let Some(count) = self.read.iter().position(|step| step.last).map(|at| at + 1) else {
            return Ok(None);
        };
        let steps: Vec<Step> = self.read.drain(..count).collect();
        Ok(NodeEvent::of(&steps, self.shared.epoch))
    }

    /// Reads what was published since: from memory, or from the journal where that is longer ago.
    fn fill(&mut self) -> Result<(), StorageError> {
        let last = self.tips.borrow_and_update().sequence;
        if last <= self.seen {
            return Ok(());
        }
        let remembered = self.shared.steps.lock();
        if remembered.front().is_some_and(|first| first.step.sequence <= self.seen + 1) {
            let news = remembered.iter().filter(|written| written.step.sequence > self.seen);
            let news: Vec<_> = news.copied().collect();
            drop(remembered);
            for written in news.into_iter().take_while(|written| written.step.sequence <= last) {
                self.seen = written.step.sequence;
                self.position = written.location.end();
                self.read.push_back(written.step);
            }
            return Ok(());
        }
        drop(remembered);
        for written in self.shared.library.steps(self.position, self.shared.library.end()) {
            let written = written?;
            if written.step.sequence > last {
                break;
            }
            self.position = written.location.end();
            if written.step.sequence > self.seen {
                self.seen = written.step.sequence;
                self.read.push_back(written.step);
                // A change is handed out whole; beyond that a few at a time.
                if written.step.last && self.read.len() >= STEPS_READ_AHEAD {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Steps read from the journal at once.
const STEPS_READ_AHEAD: usize = 256;

/// Something that concerns an account: an entry of a block that was put on, or taken off again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountEvent {
    /// Where this leaves whoever has seen it.
    pub cursor: Cursor,
    /// The account.
    pub address: Address,
    /// Whether it happened, or was taken back.
    pub moved: Move,
    /// The block.
    pub block: BlockHash,
    /// The transaction; nothing for a reward.
    pub txid: Option<Txid>,
}

/// What a step means for the accounts that somebody watches, beyond what a cursor has seen. A block that is taken off is
/// gone through like one that is put on, so that the same cursors mean the same entries.
pub fn account_events(
    step: &Step,
    block: &Block,
    after: Cursor,
    is_watched: impl Fn(&Address) -> bool,
) -> Vec<AccountEvent> {
    let seen = if after.sequence == step.sequence { after.index } else { 0 };
    let mut entries = vec![(None, vec![block.coinbase.recipient])];
    entries.extend(block.transactions.iter().map(|transaction| {
        let body = &transaction.body;
        let mut concerned = vec![body.policy.address()];
        concerned.extend(body.payments().map(|(to, _)| *to));
        concerned.sort_unstable();
        concerned.dedup();
        (Some(body.txid()), concerned)
    }));
    // Everybody concerned is counted, watched or not, so that a cursor means the same to all.
    let concerned = entries
        .into_iter()
        .flat_map(|(txid, concerned)| concerned.into_iter().map(move |address| (txid, address)));
    let news = (0..).zip(concerned).filter(|(index, (_, address))| *index >= seen && is_watched(address));
    news.map(|(index, (txid, address))| AccountEvent {
        cursor: Cursor { epoch: after.epoch, sequence: step.sequence, index: index + 1 },
        address,
        moved: step.moved,
        block: step.block,
        txid,
    })
    .collect()
}
