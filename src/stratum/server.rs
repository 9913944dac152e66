//! Lets miners in, as many as there is room for.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::select;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::connection::Connection;
use super::session::{Now, Rules};
use crate::miner::{Feed, Log};
use crate::net::Guests;
use crate::node::NodeHandle;

/// How long a server that stops waits for its last lines to be sent.
const STOP_TIME_MAX: Duration = Duration::from_secs(2);
/// How long nobody is let in after the system could not.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// How a server is to run.
pub struct ServerOptions {
    /// Connections at a time; more wait until one ends.
    pub connections_max: usize,
    /// Connections at a time from one address, with IPv6 from one network of 2^64; more are hung up on.
    pub connections_each_max: usize,
    /// How often sessions look at the time.
    pub tick: Duration,
    /// Where lines for a log go: blocks that were found.
    pub log: Log,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            connections_max: 4096,
            connections_each_max: 256,
            tick: Duration::from_secs(1),
            log: Arc::new(|_| {}),
        }
    }
}

/// What all connections have in common.
pub(super) struct Shared {
    pub node: NodeHandle,
    pub feed: Feed,
    pub rules: Rules,
    pub tick: Duration,
    pub log: Log,
    started: Instant,
}

impl Shared {
    pub fn now(&self) -> Now {
        Now { seconds: self.started.elapsed().as_secs_f64(), time: self.node.chain_time() }
    }
}

/// A Stratum server that runs until it is stopped, or dropped, which stops it too.
pub struct Server {
    local_address: SocketAddr,
    stop: Option<watch::Sender<()>>,
    ended: mpsc::Receiver<()>,
}

impl Server {
    /// Begins to let miners in, on `runtime`.
    ///
    /// # Errors
    /// When the listener cannot be used.
    pub fn start(
        node: NodeHandle,
        feed: Feed,
        listener: TcpListener,
        options: ServerOptions,
        runtime: &Handle,
    ) -> io::Result<Self> {
        let ServerOptions { connections_max, connections_each_max, tick, log } = options;
        let _inside = runtime.enter();
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let local_address = listener.local_addr()?;
        let rules = Rules::of(node.genesis().params());
        let shared = Arc::new(Shared { node, feed, rules, tick, log, started: Instant::now() });
        let door = Door {
            listener,
            shared,
            places: Arc::new(Semaphore::new(connections_max)),
            guests: Arc::default(),
            each_max: connections_each_max,
        };
        let (stop, stopping) = watch::channel(());
        let (running, ended) = mpsc::channel();
        runtime.spawn(async move {
            door.keep(stopping).await;
            drop(running);
        });
        Ok(Self { local_address, stop: Some(stop), ended })
    }

    /// Where it listens.
    pub fn local_address(&self) -> SocketAddr {
        self.local_address
    }

    /// Stops: nobody is let in any more, and every connection is ended.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stop = None;
        // Nothing is ever sent: it ends when the other side does, or when that takes too long.
        let _ = self.ended.recv_timeout(STOP_TIME_MAX);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// Where miners come in.
struct Door {
    listener: tokio::net::TcpListener,
    shared: Arc<Shared>,
    places: Arc<Semaphore>,
    guests: Arc<Guests>,
    each_max: usize,
}

impl Door {
    /// Lets miners in until the server stops.
    ///
    /// # Security
    /// There is a place before somebody is let in, so that strangers wait in the system's queue and cost nothing. What
    /// one connection does to itself, a panic too, ends that connection alone.
    async fn keep(self, mut stopping: watch::Receiver<()>) {
        let mut connections = JoinSet::new();
        loop {
            let arrival = async {
                let place = Arc::clone(&self.places).acquire_owned().await;
                (place, self.listener.accept().await)
            };
            select! {
                _ = stopping.changed() => break,
                Some(_) = connections.join_next() => {}
                (place, arrived) = arrival => match arrived {
                    Ok((socket, from)) => {
                        let Some(guest) = self.guests.admit(from.ip(), self.each_max) else { continue };
                        let connection = Connection::new(Arc::clone(&self.shared), socket);
                        let stopping = stopping.clone();
                        connections.spawn(async move {
                            connection.run(stopping).await;
                            drop((place, guest));
                        });
                    }
                    // Out of files, or the other side has gone again.
                    Err(_) => sleep(ACCEPT_AGAIN).await,
                },
            }
        }
        while connections.join_next().await.is_some() {}
    }
}
