//! What a wallet holds: accounts and contacts by name, each account with its secret, and all of them found again.

use std::collections::BTreeSet;

use cairn::crypto::SecretKey;
use cairn::types::{AddressError, Height, Policy};
use cairn::wallet::keyring::{
    ACCOUNTS_KEPT_MAX, AccountKind, Book, CONTACTS_MAX, Contact, GAP, Gap, Keyring, KeyringError, Name,
    NameError, PASSPHRASE_BYTES_MAX, SEEDS_MAX, SeedIndex,
};
use cairn::wallet::{ACCOUNTS_MAX, AccountError, Mnemonic};
use proptest::prelude::*;

use crate::stage::{address, cases, fill, key, mnemonic, name, network, secret};

fn filled() -> Keyring {
    let mut keyring = Keyring::default();
    fill(&mut keyring);
    keyring
}

fn names(keyring: &Keyring) -> Vec<&str> {
    keyring.book().accounts().iter().map(|account| account.name().as_str()).collect()
}

fn numbers(keyring: &Keyring) -> Vec<u32> {
    let number = |kind: &AccountKind| match kind {
        AccountKind::Derived { number, .. } => Some(*number),
        _ => None,
    };
    keyring.book().accounts().iter().filter_map(|account| number(account.kind())).collect()
}

#[test]
fn name_is_what_a_person_types_and_no_option_and_no_look_alike() {
    for good in ["a", "7", "main", "Shop_till-2.b", &"n".repeat(32)] {
        assert_eq!(good.parse::<Name>().unwrap().as_str(), good);
    }
    for bad in ["-rf", ".hidden", "_x", "a b", "bоb", "ä", "a/b", "a\n", "a:b", "a@b"] {
        assert_eq!(bad.parse::<Name>(), Err(NameError::Letters), "{bad:?}");
    }
    for bad in ["", &"n".repeat(33)] {
        assert_eq!(bad.parse::<Name>(), Err(NameError::Length), "{bad:?}");
    }
}

#[test]
fn no_address_can_be_a_name() {
    assert_eq!(address(1).to_text(&"a".parse().unwrap()).parse::<Name>(), Err(NameError::Length));
}

#[test]
fn name_is_given_once_among_accounts_and_contacts() {
    let mut keyring = filled();
    let before = keyring.book().clone();
    for (taken, by) in [("main", "main"), ("MAIN", "main"), ("Bob", "bob"), ("carol-2", "Carol-2")] {
        let expected = KeyringError::NameTaken(name(by));
        assert_eq!(keyring.derive_next(name(taken), SeedIndex(0)).unwrap_err(), expected);
        assert_eq!(keyring.import(name(taken), secret(20)).unwrap_err(), expected);
        assert_eq!(keyring.watch(name(taken), address(20)).unwrap_err(), expected);
        assert_eq!(keyring.share(name(taken), Policy::Key(key(20))).unwrap_err(), expected);
        assert_eq!(keyring.add_contact(name(taken), address(20)).unwrap_err(), expected);
        assert_eq!(keyring.rename("savings", name(taken)).unwrap_err(), expected);
    }
    assert_eq!(*keyring.book(), before);
    assert!(keyring.secret_key(&key(20)).is_none(), "a key without an account was kept");
}

#[test]
fn address_is_one_account_only() {
    let mut keyring = filled();
    assert_eq!(
        keyring.watch(name("again"), address(7)).unwrap_err(),
        KeyringError::AddressTaken(name("paper"))
    );
    assert_eq!(
        keyring.import(name("again"), secret(7)).unwrap_err(),
        KeyringError::AddressTaken(name("paper"))
    );
    let before = keyring.book().clone();
    assert_eq!(
        keyring.import(name("bob"), secret(8)).unwrap_err(),
        KeyringError::NameTaken(name("bob")),
        "the key of what was only watched, under a name that is taken"
    );
    assert_eq!(*keyring.book(), before);
    assert!(keyring.secret_key(&key(8)).is_none());
    // Contacts may be known by several names, and be oneself.
    keyring.add_contact(name("robert"), address(11)).unwrap();
    keyring.add_contact(name("me"), address(7)).unwrap();
}

#[test]
fn first_account_is_meant_where_none_is_named() {
    let mut keyring = Keyring::default();
    assert!(keyring.book().account_or_first(None).is_err());
    fill(&mut keyring);
    assert_eq!(keyring.book().account_or_first(None).unwrap().name().as_str(), "main");
    keyring.remove_account("main").unwrap();
    assert_eq!(keyring.book().account_or_first(None).unwrap().name().as_str(), "savings");
}

#[test]
fn whoever_is_to_be_paid_is_found_by_name_or_address() {
    let keyring = filled();
    let network = network();
    let find = |text: &str| keyring.book().address_of(text, network.prefix());
    assert_eq!(find("bob"), Ok(address(11)));
    assert_eq!(find("BOB"), Ok(address(11)));
    assert_eq!(find("paper"), Ok(address(7)));
    assert_eq!(find(&address(77).to_text(network.prefix())), Ok(address(77)));
    let (text, prefix) = ("nobody".to_owned(), network.prefix().clone());
    assert_eq!(find("nobody"), Err(KeyringError::NoPayee { text, prefix }));
    let elsewhere = address(77).to_text(&"other".parse().unwrap());
    let Err(KeyringError::Address { reason, .. }) = find(&elsewhere) else { panic!("{elsewhere} is paid") };
    assert!(matches!(*reason, AddressError::OtherNetwork { .. }), "{reason}");
    assert_eq!(keyring.book().name_of(&address(11)).unwrap().as_str(), "bob");
    assert_eq!(keyring.book().name_of(&address(7)).unwrap().as_str(), "paper");
    assert_eq!(keyring.book().name_of(&address(77)), None);
}

#[test]
fn only_accounts_of_ours_have_secret_keys() {
    let keyring = filled();
    for account in keyring.book().accounts() {
        let spendable = matches!(account.kind(), AccountKind::Derived { .. } | AccountKind::Imported { .. });
        assert_eq!(account.own_key().is_some(), spendable, "{account:?}");
        if let Some(key) = account.own_key() {
            assert_eq!(keyring.secret_key(&key).unwrap().public_key(), key);
            assert_eq!(account.policy(), Some(Policy::Key(key)));
        }
        assert_eq!(account.policy().map_or(account.address(), |policy| policy.address()), account.address());
    }
    assert!(keyring.secret_key(&key(8)).is_none());
    assert_eq!(keyring.book().account("shop.till").unwrap().policy(), None);
}

#[test]
fn policy_gets_those_of_its_keys_that_are_ours_each_once() {
    let keyring = filled();
    let ours = keyring.book().account("main").unwrap().own_key().unwrap();
    let inner =
        Policy::threshold(1, vec![Policy::Key(ours), Policy::Key(key(9)), Policy::Key(key(7))]).unwrap();
    let policy =
        Policy::threshold(2, vec![Policy::Key(key(7)), inner, Policy::After(Height(1)), Policy::Key(key(7))])
            .unwrap();
    let keys: Vec<_> = keyring.secret_keys(&policy).iter().map(SecretKey::public_key).collect();
    assert_eq!(keys, [key(7), ours]);
}

#[test]
fn accounts_follow_from_the_words_in_their_order() {
    let mut keyring = Keyring::default();
    let seed = keyring.add_words(mnemonic(), "").unwrap();
    for number in 0..3 {
        let expected = mnemonic().seed("").account(number).unwrap().public_key();
        assert_eq!(keyring.address_at(seed, number), Ok(Policy::Key(expected).address()));
        let account = keyring.derive_next(name(&format!("a{number}")), seed).unwrap();
        assert_eq!(account.kind(), &AccountKind::Derived { seed, number, key: expected });
    }
}

#[test]
fn account_that_was_removed_comes_back_first_so_that_no_gap_stays() {
    let mut keyring = Keyring::default();
    let seed = keyring.add_words(mnemonic(), "").unwrap();
    for number in 0..4 {
        keyring.derive_next(name(&format!("a{number}")), seed).unwrap();
    }
    keyring.remove_account("a1").unwrap();
    keyring.derive_next(name("b"), seed).unwrap();
    keyring.derive_next(name("c"), seed).unwrap();
    assert_eq!(numbers(&keyring), [0, 2, 3, 1, 4]);
}

#[test]
fn account_that_came_another_way_is_passed_over() {
    let mut keyring = Keyring::default();
    let seed = keyring.add_words(mnemonic(), "").unwrap();
    keyring.import(name("raw"), mnemonic().seed("").account(0).unwrap()).unwrap();
    keyring.watch(name("seen"), keyring.address_at(seed, 1).unwrap()).unwrap();
    keyring.derive_next(name("next"), seed).unwrap();
    assert_eq!(numbers(&keyring), [2]);
}

#[test]
fn words_are_taken_in_once_and_only_where_there_is_room() {
    let mut keyring = Keyring::default();
    assert_eq!(keyring.derive_next(name("a"), SeedIndex(0)).unwrap_err(), KeyringError::NoSeed);
    keyring.add_words(mnemonic(), "").unwrap();
    assert_eq!(keyring.add_words(mnemonic(), "").unwrap_err(), KeyringError::SeedTaken);
    let long = "p".repeat(PASSPHRASE_BYTES_MAX + 1);
    assert_eq!(keyring.add_words(mnemonic(), &long).unwrap_err(), KeyringError::PassphraseLong);
    for number in 1..SEEDS_MAX {
        keyring.add_words(mnemonic(), &number.to_string()).unwrap();
    }
    assert_eq!(keyring.add_words(mnemonic(), "one more").unwrap_err(), KeyringError::SeedsFull);
    assert_eq!(keyring.seed_count(), SEEDS_MAX);
    assert_eq!(
        keyring.derive(name("a"), SeedIndex(0), ACCOUNTS_MAX).unwrap_err(),
        KeyringError::Number(AccountError(ACCOUNTS_MAX))
    );
}

#[test]
fn words_come_back_as_they_went_in() {
    let keyring = filled();
    let words = |seed| keyring.mnemonic(SeedIndex(seed)).map(Mnemonic::reveal);
    assert_eq!(words(0).unwrap(), mnemonic().reveal());
    assert_eq!(
        (keyring.passphrase(SeedIndex(0)), keyring.passphrase(SeedIndex(1))),
        (Some(""), Some("pass phrase"))
    );
    assert!(words(2).is_none() && keyring.passphrase(SeedIndex(2)).is_none());
}

#[test]
fn imported_key_goes_with_its_account() {
    let mut keyring = filled();
    keyring.remove_account("PAPER").unwrap();
    assert!(keyring.secret_key(&key(7)).is_none());
    // It may come again, which it could not if it were still there.
    keyring.import(name("paper"), secret(7)).unwrap();
    assert_eq!(keyring.remove_account("nobody"), Err(KeyringError::NoAccount("nobody".to_owned())));
    assert_eq!(keyring.remove_account("bob"), Err(KeyringError::NoAccount("bob".to_owned())));
    assert_eq!(keyring.remove_contact("main").unwrap_err(), KeyringError::NoContact("main".to_owned()));
    assert_eq!(keyring.remove_contact("bob").unwrap().address, address(11));
}

#[test]
fn accounts_and_contacts_can_be_called_otherwise() {
    let mut keyring = filled();
    keyring.rename("main", name("Main")).unwrap();
    keyring.rename("MAIN", name("pocket")).unwrap();
    keyring.rename("bob", name("main")).unwrap();
    assert_eq!(names(&keyring)[0], "pocket");
    assert_eq!(keyring.book().contacts()[0].name, name("main"));
    assert_eq!(keyring.rename("bob", name("x")).unwrap_err(), KeyringError::Nobody("bob".to_owned()));
}

#[test]
fn book_is_bounded() {
    let mut keyring = Keyring::default();
    for number in 0..ACCOUNTS_KEPT_MAX {
        let address = Policy::After(Height(number as u32)).address();
        keyring.watch(name(&format!("a{number}")), address).unwrap();
    }
    assert_eq!(keyring.watch(name("more"), address(1)).unwrap_err(), KeyringError::AccountsFull);
    let contact = |number| Contact { name: name(&format!("c{number}")), address: address(1) };
    assert!(Book::new(vec![], (0..CONTACTS_MAX).map(contact).collect()).is_ok());
    assert_eq!(Book::new(vec![], (0..=CONTACTS_MAX).map(contact).collect()), Err(KeyringError::ContactsFull));
}

/// Asks as whoever restores does.
fn found(mut gap: Gap, used: &BTreeSet<u32>) -> (u32, u32) {
    let mut asked = 0;
    while let Some(number) = gap.next() {
        assert_eq!(number, asked, "numbers are asked about in their order");
        gap.answer(used.contains(&number));
        asked += 1;
    }
    (gap.count(), asked)
}

#[test]
fn search_ends_where_twenty_in_a_row_were_never_used() {
    assert_eq!(found(Gap::new(GAP, 0), &BTreeSet::new()), (1, 20));
    assert_eq!(found(Gap::new(GAP, 0), &[0].into()), (1, 21));
    assert_eq!(found(Gap::new(GAP, 0), &[19].into()), (20, 40));
    assert_eq!(found(Gap::new(GAP, 0), &[20].into()), (1, 20));
    assert_eq!(found(Gap::new(GAP, 0), &[0, 20, 40].into()), (41, 61));
    assert_eq!(found(Gap::new(GAP, 30), &[29].into()), (30, 50));
    assert_eq!(found(Gap::new(GAP, 30), &BTreeSet::new()), (30, 30));
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn every_account_within_the_gap_is_found(steps in prop::collection::vec(1..=GAP, 0..30)) {
        let used: BTreeSet<u32> = steps.iter().scan(0, |at, step| { *at += step; Some(*at - 1) }).collect();
        let last = used.last().map_or(0, |last| last + 1);
        prop_assert_eq!(found(Gap::new(GAP, 0), &used), (last.max(1), last + GAP));
    }

    #[test]
    fn whatever_is_a_name_is_safe_to_type(text in ".{0,40}") {
        if let Ok(name) = text.parse::<Name>() {
            prop_assert_eq!(name.as_str(), &text);
            prop_assert!(text.chars().all(|c| c.is_ascii_graphic()) && !text.starts_with('-'));
        }
    }
}
