//! Pages of what is large, and of what strangers made as large as they could: they stay small, leave nothing out that further
//! pages do not have, and say nothing that is not so.

use std::fs;

use axum::http::StatusCode;
use cairn::testkit::Actor;
use cairn::types::{Action, Amount};
use regex::Regex;
use serde_json::Value;

use crate::pages::{page, words};
use crate::stage::{Stage, miner_address};

#[test]
fn account_that_has_spent_is_not_said_to_have_not() {
    let mut stage = Stage::new();
    let spent = stage.payment(1, 2, 5);
    stage.mine(vec![spent]);
    for _ in 0..60 {
        let paid = stage.payment(0, 1, 1000);
        stage.mine(vec![paid]);
    }
    stage.node.wait_for_indexes();
    let said = |path: String| words(&page(&stage, &path));
    let never = "Nobody has spent from it yet";
    let (shop, unspent) =
        (format!("/account/{}", stage.address(1)), format!("/account/{}", stage.address(3)));
    assert!(said(shop.clone()).contains("signs"), "who may is told by what it once sent");
    let older = said(format!("{shop}?cursor=60-1"));
    assert!(!older.contains(never) && older.contains("None of them is on this page"), "{older}");
    assert!(said(unspent).contains(never));
}

/// What marks of a curve say, each of which is what the account had.
fn true_marks(stage: &Stage, address: &str) -> usize {
    let said = Regex::new(r"<title>([0-9.]+ CRN) at block ([0-9,]+)</title>").unwrap();
    let shown = page(stage, &format!("/account/{address}"));
    let marks = said.captures_iter(&shown).map(|found| {
        let had: Value = stage.json(&format!("/v1/accounts/{address}/at/{}", &found[2]));
        let had = Amount::from_pebbles(had["balance"].as_str().unwrap().parse().unwrap());
        assert_eq!(found[1], had.to_string(), "{address} at {}", &found[2]);
    });
    marks.count()
}

#[test]
fn curve_of_a_busy_account_has_what_is_known_and_nothing_else() {
    let mut stage = Stage::new();
    (0..6).for_each(|_| drop(stage.mine(Vec::new())));
    // More than is looked at, in fewer blocks than rewards take to mature.
    for _ in 0..2 {
        let nonce = stage.node.reader().pending(&Actor::new(0).address()).unwrap().0.0;
        let (params, payer) = (stage.network.params(), Actor::new(0));
        let pay = |to| Action::Pay { to, amount: Amount::from_pebbles(7), reference: Actor::reference("") };
        let both = vec![pay(Actor::new(3).address()), pay(miner_address())];
        let paid = (nonce..nonce + 300)
            .map(|nonce| payer.sign(params, payer.body(params, nonce, 500, both.clone())));
        let paid = paid.collect();
        stage.mine(paid);
    }
    stage.node.wait_for_indexes();
    assert_eq!(true_marks(&stage, &stage.address(3)), 2);
    let miner = stage.text(&miner_address());
    assert_eq!(true_marks(&stage, &miner), 0, "what matured of rewards that were not looked at is not known");
    assert!(words(&page(&stage, &format!("/account/{miner}"))).contains("no curve shows it"));
}

#[test]
fn account_is_shown_while_its_history_is_not_known_yet() {
    let mut stage = Stage::new();
    for _ in 0..300 {
        let payment = stage.payment(0, 1, 1);
        stage.mine(vec![payment]);
    }
    stage.node.wait_for_indexes();
    stage.restart_after(|folder, _| fs::remove_dir_all(folder.join("sled")).unwrap());
    let address = stage.address(0);
    // While the database is taken, no more becomes known.
    stage.node.handle().while_database_is_taken(|| {
        let history = stage.get(&format!("/v1/accounts/{address}/history"));
        assert_eq!(history.status, StatusCode::SERVICE_UNAVAILABLE, "the indexes are being made");
        let said = words(&page(&stage, &format!("/account/{address}")));
        assert!(said.contains("Sent 300 transactions"), "{said}");
        assert!(said.contains("That is not known yet: indexing"), "{said}");
    });
}
