//! Nodes that come and go while blocks are mined and payments sent.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use cairn::testkit::Actor;
use cairn::types::Transaction;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::stage::{FUNDED, Member, names, network, settle, until_so};

const MEMBERS: usize = 6;
/// At most so many are away at a time, or nothing would happen.
const AWAY_MAX: usize = 3;

/// How long it goes on; longer where `CAIRN_CASES_FACTOR` says so.
fn span() -> Duration {
    let factor = std::env::var("CAIRN_CASES_FACTOR").ok().and_then(|factor| factor.parse().ok()).unwrap_or(1);
    Duration::from_secs(10 * u64::clamp(factor, 1, 30))
}

struct Town {
    members: Vec<Member>,
    draws: ChaCha8Rng,
    sent: Vec<Transaction>,
    number: u64,
}

impl Town {
    fn new(seed: u8) -> Self {
        let network = network();
        let mut members: Vec<Member> = (0..MEMBERS).map(|_| Member::new(&network)).collect();
        let addresses: Vec<SocketAddr> = members.iter().map(|member| member.address).collect();
        for member in &mut members {
            member.go_offline();
            member.settings.bootstrap = names(&addresses[..2]);
            member.go_online();
        }
        Self { members, draws: ChaCha8Rng::from_seed([seed; 32]), sent: Vec::new(), number: 0 }
    }

    fn draw(&mut self, below: usize) -> usize {
        self.draws.next_u32() as usize % below
    }

    /// One of those who are there, or away.
    fn anybody(&mut self, online: bool) -> Option<usize> {
        let some = (0..MEMBERS).filter(|at| self.members[*at].is_online() == online);
        let some: Vec<usize> = some.collect();
        (!some.is_empty()).then(|| some[self.draw(some.len())])
    }

    fn away(&self) -> usize {
        self.members.iter().filter(|member| !member.is_online()).count()
    }

    fn act(&mut self) {
        self.number += 1;
        match self.draw(20) {
            0 | 1 if self.away() < AWAY_MAX => {
                let Some(at) = self.anybody(true) else { return };
                if self.draw(2) == 0 { self.members[at].stop() } else { self.members[at].kill() }
            }
            2..5 => {
                if let Some(at) = self.anybody(false) {
                    self.members[at].start();
                }
            }
            5..9 => {
                let at = self.anybody(true).expect("some are always there");
                self.members[at].mine(self.number);
            }
            _ => self.send(),
        }
    }

    /// Each payer in turn, so that what one pays has long been heard of when it pays again.
    fn send(&mut self) {
        let at = self.anybody(true).expect("some are always there");
        let (payer, nonce) = (self.sent.len() as u32 % FUNDED, self.sent.len() as u64 / u64::from(FUNDED));
        let params = self.members[at].network.params();
        let payment = Actor::new(payer).pay(params, nonce, &Actor::new(100), 1000, 10);
        self.members[at].node.send(&payment).unwrap();
        self.sent.push(payment);
    }
}

#[test]
fn nodes_that_come_and_go_agree_in_the_end_and_lose_no_payment() {
    let mut town = Town::new(1);
    let end = Instant::now() + span();
    while Instant::now() < end {
        town.act();
        // What happens at once on one machine takes a while in the world.
        std::thread::sleep(Duration::from_millis(10));
    }
    while let Some(at) = town.anybody(false) {
        town.members[at].start();
    }
    settle(&town.members);
    assert!(town.sent.len() > 10 && town.number > 20, "{} of {}", town.sent.len(), town.number);
    for member in &town.members {
        member.node.wait_for_indexes();
        for payment in &town.sent {
            until_so("a payment everywhere", || member.has(payment));
        }
    }
}
