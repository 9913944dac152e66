//! Which addresses belong to one hand, as far as an address tells, and which are none that a node can be reached at.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::codec::{Decode, Encode};

/// Addresses that somebody who has one of them can easily have more of.
///
/// # Security
/// Whoever wants to surround a node needs addresses in many groups. A /16 of IPv4 and a /32 of IPv6 are what registries
/// hand out to one provider. What IPv6 wraps around an IPv4 address of 6to4 has its /16 in its /32, so it gains nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode)]
pub enum Group {
    /// Ours alone: what was configured, and what we found by ourselves.
    Own,
    /// All that cannot be reached from everywhere, where no lab is.
    Elsewhere,
    /// A /16 of IPv4.
    V4([u8; 2]),
    /// A /32 of IPv6.
    V6([u8; 4]),
    /// One place in a lab: all nodes of a lab may run on one machine.
    Place {
        /// The address, IPv4 inside IPv6.
        ip: [u8; 16],
        /// The port.
        port: u16,
    },
}

impl Group {
    /// The group of an address; in a lab, private addresses are a group each.
    pub fn of(address: SocketAddr, lab: bool) -> Self {
        let ip = address.ip().to_canonical();
        match (Scope::of(ip), ip) {
            (Scope::Everywhere, IpAddr::V4(ip)) => Self::V4([ip.octets()[0], ip.octets()[1]]),
            (Scope::Everywhere, IpAddr::V6(ip)) => {
                Self::V6(*ip.octets().first_chunk().expect("sixteen are more than four"))
            }
            (Scope::Private, ip) if lab => {
                let ip = match ip {
                    IpAddr::V4(ip) => ip.to_ipv6_mapped(),
                    IpAddr::V6(ip) => ip,
                };
                Self::Place { ip: ip.octets(), port: address.port() }
            }
            (Scope::Private | Scope::Nowhere, _) => Self::Elsewhere,
        }
    }
}

/// Whom an address belongs to, as far as it tells: with IPv6 whoever has one has the 2^64 that begin alike.
pub fn house(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into()
        }
        address => address,
    }
}

/// Who told of an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// Nobody else: it was configured, or found in a list that came with the program.
    Own,
    /// A node that is connected from, or at, this address.
    Peer(SocketAddr),
}

impl Source {
    pub(super) fn group(self, lab: bool) -> Group {
        match self {
            Self::Own => Group::Own,
            Self::Peer(address) => Group::of(address, lab),
        }
    }
}

/// The one way of writing an address: IPv4 as such, and nothing that holds on one machine alone.
pub(super) fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Whether a node can be there.
pub(super) fn is_reachable(address: SocketAddr, lab: bool) -> bool {
    let scope = Scope::of(address.ip().to_canonical());
    address.port() != 0 && (scope == Scope::Everywhere || (lab && scope == Scope::Private))
}

/// From where an address can be reached.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Everywhere,
    Private,
    Nowhere,
}

impl Scope {
    fn of(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => Self::of_v4(ip),
            IpAddr::V6(ip) => Self::of_v6(ip),
        }
    }

    fn of_v4(ip: Ipv4Addr) -> Self {
        match ip.octets() {
            _ if ip.is_private() || ip.is_loopback() => Self::Private,
            // Shared by a provider's customers (RFC 6598).
            [100, 64..=127, _, _] => Self::Private,
            _ if ip.is_link_local() || ip.is_documentation() => Self::Nowhere,
            // This network, protocol assignments, benchmarks (RFC 6890), multicast, and what is reserved above it.
            [0, ..] | [192, 0, 0, _] | [198, 18..=19, _, _] | [224..=255, ..] => Self::Nowhere,
            _ => Self::Everywhere,
        }
    }

    fn of_v6(ip: Ipv6Addr) -> Self {
        match ip.segments() {
            _ if ip.is_loopback() || ip.is_unique_local() => Self::Private,
            // Documentation (RFC 3849, RFC 9637).
            [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Self::Nowhere,
            // Everything that is handed out to be reached from everywhere.
            [0x2000..=0x3fff, ..] => Self::Everywhere,
            _ => Self::Nowhere,
        }
    }
}
