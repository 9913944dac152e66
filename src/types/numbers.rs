//! Heights, times and nonces.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::codec::{Decode, Encode};

macro_rules! number_type {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Encode, Decode, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number_type! {
    /// How many blocks lie below a block; genesis is at 0.
    ///
    /// 32 bits end the chain after four thousand million blocks, which is what makes all issuance a finite sum that
    /// genesis can prove.
    Height(u32)
}

impl Height {
    /// Of genesis.
    pub const GENESIS: Self = Self(0);

    /// One higher, or nothing at the end of the chain.
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }

    /// One lower, or nothing at genesis.
    pub fn previous(self) -> Option<Self> {
        self.0.checked_sub(1).map(Self)
    }
}

number_type! {
    /// Seconds since 1970, as a header carries them.
    Timestamp(u32)
}

number_type! {
    /// How long a chain has been running: seconds since genesis, with sleeps cut short.
    EffectiveTime(u64)
}

number_type! {
    /// How many transactions an account has sent: each transaction names the number before it, so each can be
    /// applied once only and in one order.
    Nonce(u64)
}

impl Nonce {
    /// The next one, or nothing after the last.
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}
