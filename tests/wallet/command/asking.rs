//! Passwords and other questions: asked for at a terminal, unseen, or had from a file or the environment.

use std::fs;

use super::chain::Devnet;
use super::stage::Home;
use crate::process::answer_of;

const PASSWORD: &str = "open, Sesame";

#[test]
fn password_is_had_from_a_file_or_the_environment() {
    let home = Home::with_password(PASSWORD);
    home.write("right", format!("{PASSWORD}\r\n"));
    home.write("wrong", "open sesame");
    home.write("two", format!("{PASSWORD}\n{PASSWORD}\n"));
    home.wallet(&["account", "new", "a", "--password-file", "right"]).success();
    let wrong = home.wallet(&["account", "new", "b", "--password-file", "wrong"]);
    assert_eq!(wrong.failure(1), format!("error: {}: wrong password\n", home.file().display()));
    assert!(
        home.wallet(&["account", "new", "b", "--password-file", "two"])
            .failure(1)
            .contains("expected one line")
    );
    let from_environment = |password: &str, name: &str| {
        let mut command = home.command(&["account", "new", name]);
        answer_of(command.env("CAIRN_WALLET_PASSWORD", password))
    };
    from_environment(PASSWORD, "c").success();
    assert!(from_environment("x", "d").failure(1).ends_with("wrong password\n"));
    assert!(from_environment("", "d").failure(1).contains("CAIRN_WALLET_PASSWORD: a password has 1 to"));
    let names: Vec<String> = home.accounts().into_iter().map(|account| account.0).collect();
    assert_eq!(names, ["main", "a", "c"]);
}

#[test]
fn where_no_password_can_be_had_it_is_said_how() {
    let home = Home::with_password(PASSWORD);
    let before = fs::read(home.file()).unwrap();
    for arguments in [&["account", "new", "a"][..], &["export", "--yes"], &["--wallet", "other", "new"]] {
        let answer = home.wallet(arguments);
        let advice =
            "there is no terminal to ask for it: say --password-file FILE, or set CAIRN_WALLET_PASSWORD";
        assert!(answer.failure(1).contains(advice), "{answer:?}");
    }
    assert_eq!(fs::read(home.file()).unwrap(), before);
    assert!(!home.named("other.json").exists());
    // What is no secret needs none.
    home.wallet(&["list"]).success();
    home.wallet(&["address"]).success();
    home.wallet(&["contacts", "list"]).success();
}

#[test]
fn password_is_asked_for_unseen_and_whoever_mistypes_may_try_again() {
    let home = Home::with_password(PASSWORD);
    let mut terminal = home.at_terminal(&["account", "new", "a"]);
    terminal.answer("Password of the wallet `default`: ", "first try");
    terminal.answer("That is not it. Once more:", "");
    terminal.answer("That is not it. Once more:", PASSWORD);
    let (rest, code) = terminal.end();
    assert_eq!(code, Some(0), "{rest}");
    assert!(rest.contains("a  cdev1") && !rest.contains(PASSWORD), "{rest}");
    let mut terminal = home.at_terminal(&["account", "new", "b"]);
    for _ in 0..3 {
        terminal.answer("Password of the wallet `default`: ", "guess");
    }
    let (rest, code) = terminal.end();
    assert_eq!(code, Some(1));
    assert!(rest.contains("wrong password"), "{rest}");
}

#[test]
fn new_password_is_typed_twice() {
    let home = Home::new();
    let mut terminal = home.at_terminal(&["new", "--yes"]);
    terminal.answer("New password: ", PASSWORD);
    terminal.answer("The same again: ", "something else");
    terminal.until("These were not the same.");
    terminal.answer("New password: ", "");
    terminal.answer("The same again: ", "");
    terminal.until("a password has 1 to 1024 bytes. Once more:");
    terminal.answer("New password: ", PASSWORD);
    terminal.answer("The same again: ", PASSWORD);
    let (rest, code) = terminal.end();
    assert!(code == Some(0) && rest.contains("protection  a password"), "{rest}");
    assert!(!rest.contains(PASSWORD), "{rest}");
    home.write("right", PASSWORD);
    home.wallet(&["account", "new", "a", "--password-file", "right"]).success();
}

#[test]
fn password_is_changed_taken_away_and_given_back() {
    let home = Home::with_password(PASSWORD);
    home.write("old", PASSWORD);
    home.write("new", "another");
    let change = ["change-password", "--password-file"];
    let answer = home.wallet(&[&change[..], &["new", "--new-password-file", "new"]].concat());
    assert!(answer.failure(1).contains("wrong password"), "{answer:?}");
    home.wallet(&[&change[..], &["old", "--new-password-file", "new"]].concat()).success();
    assert!(
        home.wallet(&["account", "new", "a", "--password-file", "old"]).failure(1).contains("wrong password")
    );
    home.wallet(&["account", "new", "a", "--password-file", "new"]).success();
    home.wallet(&[&change[..], &["new", "--open"]].concat()).success();
    assert_eq!(home.json(&["list"])["open"], true);
    home.wallet(&["account", "new", "b"]).success();
    let mut command = home.command(&["change-password"]);
    answer_of(command.env("CAIRN_WALLET_NEW_PASSWORD", PASSWORD)).success();
    assert_eq!(home.json(&["list"])["open"], false);
    home.wallet(&["account", "new", "c", "--password-file", "old"]).success();
    assert_eq!(home.accounts().len(), 4);
    assert!(
        home.wallet(&["change-password", "--open", "--new-password-file", "new"])
            .failure(2)
            .contains("cannot be used with")
    );
}

#[test]
fn whoever_changes_a_password_is_asked_once_for_the_old_and_twice_for_the_new() {
    let home = Home::with_password(PASSWORD);
    let mut terminal = home.at_terminal(&["change-password"]);
    terminal.answer("Password of the wallet `default`: ", PASSWORD);
    let between = terminal.answer("New password: ", "another");
    assert!(!between.contains("Password of"), "{between}");
    terminal.answer("The same again: ", "another");
    let (rest, code) = terminal.end();
    assert!(code == Some(0) && rest.contains("copies of its file from before"), "{rest}");
    home.write("new", "another");
    home.wallet(&["export", "--yes", "--password-file", "new"]).success();
}

#[test]
fn words_and_keys_are_shown_only_to_whoever_means_it() {
    let home = Home::with_wallet();
    let refused = home.wallet(&["export"]);
    assert!(
        refused.failure(1).contains("There is no terminal to ask: say --yes if you mean it"),
        "{refused:?}"
    );
    let mut terminal = home.at_terminal(&["export"]);
    terminal.answer("Type `default` to go on: ", "yes");
    let (rest, code) = terminal.end();
    assert!(code == Some(1) && rest.contains("nothing was done") && !rest.contains("junk"), "{rest}");
    let mut terminal = home.at_terminal(&["export"]);
    terminal.answer("Type `default` to go on: ", "default");
    let (rest, code) = terminal.end();
    assert!(code == Some(0) && rest.contains(cairn::wallet::DEVNET_MNEMONIC), "{rest}");
    let key = home.json(&["export", "main", "--yes"]);
    let seed = cairn::wallet::DEVNET_MNEMONIC.parse::<cairn::wallet::Mnemonic>().unwrap().seed("");
    assert_eq!(key["key"], hex::encode(&seed.account(0).unwrap().reveal()[..]));
    assert_eq!(key["address"], home.accounts()[0].1.as_str());
}

#[test]
fn key_that_is_typed_is_not_seen() {
    let home = Home::with_wallet();
    let key = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let mut terminal = home.at_terminal(&["import", "paper"]);
    terminal.answer("The key, 64 hexadecimal digits: ", key);
    let (rest, code) = terminal.end();
    assert!(code == Some(0) && rest.contains("paper  cdev1") && !rest.contains(key), "{rest}");
}

#[test]
fn names_that_change_while_somebody_is_asked_have_nothing_signed() {
    let home = Home::with_wallet();
    home.wallet(&["account", "new", "bob"]).success();
    let devnet = Devnet::start(&home);
    devnet.wallet(&home, &["prepare", "bob", "1", "--out", "wish.json", "--json"]).success();
    let mut terminal = home.at_terminal(&["sign", "wish.json", "--out", "signed.json"]);
    terminal.until("Sign it? [y/N] ");
    home.wallet(&["rename", "bob", "carol"]).success();
    terminal.say("y");
    let (said, ended) = terminal.end();
    assert!(said.contains("was changed while you were asked"), "{said}");
    assert_eq!((ended, home.has("signed.json")), (Some(1), false));
    home.wallet(&["sign", "wish.json", "--yes", "--out", "signed.json"]).success();
}

#[test]
fn what_did_not_happen_is_called_by_its_name() {
    let home = Home::with_wallet();
    let devnet = Devnet::start(&home);
    devnet.wallet(&home, &["prepare", "main", "1", "--out", "wish.json", "--json"]).success();
    let sent = devnet.wallet(&home, &["send", "main", "1", "--yes", "--wait", "0", "--json"]).json();
    let txid = sent["txid"].as_str().unwrap();
    for (arguments, undone) in [
        (&["sign", "wish.json"][..], "nothing was signed"),
        (&["policy", "create", "later", "all of (main, after 9)"], "nothing was kept"),
        (&["send", "main", "2"], "nothing was sent"),
        (&["bump", txid], "what was sent stays as it is"),
        (&["prepare", "main", "2", "--fee", "5"], "nothing was prepared"),
    ] {
        let answer = devnet.wallet(&home, arguments);
        assert!(answer.failure(3).contains(undone), "{arguments:?}: {answer:?}");
    }
}
