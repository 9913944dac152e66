//! Heights that are waited for, and secrets that are shown.

use super::town::{Town, lines, text};

#[test]
fn money_that_waits_for_a_height_moves_then_and_not_before() {
    let town = Town::of(&["alice"]);
    let opens = town.height() + 4;
    let policy = format!("all of (main, after {opens})");
    let made = town.json("alice", &["policy", "create", "later", &policy, "--yes"]);
    assert!(lines(&made["words"]).contains(&format!("the chain has reached height {opens}")), "{made}");
    town.fund("alice", "later", "10");
    let shop = town.address("bank", "main");
    let early = town.wallet("alice", &["send", &shop, "5", "--from", "later", "--yes"]);
    assert!(
        early
            .failure(1)
            .contains(&format!("that account cannot be spent from yet: not before height {opens}")),
        "{early:?}"
    );
    // It may be signed before.
    town.json("alice", &["prepare", &shop, "2", "--from", "later", "--out", "wish.json"]);
    let signed = town.json("alice", &["sign", "wish.json", "--out", "wish.json", "--yes"]);
    assert_eq!(lines(&signed["missing"]), format!("not before height {opens}"));
    let early = town.wallet("alice", &["submit", "wish.json"]);
    assert!(early.failure(1).contains(&format!("not complete: not before height {opens}")), "{early:?}");
    while town.height() + 1 < opens {
        town.fund("alice", "main", "1");
    }
    assert_eq!(town.json("alice", &["submit", "wish.json"])["status"], "confirmed");
    let sent = town.json("alice", &["send", &shop, "5", "--from", "later", "--yes"]);
    assert_eq!((&sent["status"], &sent["nonce"]), (&"confirmed".into(), &1.into()));
}

#[test]
fn money_that_waits_for_a_secret_moves_when_it_is_shown() {
    let town = Town::of(&["alice", "bob"]);
    let drawn = town.json("alice", &["policy", "secret"]);
    assert_ne!(drawn, town.json("alice", &["policy", "secret"]));
    let policy = format!("all of ({}, sha256 {})", town.key("bob"), text(&drawn["sha256"]));
    for who in ["alice", "bob"] {
        town.json(who, &["policy", "create", "swap", &policy, "--yes"]);
    }
    town.fund("bob", "swap", "10");
    let shop = town.address("bank", "main");
    let unknown = town.wallet("bob", &["send", &shop, "5", "--from", "swap", "--yes"]);
    for part in ["somebody has to show what hashes to ", "A secret is shown with --preimage"] {
        assert!(unknown.failure(1).contains(part), "{part:?} is not in {unknown:?}");
    }
    let wrong =
        town.wallet("bob", &["send", &shop, "5", "--from", "swap", "--yes", "--preimage", &"7".repeat(64)]);
    assert!(wrong.failure(1).contains("somebody has to show"), "{wrong:?}");
    let short = town.wallet("bob", &["send", &shop, "5", "--from", "swap", "--yes", "--preimage", "77"]);
    assert!(short.failure(1).contains("--preimage: expected 64 hexadecimal digits"), "{short:?}");
    assert!(!short.err.contains("77"), "what may be most of a secret is not shown again: {short:?}");
    // Whoever knows the secret has no key here.
    let stranger = ["send", &shop, "5", "--from", "swap", "--yes", "--preimage", &text(&drawn["preimage"])];
    assert!(town.wallet("alice", &stranger).failure(1).contains("`cairn wallet prepare`"));
    town.write("secret", text(&drawn["preimage"]) + "\n");
    let send = ["send", &shop, "5", "--from", "swap", "--yes", "--preimage-file", "secret"];
    assert_eq!(town.json("bob", &send)["status"], "confirmed");
    // In a file it travels, too.
    town.json(
        "alice",
        &["prepare", &shop, "1", "--from", "swap", "--preimage-file", "secret", "--out", "wish.json"],
    );
    let signed = town.json("bob", &["sign", "wish.json", "--out", "wish.json", "--yes"]);
    assert_eq!(signed["complete"], true, "{signed}");
    assert_eq!(town.json("alice", &["submit", "wish.json"])["status"], "confirmed");
}

#[test]
fn policy_is_said_in_words_whether_it_is_an_account_an_address_or_a_text() {
    let town = Town::of(&["alice"]);
    let heir = town.key("bank");
    town.json("alice", &["policy", "create", "heir", &format!("key {heir}"), "--yes"]);
    let text = "any of (main, all of (heir, after 250000))";
    let shown = town.json("alice", &["policy", "show", text]);
    let words = lines(&shown["words"]);
    for part in [
        "one of these two holds:",
        "- main (yours) signs",
        "- both of these hold:",
        "    - heir signs",
        "height 250000",
    ] {
        assert!(words.contains(part), "{part:?} is not in {words}");
    }
    assert_eq!(shown["account"], serde_json::Value::Null);
    town.json("alice", &["policy", "create", "estate", text, "--yes"]);
    let estate = town.json("alice", &["policy", "show", "estate"]);
    assert_eq!((&estate["account"], &estate["policy"]), (&"estate".into(), &shown["policy"]));
    let by_address = town.json("alice", &["policy", "show", &town.address("alice", "estate")]);
    assert_eq!(by_address, estate);
    let people = town.wallet("alice", &["policy", "show", "estate"]);
    assert!(people.success().contains("\nThis wallet alone can spend from it.\n"), "{people:?}");
    // Whoever has the key noted knows the address, too.
    let bank = town.json("alice", &["policy", "show", &town.address("bank", "main")]);
    assert_eq!((&bank["account"], &bank["text"]), (&"heir".into(), &format!("key {heir}").into()));
}

#[test]
fn address_of_a_stranger_shows_its_policy_once_it_has_paid() {
    let town = Town::of(&["alice", "bob"]);
    let bob = town.address("bob", "main");
    let unknown = town.wallet("alice", &["policy", "show", &bob]);
    assert!(unknown.failure(1).contains("has not paid yet"), "{unknown:?}");
    town.fund("bob", "main", "10");
    town.json("bob", &["send", &town.address("alice", "main"), "1", "--yes"]);
    let shown = town.json("alice", &["policy", "show", &bob]);
    assert_eq!(shown["text"], format!("key {}", town.key("bob")));
}

#[test]
fn policy_that_nobody_can_meet_is_never_kept_and_what_gives_pause_is_said() {
    let town = Town::of(&["alice"]);
    for policy in ["after 5", &format!("all of (after 5, sha256 {})", "00".repeat(32))] {
        let refused = town.wallet("alice", &["policy", "create", "x", policy, "--yes"]);
        assert!(
            refused.failure(1).contains("Nobody can ever spend what is paid to this address"),
            "{refused:?}"
        );
    }
    let twice = town.json("alice", &["policy", "show", "2 of (main, main)"]);
    assert!(lines(&twice["cautions"]).contains("One signature by main (yours) counts in several places."));
    let far = town.json("alice", &["policy", "show", "all of (main, after 4000000000)"]);
    assert!(lines(&far["cautions"]).contains("more than a year"), "{far}");
    let mistyped = town.wallet("alice", &["policy", "show", "2 of (main, nobody)"]);
    assert!(mistyped.failure(1).contains("  2 of (main, nobody)\n              ^\n"), "{mistyped:?}");
}

#[test]
fn payment_that_showed_a_secret_is_taken_back_by_showing_it_again() {
    let mut town = Town::of(&["alice"]);
    let drawn = town.json("alice", &["policy", "secret"]);
    let policy = format!("all of (main, sha256 {})", text(&drawn["sha256"]));
    town.json("alice", &["policy", "create", "lock", &policy, "--yes"]);
    town.fund("alice", "lock", "10");
    town.stop();
    // Blocks so far apart that a payment waits.
    town.start_at("interval=3600");
    let shop = town.address("bank", "main");
    let secret = text(&drawn["preimage"]);
    let send = ["send", &shop, "5", "--from", "lock", "--yes", "--preimage", &secret, "--wait", "0"];
    let sent = town.json("alice", &send);
    let instead = town.json("alice", &["cancel", &text(&sent["txid"]), "--yes", "--wait", "0"]);
    assert_eq!((&instead["nonce"], &instead["from"]), (&sent["nonce"], &sent["from"]));
    assert_ne!(instead["txid"], sent["txid"]);
}
