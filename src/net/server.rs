//! The port as a whole: begun and ended here.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc as std_mpsc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use super::connection::survive;
use super::door::Door;
use super::driver::{Ask, Driver};
use super::faults::Faults;
use super::keep::Keep;
use super::known::{NodeKnown, NodeStock};
use super::notices::{Log, Notices};
use super::report::PeersReport;
use super::saving::{Kept, Saving};
use super::submitting::Submitting;
use super::wire::{Patience, Wire};
use crate::node::NodeHandle;
use crate::protocol::{BookSecret, Order, Protocol, Settings};

/// How long a port that stops waits for its connections to end, and whoever stops it for that.
const STOP_TIME_MAX: Duration = Duration::from_secs(2);
const FAREWELL_TIME_MAX: Duration = Duration::from_secs(1);
/// Events that wait for the machine; whoever has more to tell waits.
const EVENTS_MAX: usize = 1024;
/// Operators' wishes that wait; whoever has more waits.
const ASKS_MAX: usize = 16;

/// How the port is to run.
pub struct PeersOptions {
    /// How to deal with others. Who we are comes from the data directory, and where nothing is said of a port it is the
    /// listener's.
    pub settings: Settings,
    /// Where others come in, if they may.
    pub listener: Option<TcpListener>,
    /// The node's data directory; what is kept of peers is in a folder of its own there.
    pub data_dir: PathBuf,
    /// Where lines for a log go.
    pub log: Log,
    /// What is wrong with which links; nothing where this is no laboratory.
    pub faults: Faults,
}

/// The port has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the port to other nodes has ended: look at the log, and start again")]
pub struct PeersEnded;

/// Why something that an operator wants is not done, or not for good.
#[derive(Debug, thiserror::Error)]
pub enum PeersError {
    /// Nobody does it.
    #[error(transparent)]
    Ended(#[from] PeersEnded),
    /// The disk refuses.
    #[error("what is known of peers cannot be written down, and is forgotten at the next start: {0}")]
    NotKept(io::Error),
}

/// The port to other nodes, until it is stopped, or dropped, which stops it too.
pub struct Peers {
    handle: PeersHandle,
    stop: Option<watch::Sender<()>>,
    ended: std_mpsc::Receiver<()>,
}

/// Asks the port something; every copy is the same port.
#[derive(Clone)]
pub struct PeersHandle {
    local_address: Option<SocketAddr>,
    asks: mpsc::Sender<Ask>,
    faults: Faults,
}

impl Peers {
    /// Begins to meet others, on `runtime`.
    ///
    /// # Errors
    /// When the listener cannot be used, or nothing can be kept in the data directory.
    pub fn start(node: NodeHandle, options: PeersOptions, runtime: &Handle) -> io::Result<Self> {
        let PeersOptions { mut settings, listener, data_dir, log, faults } = options;
        let _inside = runtime.enter();
        let keep = Keep::open(&data_dir, Arc::clone(&log))?;
        let identity = keep.identity()?;
        settings.node = identity.node_id();
        let listener = listener.map(listening).transpose()?;
        let local_address = listener.as_ref().map(tokio::net::TcpListener::local_addr).transpose()?;
        settings.port = settings.port.or(local_address.map(|address| address.port()));
        let book = keep.book(BookSecret(drawn()?), settings.lab)?;
        let protocol = Protocol::new(settings.clone(), book, keep.bans()?, drawn()?);

        let notices = Arc::new(Notices::new(log));
        let (events, told) = mpsc::channel(EVENTS_MAX);
        let (asks, asked) = mpsc::channel(ASKS_MAX);
        let (end, ending) = watch::channel(());
        let stock = Arc::new(NodeStock { node: node.clone() });
        let submitting = Submitting::start(&node, &events);
        let (chain, patience) = (node.genesis().params().chain, Patience::of(settings.lab));
        let wire = Arc::new(Wire::new(chain, identity, patience, faults.clone(), stock, events, ending));
        if let Some(listener) = listener {
            tokio::spawn(Door::new(listener, Arc::clone(&wire), Arc::clone(&notices), &settings).keep());
        }
        let saving = Saving::start(keep, Arc::clone(&notices));
        let driver = Driver {
            protocol,
            known: NodeKnown { node },
            wire,
            submitting,
            saving,
            notices,
            peers: BTreeMap::new(),
        };
        let (stop, stopping) = watch::channel(());
        let (running, ended) = std_mpsc::channel();
        tokio::spawn(async move {
            drive(driver, told, asked, stopping, end).await;
            drop(running);
        });
        Ok(Self { handle: PeersHandle { local_address, asks, faults }, stop: Some(stop), ended })
    }

    /// Where it listens, if it does.
    pub fn local_address(&self) -> Option<SocketAddr> {
        self.handle.local_address
    }

    /// A way to ask it something.
    pub fn handle(&self) -> PeersHandle {
        self.handle.clone()
    }

    /// Stops: every connection is ended, and what is known of others is kept.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        self.stop = None;
        // Nothing is ever sent: it ends when the other side does, or when that takes too long.
        let _ = self.ended.recv_timeout(STOP_TIME_MAX);
    }
}

impl PeersHandle {
    /// All that is known of the peers now.
    ///
    /// # Errors
    /// When the port has ended.
    pub async fn report(&self) -> Result<PeersReport, PeersEnded> {
        let (to, report) = oneshot::channel();
        self.asks.send(Ask::Report(to)).await.map_err(|_| PeersEnded)?;
        report.await.map_err(|_| PeersEnded)
    }

    /// Has the machine do what an operator wants. Who is to be banned, or forgiven, is so on the disk when this returns.
    ///
    /// # Errors
    /// When the port has ended; or the disk refuses, and then it is done all the same.
    pub async fn order(&self, order: Order) -> Result<(), PeersError> {
        let is_kept = matches!(order, Order::Ban(..) | Order::Unban(_));
        let (told, kept) = oneshot::channel();
        self.asks.send(Ask::Order(order, told)).await.map_err(|_| PeersEnded)?;
        if is_kept { is_on_disk(kept).await } else { Ok(()) }
    }

    /// Has all that is known of others written down now; it is on the disk when this returns.
    ///
    /// # Errors
    /// When the port has ended, or the disk refuses.
    pub async fn keep(&self) -> Result<(), PeersError> {
        let (told, kept) = oneshot::channel();
        self.asks.send(Ask::Keep(told)).await.map_err(|_| PeersEnded)?;
        is_on_disk(kept).await
    }

    /// Where it listens, if it does.
    pub fn local_address(&self) -> Option<SocketAddr> {
        self.local_address
    }

    /// What is wrong with which links.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }
}

async fn is_on_disk(kept: oneshot::Receiver<io::Result<()>>) -> Result<(), PeersError> {
    kept.await.map_err(|_| PeersEnded)?.map_err(PeersError::NotKept)
}

/// Drives the machine, and ends all connections when that ends, whatever it ends by.
async fn drive(
    mut driver: Driver,
    told: mpsc::Receiver<super::Event>,
    asked: mpsc::Receiver<Ask>,
    stopping: watch::Receiver<()>,
    end: watch::Sender<()>,
) {
    let ended = survive(driver.run(told, asked, stopping)).await;
    let now = driver.now();
    let Driver { protocol, saving, wire, submitting, notices, .. } = driver;
    match ended {
        Ok(()) => saving.keep(Kept::Book(protocol.end(now).to_bytes())),
        Err(fault) => notices.say(&format!(
            "a fault in what speaks to other nodes, which ends that: {fault}; the node goes on without them until it is \
             started again"
        )),
    }
    drop((wire, submitting));
    let _ = end.send(());
    // Every connection holds the other end of this until it has said farewell.
    let _ = timeout(FAREWELL_TIME_MAX, async { tokio::join!(end.closed(), saving.finish()) }).await;
}

fn listening(listener: TcpListener) -> io::Result<tokio::net::TcpListener> {
    listener.set_nonblocking(true)?;
    tokio::net::TcpListener::from_std(listener)
}

fn drawn() -> io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}
