//! What puppets answer.

use crate::codec::{List, encode};
use crate::lab::strangers;
use crate::protocol::{BlockBytes, Compact, HEADERS_MAX, Message, Parts};
use crate::testkit::Follower;
use crate::types::BlockHash;

/// What a puppet answers, in how many microseconds.
pub type Reply = (u64, Message);

/// Says what a puppet answers to a message.
pub type Script = Box<dyn FnMut(&Message) -> Vec<Reply>>;

/// The same, as a stranger of a world follows it.
pub(super) fn played(mut script: Script) -> strangers::Script {
    Box::new(move |stage, peer, message| {
        script(message).into_iter().for_each(|(micros, reply)| stage.send_in(micros, peer, &reply));
    })
}

/// Answers pings and nothing else.
pub fn polite() -> Script {
    Box::new(|message| match message {
        Message::Ping(number) => vec![(0, Message::Pong(*number))],
        _ => Vec::new(),
    })
}

/// Answers as an honest node with this chain would.
pub fn honest(follower: Follower) -> Script {
    Box::new(move |message| answer(&follower, message).into_iter().map(|answer| (0, answer)).collect())
}

/// What an honest node with this chain, and nothing else, answers.
///
/// # Panics
/// When the message is no question that such a node can be asked.
pub fn answer(follower: &Follower, message: &Message) -> Vec<Message> {
    let chain = &follower.chain;
    let body = |hash: &BlockHash| {
        let is_here = chain.entry(hash).is_some_and(|entry| entry.arrival.is_some() && entry.height.0 > 0);
        is_here.then(|| BlockBytes::new(encode(follower.block(hash).block())).expect("a block"))
    };
    let missing = |hash: &BlockHash| Message::Missing(List::new(vec![*hash]).expect("one"));
    match message {
        Message::Ping(number) => vec![Message::Pong(*number)],
        Message::GetAddresses(()) => vec![Message::Addresses(List::default())],
        Message::GetHeaders(asked) => {
            let fork = chain.fork_with(&asked.locator).hash;
            let headers = chain.headers_above(&fork).take(HEADERS_MAX).copied().collect();
            vec![Message::Headers(List::new(headers).expect("as many as fit"))]
        }
        Message::GetBlocks(hashes) => {
            hashes.iter().map(|hash| body(hash).map_or_else(|| missing(hash), Message::Block)).collect()
        }
        Message::GetParts(asked) if body(&asked.block).is_some() => {
            let block = follower.block(&asked.block).block();
            let parts =
                asked.places.iter().map(|place| block.transactions[*place as usize].clone()).collect();
            let transactions = List::new(parts).expect("no more than the block has");
            vec![Message::Parts(Parts { block: asked.block, transactions })]
        }
        Message::GetParts(asked) => vec![missing(&asked.block)],
        Message::GetCompact(hash) => match body(hash) {
            Some(_) => vec![Message::Compact(Compact::of_checked(follower.block(hash)))],
            None => vec![missing(hash)],
        },
        _ => Vec::new(),
    }
}
