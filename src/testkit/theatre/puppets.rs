//! Puppets: peers that say what a test wants, and tell it what they hear.

use core::net::SocketAddr;

use super::Theatre;
use super::script::{Script, played, polite};
use crate::codec::Blob;
use crate::lab::strangers::Puppet;
use crate::lab::{MINUTE, SECOND, Stage};
use crate::protocol::{Hello, Message, NodeId, PeerId, Versions};
use crate::testkit::Follower;
use crate::types::Height;

/// How long a puppet waits for a connection.
const CONNECTS_IN: u64 = 10 * SECOND;

impl Theatre {
    /// Adds somebody who only says what the test lets them say; but for a hello, with a tip at genesis, and that it answers
    /// pings. Nobody can dial it.
    pub fn puppet(&mut self) -> usize {
        let puppet = self.usual_puppet();
        self.add_stranger(Box::new(puppet))
    }

    /// The same, at an address of the test's choice.
    pub fn puppet_at(&mut self, address: SocketAddr) -> usize {
        let puppet = self.usual_puppet();
        self.add_stranger_at(Box::new(puppet), address)
    }

    /// The same, of another's name.
    pub fn puppet_named(&mut self, node: NodeId) -> usize {
        let puppet = Puppet { node: Some(node), ..self.usual_puppet() };
        self.add_stranger(Box::new(puppet))
    }

    /// Adds somebody who has this chain, and answers as the script does.
    pub fn puppet_with(&mut self, chain: &Follower, script: Script) -> usize {
        let (hello, script) = (Some(self.hello_of(chain)), Some(played(script)));
        self.add_stranger(Box::new(Puppet { hello, script, ..Puppet::default() }))
    }

    fn usual_puppet(&self) -> Puppet {
        let hello = self.hello_of(&Follower::new(&self.network));
        Puppet { hello: Some(hello), script: Some(played(polite())), ..Puppet::default() }
    }

    /// The hello of a node with this chain.
    ///
    /// # Panics
    /// Never: its name is short.
    pub fn hello_of(&self, chain: &Follower) -> Hello {
        let tip = chain.chain.tip();
        Hello {
            versions: Versions::OURS,
            agent: Blob::new(*b"puppet").expect("a short name"),
            tip: tip.hash,
            height: tip.height,
            work: tip.work,
            base: Height::GENESIS,
            port: None,
            time: self.now(),
        }
    }

    /// A puppet.
    ///
    /// # Panics
    /// When it is none.
    pub fn puppet_ref(&self, number: usize) -> &Puppet {
        self.stranger(number).expect("a puppet")
    }

    /// A puppet, to be changed.
    ///
    /// # Panics
    /// When it is none.
    pub fn puppet_mut(&mut self, number: usize) -> &mut Puppet {
        self.stranger_mut(number).expect("a puppet")
    }

    /// Lets a puppet say something else first than it would.
    ///
    /// # Panics
    /// When it is silent.
    pub fn change_hello(&mut self, puppet: usize, change: impl FnOnce(&mut Hello)) {
        change(self.puppet_mut(puppet).hello.as_mut().expect("it says something"));
    }

    /// Lets a puppet answer like this.
    pub fn set_script(&mut self, puppet: usize, script: Script) {
        self.puppet_mut(puppet).script = Some(played(script));
    }

    /// Lets a puppet be dialed, and say so.
    pub fn let_listen(&mut self, puppet: usize) {
        let port = self.address(puppet).port();
        self.puppet_mut(puppet).listens = true;
        self.change_hello(puppet, |hello| hello.port = Some(port));
    }

    /// Lets a puppet dial somebody.
    pub fn dials(&mut self, puppet: usize, to: usize) {
        let address = self.address(to);
        self.act_as(puppet, |stage| stage.dial(address));
    }

    /// Lets a puppet dial somebody, and waits until both have met, or the puppet was turned away.
    pub fn connect(&mut self, number: usize, to: usize) {
        self.dials(number, to);
        let lost = self.puppet_ref(number).lost;
        self.waits_for(CONNECTS_IN, |world| {
            world.is_connected(number, to) || world.puppet_ref(number).lost > lost
        });
    }

    /// Says something over a puppet's last connection.
    pub fn say(&mut self, puppet: usize, message: &Message) {
        self.over_last(puppet, |stage, peer| stage.send(peer, message));
    }

    /// Says something that need not be a message.
    pub fn say_bytes(&mut self, puppet: usize, bytes: &[u8]) {
        self.over_last(puppet, |stage, peer| stage.send_bytes(peer, bytes));
    }

    fn over_last(&mut self, puppet: usize, act: impl FnOnce(&mut Stage<'_>, PeerId)) {
        if let Some(peer) = self.puppet_ref(puppet).connections.last().copied() {
            self.act_as(puppet, |stage| act(stage, peer));
        }
    }

    /// Ends a puppet's connections.
    pub fn leave(&mut self, puppet: usize) {
        let peers = std::mem::take(&mut self.puppet_mut(puppet).connections);
        self.act_as(puppet, |stage| peers.into_iter().for_each(|peer| stage.hang_up(peer)));
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
        let mut found = None;
        self.run_while(MINUTE, |world| {
            let puppet: &mut Puppet = world.stranger_mut(puppet).expect("a puppet");
            while found.is_none()
                && let Some(message) = puppet.heard.pop_front()
            {
                found = look(&message);
            }
            found.is_none()
        });
        found.expect("the puppet hears it")
    }

    /// Whether a puppet has a connection.
    pub fn is_kept(&self, puppet: usize) -> bool {
        !self.puppet_ref(puppet).connections.is_empty()
    }
}
