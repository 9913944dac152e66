//! Whether everything that a node keeps stays within its bounds.

use super::Violation;
use crate::lab::world::World;
use crate::protocol::Size;

/// Connections that a node may have beyond those that its settings allow: some are on their way out.
const CONNECTIONS_SPARE: usize = 8;
/// Headers that a node may remember beyond the blocks that were found: what strangers made of their own.
const HEADERS_SPARE: usize = 500;
/// What may wait in a node for its processor.
const BACKLOG_MAX: usize = 200;

/// What a node has too much of.
pub(super) fn beyond(world: &World, number: usize) -> Vec<Violation> {
    let node = world.node(number);
    let (Some(clockwork), Some(machine)) = (node.clockwork(), node.machine()) else { return Vec::new() };
    let headers = clockwork.look(|chain, _, _| chain.header_count());
    let connections_max = node.settings.outbound_max
        + node.settings.inbound_max
        + node.settings.added.len()
        + CONNECTIONS_SPARE;
    let [orphans, early] = clockwork.waiting_blocks();
    let own = [
        ("connections", (node.connections(), connections_max)),
        ("headers", (headers, world.record.found.len() + HEADERS_SPARE)),
        ("jobs", (node.backlog(), BACKLOG_MAX)),
        ("orphans", orphans),
        ("blocks from the future", early),
    ];
    let own = own.map(|(what, (count, max))| Size { what, count, max });
    let all = own.into_iter().chain(machine.sizes());
    let beyond = all.filter(|size| size.count > size.max);
    beyond.map(|Size { what, count, max }| Violation::Unbounded { node: number, what, count, max }).collect()
}
