//! Genesis files: a wrong value in any field is refused by the field's own name.

use cairn::consensus::{Activations, Genesis, GenesisError, GenesisFile, PowMode, Rule};
use cairn::testkit::devnet_file;
use cairn::types::{Amount, Bits, ChainId, Height, Timestamp};
use serde_json::{Value, json};

/// A file that leaves out nothing that may be left out.
fn full() -> GenesisFile {
    let mut file = devnet_file(2);
    file.comment = vec!["for readers".to_owned()];
    file.pow.gap_max = Some(7200);
    file.activations = Activations([(Rule::Note, Height(5))].into());
    file.bootstrap = vec!["127.0.0.1:9333".to_owned()];
    file
}

type Edit = fn(&mut GenesisFile);

fn edited(edit: impl FnOnce(&mut GenesisFile)) -> Result<Genesis, GenesisError> {
    let mut file = full();
    edit(&mut file);
    Genesis::new(&file)
}

fn chain(edit: impl FnOnce(&mut GenesisFile)) -> ChainId {
    edited(edit).unwrap().params().chain
}

fn amount(pebbles: u64) -> Amount {
    Amount::from_pebbles(pebbles)
}

fn allocate(file: &mut GenesisFile, first: u64, second: u64) {
    (file.allocation[0].amount, file.allocation[1].amount) = (amount(first), amount(second));
}

/// The path of the field that a value was refused for, what its reason must say, and the value.
const REFUSED: [(&str, &str, Edit); 36] = [
    ("name", "1 to 64", |file| file.name.clear()),
    ("name", "1 to 64", |file| file.name = "n".repeat(65)),
    ("name", "control characters", |file| file.name.push('\u{7}')),
    ("prefix", "small letters", |file| file.prefix = "Ctest".to_owned()),
    ("prefix", "small letters", |file| file.prefix = "c".repeat(17)),
    ("bits", "zero", |file| file.bits = Bits(0)),
    ("bits", "1f008000", |file| file.bits = Bits(0x2000_0080)),
    ("bits", "207fffff", |file| file.bits = Bits(0x2100_ffff)),
    ("pow.pow_limit", "64 hexadecimal digits", |file| file.pow.pow_limit = "0".repeat(64)),
    ("pow.pow_limit", "64 hexadecimal digits", |file| file.pow.pow_limit = "f".repeat(63)),
    ("pow.spacing", "1 to 86400", |file| file.pow.spacing = 0),
    ("pow.spacing", "1 to 86400", |file| file.pow.spacing = 86_401),
    ("pow.halflife", "1920 to 67108864", |file| file.pow.halflife = 32 * 60 - 1),
    ("pow.halflife", "1920 to 67108864", |file| file.pow.halflife = (1 << 26) + 1),
    ("pow.gap_max", "3600 to 134217728", |file| file.pow.gap_max = Some(3599)),
    ("pow.gap_max", "3600 to 134217728", |file| file.pow.gap_max = Some((1 << 27) + 1)),
    ("future_drift", "1 to 86400", |file| file.future_drift = 0),
    ("future_drift", "1 to 86400", |file| file.future_drift = 86_401),
    ("future_drift", "1 to 3600", |file| (file.pow.mode, file.future_drift) = (PowMode::Asert, 3601)),
    ("maturity", "1 to 100000", |file| file.maturity = 0),
    ("maturity", "1 to 100000", |file| file.maturity = 100_001),
    ("issuance.halving_interval", "1 to 4294967295", |file| file.issuance.halving_interval = 0),
    ("transaction_bytes_max", "4096 to 32768", |file| file.transaction_bytes_max = 4095),
    ("transaction_bytes_max", "4096 to 32768", |file| file.transaction_bytes_max = (32 << 10) + 1),
    ("block_bytes_max", "20512 to 8388608", |file| file.block_bytes_max = 20_511),
    ("block_bytes_max", "20512 to 8388608", |file| file.block_bytes_max = (8 << 20) + 1),
    ("block_actions_max", "256 to 1048576", |file| file.block_actions_max = 255),
    ("block_actions_max", "256 to 1048576", |file| file.block_actions_max = (1 << 20) + 1),
    ("snapshot_interval", "1 to 16777216", |file| file.snapshot_interval = 0),
    ("snapshot_interval", "1 to 16777216", |file| file.snapshot_interval = (1 << 24) + 1),
    ("allocation[1].address", "mistyped", |file| file.allocation[1].address.push('q')),
    ("allocation[1].amount", "at least 1 pebble", |file| file.allocation[1].amount = Amount::ZERO),
    ("bootstrap", "0 to 64", |file| file.bootstrap = vec!["node".to_owned(); 65]),
    ("bootstrap[0]", "1 to 256", |file| file.bootstrap[0].clear()),
    ("bootstrap[0]", "1 to 256", |file| file.bootstrap[0] = "n".repeat(257)),
    ("bootstrap[0]", "control characters", |file| file.bootstrap[0].push('\u{1b}')),
];

/// The same where several fields are at fault together.
const REFUSED_TOGETHER: [(&str, &str, Edit); 4] = [
    ("allocation", "stands twice", |file| file.allocation[1].address = file.allocation[0].address.clone()),
    ("allocation", "2^63", |file| allocate(file, (1 << 63) - 1, 1)),
    ("issuance", "2^63", |file| file.issuance.initial = amount(1 << 54)),
    ("issuance", "2^63", |file| file.issuance.floor = amount(1 << 31)),
];

/// Fields of which every value that can be read is allowed.
const ANY_VALUE: [(&str, &str); 8] = [
    ("comment[0]", "no rule looks at it"),
    ("time", "a chain may begin whenever it likes"),
    ("pow.mode", "one of two words"),
    ("issuance.initial", "bounded together with the rest of the money"),
    ("issuance.floor", "bounded together with the rest of the money"),
    ("account_charge", "a chain may be closed to strangers"),
    ("lab", "yes or no"),
    ("activations.note", "a rule may come at any height"),
];

/// Values at the very bounds, each of which makes a chain, and another one than the file makes without it.
const AT_THE_BOUNDS: [Edit; 26] = [
    |file| (file.prefix, file.allocation) = ("c".repeat(16), Vec::new()),
    |file| file.time = Timestamp(0),
    |file| file.time = Timestamp(u32::MAX),
    |file| file.bits = Bits(0x0101_0000),
    |file| file.pow.pow_limit = "f".repeat(64),
    |file| file.pow.spacing = 1,
    |file| (file.pow.spacing, file.pow.halflife, file.pow.gap_max) = (86_400, 32 * 86_400, Some(32 * 86_400)),
    |file| file.pow.halflife = 32 * 60,
    |file| (file.pow.halflife, file.pow.gap_max) = (1 << 26, Some(1 << 26)),
    |file| file.pow.gap_max = Some(3600),
    |file| file.pow.gap_max = Some(1 << 27),
    |file| file.future_drift = 1,
    |file| file.future_drift = 86_400,
    |file| (file.pow.mode, file.future_drift) = (PowMode::Asert, 3600),
    |file| file.maturity = 1,
    |file| file.maturity = 100_000,
    |file| file.issuance.halving_interval = 1,
    |file| (file.transaction_bytes_max, file.block_bytes_max) = (4096, 4608),
    |file| file.transaction_bytes_max = 32 << 10,
    |file| file.block_bytes_max = 20_512,
    |file| file.block_bytes_max = 8 << 20,
    |file| file.block_actions_max = 256,
    |file| file.block_actions_max = 1 << 20,
    |file| file.snapshot_interval = 1,
    |file| file.snapshot_interval = 1 << 24,
    |file| file.account_charge = amount(u64::MAX),
];

#[test]
fn value_out_of_bounds_is_refused_by_the_name_of_its_field() {
    for (path, hint, edit) in REFUSED.into_iter().chain(REFUSED_TOGETHER) {
        let refused = edited(edit);
        let reason = match &refused {
            Ok(_) => panic!("{path} is accepted"),
            Err(GenesisError::Json { reason, .. } | GenesisError::Field { reason, .. }) => reason.clone(),
        };
        assert!(reason.contains(hint), "{path}: {reason}");
        assert_breaks!(refused, GenesisError::Field { field: path.to_owned(), reason });
    }
}

#[test]
fn value_at_its_bound_makes_a_chain_of_its_own() {
    let mut chains = vec![chain(|_| ())];
    for (at, edit) in AT_THE_BOUNDS.into_iter().enumerate() {
        let made = edited(edit).unwrap_or_else(|error| panic!("bound {at}: {error}")).params().chain;
        assert!(!chains.contains(&made), "bound {at} is not part of the chain's name");
        chains.push(made);
    }
}

#[test]
fn money_that_stays_below_two_to_the_63_is_accepted_and_not_a_pebble_more() {
    let without_issuance = |pebbles: u64| {
        move |file: &mut GenesisFile| {
            (file.issuance.initial, file.issuance.floor) = (Amount::ZERO, Amount::ZERO);
            allocate(file, pebbles, 1);
        }
    };
    assert!(edited(without_issuance((1 << 63) - 2)).is_ok());
    assert!(edited(without_issuance((1 << 63) - 1)).is_err());
    let issued = |allocated: u64| {
        move |file: &mut GenesisFile| {
            without_issuance(allocated - 1)(file);
            file.issuance.floor = amount(1);
        }
    };
    let all_subsidies = u64::from(u32::MAX);
    assert!(edited(issued((1 << 63) - 1 - all_subsidies)).is_ok());
    assert!(edited(issued((1 << 63) - all_subsidies)).is_err());
}

fn activate_pay_all(file: &mut GenesisFile, height: u32) {
    file.activations.0.insert(Rule::PayAll, Height(height));
}

#[test]
fn what_no_rule_looks_at_does_not_change_the_chain() {
    let edits: [Edit; 7] = [
        |file| file.name = "n".repeat(64),
        |file| file.comment.clear(),
        |file| file.bootstrap.clear(),
        |file| file.bootstrap = vec!["n".repeat(256); 64],
        |file| file.allocation.reverse(),
        |file| file.pow.gap_max = None,
        |file| activate_pay_all(file, 0),
    ];
    for edit in edits {
        assert_eq!(chain(edit), chain(|_| ()));
    }
    assert_ne!(chain(|file| activate_pay_all(file, 1)), chain(|_| ()));
    assert_ne!(chain(|file| file.lab = false), chain(|_| ()));
}

/// Every field that holds no other: its path, and the steps to it.
fn leaves(value: &Value, path: &str, pointer: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                leaves(inner, &path, &format!("{pointer}/{name}"), found);
            }
        }
        Value::Array(values) => {
            for (at, inner) in values.iter().enumerate() {
                leaves(inner, &format!("{path}[{at}]"), &format!("{pointer}/{at}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            found.push((path.to_owned(), pointer.to_owned()));
        }
    }
}

fn full_json() -> (Value, Vec<(String, String)>) {
    let json: Value = serde_json::from_str(&full().to_json()).unwrap();
    let mut found = Vec::new();
    leaves(&json, "", "", &mut found);
    (json, found)
}

#[test]
fn every_field_has_a_wrong_value_here_or_has_none() {
    for (path, _) in full_json().1 {
        let any = ANY_VALUE.iter().any(|(name, _)| *name == path);
        // All allocations are alike.
        let second = path.replace("[0].", "[1].");
        let refused = REFUSED.iter().any(|(name, ..)| *name == second);
        assert!(any != refused, "{path}");
    }
}

#[test]
fn value_of_another_form_is_refused_by_the_name_of_its_field() {
    let (json, leaves) = full_json();
    for (path, pointer) in leaves {
        let mut wrong = json.clone();
        *wrong.pointer_mut(&pointer).unwrap() = json!({});
        let refused = Genesis::from_json(&wrong.to_string());
        let Err(GenesisError::Json { reason, .. }) = refused.clone() else { panic!("{path}: {refused:?}") };
        // The library underneath does not see the key of a map whose keys are no strings.
        let field = path.replace("activations.note", "activations.?");
        assert_breaks!(refused, GenesisError::Json { field, reason });
    }
}

#[test]
fn field_that_is_missing_is_named_unless_it_may_be_left_out() {
    let json = full_json().0;
    let (mut missed, mut left_out) = (0, Vec::new());
    for (path, pointer) in
        [("the file", ""), ("pow", "/pow"), ("issuance", "/issuance"), ("allocation[0]", "/allocation/0")]
    {
        for name in json.pointer(pointer).unwrap().as_object().unwrap().keys() {
            let mut without = json.clone();
            without.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(name);
            match Genesis::from_json(&without.to_string()) {
                Ok(_) => left_out.push(name.clone()),
                Err(error) => {
                    missed += 1;
                    let text = error.to_string();
                    assert!(text.starts_with(&format!("genesis: {path}: missing field `{name}`")), "{text}");
                }
            }
        }
    }
    left_out.sort();
    assert_eq!(left_out, ["activations", "bootstrap", "comment", "gap_max"]);
    assert_eq!(missed, 24);
}

#[test]
fn field_that_nobody_knows_is_refused_by_its_name() {
    let json = full_json().0;
    for (path, pointer) in
        [("", ""), ("pow.", "/pow"), ("issuance.", "/issuance"), ("allocation[1].", "/allocation/1")]
    {
        let mut with = json.clone();
        with.pointer_mut(pointer).unwrap().as_object_mut().unwrap().insert("surprise".to_owned(), json!(1));
        let text = Genesis::from_json(&with.to_string()).unwrap_err().to_string();
        assert!(text.starts_with(&format!("genesis: {path}surprise: unknown field `surprise`")), "{text}");
    }
}

#[test]
fn text_that_is_no_json_or_more_than_one_file_is_refused() {
    for text in [String::new(), "[".to_owned(), format!("{0} {0}", full().to_json())] {
        let refused = Genesis::from_json(&text);
        let Err(GenesisError::Json { reason, .. }) = refused.clone() else { panic!("{refused:?}") };
        assert_breaks!(refused, GenesisError::Json { field: "the file".to_owned(), reason });
    }
}
