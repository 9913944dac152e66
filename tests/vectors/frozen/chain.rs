//! A short chain with every action and every kind of policy in it: its last header names all that happened before.

use cairn::codec::Blob;
use cairn::ledger::View;
use cairn::testkit::model::{Model, naive_root};
use cairn::testkit::{Actor, Follower, Network, satisfy};
use cairn::types::{Action, Address, Amount, Body, Height, Policy, Transaction};

const SECRET: [u8; 32] = [0x5e; 32];

/// Whoever can show the secret, or the second person from height 4 on; both need the first person's signature.
fn contract() -> Policy {
    let [first, second] = [0, 1].map(|number| Actor::new(number).policy());
    let late = Policy::threshold(2, vec![second, Policy::After(Height(4))]).expect("fits its bounds");
    let either = Policy::threshold(1, vec![Policy::Preimage(cairn::crypto::sha256(&SECRET)), late])
        .expect("fits its bounds");
    Policy::threshold(2, vec![first, either]).expect("fits its bounds")
}

fn pay(to: Address, pebbles: u64) -> Action {
    Action::Pay {
        to,
        amount: Amount::from_pebbles(pebbles),
        reference: Blob::new("invoice 42").expect("fits its bounds"),
    }
}

fn spend_contract(
    network: &Network,
    nonce: u64,
    actions: Vec<Action>,
    preimages: &[[u8; 32]],
) -> Transaction {
    let people = [Actor::new(0), Actor::new(1)];
    let body = Body { policy: contract(), ..people[0].body(network.params(), nonce, 3, actions) };
    let message = body.txid().signing_message(&network.params().chain);
    let keys = [people[0].secret(), people[1].secret()];
    let witness = satisfy(&body.policy, &message, &keys, preimages, Height(5)).expect("fits its bounds");
    Transaction { body, witness }
}

/// Six blocks, then a reorganization of the last two into three others.
fn chain() -> (Network, Follower) {
    let network = Network::new(3);
    let params = network.params();
    let [alice, bob, carol] = [0, 1, 2].map(Actor::new);
    let (stranger, contract) = (Actor::new(50).address(), contract().address());
    let mut follower = Follower::new(&network);
    let note = Action::Note(Blob::new("a stone").expect("fits its bounds"));
    let first =
        alice.body(params, 0, 7, vec![pay(contract, 1_000_000), pay(stranger, 5), pay(stranger, 6), note]);
    follower.mine(bob.address(), vec![alice.sign(params, first), bob.pay(params, 0, &bob, 9, 1)]);
    follower.mine(stranger, vec![spend_contract(&network, 0, vec![pay(carol.address(), 11)], &[SECRET])]);
    let mut expiring = carol.payment(params, 0, alice.address(), 77, 2);
    expiring.expiry = Some(Height(3));
    follower.mine(carol.address(), vec![carol.sign(params, expiring)]);
    let mut other = follower.clone();
    follower.mine(alice.address(), vec![bob.pay(params, 1, &carol, 123, 4)]);
    follower.mine(alice.address(), Vec::new());

    other.mine(bob.address(), Vec::new());
    let all = Action::PayAll { to: Actor::new(60).address(), reference: Blob::default() };
    other.mine(bob.address(), vec![spend_contract(&network, 1, vec![all], &[])]);
    other.mine(bob.address(), vec![bob.pay(params, 1, &alice, 1, 0), bob.pay(params, 2, &alice, 2, 0)]);
    for block in other.branch() {
        follower.submit(block).expect("fits its bounds");
    }
    (network, follower)
}

#[test]
fn whole_chain_has_the_names_it_always_had() {
    let (network, follower) = chain();
    let commitments = follower.ledger.commitments();
    let audit = follower.ledger.audit().expect("fits its bounds");
    assert_eq!(follower.height(), Height(6));
    assert_eq!(audit.supply.burned.pebbles(), 3_000, "three accounts came into being by payment");
    assert_eq!(
        follower.ledger.account(&contract().address()).expect("fits its bounds").balance,
        Amount::ZERO
    );
    let mut model = Model::new(&network.genesis);
    assert!(follower.branch().iter().all(|block| model.apply(block)));
    assert_eq!(commitments.state.as_bytes(), &naive_root(&model.entries()), "the model comes to the same");
    let names = [
        follower.chain.tip().hash.to_string(),
        commitments.state.to_string(),
        commitments.history.to_string(),
    ];
    assert_eq!(
        names,
        [
            "69eca7e05744706a85542a0d94b4f6363fda159ff3cfb4ce4212516f2c3ada24",
            "2253dd507691f2d76d4f8e781860f2f7c4d10efc91efb6eba46fea4c3feb80b3",
            "0ea8b668806c62487cb7538d6324bc155dc679fa8195511248e637ddc28e96f3",
        ]
    );
}
