//! The explorer's pages: that they say what is so, lead to each other, and let nothing of strangers be more than text.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::num::NonZeroU32;

use axum::body::Body;
use axum::http::header::{ACCEPT, ACCEPT_ENCODING};
use axum::http::{Request, StatusCode};
use cairn::api::{Manners, Visit};
use cairn::node::{Share, WorkerName};
use cairn::storage::prune;
use cairn::template::Difficulty;
use cairn::testkit::{Actor, MAP_SEED};
use cairn::types::{Action, Address, Amount, Block, Note, Transaction};
use flate2::read::GzDecoder;
use regex::Regex;
use serde_json::Value;

use crate::branches::{reorganized, rival};
use crate::stage::{FUNDED, Said, Stage, miner_address};

/// A page, which must be one: the policy that goes with it lets nothing run that is not ours.
pub fn page(stage: &Stage, path: &str) -> String {
    let said = stage.get(path);
    let text = String::from_utf8(said.body.clone()).unwrap();
    assert_eq!(said.status, StatusCode::OK, "{path}: {text}");
    assert_framed(&said);
    text
}

fn assert_framed(said: &Said) {
    assert_eq!(said.header("content-type"), "text/html; charset=utf-8");
    let policy = said.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"), "{policy}");
    let text = String::from_utf8_lossy(&said.body);
    assert!(text.starts_with("<!DOCTYPE html><html lang=\"en\">"), "{text}");
    let inline = Regex::new(r#"<script>|<style|\sstyle="|\son[a-z]+="|javascript:"#).unwrap();
    assert!(!inline.is_match(&text), "something inline in {text}");
}

/// What is between tags, spaces in one.
pub fn words(page: &str) -> String {
    let main = &page[page.find("<main").unwrap()..page.find("</main>").unwrap()];
    let bare = Regex::new("<[^>]*>").unwrap().replace_all(main, " ").into_owned();
    bare.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub fn links(page: &str) -> Vec<String> {
    let named = Regex::new(r#"(?:href|src)="(/[^"]*)""#).unwrap();
    named.captures_iter(page).map(|found| found[1].replace("&amp;", "&")).collect()
}

#[test]
fn every_way_from_the_first_page_leads_somewhere() {
    let (stage, transactions, blocks) = reorganized();
    let mut waiting = vec!["/".to_owned()];
    let mut seen: BTreeSet<String> = waiting.iter().cloned().collect();
    while let Some(path) = waiting.pop() {
        let said = stage.get(&path);
        assert_eq!(said.status, StatusCode::OK, "{path}: {}", String::from_utf8_lossy(&said.body));
        if said.header("content-type").starts_with("text/html") && path != "/docs" {
            assert_framed(&said);
            let here = links(&String::from_utf8(said.body).unwrap());
            waiting.extend(here.into_iter().filter(|link| seen.insert(link.clone())));
        }
    }
    // Whatever there is was come across.
    let lost = transactions[1].body.txid();
    for transaction in transactions.iter().filter(|transaction| transaction.body.txid() != lost) {
        let path = format!("/tx/{}", transaction.body.txid());
        assert!(seen.contains(&path), "nothing leads to {path}");
        assert!(seen.contains(&format!("/account/{}", stage.text(&transaction.body.policy.address()))));
    }
    for block in &blocks {
        assert!(seen.contains(&format!("/block/{}", block.header.hash())), "nothing leads to a block");
    }
    assert!(seen.iter().any(|path| path.starts_with("/forks/")), "nothing leads to the reorganization");
}

#[test]
fn first_page_shows_the_tip_what_waits_and_all_money() {
    let mut stage = Stage::with_history();
    let waits = stage.payment(2, 3, 1000);
    stage.node.send(&waits).unwrap();
    // One that waits for an earlier one waits all the same.
    let ahead = Actor::new(1).pay(stage.network.params(), 7, &Actor::new(2), 1, 500);
    stage.node.send(&ahead).unwrap();
    let said = words(&page(&stage, "/"));
    for part in [
        "Block 5",
        "next: 1 transaction",
        "Mempool 2 transactions",
        "Latest transactions",
        "4,250 CRN",
        "0 peers",
    ] {
        assert!(said.contains(part), "no `{part}` in {said}");
    }
    stage.mine(vec![waits]);
    assert!(words(&page(&stage, "/")).contains("next block: empty so far"));
}

#[test]
fn payment_is_shown_as_it_waits_as_it_stands_and_as_it_is_replaced() {
    let mut stage = Stage::new();
    let payment = stage.payment(0, 1, 99_912_345_678);
    let path = format!("/tx/{}", payment.body.txid());
    assert_eq!(stage.get(&path).status, StatusCode::NOT_FOUND);
    stage.node.send(&payment).unwrap();
    let said = words(&page(&stage, &path));
    for part in ["pending", "pays 999 .12345678 CRN", "for invoice", "may be in the next block", "signs"] {
        assert!(said.contains(part), "no `{part}` in {said}");
    }
    stage.mine(vec![payment]);
    stage.node.wait_for_indexes();
    let said = words(&page(&stage, &path));
    assert!(said.contains("confirmed In block 1 , 1 block deep"), "{said}");
    let params = stage.network.params();
    let lost = Actor::new(2).pay(params, 0, &Actor::new(3), 5, 500);
    let wins = Actor::new(2).pay(params, 0, &Actor::new(3), 6, 50_000);
    stage.node.send(&lost).unwrap();
    stage.node.send(&wins).unwrap();
    let replaced = page(&stage, &format!("/tx/{}", lost.body.txid()));
    assert!(words(&replaced).contains("replaced"), "{replaced}");
    assert!(
        links(&replaced).contains(&format!("/tx/{}", wins.body.txid())),
        "it does not lead to what took its place"
    );
}

#[test]
fn block_that_is_not_followed_says_so() {
    let (stage, _, blocks) = reorganized();
    let left = words(&page(&stage, &format!("/block/{}", blocks[0].header.hash())));
    assert!(left.contains("not followed"), "{left}");
    assert!(left.contains("Reward") && !left.contains("to be spent"), "{left}");
    let stands = words(&page(&stage, "/block/2"));
    assert!(stands.contains("to be spent from block"), "{stands}");
    assert!(stands.contains("followed 1 block deep"), "{stands}");
}

#[test]
fn reorganization_is_told_as_a_story() {
    let (stage, [again, loses, waits, _], _) = reorganized();
    let step = stage.json("/v1/reorganizations")[0]["step"].clone();
    let story = page(&stage, &format!("/forks/{step}"));
    let place = |part: &str| story.find(part).unwrap_or_else(|| panic!("no `{part}` in {story}"));
    let name = |transaction: &Transaction| place(&format!("/tx/{}", transaction.body.txid()));
    assert!(words(&story).contains("1 block had been followed"), "{story}");
    assert!(place("Mined again: 1") < name(&again) && name(&again) < place("Waiting again: 1"));
    assert!(place("Waiting again: 1") < name(&waits) && name(&waits) < place("Conflicted: 1"));
    assert!(place("Conflicted: 1") < name(&loses));
    // The next reorganization may have it mined.
    assert!(words(&story).contains("On this branch another") && !story.contains("never"), "{story}");
}

#[test]
fn curve_of_a_balance_is_what_the_account_had() {
    let mut stage = Stage::new();
    for amount in [1000, 70_000, 5] {
        let payment = stage.payment(0, 1, amount);
        stage.mine(vec![payment]);
    }
    let back = stage.payment(1, 0, 300);
    stage.mine(vec![back]);
    for _ in 0..4 {
        stage.mine(Vec::new());
    }
    stage.node.wait_for_indexes();
    let said = Regex::new(r"<title>([0-9,.]+ CRN) at block ([0-9,]+)</title>").unwrap();
    let grouped = Regex::new(r"<span>[0-9]{1,3}(,[0-9]{3})*(\.[0-9]+)? CRN</span>").unwrap();
    for address in [stage.address(0), stage.address(1), stage.text(&miner_address())] {
        let shown = page(&stage, &format!("/account/{address}"));
        let marks: Vec<(String, String)> = said
            .captures_iter(&shown)
            .map(|found| (found[1].replace(',', ""), found[2].replace(',', "")))
            .collect();
        assert!(marks.len() > 1, "no curve for {address}");
        assert_eq!(grouped.find_iter(&shown).count(), 3, "its scale: {shown}");
        for (said, height) in marks {
            let had: Value = stage.json(&format!("/v1/accounts/{address}/at/{height}"));
            let had = Amount::from_pebbles(had["balance"].as_str().unwrap().parse().unwrap());
            assert_eq!(said, had.to_string(), "{address} at {height}");
        }
    }
}

#[test]
fn curve_that_cannot_be_drawn_of_what_was_pruned_says_so() {
    let mut stage = Stage::with_history();
    let path = format!("/account/{}", stage.address(0));
    assert!(!page(&stage, &path).contains("pruned"));
    stage.restart_after(|folder, network| {
        assert!(prune(folder, &network.genesis, MAP_SEED, 2).unwrap().base.0 > 0);
    });
    let shown = page(&stage, &path);
    assert!(words(&shown).contains("This node pruned its older blocks"), "{shown}");
    assert!(!shown.contains("So much happened"));
}

#[test]
fn what_strangers_write_stays_text() {
    let mut stage = Stage::new();
    let wild = "<script>alert(1)</script><img src=x onerror=alert(1)>\u{202e}\"'&";
    let (params, actor) = (stage.network.params(), Actor::new(0));
    let note = Action::Note(Note::new(wild.as_bytes().to_vec()).unwrap());
    let payment = actor.sign(params, actor.body(params, 0, 500, vec![note]));
    let name = WorkerName { miner: miner_address(), worker: wild.to_owned() };
    stage.node.handle().workers().count(&name, Share::Accepted(Difficulty::ONE));
    stage.node.send(&payment).unwrap();
    let txid = payment.body.txid();
    let mut paths = vec![
        format!("/tx/{txid}"),
        "/mining".to_owned(),
        "/search?q=%3Cscript%3Ealert(1)%3C/script%3E".to_owned(),
    ];
    let unmined = paths.clone();
    for path in &unmined {
        let shown = page(&stage, path);
        assert!(shown.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{path} hides what was written");
    }
    stage.mine(vec![payment]);
    stage.node.wait_for_indexes();
    paths.extend(["/block/1".to_owned(), "/".to_owned(), format!("/account/{}", stage.address(0))]);
    for path in paths {
        let shown = page(&stage, &path);
        assert!(!shown.contains("<script>") && !shown.contains("<img src=x"), "{path} takes it for its own");
    }
}

#[test]
fn whoever_would_rather_have_a_page_is_told_what_is_wrong_on_one() {
    let stage = Stage::new();
    let asks = |path: &str, accept: &str| {
        stage.ask(Request::get(path).header(ACCEPT, accept).body(Body::empty()).unwrap())
    };
    let browser = "text/html,application/xhtml+xml";
    let nothing = asks("/nothing", browser);
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
    assert_framed(&nothing);
    assert_eq!(asks("/nothing", "*/*").code(), "not_found");
    for (path, status, part) in [
        ("/block/999", StatusCode::NOT_FOUND, "the tip is at 0"),
        ("/block/soon", StatusCode::BAD_REQUEST, "expected a height"),
        ("/block/0?from=0", StatusCode::BAD_REQUEST, "the first transaction stands at 1"),
        ("/tx/77", StatusCode::BAD_REQUEST, "txid"),
        ("/account/ctest1qqqq", StatusCode::BAD_REQUEST, "ctest1qqqq"),
        ("/forks/9", StatusCode::NOT_FOUND, "no reorganization"),
        ("/devnet", StatusCode::NOT_IMPLEMENTED, "no devnet"),
    ] {
        let said = asks(path, browser);
        let text = String::from_utf8(said.body.clone()).unwrap();
        assert_eq!(said.status, status, "{path}: {text}");
        assert_framed(&said);
        assert!(words(&text).contains(part), "no `{part}` at {path}: {}", words(&text));
    }
}

#[test]
fn what_is_refused_before_any_page_is_asked_is_told_on_one_to_people_and_in_json_to_programs() {
    let mut stage = Stage::new();
    let asks = |stage: &Stage, visit: &Visit, method: &str, path: &str, accept: &str| {
        let request = Request::builder().method(method).uri(path).header(ACCEPT, accept);
        stage.ask_as(visit, request.body(Body::empty()).unwrap())
    };
    let free = Visit::unlimited();
    let refused = |stage: &Stage, visit: &Visit, method: &str, path: &str, code: &str| {
        let said = asks(stage, visit, method, path, "text/html,*/*;q=0.8");
        assert_framed(&said);
        let told = words(&String::from_utf8(said.body.clone()).unwrap());
        let programs = asks(stage, visit, method, path, "*/*");
        assert_eq!((programs.code().as_str(), programs.status), (code, said.status), "{path}");
        assert!(told.contains("To the tip of the chain"), "{told}");
        (said, told)
    };
    let (said, told) = refused(&stage, &free, "POST", "/blocks", "method_not_allowed");
    assert_eq!(said.header("allow"), "GET,HEAD");
    assert!(told.contains("can only be looked at"), "{told}");
    refused(&stage, &free, "GET", "/assets/0/nothing.js", "not_found");
    refused(&stage, &free, "GET", "/qr/nobody.svg", "bad_address");
    refused(&stage, &free, "GET", "/block/1?from=soon", "bad_value");
    let programs = asks(&stage, &free, "GET", "/v1/blocks/soon", "text/html");
    assert_eq!(programs.code(), "bad_value", "what is for programs stays so");

    stage.behave(&Manners { requests_per_second: NonZeroU32::new(1), ..Manners::default() }, "0.0.0.0:9330");
    let visit = stage.visit("192.0.2.1").unwrap();
    while stage.ask_as(&visit, Request::get("/wallet").body(Body::empty()).unwrap()).status == StatusCode::OK
    {
    }
    let (said, told) = refused(&stage, &visit, "GET", "/", "too_many_requests");
    assert!(said.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert!(told.contains("ask again in"), "{told}");
    assert!(String::from_utf8_lossy(&said.body).contains("data-every=\"5\""), "it asks again by itself");
}

#[test]
fn search_leads_to_what_it_found_and_lists_what_is_alike() {
    let mut stage = Stage::new();
    let block = stage.mine(Vec::new());
    let hash = block.header.hash();
    let leads = |query: &str| {
        let said = stage.get(&format!("/search?q={query}"));
        (said.status, said.headers.get("location").map(|to| to.to_str().unwrap().to_owned()))
    };
    let found = |to: String| (StatusCode::SEE_OTHER, Some(to));
    assert_eq!(leads("1"), found(format!("/block/{hash}")));
    assert_eq!(leads(&hash.to_string()), found(format!("/block/{hash}")));
    assert_eq!(leads(&stage.address(0)), found(format!("/account/{}", stage.address(0))));
    assert_eq!(leads("nobody"), (StatusCode::OK, None));
    assert_eq!(leads(""), (StatusCode::OK, None));
}

#[test]
fn search_leads_to_the_account_that_begins_so_and_lists_several() {
    let mut stage = Stage::new();
    let shown = |address: &str| address[..address.find('1').unwrap() + 4].to_owned();
    let alike =
        [[0x5a; 32], std::array::from_fn(|at| if at < 8 { 0x5a } else { at as u8 })].map(Address::from_bytes);
    let amount = Amount::from_pebbles(100_000_000);
    let pay = |to: Address| Action::Pay { to, amount, reference: Actor::reference("") };
    let (params, payer) = (stage.network.params(), Actor::new(0));
    let payment = payer.sign(params, payer.body(params, 0, 5_000, alike.map(pay).to_vec()));
    stage.mine(vec![payment]);
    stage.node.wait_for_indexes();
    let own = stage.address(0);
    let said = stage.get(&format!("/search?q={}", shown(&own)));
    assert_eq!((said.status, said.header("location")), (StatusCode::SEE_OTHER, &*format!("/account/{own}")));
    let listed = links(&page(&stage, &format!("/search?q={}", shown(&stage.text(&alike[0])))));
    for address in alike {
        assert!(listed.contains(&format!("/account/{}", stage.text(&address))), "{listed:?}");
    }
}

#[test]
fn styles_and_scripts_are_kept_for_ever_under_a_name_that_changes_with_them() {
    let stage = Stage::new();
    let assets: Vec<String> =
        links(&page(&stage, "/")).into_iter().filter(|link| link.starts_with("/assets/")).collect();
    assert_eq!(assets.len(), 3, "an icon, a style, a script: {assets:?}");
    for path in &assets {
        assert!(stage.get(path).header("cache-control").contains("immutable"), "{path}");
        assert!(
            !stage.get(path).header("etag").is_empty(),
            "{path} is not kept, so it is not compressed either"
        );
        let mark = path.split('/').nth(2).unwrap();
        let other = path.replace(mark, "000000000000");
        assert_eq!(stage.get(&other).header("cache-control"), "no-store", "{other}");
    }
    assert_eq!(stage.get("/assets/0/nothing.js").status, StatusCode::NOT_FOUND);
}

#[test]
fn wallet_names_what_its_script_takes_in_and_what_is_told_to_it() {
    let stage = Stage::new();
    let wallet = page(&stage, "/wallet");
    for part in ["keys", "sent", "asked", "drawn", "kept", "followed", "paid"] {
        let named =
            Regex::new(&format!(r#"<link rel="modulepreload" href="(/assets/\w+/{part}\.js)">"#)).unwrap();
        let path = &named.captures(&wallet).unwrap_or_else(|| panic!("no {part}.js in {wallet}"))[1];
        assert_eq!(stage.get(path).header("content-type"), "text/javascript; charset=utf-8");
    }
    assert!(wallet.contains(r#"data-events="block,reorganization,mempool" data-every="60""#), "{wallet}");
}

#[test]
fn pages_and_what_they_are_made_with_are_compressed_for_whoever_takes_that() {
    let stage = Stage::with_history();
    let asks = |path: &str, encodings: &str| {
        stage.ask(Request::get(path).header(ACCEPT_ENCODING, encodings).body(Body::empty()).unwrap())
    };
    let home = page(&stage, "/");
    let made_with = links(&home).into_iter().filter(|link| link.ends_with(".css") || link.ends_with(".js"));
    let fixed = ["/docs", "/openapi.json", "/nothing/of/this/name"].map(str::to_owned);
    let paths: Vec<String> =
        ["/", "/mining"].into_iter().map(str::to_owned).chain(fixed).chain(made_with).collect();
    assert_eq!(paths.len(), 7, "a style and a script: {paths:?}");
    for path in &paths {
        let (plain, short) = (asks(path, "identity"), asks(path, "gzip, br"));
        assert!(plain.headers.get("content-encoding").is_none());
        if path.starts_with("/nothing") {
            assert!(short.headers.get("content-encoding").is_none(), "few bytes stay as they are");
            continue;
        }
        assert_eq!(
            (plain.header("vary"), short.header("vary")),
            ("accept-encoding", "accept-encoding"),
            "{path}"
        );
        assert_eq!(short.header("content-encoding"), "gzip", "{path}");
        let policy = |said: &Said| said.headers.get("content-security-policy").cloned();
        assert_eq!(policy(&short), policy(&plain), "{path}");
        assert!(
            short.body.len() * 2 < plain.body.len(),
            "{path}: {} of {}",
            short.body.len(),
            plain.body.len()
        );
        let mut body = Vec::new();
        GzDecoder::new(&short.body[..]).read_to_end(&mut body).unwrap();
        if !path.starts_with("/mining") && path != "/" {
            assert_eq!(body, plain.body, "{path}");
            assert_eq!(short.tag(), plain.tag());
        }
        assert!(!body.is_empty(), "{path}");
    }
    assert!(asks("/docs", "gzip").header("content-security-policy").starts_with("default-src 'none'"));
    assert_eq!(asks("/docs", "gzip").header("cache-control"), "no-cache");
}

#[test]
fn picture_of_an_address_is_drawn_for_addresses_alone() {
    let stage = Stage::new();
    let said = stage.get(&format!("/qr/{}.svg", stage.address(0)));
    assert_eq!(said.header("content-type"), "image/svg+xml");
    assert!(String::from_utf8(said.body).unwrap().contains("<svg"));
    assert_eq!(stage.get("/qr/whatever.svg").code(), "bad_address");
}

#[test]
fn payment_that_a_reorganization_left_tells_where_it_stood() {
    let (stage, [_, _, waits, _], blocks) = reorganized();
    let shown = page(&stage, &format!("/tx/{}", waits.body.txid()));
    assert!(words(&shown).contains("pending") && words(&shown).contains("which was left"), "{shown}");
    assert!(links(&shown).contains(&format!("/block/{}", blocks[0].header.hash())));
    assert!(links(&shown).iter().any(|link| link.starts_with("/forks/")));
}

#[test]
fn payment_that_was_deep_when_its_block_was_left_tells_where_it_stood() {
    let mut stage = Stage::new();
    let mut other = stage.miner.clone();
    let payment = stage.payment(0, 1, 1000);
    let left = stage.mine(vec![payment.clone()]);
    for _ in 0..5 {
        stage.mine(Vec::new());
    }
    for _ in 0..7 {
        stage.node.submit(&rival(&mut other, Vec::new())).unwrap();
    }
    let shown = page(&stage, &format!("/tx/{}", payment.body.txid()));
    assert!(words(&shown).contains("which was left"), "{shown}");
    assert!(links(&shown).contains(&format!("/block/{}", left.header.hash())));
}

#[test]
fn tree_has_the_branch_that_is_followed_and_the_one_that_was_left_above_it() {
    let (stage, _, blocks) = reorganized();
    let shown = page(&stage, "/forks");
    let knot = |block: &Block| {
        let found = Regex::new(&format!(
            r#"href="/block/{}"[^>]*><ellipse class="knot ([a-z]+)" cx="([0-9]+)" cy="([0-9]+)""#,
            block.header.hash()
        ));
        let found =
            found.unwrap().captures(&shown).unwrap_or_else(|| panic!("a block is not drawn: {shown}"));
        (found[1].to_owned(), found[2].parse::<u32>().unwrap(), found[3].parse::<u32>().unwrap())
    };
    let [left, first, second] = [0, 1, 2].map(|at: usize| knot(&blocks[at]));
    assert_eq!((left.0.as_str(), first.0.as_str(), second.0.as_str()), ("side", "followed", "followed"));
    assert_eq!(left.1, first.1, "both stand at the same height");
    assert!(second.1 > first.1 && left.2 < first.2 && first.2 == second.2);
}

#[test]
fn projection_keeps_an_account_in_its_order_and_fills_what_is_left() {
    let mut file = cairn::testkit::devnet_file(FUNDED);
    // Room for little more than one of these.
    file.block_actions_max = 300;
    let stage = Stage::of(cairn::testkit::Network::from_file(&file, FUNDED));
    let params = stage.network.params();
    let pay = |payer: u32, nonce: u64, actions: usize, fee: u64| {
        let to = Actor::new(3).address();
        let pay = Action::Pay { to, amount: Amount::from_pebbles(1), reference: Actor::reference("") };
        let payer = Actor::new(payer);
        payer.sign(params, payer.body(params, nonce, fee, vec![pay; actions]))
    };
    // The first account's are best, and take a block each; the second's small one fits beside the first of them.
    for transaction in [pay(0, 0, 250, 90_000_000), pay(0, 1, 250, 90_000_000), pay(1, 0, 40, 1_000_000)] {
        stage.node.send(&transaction).unwrap();
    }
    let said = words(&page(&stage, "/mempool"));
    assert!(said.contains("next 2 ") && said.contains("in 2 blocks 1 "), "{said}");
}

#[test]
fn page_of_what_is_not_here_yet_asks_again() {
    let stage = Stage::new();
    let request = || Request::get("/block/77").header(ACCEPT, "text/html").body(Body::empty()).unwrap();
    let said = stage.ask(request());
    assert_eq!((said.status, said.header("cache-control")), (StatusCode::NOT_FOUND, "no-store"));
    assert!(String::from_utf8(said.body).unwrap().contains("data-every=\"5\""), "it is asked for again");
}
