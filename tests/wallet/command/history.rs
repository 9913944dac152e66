//! What happened to accounts, with whom, and what is about to.

use cairn::types::Address;
use serde_json::json;

use super::chain::Devnet;
use super::stage::Home;

/// An address of nobody in the wallet.
fn address(number: u8) -> String {
    Address::from_bytes([number; 32]).to_text(&"cdev".parse().unwrap())
}

/// A home with a node; `bob` is the second account of its wallet, and `zoe` a contact that is neither.
fn stage() -> (Home, Devnet) {
    let home = Home::with_wallet();
    home.wallet(&["account", "new", "bob"]).success();
    home.wallet(&["contacts", "add", "zoe", &address(1)]).success();
    let devnet = Devnet::start(&home);
    (home, devnet)
}

/// The cells of the lines of a history, its head left out.
fn rows(told: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| {
        let cells = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
        cells.map(str::to_owned).collect::<Vec<_>>()
    };
    told.lines().skip(1).map(cells).collect()
}

#[test]
fn each_line_names_who_was_on_the_other_side() {
    let (home, devnet) = stage();
    let stranger = address(2);
    devnet.wallet(&home, &["send", "zoe", "1", "--yes", "--wait", "0"]).success();
    devnet.mine(1);
    home.write("all.csv", format!("bob,2\nzoe,3\n{stranger},4\n"));
    devnet.wallet(&home, &["batch", "all.csv", "--yes", "--wait", "0"]).success();
    devnet.mine(1);
    devnet.wallet(&home, &["send", &stranger, "5", "--yes", "--wait", "0"]).success();
    let told = devnet.wallet(&home, &["history"]);
    let rows = rows(told.success());
    let short = format!("{}…{}", &stranger[..12], &stranger[stranger.len() - 6..]);
    assert_eq!(&rows[0][..2], ["pending", "out"], "{told:?}");
    assert_eq!(rows[0][3], short);
    assert_eq!((&*rows[1][0], &*rows[1][3]), ("2", "bob, zoe and 1 more"), "{told:?}");
    assert_eq!((&*rows[2][0], &*rows[2][3]), ("1", "zoe"));
    let told = devnet.wallet(&home, &["history", "bob"]);
    let rows = self::rows(told.success());
    assert_eq!(&rows[0][..4], ["2", "in", "2 CRN", "main"], "{told:?}");
    let json = devnet.wallet(&home, &["history", "--json"]).json();
    assert_eq!(json["entries"][0]["others_count"], json!(3));
}

#[test]
fn what_others_are_about_to_pay_is_shown_as_pending() {
    let (home, devnet) = stage();
    devnet.wallet(&home, &["send", "bob", "2", "--reference", "JUNE", "--yes", "--wait", "0"]).success();
    let told = devnet.wallet(&home, &["history", "bob"]);
    assert_eq!(&rows(told.success())[0][..5], ["pending", "in", "2 CRN", "main", "\"JUNE\""], "{told:?}");
    let of = |reference| devnet.wallet(&home, &["history", "bob", "--reference", reference, "--json"]).json();
    assert_eq!(of("JUNE")["incoming"].as_array().unwrap().len(), 1);
    assert_eq!(of("JULY")["incoming"], json!([]));
    devnet.mine(1);
    let told = devnet.wallet(&home, &["history", "bob"]);
    assert_eq!(&rows(told.success())[0][..4], ["1", "in", "2 CRN", "main"], "{told:?}");
}

#[test]
fn what_a_node_does_not_keep_is_no_empty_history() {
    let (home, mut devnet) = stage();
    assert_eq!(devnet.wallet(&home, &["history"]).success(), "nothing has happened to this account\n");
    devnet.wallet(&home, &["send", "bob", "2", "--yes", "--wait", "0"]).success();
    devnet.mine(5);
    devnet.prune(&home, 2);
    let told = devnet.wallet(&home, &["history"]);
    assert!(told.success().contains("before block 4 it keeps nothing"), "{told:?}");
    devnet.wallet(&home, &["send", "bob", "3", "--yes", "--wait", "0"]).success();
    devnet.mine(1);
    let told = devnet.wallet(&home, &["history"]);
    assert!(told.success().contains("Before block 4 this node keeps nothing"), "{told:?}");
    assert_eq!(rows(told.success())[0][0], "6");
    assert_eq!(devnet.wallet(&home, &["history", "--json"]).json()["kept_from"], json!(4));
    let cut = devnet.wallet(&home, &["history", "--limit", "1", "--json"]).json();
    assert_eq!(cut["entries"].as_array().unwrap().len(), 1);
}

#[test]
fn history_of_no_entries_is_refused() {
    let home = Home::with_wallet();
    for limit in ["0", "-1", "many"] {
        let refused = home.wallet(&["history", &format!("--limit={limit}")]);
        assert!(refused.failure(2).contains("expected how many entries to show, at least 1"), "{refused:?}");
    }
}
