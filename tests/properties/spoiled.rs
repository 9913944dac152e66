//! The model says no to a block that breaks one rule, and which it was.

use cairn::codec::{Blob, List};
use cairn::testkit::model::Model;
use cairn::testkit::{Actor, Follower, Network, remine};
use cairn::types::{
    Action, Address, Amount, Block, Body, Height, Nonce, Policy, StateRoot, Timestamp, Transaction, Witness,
};

const RICH: u32 = 0;
const OTHER: u32 = 1;

fn address(number: u32) -> Address {
    Actor::new(number).address()
}

fn pay(amount: u64) -> Action {
    Action::Pay { to: address(OTHER), amount: Amount::from_pebbles(amount), reference: Blob::default() }
}

/// A block of one transaction, signed after its body was changed.
fn block_of(network: &Network, change: impl Fn(&mut Body)) -> Block {
    let (rich, params) = (Actor::new(RICH), network.params());
    let mut body = rich.body(params, 0, 10, vec![pay(5)]);
    change(&mut body);
    Follower::new(network).draft(address(OTHER), vec![rich.sign(params, body)]).mine(params)
}

fn verdict(network: &Network, block: &Block) -> Result<(), &'static str> {
    Model::new(&network.genesis).follow(block)
}

#[test]
fn model_names_the_rule_that_a_body_breaks() {
    let network = Network::new(2);
    let verdict_of = |change: &dyn Fn(&mut Body)| verdict(&network, &block_of(&network, change));
    assert_eq!(verdict_of(&|_| {}), Ok(()));
    let actions = |actions: Vec<Action>| List::new(actions).unwrap();
    let all = Action::PayAll { to: address(OTHER), reference: Blob::default() };
    let note = || Action::Note(Blob::new("words").unwrap());
    let said = [
        verdict_of(&|body| body.nonce = Nonce(1)),
        verdict_of(&|body| body.actions = actions(vec![pay(u64::MAX >> 12)])),
        verdict_of(&|body| body.actions = actions(vec![pay(0)])),
        verdict_of(&|body| body.actions = actions(vec![all.clone(), pay(1)])),
        verdict_of(&|body| body.actions = actions(vec![note(), note()])),
        verdict_of(&|body| body.expiry = Some(Height(0))),
        verdict_of(&|body| body.chain.0[0] ^= 1),
        verdict_of(&|body| body.policy = Actor::new(9).policy()),
        verdict_of(&|body| body.policy = Policy::After(Height(0))),
    ];
    let expected = [
        "a transaction is not its sender's next",
        "a coin is spent twice, or was never there",
        "a payment of nothing",
        "something follows what pays all",
        "a second note",
        "a transaction comes too late",
        "a transaction is for another chain",
        "who spends may not",
        "who spends may not",
    ];
    assert_eq!(said, expected.map(Err));
}

#[test]
fn model_names_the_rule_that_a_block_breaks() {
    let network = Network::new(2);
    let verdict_of = |change: &dyn Fn(&mut Block)| {
        let mut block = block_of(&network, |_| {});
        change(&mut block);
        remine(&mut block, network.params());
        verdict(&network, &block)
    };
    let more = |block: &mut Block| {
        block.coinbase.amount = block.coinbase.amount.checked_add(Amount::from_pebbles(1)).unwrap();
    };
    let mut other = block_of(&network, |_| {});
    other.coinbase.recipient = address(RICH);
    let said = [
        verdict_of(&more),
        verdict_of(&|block| block.coinbase.height = Height(2)),
        verdict_of(&|block| block.commitments.state = StateRoot::from_bytes([7; 32])),
        verdict_of(&|block| block.header.previous = block.header.hash()),
        verdict_of(&|block| block.header.time = Timestamp(1)),
        verdict(&network, &other),
    ];
    let expected = [
        "its miner claims another amount than is due",
        "its coinbase tells of another height",
        "it commits to another state",
        "it stands on another block",
        "it is older than those below it",
        "its body is another's",
    ];
    assert_eq!(said, expected.map(Err));
}

#[test]
fn model_asks_a_contract_for_all_that_it_asks_for() {
    let network = Network::new(2);
    let (rich, params) = (Actor::new(RICH), network.params());
    let keys = (0..3).map(|number| Actor::new(number).policy()).collect();
    let late = Policy::After(Height(3));
    let policy = Policy::threshold(2, vec![Policy::threshold(2, keys).unwrap(), late]).unwrap();
    let mut follower = Follower::new(&network);
    let mut model = Model::new(&network.genesis);
    let fund = Action::Pay {
        to: policy.address(),
        amount: Amount::from_pebbles(10_000_000),
        reference: Blob::default(),
    };
    let funds = rich.sign(params, rich.body(params, 0, 10, vec![fund]));
    let mine = |follower: &mut Follower, model: &mut Model, transactions: Vec<Transaction>| {
        let block = follower.draft(address(OTHER), transactions).mine(params);
        let said = model.follow(&block);
        assert_eq!(said.is_ok(), follower.submit(block).is_ok(), "{said:?}");
        said
    };
    assert_eq!(mine(&mut follower, &mut model, vec![funds]), Ok(()));
    let body = Body { policy, ..rich.body(params, 0, 10, vec![pay(1)]) };
    let message = body.txid().signing_message(&params.chain);
    let spend = |choice: u16, signers: &[u32]| {
        let sign = |number: &u32| Actor::new(*number).secret().sign(&message);
        let witness = Witness {
            choices: List::new(vec![0b11, choice]).unwrap(),
            signatures: List::new(signers.iter().map(sign).collect()).unwrap(),
            preimages: List::default(),
        };
        vec![Transaction { body: body.clone(), witness }]
    };
    let early = mine(&mut follower.clone(), &mut model.clone(), spend(0b101, &[0, 2]));
    assert_eq!(early, Err("who spends may not"), "it is locked until height 3");
    assert_eq!(mine(&mut follower, &mut model, Vec::new()), Ok(()));
    for (choice, signers) in [(0b101, &[0, 1][..]), (0b001, &[0]), (0b101, &[0, 2, 2]), (0b1001, &[0, 2])] {
        let said = mine(&mut follower.clone(), &mut model.clone(), spend(choice, signers));
        assert_eq!(said, Err("who spends may not"), "{choice:b} by {signers:?}");
    }
    assert_eq!(mine(&mut follower, &mut model, spend(0b101, &[0, 2])), Ok(()));
}
