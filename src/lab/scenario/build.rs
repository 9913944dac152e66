//! The world that a scenario begins with.

use std::sync::Arc;

use super::Scenario;
use super::form::{Act, Group, Line, Speed, Topology, Ways};
use super::regions::bits;
use crate::lab::clock::SECOND;
use crate::lab::links::{Access, Link};
use crate::lab::world::{NodeSetup, Processor, World};
use crate::lab::{Ground, GroundOptions};
use crate::mempool::Limits;
use crate::protocol::Draws;

/// Nodes that others ask for more first, where they find each other: the first of all.
pub(super) const BOOTSTRAP: usize = 2;
/// Sets what is drawn for a network's shape apart from what is drawn in it.
const SHAPE: u64 = 0x7368_6170_6500;

impl Scenario {
    /// All of them in their places, none of them started.
    pub(super) fn build(&self, seed: u64) -> World {
        let mut world = World::new(Arc::new(Ground::new(&self.ground())), seed);
        let mut draws = Draws::of(seed ^ SHAPE);
        world.set_usual_link(self.link.over(world.usual_link()));
        if let Some(geography) = self.geography {
            world.set_delays(geography.delays());
        }
        let groups: Vec<&Group> =
            self.nodes.iter().flat_map(|group| std::iter::repeat_n(group, group.count)).collect();
        // Addresses follow from numbers, so that who connects to whom can be said before anybody is there.
        let dials = self.dials(groups.len(), &mut draws);
        let mut dialed = vec![0; groups.len()];
        dials.iter().flatten().flatten().for_each(|node| dialed[*node] += 1);
        for (number, group) in groups.iter().enumerate() {
            let node = world.add(self.setup(group, number));
            debug_assert_eq!(node, number);
            let region = group.region.map(super::Region::number);
            let region = region
                .unwrap_or_else(|| self.geography.map_or(0, |geography| geography.region_at(draws.unit())));
            world.set_region(node, region);
            world.set_access(node, self.access(group.line, region));
        }
        for (number, group) in groups.iter().enumerate() {
            let address = |node: &usize| world.address(*node).to_string();
            let firsts = 0..BOOTSTRAP.min(groups.len());
            let asked: Vec<String> =
                firsts.filter(|first| *first != number).map(|first| address(&first)).collect();
            let added: Option<Vec<String>> =
                dials.as_ref().map(|dials| dials[number].iter().map(address).collect());
            let settings = &mut world.node_mut(number).settings;
            // Whoever is connected by the topology stays so, and takes nobody else's place.
            settings.inbound_max += dialed[number];
            match added {
                Some(added) => (settings.discovers, settings.added) = (false, added),
                None => settings.bootstrap = asked,
            }
            settings.outbound_max = group.outbound_max.unwrap_or(settings.outbound_max);
        }
        world
    }

    pub(super) fn ground(&self) -> GroundOptions {
        let usual = GroundOptions::default();
        let seconds = |span: super::Span| u32::try_from(span.0 / SECOND).unwrap_or(u32::MAX);
        GroundOptions {
            people: self.chain.people.unwrap_or(usual.people),
            spacing: self.chain.spacing.map_or(usual.spacing, seconds),
            adjusts: self.chain.adjusts,
            lab: self.chain.lab,
            maturity: self.chain.maturity.unwrap_or(usual.maturity),
            future_drift: self.chain.future_drift.map_or(usual.future_drift, seconds),
        }
    }

    fn setup(&self, group: &Group, number: usize) -> NodeSetup {
        let loses_power = |act: &Act| match act {
            Act::LosePower(who) => self.numbers(who).is_some_and(|numbers| numbers.contains(&number)),
            _ => false,
        };
        let processor = match group.processor {
            Speed::Ideal => Processor::IDEAL,
            Speed::Usual => Processor::USUAL,
            Speed::Slower(times) => Processor::USUAL.slower(times.min(1_000_000)),
        };
        let limits = group.pool_bytes_max.map(|bytes_max| {
            let usual = Limits::DEFAULT;
            Limits { bytes_max, waiting_bytes_max: usual.waiting_bytes_max.min(bytes_max / 2), ..usual }
        });
        NodeSetup {
            stem: group.stem,
            is_hidden: group.hidden,
            processor: Some(processor),
            is_steady: !self.events.iter().any(|event| loses_power(&event.what)),
            limits,
            ..NodeSetup::default()
        }
    }

    fn access(&self, line: Line, region: u8) -> Access {
        match line {
            Line::Ideal => Access::default(),
            Line::Server => bits(1_000_000_000, 1_000_000_000),
            Line::Fibre => bits(100_000_000, 100_000_000),
            Line::Home => bits(10_000_000, 40_000_000),
            Line::Mobile => bits(2_000_000, 10_000_000),
            Line::Measured => {
                self.geography.map_or_else(Access::default, |geography| geography.access(region))
            }
            Line::Bits { up, down } => bits(up, down),
        }
    }

    /// Whom each node dials; nothing where they find each other.
    fn dials(&self, count: usize, draws: &mut Draws) -> Option<Vec<Vec<usize>>> {
        let mut dials = vec![Vec::new(); count];
        match self.topology {
            Topology::Discovered => return None,
            Topology::Line => (1..count).for_each(|node| dials[node].push(node - 1)),
            Topology::Ring => {
                (1..count).for_each(|node| dials[node].push(node - 1));
                if count > 2 {
                    dials[0].push(count - 1);
                }
            }
            Topology::Complete => (1..count).for_each(|node| dials[node].extend(0..node)),
            Topology::Random { degree } => {
                // A ring in any order holds it in one piece; the rest is drawn.
                let mut order: Vec<usize> = (0..count).collect();
                (1..count).for_each(|at| order.swap(at, draws.place(at + 1)));
                (0..count).for_each(|at| dials[order[at]].push(order[(at + 1) % count]));
                let wanted = count * degree / 2;
                let (mut edges, mut tries) = (count, 0);
                while edges < wanted && tries < 100 * wanted {
                    tries += 1;
                    let (from, to) = (draws.place(count), draws.place(count));
                    if from != to && !dials[from].contains(&to) && !dials[to].contains(&from) {
                        dials[from].push(to);
                        edges += 1;
                    }
                }
            }
        }
        Some(dials)
    }
}

impl Ways {
    /// A way that was like this, with what is said of it.
    pub(super) fn over(&self, was: Link) -> Link {
        let millionths = |share: f64| (share * 1e6).round() as u32;
        Link {
            delay: self.delay.map_or(was.delay, |delay| delay.0),
            jitter: self.jitter.map_or(was.jitter, |jitter| jitter.0),
            loss: self.loss.map_or(was.loss, millionths),
            reorder: self.reorder.map_or(was.reorder, millionths),
        }
    }
}
