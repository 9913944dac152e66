//! Brings what peers sent before the node, and the machine what became of it.
//!
//! Blocks go in the order in which the machine has them, and nobody waits for the answer to one before the next: the node
//! checks several at once. What waits here was asked for by the machine, which asks for no more than it has room for,
//! and goes on taking the room of the message that it came in.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::bridge::{judged_block, judged_transaction};
use super::wire::{Event, Room};
use crate::node::{BlockRefused, BlockVerdict, NodeHandle, Pending, TransactionVerdict};
use crate::protocol::{BlockBytes, Body, Errand, Input, JudgedBlock, PeerId};
use crate::types::{Block, BlockHash, Header, Transaction, TxHash};

/// Blocks, or messages of transactions, whose answers are yet to come; beyond that the next ones wait. The node's own
/// bound, by their bytes, is mostly met before.
const UNANSWERED_MAX: usize = 4096;

/// Where the machine leaves what is to be submitted. Nothing here waits.
pub(super) struct Submitting {
    blocks: mpsc::UnboundedSender<(BlockHash, Body, Errand, Room)>,
    headers: mpsc::UnboundedSender<(PeerId, Vec<Header>, Room)>,
    transactions: mpsc::UnboundedSender<(PeerId, Named, Room)>,
}

/// Transactions, and what machines call them.
type Named = Vec<(TxHash, Transaction)>;

/// An answer that is yet to come, or is known.
enum Answer {
    Judged(JudgedBlock),
    Pending(Pending<BlockVerdict>),
}

type Events = mpsc::Sender<Event>;
type Judging = (PeerId, VecDeque<(TxHash, Pending<TransactionVerdict>)>);

impl Submitting {
    /// Begins to submit to this node; answers go to `events`. It ends with whoever holds this.
    pub fn start(node: &NodeHandle, events: &Events) -> Self {
        let (blocks, headers, transactions) =
            (mpsc::unbounded_channel(), mpsc::unbounded_channel(), mpsc::unbounded_channel());
        let (answers, answered) = mpsc::channel(UNANSWERED_MAX);
        tokio::spawn(submit_blocks(node.clone(), blocks.1, answers));
        tokio::spawn(judge_blocks(answered, events.clone()));
        tokio::spawn(submit_headers(node.clone(), headers.1, events.clone()));
        let (answers, answered) = mpsc::channel(UNANSWERED_MAX);
        tokio::spawn(submit_transactions(node.clone(), transactions.1, answers));
        tokio::spawn(judge_transactions(answered, events.clone()));
        Self { blocks: blocks.0, headers: headers.0, transactions: transactions.0 }
    }

    pub fn block(&self, hash: BlockHash, body: Body, errand: Errand, room: Room) {
        // These end with the runtime only.
        let _ = self.blocks.send((hash, body, errand, room));
    }

    pub fn headers(&self, peer: PeerId, headers: Vec<Header>, room: Room) {
        let _ = self.headers.send((peer, headers, room));
    }

    pub fn transactions(&self, peer: PeerId, transactions: Named, room: Room) {
        let _ = self.transactions.send((peer, transactions, room));
    }
}

async fn submit_blocks(
    node: NodeHandle,
    mut bodies: mpsc::UnboundedReceiver<(BlockHash, Body, Errand, Room)>,
    answers: mpsc::Sender<(BlockHash, Errand, Answer)>,
) {
    while let Some((hash, body, errand, room)) = bodies.recv().await {
        let answer = match read(body).await {
            Ok(block) => Answer::Pending(node.submit_block(block).await),
            Err(judged) => Answer::Judged(judged),
        };
        drop(room);
        if answers.send((hash, errand, answer)).await.is_err() {
            return;
        }
    }
}

/// All of a block. One at a time is taken apart, since that may take many times its bytes.
async fn read(body: Body) -> Result<Arc<Block>, JudgedBlock> {
    let decode = |bytes: BlockBytes| {
        // Whoever sent it has sent something else than was mined, or nothing that makes sense.
        bytes.decode().map(Arc::new).map_err(|error| JudgedBlock::Refused {
            blame: crate::consensus::Blame::Sender,
            reason: error.to_string(),
        })
    };
    match body {
        Body::Whole(block) => Ok(block),
        Body::Bytes(bytes) => {
            let decoded = tokio::task::spawn_blocking(move || decode(bytes)).await;
            // Where the runtime ends nothing is taken in any more.
            decoded.unwrap_or(Err(JudgedBlock::Closed))
        }
    }
}

async fn judge_blocks(mut answers: mpsc::Receiver<(BlockHash, Errand, Answer)>, events: Events) {
    while let Some((hash, errand, answer)) = answers.recv().await {
        let judged = match answer {
            Answer::Judged(judged) => judged,
            Answer::Pending(pending) => judged_block(pending.answer().await),
        };
        if tell(&events, Input::BlockJudged { hash, errand, judged }).await.is_err() {
            return;
        }
    }
}

async fn submit_headers(
    node: NodeHandle,
    mut headers: mpsc::UnboundedReceiver<(PeerId, Vec<Header>, Room)>,
    events: Events,
) {
    while let Some((peer, headers, _room)) = headers.recv().await {
        let refused = match node.submit_headers(headers).await {
            Ok(answers) => answers.iter().find_map(|answer| answer.as_ref().err().map(BlockRefused::blame)),
            Err(_) => None,
        };
        if tell(&events, Input::HeadersJudged { peer, refused }).await.is_err() {
            return;
        }
    }
}

async fn submit_transactions(
    node: NodeHandle,
    mut messages: mpsc::UnboundedReceiver<(PeerId, Named, Room)>,
    answers: mpsc::Sender<Judging>,
) {
    while let Some((peer, transactions, _room)) = messages.recv().await {
        let mut pending = VecDeque::with_capacity(transactions.len());
        for (hash, transaction) in transactions {
            pending.push_back((hash, node.submit_transaction(transaction).await));
        }
        if answers.send((peer, pending)).await.is_err() {
            return;
        }
    }
}

async fn judge_transactions(mut answers: mpsc::Receiver<Judging>, events: Events) {
    while let Some((peer, pending)) = answers.recv().await {
        let mut judged = Vec::with_capacity(pending.len());
        for (hash, pending) in pending {
            judged.push((hash, judged_transaction(pending.answer().await)));
        }
        if tell(&events, Input::TransactionsJudged { peer, judged }).await.is_err() {
            return;
        }
    }
}

async fn tell(events: &Events, input: Input) -> Result<(), ()> {
    events.send(Event::Told(input, Room::default())).await.map_err(|_| ())
}
