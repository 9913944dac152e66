//! One who means harm among a few honest nodes: what it gets is nothing.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use cairn::lab::strangers::{
    AddressPoisoner, BlockFlaw, Deeds, DoubleSpender, EclipsePlan, HeaderFlood, HeaderKind, InvalidBlocks,
    InvalidTransactions, Liar, Lie, Mischief, OrphanFlood, Told, TransactionFlaw, Villain, Withholder,
    WrongClock,
};
use cairn::lab::{
    Checkers, CrashKind, Ground, GroundOptions, HOUR, Link, MINUTE, NodeSetup, SECOND, Strategy, World,
};
use cairn::protocol::Farewell;
use cairn::types::{BlockHash, Height};

const NODES: usize = 5;
/// What waits for a block at most: what people pay in some minutes.
const POOL_MAX: usize = 200;
/// What waits for an earlier nonce at most, of each of the people.
const WAITING_EACH_MAX: usize = cairn::mempool::Limits::DEFAULT.account_waiting_max;

/// Five nodes that find each other and mine; people pay through all of them.
fn honest(seed: u64) -> World {
    honest_on(&GroundOptions::default(), seed)
}

fn honest_on(ground: &GroundOptions, seed: u64) -> World {
    let mut world = World::new(Arc::new(Ground::new(ground)), seed);
    for number in 0..NODES {
        let bootstrap = if number == 0 { Vec::new() } else { vec![world.address(0).to_string()] };
        let node = world.add(NodeSetup { bootstrap, is_steady: true, ..NodeSetup::default() });
        world.start(node).unwrap();
    }
    for node in world.nodes() {
        world.add_miner(node, 1.0 / NODES as f64, Strategy::Honest);
    }
    world.set_users(0.1, world.nodes());
    world.run_for(2 * MINUTE);
    world
}

/// Lets somebody come who connects to all nodes; says who it is and where to look what it does.
fn let_in<M: Mischief + 'static>(world: &mut World, mischief: M) -> (usize, Rc<RefCell<Deeds>>) {
    let targets: Vec<_> = world.nodes().into_iter().map(|node| (node, world.address(node))).collect();
    let villain = Villain::new(mischief, &targets);
    let deeds = villain.deeds();
    (world.add_stranger(Box::new(villain)), deeds)
}

/// What nodes hold, at most, while it goes on.
#[derive(Clone, Copy, Debug, Default)]
struct Peaks {
    backlog: usize,
    headers: usize,
    pool: usize,
    known: usize,
    connections: usize,
}

fn watch(world: &mut World, micros: u64) -> Peaks {
    let mut peaks = Peaks::default();
    for _ in 0..micros / (10 * SECOND) {
        world.run_for(10 * SECOND);
        for number in world.running() {
            let node = world.node(number);
            let (headers, pool) =
                node.handle().unwrap().look(|chain, pool| (chain.header_count(), pool.len()));
            peaks.backlog = peaks.backlog.max(node.backlog());
            peaks.headers = peaks.headers.max(headers);
            peaks.pool = peaks.pool.max(pool);
            peaks.known = peaks.known.max(node.machine().unwrap().book().len());
            peaks.connections = peaks.connections.max(node.connections());
        }
    }
    peaks
}

/// The blocks that a node follows, lowest first, without genesis.
fn branch(world: &World, node: usize) -> Vec<BlockHash> {
    let reader = world.node(node).handle().unwrap().reader();
    (1..=reader.tip().height.0).map(|height| reader.header_at(Height(height)).unwrap().hash).collect()
}

/// What came of an hour.
struct Outcome {
    peaks: Peaks,
    deeds: Deeds,
    /// On which of the nodes it was punished.
    punished: usize,
}

/// Lets honest nodes go on for an hour with somebody among them, and checks what nobody may bring about.
fn endures<M: Mischief + 'static>(seed: u64, mischief: M) -> Outcome {
    let outcome = endures_with_pool(seed, mischief);
    assert!(outcome.peaks.pool < POOL_MAX, "{:?}", outcome.peaks);
    outcome
}

/// The same, where more waits in the pools than people pay.
fn endures_with_pool<M: Mischief + 'static>(seed: u64, mischief: M) -> Outcome {
    let mut world = honest(seed);
    let (stranger, deeds) = let_in(&mut world, mischief);
    let (outcome, _) = go_on(world, stranger, &deeds);
    outcome
}

fn go_on(mut world: World, stranger: usize, deeds: &Rc<RefCell<Deeds>>) -> (Outcome, World) {
    let nodes = world.nodes();
    let pairs: Vec<(usize, usize)> = nodes
        .iter()
        .flat_map(|a| nodes.iter().map(move |b| (*a, *b)))
        .filter(|(a, b)| a < b && world.connections(*a, *b) > 0)
        .collect();
    let before = world.record.found.len();
    let peaks = watch(&mut world, HOUR);
    let found = world.record.found.len() - before;
    // Sixty are meant to come, and eight more or less are usual.
    assert!((30..=95).contains(&found), "{found} blocks in an hour");
    (0..NODES).for_each(|miner| world.set_share(miner, 0.0));
    world.set_users(0.0, nodes.clone());
    world.run_for(2 * MINUTE);
    assert!(world.is_of_one_mind(), "{:?}", nodes.iter().map(|node| world.tip(*node)).collect::<Vec<_>>());
    // Nothing that a stranger made is followed, among much else.
    let mut checkers = Checkers::new();
    checkers.watch(&world);
    assert_eq!(checkers.violations, []);
    // Next to nothing is lost.
    let branch = branch(&world, 0);
    let all = world.record.found.len();
    assert!(branch.len() + 6 >= all, "{} of {all} blocks are followed", branch.len());
    let address = world.address(stranger);
    let mut punished = 0;
    for node in &nodes {
        let node = world.node(*node);
        assert_eq!(node.stopped, None);
        let (its, others): (Vec<_>, Vec<_>) =
            node.punished.iter().partition(|(other, _)| other.ip() == address.ip());
        assert!(others.is_empty(), "an honest node was punished: {others:?}");
        punished += usize::from(its.iter().any(|(_, why)| matches!(why, Farewell::Misbehaved(_))));
    }
    // Those who were connected before it came still are.
    assert!(pairs.len() >= NODES - 1);
    for (a, b) in pairs {
        assert_eq!(world.connections(a, b), 1, "{a} and {b}");
    }
    // Who paid was served: all but what came last is in a block.
    let users = world.users().unwrap();
    let admitted = users.paid.iter().filter(|paid| paid.admitted.is_some()).count();
    assert!(admitted > 250 && users.refused <= 10, "{admitted} admitted, {} refused", users.refused);
    assert!(peaks.backlog < 100 && peaks.connections <= 117, "{peaks:?}");
    assert!(peaks.headers <= all + 150, "{peaks:?} where there are {all} blocks");
    let deeds = *deeds.borrow();
    assert!(deeds.met >= NODES as u64 && deeds.acted > 0, "{deeds:?}");
    println!("{peaks:?} {deeds:?} punished by {punished}");
    (Outcome { peaks, deeds, punished }, world)
}

fn flood(kind: HeaderKind, messages: usize) -> HeaderFlood {
    HeaderFlood { kind, messages, model: 0 }
}

#[test]
fn nobody_is_the_worse_for_one_who_does_nothing() {
    struct Idle;
    impl Mischief for Idle {}
    let outcome = endures(1, Idle);
    assert_eq!((outcome.punished, outcome.deeds.greeted), (0, NODES));
}

#[test]
fn headers_from_nowhere_are_forgotten() {
    let outcome = endures(2, flood(HeaderKind::FromNowhere, 20));
    assert!(outcome.peaks.headers < 150, "{:?}", outcome.peaks);
}

#[test]
fn headers_that_are_too_easy_end_it_at_once() {
    let outcome = endures(3, flood(HeaderKind::TooEasy, 1));
    assert_eq!((outcome.punished, outcome.deeds.acted), (NODES, 1));
    assert_eq!(outcome.deeds.greeted, 0, "it is banned for longer than this hour");
}

#[test]
fn headers_for_which_nobody_asked_end_it_soon() {
    let outcome = endures(4, flood(HeaderKind::Unasked, 1));
    assert_eq!((outcome.punished, outcome.deeds.greeted), (NODES, 0));
    assert!(outcome.deeds.acted < 30, "{:?}", outcome.deeds);
}

#[test]
fn old_headers_bother_nobody() {
    endures(5, flood(HeaderKind::Old, 20));
}

#[test]
fn blocks_whose_parents_nobody_has_are_forgotten() {
    let outcome = endures(6, OrphanFlood::new(10, 0));
    assert!(outcome.peaks.headers < 150, "{:?}", outcome.peaks);
    assert!(outcome.deeds.acted > 3_000, "it goes on for all of the hour: {:?}", outcome.deeds);
}

const FLAWS: [BlockFlaw; 8] = [
    BlockFlaw::Signature,
    BlockFlaw::DoubleSpend,
    BlockFlaw::NoMoney,
    BlockFlaw::State,
    BlockFlaw::Reward,
    BlockFlaw::Height,
    BlockFlaw::OtherBody,
    BlockFlaw::NonceGap,
];

#[test]
fn blocks_that_break_a_rule_are_followed_by_nobody_when_they_are_pushed() {
    for (seed, flaw) in (10..).zip(FLAWS) {
        let outcome = endures(seed, InvalidBlocks::pushed(flaw, 0));
        // Who pushes a block vouches for its header alone; but a body that is not the header's is its sender's own.
        let expected = if flaw == BlockFlaw::OtherBody { NODES } else { 0 };
        assert_eq!(outcome.punished, expected, "{flaw:?}");
    }
}

#[test]
fn who_has_a_branch_that_breaks_a_rule_is_banned() {
    for (seed, flaw) in (20..).zip(FLAWS) {
        let outcome = endures(seed, InvalidBlocks::caught_up(flaw, 0));
        assert_eq!((outcome.punished, outcome.deeds.greeted), (NODES, 0), "{flaw:?}");
    }
}

#[test]
fn transactions_that_no_tip_could_make_good_end_it() {
    for (seed, flaw) in
        (30..).zip([TransactionFlaw::Signature, TransactionFlaw::OtherChain, TransactionFlaw::Garbage])
    {
        let outcome = endures(seed, InvalidTransactions::new(flaw, 2, 0));
        assert_eq!((outcome.punished, outcome.deeds.greeted), (NODES, 0), "{flaw:?}");
    }
}

#[test]
fn transactions_that_another_tip_could_make_good_are_refused_and_nothing_else() {
    for (seed, flaw) in (40..).zip([TransactionFlaw::NoMoney, TransactionFlaw::OldNonce]) {
        let outcome = endures(seed, InvalidTransactions::new(flaw, 2, 0));
        assert_eq!(outcome.punished, 0, "{flaw:?}");
    }
}

#[test]
fn transactions_that_leave_out_nonces_wait_and_only_so_many() {
    let outcome = endures_with_pool(42, InvalidTransactions::new(TransactionFlaw::NonceGap, 2, 0));
    let people = GroundOptions::default().people as usize;
    assert!(outcome.peaks.pool < POOL_MAX + people * WAITING_EACH_MAX, "{:?}", outcome.peaks);
    assert!(outcome.peaks.pool > POOL_MAX, "they do wait: {:?}", outcome.peaks);
    assert_eq!(outcome.punished, 0);
}

#[test]
fn who_claims_much_and_shows_nothing_holds_up_nobody() {
    for (seed, lie) in (50..).zip([Lie::Stalls, Lie::Empty, Lie::NoBodies, Lie::OtherBodies]) {
        let world = honest(seed);
        catches_up(world, lie);
    }
}

/// Somebody new catches up although a liar was there first.
fn catches_up(mut world: World, lie: Lie) {
    world.run_for(30 * MINUTE);
    let bootstrap = vec![world.address(0).to_string()];
    let late = world.add(NodeSetup { bootstrap, is_steady: true, ..NodeSetup::default() });
    world.start(late).unwrap();
    let (liar, _) = let_in(&mut world, Liar::new(lie, 0));
    assert!(
        world.run_while(5 * MINUTE, |world| world.tip(late) != world.tip(0)),
        "{lie:?} keeps {late} at {:?}",
        world.node(late).handle().unwrap().reader().tip().height
    );
    world.run_for(30 * MINUTE);
    let address = world.address(liar);
    for node in world.nodes() {
        let others = world.node(node).punished.iter().filter(|(other, _)| other.ip() != address.ip());
        assert_eq!(others.count(), 0, "{lie:?}: {node} punished an honest node");
    }
    (0..NODES).for_each(|miner| world.set_share(miner, 0.0));
    world.run_for(2 * MINUTE);
    assert!(world.is_of_one_mind(), "{lie:?}");
}

#[test]
fn word_of_missing_blocks_for_which_nobody_asked_ends_it() {
    let outcome = endures(60, Liar::new(Lie::WrongMissing, 0));
    assert_eq!((outcome.punished, outcome.deeds.greeted), (NODES, 0));
}

#[test]
fn header_whose_body_is_kept_back_costs_only_whoever_found_it() {
    let liar = Liar::new(Lie::Hides(200), 0);
    let hidden = liar.hidden();
    endures(61, liar);
    assert!(hidden.get() >= 4, "it found {}", hidden.get());
}

#[test]
fn who_announces_first_and_hands_over_nothing_delays_next_to_no_block() {
    for (seed, is_named) in [(62, false), (63, true)] {
        let mut world = honest(seed);
        let (stranger, deeds) = let_in(&mut world, Withholder::new(is_named));
        for node in world.nodes() {
            // It is nearer to all than they are to each other.
            world.set_link(stranger, node, Link::of_millis(1));
            world.set_link(node, stranger, Link::of_millis(1));
        }
        let (_, world) = go_on(world, stranger, &deeds);
        let delays = world.record.found.iter().filter_map(|hash| {
            let story = world.record.block(hash)?;
            story.seen.iter().map(|(_, at)| at - story.found).max()
        });
        let (slow, all): (Vec<u64>, Vec<u64>) =
            (delays.clone().filter(|took| *took > SECOND).collect(), delays.collect());
        println!(
            "named: {is_named}: {} of {} blocks took more than a second: {slow:?}",
            slow.len(),
            all.len()
        );
        assert!(slow.len() * 5 < all.len(), "{slow:?} of {}", all.len());
    }
}

#[test]
fn hellos_with_wrong_times_move_nobody() {
    for (seed, seconds) in [(64, 1_000_000), (65, -1_000_000)] {
        let outcome = endures(seed, WrongClock { seconds });
        assert_eq!(outcome.punished, 0);
    }
}

/// What a chain looks like on which one miner's times are so many seconds off, after two hours.
#[derive(Debug)]
struct Shifted {
    /// Of the blocks that are followed, how many are that miner's, in a hundred.
    percent: usize,
    /// By how many seconds the median of times was behind when a block was found, on average, at least and at most.
    lag: [i64; 3],
    /// By how many seconds effective time is behind in the end.
    effective_lag: i64,
    /// How many hashes a block takes in the end, in hundredths of what the first one took.
    difficulty: u64,
}

/// A fifth of all hashes is a miner's whose times are off.
fn shifted(seed: u64, adjusts: bool, seconds: i32) -> Shifted {
    let mut world = honest_on(&GroundOptions { adjusts, ..GroundOptions::default() }, seed);
    let shifter = world.add_miner(0, 0.25, Strategy::Shifting(seconds));
    world.run_for(2 * HOUR);
    (0..=NODES).for_each(|miner| world.set_share(miner, 0.0));
    // What was early for everybody has come by then.
    world.run_for(2 * HOUR);
    assert!(world.is_of_one_mind(), "{seconds}");
    for node in world.nodes() {
        assert!(world.node(node).punished.is_empty(), "{:?}", world.node(node).punished);
    }
    let branch = branch(&world, 0);
    let story = |hash: &BlockHash| world.record.block(hash).unwrap();
    let theirs = branch.iter().filter(|hash| story(hash).miner == shifter).count();
    let begin = i64::from(world.ground().begin().0);
    world.node(0).handle().unwrap().look(|chain, _| {
        let found = |hash| (story(hash).found / SECOND).cast_signed();
        // The first few have next to nothing below them.
        let lags: Vec<i64> = (branch.iter().skip(20))
            .map(|hash| found(hash) + begin - i64::from(chain.entry(hash).unwrap().median_time.0))
            .collect();
        let mean = lags.iter().sum::<i64>() / lags.len().cast_signed() as i64;
        let tip = chain.tip();
        let hashes = |bits| cairn::types::Target::from_bits(bits).unwrap().work().number();
        let context = chain.context_above(&tip.hash).unwrap();
        let hundredfold = f64::from(hashes(context.bits)) * 100.0;
        Shifted {
            percent: 100 * theirs / branch.len(),
            lag: [mean, *lags.iter().min().unwrap(), *lags.iter().max().unwrap()],
            effective_lag: found(&tip.hash) - tip.effective_time.0 as i64,
            difficulty: (hundredfold / f64::from(hashes(world.ground().params().genesis_bits))) as u64,
        }
    })
}

#[test]
fn blocks_from_the_future_wait_and_blocks_from_the_past_move_the_median_only_so_far() {
    for adjusts in [false, true] {
        let [right, ahead, far_ahead, behind] = [0, 300, 3_600, -3_600].map(|seconds| {
            let runs = [66, 67, 68].map(|seed| shifted(seed, adjusts, seconds));
            println!("{seconds} seconds, adjusts: {adjusts}: {runs:#?}");
            for run in &runs {
                // Its blocks count like any other's; but those for which it is too early are late when their time has come.
                let percent = if seconds > 600 { 0..1 } else { 12..30 };
                assert!(percent.contains(&run.percent), "{seconds}: {run:?}");
                // Neither the median nor effective time leaves the true one by more than the blocks of a bad quarter of an hour.
                assert!(run.lag[1] > -300 && run.lag[2] < 1_300, "{seconds}: {run:?}");
                assert!((-120..900).contains(&run.effective_lag), "{seconds}: {run:?}");
                let usual = if adjusts { 80..140 } else { 100..101 };
                assert!(usual.contains(&run.difficulty), "{seconds}: {run:?}");
            }
            let mean = |of: fn(&Shifted) -> i64| runs.iter().map(of).sum::<i64>() / 3;
            (mean(|run| run.lag[0]), mean(|run| run.difficulty.cast_signed()))
        });
        // A fifth of all times is two of eleven: the median is another one of them, about a block away.
        assert!((right.0 - 120..right.0).contains(&ahead.0), "{right:?} {ahead:?}");
        assert!((right.0 + 1..right.0 + 180).contains(&behind.0), "{right:?} {behind:?}");
        // Where a miner's blocks do not count, there are four for five.
        assert!((right.0..right.0 + 120).contains(&far_ahead.0), "{right:?} {far_ahead:?}");
        for shifted in [ahead, behind] {
            assert!((right.1 - shifted.1).abs() < 15, "difficulty is moved: {right:?} {shifted:?}");
        }
        assert!(
            (90..=110).contains(&far_ahead.1),
            "hashes that come to nothing count as none: {far_ahead:?}"
        );
    }
}

#[test]
fn addresses_without_end_fill_little_of_a_book() {
    for (seed, told) in [(70, Told::Nobody), (71, Told::Itself)] {
        let outcome = endures(seed, AddressPoisoner { told, addresses: 10 });
        // One in ten seconds is believed, and places are few for each who tells.
        assert!(outcome.peaks.known < 500, "{:?}", outcome.peaks);
    }
    let outcome = endures(72, AddressPoisoner { told: Told::Nobody, addresses: 250 });
    assert_eq!(outcome.punished, NODES, "too many at once, again and again");
}

/// Of the connections that a victim makes after a restart, how many lead to attackers in so many groups.
fn eclipse(seed: u64, groups: usize, end: CrashKind) -> (usize, usize, World) {
    let mut world = honest(seed);
    for _ in 0..12 {
        let bootstrap = vec![world.address(0).to_string()];
        let node = world.add(NodeSetup { bootstrap, is_steady: true, ..NodeSetup::default() });
        world.start(node).unwrap();
    }
    world.run_for(10 * MINUTE);
    let plan = EclipsePlan { victim: 3, attackers: 130, groups };
    let attackers = plan.begin(&mut world);
    world.run_for(HOUR);
    let inbound = world.node(3).connections();
    world.end(3, end);
    world.run_for(30 * SECOND);
    world.start(3).unwrap();
    world.run_for(10 * MINUTE);
    let (outbound, theirs) = plan.outbound(&world, &attackers);
    println!(
        "{groups} groups, {end:?}: {theirs} of {outbound} connections; {inbound} were there before the restart"
    );
    (outbound, theirs, world)
}

#[test]
fn victim_keeps_its_chosen_peers_through_an_eclipse_attempt() {
    use CrashKind::{Killed, Stopped};
    let mut stopped = 0;
    let cases = [(80, 2), (81, 20), (82, 130), (83, 130)];
    for ((seed, groups), end) in cases.into_iter().flat_map(|case| [(case, Stopped), (case, Killed)]) {
        let (outbound, theirs, mut world) = eclipse(seed, groups, end);
        match end {
            Stopped => stopped = theirs,
            _ => assert!(theirs <= stopped, "one that was killed comes back to whom it knew, too"),
        }
        assert!(theirs <= groups, "no two connections lead to one group");
        assert!(outbound > theirs, "{theirs} of {outbound} of its connections are the attackers'");
        (0..NODES).for_each(|miner| world.set_share(miner, 0.0));
        world.run_for(2 * MINUTE);
        assert!(world.is_of_one_mind());
        for node in world.nodes() {
            assert!(world.node(node).punished.is_empty(), "{:?}", world.node(node).punished);
        }
    }
}

#[test]
fn money_that_is_paid_to_two_reaches_one_of_them() {
    let mut world = honest(90);
    let spender = DoubleSpender::new(0);
    let spent = spender.spent();
    let (stranger, deeds) = let_in(&mut world, spender);
    let (_, world) = go_on(world, stranger, &deeds);
    let spent = spent.borrow();
    assert!(spent.len() > 100);
    let mut outcomes = [0; 3];
    for (paid, back) in spent.iter() {
        let mined: Vec<Vec<bool>> = world
            .nodes()
            .into_iter()
            .map(|node| {
                let reader = world.node(node).handle().unwrap().reader();
                [paid, back].map(|txid| reader.transaction(txid).unwrap().is_some()).to_vec()
            })
            .collect();
        assert!(mined.windows(2).all(|pair| pair[0] == pair[1]), "all agree");
        match mined[0][..] {
            [true, true] => panic!("{paid} and {back} are both in the chain"),
            [true, false] => outcomes[0] += 1,
            [false, true] => outcomes[1] += 1,
            _ => outcomes[2] += 1,
        }
    }
    println!("{} paid, {} back, {} neither", outcomes[0], outcomes[1], outcomes[2]);
    assert!(outcomes[0] > 10 && outcomes[1] > 10, "each wins sometimes: {outcomes:?}");
}
