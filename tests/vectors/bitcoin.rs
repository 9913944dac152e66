//! Bitcoin's compact bits, and the first 256 headers of its main network under our rules.

use cairn::consensus::{HeaderContext, Params, check_header, check_work, median_time};
use cairn::crypto::search::{Found, Kernel, Search};
use cairn::crypto::{Digest, merkle};
use cairn::testkit::Network;
use cairn::types::{Bits, BitsError, BlockHash, Header, Height, Target, Timestamp, U256, Work};
use serde::Deserialize;

use crate::support::{Hex, json};

#[derive(Deserialize)]
struct Compact {
    cases: Vec<CompactCase>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum CompactCase {
    Read { bits: String, target_hex: Option<Hex>, recompact: Option<String>, negative: bool, overflow: bool },
    Write { from_target_hex: String, compact: String },
}

fn read_bits(text: &str) -> Bits {
    Bits(u32::from_str_radix(text.trim_start_matches("0x"), 16).expect("hexadecimal"))
}

/// What Bitcoin reads as zero, as negative or as too wide, and then refuses in a header, is no target here at all.
#[test]
fn compact_bits_are_read_and_written_as_bitcoin_does() {
    let Compact { cases } = json(include_str!("data/bitcoin/compact_bits.json"));
    let (mut targets, mut refused) = (0, Vec::new());
    for case in &cases {
        match case {
            CompactCase::Read { bits, target_hex, recompact, negative, overflow } => {
                let number = target_hex.as_ref().map(|hex| U256::from_be_bytes(hex.array::<32>()));
                let expected = match number {
                    _ if *overflow => Err(BitsError::Overflow),
                    _ if *negative => Err(BitsError::Negative),
                    Some(number) => Target::from_number(number).ok_or(BitsError::Zero),
                    None => panic!("a case without target: {bits}"),
                };
                let found = Target::from_bits(read_bits(bits));
                assert_eq!(found, expected, "{bits}");
                match found {
                    Ok(target) => {
                        let again = recompact.as_deref().map(read_bits);
                        assert_eq!(Some(target.to_bits()), again, "{bits}");
                        targets += 1;
                    }
                    Err(error) => refused.push(error),
                }
            }
            CompactCase::Write { from_target_hex, compact } => {
                let number = U256::from_str_radix(from_target_hex, 16).expect("hexadecimal");
                let target = Target::from_number(number).expect("not zero");
                assert_eq!(target.to_bits(), read_bits(compact));
                targets += 1;
            }
        }
    }
    let count = |error| refused.iter().filter(|found| **found == error).count();
    assert_eq!(cases.len(), 21);
    assert_eq!(targets, 7);
    assert_eq!(count(BitsError::Zero), 11);
    assert_eq!(count(BitsError::Negative), 2);
    assert_eq!(count(BitsError::Overflow), 1);
}

/// The published cases have one overflow, far out. Where it begins is as Core's `arith_uint256::SetCompact` has it.
#[test]
fn overflow_begins_where_core_begins_it() {
    for size in 0..=255_u32 {
        for mantissa in [0, 1, 0x7f, 0xff, 0x100, 0xffff, 0x1_0000, 0x7f_ffff] {
            let bits = Bits(size << 24 | mantissa);
            let overflows = mantissa != 0
                && (size > 34 || (mantissa > 0xff && size > 33) || (mantissa > 0xffff && size > 32));
            assert_eq!(Target::from_bits(bits) == Err(BitsError::Overflow), overflows, "{bits}");
        }
    }
}

#[derive(Deserialize)]
struct Mainnet {
    genesis_header: Hex,
    blocks: Vec<MainnetBlock>,
}

#[derive(Deserialize)]
struct MainnetBlock {
    header: Hex,
    hash: BlockHash,
    /// As they are printed: back to front.
    txids: Vec<Hex>,
}

fn mainnet() -> Mainnet {
    json(include_str!("data/bitcoin/mainnet_blocks_1_256.json"))
}

/// Genesis and the 255 blocks above it.
fn headers() -> Vec<Header> {
    let Mainnet { genesis_header, blocks } = mainnet();
    let bytes = std::iter::once(genesis_header).chain(blocks.into_iter().map(|block| block.header));
    bytes.map(|hex| Header::from_bytes(&hex.array())).collect()
}

fn mainnet_params() -> Params {
    let pow_limit = Target::from_bits(Bits(0x1d00_ffff)).expect("a target");
    Params { pow_limit, ..Network::new(0).params().clone() }
}

#[test]
fn header_is_its_80_bytes_and_hashes_as_printed() {
    let blocks = mainnet().blocks;
    for block in &blocks {
        let header = Header::from_bytes(&block.header.array());
        assert_eq!(header.to_bytes(), block.header.array());
        assert_eq!(header.hash(), block.hash);
    }
    assert_eq!(blocks.len(), 255);
}

/// What a kernel finds around a header's nonce, with the target it was mined for.
fn found_around(kernel: Kernel, header: &Header) -> Vec<Found> {
    let bytes = header.to_bytes();
    let tail = bytes[64..76].try_into().expect("twelve bytes");
    let target = Target::from_bits(header.bits).expect("a target").number().to_le_bytes();
    let search = Search::new(&[*bytes.first_chunk().expect("eighty bytes")], tail, target);
    let nonces = header.nonce.saturating_sub(100)..=header.nonce.saturating_add(100);
    search.scan(kernel, nonces).collect()
}

#[test]
fn every_kernel_finds_the_nonces_that_were_mined() {
    let bytes = "0100000081cd02ab7e569e8bcd9317e2fe99f2de44d49ab2b8851ba4a308000000000000e320b6c2fffc8d750423db8b\
                 1eb942ae710e951ed797f7affc8892b0f1fc122bc7f5d74df2b9441a42a14695";
    let block_125552 = Header::from_bytes(&Hex::try_from(bytes.to_owned()).expect("hexadecimal").array());
    let mut headers = headers();
    headers.push(block_125552);
    assert_eq!(headers[0].nonce, 2_083_236_893);
    assert_eq!(block_125552.nonce, 2_504_433_986);
    for kernel in Kernel::available() {
        for header in &headers {
            let mined = Found { prefix: 0, nonce: header.nonce, digest: *header.hash().as_bytes() };
            assert_eq!(found_around(kernel, header), [mined], "{kernel}");
        }
    }
}

#[test]
fn every_header_names_the_one_before() {
    let headers = headers();
    assert_eq!(headers[0].previous, BlockHash::ZERO);
    for pair in headers.windows(2) {
        assert_eq!(pair[1].previous, pair[0].hash());
    }
    assert_eq!(headers.len(), 256);
}

#[test]
fn mainnet_headers_meet_our_rules() {
    let (params, headers) = (mainnet_params(), headers());
    let times: Vec<Timestamp> = headers.iter().map(|header| header.time).collect();
    let mut work = Work::ZERO;
    for (height, header) in headers.iter().enumerate() {
        assert_eq!(check_work(&params, header), Ok(header.hash()));
        work = work.saturating_add(Target::from_bits(header.bits).expect("checked").work());
        if height > 0 {
            let median_time = median_time(&times[height.saturating_sub(11)..height]);
            let context = HeaderContext { height: Height(1), bits: Bits(0x1d00_ffff), median_time };
            assert_eq!(check_header(header, &context), Ok(()));
        }
    }
    // The chain's work at height 255 as Bitcoin nodes state it.
    assert_eq!(work.number(), U256::from(0x0100_0100_0100_u64));
}

#[test]
fn header_with_another_nonce_does_not_meet_its_target() {
    let params = mainnet_params();
    for mut header in headers() {
        header.nonce ^= 1;
        assert!(check_work(&params, &header).is_err());
    }
}

/// All 255 blocks hold one or two transactions, where our trees and Bitcoin's agree.
#[test]
fn merkle_roots_agree_at_powers_of_two() {
    let mut blocks_by_count = [0; 3];
    for block in mainnet().blocks {
        let mut txids: Vec<Digest> = block.txids.iter().map(Hex::array).collect();
        txids.iter_mut().for_each(|txid| txid.reverse());
        let header = Header::from_bytes(&block.header.array());
        assert_eq!(merkle::root(&txids), *header.merkle_root.as_bytes(), "{}", block.hash);
        blocks_by_count[txids.len()] += 1;
    }
    assert_eq!(blocks_by_count, [0, 248, 7]);
}
