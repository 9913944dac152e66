//! Carries out what a session orders, on a socket.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::select;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use super::lines::{LineError, Lines};
use super::messages;
use super::server::Shared;
use super::session::{Ending, Input, Now, Order, Session};
use crate::node::{Share, Verdict, WorkerName};
use crate::template::Template;
use crate::types::{Block, BlockHash};

/// Longest line of a miner; whoever sends a longer one is no miner. The longest that is any use has some 300.
const LINE_BYTES_MAX: usize = 4096;
/// Bytes that are read at once.
const READ_BYTES: usize = 4 << 10;
/// Bytes that wait to be sent, beyond what the system takes; a miner that does not read them is let go. A job has at most
/// some 2,000, so a slow one has minutes.
const UNSENT_BYTES_MAX: usize = 32 << 10;
/// After so much was read it is the others' turn for a moment, so that one that floods costs little. A gigahash of
/// shares that nothing is asked of does not come to that.
const TURN_BYTES: usize = 256 << 10;
const TURN: Duration = Duration::from_millis(50);
/// How long the last lines of a connection that ends have.
const FAREWELL: Duration = Duration::from_millis(500);
/// Blocks of one connection that are on their way. There is one for each tip.
const VERDICTS_MAX: usize = 16;

type Templates = watch::Receiver<Option<Arc<Template>>>;

/// Why a connection came to its end. Whoever might understand is told.
#[derive(Debug, thiserror::Error)]
pub(super) enum End {
    #[error("{0}")]
    Session(Ending),
    #[error("{0}")]
    Line(#[from] LineError),
    #[error("it does not read what it is sent")]
    Unread,
    #[error("{0}")]
    Socket(#[from] std::io::Error),
    #[error("it hung up")]
    HungUp,
    #[error("the server stops")]
    Stopped,
    #[error("there are no more templates")]
    NoTemplates,
}

/// One connection.
pub(super) struct Connection {
    shared: Arc<Shared>,
    socket: TcpStream,
    session: Session,
    lines: Lines,
    unsent: Vec<u8>,
    refused: (mpsc::Sender<BlockHash>, mpsc::Receiver<BlockHash>),
    /// How much was read in this turn, and when the next begins.
    read: usize,
    turn_ends: Instant,
}

impl Connection {
    pub fn new(shared: Arc<Shared>, socket: TcpStream) -> Self {
        let session = Session::new(shared.rules.clone(), shared.feed.assign(), shared.now());
        Self {
            shared,
            socket,
            session,
            lines: Lines::new(LINE_BYTES_MAX),
            unsent: Vec::new(),
            refused: mpsc::channel(VERDICTS_MAX),
            read: 0,
            turn_ends: Instant::now(),
        }
    }

    /// Serves it to its end.
    pub async fn run(mut self, mut stopping: watch::Receiver<()>) -> End {
        // Shares are short and urgent; where this is not to be had, they are only slower.
        let _ = self.socket.set_nodelay(true);
        let end = select! {
            end = self.serve() => match end {
                Ok(never) => match never {},
                Err(end) => end,
            },
            _ = stopping.changed() => End::Stopped,
        };
        if let End::Session(_) | End::Line(LineError::TooLong(_)) = end {
            self.unsent.extend_from_slice(messages::complaint(&end.to_string()).as_bytes());
        }
        let farewell = async {
            self.socket.write_all(&self.unsent).await?;
            self.socket.shutdown().await
        };
        // Whoever does not listen misses it.
        let _ = timeout(FAREWELL, farewell).await;
        end
    }

    async fn serve(&mut self) -> Result<std::convert::Infallible, End> {
        let mut templates = self.shared.feed.templates();
        templates.mark_changed();
        let mut ticks = interval(self.shared.tick);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut bytes = vec![0; READ_BYTES];
        loop {
            let (reader, writer) = &mut self.socket.split();
            let turn_ends = (self.read >= TURN_BYTES).then_some(self.turn_ends);
            let read = async {
                if let Some(turn_ends) = turn_ends {
                    sleep_until(turn_ends).await;
                }
                reader.read(&mut bytes).await
            };
            select! {
                // Nothing more is read while what was answered before can be sent, so that only answers that nobody
                // reads add up. The first of these never come so often that the last would have to wait.
                biased;
                written = writer.write(&self.unsent), if !self.unsent.is_empty() => {
                    self.unsent.drain(..written?);
                    self.unsent.shrink_to(READ_BYTES);
                }
                changed = templates.changed() => {
                    changed.map_err(|_| End::NoTemplates)?;
                    let template = newest(&mut templates);
                    if let Some(template) = template {
                        self.handle(Input::TemplateChanged(template)).await?;
                    }
                }
                Some(previous) = self.refused.1.recv() => self.handle(Input::BlockRefused(previous)).await?,
                _ = ticks.tick() => self.handle(Input::Ticked).await?,
                read = read => {
                    let count = read?;
                    self.received(&bytes[..count]).await?;
                }
            }
        }
    }

    async fn received(&mut self, bytes: &[u8]) -> Result<(), End> {
        if bytes.is_empty() {
            return Err(End::HungUp);
        }
        if Instant::now() >= self.turn_ends {
            (self.read, self.turn_ends) = (0, Instant::now() + TURN);
        }
        self.read += bytes.len();
        let (lines, rest) = self.lines.take(bytes);
        for line in lines {
            self.handle(Input::Received(&line)).await?;
        }
        Ok(rest?)
    }

    async fn handle(&mut self, input: Input<'_>) -> Result<(), End> {
        let now: Now = self.shared.now();
        for order in self.session.handle(now, input) {
            match order {
                Order::Send(line) => {
                    self.unsent.extend_from_slice(line.as_bytes());
                    self.unsent.push(b'\n');
                }
                Order::Submit { block, worker } => self.submit(*block, worker).await,
                Order::Count(worker, share) => self.shared.node.workers().count(&worker, share),
                Order::Close(ending) => return Err(End::Session(ending)),
            }
        }
        if self.unsent.len() > UNSENT_BYTES_MAX {
            self.unsent.clear();
            return Err(End::Unread);
        }
        Ok(())
    }

    /// Puts a block before the node. What becomes of it is waited for apart, so that it is counted even when the miner
    /// goes away.
    async fn submit(&self, block: Block, worker: WorkerName) {
        let (hash, previous, height) = (block.header.hash(), block.header.previous, block.coinbase.height);
        let verdict = self.shared.node.submit_block(block).await;
        let (shared, refused) = (Arc::clone(&self.shared), self.refused.0.clone());
        tokio::spawn(async move {
            let machine = if worker.worker.is_empty() { "a worker" } else { &worker.worker };
            let found = format!("{machine} of {} found", worker.miner.to_text(&shared.rules.prefix));
            match verdict.answer().await {
                Ok(Verdict::Followed { .. }) => {
                    // Whoever sees it counted finds it in the log.
                    (shared.log)(&format!("{found} block {hash} at height {height}"));
                    shared.node.workers().count(&worker, Share::Block);
                }
                Ok(Verdict::Known | Verdict::Side) => {
                    (shared.log)(&format!(
                        "{found} block {hash} at height {height}, but another came before"
                    ));
                }
                Ok(Verdict::Orphan { .. } | Verdict::Early { .. }) => {
                    // Whoever has gone needs no other work.
                    let _ = refused.send(previous).await;
                }
                Err(error) => {
                    (shared.log)(&format!("{found} a block at height {height} that was refused: {error}"));
                    let _ = refused.send(previous).await;
                }
            }
        });
    }
}

fn newest(templates: &mut Templates) -> Option<Arc<Template>> {
    templates.borrow_and_update().clone()
}
