//! The address book: what an attacker can fill, what stays, what is chosen, and what is kept.

mod choosing;
mod holding;
mod keeping;

use std::net::SocketAddr;

use cairn::protocol::{AddressBook, BookSecret, PeerAddress, Source};
use cairn::types::Timestamp;

pub const NOW: Timestamp = Timestamp(1_800_000_000);
pub const HOUR: u32 = 60 * 60;
pub const DAY: u32 = 24 * HOUR;

pub fn book() -> AddressBook {
    AddressBook::new(BookSecret([7; 32]), false)
}

pub fn after(seconds: u32) -> Timestamp {
    Timestamp(NOW.0 + seconds)
}

pub fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// The `host`th address of the `group`th group.
pub fn place(group: u32, host: u32) -> SocketAddr {
    let [_, _, a, b] = group.to_be_bytes();
    let [_, _, c, d] = host.to_be_bytes();
    SocketAddr::from(([20 + a, b, c, d], 8333))
}

pub fn told(address: SocketAddr) -> PeerAddress {
    PeerAddress::new(address, NOW)
}

/// Somebody in a group of its own tells of these.
pub fn tell(book: &mut AddressBook, teller: u32, addresses: impl IntoIterator<Item = SocketAddr>) -> usize {
    let addresses: Vec<PeerAddress> = addresses.into_iter().map(told).collect();
    book.add(&addresses, Source::Peer(place(5000 + teller, 1)), NOW)
}

pub fn tried(book: &AddressBook) -> usize {
    book.iter().filter(|known| known.tried).count()
}

pub fn anybody(_: SocketAddr) -> bool {
    true
}

/// A book with all sorts of addresses in it.
pub fn varied(secret: [u8; 32]) -> AddressBook {
    let mut book = AddressBook::new(BookSecret(secret), false);
    for teller in 0..20 {
        tell(&mut book, teller, (0..40).map(|group| place(group + 40 * teller, teller)));
    }
    for group in 0..60 {
        book.attempted(place(group, 0), NOW);
        book.connected(place(group, group / 40), after(group));
        book.failed(place(group + 100, 2), after(group));
    }
    book.connected(at("[2a00:1450::1]:8333"), NOW);
    book.seen(place(1, 0), after(HOUR));
    book.set_anchors(&[place(1, 0), at("[2a00:1450::1]:8333"), place(2, 0)], NOW);
    book
}
