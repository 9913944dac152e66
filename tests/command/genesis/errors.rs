//! What the command complains about, where, and with which exit code.

use cairn::testkit::{Actor, devnet_file};
use serde_json::{Value, json};

use super::{COMMITTED, folder_with};
use crate::stage::Folder;

/// The committed file with one value replaced, or added.
fn with(pointer: &str, value: Value) -> String {
    let mut file: Value = serde_json::from_str(COMMITTED).expect("JSON");
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer begins with a slash");
    match file.pointer_mut(parent).expect("a place in the file") {
        Value::Object(fields) => _ = fields.insert(name.to_owned(), value),
        Value::Array(values) if values.is_empty() => values.push(value),
        Value::Array(values) => values[name.parse::<usize>().expect("an index")] = value,
        other => panic!("{pointer} leads into {other}"),
    }
    file.to_string()
}

#[test]
fn wrong_value_is_complained_about_by_its_field() {
    let stranger = Actor::new(0).address().to_text(&"other".parse().unwrap());
    let wrong = [
        ("/name", json!(""), "name"),
        ("/name", json!("fine\nchain  0000"), "name"),
        ("/bootstrap/0", json!("\u{1b}[2J"), "bootstrap[0]"),
        ("/bootstrap", json!(["node", ""]), "bootstrap[1]"),
        ("/prefix", json!("Cdev"), "prefix"),
        ("/time", json!("yesterday"), "time"),
        ("/time", json!(-1), "time"),
        ("/bits", json!("207fffff0"), "bits"),
        ("/bits", json!("2100ffff"), "bits"),
        ("/pow/mode", json!("stake"), "pow.mode"),
        ("/pow/pow_limit", json!("ff"), "pow.pow_limit"),
        ("/pow/spacing", json!(0), "pow.spacing"),
        ("/pow/halflife", json!(159), "pow.halflife"),
        ("/pow/gap_max", json!(4), "pow.gap_max"),
        ("/future_drift", json!(86_401), "future_drift"),
        ("/pow/mode", json!("asert"), "future_drift"),
        ("/maturity", json!(0), "maturity"),
        ("/maturity", json!(1.5), "maturity"),
        ("/issuance/initial", json!("92233720368547758"), "issuance"),
        ("/issuance/initial", json!(5), "issuance.initial"),
        ("/issuance/halving_interval", json!(0), "issuance.halving_interval"),
        ("/block_bytes_max", json!(20_000), "block_bytes_max"),
        ("/lab", json!("yes"), "lab"),
        ("/activations/teleport", json!(5), "activations"),
        ("/allocation/3/address", json!(stranger), "allocation[3].address"),
        ("/allocation/3/amount", json!("0"), "allocation[3].amount"),
        ("/surprise", json!(true), "surprise"),
    ];
    let folder = Folder::new();
    for (pointer, value, field) in wrong {
        folder.write("genesis.json", with(pointer, value.clone()));
        for command in [["genesis", "check"], ["genesis", "show"]] {
            let refused = folder.run(&command);
            let expected = format!("error: genesis.json: genesis: {field}");
            let complaint = refused.failure(1);
            let rest = complaint.strip_prefix(&expected).unwrap_or_else(|| panic!("{expected}: {refused:?}"));
            assert!(rest.starts_with([':', '.']), "{pointer} = {value}: {complaint}");
            assert_eq!(complaint.lines().count(), 1, "{complaint}");
        }
        assert_eq!(folder.run(&["genesis", "check", "--json"]).failure(1).lines().count(), 1);
    }
}

#[test]
fn file_that_cannot_be_read_is_named() {
    let folder = Folder::new();
    for command in ["check", "show"] {
        let absent = folder.run(&["genesis", command, "absent.json"]);
        assert!(absent.failure(1).starts_with("error: cannot read absent.json"), "{absent:?}");
        let default = folder.run(&["genesis", command]);
        assert!(default.failure(1).contains("genesis.json"), "{default:?}");
        let directory = folder.run(&["genesis", command, "."]);
        assert!(directory.failure(1).starts_with("error: cannot read ."), "{directory:?}");
    }
    for text in ["", "{", "[]", "null", "\u{feff}{}"] {
        folder.write("broken.json", text);
        let broken = folder.run(&["genesis", "check", "broken.json"]);
        assert!(broken.failure(1).starts_with("error: broken.json: genesis: "), "{text:?}: {broken:?}");
    }
}

#[test]
fn new_names_the_option_or_the_field_that_is_wrong() {
    let file = devnet_file(1);
    let of_another_network = format!("{}=5", file.allocation[0].address);
    for (options, complaint) in [
        (["--prefix", "Cdev"], "error: --prefix: expected 1 to 16 small letters"),
        (["--mnemonic", "test junk"], "error: --mnemonic: a mnemonic has 12 or 24 words, these are 2"),
        (["--allocate", "nobody"], "error: --allocate nobody: no `=`"),
        (["--allocate", "nobody=much"], "error: --allocate nobody=much: expected an amount"),
        (["--allocate", "nobody=5"], "error: genesis: allocation[10].address: not an address"),
        (
            ["--allocate", &of_another_network],
            "error: genesis: allocation[10].address: an address of another",
        ),
        (["--balance", "0"], "error: genesis: allocation[0].amount: "),
        (["--balance", "100000000000"], "error: genesis: allocation: "),
    ] {
        let refused = Folder::new().run(&[&["genesis", "new", "--preset", "devnet"][..], &options].concat());
        assert!(refused.failure(1).starts_with(complaint), "{options:?}: {refused:?}");
    }
}

#[test]
fn wrong_usage_ends_with_two_and_says_how() {
    let folder = folder_with(COMMITTED);
    for (arguments, complaint) in [
        (&[][..], "Usage: cairn"),
        (&["genesis"], "Usage: cairn genesis"),
        (&["mint"], "unrecognized subcommand 'mint'"),
        (&["genesis", "melt"], "unrecognized subcommand 'melt'"),
        (&["genesis", "new"], "--preset <PRESET>"),
        (&["genesis", "new", "--preset", "stake"], "[possible values: asert, devnet]"),
        (&["genesis", "new", "--preset", "asert", "--time", "now"], "--time <TIME>"),
        (&["genesis", "new", "--preset", "asert", "--time", "4294967296"], "--time <TIME>"),
        (&["genesis", "new", "--preset", "devnet", "--accounts", "1001"], "--accounts <ACCOUNTS>"),
        (&["genesis", "new", "--preset", "devnet", "--balance", "1e3"], "--balance <COINS>"),
        (&["genesis", "check", "genesis.json", "another.json"], "unexpected argument 'another.json'"),
        (&["genesis", "show", "--yaml"], "unexpected argument '--yaml'"),
    ] {
        let refused = folder.run(arguments);
        assert!(refused.failure(2).contains(complaint), "{arguments:?}: {refused:?}");
    }
}
