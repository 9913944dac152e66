//! What a machine orders, carried out.

use std::sync::Arc;

use super::World;
use super::node::{Party, Running};
use super::wire::Parcel;
use super::work::Job;
use crate::codec::{List, encode};
use crate::lab::clock::MILLISECOND;
use crate::net::{Stock as _, gather, reconstruct};
use crate::protocol::{BLOCKS_ASKED_MAX, BlockBytes, Farewell, Input, Message, Output, PeerId, Served};
use crate::types::{BlockHash, TxHash};

/// How long it takes to find out what a name stands for.
const RESOLVE: u64 = 10 * MILLISECOND;

impl World {
    /// Tells a node's machine of something, and does what it orders. One that does not run hears nothing. Whoever calls
    /// this has [`World::attend`] to be called in the end.
    pub(super) fn tell(&mut self, number: usize, input: Input) {
        let Party::Node(node) = &mut self.parties[number] else { return };
        let now = node.clock.now();
        let Some(running) = &mut node.running else { return };
        let outputs = running.protocol.handle(now, input, &running.known);
        outputs.into_iter().for_each(|output| self.obey(number, output));
    }

    fn running_mut(&mut self, number: usize) -> Option<&mut Running> {
        match &mut self.parties[number] {
            Party::Node(node) => node.running.as_mut(),
            Party::Stranger(_) => None,
        }
    }

    fn obey(&mut self, number: usize, output: Output) {
        match output {
            Output::Send(to, message) => {
                let parcel = Parcel::of(&message);
                to.into_iter().for_each(|peer| self.transmit(number, peer, Arc::clone(&parcel)));
            }
            Output::SendBlocks(peer, blocks) => self.send_blocks(number, peer, &blocks),
            Output::SendTransactions(peer, hashes) => self.send_transactions(number, peer, &hashes),
            Output::SendStem(peer, hash) => {
                let found = self.running_mut(number).and_then(|running| running.stock.transaction(&hash));
                if let Some(one) = found.and_then(|found| List::new(vec![found]).ok()) {
                    self.transmit(number, peer, Parcel::of(&Message::Stem(one)));
                }
            }
            Output::Dial(address) => {
                self.node_mut(number).dials += 1;
                self.dial(number, address);
            }
            Output::Resolve(name) => {
                let addresses = self.resolve(&name);
                self.tell_later(number, RESOLVE, Input::Resolved { name, addresses });
            }
            Output::Drop(peer, why) => self.hang_up(number, peer, why),
            Output::Reconstruct(peer, compact) => {
                let Some(running) = self.running_mut(number) else { return };
                let reconstructed = reconstruct(running.clockwork.handle(), peer, compact);
                self.tell_later(number, 0, reconstructed);
            }
            Output::SubmitBlock(hash, body, errand) => self.give(number, Job::Block(hash, body, errand)),
            Output::SubmitHeaders(peer, headers) => self.give(number, Job::Headers(peer, headers)),
            Output::SubmitTransactions(peer, transactions) => {
                self.give(number, Job::Transactions(Some(peer), transactions));
            }
            Output::KeepBans => {
                if let Party::Node(node) = &mut self.parties[number] {
                    node.bans = node.machine().map_or(Vec::new(), |machine| machine.bans().to_bytes());
                }
            }
            Output::KeepBook => {
                if let Party::Node(node) = &mut self.parties[number] {
                    node.keep_book();
                }
            }
            Output::Log(line) => {
                if let Party::Node(node) = &mut self.parties[number] {
                    node.say(line);
                }
            }
        }
    }

    fn give(&mut self, number: usize, job: Job) {
        if let Some(running) = self.running_mut(number) {
            running.jobs.push_back(job);
        }
    }

    fn hang_up(&mut self, number: usize, peer: PeerId, why: Farewell) {
        if !self.is_open(number, peer) {
            return;
        }
        let address = self.address(self.other_of(peer));
        self.record.hung_up(self.clock.micros(), number, address, &why);
        let node = self.node_mut(number);
        *node.farewells.entry((address, why.clone())).or_default() += 1;
        if matches!(why, Farewell::Misbehaved(_)) {
            node.punished.push((address, why));
        }
        self.let_go(peer.0 as u32);
    }

    fn send_blocks(&mut self, number: usize, peer: PeerId, blocks: &[Served]) {
        let mut missing: Vec<BlockHash> = Vec::new();
        for block in blocks {
            let Some(running) = self.running_mut(number) else { return };
            let (hash, bytes) = match block {
                Served::Kept(block) => (block.header.hash(), Some(encode(&**block))),
                Served::Stored(hash) => (*hash, running.stock.block(hash)),
            };
            match bytes.and_then(|bytes| BlockBytes::new(bytes).ok()) {
                Some(block) => {
                    self.send_missing(number, peer, &mut missing);
                    self.transmit(number, peer, Parcel::of(&Message::Block(block)));
                }
                None => missing.push(hash),
            }
            if missing.len() >= BLOCKS_ASKED_MAX {
                self.send_missing(number, peer, &mut missing);
            }
        }
        self.send_missing(number, peer, &mut missing);
    }

    fn send_missing(&mut self, number: usize, peer: PeerId, missing: &mut Vec<BlockHash>) {
        if let Ok(hashes) = List::new(std::mem::take(missing)) {
            self.transmit(number, peer, Parcel::of(&Message::Missing(hashes)));
        }
    }

    fn send_transactions(&mut self, number: usize, peer: PeerId, hashes: &[TxHash]) {
        let mut rest = hashes.to_vec();
        while !rest.is_empty() {
            let Some(running) = self.running_mut(number) else { return };
            let (together, left) = gather(&rest, |hash| running.stock.transaction(hash));
            rest = left.to_vec();
            if let Ok(together) = List::new(together) {
                self.transmit(number, peer, Parcel::of(&Message::Transactions(together)));
            }
        }
    }
}
