//! Accounts that several people share.

use super::town::{Town, lines, text};

/// Three people who share an account from which two have to agree to spend, with money in it.
fn family() -> Town {
    let town = Town::of(&["alice", "bob", "carol"]);
    let keys = ["alice", "bob", "carol"].map(|who| town.key(who));
    for who in ["alice", "bob", "carol"] {
        let create = ["multisig", "create", "family", "-m", "2", &keys[0], &keys[1], &keys[2], "--yes"];
        town.json(who, &create);
    }
    town.fund("alice", "family", "100");
    town
}

#[test]
fn two_of_three_spend_and_signatures_come_in_any_order() {
    let town = family();
    let shop = town.address("bank", "main");
    assert_eq!(town.address("bob", "family"), town.address("carol", "family"));
    let alone = town.wallet("alice", &["send", &shop, "5", "--from", "family", "--yes"]);
    for part in ["one more of these two has to sign", "`cairn wallet prepare` writes a file"] {
        assert!(alone.failure(1).contains(part), "{part:?} is not in {alone:?}");
    }
    let prepare =
        ["prepare", &shop, "5", "--from", "family", "--reference", "INVOICE-42", "--out", "wish.json"];
    let prepared = town.json("alice", &prepare);
    assert_eq!((&prepared["complete"], &prepared["signed"]), (&false.into(), &serde_json::json!([])));
    assert!(lines(&prepared["missing"]).contains("two more of these three have to sign: main (yours), key "));
    for (who, out) in [("bob", "by-bob.json"), ("carol", "by-carol.json")] {
        let signed = town.json(who, &["sign", "wish.json", "--out", out, "--yes"]);
        assert_eq!((&signed["complete"], &signed["txid"]), (&false.into(), &prepared["txid"]));
        assert_eq!(signed["signed"], serde_json::json!([town.key(who)]));
    }
    let early = town.wallet("alice", &["submit", "by-bob.json"]);
    assert!(
        early.failure(1).contains("by-bob.json is not complete: one more of these two has to sign"),
        "{early:?}"
    );
    town.json("alice", &["combine", "by-bob.json", "by-carol.json", "--out", "one.json"]);
    let combined =
        town.json("carol", &["combine", "by-carol.json", "wish.json", "by-bob.json", "--out", "other.json"]);
    assert_eq!(combined["complete"], true);
    assert_eq!(town.text("one.json"), town.text("other.json"));
    let sent = town.json("alice", &["submit", "one.json"]);
    assert_eq!((&sent["txid"], &sent["status"]), (&prepared["txid"], &"confirmed".into()));
    // The same once more is the same payment.
    let again = town.json("bob", &["submit", "other.json"]);
    assert_eq!((&again["txid"], &again["block"]), (&sent["txid"], &sent["block"]));
    let fee: u64 = text(&sent["fee"]).parse().unwrap();
    assert_eq!(town.balance("carol", "family"), 9_500_000_000 - fee);
}

#[test]
fn file_goes_from_one_to_the_next_through_pipes() {
    let town = family();
    let shop = town.address("bank", "main");
    let prepared = town.wallet("alice", &["prepare", &shop, "--all", "--from", "family", "--json"]);
    town.write("wish.json", prepared.success());
    let one = town.wallet("alice", &["sign", "wish.json", "--yes"]);
    assert!(one.err.starts_with("missing: one more of these two has to sign: key "), "{one:?}");
    town.write("one.json", &one.out);
    let two = town.wallet("bob", &["sign", "one.json", "--yes", "--out", "one.json"]);
    assert!(two.success().contains("complete   `cairn wallet submit one.json` sends it\n"), "{two:?}");
    assert_eq!(town.file("one.json")["signatures"].as_array().unwrap().len(), 2);
    town.json("carol", &["submit", "one.json"]);
    assert_eq!(town.balance("alice", "family"), 0);
}

#[test]
fn whoever_holds_enough_keys_spends_alone() {
    let town = Town::of(&["alice"]);
    town.json("alice", &["account", "new", "second"]);
    let create = ["multisig", "create", "both", "-m", "2", "main", "second", "--yes"];
    let made = town.wallet("alice", &create);
    for part in [
        "both of these agree:\n  - main (yours)\n  - second (yours)\n",
        "This wallet alone can spend from it.",
    ] {
        assert!(made.success().contains(part), "{part:?} is not in {made:?}");
    }
    town.fund("alice", "both", "20");
    let shop = town.address("bank", "main");
    let sent = town.json("alice", &["send", &shop, "5", "--from", "both", "--yes"]);
    assert_eq!(sent["status"], "confirmed");
    town.json("alice", &["sweep", &shop, "--from", "both", "--yes"]);
    assert_eq!(town.balance("alice", "both"), 0);
}

#[test]
fn policy_is_shown_before_it_is_kept_funded_or_signed() {
    let town = family();
    let keys = ["alice", "bob"].map(|who| town.key(who));
    let asked = town.wallet("alice", &["multisig", "create", "pair", "-m", "2", &keys[0], &keys[1]]);
    for part in [
        "Money at this address moves when both of these agree:",
        "- main (yours)",
        "say --yes if you mean it",
    ] {
        assert!(asked.failure(3).contains(part), "{part:?} is not in {asked:?}");
    }
    assert!(town.wallet("alice", &["address", "pair"]).failure(1).contains("there is no account `pair`"));
    let paying = town.wallet("alice", &["send", "family", "1"]);
    assert!(paying.err.contains("spend") || paying.code == Some(1), "an account without money: {paying:?}");
    town.fund("alice", "main", "10");
    let paying = town.wallet("alice", &["send", "family", "1"]);
    assert!(
        paying
            .failure(3)
            .contains("`family` is shared:\n  Money at this address moves when two of these three"),
        "{paying:?}"
    );
    let shop = town.address("bank", "main");
    town.json("bob", &["prepare", &shop, "5", "--from", "family", "--out", "wish.json"]);
    let signing = town.wallet("bob", &["sign", "wish.json", "--out", "signed.json"]);
    for part in [
        "Pays 5 CRN to cdev1",
        " is `family`\n",
        "two of these three agree:",
        "  - main (yours)",
        "Whoever prepared it says: the account has 100 CRN",
    ] {
        assert!(signing.failure(3).contains(part), "{part:?} is not in {signing:?}");
    }
    assert!(!town.has("signed.json"));
}

#[test]
fn keys_that_are_none_and_counts_that_do_not_fit_are_refused() {
    let town = Town::of(&["alice"]);
    let key = town.key("bank");
    town.json("alice", &["contacts", "add", "bank", &town.address("bank", "main")]);
    for (arguments, complaint) in [
        (&["-m", "2", "main", "nobody"][..], "there is no account `nobody`"),
        (&["-m", "2", "main", "bank"], "`bank` is a contact"),
        (&["-m", "2", "main", &key[1..]], "expected 64 hexadecimal digits"),
        (&["-m", "3", "main", &key], "at most all of its children"),
        (&["-m", "1", "main", &"0".repeat(64)], "small order"),
    ] {
        let answer = town.wallet("alice", &[&["multisig", "create", "x", "--yes"], arguments].concat());
        assert!(answer.failure(1).contains(complaint), "{arguments:?}: {answer:?}");
    }
    let taken = town.wallet("alice", &["multisig", "create", "bank", "-m", "1", "main", &key]);
    assert!(taken.failure(1).contains("`bank` is taken"), "{taken:?}");
}
