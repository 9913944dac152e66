//! What people do to nodes by hand: they order something, bring a block that they made, and give names to places.

use core::net::SocketAddr;

use super::World;
use super::node::Party;
use super::work::Job;
use crate::lab::shadow::assemble;
use crate::protocol::{Input, Order};
use crate::template::Template;
use crate::types::Block;

impl World {
    /// Lets a node's operator order something of its machine; nothing happens where it does not run.
    pub fn order(&mut self, number: usize, order: Order) {
        self.tell(number, Input::Ordered(order));
        self.attend(number);
    }

    /// Brings a block before a node, as a miner does who found it there; nothing happens where it does not run.
    pub fn bring_block(&mut self, number: usize, block: Block) {
        self.bring(number, Job::Mined(Box::new(block)));
    }

    /// The best block that could be found on a node's tip now, for whoever makes blocks by hand; nothing where it does not
    /// run.
    pub fn template(&mut self, number: usize) -> Option<Template> {
        let Party::Node(node) = &mut self.parties[number] else { return None };
        let running = node.running.as_mut()?;
        let template = assemble(&mut running.clockwork);
        running.look_when_to_turn();
        if self.see_to_power(number) { None } else { template }
    }

    /// Lets a name stand for these addresses from now on, for whoever asks.
    pub fn set_name(&mut self, name: &str, addresses: Vec<SocketAddr>) {
        self.names.insert(name.to_owned(), addresses);
    }

    /// What a name stands for. Whoever is named by an address is there.
    pub(super) fn resolve(&self, name: &str) -> Vec<SocketAddr> {
        match name.parse() {
            Ok(address) => vec![address],
            Err(_) => self.names.get(name).cloned().unwrap_or_default(),
        }
    }
}
