//! Payments prepared where a node is, signed where none is, and sent.

use std::fs;

use cairn::codec::{decode, encode};
use cairn::types::{Amount, Body};
use serde_json::Value;

use super::town::{Town, text};
use crate::process::{Answer, answer_of};

/// A town whose bank keeps money behind a key that is on a machine without a node.
struct Vault(Town);

impl Vault {
    fn new() -> Self {
        let vault = Self(Town::of(&[]));
        let made = vault.cold(&["new", "--open", "--yes", "--genesis", "genesis.json", "--json"]).json();
        assert_eq!(made["network"], "Cairn devnet");
        let key = text(&vault.cold(&["key", "--json"]).json()["key"]);
        vault.0.json("bank", &["policy", "create", "cold", &format!("key {key}"), "--yes"]);
        vault.0.fund("bank", "cold", "100");
        vault
    }

    /// `cairn wallet …` on the machine without a node.
    fn cold(&self, arguments: &[&str]) -> Answer {
        let mut command = self.0.command("default", arguments);
        answer_of(
            command.env("CAIRN_WALLET_DIR", self.0.path("cold")).env("CAIRN_NODE", "http://127.0.0.1:1"),
        )
    }

    /// Takes away what the machine kept when the wallet was made.
    fn forget_genesis(&self) {
        let kept = fs::read_dir(self.0.path("cold")).unwrap().flatten().map(|it| it.path());
        let mut kept = kept.filter(|it| it.to_string_lossy().ends_with(".genesis.json"));
        fs::remove_file(kept.next().unwrap()).unwrap();
    }

    fn prepare(&self, more: &[&str]) -> Value {
        let to = self.0.address("bank", "main");
        let prepare = ["prepare", &to, "12.5", "--from", "cold", "--out", "wish.json"];
        self.0.json("bank", &[&prepare[..], more].concat())
    }
}

#[test]
fn payment_is_prepared_signed_with_no_node_and_sent() {
    let mut vault = Vault::new();
    let prepared = vault.prepare(&["--reference", "INVOICE-42"]);
    vault.0.stop();
    // A machine that lost what the chain begins with, and never asked a node, has to be told once.
    vault.forget_genesis();
    let told = vault.cold(&["sign", "wish.json", "--yes", "--out", "signed.json"]);
    assert!(told.failure(1).contains("name the genesis file with --genesis, once"), "{told:?}");
    let sign = ["sign", "wish.json", "--yes", "--out", "signed.json", "--json"];
    let signed = vault.cold(&[&sign[..], &["--genesis", "genesis.json"]].concat()).json();
    assert_eq!((&signed["complete"], &signed["txid"]), (&true.into(), &prepared["txid"]));
    assert_eq!(vault.cold(&sign).json(), signed, "it keeps what it was told");
    // The bank's wallet was told by the node, which is gone.
    let none = vault.0.wallet("bank", &["sign", "wish.json", "--yes"]);
    assert!(
        none.failure(1).contains("this wallet has no key that is asked for here: cold has to sign"),
        "{none:?}"
    );
    let unheard = vault.0.wallet("bank", &["submit", "signed.json"]);
    assert!(unheard.failure(1).contains("127.0.0.1:1"), "{unheard:?}");
    vault.0.start();
    let sent = vault.0.json("bank", &["submit", "signed.json"]);
    assert_eq!((&sent["txid"], &sent["status"]), (&prepared["txid"], &"confirmed".into()));
    // It is among what the wallet sent, so the next has the next number.
    vault.prepare(&[]);
    assert!(text(&vault.0.file("wish.json")["words"][0]).ends_with("its transaction number 1"));
}

#[test]
fn two_are_prepared_in_a_row_with_the_number_that_the_first_one_names() {
    let vault = Vault::new();
    let first = vault.prepare(&[]);
    assert_eq!((&first["nonce"], &first["next_nonce"]), (&0.into(), &1.into()));
    let to = vault.0.address("bank", "main");
    let prepare = ["prepare", &to, "1", "--from", "cold", "--nonce", "1", "--out", "second.json"];
    let second = vault.0.wallet("bank", &prepare);
    assert_eq!(second.code, Some(0), "{second:?}");
    assert!(second.err.contains("This is number 1 of its account") && second.err.contains("needs --nonce 2"));
    for file in ["wish.json", "second.json"] {
        vault.cold(&["sign", file, "--yes", "--out", file, "--genesis", "genesis.json"]).success();
        assert_eq!(vault.0.json("bank", &["submit", file])["status"], "confirmed");
    }
}

#[test]
fn file_that_says_something_else_than_its_bytes_is_refused() {
    let vault = Vault::new();
    vault.prepare(&[]);
    let honest = vault.0.file("wish.json");
    let sign = ["sign", "changed.json", "--yes"];
    let refused = |change: &dyn Fn(&mut Value), complaint: &str| {
        let mut changed = honest.clone();
        change(&mut changed);
        vault.0.write("changed.json", changed.to_string());
        let answer = vault.cold(&sign);
        assert!(answer.failure(1).contains(complaint), "{complaint}: {answer:?}");
        let answer = vault.0.wallet("bank", &["submit", "changed.json"]);
        assert!(answer.failure(1).contains(complaint), "{complaint}: {answer:?}");
    };
    let words = |file: &mut Value| file["words"][1] = text(&file["words"][1]).replace("12.5", "1.25").into();
    refused(&words, "misleading: `words[1]` says");
    let more = |file: &mut Value| {
        let mut body: Body = decode(&hex::decode(text(&file["body"])).unwrap()).unwrap();
        body.fee = Amount::from_pebbles(5_000_000_000);
        file["body"] = hex::encode(encode(&body)).into();
    };
    refused(&more, "misleading: `words[2]` says");
    refused(&|file| file["network"] = "Cairn".into(), "misleading: `network` says");
    refused(&|file| file["chain"] = "00".repeat(32).into(), "for chain 0000");
    refused(&|file| file["version"] = 2.into(), "a newer one is needed");
    refused(&|file| file["hint"] = "hurry".into(), "unknown field `hint`");
    let signature = serde_json::json!([{ "key": vault.0.key("bank"), "signature": "00".repeat(64) }]);
    refused(&|file| file["signatures"] = signature.clone(), "has no say here");
}

#[test]
fn fee_beyond_reason_is_not_signed_unless_it_is_meant() {
    let vault = Vault::new();
    let to = vault.0.address("bank", "main");
    let prepare = ["prepare", &to, "12.5", "--from", "cold", "--fee", "5", "--out", "wish.json"];
    let asked = vault.0.wallet("bank", &prepare);
    assert!(asked.failure(3).contains("Say --high-fee if you mean it"), "{asked:?}");
    vault.0.wallet("bank", &[&prepare[..], &["--high-fee", "--json"]].concat()).success();
    let sign = ["sign", "wish.json", "--out", "signed.json"];
    let shown = vault.cold(&sign);
    assert!(
        shown.failure(3).contains("Note: The fee of 5 CRN is far more than it usually takes"),
        "{shown:?}"
    );
    let refused = vault.cold(&[&sign[..], &["--yes"]].concat());
    assert!(refused.failure(3).contains("Say --high-fee if you mean it"), "{refused:?}");
    // Nor where whoever prepared it says that the chain is beyond the last block that could take it.
    vault.0.wallet("bank", &[&prepare[..], &["--high-fee", "--expires", "5", "--json"]].concat()).success();
    let mut late = vault.0.file("wish.json");
    late["known"]["height"] = 4_000_000_000_u32.into();
    vault.0.write("wish.json", late.to_string());
    let refused = vault.cold(&[&sign[..], &["--yes"]].concat());
    assert!(refused.failure(3).contains("Say --high-fee if you mean it"), "{refused:?}");
    vault.cold(&[&sign[..], &["--yes", "--high-fee"]].concat()).success();
}

#[test]
fn what_is_no_such_file_is_said_to_be_so() {
    let vault = Vault::new();
    let none = vault.0.wallet("bank", &["sign", "Hello"]);
    assert!(
        none.failure(1).contains("there is no file Hello: to sign a text, say `cairn wallet sign-message`"),
        "{none:?}"
    );
    vault.0.write("hello", "Hello");
    for arguments in [&["sign", "hello"][..], &["submit", "hello"], &["combine", "hello"]] {
        let answer = vault.0.wallet("bank", arguments);
        assert!(answer.failure(1).starts_with("error: hello: at `"), "{answer:?}");
    }
    vault.prepare(&[]);
    vault.0.write("other.json", vault.0.text("wish.json"));
    vault.prepare(&["--nonce", "7"]);
    let two = vault.0.wallet("bank", &["combine", "wish.json", "other.json"]);
    assert!(two.failure(1).contains("other.json: the signatures are for transaction "), "{two:?}");
}
