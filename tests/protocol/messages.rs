//! Messages and their bytes.

use std::net::{IpAddr, SocketAddr};

use cairn::chain::LOCATOR_MAX;
use cairn::codec::{Blob, List, encode};
use cairn::protocol::{
    ADDRESSES_MAX, BLOCKS_ASKED_MAX, BlockBytes, Compact, GetHeaders, GetParts, HASHES_MAX, HEADERS_MAX,
    Hello, Message, MessageError, NEWS_MAX, Parts, PeerAddress, TRANSACTIONS_BYTES_MAX, Versions,
};
use cairn::testkit::Network;
use cairn::testkit::strategies::{self, block, header, transaction};
use cairn::types::{
    BLOCK_BYTES_MAX, BlockHash, HEADER_BYTES, Height, TRANSACTION_BYTES_MAX, Timestamp, TxHash, U256, Work,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn hello() -> impl Strategy<Value = Hello> {
    let agent = vec(any::<u8>(), 0..=64).prop_map(|bytes| Blob::new(bytes).unwrap());
    let numbers = (any::<[u16; 2]>(), any::<[u32; 3]>(), any::<Option<u16>>());
    (agent, numbers, any::<[u8; 32]>(), any::<[u8; 32]>()).prop_map(
        |(agent, ([oldest, newest], [height, base, time], port), tip, work)| Hello {
            versions: Versions { oldest, newest },
            agent,
            tip: BlockHash::from_bytes(tip),
            height: Height(height),
            work: Work::from_number(U256::from_le_bytes(work)),
            base: Height(base),
            port,
            time: Timestamp(time),
        },
    )
}

fn address() -> impl Strategy<Value = PeerAddress> {
    (any::<IpAddr>(), any::<u16>(), any::<u32>())
        .prop_map(|(ip, port, seen)| PeerAddress::new(SocketAddr::new(ip, port), Timestamp(seen)))
}

fn block_hashes() -> impl Strategy<Value = List<BlockHash, 1, BLOCKS_ASKED_MAX>> {
    vec(any::<[u8; 32]>().prop_map(BlockHash::from_bytes), 1..=BLOCKS_ASKED_MAX)
        .prop_map(|hashes| List::new(hashes).unwrap())
}

fn tx_hashes() -> impl Strategy<Value = List<TxHash, 1, HASHES_MAX>> {
    vec(any::<[u8; 32]>().prop_map(TxHash::from_bytes), 1..20).prop_map(|hashes| List::new(hashes).unwrap())
}

fn locator() -> impl Strategy<Value = GetHeaders> {
    vec(any::<[u8; 32]>().prop_map(BlockHash::from_bytes), 1..=LOCATOR_MAX)
        .prop_map(|hashes| GetHeaders { locator: List::new(hashes).unwrap() })
}

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        hello().prop_map(Message::from),
        any::<u64>().prop_map(Message::Ping),
        any::<u64>().prop_map(Message::Pong),
        Just(Message::GetAddresses(())),
        vec(address(), 0..20).prop_map(|some| Message::Addresses(List::new(some).unwrap())),
        locator().prop_map(Message::GetHeaders),
        vec(header(), 0..20).prop_map(|some| Message::Headers(List::new(some).unwrap())),
        vec(header(), 1..=NEWS_MAX).prop_map(|some| Message::News(List::new(some).unwrap())),
        block_hashes().prop_map(Message::GetBlocks),
        block().prop_map(|block| Message::Block(BlockBytes::new(encode(&block)).unwrap())),
        block_hashes().prop_map(Message::Missing),
        tx_hashes().prop_map(Message::Offer),
        tx_hashes().prop_map(Message::GetTransactions),
        vec(transaction(), 1..4).prop_map(|some| Message::Transactions(List::new(some).unwrap())),
        Just(Message::GetPool(())),
        block().prop_map(|block| Message::from(Compact::of(&block))),
        (any::<[u8; 32]>(), vec(any::<u32>(), 1..20)).prop_map(|(block, places)| {
            let (block, places) = (BlockHash::from_bytes(block), List::new(places).unwrap());
            Message::GetParts(GetParts { block, places })
        }),
        (any::<[u8; 32]>(), vec(transaction(), 1..4)).prop_map(|(block, some)| {
            let (block, transactions) = (BlockHash::from_bytes(block), List::new(some).unwrap());
            Message::Parts(Parts { block, transactions })
        }),
        any::<u64>().prop_map(Message::Pushes),
        any::<[u8; 32]>().prop_map(|block| Message::GetCompact(BlockHash::from_bytes(block))),
        transaction().prop_map(|one| Message::Stem(List::new(vec![one]).unwrap())),
    ]
}

proptest! {
    #![proptest_config(strategies::cases(256))]

    #[test]
    fn message_is_read_back_from_its_bytes(message in message()) {
        let bytes = message.to_bytes();
        prop_assert_eq!(Message::from_bytes(&bytes), Ok(message));
    }

    #[test]
    fn any_bytes_are_one_message_or_none(bytes in vec(any::<u8>(), 0..300)) {
        if let Ok(message) = Message::from_bytes(&bytes) {
            prop_assert_eq!(message.to_bytes(), bytes);
        }
    }

    #[test]
    fn cut_or_longer_message_is_none(message in message(), at in any::<prop::sample::Index>()) {
        let mut bytes = message.to_bytes();
        // A block's own end is looked at when it is decoded.
        if !matches!(message, Message::Block(_)) {
            prop_assert!(Message::from_bytes(&bytes[..at.index(bytes.len())]).is_err());
            bytes.push(0);
            prop_assert!(Message::from_bytes(&bytes).is_err());
        }
    }

    #[test]
    fn address_is_what_it_was_made_of(ip in any::<IpAddr>(), port in any::<u16>()) {
        let made = PeerAddress::new(SocketAddr::new(ip, port), Timestamp(1)).address();
        prop_assert_eq!(made, SocketAddr::new(ip.to_canonical(), port));
    }
}

#[test]
fn kinds_are_what_they_were() {
    let hash: List<BlockHash, 1, BLOCKS_ASKED_MAX> = List::new(vec![BlockHash::ZERO]).unwrap();
    assert_eq!(Message::Ping(1).to_bytes(), [1, 1, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(Message::Pong(256).to_bytes(), [2, 0, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(Message::GetAddresses(()).to_bytes(), [3]);
    assert_eq!(Message::Headers(List::default()).to_bytes(), [6, 0]);
    assert_eq!(Message::GetBlocks(hash.clone()).to_bytes()[..2], [8, 1]);
    assert_eq!(Message::Missing(hash).to_bytes()[..2], [10, 1]);
    assert_eq!(Message::GetPool(()).to_bytes(), [14]);
    assert_eq!(Message::Pushes(1).to_bytes(), [18, 1, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(Message::GetCompact(BlockHash::ZERO).to_bytes(), [&[19][..], &[0; 32]].concat());
}

/// The longest of each kind that grows.
#[test]
fn longest_messages_are_read_and_what_is_longer_is_none() {
    let header = Network::new(1).genesis.block().header;
    let place: SocketAddr = "[2001:db8::1]:65535".parse().unwrap();
    let place = PeerAddress::new(place, Timestamp(u32::MAX));
    for message in [
        Message::Headers(List::new(vec![header; HEADERS_MAX]).unwrap()),
        Message::News(List::new(vec![header; NEWS_MAX]).unwrap()),
        Message::Addresses(List::new(vec![place; ADDRESSES_MAX]).unwrap()),
        Message::GetBlocks(List::new(vec![BlockHash::ZERO; BLOCKS_ASKED_MAX]).unwrap()),
        Message::Offer(List::new(vec![TxHash::ZERO; HASHES_MAX]).unwrap()),
        Message::GetHeaders(GetHeaders { locator: List::new(vec![BlockHash::ZERO; LOCATOR_MAX]).unwrap() }),
        Message::Block(BlockBytes::new(vec![0; BLOCK_BYTES_MAX]).unwrap()),
    ] {
        assert_eq!(Message::from_bytes(&message.to_bytes()), Ok(message));
    }
    for bytes in [0, HEADER_BYTES - 1, BLOCK_BYTES_MAX + 1] {
        assert_eq!(BlockBytes::new(vec![0; bytes]), Err(MessageError::Length(bytes)));
    }
    for kind in [0, 4, 5, 6, 7, 8, 10, 11, 12, 13, 19, 20] {
        let mut endless = vec![kind; TRANSACTIONS_BYTES_MAX + TRANSACTION_BYTES_MAX];
        endless[0] = kind;
        assert!(matches!(Message::from_bytes(&endless), Err(MessageError::Content(_))), "{kind}");
    }
}

#[test]
fn what_is_no_message_is_named() {
    assert_eq!(Message::from_bytes(&[]), Err(MessageError::Empty));
    assert_eq!(Message::from_bytes(&[21, 1]), Err(MessageError::Kind(21)));
    assert_eq!(Message::from_bytes(&[1, 1]), Err(MessageError::Length(1)));
    assert_eq!(Message::from_bytes(&[3, 0]), Err(MessageError::Length(1)));
    assert!(matches!(Message::from_bytes(&[8, 0]), Err(MessageError::Content(_))), "a question for nothing");
}

#[test]
fn block_shows_its_header_before_it_is_decoded() {
    let block = Network::new(1).genesis.block().clone();
    let bytes = BlockBytes::new(encode(&block)).unwrap();
    assert_eq!((bytes.header(), bytes.decode()), (block.header, Ok(block.clone())));
    let mut cut = encode(&block);
    cut.truncate(HEADER_BYTES);
    let cut = BlockBytes::new(cut).unwrap();
    assert_eq!(cut.header(), block.header);
    assert!(cut.decode().is_err());
}

#[test]
fn newest_version_that_both_speak_is_spoken() {
    let versions = |oldest, newest| Versions { oldest, newest };
    assert_eq!(versions(1, 3).common(versions(2, 5)), Some(3));
    assert_eq!(versions(2, 5).common(versions(1, 3)), Some(3));
    assert_eq!(versions(1, 1).common(versions(1, 9)), Some(1));
    assert_eq!(versions(1, 2).common(versions(3, 4)), None);
    assert_eq!(versions(5, 2).common(versions(1, 9)), None, "a range of nothing");
    assert_eq!(Versions::OURS.common(Versions::OURS), Some(Versions::OURS.newest));
}
