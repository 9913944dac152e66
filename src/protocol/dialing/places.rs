//! Places that we were told of: a host and a port, and what is known of them.

use core::net::SocketAddr;

use super::backoff::Backoff;
use super::canonical;

/// Addresses of one name. Those beyond these are left out: it is enough that one of them answers.
const ADDRESSES_OF_NAME_MAX: usize = 16;
/// How long to wait for what a name stands for, if no answer comes at all.
const RESOLVE_MILLIS_MAX: u64 = 30_000;

/// A place to connect to.
pub(super) struct Place {
    /// Whether it is a name, and no address. What it stands for may change.
    is_name: bool,
    /// What it stands for, as far as we know.
    addresses: Vec<SocketAddr>,
    /// Whose turn it is; behind the last one the name is asked for again.
    turn: usize,
    /// Until when to wait for what the name stands for.
    resolving: Option<u64>,
    /// Whether it was tried in vain, or reached.
    pub was_tried: bool,
    pub backoff: Backoff,
}

/// What is to be done about a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// Find out what it stands for.
    Resolve,
    /// Connect to it.
    Dial(SocketAddr),
    /// Nothing.
    Nothing,
}

impl Place {
    pub fn new(name: &str) -> Self {
        let literal: Option<SocketAddr> = name.parse().ok();
        Self {
            is_name: literal.is_none(),
            addresses: literal.into_iter().map(canonical).collect(),
            turn: 0,
            resolving: None,
            was_tried: false,
            backoff: Backoff::default(),
        }
    }

    /// Whether it is there.
    pub fn holds(&self, address: SocketAddr) -> bool {
        self.addresses.contains(&address)
    }

    /// Where it is, perhaps.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// When there may be something to do.
    pub fn due(&self) -> u64 {
        self.resolving.unwrap_or(self.backoff.until())
    }

    /// What to do next, where no connection to it is there or on its way: addresses that may not be dialed are passed over.
    pub fn step(&mut self, millis: u64, backoff_max: u64, may_dial: impl Fn(SocketAddr) -> bool) -> Step {
        if self.resolving.is_some_and(|until| until <= millis) {
            self.resolved(millis, &[], backoff_max);
        }
        if self.resolving.is_some() || !self.backoff.is_over(millis) {
            return Step::Nothing;
        }
        if self.is_name && self.turn >= self.addresses.len() {
            self.resolving = Some(millis + RESOLVE_MILLIS_MAX);
            return Step::Resolve;
        }
        let left = self.addresses.iter().enumerate().skip(self.turn);
        let next = left.map(|(at, address)| (at, *address)).find(|(_, address)| may_dial(*address));
        self.turn = next.map_or(self.addresses.len(), |(at, _)| at);
        match next {
            Some((_, address)) => Step::Dial(address),
            None => {
                self.failed(millis, backoff_max);
                Step::Nothing
            }
        }
    }

    /// What its name stands for: nothing, if nobody knows. What it stood for before still holds then.
    pub fn resolved(&mut self, millis: u64, addresses: &[SocketAddr], backoff_max: u64) {
        self.resolving = None;
        self.turn = 0;
        if addresses.is_empty() {
            self.was_tried = true;
            self.backoff.fail(millis, backoff_max);
            return;
        }
        self.addresses.clear();
        for address in addresses.iter().copied().map(canonical) {
            if !self.holds(address) && self.addresses.len() < ADDRESSES_OF_NAME_MAX {
                self.addresses.push(address);
            }
        }
    }

    /// The one whose turn it is could not be reached, or did not stay: it is the next one's turn.
    pub fn failed(&mut self, millis: u64, backoff_max: u64) {
        self.was_tried = true;
        self.turn += 1;
        if !self.is_name {
            self.turn = 0;
        }
        self.backoff.fail(millis, backoff_max);
    }

    /// It may be tried at once, and the next failure is the first.
    pub fn start_over(&mut self) {
        self.backoff = Backoff::default();
    }

    /// Whether we wait for what its name stands for.
    pub fn is_resolving(&self) -> bool {
        self.resolving.is_some()
    }

    /// It was connected for long, and is no more.
    pub fn ended(&mut self, millis: u64) {
        self.backoff.start_over(millis);
    }
}
