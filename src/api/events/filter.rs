//! Which of all that happens somebody wants to be told.

use std::collections::BTreeSet;

use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;
use serde::de::value::Error;

use crate::api::extract;
use crate::api::problem::Problem;
use crate::api::view::{AddressText, EventType, SubscriptionView};
use crate::types::{Address, Prefix};

/// Addresses that one stream tells of; beyond, it is refused.
pub const ADDRESSES_MAX: usize = 100;

/// What is to be told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filter {
    types: BTreeSet<EventType>,
    addresses: BTreeSet<Address>,
}

impl Filter {
    /// What stands behind the question mark.
    pub fn of_query(types: Option<&str>, addresses: Option<&str>, prefix: &Prefix) -> Result<Self, Problem> {
        let types = types.map(|list| parts(list).map(event_type).collect()).transpose()?;
        Self::new(types, addresses.into_iter().flat_map(parts), prefix)
    }

    /// What somebody said over a WebSocket.
    pub fn of_subscription(asked: &SubscriptionView, prefix: &Prefix) -> Result<Self, Problem> {
        let types = asked.types.as_ref().map(|types| types.iter().copied().collect());
        Self::new(types, asked.addresses.iter().map(|AddressText(text)| text.as_str()), prefix)
    }

    fn new<'a>(
        types: Option<BTreeSet<EventType>>,
        texts: impl Iterator<Item = &'a str>,
        prefix: &Prefix,
    ) -> Result<Self, Problem> {
        let mut addresses = BTreeSet::new();
        for (at, text) in texts.enumerate() {
            if at >= ADDRESSES_MAX {
                let why = format!("expected at most {ADDRESSES_MAX} of them");
                return Err(Problem::bad_value("address", "…", why));
            }
            addresses.insert(extract::address(text, prefix)?);
        }
        let types = types.unwrap_or_else(|| {
            let mut usual = BTreeSet::from([EventType::Block, EventType::Reorganization]);
            usual.extend((!addresses.is_empty()).then_some(EventType::Account));
            usual
        });
        if types.contains(&EventType::Account) && addresses.is_empty() {
            return Err(Problem::bad_value("types", "account", "whose? Name them by `address`"));
        }
        Ok(Self { types, addresses })
    }

    /// Whether this kind is told.
    pub fn has(&self, kind: EventType) -> bool {
        self.types.contains(&kind)
    }

    /// Whether it takes a block's body to tell anything.
    pub fn needs_blocks(&self) -> bool {
        [EventType::Block, EventType::Transaction, EventType::Account].iter().any(|kind| self.has(*kind))
    }

    /// Whether peers or miners are looked after.
    pub fn needs_lookout(&self) -> bool {
        self.has(EventType::Peers) || self.has(EventType::Mining)
    }

    /// Whether anything is told that only happens live.
    pub fn is_live(&self) -> bool {
        self.has(EventType::Mempool) || self.needs_lookout()
    }

    /// Whether this account is told of.
    pub fn watches(&self, address: &Address) -> bool {
        self.addresses.contains(address)
    }

    /// All kinds that are told.
    pub fn types(&self) -> Vec<EventType> {
        self.types.iter().copied().collect()
    }

    /// All accounts that are told of.
    pub fn addresses(&self) -> impl Iterator<Item = &Address> {
        self.addresses.iter()
    }
}

/// The parts of a list with commas.
fn parts(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|part| !part.is_empty())
}

fn event_type(text: &str) -> Result<EventType, Problem> {
    EventType::deserialize(text.into_deserializer())
        .map_err(|error: Error| Problem::bad_value("types", text, error))
}
