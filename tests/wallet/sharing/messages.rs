//! Texts that are signed for an address.

use super::town::{Town, text};

#[test]
fn text_is_signed_verified_and_refused_when_a_letter_changes() {
    let town = Town::of(&["alice"]);
    let said = "I owe Bob 5 CRN since 1 May.";
    let signed = town.json("alice", &["sign-message", said]);
    let (address, signature) = (text(&signed["address"]), text(&signed["signature"]));
    assert_eq!((&signed["complete"], &address), (&true.into(), &town.address("alice", "main")));
    assert_eq!(town.wallet("alice", &["sign-text", said]).success(), format!("{signature}\n"));
    // Nobody's wallet is needed.
    for verify in ["verify-message", "verify", "verify-text"] {
        let holds = town.json("nobody", &[verify, &address, said, &signature]);
        assert_eq!((&holds["valid"], &holds["address"]), (&true.into(), &address.as_str().into()));
    }
    let other = town.address("bank", "main");
    for (address, said, signature) in [
        (&address, "I owe Bob 6 CRN since 1 May.", &signature),
        (&address, "I owe Bob 5 CRN since 1 May. ", &signature),
        (&other, said, &signature),
        (
            &address,
            said,
            &signature.replace(&signature[100..101], if &signature[100..101] == "x" { "y" } else { "x" }),
        ),
    ] {
        let answer = town.wallet("nobody", &["verify", address, said, signature]);
        let code = answer.code;
        // Some changes make it no signature at all.
        assert!(code == Some(1) || code == Some(2), "{answer:?}");
        assert!(answer.out.is_empty() && !answer.err.contains("panicked"), "{answer:?}");
    }
    let changed = town.wallet("nobody", &["verify", &address, "I owe Bob 6 CRN since 1 May.", &signature]);
    assert!(
        changed.failure(1).contains("this does not hold: ")
            && changed.err.contains("perhaps the text was changed"),
        "{changed:?}"
    );
}

#[test]
fn text_in_a_file_counts_to_the_last_byte() {
    let town = Town::of(&["alice"]);
    town.write("letter", "Dear Bob,\nyes.\n");
    let signature = text(&town.json("alice", &["sign-message", "--file", "letter"])["signature"]);
    let address = town.address("alice", "main");
    town.json("nobody", &["verify", &address, &signature, "--file", "letter"]);
    town.json("nobody", &["verify", &address, "Dear Bob,\nyes.\n", &signature]);
    town.write("letter", "Dear Bob,\nyes.");
    town.wallet("nobody", &["verify", &address, &signature, "--file", "letter"]).failure(1);
    assert!(town.wallet("alice", &["sign-message"]).failure(2).contains("TEXT"));
}

#[test]
fn text_of_a_shared_account_takes_as_many_as_its_payments() {
    let town = Town::of(&["alice", "bob"]);
    let keys = ["alice", "bob"].map(|who| town.key(who));
    for who in ["alice", "bob"] {
        town.json(who, &["multisig", "create", "pair", "-m", "2", &keys[0], &keys[1], "--yes"]);
    }
    let sign = ["sign-message", "Agreed.", "--from", "pair"];
    let half = town.json("alice", &sign);
    assert_eq!(half["complete"], false);
    let (address, half) = (text(&half["address"]), text(&half["signature"]));
    let early = town.wallet("nobody", &["verify", &address, "Agreed.", &half]);
    assert!(early.failure(1).contains("signed by some, but not by enough"), "{early:?}");
    let whole = town.json("bob", &[&sign[..], &["--with", &half]].concat());
    assert_eq!(whole["complete"], true);
    town.json("nobody", &["verify", &address, "Agreed.", &text(&whole["signature"])]);
    let other = town.wallet("bob", &["sign-message", "Agreed?", "--from", "pair", "--with", &half]);
    assert!(other.failure(1).contains("perhaps the text was changed"), "{other:?}");
}
