//! Which fields make a chain: each of them is changed alone.

use std::collections::BTreeMap;

use cairn::consensus::{Activations, AllocationEntry, GenesisFile, Issuance, PowFile, PowMode, Rule};
use cairn::testkit::Actor;
use cairn::types::{Amount, Bits, Height, Prefix, Timestamp};
use serde_json::Value;

use super::{chain_in, folder_with};

/// Every rule; a new one does not compile until it stands here.
fn every_rule() -> [Rule; 6] {
    let rules = [Rule::PayAll, Rule::Note, Rule::Expiry, Rule::Threshold, Rule::After, Rule::Preimage];
    for rule in rules {
        match rule {
            Rule::PayAll | Rule::Note | Rule::Expiry | Rule::Threshold | Rule::After | Rule::Preimage => {}
        }
    }
    rules
}

fn owner(number: u32, prefix: &str) -> String {
    let prefix: Prefix = prefix.parse().expect("small letters");
    Actor::new(number).address().to_text(&prefix)
}

/// A file that leaves nothing out. It is spelled to the last field, so a new one does not compile until it stands here,
/// and once it does, [`CHANGES`] lacks it.
fn full() -> GenesisFile {
    let entry =
        |number| AllocationEntry { address: owner(number, "ctest"), amount: Amount::from_pebbles(1000) };
    GenesisFile {
        comment: vec!["for readers".to_owned()],
        name: "test".to_owned(),
        prefix: "ctest".to_owned(),
        time: Timestamp(1_700_000_000),
        bits: Bits(0x1e00_ffff),
        pow: PowFile {
            mode: PowMode::Asert,
            pow_limit: format!("00ff{}", "0".repeat(60)),
            spacing: 60,
            halflife: 3600,
            gap_max: Some(7200),
        },
        future_drift: 600,
        maturity: 100,
        issuance: Issuance {
            initial: Amount::from_pebbles(5000),
            halving_interval: 1000,
            floor: Amount::from_pebbles(10),
        },
        block_bytes_max: 4_000_000,
        block_actions_max: 40_000,
        transaction_bytes_max: 20_000,
        account_charge: Amount::from_pebbles(7),
        snapshot_interval: 1000,
        lab: false,
        activations: Activations(every_rule().into_iter().map(|rule| (rule, Height(100))).collect()),
        allocation: vec![entry(0), entry(1)],
        bootstrap: vec!["127.0.0.1:9333".to_owned()],
    }
}

/// Whether a field is part of a chain's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    /// A rule, or somebody's money.
    Consensus,
    /// For people and for finding each other.
    Remark,
}
use Field::{Consensus, Remark};

type Edit = fn(&mut GenesisFile);

/// Another legal value for each field.
const CHANGES: [(&str, Field, Edit); 32] = [
    ("comment[0]", Remark, |file| file.comment[0].push('!')),
    ("name", Remark, |file| file.name.push('!')),
    ("bootstrap[0]", Remark, |file| file.bootstrap[0].push('4')),
    ("prefix", Consensus, rename),
    ("time", Consensus, |file| file.time.0 += 1),
    ("bits", Consensus, |file| file.bits.0 -= 1),
    ("pow.mode", Consensus, |file| file.pow.mode = PowMode::Fixed),
    ("pow.pow_limit", Consensus, |file| file.pow.pow_limit.replace_range(63.., "1")),
    ("pow.spacing", Consensus, |file| file.pow.spacing += 1),
    ("pow.halflife", Consensus, |file| file.pow.halflife += 1),
    ("pow.gap_max", Consensus, |file| file.pow.gap_max = Some(7201)),
    ("future_drift", Consensus, |file| file.future_drift += 1),
    ("maturity", Consensus, |file| file.maturity += 1),
    ("issuance.initial", Consensus, |file| file.issuance.initial = Amount::from_pebbles(5001)),
    ("issuance.halving_interval", Consensus, |file| file.issuance.halving_interval += 1),
    ("issuance.floor", Consensus, |file| file.issuance.floor = Amount::from_pebbles(11)),
    ("block_bytes_max", Consensus, |file| file.block_bytes_max += 1),
    ("block_actions_max", Consensus, |file| file.block_actions_max += 1),
    ("transaction_bytes_max", Consensus, |file| file.transaction_bytes_max += 1),
    ("account_charge", Consensus, |file| file.account_charge = Amount::from_pebbles(8)),
    ("snapshot_interval", Consensus, |file| file.snapshot_interval += 1),
    ("lab", Consensus, |file| file.lab = true),
    ("activations.pay_all", Consensus, |file| later(file, Rule::PayAll)),
    ("activations.note", Consensus, |file| later(file, Rule::Note)),
    ("activations.expiry", Consensus, |file| later(file, Rule::Expiry)),
    ("activations.threshold", Consensus, |file| later(file, Rule::Threshold)),
    ("activations.after", Consensus, |file| later(file, Rule::After)),
    ("activations.preimage", Consensus, |file| later(file, Rule::Preimage)),
    ("allocation[0].address", Consensus, |file| file.allocation[0].address = owner(2, "ctest")),
    ("allocation[1].address", Consensus, |file| file.allocation[1].address = owner(3, "ctest")),
    ("allocation[0].amount", Consensus, |file| file.allocation[0].amount = Amount::from_pebbles(1001)),
    ("allocation[1].amount", Consensus, |file| file.allocation[1].amount = Amount::from_pebbles(999)),
];

/// The one field that others follow: addresses are written with it.
fn rename(file: &mut GenesisFile) {
    file.prefix = "other".to_owned();
    for (number, entry) in (0..).zip(&mut file.allocation) {
        entry.address = owner(number, "other");
    }
}

fn later(file: &mut GenesisFile, rule: Rule) {
    file.activations.0.insert(rule, Height(101));
}

/// Every value of a file that holds no other, by its path.
fn leaves(file: &GenesisFile) -> BTreeMap<String, Value> {
    fn collect(value: &Value, path: &str, found: &mut BTreeMap<String, Value>) {
        match value {
            Value::Object(fields) => {
                for (name, inner) in fields {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    collect(inner, &path, found);
                }
            }
            Value::Array(values) => {
                for (at, inner) in values.iter().enumerate() {
                    collect(inner, &format!("{path}[{at}]"), found);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                found.insert(path.to_owned(), value.clone());
            }
        }
    }
    let mut found = BTreeMap::new();
    collect(&serde_json::from_str(&file.to_json()).expect("JSON"), "", &mut found);
    found
}

fn edited(edit: impl FnOnce(&mut GenesisFile)) -> GenesisFile {
    let mut file = full();
    edit(&mut file);
    file
}

/// What the command calls the chain of a file.
fn chain(file: &GenesisFile) -> String {
    chain_in(&folder_with(&file.to_json()))
}

#[test]
fn every_field_has_another_value_to_try() {
    let mut tried = CHANGES.map(|(path, ..)| path);
    tried.sort_unstable();
    let fields: Vec<String> = leaves(&full()).into_keys().collect();
    assert_eq!(fields, tried);
}

#[test]
fn chain_has_another_name_exactly_if_a_field_of_consensus_differs() {
    let before = leaves(&full());
    let mut chains = vec![chain(&full())];
    for (path, field, edit) in CHANGES {
        let file = edited(edit);
        let after = leaves(&file);
        let moved: Vec<&str> =
            before.iter().filter(|(at, value)| after[*at] != **value).map(|(at, _)| at.as_str()).collect();
        if path == "prefix" {
            assert_eq!(moved, ["allocation[0].address", "allocation[1].address", "prefix"]);
        } else {
            assert_eq!(moved, [path], "only the field itself is to change");
        }
        let chain = chain(&file);
        match field {
            Remark => assert_eq!(chain, chains[0], "{path} changes the chain's name"),
            Consensus => {
                assert!(!chains.contains(&chain), "{path} is no part of the chain's name");
                chains.push(chain);
            }
        }
    }
    assert_eq!(chains.len(), 1 + 29);
}

#[test]
fn another_account_makes_another_chain_and_another_order_does_not() {
    let grown = edited(|file| {
        file.allocation.push(AllocationEntry { address: owner(2, "ctest"), amount: Amount::from_pebbles(1) });
    });
    assert_ne!(chain(&grown), chain(&full()));
    assert_ne!(chain(&edited(|file| file.allocation.truncate(1))), chain(&full()));
    assert_eq!(chain(&edited(|file| file.allocation.reverse())), chain(&full()));
}

#[test]
fn remarks_may_be_left_out_and_so_may_what_goes_without_saying() {
    let bare = edited(|file| {
        file.comment.clear();
        file.bootstrap.clear();
        file.pow.gap_max = None;
    });
    assert_eq!(chain(&bare), chain(&full()));
    let from_the_start = edited(|file| later(file, Rule::Note));
    let at_genesis = edited(|file| _ = file.activations.0.insert(Rule::Note, Height(0)));
    let unsaid = edited(|file| _ = file.activations.0.remove(&Rule::Note));
    assert_eq!(chain(&at_genesis), chain(&unsaid));
    assert_ne!(chain(&from_the_start), chain(&unsaid));
}
