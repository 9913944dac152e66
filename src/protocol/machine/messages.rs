//! Which small machine a message concerns.

use super::Protocol;
use crate::codec::List;
use crate::protocol::conduct::{Acts, Offence};
use crate::protocol::{HEADERS_MAX, Known, Message, Now, PeerId};

impl Protocol {
    pub(super) fn received(
        &mut self,
        now: Now,
        peer: PeerId,
        message: Message,
        known: &dyn Known,
        acts: &mut Acts,
    ) {
        // If it is not there, it was on its way while we hung up.
        let Some(is_greeted) = self.peers.get(peer).map(|peer| peer.hello.is_some()) else { return };
        if let Message::Hello(hello) = message {
            self.hello_came(now, peer, &hello, known, acts);
            return;
        }
        if !is_greeted {
            acts.blame(peer, Offence::OutOfTurn("something before a hello"));
            return;
        }
        match message {
            Message::Hello(_) => {}
            Message::Ping(number) => acts.send(peer, Message::Pong(number)),
            Message::Pong(number) => self.pings.came_back(now, peer, number, acts),
            Message::GetAddresses(()) => self.gossip.asked(now, peer, &self.dialing, acts),
            Message::Addresses(addresses) => self.gossip.told(now, peer, &addresses, &mut self.dialing, acts),
            Message::GetHeaders(question) => {
                let headers = known.headers_above(&question.locator, HEADERS_MAX);
                acts.send(peer, Message::Headers(List::new(headers).expect("no more than asked for")));
            }
            Message::Headers(headers) => self.sync.headers_came(now, peer, &headers, known, acts),
            Message::Missing(hashes) => {
                for hash in &hashes {
                    if !self.relay.block_is_missing(now, peer, hash, acts)
                        && !self.sync.block_is_missing(peer, hash)
                        && !self.relay.answers_late(peer)
                    {
                        acts.blame(peer, Offence::Unasked("word of a missing block"));
                    }
                }
            }
            Message::Block(body) => {
                let hash = body.header().hash();
                if self.relay.awaits_whole(peer, &hash) {
                    self.relay.block_came(peer, &hash, body, acts);
                } else if !self.sync.block_came(now, peer, &hash, body) && !self.relay.answers_late(peer) {
                    acts.blame(peer, Offence::Unasked("a block"));
                }
            }
            Message::News(headers) => {
                if self.relay.told(now, peer, &headers, known, acts) {
                    self.sync.heard_of_unknown(peer);
                }
            }
            Message::Compact(compact) => {
                if self.relay.compact_came(now, peer, compact, known, acts) {
                    self.sync.heard_of_unknown(peer);
                }
            }
            Message::GetBlocks(hashes) => self.relay.blocks_asked(peer, &hashes, acts),
            Message::GetCompact(hash) => self.relay.compact_asked(peer, hash, acts),
            Message::GetParts(asked) => self.relay.parts_asked(peer, &asked, acts),
            Message::Parts(parts) => self.relay.parts_came(now, peer, parts, known, acts),
            Message::Pushes(wanted) => self.relay.wants_pushes(peer, wanted != 0),
            Message::Offer(_)
            | Message::GetTransactions(_)
            | Message::Transactions(_)
            | Message::GetPool(())
            | Message::Stem(_) => self.received_of_transactions(now, peer, message, known, acts),
        }
    }

    fn received_of_transactions(
        &mut self,
        now: Now,
        peer: PeerId,
        message: Message,
        known: &dyn Known,
        acts: &mut Acts,
    ) {
        match message {
            Message::Offer(hashes) => {
                let open = self.stem.seen(&hashes);
                // First, so that whoever offers them is not told of them.
                self.transactions.offered(now, peer, &hashes, known, acts);
                self.transactions.announce(now, &open, acts);
            }
            Message::GetTransactions(hashes) => {
                let stem = &self.stem;
                self.transactions.asked(peer, &hashes, &|hash| stem.is_withheld(hash), acts);
            }
            Message::Transactions(transactions) => {
                self.transactions.received(now, peer, transactions.into_vec(), acts);
            }
            Message::GetPool(()) => self.transactions.pool_asked(now, peer, known, acts),
            Message::Stem(transactions) => {
                for transaction in transactions.into_vec() {
                    let hash = transaction.hash();
                    // Where others offered it there is no secret in it.
                    if !self.transactions.is_tracked(&hash) {
                        self.stem.received(now, peer, (hash, transaction), known, acts);
                    }
                }
            }
            _ => {}
        }
    }
}
