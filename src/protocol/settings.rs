//! How a node deals with others.

use super::{Agent, NodeId};
use crate::types::{BlockHash, Height};

/// How a node deals with others.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who we are.
    pub node: NodeId,
    /// What we call our program.
    pub agent: Agent,
    /// Where we listen, if we do.
    pub port: Option<u16>,
    /// Whether this is a lab: private addresses are addresses, nobody is banned, and everything goes faster.
    pub lab: bool,
    /// Connections that we make.
    pub outbound_max: usize,
    /// Connections that others make.
    pub inbound_max: usize,
    /// The same from one address.
    pub inbound_each_max: usize,
    /// Whether to look for others; if not, we connect to those that we are told of, and to nobody else.
    pub discovers: bool,
    /// Places to be connected to always: a host and a port.
    pub added: Vec<String>,
    /// Places where others may be found.
    pub bootstrap: Vec<String>,
    /// Whether transactions of our own first go along a stem, so that nobody can tell where they come from.
    pub stem: bool,
    /// Blocks that a branch must have, if it comes so far.
    pub checkpoints: Vec<(Height, BlockHash)>,
}

impl Settings {
    /// The usual ones.
    pub fn new(node: NodeId, lab: bool) -> Self {
        Self {
            node,
            agent: Agent::new(concat!("cairn/", env!("CARGO_PKG_VERSION")).as_bytes().to_vec())
                .expect("a short name"),
            port: None,
            lab,
            outbound_max: 8,
            inbound_max: 117,
            inbound_each_max: if lab { 117 } else { 4 },
            discovers: true,
            added: Vec::new(),
            bootstrap: Vec::new(),
            stem: !lab,
            checkpoints: Vec::new(),
        }
    }
}
