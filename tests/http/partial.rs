//! Pages of a node that does not have everything: blocks that were pruned, or are yet to come, or are not looked through.

use axum::body::Body;
use axum::http::header::ACCEPT;
use axum::http::{Request, StatusCode};
use cairn::storage::{StorageError, prune};
use cairn::testkit::{Follower, MAP_SEED, within};
use cairn::types::Header;
use regex::Regex;

use crate::branches::rival;
use crate::pages::{page, words};
use crate::stage::Stage;

/// A page, or the one that says why there is none.
fn shown(stage: &Stage, path: &str) -> (StatusCode, String) {
    let said = stage.ask(Request::get(path).header(ACCEPT, "text/html").body(Body::empty()).unwrap());
    (said.status, String::from_utf8(said.body).unwrap())
}

/// A page that is not there: what it says.
fn missing(stage: &Stage, path: &str) -> String {
    let (status, said) = shown(stage, path);
    assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    words(&said)
}

#[test]
fn what_was_pruned_is_not_said_to_have_never_been() {
    let mut stage = Stage::new();
    let old = stage.payment(0, 1, 1000);
    stage.mine(vec![old.clone()]);
    for _ in 0..4 {
        let newer = stage.payment(2, 3, 1000);
        stage.mine(vec![newer]);
    }
    stage.node.wait_for_indexes();
    let (path, account) = (format!("/tx/{}", old.body.txid()), format!("/account/{}", stage.address(1)));
    let unknown = format!("/tx/{}", "7".repeat(64));
    let never = missing(&stage, &unknown);
    assert!(never.contains("It was never here") && !never.contains("keeps nothing"), "{never}");
    stage.restart_after(|folder, network| {
        assert_eq!(prune(folder, &network.genesis, MAP_SEED, 2).unwrap().base.0, 3);
    });
    stage.node.wait_for_indexes();

    let said = missing(&stage, &path);
    assert!(said.contains("in no block from 4 on; before that this node keeps nothing"), "{said}");
    assert!(said.contains("ask a node that keeps all blocks"), "{said}");
    assert!(!said.contains("never here") && !said.contains("send it again"), "{said}");
    for ask in ["", "/raw", "/proof"] {
        let problem = stage.get(&format!("/v1/transactions/{}{ask}", old.body.txid())).json();
        assert_eq!(problem["code"], "transaction_unknown");
        assert!(problem["advice"].as_str().unwrap().contains("keeps all blocks"), "{problem}");
    }
    let said = words(&page(&stage, &format!("/search?q={}", old.body.txid())));
    assert!(said.contains("Before block 4 this node keeps nothing, and it may be there"), "{said}");
    let said = words(&page(&stage, &account));
    assert!(said.contains("Nothing that this node knows of: before block 4 it keeps nothing"), "{said}");
    assert!(!said.contains("An address exists before"), "{said}");
    let said = words(&page(&stage, &format!("/account/{}", stage.address(2))));
    assert!(said.contains("Before block 4 this node keeps nothing: there may have been more."), "{said}");
}

#[test]
fn account_that_began_with_money_says_with_how_much() {
    let mut stage = Stage::new();
    let account = |stage: &Stage, who: u32| words(&page(stage, &format!("/account/{}", stage.address(who))));
    let began = "It began with 1,000 CRN";
    assert!(account(&stage, 0).contains(&format!("{began}, and nothing has happened since.")));
    let payment = stage.payment(0, 1, 1000);
    stage.mine(vec![payment]);
    stage.node.wait_for_indexes();
    let said = account(&stage, 0);
    assert!(said.contains(&format!("{began}.")) && !said.contains("since."), "{said}");
    assert!(account(&stage, 99).contains("An address exists before anybody has paid it."));
}

/// Has the headers of so many more blocks come, without the rest of them.
fn headers_come(stage: &Stage, from: &mut Follower, count: u32) -> Vec<Header> {
    let mine = |_| rival(from, Vec::new()).header;
    let headers: Vec<Header> = (0..count).map(mine).collect();
    let answers = within("headers", stage.node.handle().submit_headers(headers.clone())).unwrap();
    assert!(answers.iter().all(Result::is_ok));
    headers
}

#[test]
fn block_whose_header_came_first_is_to_come_and_on_no_other_branch() {
    let mut stage = Stage::new();
    let mut other = stage.miner.clone();
    for _ in 0..3 {
        stage.mine(Vec::new());
    }
    let coming = headers_come(&stage, &mut stage.miner.clone(), 2);
    for header in &coming {
        let said = words(&page(&stage, &format!("/block/{}", header.hash())));
        assert!(said.contains("to come It stands above the tip"), "{said}");
        assert!(!said.contains("not followed") && !said.contains("more work"), "{said}");
    }
    let shown = page(&stage, "/forks");
    assert!(shown.contains("Blocks 0 to 5, with 0 branches beside the branch that is followed"), "{shown}");
    assert!(!shown.contains("on another branch") && words(&shown).contains("to come: headers are here"));
    let knot = |hash: String| {
        let found = Regex::new(&format!(
            r#"href="/block/{hash}" aria-label="([^"]*)"><ellipse class="knot ([a-z]+)" cx="[0-9]+" cy="([0-9]+)""#
        ));
        let found =
            found.unwrap().captures(&shown).unwrap_or_else(|| panic!("a block is not drawn: {shown}"));
        [1, 2, 3].map(|part| found[part].to_owned())
    };
    let [label, class, row] = knot(coming[1].hash().to_string());
    assert_eq!((label.as_str(), class.as_str()), ("Block 5, to come: only its header is here", "coming"));
    assert_eq!(row, knot(stage.node.tip().hash.to_string())[2], "it lies on the branch that is followed");

    let aside = headers_come(&stage, &mut other, 2);
    let said = words(&page(&stage, &format!("/block/{}", aside[1].hash())));
    assert!(said.contains("not followed Not all of its branch has come."), "{said}");
    assert!(!said.contains("more work"), "{said}");
    let shown = page(&stage, "/forks");
    assert!(shown.contains("with 1 branch beside") && shown.contains("on another branch, only"), "{shown}");
}

#[test]
fn every_page_says_at_its_top_that_the_node_takes_nothing_in_and_asks_whether_it_still_is_so() {
    let mut stage = Stage::new();
    let payment = stage.payment(0, 1, 1000);
    stage.mine(vec![payment.clone()]);
    stage.node.wait_for_indexes();
    let account = format!("/account/{}", stage.address(0));
    let payment = format!("/tx/{}", payment.body.txid());
    let paths = [
        "/", "/blocks", "/block/1", &payment, &account, "/mempool", "/mining", "/network", "/forks",
        "/wallet",
    ];
    for path in paths {
        let shown = page(&stage, path);
        assert!(
            !shown.contains("takes nothing in") && !shown.contains("data-every=\"0\""),
            "{path}: {shown}"
        );
    }
    stage.node.handle().end_over(&StorageError::Contradiction("the disk makes no sense".to_owned()));
    let top = Regex::new(
        "<h1>[^<]*</h1><p class=\"alarm\"[^>]* role=\"alert\">This node takes nothing in any more: ",
    );
    let (top, every) = (top.unwrap(), Regex::new("data-every=\"([0-9]+)\"").unwrap());
    for path in paths {
        // What is on the disk may not be read any more, and that is told below.
        let (_, shown) = shown(&stage, path);
        assert!(top.is_match(&shown), "{path}: {shown}");
        assert_eq!(shown.matches("the disk makes no sense").count(), 1, "{path}");
        let every = every.captures(&shown).unwrap()[1].to_owned();
        assert!((1..=5).contains(&every.parse().unwrap()), "{path}: {every}");
    }
    assert!(missing(&stage, "/block/99").contains("This node takes nothing in any more"));
}
