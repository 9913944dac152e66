//! Puppets: peers that say what a test wants, and tell it what they hear.

use core::net::SocketAddr;
use std::collections::VecDeque;

use super::wire::Event;
use super::{Party, World, address_of};
use crate::codec::{List, encode};
use crate::protocol::{
    BlockBytes, Compact, HEADERS_MAX, Hello, Message, Met, NodeId, Parts, PeerId, Versions,
};
use crate::testkit::Follower;
use crate::types::{BlockHash, Height};

/// Something that a puppet's script reacts to.
pub enum Heard<'a> {
    /// There is a connection. The puppet has said its hello, if it has one.
    Met(&'a Met),
    /// A message came.
    Message(&'a Message),
}

/// What a script says, in how many milliseconds.
pub type Reply = (u64, Message);

/// Says what a puppet answers to what it hears.
pub type Script = Box<dyn FnMut(Heard<'_>) -> Vec<Reply>>;

/// A peer that a test controls.
pub struct Puppet {
    /// Who it says it is.
    pub node: NodeId,
    /// Where it is.
    pub address: SocketAddr,
    /// Whether it can be dialed there.
    pub listens: bool,
    /// What it says first; with nothing here it is silent.
    pub hello: Option<Hello>,
    /// What it answers by itself. Without one it answers nothing.
    pub script: Option<Script>,
    /// What it has heard and the test has not looked at.
    pub heard: VecDeque<Message>,
    /// Its connections, the oldest first.
    pub connections: Vec<PeerId>,
    /// How many connections it had that ended.
    pub lost: usize,
}

impl World {
    /// Adds somebody who only says what the test lets them say; but for a hello, with a tip at genesis, and that it answers
    /// pings. Nobody can dial it.
    pub fn puppet(&mut self) -> usize {
        let number = self.parties.len();
        let puppet = Puppet {
            node: self.identity(number),
            address: address_of(number, self.network.params().lab),
            listens: false,
            hello: Some(self.hello_of(&Follower::new(&self.network))),
            script: Some(polite()),
            heard: VecDeque::new(),
            connections: Vec::new(),
            lost: 0,
        };
        self.parties.push(Party::Puppet(Box::new(puppet)));
        number
    }

    /// Adds somebody who has this chain, and answers as the script does.
    pub fn puppet_with(&mut self, follower: &Follower, script: Script) -> usize {
        let number = self.puppet();
        let hello = self.hello_of(follower);
        let puppet = self.puppet_mut(number);
        (puppet.hello, puppet.script) = (Some(hello), Some(script));
        number
    }

    /// The hello of a node with this chain.
    pub fn hello_of(&self, follower: &Follower) -> Hello {
        let tip = follower.chain.tip();
        Hello {
            versions: Versions::OURS,
            agent: crate::codec::Blob::new(*b"puppet").expect("a short name"),
            tip: tip.hash,
            height: tip.height,
            work: tip.work,
            base: Height::GENESIS,
            port: None,
            time: self.now().wall,
        }
    }

    /// A puppet.
    ///
    /// # Panics
    /// When it is none.
    pub fn puppet_mut(&mut self, number: usize) -> &mut Puppet {
        match &mut self.parties[number] {
            Party::Puppet(puppet) => puppet,
            Party::Node(_) => panic!("{number} is a node"),
        }
    }

    /// A puppet.
    ///
    /// # Panics
    /// When it is none.
    pub fn puppet_ref(&self, number: usize) -> &Puppet {
        match &self.parties[number] {
            Party::Puppet(puppet) => puppet,
            Party::Node(_) => panic!("{number} is a node"),
        }
    }

    /// Lets a puppet be dialed, and say so.
    pub fn let_listen(&mut self, puppet: usize) {
        let puppet = self.puppet_mut(puppet);
        puppet.listens = true;
        let port = puppet.address.port();
        if let Some(hello) = &mut puppet.hello {
            hello.port = Some(port);
        }
    }

    /// Lets a puppet dial somebody, and waits until both have met, or the puppet was turned away.
    pub fn connect(&mut self, puppet: usize, to: usize) {
        let address = self.address(to);
        self.dial(puppet, address);
        let lost = self.puppet_ref(puppet).lost;
        self.run_until(10_000, |world| {
            world.is_connected(puppet, to) || world.puppet_ref(puppet).lost > lost
        });
    }

    /// Says something over a puppet's last connection.
    pub fn say(&mut self, puppet: usize, message: &Message) {
        self.say_bytes(puppet, message.to_bytes());
    }

    /// Says something that need not be a message.
    pub fn say_bytes(&mut self, puppet: usize, bytes: Vec<u8>) {
        if let Some(end) = self.puppet_ref(puppet).connections.last().copied() {
            self.transmit(end, bytes);
        }
    }

    /// Ends a puppet's connections.
    pub fn leave(&mut self, puppet: usize) {
        self.hang_up_all(puppet);
        self.puppet_mut(puppet).connections.clear();
    }

    /// What a puppet has heard since the test last looked.
    pub fn heard(&mut self, puppet: usize) -> Vec<Message> {
        self.puppet_mut(puppet).heard.drain(..).collect()
    }

    /// Lets time go by until a puppet hears something of the kind that is looked for. What it heard before that is
    /// forgotten.
    ///
    /// # Panics
    /// When it does not come in a minute.
    pub fn hears<T>(&mut self, puppet: usize, look: impl Fn(&Message) -> Option<T>) -> T {
        self.hears_within(puppet, 60_000, look).expect("the puppet hears it")
    }

    /// The same, in so many milliseconds; nothing where it does not come.
    pub fn hears_within<T>(
        &mut self,
        puppet: usize,
        millis: u64,
        look: impl Fn(&Message) -> Option<T>,
    ) -> Option<T> {
        let end = self.millis + millis;
        loop {
            while let Some(message) = self.puppet_mut(puppet).heard.pop_front() {
                if let Some(found) = look(&message) {
                    return Some(found);
                }
            }
            if !self.step(end) {
                self.millis = end;
                return None;
            }
        }
    }

    /// Whether a puppet has a connection.
    pub fn is_kept(&self, puppet: usize) -> bool {
        !self.puppet_ref(puppet).connections.is_empty()
    }

    pub(super) fn puppet_met(&mut self, number: usize, met: Met) {
        let puppet = self.puppet_mut(number);
        puppet.connections.push(met.peer);
        let hello = puppet.hello.clone();
        if let Some(hello) = hello {
            self.transmit(met.peer, Message::Hello(hello).to_bytes());
        }
        self.react(number, met.peer, Heard::Met(&met));
    }

    pub(super) fn puppet_heard(&mut self, number: usize, end: PeerId, message: Message) {
        self.react(number, end, Heard::Message(&message));
        self.puppet_mut(number).heard.push_back(message);
    }

    pub(super) fn puppet_lost(&mut self, number: usize, end: PeerId) {
        let puppet = self.puppet_mut(number);
        puppet.connections.retain(|other| *other != end);
        puppet.lost += 1;
    }

    fn react(&mut self, number: usize, end: PeerId, heard: Heard<'_>) {
        let Some(mut script) = self.puppet_mut(number).script.take() else { return };
        let replies = script(heard);
        self.puppet_mut(number).script = Some(script);
        for (millis, message) in replies {
            let say = Event::Say { puppet: number, end, message: Box::new(message) };
            self.at(self.millis + millis, say);
        }
    }
}

/// Answers pings and nothing else.
pub fn polite() -> Script {
    Box::new(|heard| match heard {
        Heard::Message(Message::Ping(number)) => vec![(0, Message::Pong(*number))],
        _ => Vec::new(),
    })
}

/// Answers as an honest node with this chain would.
pub fn honest(follower: Follower) -> Script {
    Box::new(move |heard| match heard {
        Heard::Message(message) => answer(&follower, message).into_iter().map(|answer| (0, answer)).collect(),
        Heard::Met(_) => Vec::new(),
    })
}

/// What an honest node with this chain, and nothing else, answers.
///
/// # Panics
/// When the message is no question that such a node can be asked.
pub fn answer(follower: &Follower, message: &Message) -> Vec<Message> {
    let chain = &follower.chain;
    let body = |hash: &BlockHash| {
        let is_here = chain.entry(hash).is_some_and(|entry| entry.arrival.is_some() && entry.height.0 > 0);
        is_here.then(|| BlockBytes::new(encode(follower.block(hash).block())).expect("a block"))
    };
    let missing = |hash: &BlockHash| Message::Missing(List::new(vec![*hash]).expect("one"));
    match message {
        Message::Ping(number) => vec![Message::Pong(*number)],
        Message::GetAddresses(()) => vec![Message::Addresses(List::default())],
        Message::GetHeaders(asked) => {
            let fork = chain.fork_with(&asked.locator).hash;
            let headers = chain.headers_above(&fork).take(HEADERS_MAX).copied().collect();
            vec![Message::Headers(List::new(headers).expect("as many as fit"))]
        }
        Message::GetBlocks(hashes) => {
            hashes.iter().map(|hash| body(hash).map_or_else(|| missing(hash), Message::Block)).collect()
        }
        Message::GetParts(asked) if body(&asked.block).is_some() => {
            let block = follower.block(&asked.block).block();
            let parts =
                asked.places.iter().map(|place| block.transactions[*place as usize].clone()).collect();
            let transactions = List::new(parts).expect("no more than the block has");
            vec![Message::Parts(Parts { block: asked.block, transactions })]
        }
        Message::GetParts(asked) => vec![missing(&asked.block)],
        Message::GetCompact(hash) => match body(hash) {
            Some(_) => vec![Message::Compact(Compact::of_checked(follower.block(hash)))],
            None => vec![missing(hash)],
        },
        _ => Vec::new(),
    }
}
