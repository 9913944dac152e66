//! Who has money in a devnet, and who is given some.

use cairn::api::Code;
use cairn::devnet::FAUCET_AMOUNT;
use cairn::devnet::desk::{FaucetOrder, GivenView};
use cairn::types::{Amount, PEBBLES_PER_COIN};

use super::stage::Stage;

#[test]
fn ten_accounts_have_ten_thousand_coins_each_and_their_keys_are_told() {
    let stage = Stage::start(1);
    let network = stage.network();
    assert_eq!(network.accounts.len(), 10);
    for (at, told) in network.accounts.iter().enumerate() {
        assert_eq!(stage.balance(0, &stage.account(at)), Amount::from_pebbles(10_000 * PEBBLES_PER_COIN));
        let secret: [u8; 32] = hex::decode(&told.key).unwrap().try_into().unwrap();
        let key = cairn::crypto::SecretKey::from_bytes(&secret).public_key();
        let address = cairn::types::Policy::Key(key).address();
        assert_eq!(told.address, address.to_text(&stage.handle().genesis().params().prefix));
    }
}

#[test]
fn the_faucet_gives_what_is_asked_for_within_bounds_and_all_nodes_see_it() {
    let stage = Stage::start(3);
    let address = "cdev1ethx5czv90r92vtrhw2x67c8wzx82ch4x3kamkgknlqmar6ltgnspawamt";
    let ask = |address: &str, amount| {
        let order = FaucetOrder { address: address.to_owned(), amount, node: None };
        stage.desk().post::<GivenView>("/v1/faucet", &order)
    };
    let given = ask(address, None).unwrap();
    assert_eq!(given.amount, FAUCET_AMOUNT);
    stage.wait("the payment", |network| network.nodes.iter().all(|node| node.waiting == 1));
    stage.handle().mine(1, None).unwrap();
    let account = stage.account(1);
    let has = |node| stage.balance(node, &account).pebbles();
    assert_eq!([0, 1, 2].map(has), [10_100 * PEBBLES_PER_COIN; 3]);

    let much = Some(Amount::from_pebbles(1_001 * PEBBLES_PER_COIN));
    assert_eq!(ask(address, much).unwrap_err().code(), Some(Code::BadValue));
    assert_eq!(ask(address, Some(Amount::ZERO)).unwrap_err().code(), Some(Code::BadValue));
    assert_eq!(ask(&address[1..], None).unwrap_err().code(), Some(Code::BadAddress));
}

#[test]
fn the_faucet_gives_one_address_something_ten_times_a_minute_and_others_meanwhile() {
    let stage = Stage::start(1);
    let one = Amount::from_pebbles(1);
    for _ in 0..10 {
        stage.handle().give(stage.account(1), one, None).unwrap();
    }
    let refused = stage.handle().give(stage.account(1), one, None).unwrap_err();
    assert!(refused.to_string().contains("ask again in"), "{refused}");
    stage.handle().give(stage.account(2), one, None).unwrap();
}
