//! The root over all earlier headers.

use cairn::codec::encode;
use cairn::ledger::{History, HistoryLeaf};
use cairn::types::{Bits, BlockHash, EffectiveTime, Height};

use super::{number, sha256, tagged, text};

/// Effective time and bits of five blocks; each has a hash that repeats its height.
const BLOCKS: [(u64, u32); 5] = [
    (0, 0x207f_ffff),
    (60, 0x207f_ffff),
    (300, 0x1f0f_ffff),
    (70_000, 0x1d00_ffff),
    (5_000_000_000, 0x1702_ae16),
];

/// 2^256 / (target + 1) of each, by hand: lowest byte first.
fn laid_work(at: usize) -> Vec<u8> {
    let low: &[u8] = match at {
        0 | 1 => &[2],
        2 => &[0, 16],
        3 => &[1, 0, 1, 0, 1],
        _ => &[0xaf, 0xd3, 0x65, 0xc7, 0x2a, 0x27, 0x0c, 0x85, 0x85, 0x5f],
    };
    let mut bytes = low.to_vec();
    bytes.resize(32, 0);
    bytes
}

fn leaf(at: usize) -> HistoryLeaf {
    let (time, bits) = BLOCKS[at];
    let block = BlockHash::from_bytes([at as u8; 32]);
    HistoryLeaf::new(block, Height(at as u32), EffectiveTime(time), Bits(bits)).expect("bits of a target")
}

fn laid_leaf(at: usize) -> Vec<u8> {
    let (time, bits) = BLOCKS[at];
    [
        vec![at as u8; 32], // block
        vec![at as u8],     // height
        laid_work(at),      //
        number(time),       // effective time
        number(bits.into()),
    ]
    .concat()
}

/// What a node over the blocks `first..=last` hashes to and sums up.
#[derive(Clone)]
struct Node {
    digest: [u8; 32],
    work: [u8; 32],
    first: usize,
    last: usize,
}

impl Node {
    fn leaf(at: usize) -> Self {
        let work = laid_work(at).try_into().expect("32 bytes");
        Self { digest: tagged("cairn/history-leaf", &[&laid_leaf(at)]), work, first: at, last: at }
    }

    fn join(left: &Self, right: &Self) -> Self {
        assert_eq!(left.last + 1, right.first);
        let digest = tagged("cairn/history-node", &[&left.bytes(), &right.bytes()]);
        Self { digest, work: sum(&left.work, &right.work), first: left.first, last: right.last }
    }

    fn bytes(&self) -> Vec<u8> {
        let ((first_time, first_bits), (last_time, last_bits)) = (BLOCKS[self.first], BLOCKS[self.last]);
        [
            self.digest.to_vec(),
            number((self.last - self.first + 1) as u64), // count
            self.work.to_vec(),
            number(first_time),
            number(last_time),
            number(first_bits.into()),
            number(last_bits.into()),
        ]
        .concat()
    }
}

fn sum(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    let (mut total, mut carry) = ([0; 32], 0);
    for (at, byte) in total.iter_mut().enumerate() {
        let digit = u16::from(left[at]) + u16::from(right[at]) + carry;
        *byte = digit as u8;
        carry = digit >> 8;
    }
    total
}

fn root(count: u32, bagged: &Node) -> String {
    text(tagged("cairn/history", &[&count.to_le_bytes(), &sha256(&[&bagged.bytes()])]))
}

fn history(count: usize) -> History {
    let mut history = History::default();
    (0..count).for_each(|at| history.push(&leaf(at)));
    history
}

#[test]
fn leaf_is_laid_out_as_it_always_was() {
    for at in 0..BLOCKS.len() {
        assert_eq!(text(encode(&leaf(at))), text(laid_leaf(at)), "block {at}");
    }
}

#[test]
fn roots_of_one_to_five_headers_are_what_they_always_were() {
    let leaves: Vec<Node> = (0..5).map(Node::leaf).collect();
    let two = Node::join(&leaves[0], &leaves[1]);
    let four = Node::join(&two, &Node::join(&leaves[2], &leaves[3]));
    let bagged = [
        leaves[0].clone(),
        two.clone(),
        Node::join(&two, &leaves[2]),
        four.clone(),
        Node::join(&four, &leaves[4]),
    ];
    let frozen = [
        "366b5c1ac7f810f4ee3bb613f10bd10b90b1867b3699668d113ca0b40a269618",
        "bb1a09fdbf3859308fefdc479504fe630439adb252a0bc6a2de8ebdd5bac3776",
        "ef64fcb8eb8909a77c8a363dc00c996cefcbeed63fc280f6348069e905c61e25",
        "e82e9a8729584b24f7bec82c04bacf56f912a65e0c27467f32fda5990ae0393d",
        "306b94df45fc07066d649b02492f553f8c7c2069912dc96de90490aa2211d71e",
    ];
    for ((count, bagged), frozen) in (1..).zip(&bagged).zip(frozen) {
        let found = history(count as usize).root().to_string();
        assert_eq!(found, root(count, bagged), "{count} headers");
        assert_eq!(found, frozen, "{count} headers");
    }
}

#[test]
fn root_of_no_header_is_zeros() {
    assert_eq!(*history(0).root().as_bytes(), [0; 32]);
}
