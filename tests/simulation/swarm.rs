//! Networks that seeds draw, and what befalls them.

use std::collections::BTreeSet;
use std::mem::discriminant;
use std::sync::Arc;
use std::thread;

use cairn::lab::strangers::{Harm, Told};
use cairn::lab::{Checkers, Ground, GroundOptions, HOUR, Mix, NodeSetup, Strategy, World, replay, soak};
use cairn::testkit::strategies::cases;
use cairn::types::{Action, Body, Height, Policy};

/// Seeds of a usual run; a long one has a hundred times as many.
const SEEDS: u32 = 300;

#[test]
fn every_network_comes_through_what_befalls_it() {
    let count = u64::from(cases(SEEDS).cases);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut unsound = Vec::new();
    soak(0..count, threads, |outcome| {
        if !outcome.is_sound() {
            unsound.push(outcome);
        }
        true
    });
    for outcome in &unsound {
        println!("cairn lab soak --seed {} --trace story.txt", outcome.seed);
        outcome.violations.iter().for_each(|violation| println!("  {violation}"));
    }
    assert!(unsound.is_empty(), "{} of {count} networks", unsound.len());
}

#[test]
fn same_seed_ends_the_same() {
    for seed in 0..20 {
        assert_eq!(replay(seed, None), replay(seed, None));
    }
}

#[test]
fn seeds_draw_every_kind_of_harm() {
    let drawn: Vec<Harm> =
        (0..u64::from(SEEDS)).flat_map(|seed| Mix::draw(seed).harm).map(|(harm, _)| harm).collect();
    let kinds: BTreeSet<String> = drawn.iter().map(|harm| format!("{:?}", discriminant(harm))).collect();
    assert_eq!(kinds.len(), 11, "{drawn:?}");
    for told in [Told::Nobody, Told::Itself] {
        assert!(drawn.contains(&Harm::Addresses(told)));
    }
}

#[test]
fn seeds_draw_every_way_to_cheat_and_every_place_to_be() {
    let drawn: Vec<Mix> = (0..u64::from(SEEDS)).map(Mix::draw).collect();
    let ways: BTreeSet<String> = drawn
        .iter()
        .flat_map(|mix| &mix.miners)
        .map(|(.., strategy)| format!("{:?}", discriminant(strategy)))
        .collect();
    assert_eq!(ways.len(), 5, "honest, selfish, spending twice, withholding, shifting");
    for mix in &drawn {
        let cheats: Vec<f64> = mix
            .miners
            .iter()
            .filter(|(.., how)| *how != Strategy::Honest)
            .map(|(_, share, _)| *share)
            .collect();
        assert!(cheats.len() <= 1 && cheats.iter().all(|share| *share < 0.5), "{cheats:?}");
    }
    assert!(drawn.iter().any(|mix| !mix.places.is_empty()));
    assert!(drawn.iter().any(|mix| mix.small_pools && mix.nodes.iter().any(|node| node.limits.is_some())));
    assert!(drawn.iter().any(|mix| mix.nodes.iter().any(|node| node.is_hidden)));
}

#[test]
fn people_do_all_that_can_be_done_with_money() {
    let mut world =
        World::new(Arc::new(Ground::new(&GroundOptions { maturity: 2, ..Default::default() })), 1);
    let node = world.add(NodeSetup::default());
    world.start(node).unwrap();
    world.add_miner(node, 1.0, Strategy::Honest);
    world.set_users(1.0, vec![node]);
    world.vary_payments(false);
    world.run_for(HOUR);
    let reader = world.node(node).handle().unwrap().reader();
    let blocks = (1..=reader.tip().height.0).map(|height| reader.header_at(Height(height)).unwrap().hash);
    let blocks: Vec<_> = blocks.map(|hash| reader.block(&hash).unwrap().unwrap()).collect();
    let mined: Vec<&Body> =
        blocks.iter().flat_map(|block| &block.transactions).map(|mined| &mined.body).collect();
    let are = |what: &str, is: &dyn Fn(&Body) -> bool| {
        let count = mined.iter().filter(|body| is(body)).count();
        assert!(count >= 5, "{count} {what} of {}", mined.len());
    };
    let miner = world.miners()[0].recipient;
    are("pay several", &|body| body.actions.len() > 2);
    are("leave words", &|body| body.actions.iter().any(|action| matches!(action, Action::Note(_))));
    are("pay all", &|body| matches!(body.actions.last(), Some(Action::PayAll { .. })));
    are("expire", &|body| body.expiry.is_some());
    are("pay out of contracts", &|body| matches!(body.policy, Policy::Threshold(_)));
    are("pay what was mined", &|body| body.policy.address() == miner);
    let mut checkers = Checkers::new();
    checkers.watch(&world);
    assert_eq!(checkers.violations, []);
}
