//! The state's keys, entries and root.

use cairn::codec::{decode, encode};
use cairn::ledger::{Account, Entry, Reward, StateKey, StateTree, Supply};
use cairn::types::{Address, Amount, Height, Nonce};

use super::{number, sha256, tagged, text};

type Digest = [u8; 32];

/// Three accounts by the byte that their address repeats: with nothing, with little, with much.
const ACCOUNTS: [(u8, u64, u64); 3] = [(1, 0, 7), (2, 250, 0), (3, 100_000_000_000, 300)];

fn entry((address, balance, nonce): (u8, u64, u64)) -> (StateKey, Entry) {
    let account = Account { balance: Amount::from_pebbles(balance), nonce: Nonce(nonce) };
    (StateKey::account(&Address::from_bytes([address; 32])), Entry::Account(account))
}

fn other_entries() -> Vec<(StateKey, Entry)> {
    let reward =
        Reward { recipient: Address::from_bytes([9; 32]), amount: Amount::from_pebbles(5_000_000_000) };
    let supply = Supply { issued: Amount::from_pebbles(70_000), burned: Amount::from_pebbles(3000) };
    vec![
        (StateKey::reward(Height(1000)), Entry::Reward(Box::new(reward))),
        (StateKey::supply(), Entry::Supply(supply)),
    ]
}

/// The same accounts by hand: key and the bytes of the entry.
fn laid_accounts() -> Vec<(Digest, Vec<u8>)> {
    let lay = |(address, balance, nonce): (u8, u64, u64)| {
        let key = tagged("cairn/key", &[&[0], &[address; 32]]);
        (key, [vec![0], number(balance), number(nonce)].concat())
    };
    ACCOUNTS.map(lay).to_vec()
}

fn laid_others() -> Vec<(Digest, Vec<u8>)> {
    let reward = [
        &[1][..],                          // entry: Reward
        &[9; 32],                          // recipient
        &[253, 0, 242, 5, 42, 1, 0, 0, 0], // amount 5,000,000,000
    ];
    let supply = [
        &[2][..],              // entry: Supply
        &[252, 112, 17, 1, 0], // issued 70,000
        &[251, 184, 11],       // burned 3,000
    ];
    vec![
        (tagged("cairn/key", &[&[1], &[232, 3, 0, 0]]), reward.concat()),
        (tagged("cairn/key", &[&[2]]), supply.concat()),
    ]
}

/// The root over entries that share their first `bits` bits: of none zeros, of one its leaf, of more a node of two
/// halves, of which one may be empty.
fn root(entries: &[(Digest, Vec<u8>)], bits: usize) -> Digest {
    match entries {
        [] => [0; 32],
        [(key, bytes)] => tagged("cairn/leaf", &[key, &sha256(&[bytes])]),
        _ => {
            let is_one = |(key, _): &(Digest, Vec<u8>)| key[bits / 8] >> (7 - bits % 8) & 1 == 1;
            let (ones, zeros): (Vec<_>, Vec<_>) = entries.iter().cloned().partition(is_one);
            tagged("cairn/node", &[&root(&zeros, bits + 1), &root(&ones, bits + 1)])
        }
    }
}

#[test]
fn entries_are_laid_out_as_they_always_were() {
    let ours = ACCOUNTS.into_iter().map(entry).chain(other_entries());
    for ((key, entry), (laid_key, bytes)) in ours.zip([laid_accounts(), laid_others()].concat()) {
        assert_eq!(*key.as_bytes(), laid_key);
        assert_eq!(text(encode(&entry)), text(&bytes));
        assert_eq!(decode(&bytes), Ok(entry));
    }
}

#[test]
fn root_of_three_accounts_is_what_it_always_was() {
    let tree = StateTree::new(ACCOUNTS.into_iter().map(entry).collect());
    assert_eq!(*tree.root().as_bytes(), root(&laid_accounts(), 0));
    assert_eq!(tree.root().to_string(), "0ddc1574e73f4d1c202209922372e6ecde364de46e818f7f027320d1daa6d0af");
}

#[test]
fn root_with_a_reward_and_the_supply_is_what_it_always_was() {
    let tree = StateTree::new(ACCOUNTS.into_iter().map(entry).chain(other_entries()).collect());
    assert_eq!(*tree.root().as_bytes(), root(&[laid_accounts(), laid_others()].concat(), 0));
    assert_eq!(tree.root().to_string(), "7a3634291a7ff9e0f60a0152cc069e04fc768a53e875fd99c39bc1871fdb7c81");
}

/// Enough for the table to have just grown: many of its places are empty or hold one entry, and the root must not show
/// it.
#[test]
fn root_of_eleven_hundred_accounts_follows_the_same_definition() {
    let address = |at: u64| sha256(&[b"account", &at.to_le_bytes()]);
    let ours = (0..1100).map(|at| {
        let account = Account { balance: Amount::from_pebbles(at * at), nonce: Nonce(at) };
        (StateKey::account(&Address::from_bytes(address(at))), Entry::Account(account))
    });
    let laid = (0..1100).map(|at| {
        (tagged("cairn/key", &[&[0], &address(at)]), [vec![0], number(at * at), number(at)].concat())
    });
    let tree = StateTree::new(ours.collect());
    assert_eq!(*tree.root().as_bytes(), root(&laid.collect::<Vec<_>>(), 0));
}

#[test]
fn root_of_nothing_is_zeros() {
    assert_eq!(*StateTree::new(Vec::new()).root().as_bytes(), [0; 32]);
}
