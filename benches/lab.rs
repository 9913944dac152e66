//! How large a network the laboratory runs, how fast, and in how much memory.

use std::sync::Arc;
use std::time::Instant;

use cairn::lab::{Access, Ground, GroundOptions, HOUR, Link, MINUTE, NodeSetup, SECOND, Strategy, World};

fn main() {
    let args: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let (nodes, minutes, rate) = (
        args.first().copied().unwrap_or(100),
        args.get(1).copied().unwrap_or(60),
        args.get(2).copied().unwrap_or(2),
    );
    let ground = Arc::new(Ground::new(&GroundOptions { people: 200, ..GroundOptions::default() }));
    let mut world = World::new(ground, 1);
    world.set_usual_link(Link { jitter: 20_000, ..Link::of_millis(50) });
    let begun = Instant::now();
    let mut draws = cairn::protocol::Draws::of(5);
    for number in 0..nodes {
        let added = (0..8)
            .filter(|_| number > 0)
            .map(|_| world.address(draws.place(number.max(1))).to_string())
            .collect();
        let node =
            world.add(NodeSetup { connects_only: Some(added), is_steady: true, ..NodeSetup::default() });
        world.start(node).unwrap();
    }
    println!("started after {:?}", begun.elapsed());
    memory();
    for n in 0..nodes.min(50) {
        world.add_miner(n, 1.0 / 50f64.min(nodes as f64), Strategy::Honest);
    }
    world.run_for(MINUTE);
    println!(
        "a minute after {:?}: {} events {} messages",
        begun.elapsed(),
        world.events(),
        world.record.messages
    );
    memory();
    world.set_users(rate as f64, world.nodes());
    for m in 1..=minutes {
        world.run_for(MINUTE);
        if m % 10 == 0 {
            println!(
                "{m} minutes after {:?}: {} events {} messages {} blocks",
                begun.elapsed(),
                world.events(),
                world.record.messages,
                world.record.found.len()
            );
            memory();
        }
    }
    println!("one mind {}", world.is_of_one_mind());
}

fn memory() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    for line in status.lines().filter(|l| l.starts_with("VmRSS") || l.starts_with("VmHWM")) {
        print!("  {line}");
    }
    println!();
}
