//! Accounts, addresses and contacts.

use cairn::crypto::SecretKey;
use cairn::types::{Address, Policy, Prefix};

use super::chain::Devnet;
use super::stage::Home;

const KEY: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const ADDRESS: &str = "cdev1ethx5czv90r92vtrhw2x67c8wzx82ch4x3kamkgknlqmar6ltgnspawamt";

fn names(home: &Home) -> Vec<String> {
    home.accounts().into_iter().map(|account| account.0).collect()
}

#[test]
fn accounts_are_made_renamed_and_forgotten() {
    let home = Home::with_wallet();
    let made = home.wallet(&["account", "new", "savings"]);
    assert_eq!(made.success(), format!("savings  {ADDRESS}\n"));
    assert_eq!(home.wallet(&["rename", "savings", "later"]).success(), "`savings` is called `later` now\n");
    home.wallet(&["account", "new", "third"]).success();
    home.wallet(&["account", "remove", "later"]).success();
    assert_eq!(names(&home), ["main", "third"]);
    // What was forgotten comes back first.
    let again = home.json(&["account", "new", "again"]);
    assert_eq!((&again["address"], &again["number"]), (&ADDRESS.into(), &1.into()));
    let list = home.wallet(&["list"]);
    for part in [
        "network  Cairn devnet\n",
        "account  kind     address\nmain     derived  cdev1",
        "again    derived  ",
    ] {
        assert!(list.success().contains(part), "{part:?} is not in {list:?}");
    }
}

#[test]
fn names_that_are_taken_or_none_and_accounts_that_are_not_there_are_refused() {
    let home = Home::with_wallet();
    home.wallet(&["contacts", "add", "bob", ADDRESS]).success();
    for (arguments, code, complaint) in [
        (&["account", "new", "Main"][..], 1, "`main` is taken"),
        (&["account", "new", "BOB"], 1, "`bob` is taken"),
        (&["contacts", "add", "main", ADDRESS], 1, "`main` is taken"),
        (&["account", "new", "a b"], 2, "a name is made of letters"),
        (&["rename", "nobody", "x"], 1, "`nobody` is no account, no contact and no address"),
        (&["rename", "main", "bob"], 1, "`bob` is taken"),
        (&["account", "remove", "nobody"], 1, "there is no account `nobody`"),
        (&["address", "nobody"], 1, "there is no account `nobody`"),
        (&["export", "nobody", "--yes"], 1, "there is no account `nobody`"),
        (&["contacts", "remove", "main"], 1, "there is no contact `main`"),
        (&["contacts", "add", "eve", "cdev1x"], 1, "cdev1x: not an address, or mistyped"),
        (&["contacts", "add", "eve", "cairn1x"], 1, "an address of another network"),
    ] {
        let answer = home.wallet(arguments);
        assert!(answer.failure(code).contains(complaint), "{arguments:?}: {answer:?}");
    }
    assert_eq!(names(&home), ["main"]);
}

#[test]
fn keys_and_addresses_come_from_elsewhere() {
    let home = Home::with_wallet();
    home.write("key", format!("{KEY}\n"));
    home.wallet(&["import", "paper", "--key-file", "key"]).success();
    assert_eq!(home.json(&["export", "paper", "--yes"])["key"], KEY);
    home.wallet(&["import", "till", "--watch", ADDRESS]).success();
    let list = home.json(&["list"]);
    let kinds: Vec<&str> =
        list["accounts"].as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["derived", "imported", "watched"]);
    home.write("short", "abcd");
    for (arguments, complaint) in [
        (&["import", "again", "--key-file", "key"][..], "this address is the account `paper` already"),
        (&["import", "bad", "--key-file", "short"], "this is no key: expected 64 hexadecimal digits"),
        (&["import", "bad"], "say --key-file FILE"),
        (&["import", "bad", "--watch", "cdev1x"], "--watch cdev1x: not an address"),
        (&["export", "till", "--yes"], "this wallet has no key of its own for `till`"),
        (&["account", "remove", "paper"], "The key of `paper` is in this wallet alone"),
    ] {
        let answer = home.wallet(arguments);
        assert!(answer.failure(1).contains(complaint), "{arguments:?}: {answer:?}");
    }
    home.wallet(&["account", "remove", "paper", "--yes"]).success();
    home.wallet(&["account", "remove", "till"]).success();
    assert_eq!(names(&home), ["main"]);
}

#[test]
fn key_of_an_account_that_was_only_watched_is_taken_in() {
    let home = Home::with_wallet();
    home.wallet(&["import", "till", "--watch", &paper()]).success();
    let devnet = Devnet::start(&home);
    let send = ["send", "main", "1", "--from", "till", "--yes", "--wait", "0"];
    let refused = devnet.wallet(&home, &send);
    assert!(
        refused.failure(1).contains("Where you have the key, `cairn wallet import till` takes it in"),
        "{refused:?}"
    );
    home.write("key", KEY);
    home.wallet(&["import", "till", "--key-file", "key"]).success();
    devnet.wallet(&home, &["send", "till", "5", "--yes", "--wait", "0"]).success();
    devnet.mine(1);
    devnet.wallet(&home, &send).success();
    assert_eq!(names(&home), ["main", "till"]);
}

/// The address of the key.
fn paper() -> String {
    let mut bytes = [0; 32];
    hex::decode_to_slice(KEY, &mut bytes).unwrap();
    let key = SecretKey::from_bytes(&bytes).public_key();
    Policy::Key(key).address().to_text(&"cdev".parse().unwrap())
}

#[test]
fn list_says_what_accounts_have_where_a_node_can_be_asked() {
    let home = Home::with_wallet();
    let alone = home.wallet(&["list"]);
    assert!(
        alone.success().contains("\nWithout balances: no node answers at http://127.0.0.1:1"),
        "{alone:?}"
    );
    assert!(home.json(&["list"])["balances"]["missing"].is_string());
    let devnet = Devnet::start(&home);
    let list = devnet.wallet(&home, &["list"]);
    let row = "\naccount  kind     balance    address\nmain     derived  10000 CRN  cdev1";
    assert!(list.success().contains(row), "{list:?}");
    let json = devnet.wallet(&home, &["list", "--json"]).json();
    assert_eq!(
        (&json["accounts"][0]["balance"], &json["balances"]["node"]),
        (&"1000000000000".into(), &devnet.url().into())
    );
    let offline = devnet.wallet(&home, &["list", "--offline"]);
    assert!(!offline.success().contains("balance") && !offline.out.contains("Without"), "{offline:?}");
}

#[test]
fn address_is_that_of_the_first_account_unless_another_is_named() {
    let home = Home::with_wallet();
    home.wallet(&["account", "new", "savings"]).success();
    let main = home.accounts()[0].1.clone();
    assert_eq!(home.wallet(&["address"]).success(), format!("{main}\n"));
    assert_eq!(home.wallet(&["address", "savings"]).success(), format!("{ADDRESS}\n"));
    let json = home.json(&["address", "SAVINGS"]);
    assert_eq!((&json["account"], &json["address"]), (&"savings".into(), &ADDRESS.into()));
}

#[test]
fn address_is_drawn_for_cameras_where_a_person_reads_it() {
    let home = Home::with_wallet();
    let drawn = home.wallet(&["address", "--qr"]);
    let mut lines = drawn.success().lines();
    let address = lines.next().unwrap().to_owned();
    let drawing: Vec<&str> = lines.collect();
    assert!(
        drawing.len() > 15 && drawing.iter().all(|line| line.chars().count() == drawing[0].chars().count())
    );
    // What the camera reads is the address, in capital letters.
    let prefix: Prefix = "cdev".parse().unwrap();
    assert!(Address::parse(&address.to_uppercase(), &prefix).is_ok());
    let (shown, _) = home.at_terminal(&["address"]).end();
    assert_eq!(shown.matches("\u{1b}[97;40m").count(), drawing.len(), "{shown}");
    let (shown, _) = home.at_terminal(&["address", "--no-qr"]).end();
    assert_eq!(shown.trim(), address);
}

#[test]
fn contacts_are_noted_listed_and_forgotten() {
    let home = Home::with_wallet();
    assert!(home.wallet(&["contacts", "list"]).success().starts_with("nobody yet"));
    home.wallet(&["contacts", "add", "Zoe", ADDRESS]).success();
    assert_eq!(home.wallet(&["contacts", "add", "bob", ADDRESS]).success(), format!("`bob` is {ADDRESS}\n"));
    assert_eq!(home.wallet(&["contacts", "list"]).success(), format!("bob  {ADDRESS}\nZoe  {ADDRESS}\n"));
    assert_eq!(home.json(&["contacts", "remove", "zoe"])["done"], "`Zoe` is forgotten");
    assert_eq!(home.contacts(), ["bob"]);
}

#[test]
fn account_beyond_what_a_search_finds_is_said_to_be_so() {
    let home = Home::new();
    home.write("words", cairn::wallet::DEVNET_MNEMONIC);
    home.wallet(&["restore", "--open", "--mnemonic-file", "words", "--accounts", "20"]).success();
    let answer = home.wallet(&["account", "new", "far"]);
    assert!(answer.success().contains("`--accounts 21`"), "{answer:?}");
}

#[test]
fn help_teaches_by_examples() {
    let home = Home::new();
    let help = home.wallet(&["--help"]);
    for part in ["Examples:", "cairn wallet new", "restore", "Ends with 0 when it did", "CAIRN_WALLET_DIR"] {
        assert!(help.success().contains(part), "{part:?} is not in {help:?}");
    }
}
