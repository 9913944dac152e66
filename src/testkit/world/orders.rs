//! What a machine orders, carried out.

use core::net::SocketAddr;

use super::World;
use crate::codec::{List, encode};
use crate::consensus::Blame;
use crate::protocol::{
    BLOCKS_ASKED_MAX, BlockBytes, Body, Compact, Errand, HASHES_MAX, Input, Message, Output, PeerId, Served,
    TRANSACTIONS_BYTES_MAX,
};
use crate::types::{BlockHash, Header, Transaction, TxHash};

impl World {
    pub(super) fn obey(&mut self, node: usize, output: Output) {
        match output {
            Output::Send(to, message) => {
                let bytes = message.to_bytes();
                to.into_iter().for_each(|peer| self.transmit_for(node, peer, bytes.clone()));
            }
            Output::SendBlocks(peer, blocks) => self.send_blocks(node, peer, &blocks),
            Output::SendTransactions(peer, hashes) => self.send_transactions(node, peer, &hashes),
            Output::Dial(address) => {
                self.node_mut(node).dials += 1;
                self.dial(node, address);
            }
            Output::Resolve(name) => {
                let addresses = self.resolve(&name);
                self.tell_later(node, 10, Input::Resolved { name, addresses });
            }
            Output::Drop(peer, why) => self.drop_peer(node, peer, why),
            Output::Reconstruct(peer, compact) => {
                let partial = Compact::clone(&compact).reconstruct(self.node(node).pool.all());
                self.tell_later(node, 0, Input::Reconstructed { peer, partial, compact });
            }
            Output::SubmitBlock(hash, body, errand) => self.submit_block(node, (hash, body, errand)),
            Output::SubmitHeaders(peer, headers) => self.submit_headers(node, peer, &headers),
            Output::SubmitTransactions(peer, transactions) => {
                self.submit_transactions(node, peer, transactions);
            }
            Output::SendStem(peer, hash) => {
                if let Some(transaction) = self.node(node).pool.find(&hash) {
                    let one = List::new(vec![transaction.transaction().clone()]).expect("one");
                    self.send_message(node, peer, &Message::Stem(one));
                }
            }
            Output::KeepBans => {
                let node = self.node_mut(node);
                node.bans = node.machine().bans().to_bytes();
            }
            Output::Log(line) => self.node_mut(node).log.push(line),
        }
    }

    /// Sends for a node, if that is its end.
    fn transmit_for(&mut self, node: usize, peer: PeerId, bytes: Vec<u8>) {
        if self.is_end_open(node, peer) {
            self.transmit(peer, bytes);
        }
    }

    pub(super) fn is_end_open(&self, owner: usize, peer: PeerId) -> bool {
        self.ends.get(&peer).is_some_and(|end| end.owner == owner)
    }

    fn send_message(&mut self, node: usize, peer: PeerId, message: &Message) {
        self.transmit_for(node, peer, message.to_bytes());
    }

    fn resolve(&self, name: &str) -> Vec<SocketAddr> {
        match name.parse() {
            Ok(address) => vec![address],
            Err(_) => self.names.get(name).cloned().unwrap_or_default(),
        }
    }

    fn send_blocks(&mut self, node: usize, peer: PeerId, blocks: &[Served]) {
        let mut missing = Vec::new();
        for served in blocks {
            let (hash, bytes) = match served {
                Served::Kept(block) => (block.header.hash(), Some(encode(&**block))),
                Served::Stored(hash) => (*hash, self.node(node).body(hash).map(encode)),
            };
            match bytes {
                Some(bytes) => {
                    let body = BlockBytes::new(bytes).expect("a block that was taken in");
                    self.send_message(node, peer, &Message::Block(body));
                }
                None => missing.push(hash),
            }
        }
        for some in missing.chunks(BLOCKS_ASKED_MAX) {
            let some = List::new(some.to_vec()).expect("no more than can be asked for");
            self.send_message(node, peer, &Message::Missing(some));
        }
    }

    fn send_transactions(&mut self, node: usize, peer: PeerId, hashes: &[TxHash]) {
        let pool = &self.node(node).pool;
        let here = hashes.iter().filter_map(|hash| pool.find(hash));
        let here: Vec<(usize, Transaction)> =
            here.map(|transaction| (transaction.facts().bytes, transaction.transaction().clone())).collect();
        let (mut batch, mut batch_bytes) = (Vec::new(), 0);
        let mut batches = Vec::new();
        for (bytes, transaction) in here {
            if batch.len() == HASHES_MAX || batch_bytes + bytes > TRANSACTIONS_BYTES_MAX {
                batches.push(std::mem::take(&mut batch));
                batch_bytes = 0;
            }
            batch_bytes += bytes;
            batch.push(transaction);
        }
        batches.push(batch);
        for batch in batches.into_iter().filter(|batch| !batch.is_empty()) {
            self.send_message(node, peer, &Message::Transactions(List::new(batch).expect("as many as fit")));
        }
    }

    fn submit_block(&mut self, number: usize, submitted: (BlockHash, Body, Errand)) {
        let node = self.node_mut(number);
        node.inbox.push_back(submitted);
        if !node.is_judging {
            self.begin_judging(number);
        }
    }

    fn submit_headers(&mut self, node: usize, peer: PeerId, headers: &[Header]) {
        let chain = &mut self.node_mut(node).follower.chain;
        let refused: Option<Blame> =
            headers.iter().find_map(|header| chain.accept_header(header).err()).map(|error| error.blame());
        self.tell_later(node, 0, Input::HeadersJudged { peer, refused });
    }

    fn submit_transactions(&mut self, node: usize, peer: PeerId, transactions: Vec<(TxHash, Transaction)>) {
        use crate::protocol::JudgedTransaction::Admitted;
        let judged: Vec<_> = transactions
            .into_iter()
            .map(|(hash, transaction)| (hash, self.admit(node, hash, transaction)))
            .collect();
        let admitted: Vec<TxHash> =
            judged.iter().filter(|(_, judged)| *judged == Admitted).map(|(hash, _)| *hash).collect();
        if !admitted.is_empty() {
            self.tell_later(node, 0, Input::Admitted(admitted));
        }
        self.tell_later(node, 0, Input::TransactionsJudged { peer, judged });
    }
}
