//! How large a network the laboratory runs, how fast, and in how much memory.
//!
//! `CAIRN_BENCH_LAB` says how large: nodes, minutes of virtual time, and payments a second, as in "1000 60 2". With no
//! payments there are no users, and blocks are empty. Without it a small network runs for a few minutes, which shows what
//! an event costs, but not what it costs where a network's memory is larger than a processor's: that takes the whole.

mod support;

use std::sync::Arc;

use cairn::lab::{Ground, GroundOptions, Link, MINUTE, NodeSetup, Strategy, World};
use cairn::protocol::Draws;
use support::{figure, memory_mb, processor_time, timed, yardstick};

/// Names the nodes, minutes and payments a second of the network that runs.
const SIZE_VARIABLE: &str = "CAIRN_BENCH_LAB";
/// Those where nobody names them.
const SIZE: Size = Size { nodes: 200, minutes: 10, payments: 2.0 };

/// Whom each node connects to; as many as a node chooses by itself.
const OUTBOUND: usize = 8;
/// Nodes that mine, each as much as the others.
const MINERS: usize = 50;

/// What runs.
struct Size {
    nodes: usize,
    minutes: u64,
    payments: f64,
}

fn main() {
    yardstick();
    let size = std::env::var(SIZE_VARIABLE).map_or(SIZE, |text| Size::read(&text));
    println!("{} nodes for {} minutes, {} payments/s", size.nodes, size.minutes, size.payments);
    let before = memory_mb("VmRSS");
    let begun = processor_time();
    let mut world = size.world();
    world.run_for(MINUTE);
    let started = processor_time();
    figure("lab start", (started - begun).as_secs_f64(), "s");
    let idle = memory_mb("VmRSS") - before;
    figure("lab memory of a node", 1024.0 * idle / size.nodes as f64, "KiB");
    if size.payments > 0.0 {
        world.set_users(size.payments, world.nodes());
    }
    let (events, messages) = (world.events(), world.record.messages);
    let real = timed(|| world.run_for(size.minutes * MINUTE)).as_secs_f64();
    let took = (processor_time() - started).as_secs_f64();
    let (events, messages) = ((world.events() - events) as f64, (world.record.messages - messages) as f64);
    figure("lab time", took, "s");
    figure("lab real time", real, "s");
    figure("lab speed", size.minutes as f64 * 60.0 / real, "s/s");
    figure("lab events", events, "events");
    figure("lab messages", messages, "messages");
    figure("lab event", took / events * 1e6, "us");
    figure("lab blocks", world.record.found.len() as f64, "blocks");
    figure("lab memory", memory_mb("VmRSS"), "MiB");
    figure("lab memory at most", memory_mb("VmHWM"), "MiB");
    let paid = world.users().map_or(0, |users| users.paid.len());
    if paid > 0 {
        let grown = memory_mb("VmRSS") - before - idle;
        figure("lab payment at a node", took / (paid * size.nodes) as f64 * 1e6, "us");
        figure(
            "lab memory of a payment at a node",
            grown * f64::from(1 << 20) / (paid * size.nodes) as f64,
            "B",
        );
    }
    assert!(world.is_of_one_mind() || world.run_while(MINUTE, |world| !world.is_of_one_mind()), "all agree");
}

impl Size {
    fn read(text: &str) -> Self {
        let numbers: Vec<f64> =
            text.split_whitespace().map(|word| word.parse().expect("three numbers")).collect();
        let [nodes, minutes, payments] = numbers[..] else { panic!("nodes, minutes, payments a second") };
        Self { nodes: nodes as usize, minutes: minutes as u64, payments }
    }

    /// All nodes of it run, and know whom to connect to.
    fn world(&self) -> World {
        let options = GroundOptions { people: 200, ..GroundOptions::default() };
        let mut world = World::new(Arc::new(Ground::new(&options)), 1);
        world.set_usual_link(Link { jitter: 20_000, ..Link::of_millis(50) });
        let mut draws = Draws::of(5);
        for number in 0..self.nodes {
            let others = 0..if number == 0 { 0 } else { OUTBOUND };
            let added = others.map(|_| world.address(draws.place(number)).to_string()).collect();
            let setup = NodeSetup { connects_only: Some(added), is_steady: true, ..NodeSetup::default() };
            let node = world.add(setup);
            world.start(node).expect("an empty store can be opened");
        }
        let miners = MINERS.min(self.nodes);
        for node in 0..miners {
            world.add_miner(node, 1.0 / miners as f64, Strategy::Honest);
        }
        world
    }
}
