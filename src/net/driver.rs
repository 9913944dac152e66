//! The task that owns the machine: tells it what happens, and does what it orders.
//!
//! Everything that takes long is done by others, which tell what came of it: the machine is asked one thing after the
//! other, and all who are connected wait for it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::select;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};

use super::bridge::{present, reconstruct, told};
use super::calls::{dial, resolve};
use super::known::NodeKnown;
use super::lanes::Parcel;
use super::notices::Notices;
use super::report::{Peer, PeersReport};
use super::saving::{Kept, Saving, Told};
use super::submitting::Submitting;
use super::wire::{Event, Room, Wire};
use crate::codec::List;
use crate::node::Fresh;
use crate::protocol::{Farewell, Input, Message, Now, Order, Output, PeerId, Protocol};
use crate::types::Timestamp;

/// The machine is not woken more often, whatever it asks for.
const WAKE_EVERY_MIN: Duration = Duration::from_millis(5);
/// Events that are handled before the time is looked at again.
const EVENTS_AT_ONCE: usize = 64;
/// How soon the addresses that we know are first kept, and how seldom in the end: a node that has just begun learns the
/// most.
const SAVE_FIRST: Duration = Duration::from_secs(5);
const SAVE_EVERY: Duration = Duration::from_secs(600);

/// What an operator wants.
pub(super) enum Ask {
    Report(oneshot::Sender<PeersReport>),
    /// That this is done, and to know when what is kept of it is on the disk.
    Order(Order, Told),
    /// That all that is known of others is on the disk.
    Keep(Told),
}

/// Owns the machine.
pub(super) struct Driver {
    pub protocol: Protocol,
    pub known: NodeKnown,
    pub wire: Arc<Wire>,
    pub submitting: Submitting,
    pub saving: Saving,
    pub notices: Arc<Notices>,
    pub peers: BTreeMap<PeerId, Peer>,
}

impl Driver {
    /// Drives the machine until it is to stop.
    pub async fn run(
        &mut self,
        mut events: mpsc::Receiver<Event>,
        mut asks: mpsc::Receiver<Ask>,
        mut stopping: watch::Receiver<()>,
    ) {
        let mut fresh = Some(self.known.node.fresh());
        let mut woken_at = Instant::now();
        let mut save_every = SAVE_FIRST;
        let mut save_at = Instant::now() + save_every;
        self.handle(Input::Woken, &Room::default());
        loop {
            let wake_at = self.wire.started + Duration::from_millis(self.protocol.wake_at().min(FAR_MILLIS));
            select! {
                biased;
                _ = stopping.changed() => return,
                Some(ask) = asks.recv() => self.answer(ask),
                told = next(&mut fresh) => self.take_fresh(told, &mut fresh),
                () = sleep_until(save_at) => {
                    save_every = SAVE_EVERY.min(2 * save_every);
                    save_at = Instant::now() + save_every;
                    self.save_book();
                }
                () = sleep_until(wake_at.max(woken_at + WAKE_EVERY_MIN)) => {
                    self.handle(Input::Woken, &Room::default());
                    woken_at = Instant::now();
                }
                Some(event) = events.recv() => {
                    self.take_event(event);
                    for _ in 1..EVENTS_AT_ONCE {
                        let Ok(event) = events.try_recv() else { break };
                        self.take_event(event);
                    }
                }
            }
        }
    }

    fn save_book(&self) {
        self.saving.keep(Kept::Book(self.protocol.book().to_bytes()));
    }

    pub fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let wall = Timestamp(u32::try_from(wall).unwrap_or(u32::MAX));
        Now { millis: self.wire.millis(), wall, chain: self.known.node.chain_time() }
    }

    fn take_event(&mut self, event: Event) {
        match event {
            Event::Met(met, sending) => {
                self.peers.insert(met.peer, Peer { address: met.address, sending });
                self.handle(Input::Connected(met), &Room::default());
            }
            Event::Told(input, room) => {
                // Nothing more is told of whom the machine has dropped.
                let is_of_peer = match &input {
                    Input::Received(peer, _) | Input::Unreadable(peer, _) => {
                        self.peers.get(peer).is_some_and(|peer| !peer.sending.is_over())
                    }
                    Input::Disconnected { peer, .. } => self.peers.remove(peer).is_some(),
                    _ => true,
                };
                if is_of_peer {
                    self.handle(input, &room);
                }
            }
        }
    }

    /// What the writer has done. Whoever missed something of it looks at what there is.
    fn take_fresh(
        &mut self,
        fresh: Result<Fresh, broadcast::error::RecvError>,
        receiver: &mut Option<broadcast::Receiver<Fresh>>,
    ) {
        match fresh {
            Ok(fresh) => self.handle(told(fresh), &Room::default()),
            Err(broadcast::error::RecvError::Lagged(_)) => {
                let node = self.known.node.clone();
                self.find_out(move || present(&node));
            }
            Err(broadcast::error::RecvError::Closed) => *receiver = None,
        }
    }

    fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::Order(order, told) => {
                self.handle(Input::Ordered(order), &Room::default());
                self.saving.keep(Kept::Told(told));
            }
            Ask::Keep(told) => {
                self.save_book();
                self.saving.keep(Kept::Bans(self.protocol.bans().to_bytes()));
                self.saving.keep(Kept::Told(told));
            }
            Ask::Report(to) => {
                let machine = self.protocol.report(self.now(), &self.known);
                let traffic = self.peers.iter().map(|(peer, to)| (*peer, to.sending.traffic())).collect();
                let report = PeersReport { node: self.wire.identity.node_id(), machine, traffic };
                // Whoever asked may have gone away.
                let _ = to.send(report);
            }
        }
    }

    fn handle(&mut self, input: Input, room: &Room) {
        for output in self.protocol.handle(self.now(), input, &self.known) {
            self.obey(output, room);
        }
    }

    /// Does what was ordered, or has it done. What is submitted goes on taking the room of what it came in.
    fn obey(&mut self, output: Output, room: &Room) {
        match output {
            Output::Send(peers, message) => {
                let parcel = Parcel::of(&message);
                peers.iter().filter_map(|peer| self.peers.get(peer)).for_each(|to| to.sending.send(&parcel));
            }
            Output::SendBlocks(peer, hashes) => {
                if let Some(to) = self.peers.get(&peer) {
                    to.sending.send_blocks(hashes);
                }
            }
            Output::SendTransactions(peer, hashes) => {
                self.peers.get(&peer).inspect(|to| to.sending.send_transactions(&hashes));
            }
            Output::SendStem(peer, hash) => {
                let stemmed =
                    self.wire.stock.transaction(&hash).and_then(|found| List::new(vec![found]).ok());
                if let (Some(to), Some(stemmed)) = (self.peers.get(&peer), stemmed) {
                    to.sending.send(&Parcel::of(&Message::Stem(stemmed)));
                }
            }
            Output::Dial(address) => {
                drop(tokio::spawn(dial(Arc::clone(&self.wire), address)));
            }
            Output::Resolve(name) => drop(tokio::spawn(resolve(Arc::clone(&self.wire), name))),
            Output::Drop(peer, why) => self.hang_up(peer, &why),
            Output::Reconstruct(peer, compact) => {
                let node = self.known.node.clone();
                self.find_out(move || Some(reconstruct(&node, peer, compact)));
            }
            Output::SubmitBlock(hash, body, errand) => {
                self.submitting.block(hash, body, errand, room.clone());
            }
            Output::SubmitHeaders(peer, headers) => self.submitting.headers(peer, headers, room.clone()),
            Output::SubmitTransactions(peer, transactions) => {
                self.submitting.transactions(peer, transactions, room.clone());
            }
            Output::KeepBans => self.saving.keep(Kept::Bans(self.protocol.bans().to_bytes())),
            Output::KeepBook => self.save_book(),
            Output::Log(line) => self.notices.say_once(&line),
        }
    }

    fn hang_up(&mut self, peer: PeerId, why: &Farewell) {
        let Some(gone) = self.peers.remove(&peer) else { return };
        gone.sending.hang_up();
        // Others are not worth a line: they come again, or came to be seen.
        if let Farewell::Misbehaved(_) | Farewell::Stalls | Farewell::Versions { .. } = why {
            self.notices.say_once(&format!("hung up on {}: {why}", gone.address));
        }
    }

    /// Has something found out that takes a while, and is told of it.
    fn find_out(&self, look: impl FnOnce() -> Option<Input> + Send + 'static) {
        let wire = Arc::clone(&self.wire);
        tokio::spawn(async move {
            if let Ok(Some(input)) = tokio::task::spawn_blocking(look).await {
                let _ = wire.tell(Event::Told(input, Room::default())).await;
            }
        });
    }
}

/// Later than anything that is waited for; clocks cannot show much more.
const FAR_MILLIS: u64 = 1000 * 60 * 60 * 24 * 365;

/// What the writer does next; nothing any more where it has ended.
async fn next(fresh: &mut Option<broadcast::Receiver<Fresh>>) -> Result<Fresh, broadcast::error::RecvError> {
    match fresh {
        Some(fresh) => fresh.recv().await,
        None => std::future::pending().await,
    }
}
