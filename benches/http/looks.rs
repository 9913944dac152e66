//! What people cost who look at pages: each page, as browsers ask for it, beside a server that only says one thing.

use std::path::Path;
use std::thread;
use std::time::Duration;

use cairn::consensus::Genesis;
use cairn::testkit::Actor;

use super::load::{Answered, Asked};
use super::support::{figure, processor_time, ratio};
use super::{Bare, Stage, TURNS, grow};

/// Processor time of this process for one answer, in the middle one of some turns.
fn each(mut turn: impl FnMut() -> Answered) -> f64 {
    let mut costs: Vec<f64> = (0..TURNS)
        .map(|_| {
            let before = processor_time();
            let requests = turn().requests;
            processor_time().saturating_sub(before).as_secs_f64() * 1e6 / requests as f64
        })
        .collect();
    costs.sort_by(f64::total_cmp);
    costs[TURNS / 2]
}

/// All pages of a node with a chain of full blocks.
pub fn looks(genesis: &Genesis, folder: &Path) {
    let stage = Stage::new(genesis, folder);
    grow(genesis, &stage.handle());
    let payer = Actor::new(0).address();
    // Until what happened to an account is indexed.
    while stage.handle().reader().history(&payer, None, 1).is_err() {
        thread::sleep(Duration::from_millis(20));
    }
    let tip = stage.handle().reader().tip();
    let block = stage.handle().reader().block(&tip.hash).expect("a disk").expect("its body");
    let txid = block.transactions[0].body.txid();
    let account = payer.to_text(&genesis.params().prefix);
    let bare = Bare::start(stage.runtime());
    let bare = each(|| bare.answered(1));
    figure("bare_processor", bare, "us");
    let pages = [
        ("home", "/".to_owned()),
        ("blocks", "/blocks".to_owned()),
        ("block", format!("/block/{}", tip.height)),
        ("transaction", format!("/tx/{txid}")),
        ("account", format!("/account/{account}")),
        ("mempool", "/mempool".to_owned()),
        ("mining", "/mining".to_owned()),
        ("forks", "/forks".to_owned()),
        ("search", "/search?q=nobody".to_owned()),
        ("wallet", "/wallet".to_owned()),
    ];
    for (name, path) in pages {
        for (way, asked) in [("plain", Asked::path(&path)), ("compressed", Asked::compressed(&path))] {
            let cost = each(|| stage.ask(1, std::slice::from_ref(&asked)));
            figure(&format!("page_{name}_{way}_processor"), cost, "us");
            ratio(&format!("page_{name}_{way}_over_bare"), cost / bare, "a server that says one thing");
        }
    }
    stage.end();
}
