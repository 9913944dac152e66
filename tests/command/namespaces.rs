//! `cairn node` on machines of their own, as far as network namespaces are that: each with its own loopback and the usual
//! ports, on cables that can be pulled.
//!
//! They need root and `ip`; where these are not to be had nothing is tested here, and `./test` says so.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use cairn::testkit::{Actor, devnet_file};

use super::stage::{CAIRN, Folder, PATIENCE, Running};

const MACHINES: usize = 3;

/// Machines on one switch. They are gone when this is.
struct Network {
    name: String,
}

fn ip(arguments: &[&str]) -> bool {
    let status = Command::new("ip").args(arguments).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

impl Network {
    /// Nothing where there can be none.
    fn new() -> Option<Self> {
        let network = Self { name: format!("cairn-{}", std::process::id()) };
        let switch = network.switch();
        let mut is_made = ip(&["netns", "add", &switch])
            && ip(&["-n", &switch, "link", "add", "name", "br0", "type", "bridge"])
            && ip(&["-n", &switch, "link", "set", "br0", "up"]);
        for number in 1..=MACHINES {
            let (machine, port) = (network.machine(number), format!("port{number}"));
            let address = format!("{}/24", address(number));
            let cable =
                ["link", "add", "name", &port, "type", "veth", "peer", "name", "eth0", "netns", &machine];
            is_made = is_made
                && ip(&["netns", "add", &machine])
                && ip(&[&["-n", &switch][..], &cable].concat())
                && ip(&["-n", &switch, "link", "set", &port, "master", "br0", "up"])
                && ip(&["-n", &machine, "addr", "add", &address, "dev", "eth0"])
                && ip(&["-n", &machine, "link", "set", "eth0", "up"])
                && ip(&["-n", &machine, "link", "set", "lo", "up"]);
        }
        is_made.then_some(network)
    }

    fn switch(&self) -> String {
        format!("{}-switch", self.name)
    }

    fn machine(&self, number: usize) -> String {
        format!("{}-{number}", self.name)
    }

    /// The command on one of the machines.
    fn command(&self, folder: &Folder, number: usize, arguments: &[&str]) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.machine(number), CAIRN]).args(arguments);
        command.current_dir(folder.path(".")).env("HOME", folder.path("home")).stdin(Stdio::null());
        command
    }

    /// Pulls the cable of a machine, or puts it in again.
    fn plug(&self, number: usize, state: &str) {
        assert!(ip(&["-n", &self.switch(), "link", "set", &format!("port{number}"), state]));
    }

    /// How many peers a node has.
    fn peers(&self, folder: &Folder, number: usize) -> usize {
        let arguments = ["peers", "list", "--json", "--data-dir", "data"];
        let answer = self.command(folder, number, &arguments).output().expect("a process");
        let answer: serde_json::Value = serde_json::from_slice(&answer.stdout).unwrap_or_default();
        answer["peers"].as_array().map_or(0, Vec::len)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        (1..=MACHINES).for_each(|number| {
            ip(&["netns", "del", &self.machine(number)]);
        });
        ip(&["netns", "del", &self.switch()]);
    }
}

fn address(number: usize) -> String {
    format!("10.79.0.{number}")
}

/// Waits until a node says that it is at least so high; how high it is.
fn wait_for_height(node: &mut Running, least: u64) -> u64 {
    let begun = Instant::now();
    loop {
        let line = node.line();
        let height = line.strip_prefix("height ").and_then(|rest| rest.split(',').next()?.parse().ok());
        if let Some(height) = height.filter(|height| *height >= least) {
            return height;
        }
        assert!(begun.elapsed() < 2 * PATIENCE && !line.is_empty(), "it never came to {least}: {line}");
    }
}

#[test]
fn node_whose_cable_was_pulled_catches_up_when_it_is_in_again() {
    let Some(network) = Network::new() else { return };
    let folders: Vec<Folder> = (0..MACHINES).map(|_| Folder::new()).collect();
    let miner = Actor::new(5).address().to_text(&devnet_file(1).prefix.parse().expect("a prefix"));
    let mut nodes: Vec<Running> = Vec::new();
    for (number, folder) in (1..).zip(&folders) {
        folder.write("genesis.json", devnet_file(1).to_json());
        let (listen, first) = (format!("{}:9333", address(number)), format!("{}:9333", address(1)));
        let mut arguments = vec!["node", "--data-dir", "data", "--listen", &listen];
        if number > 1 {
            arguments.extend(["--connect", &first]);
        }
        if number == MACHINES {
            arguments.extend(["--mine", &miner, "--pace", "interval=0.3"]);
        }
        nodes.push(Running::start(&mut network.command(folder, number, &arguments)));
    }
    let begun = Instant::now();
    while (1..).zip(&folders).any(|(number, folder)| network.peers(folder, number) < MACHINES - 1) {
        assert!(begun.elapsed() < PATIENCE, "they do not find each other");
        thread::sleep(Duration::from_millis(100));
    }
    wait_for_height(&mut nodes[1], 3);
    network.plug(2, "down");
    let reached = wait_for_height(&mut nodes[2], 3);
    let missed = wait_for_height(&mut nodes[2], reached + 10);
    network.plug(2, "up");
    wait_for_height(&mut nodes[1], missed);
    for node in nodes {
        node.signal("TERM");
        node.end().success();
    }
}
