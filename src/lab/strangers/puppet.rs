//! Somebody who does what a script says, and whatever whoever holds the strings lets it do.

use std::collections::VecDeque;

use crate::lab::world::{Stage, Stranger};
use crate::protocol::{Hello, Message, Met, NodeId, PeerId};

/// What it keeps of what it heard; the oldest is forgotten first.
pub const HEARD_MAX: usize = 10_000;

/// What is done when a message comes.
pub type Script = Box<dyn FnMut(&mut Stage<'_>, PeerId, &Message)>;

/// Somebody with a script. In a world, [`World::stranger_mut`](crate::lab::World::stranger_mut) finds it again, and
/// [`World::act_as`](crate::lab::World::act_as) acts for it.
#[derive(Default)]
pub struct Puppet {
    /// Who it says that it is; without it, it has a name of its own. What it is when it joins a world counts.
    pub node: Option<NodeId>,
    /// Whether it can be dialed.
    pub listens: bool,
    /// What it says first; without it, it is silent.
    pub hello: Option<Hello>,
    /// What it does by itself; without it, nothing.
    pub script: Option<Script>,
    /// What it has heard, and nobody has looked at.
    pub heard: VecDeque<Message>,
    /// Its connections, the oldest first.
    pub connections: Vec<PeerId>,
    /// How many connections others have ended.
    pub lost: usize,
}

impl Stranger for Puppet {
    fn identity(&self) -> Option<NodeId> {
        self.node
    }

    fn listens(&self) -> bool {
        self.listens
    }

    fn met(&mut self, stage: &mut Stage<'_>, met: &Met) {
        self.connections.push(met.peer);
        if let Some(hello) = &self.hello {
            stage.send(met.peer, &Message::Hello(hello.clone()));
        }
    }

    fn heard(&mut self, stage: &mut Stage<'_>, peer: PeerId, message: &Message) {
        if let Some(script) = &mut self.script {
            script(stage, peer, message);
        }
        self.heard.push_back(message.clone());
        if self.heard.len() > HEARD_MAX {
            self.heard.pop_front();
        }
    }

    fn lost(&mut self, _: &mut Stage<'_>, peer: PeerId) {
        self.connections.retain(|other| *other != peer);
        self.lost += 1;
    }
}
