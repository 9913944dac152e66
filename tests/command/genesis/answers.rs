//! What the command answers: to people, to programs, and to readers that go away.

use std::fs::File;
use std::io::pipe;
use std::process::{Command, Stdio};

use cairn::consensus::Genesis;
use serde_json::{Value, json};

use super::{COMMITTED, chain_in, folder_with};
use crate::stage::{CAIRN, Folder, answer_of};

/// What `show --json` tells.
const SHOWN: [&str; 27] = [
    "account_charge",
    "activations",
    "allocated",
    "allocation",
    "bits",
    "block_actions_max",
    "block_bytes_max",
    "bootstrap",
    "chain",
    "chain_tag",
    "floor",
    "future_drift",
    "gap_max",
    "halflife",
    "halving_interval",
    "issuance_total",
    "lab",
    "maturity",
    "name",
    "pow",
    "pow_limit",
    "prefix",
    "snapshot_interval",
    "spacing",
    "subsidy",
    "time",
    "transaction_bytes_max",
];

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn check_tells_programs_the_name_of_the_chain() {
    let told = folder_with(COMMITTED).run(&["genesis", "check", "--json"]).json();
    let genesis = Genesis::from_json(COMMITTED).unwrap();
    assert_eq!(
        told,
        json!({ "chain": genesis.params().chain.to_string(), "name": "Cairn devnet", "valid": true })
    );
}

#[test]
fn show_tells_programs_everything() {
    let told = folder_with(COMMITTED).run(&["genesis", "show", "--json"]).json();
    assert_eq!(keys(&told), SHOWN);
    let params = Genesis::from_json(COMMITTED).unwrap().params().clone();
    assert_eq!(told["chain"], json!(params.chain.to_string()));
    assert_eq!(told["chain_tag"], json!(params.chain.tag().to_string()));
    assert_eq!(told["gap_max"], json!(params.gap_max), "even where the file does not say it");

    let file: Value = serde_json::from_str(COMMITTED).unwrap();
    for (key, pointer) in [
        ("pow", "/pow/mode"),
        ("pow_limit", "/pow/pow_limit"),
        ("spacing", "/pow/spacing"),
        ("halflife", "/pow/halflife"),
        ("subsidy", "/issuance/initial"),
        ("halving_interval", "/issuance/halving_interval"),
        ("floor", "/issuance/floor"),
    ] {
        assert_eq!(told[key], *file.pointer(pointer).unwrap(), "{key}");
    }
    for key in SHOWN {
        if let Some(value) = file.get(key).filter(|_| !["pow", "allocation"].contains(&key)) {
            assert_eq!(told[key], *value, "{key}");
        }
    }
    let sorted = |value: &Value| {
        let mut entries: Vec<String> = value.as_array().unwrap().iter().map(Value::to_string).collect();
        entries.sort();
        entries
    };
    assert_eq!(sorted(&told["allocation"]), sorted(&file["allocation"]));
    assert_eq!(told["allocated"], "10000000000000");
}

#[test]
fn people_are_told_the_same_chain() {
    let folder = folder_with(COMMITTED);
    let chain = chain_in(&folder);
    for command in ["check", "show"] {
        let answer = folder.run(&["genesis", command]);
        let line = answer.success().lines().find(|line| line.starts_with("chain ")).unwrap();
        assert!(line.ends_with(&format!("  {chain}")), "{line}");
        assert!(answer.out.contains("Cairn devnet"));
    }
    let shown = folder.run(&["genesis", "show"]).out;
    for fact in ["fixed: blocks are made on demand", "100000 CRN to 10 accounts", "50 CRN", "600 seconds"] {
        assert!(shown.contains(fact), "{shown}");
    }
}

#[test]
fn reader_that_stops_after_a_line_is_no_error() {
    let folder = folder_with(COMMITTED);
    // 1,000 accounts are more than a pipe holds, so the rest meets a closed one.
    for arguments in [
        "genesis show",
        "genesis show --json",
        "genesis new --preset devnet --accounts 1000",
        "genesis --help",
    ] {
        let script = format!("{{ \"{CAIRN}\" {arguments}; echo ended with $? >&2; }} | head -1");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).current_dir(folder.path("."));
        let answer = answer_of(&mut shell);
        assert_eq!((answer.out.lines().count(), answer.err.as_str()), (1, "ended with 0\n"), "{arguments}");
    }
}

#[test]
fn reader_that_is_gone_is_no_error() {
    let folder = folder_with(COMMITTED);
    for arguments in [
        &["genesis", "show"][..],
        &["genesis", "check", "--json"],
        &["genesis", "new", "--preset", "asert"],
        &["--help"],
    ] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let answer = answer_of(folder.command(arguments).stdout(writer).stderr(Stdio::piped()));
        assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn answer_that_cannot_be_written_is_an_error() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let answer = answer_of(folder_with(COMMITTED).command(&["genesis", "show"]).stdout(full));
    assert!(answer.failure(1).starts_with("error: cannot write the answer"), "{answer:?}");
    let full = File::options().write(true).open("/dev/full").unwrap();
    let silent = answer_of(Folder::new().command(&["genesis", "show"]).stderr(full));
    assert_eq!(silent.code, Some(1), "a complaint that cannot be written is no panic");
}

#[test]
fn help_says_what_each_command_is_for() {
    for (arguments, purpose) in [
        (&["--help"][..], "A proof-of-work cryptocurrency in one binary"),
        (&["--help"], "genesis  Make, check and explain the file that a chain begins with"),
        (&["genesis", "--help"], "Make, check and explain the file that a chain begins with"),
        (&["genesis", "new", "--help"], "Make a genesis file from a preset"),
        (&["genesis", "new", "--help"], "An existing file is not overwritten"),
        (
            &["genesis", "check", "--help"],
            "Check a genesis file; a bad one gets an error that names the field",
        ),
        (
            &["genesis", "show", "--help"],
            "Explain a genesis file: what the chain is called, its rules, its money",
        ),
        (&["--version"], concat!("cairn ", env!("CARGO_PKG_VERSION"))),
    ] {
        let answer = Folder::new().run(arguments);
        let told = answer.success().split_whitespace().collect::<Vec<_>>().join(" ");
        let purpose = purpose.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains(&purpose), "{arguments:?}: {told}");
    }
}
