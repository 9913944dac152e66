//! Who is banned, until when, and how that is kept.

use std::net::IpAddr;

use cairn::crypto::Tag;
use cairn::protocol::{BANS_MAX, Banned, Bans, BansError, NodeId};
use cairn::types::Timestamp;

const NOW: Timestamp = Timestamp(1_800_000_000);
const LATER: Timestamp = Timestamp(NOW.0 + 100);

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn node(number: u8) -> NodeId {
    NodeId([number; 32])
}

fn varied() -> Bans {
    let mut bans = Bans::new();
    for who in [
        Banned::Address(ip("20.0.0.1")),
        Banned::Address(ip("10.0.0.1")),
        Banned::Address(ip("2001:4860::1")),
        Banned::Node(node(1)),
        Banned::Node(node(2)),
    ] {
        assert!(bans.ban(who, LATER));
    }
    bans
}

#[test]
fn a_ban_holds_until_it_ends_or_is_lifted() {
    let mut bans = varied();
    assert!(bans.is_banned(ip("20.0.0.1"), None, NOW));
    assert!(bans.is_banned(ip("20.0.0.1"), Some(node(9)), Timestamp(LATER.0 - 1)));
    assert!(!bans.is_banned(ip("20.0.0.1"), None, LATER));
    assert!(!bans.is_banned(ip("20.0.0.2"), Some(node(9)), NOW));
    assert!(bans.is_banned(ip("20.0.0.2"), Some(node(1)), NOW));
    assert!(bans.is_banned(ip("127.0.0.1"), Some(node(1)), NOW), "a node is banned wherever it is");

    assert!(bans.lift(Banned::Address(ip("20.0.0.1"))));
    assert!(!bans.lift(Banned::Address(ip("20.0.0.1"))));
    assert!(!bans.is_banned(ip("20.0.0.1"), None, NOW));
    assert_eq!(bans.iter().count(), 4);
    assert!(!bans.expire(NOW));
    assert!(bans.expire(LATER));
    assert_eq!(bans.iter().count(), 0);
}

#[test]
fn a_shorter_ban_does_not_shorten_a_longer_one() {
    let mut bans = varied();
    let who = Banned::Node(node(1));
    assert!(bans.ban(who, NOW));
    assert!(bans.is_banned(ip("20.0.0.9"), Some(node(1)), NOW));
    assert!(bans.ban(who, Timestamp(LATER.0 + 5)));
    assert!(bans.is_banned(ip("20.0.0.9"), Some(node(1)), LATER));
}

#[test]
fn a_half_of_ipv6_counts_as_one_address_and_ipv4_is_ipv4_however_it_is_written() {
    let mut bans = varied();
    assert!(bans.is_banned(ip("2001:4860::ffff:1"), None, NOW));
    assert!(!bans.is_banned(ip("2001:4860:0:1::1"), None, NOW));
    assert!(bans.is_banned(ip("::ffff:20.0.0.1"), None, NOW));
    assert!(bans.ban(Banned::Address(ip("::ffff:20.0.0.7")), LATER));
    assert!(bans.is_banned(ip("20.0.0.7"), None, NOW));
    assert!(!bans.is_banned(ip("::ffff:20.0.0.8"), None, NOW), "mapped addresses do not share a ban");
    assert!(bans.lift(Banned::Address(ip("2001:4860::77"))));
    assert!(!bans.is_banned(ip("2001:4860::1"), None, NOW));
}

#[test]
fn loopback_is_never_banned_by_its_address() {
    let mut bans = Bans::new();
    for address in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
        assert!(!bans.ban(Banned::Address(ip(address)), LATER), "{address}");
        assert!(!bans.is_banned(ip(address), None, NOW), "{address}");
    }
    // Its neighbours in the same half can be.
    assert!(bans.ban(Banned::Address(ip("::2")), LATER));
    assert!(bans.is_banned(ip("::3"), None, NOW));
    assert!(!bans.is_banned(ip("::1"), None, NOW));
}

#[test]
fn beyond_the_bound_the_ban_that_ends_soonest_goes() {
    let mut bans = Bans::new();
    for number in 0..BANS_MAX as u32 {
        assert!(bans.ban(Banned::Address(IpAddr::from((0x1400_0000 + number).to_be_bytes())), LATER));
    }
    assert!(!bans.ban(Banned::Node(node(1)), Timestamp(LATER.0 - 1)), "it would end first");
    assert_eq!(bans.iter().count(), BANS_MAX);
    assert!(bans.ban(Banned::Node(node(2)), Timestamp(LATER.0 + 1)));
    assert_eq!(bans.iter().count(), BANS_MAX);
    assert!(bans.is_banned(ip("10.0.0.1"), Some(node(2)), NOW));
    assert_eq!(Bans::from_bytes(&bans.to_bytes()), Ok(bans));
}

#[test]
fn bans_are_read_back_and_every_flipped_bit_and_every_cut_is_found() {
    let bans = varied();
    let bytes = bans.to_bytes();
    assert_eq!(Bans::from_bytes(&bytes), Ok(bans));
    assert_eq!(Bans::from_bytes(&Bans::new().to_bytes()), Ok(Bans::new()));
    for at in 0..bytes.len() {
        assert!(Bans::from_bytes(&bytes[..at]).is_err(), "cut at {at}");
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            assert!(Bans::from_bytes(&flipped).is_err(), "bit {bit} of byte {at}");
        }
    }
    assert_eq!(Bans::from_bytes(&[2]), Err(BansError::Version(2)));
    assert_eq!(Bans::from_bytes(&[1; 20]), Err(BansError::Length(20)));
}

#[test]
fn what_is_never_written_is_not_read() {
    let written = |content: &[u8]| [&[1][..], &Tag::new("cairn/bans").hash(content), content].concat();
    let address = |[a, b, c, d]: [u8; 4]| [0, a, b, c, d, 100];
    let both = |a, b| [&[2][..], &address(a), &address(b)].concat();
    assert!(Bans::from_bytes(&written(&both([20, 0, 0, 1], [20, 0, 0, 2]))).is_ok());
    for content in [
        both([20, 0, 0, 2], [20, 0, 0, 1]),
        both([20, 0, 0, 1], [20, 0, 0, 1]),
        both([20, 0, 0, 1], [127, 0, 0, 1]),
        [&[1, 1][..], &[0x20; 16], &[100]].concat(),
    ] {
        assert_eq!(Bans::from_bytes(&written(&content)), Err(BansError::Misplaced), "{content:?}");
    }
    assert!(matches!(Bans::from_bytes(&written(&[1, 9])), Err(BansError::Content(_))));
}
