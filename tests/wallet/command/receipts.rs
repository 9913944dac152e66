//! What is shown before somebody agrees, and what is told of what was paid.

use serde_json::json;

use super::chain::stage;

#[test]
fn receipt_says_what_was_paid_to_whom() {
    let (home, devnet) = stage();
    let bob = home.accounts()[1].1.clone();
    let quick = ["--yes", "--wait", "0"];
    let wallet = |arguments: &[&str]| devnet.wallet(&home, &[arguments, &quick[..]].concat());
    let sent = wallet(&["send", "bob", "1.5", "--reference", "JUNE", "--note", "thanks"]);
    assert!(
        sent.success().contains(&format!("\npays    1.5 CRN to bob ({bob}), for \"JUNE\"\n")),
        "{sent:?}"
    );
    assert!(sent.out.contains("\nsays    \"thanks\"\n"), "{sent:?}");
    let txid = devnet.pool()[0].clone();
    let cancelled = wallet(&["cancel", &txid]);
    assert!(cancelled.success().contains("\npays    nobody\n"), "{cancelled:?}");
    devnet.mine(1);
    let miner = devnet.mine_soon(1);
    let swept = devnet.wallet(&home, &["sweep", "bob", "--fee", "0.5", "--yes"]);
    miner.join().unwrap();
    assert!(swept.success().contains("\npays    all that was left, 999"), "{swept:?}");
    assert!(swept.out.contains(&format!(", to bob ({bob})\n")), "{swept:?}");
}

#[track_caller]
fn shows(shown: &str, parts: &[&str]) {
    for part in parts {
        assert!(shown.contains(part), "{part:?} is not in {shown}");
    }
}

#[test]
fn batch_shows_its_lines_and_what_they_come_to() {
    let (home, devnet) = stage();
    let main = home.accounts()[0].1.clone();
    home.write("wages.csv", "bob,1.5,June\nbob,2\nbob,1.5,June\nbob,90\n");
    let mut terminal = devnet.at_terminal(&home, &["batch", "wages.csv", "--wait", "0"]);
    let shown = terminal.answer("Send it? [y/N] ", "y");
    shows(
        &shown,
        &[
            "Pays    1.5 CRN to bob (",
            "Total   95 CRN to 1 payee\r\n",
            "Note    1.5 CRN to bob (",
            " is in it 2 times.",
            "Note    90 CRN to bob (",
            " is more than 10 times the usual 1.5 CRN of this batch.",
        ],
    );
    let (told, _) = terminal.end();
    assert!(told.contains("total   95 CRN to 1 payee\r\n") && told.contains(&main), "{told}");
}

#[test]
fn what_is_burned_for_new_accounts_is_told_before_it_is_mined_and_after() {
    let (home, devnet) = stage();
    let stranger =
        |number: u8| cairn::types::Address::from_bytes([number; 32]).to_text(&"cdev".parse().unwrap());
    let sent = devnet.wallet(&home, &["send", &stranger(1), "1", "--yes", "--wait", "0"]);
    assert!(sent.success().contains("\nburns   0.00001 CRN for new accounts\n"), "{sent:?}");
    let txid = devnet.pool()[0].clone();
    let show = || devnet.wallet(&home, &["show", &txid]).success().to_owned();
    shows(&show(), &["has waited", "burns        0.00001 CRN for new accounts"]);
    devnet.mine(1);
    shows(&show(), &["in the block", "burns        0.00001 CRN for new accounts"]);
    home.write("both.csv", format!("{},1\n{},1\n{},1\nbob,1\n", stranger(1), stranger(2), stranger(3)));
    let miner = devnet.mine_soon(1);
    let batch = devnet.wallet(&home, &["batch", "both.csv", "--yes", "--json"]).json();
    miner.join().unwrap();
    assert_eq!((&batch["status"], &batch["burned"]), (&json!("confirmed"), &json!("2000")), "{batch}");
    let known = devnet.wallet(&home, &["send", &stranger(2), "1", "--yes", "--wait", "0", "--json"]).json();
    assert_eq!(known["burned"], "0");
}

#[test]
fn long_batch_is_told_in_sums_and_strangers_once() {
    let (home, devnet) = stage();
    let prefix = "cdev".parse().unwrap();
    let stranger = |number: u8| cairn::types::Address::from_bytes([number; 32]).to_text(&prefix);
    let lines: String = (1..=40).map(|number| format!("{},0.{number:02}\n", stranger(number))).collect();
    home.write("many.csv", format!("{lines}bob,5,INVOICE-42\n"));
    let mut terminal = devnet.at_terminal(&home, &["batch", "many.csv", "--wait", "0"]);
    let shown = terminal.answer("Send it? [y/N] ", "n");
    shows(
        &shown,
        &[
            "Pays    41 payments, 0.01 CRN to 5 CRN each\r\n",
            "Total   13.2 CRN to 41 payees\r\n",
            "Note    Nobody ever paid 40 of these payees: ",
            " and 37 more. Make sure",
            "Note    5 CRN to bob (",
        ],
    );
    assert!(shown.lines().count() < 15, "{shown}");
    let sent = devnet.wallet(&home, &["batch", "many.csv", "--yes", "--wait", "0", "--json"]).json();
    assert_eq!((&sent["total"], &sent["payees"]), (&json!("1320000000"), &json!(41)));
}

#[test]
fn what_may_be_a_decimal_comma_pays_nothing() {
    let (home, devnet) = stage();
    home.write("comma.csv", "bob,1.5\nbob,1,5\n");
    let refused = devnet.wallet(&home, &["batch", "comma.csv", "--yes"]);
    let said = refused.failure(1);
    assert!(said.contains("comma.csv, line 2: is `1,5` one amount? Amounts have a point"), "{said}");
    assert!(said.contains("write `1,\"5\"`"), "{said}");
    assert_eq!(devnet.waiting(), 0);
}
