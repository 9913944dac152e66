//! Where the nodes of a devnet are reached.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpListener};

use super::error::DevnetError;

/// The first port, where nothing is said.
const USUAL: u16 = 9330;
/// Ports of one node are this far from those of the next.
const STEP: u16 = 10;

/// A port that cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen at {address}, for {what}: {error}; {}", advice(.error, *.other))]
pub struct PortError {
    /// Where.
    pub address: SocketAddr,
    /// For what.
    pub what: String,
    /// A port to begin from that is likelier to be free.
    pub other: u16,
    /// Why not.
    pub error: io::Error,
}

/// What to do where listening fails like this.
fn advice(error: &io::Error, other: u16) -> String {
    match error.kind() {
        ErrorKind::AddrNotAvailable => {
            "say an address of this machine: --host 127.0.0.1, or --host 0.0.0.0 for all it has".to_owned()
        }
        ErrorKind::PermissionDenied => format!("say --port {other} for ports that anybody may use"),
        _ => format!(
            "end what is there, or say --port {other} for ports elsewhere, or --port 0 for any that are free"
        ),
    }
}

/// Where one node is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    /// Wallets and explorers ask here.
    pub http: SocketAddr,
    /// Its operator asks here.
    pub admin: SocketAddr,
    /// Other nodes connect here.
    pub peers: SocketAddr,
    /// Miners of any make connect here.
    pub stratum: SocketAddr,
}

/// The ends of it.
pub(super) struct Listeners {
    pub http: TcpListener,
    pub admin: TcpListener,
    pub peers: TcpListener,
    pub stratum: TcpListener,
}

impl Places {
    /// Those of a node, counted from the first one's; any, where that begins at 0.
    pub(super) fn of(host: IpAddr, first: u16, node: usize) -> Self {
        let step = u16::try_from(node).unwrap_or(u16::MAX).saturating_mul(STEP);
        let at = |offset: u16| {
            let port = if first == 0 { 0 } else { first.saturating_add(step).saturating_add(offset) };
            SocketAddr::new(host, port)
        };
        Self { http: at(0), admin: at(1), peers: at(3), stratum: at(4) }
    }

    /// That there are ports for so many nodes.
    pub(super) fn check(first: u16, nodes: usize) -> Result<(), DevnetError> {
        let last = usize::from(first) + usize::from(STEP) * nodes;
        if first == 0 || last <= usize::from(u16::MAX) {
            Ok(())
        } else {
            Err(DevnetError::Ports { first, nodes, usual: USUAL })
        }
    }

    /// Where orders to the whole network are taken, counted from its first port.
    pub(super) fn desk(host: IpAddr, first: u16) -> SocketAddr {
        SocketAddr::new(host, if first == 0 { 0 } else { first.saturating_add(2) })
    }
}

impl Listeners {
    /// Listens at all of them, and says where that is.
    pub fn bind(places: Places, node: usize) -> Result<(Self, Places), PortError> {
        let bind = |address, what: &str| bind(address, &format!("{what} of node {node}"));
        let (http, http_at) = bind(places.http, "the HTTP port")?;
        let (admin, admin_at) = bind(places.admin, "the operator's port")?;
        let (peers, peers_at) = bind(places.peers, "the port for other nodes")?;
        let (stratum, stratum_at) = bind(places.stratum, "the port for miners")?;
        let bound = Places { http: http_at, admin: admin_at, peers: peers_at, stratum: stratum_at };
        Ok((Self { http, admin, peers, stratum }, bound))
    }

    /// The same once more: while either is there, whoever connects waits to be let in.
    pub fn again(&self) -> io::Result<Self> {
        Ok(Self {
            http: self.http.try_clone()?,
            admin: self.admin.try_clone()?,
            peers: self.peers.try_clone()?,
            stratum: self.stratum.try_clone()?,
        })
    }
}

/// A port to begin from that is likelier to be free than this one.
fn elsewhere(port: u16) -> u16 {
    match port {
        1024..50_000 => (port + 1000) / STEP * STEP,
        _ => USUAL,
    }
}

/// Listens, and says where.
pub(super) fn bind(address: SocketAddr, what: &str) -> Result<(TcpListener, SocketAddr), PortError> {
    let refused =
        |error| PortError { address, what: what.to_owned(), other: elsewhere(address.port()), error };
    let listener = TcpListener::bind(address).map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    Ok((listener, address))
}
