//! What the tests of the machine begin with.

use cairn::protocol::Message;
use cairn::testkit::theatre::{Reply, Script, answer};
use cairn::testkit::{Actor, Draft, Follower, Network, Theatre, devnet_file};
use cairn::types::{Block, Transaction};

/// Who mines what nobody in a world has mined.
pub fn miner() -> Actor {
    Actor::new(77)
}

/// A chain of so many empty blocks, on which a number makes blocks that nobody else has.
pub fn chain(world: &Theatre, blocks: u32, number: u32) -> Follower {
    let mut follower = Follower::new(&world.network);
    follower.mine_empty(Actor::new(1_000 + number).address(), blocks);
    follower
}

/// A world that is no lab: who misbehaves is banned, stems are taken, and nobody is in a hurry.
pub fn mainland(seed: u64) -> Theatre {
    let mut file = devnet_file(10);
    file.lab = false;
    Theatre::of(Network::from_file(&file, 10), seed)
}

/// A payment of somebody who owns something, with this nonce.
pub fn payment(world: &Theatre, actor: usize, nonce: u64) -> Transaction {
    let to = Actor::new(500);
    world.network.actors[actor].pay(world.network.params(), nonce, &to, 1_000_000, 100_000)
}

/// A block on a chain's tip that nobody in the world has.
pub fn block_on(follower: &Follower, transactions: Vec<Transaction>) -> Block {
    draft_on(follower, transactions).mine(follower.params())
}

/// The same, not yet mined.
pub fn draft_on(follower: &Follower, transactions: Vec<Transaction>) -> Draft {
    follower.draft(miner().address(), transactions)
}

/// How many messages of a kind one was sent by another.
pub fn count(world: &Theatre, from: usize, to: usize, is_it: impl Fn(&Message) -> bool) -> usize {
    world.sent(from, to, |message| is_it(message).then_some(())).len()
}

/// Answers as an honest node with this chain would, but for what the test does with it: that gets the question, and the
/// honest answers.
pub fn twisted(
    follower: Follower,
    mut twist: impl FnMut(&Message, Vec<Message>) -> Vec<Reply> + 'static,
) -> Script {
    Box::new(move |message| {
        let honest = answer(&follower, message);
        twist(message, honest)
    })
}

/// Says them all at once.
pub fn at_once(messages: Vec<Message>) -> Vec<Reply> {
    messages.into_iter().map(|message| (0, message)).collect()
}
