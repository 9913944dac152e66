//! The hash functions of the chain, one for each purpose.

use cairn::crypto::Tag;

use super::{tagged, text};

const MESSAGE: &[u8] = b"the message of the frozen tags";

/// Every tag that has a part in consensus, and its hash of [`MESSAGE`].
const FROZEN: [(&str, &str); 9] = [
    ("cairn/tx", "4074ee74236ec0462c8e8f470aed8fb86f44f7ec7a3ffe515a1c61c448b9bf39"),
    ("cairn/sign", "16d15a9c66371c18f91f3ba2989b367e16276b4fb2a96ade9d21ad3907537b66"),
    ("cairn/address", "2c52aef00e190e4e206659166924b695e46157277222a6e94b36b20e68ad6205"),
    ("cairn/key", "a7f6620254320fbb255f71c3d34a5e827549b1031372d737d2eaab10755e7234"),
    ("cairn/leaf", "82d10011c6735f4fd91335c4fe25b3499fa1a2d7d08e73ea6bb5eba33e17d999"),
    ("cairn/node", "4040b3ef09a19e1a2f8285e6cf2b57aa4f99509989d4b0bcbf7ed9f5f4dfbfab"),
    ("cairn/history-leaf", "54017e700ab4f9652731af677065a81ece6072c89626f92f15cb44e6c89ec352"),
    ("cairn/history-node", "3a237a001f5edcc03f295e0881615f716bb1d18c2fecb259cf23e6eee09189a5"),
    ("cairn/history", "84dd3cf32308b67d4a6e6dea42c261b126cdee098944716c5c707d8b2359b806"),
];

#[test]
fn every_tag_hashes_as_it_always_has() {
    let found = FROZEN.map(|(tag, _)| (tag, text(tagged(tag, &[MESSAGE]))));
    assert_eq!(found, FROZEN.map(|(tag, digest)| (tag, digest.to_owned())));
    for (tag, digest) in FROZEN {
        assert_eq!(text(Tag::new(tag).hash(MESSAGE)), digest, "{tag}");
    }
}

#[test]
fn pair_of_digests_hashes_as_both_in_a_row() {
    let (left, right) = ([0x11; 32], [0x22; 32]);
    for (tag, _) in FROZEN {
        assert_eq!(Tag::new(tag).hash_pair(&left, &right), tagged(tag, &[&left, &right]), "{tag}");
    }
}
