//! Ways to find candidates, and which of them this processor has.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

#[cfg(target_arch = "aarch64")]
use super::aarch64::{self, CryptoExtensions};
#[cfg(target_arch = "x86_64")]
use super::{
    super::words::{Avx2, Avx512},
    avx2, avx512,
    shani::{self, ShaExtensions},
};
use super::{Search, portable};

/// A way to find candidates that this processor has: there is no other way to come by one than asking it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kernel(Way);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
    #[cfg(target_arch = "x86_64")]
    ShaExtensions(ShaExtensions),
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    #[cfg(target_arch = "aarch64")]
    CryptoExtensions(CryptoExtensions),
    Portable,
}

/// Why a name is no kernel.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum KernelError {
    /// None is called this.
    #[error("no kernel is called {0:?}; there are {names}", names = Kernel::NAMES.join(", "))]
    Unknown(String),
    /// There is one, but not for this processor.
    #[error("this processor cannot run the kernel {0}")]
    Unavailable(&'static str),
}

impl Kernel {
    /// What they are called, on all processors.
    pub const NAMES: [&'static str; 5] =
        ["avx512", "sha-extensions", "avx2", "crypto-extensions", "portable"];

    /// Those that this processor has, the fastest first.
    pub fn available() -> Vec<Self> {
        let ways = [
            #[cfg(target_arch = "x86_64")]
            Avx512::detect().map(Way::Avx512),
            #[cfg(target_arch = "x86_64")]
            ShaExtensions::detect().map(Way::ShaExtensions),
            #[cfg(target_arch = "x86_64")]
            Avx2::detect().map(Way::Avx2),
            #[cfg(target_arch = "aarch64")]
            CryptoExtensions::detect().map(Way::CryptoExtensions),
            Some(Way::Portable),
        ];
        ways.into_iter().flatten().map(Self).collect()
    }

    /// The fastest that this processor has.
    pub fn best() -> Self {
        Self::available()[0]
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Way::Avx512(_) => "avx512",
            #[cfg(target_arch = "x86_64")]
            Way::ShaExtensions(_) => "sha-extensions",
            #[cfg(target_arch = "x86_64")]
            Way::Avx2(_) => "avx2",
            #[cfg(target_arch = "aarch64")]
            Way::CryptoExtensions(_) => "crypto-extensions",
            Way::Portable => "portable",
        }
    }

    /// Nonces that it tries at once, at most 64.
    pub(super) fn lanes(self) -> u32 {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Way::Avx512(_) => avx512::LANES,
            #[cfg(target_arch = "x86_64")]
            Way::ShaExtensions(_) => shani::LANES,
            #[cfg(target_arch = "x86_64")]
            Way::Avx2(_) => avx2::LANES,
            #[cfg(target_arch = "aarch64")]
            Way::CryptoExtensions(_) => aarch64::LANES,
            Way::Portable => portable::LANES,
        }
    }

    /// Says which of the nonces from `first` on are candidates behind each prefix, the first nonce in the lowest bit.
    pub(super) fn find_candidates(self, search: &Search, first: u32, candidates: &mut [u64]) {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Way::Avx512(proof) => avx512::find_candidates(proof, search, first, candidates),
            #[cfg(target_arch = "x86_64")]
            Way::ShaExtensions(proof) => shani::find_candidates(proof, search, first, candidates),
            #[cfg(target_arch = "x86_64")]
            Way::Avx2(proof) => avx2::find_candidates(proof, search, first, candidates),
            #[cfg(target_arch = "aarch64")]
            Way::CryptoExtensions(proof) => aarch64::find_candidates(proof, search, first, candidates),
            Way::Portable => portable::find_candidates(search, first, candidates),
        }
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Kernel {
    type Err = KernelError;

    fn from_str(text: &str) -> Result<Self, KernelError> {
        let name = Self::NAMES
            .into_iter()
            .find(|name| *name == text)
            .ok_or_else(|| KernelError::Unknown(text.into()))?;
        let named = Self::available().into_iter().find(|kernel| kernel.name() == name);
        named.ok_or(KernelError::Unavailable(name))
    }
}
