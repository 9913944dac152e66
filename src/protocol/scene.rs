//! What the tests beside the code play with.

use std::collections::BTreeSet;

use super::conduct::Acts;
use super::{Known, KnownBlock, Message, Now, Output, PeerId, Standing};
use crate::codec::List;
use crate::consensus::{Branch, Params};
use crate::types::{
    Action, Address, Amount, BlockHash, Body, ChainTag, Header, Height, Nonce, Policy, Reference, Timestamp,
    Transaction, TxHash, Witness,
};

/// What a node knows that has nothing but a pool.
#[derive(Default)]
pub(super) struct Pool(pub BTreeSet<TxHash>);

impl Known for Pool {
    fn params(&self) -> &Params {
        unreachable!("transactions do not ask")
    }

    fn tip(&self) -> Standing {
        unreachable!("transactions do not ask")
    }

    fn base(&self) -> Height {
        unreachable!("transactions do not ask")
    }

    fn locator(&self) -> Vec<BlockHash> {
        unreachable!("transactions do not ask")
    }

    fn block(&self, _: &BlockHash) -> Option<KnownBlock> {
        unreachable!("transactions do not ask")
    }

    fn branch(&self, _: &BlockHash) -> Option<Branch> {
        unreachable!("transactions do not ask")
    }

    fn headers_above(&self, _: &[BlockHash], _: usize) -> Vec<Header> {
        unreachable!("transactions do not ask")
    }

    fn unknown_of(&self, transactions: &[TxHash]) -> Vec<TxHash> {
        transactions.iter().filter(|hash| !self.0.contains(hash)).copied().collect()
    }

    fn pool(&self, max: usize) -> Vec<TxHash> {
        self.0.iter().take(max).copied().collect()
    }
}

/// So many milliseconds after the beginning.
pub(super) fn at(millis: u64) -> Now {
    Now { millis, wall: Timestamp(0), chain: Timestamp(0) }
}

/// A transaction, as far as these machines look at it.
pub(super) fn transaction(number: u64) -> Transaction {
    let to = Address::from_bytes([7; 32]);
    let pay = Action::Pay { to, amount: Amount::from_pebbles(1), reference: Reference::default() };
    let body = Body {
        chain: ChainTag([0; 4]),
        policy: Policy::After(Height(0)),
        nonce: Nonce(number),
        fee: Amount::from_pebbles(1),
        expiry: None,
        actions: List::new(vec![pay]).unwrap(),
    };
    Transaction { body, witness: Witness::default() }
}

/// Hashes of nothing: as many and as different as wanted.
pub(super) fn hashes(from: u64, count: u64) -> Vec<TxHash> {
    (from..from + count)
        .map(|number| {
            let mut bytes = [0xaa; 32];
            bytes[..8].copy_from_slice(&number.to_be_bytes());
            TxHash::from_bytes(bytes)
        })
        .collect()
}

/// Who was asked for what.
pub(super) fn asked(acts: &Acts) -> Vec<(PeerId, Vec<TxHash>)> {
    sent(acts, |message| match message {
        Message::GetTransactions(hashes) => Some(hashes.to_vec()),
        _ => None,
    })
}

/// Who was told of what.
pub(super) fn offers(acts: &Acts) -> Vec<(PeerId, Vec<TxHash>)> {
    sent(acts, |message| match message {
        Message::Offer(hashes) => Some(hashes.to_vec()),
        _ => None,
    })
}

fn sent(acts: &Acts, pick: impl Fn(&Message) -> Option<Vec<TxHash>>) -> Vec<(PeerId, Vec<TxHash>)> {
    let messages = acts.outputs.iter().filter_map(|output| match output {
        Output::Send(peers, message) => Some((peers[0], pick(message)?)),
        _ => None,
    });
    messages.collect()
}

/// What was submitted, and whose it was.
pub(super) fn submitted(acts: &Acts) -> Vec<(PeerId, Vec<TxHash>)> {
    let submitted = acts.outputs.iter().filter_map(|output| match output {
        Output::SubmitTransactions(peer, taken) => {
            Some((*peer, taken.iter().map(|(hash, _)| *hash).collect()))
        }
        _ => None,
    });
    submitted.collect()
}
