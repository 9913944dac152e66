//! `cairn devnet`: a network on this machine in one command, and orders to it.

mod mine;
mod moments;
mod orders;
mod place;
mod run;
mod screen;
mod span;
mod states;
mod traffic;
mod tui;

use anyhow::Result;
use clap::{Args, Subcommand};

/// What is said before the examples.
const EXAMPLES: &str = "Examples, in a second terminal while `cairn devnet` runs:
  cairn devnet faucet cdev1…                 coins for an address
  cairn devnet mine 10                       ten blocks at once
  cairn devnet mining automine               a block as soon as there is a transaction; manual: only to order
  cairn devnet warp +1d                      a day later, for all nodes
  cairn devnet link 0 1 --delay 200ms --loss 5% --rate 1mbit
  cairn devnet partition '0,1 | 2,3,4'       two networks that cannot hear each other
  cairn devnet heal                          one network again, and one chain
  cairn devnet kill 2                        as a kill would; restart 2 brings it back
  cairn devnet snapshot before               a state of all of it; revert before goes back to it
  cairn devnet reorg --depth 3               a heavier branch, really mined
  cairn devnet load --tps 500 --for 60s      payments, and how long they take
  cairn devnet status                        how all of it is";

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(super) struct Devnet {
    #[command(flatten)]
    run: run::Run,
    #[command(subcommand)]
    order: Option<Order>,
}

#[derive(Subcommand)]
enum Order {
    /// Say how the network is: nodes, links, clock, when blocks come.
    Status(orders::Status),
    /// Make blocks at once.
    ///
    /// It ends with 1 where a node that can be reached has not heard of them in ten seconds; they are made all the same.
    Mine(mine::Mine),
    /// Have blocks come otherwise: interval=SECONDS, automine, poisson=1, manual; with --asert work or manual.
    Mining(mine::Mode),
    /// Put the clock of the chain forward, for all nodes: +30s, +5m, +2h, +1d.
    Warp(orders::Warp),
    /// Hold the clock of the chain where it is.
    Freeze(orders::Plain),
    /// Have the clock run on from where it was held.
    Resume(orders::Plain),
    /// Make the link between two nodes slow, lossy or narrow, both ways; without options as it should be again.
    ///
    /// It ends with 1 where it was cut, is not any more, and does not stand again in ten seconds.
    Link(orders::LinkOrder),
    /// Cut all links between groups of nodes, as in '0,1 | 2,3,4'. Who is named in none is in one group more.
    ///
    /// It ends with 1 where a link within a group that was cut does not stand again in ten seconds.
    Partition(orders::PartitionOrder),
    /// Make all links as they should be.
    ///
    /// It ends with 1 where one does not stand again in ten seconds, or a node has not caught up ten seconds after that.
    Heal(orders::Plain),
    /// End a node as a kill would.
    Kill(orders::OfNode),
    /// Begin a node again that was ended.
    Restart(orders::OfNode),
    /// Save the state of the whole network: chain, pool and peers of every node, who runs, links and clock.
    Snapshot(states::Snapshot),
    /// List the states that were saved.
    Snapshots(states::Snapshots),
    /// Take the whole network back to a state that was saved.
    Revert(states::Revert),
    /// Write the state of the whole network to a file.
    Dump(states::OfFile),
    /// Take the whole network to the state in a file; or, with --tps, send payments and say what became of them.
    Load(states::Load),
    /// Have a node mine a heavier branch, and all others go over to it.
    ///
    /// It ends with 1 where a node that can be reached has not gone over in ten seconds.
    Reorg(states::Reorganize),
    /// Have all nodes leave a block and what stands on it.
    Invalidate(states::OfBlock),
    /// Have all nodes count a block again that they were told to leave.
    Reconsider(states::OfBlock),
    /// Give coins to an address.
    Faucet(orders::Faucet),
}

pub(super) fn run(devnet: &Devnet) -> Result<()> {
    match &devnet.order {
        None => run::run(&devnet.run),
        Some(Order::Status(order)) => order.give(),
        Some(Order::Mine(order)) => order.give(),
        Some(Order::Mining(order)) => order.give(),
        Some(Order::Warp(order)) => order.give(),
        Some(Order::Freeze(order)) => order.clock("freeze"),
        Some(Order::Resume(order)) => order.clock("resume"),
        Some(Order::Link(order)) => order.give(),
        Some(Order::Partition(order)) => order.give(),
        Some(Order::Heal(order)) => order.heal(),
        Some(Order::Kill(order)) => order.give("kill"),
        Some(Order::Restart(order)) => order.give("restart"),
        Some(Order::Snapshot(order)) => order.give(),
        Some(Order::Snapshots(order)) => order.give(),
        Some(Order::Revert(order)) => order.give(),
        Some(Order::Dump(order)) => order.dump(),
        Some(Order::Load(order)) => order.give(),
        Some(Order::Reorg(order)) => order.give(),
        Some(Order::Invalidate(order)) => order.give("invalidate"),
        Some(Order::Reconsider(order)) => order.give("reconsider"),
        Some(Order::Faucet(order)) => order.give(),
    }
}
