//! From a file to a chain's name: every consensus field, in the order in which it is hashed.

use cairn::codec::encode;
use cairn::consensus::{
    Activations, AllocationEntry, Genesis, GenesisFile, Issuance, PowFile, PowMode, Rule,
};
use cairn::testkit::devnet_file;
use cairn::types::{Address, Amount, Bits, Height, Timestamp};

use super::{number, sha256, sha256d, text};

/// A file in which no two numbers are alike, so that no two fields can change places unnoticed.
fn distinct_file() -> GenesisFile {
    let prefix = "cfrozen".parse().expect("small letters");
    let entry = |byte: u8| AllocationEntry {
        address: Address::from_bytes([byte; 32]).to_text(&prefix),
        amount: Amount::from_pebbles(1_000_000 + u64::from(byte)),
    };
    GenesisFile {
        comment: Vec::new(),
        name: "frozen".to_owned(),
        prefix: prefix.to_string(),
        time: Timestamp(1_800_000_001),
        bits: Bits(0x1d00_aaaa),
        pow: PowFile {
            mode: PowMode::Asert,
            pow_limit: "0123456789abcdef".repeat(4),
            spacing: 31,
            halflife: 4_001,
            gap_max: Some(9_001),
        },
        future_drift: 301,
        maturity: 77,
        issuance: Issuance {
            initial: Amount::from_pebbles(4_000_000_007),
            halving_interval: 100_003,
            floor: Amount::from_pebbles(13),
        },
        block_bytes_max: 2_000_003,
        block_actions_max: 30_011,
        transaction_bytes_max: 16_001,
        account_charge: Amount::from_pebbles(2_003),
        snapshot_interval: 1_009,
        lab: false,
        activations: Activations(
            [
                (Rule::PayAll, Height(1)),
                (Rule::Note, Height(2)),
                (Rule::Expiry, Height(3)),
                (Rule::Threshold, Height(4)),
                (Rule::After, Height(5)),
                (Rule::Preimage, Height(1_013)),
            ]
            .into(),
        ),
        // Not in order: a chain has one allocation, however it is listed.
        allocation: [0xee, 0x11, 0x99].map(entry).to_vec(),
        bootstrap: Vec::new(),
    }
}

fn laid_fields(file: &GenesisFile) -> Vec<u8> {
    [
        number(file.prefix.len() as u64),
        file.prefix.as_bytes().to_vec(),
        number(file.time.0.into()),
        number(file.bits.0.into()),
        vec![match file.pow.mode {
            PowMode::Fixed => 0,
            PowMode::Asert => 1,
        }],
        // 32 bytes, the highest first, as people write it.
        hex::decode(&file.pow.pow_limit).expect("hexadecimal"),
        number(file.pow.spacing.into()),
        number(file.pow.halflife.into()),
        number(file.pow.gap_max.unwrap_or(2 * file.pow.halflife).into()),
        number(file.future_drift.into()),
        number(file.maturity.into()),
        number(file.issuance.initial.pebbles()),
        number(file.issuance.halving_interval.into()),
        number(file.issuance.floor.pebbles()),
        number(file.block_bytes_max.into()),
        number(file.block_actions_max.into()),
        number(file.transaction_bytes_max.into()),
        number(file.account_charge.pebbles()),
        number(file.snapshot_interval.into()),
        vec![u8::from(file.lab)],
        laid_activations(file),
        laid_allocation(file),
    ]
    .concat()
}

fn laid_activations(file: &GenesisFile) -> Vec<u8> {
    let mut bytes = number(file.activations.0.len() as u64);
    for (rule, height) in &file.activations.0 {
        bytes.push(match rule {
            Rule::PayAll => 0,
            Rule::Note => 1,
            Rule::Expiry => 2,
            Rule::Threshold => 3,
            Rule::After => 4,
            Rule::Preimage => 5,
        });
        bytes.extend(number(height.0.into()));
    }
    bytes
}

/// By address, whatever the file's order.
fn laid_allocation(file: &GenesisFile) -> Vec<u8> {
    let prefix = file.prefix.parse().expect("small letters");
    let lay = |entry: &AllocationEntry| {
        let address = Address::parse(&entry.address, &prefix).expect("an address");
        [address.as_bytes().to_vec(), number(entry.amount.pebbles())].concat()
    };
    let mut entries: Vec<Vec<u8>> = file.allocation.iter().map(lay).collect();
    entries.sort_unstable();
    [number(entries.len() as u64), entries.concat()].concat()
}

fn laid_coinbase(file: &GenesisFile) -> Vec<u8> {
    [
        &[0][..], // height
        &[0; 32], // recipient
        &[0],     // amount
        &[32],    // extra
        &sha256(&[&laid_fields(file)]),
    ]
    .concat()
}

fn laid_header(file: &GenesisFile) -> Vec<u8> {
    let tx_root = sha256d(&[&laid_coinbase(file)]);
    let commitments = sha256d(&[&[1], &[0; 64]]);
    [
        &[1, 0, 0, 0][..],                   // version
        &[0; 32],                            // previous
        &sha256d(&[&tx_root, &commitments]), // merkle root
        &file.time.0.to_le_bytes(),
        &file.bits.0.to_le_bytes(),
        &[0; 4], // nonce
    ]
    .concat()
}

fn expect_genesis(file: &GenesisFile, frozen: &str) {
    let genesis = Genesis::new(file).expect("the file makes a chain");
    let (header, coinbase) = (laid_header(file), laid_coinbase(file));
    let block = [&header[..], &[0; 64], &coinbase, &[0]].concat();
    assert_eq!(text(encode(&genesis.block().coinbase)), text(&coinbase));
    assert_eq!(text(genesis.block().header.to_bytes()), text(&header));
    assert_eq!(text(encode(genesis.block())), text(block));
    let chain = genesis.params().chain;
    assert_eq!(*chain.0.as_bytes(), sha256d(&[&header]));
    assert_eq!(chain.tag().0, sha256d(&[&header])[..4]);
    assert_eq!(chain.to_string(), frozen);
}

#[test]
fn chain_of_distinct_fields_has_the_name_it_always_had() {
    expect_genesis(&distinct_file(), "1f3643352dcfa677dd0c2652bb8fee7a712f49338106aceab66772636efa1d0a");
}

/// Also fails when the devnet preset, on which the file is built, is changed: that is then a new name to freeze.
#[test]
fn devnet_of_tests_has_the_name_it_always_had() {
    expect_genesis(&devnet_file(3), "f59f284aa9514eaf9db2edac5e51102707459bd4e12ce39a7054aaddd51ec553");
}

#[test]
fn what_no_rule_looks_at_leaves_the_name_alone() {
    let chain = |file: &GenesisFile| Genesis::new(file).expect("the file makes a chain").params().chain;
    let mut file = devnet_file(3);
    file.comment = vec!["for readers".to_owned()];
    file.name = "another".to_owned();
    file.bootstrap = vec!["127.0.0.1:9333".to_owned()];
    file.pow.gap_max = Some(2 * file.pow.halflife);
    file.activations.0 = [(Rule::Note, Height::GENESIS)].into();
    file.allocation.reverse();
    assert_eq!(chain(&file), chain(&devnet_file(3)));
}
