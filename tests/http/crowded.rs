//! Pages of what is large, and of what strangers made as large as they could: they stay small, leave nothing out that further
//! pages do not have, and say nothing that is not so.

use std::collections::BTreeSet;
use std::fs;

use axum::http::StatusCode;
use cairn::api::explorer::parts;
use cairn::node::{Share, WorkerName};
use cairn::template::Difficulty;
use cairn::testkit::Actor;
use cairn::types::{Action, Address, Amount, Transaction};
use regex::Regex;
use serde_json::Value;

use crate::pages::{page, words};
use crate::stage::{Said, Stage, miner_address};

/// Bytes that every page has fewer of.
const PAGE_BYTES: usize = 100_000;

fn assert_small(path: &str, page: &str) {
    assert!(page.len() < PAGE_BYTES, "{path} has {} bytes", page.len());
}

/// A payment to so many people, for what takes six times its bytes where it stays text.
fn pay_many(stage: &Stage, payer: u32, nonce: u64, people: impl Iterator<Item = u32>) -> Transaction {
    let (params, payer) = (stage.network.params(), Actor::new(payer));
    let reference = |who: u32| Actor::reference(&format!("{who:2}{}", "\"".repeat(30)));
    let amount = Amount::from_pebbles(1);
    let pay = |who| Action::Pay { to: Actor::new(who).address(), amount, reference: reference(who % 100) };
    payer.sign(params, payer.body(params, nonce, 100_000, people.map(pay).collect()))
}

/// The page, those that it goes on with by this word, and all transactions on them.
fn all_pages(stage: &Stage, path: &str, word: &str) -> (usize, Vec<String>) {
    let onward = Regex::new(&format!(r#"href="([^"]*)">{word}</a>"#)).unwrap();
    let row =
        Regex::new(r#"<t?(?:r|h|d|li)[^>]*>(?:<[^a][^>]*>)*<a href="/tx/([0-9a-f]{64})">[^a]"#).unwrap();
    let (mut next, mut pages, mut all) = (Some(path.to_owned()), 0, Vec::new());
    while let Some(path) = next {
        let shown = page(stage, &path);
        assert_small(&path, &shown);
        pages += 1;
        all.extend(row.captures_iter(&shown).map(|found| found[1].to_owned()));
        next = onward.captures(&shown).map(|found| found[1].to_owned());
    }
    (pages, all)
}

#[test]
fn account_whose_last_page_is_full_has_no_empty_one_behind_it() {
    let mut stage = Stage::new();
    for _ in 0..100 {
        stage.mine(Vec::new());
    }
    stage.node.wait_for_indexes();
    let miner = format!("/account/{}", stage.text(&miner_address()));
    let (pages, _) = all_pages(&stage, &miner, "Older");
    assert_eq!(pages, 2, "of 100 rewards each page has 50");
    let behind = page(&stage, &format!("{miner}?cursor=1-0"));
    assert!(behind.contains("Nothing older.") && !behind.contains("before anybody has paid"), "{behind}");
}

#[test]
fn pages_are_small_whatever_is_on_the_chain() {
    let mut stage = Stage::new();
    let pay = |stage: &Stage, nonce| pay_many(stage, 0, nonce, (0..255).map(|_| 3));
    for round in 0..30 {
        let payments = (0..2).map(|at| pay(&stage, round * 2 + at)).collect();
        stage.mine(payments);
    }
    let waits = pay(&stage, 60);
    stage.node.send(&waits).unwrap();
    stage.node.wait_for_indexes();
    let [payer, payee] = [0, 3].map(|who| format!("/account/{}", stage.address(who)));
    let mined = stage.json("/v1/blocks/30?txids=true")["txids"][0].as_str().unwrap().to_owned();
    let (waits, mined) = (format!("/tx/{}", waits.body.txid()), format!("/tx/{mined}"));
    let fixed = ["/", "/blocks", "/block/30", "/mempool", "/mining", "/network", "/forks"].map(str::to_owned);
    for path in fixed.into_iter().chain([payer, payee, waits, mined]) {
        assert_small(&path, &page(&stage, &path));
    }
}

#[test]
fn long_lists_go_on_where_a_page_is_full_and_leave_nothing_out() {
    let mut stage = Stage::new();
    let payments: Vec<_> = (0..60).map(|nonce| pay_many(&stage, 0, nonce, 100..106)).collect();
    let block = stage.mine(payments.clone());
    let waiting = |payer, nonces: std::ops::Range<u64>| nonces.map(move |nonce| (payer, nonce));
    for (payer, nonce) in waiting(0, 60..82).chain(waiting(1, 0..11)).chain(waiting(2, 0..11)) {
        stage.node.send(&pay_many(&stage, payer, nonce, [0, 0, 0, 0].into_iter())).unwrap();
    }
    stage.node.wait_for_indexes();
    let mined: BTreeSet<String> = payments.iter().map(|payment| payment.body.txid().to_string()).collect();
    for (path, word) in [
        (format!("/account/{}", stage.address(0)), "Older"),
        (format!("/block/{}", block.header.hash()), "More"),
    ] {
        let (pages, all) = all_pages(&stage, &path, word);
        let all: Vec<String> = all.into_iter().filter(|txid| mined.contains(txid)).collect();
        assert!(pages > 1, "{path}");
        assert_eq!(all.len(), mined.len(), "{path} tells of each once");
        assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), mined, "{path}");
    }
    assert_small("/mempool", &page(&stage, "/mempool"));
}

#[test]
fn page_of_many_miners_and_of_many_branches_is_small() {
    let mut stage = Stage::new();
    for number in 0..100 {
        let worker = format!("{number}{}", "\"".repeat(60));
        let name = WorkerName { miner: Address::from_bytes([number; 32]), worker };
        stage.node.handle().workers().count(&name, Share::Accepted(Difficulty::ONE));
    }
    stage.mine(Vec::new());
    let fork = stage.miner.clone();
    (0..30).for_each(|_| drop(stage.mine(Vec::new())));
    // The long ones last: those are drawn first.
    let lengths = [[1; 60].as_slice(), &[24; 8]].concat();
    for (number, length) in (1..).zip(lengths) {
        let mut miner = fork.clone();
        for _ in 0..length {
            let hash = miner.mine(Address::from_bytes([number; 32]), Vec::new());
            stage.node.submit(miner.block(&hash).block()).unwrap();
        }
    }
    for path in ["/mining", "/forks"] {
        assert_small(path, &page(&stage, path));
    }
    assert!(page(&stage, "/forks").contains("class=\"knot side\""), "some of them are drawn");
}

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
    let said = Regex::new(r"<title>([0-9,.]+ CRN) at block ([0-9,]+)</title>").unwrap();
    let shown = page(stage, &format!("/account/{address}"));
    let marks = said.captures_iter(&shown).map(|found| {
        let had: Value = stage.json(&format!("/v1/accounts/{address}/at/{}", &found[2]));
        let had = Amount::from_pebbles(had["balance"].as_str().unwrap().parse().unwrap());
        assert_eq!(found[1].replace(',', ""), had.to_string(), "{address} at {}", &found[2]);
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

/// What is seen while this account's history is not known; nothing where the indexes were made before anybody could ask.
fn seen_while_indexing<T>(stage: &mut Stage, address: &str, look: impl Fn(&Stage) -> T) -> Option<T> {
    stage.node.wait_for_indexes();
    stage.restart_after(|folder, _| fs::remove_dir_all(folder.join("sled")).unwrap());
    // While the database is taken, no more becomes known.
    stage.node.handle().while_database_is_taken(|| {
        let history = stage.get(&format!("/v1/accounts/{address}/history"));
        let is_known = history.status != StatusCode::SERVICE_UNAVAILABLE;
        (!is_known).then(|| look(stage))
    })
}

/// What is searched for while the indexes are made.
fn found(stage: &Stage, text: &str) -> Said {
    stage.get(&format!("/v1/search?q={text}"))
}

#[test]
fn account_and_blocks_are_found_while_transactions_are_not_known_yet() {
    let mut stage = Stage::new();
    let address = stage.address(0);
    let mut sent = 0;
    let said = loop {
        // The more there is, the longer it takes.
        for _ in 0..300 {
            let payment = stage.payment(0, 1, 1);
            stage.mine(vec![payment]);
        }
        sent += 300;
        assert!(sent <= 3000, "indexes are always made before anybody can ask");
        let hash = stage.node.tip().hash.to_string();
        let look = |stage: &Stage| {
            let account = words(&page(stage, &format!("/account/{address}")));
            (account, [&hash, &hash[..8], &"7".repeat(64)].map(|text| found(stage, text)))
        };
        if let Some((said, [whole, part, nothing])) = seen_while_indexing(&mut stage, &address, look) {
            for hit in [whole, part] {
                assert_eq!(hit.json()["hits"][0]["hash"], hash.as_str(), "{}", hit.json());
            }
            assert_eq!(
                (nothing.status, nothing.code().as_str()),
                (StatusCode::SERVICE_UNAVAILABLE, "indexing")
            );
            let detail = nothing.json()["detail"].to_string();
            assert!(
                detail.contains("transactions and addresses cannot all be looked through yet: indexing"),
                "{detail}"
            );
            break said;
        }
    };
    assert!(said.contains(&format!("Sent {} transactions", parts::number(sent))), "{said}");
    assert!(said.contains("That is not known yet: indexing"), "{said}");
}
