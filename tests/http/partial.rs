//! Pages of a node that does not have everything: blocks that were pruned, or are yet to come, or are not looked through.

use axum::body::Body;
use axum::http::header::ACCEPT;
use axum::http::{Request, StatusCode};
use cairn::storage::prune;
use cairn::testkit::MAP_SEED;

use crate::pages::{page, words};
use crate::stage::Stage;

/// A page that is not there: what it says.
fn missing(stage: &Stage, path: &str) -> String {
    let said = stage.ask(Request::get(path).header(ACCEPT, "text/html").body(Body::empty()).unwrap());
    assert_eq!(said.status, StatusCode::NOT_FOUND, "{path}");
    words(&String::from_utf8(said.body).unwrap())
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
