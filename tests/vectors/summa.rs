//! Summa's vectors for light clients of Bitcoin, where they are about headers, targets, hashes and merkle paths.

use cairn::codec::decode;
use cairn::crypto::merkle::Path;
use cairn::crypto::{Digest, sha256, sha256d};
use cairn::types::{Bits, BlockHash, HEADER_BYTES, Header, MerkleRoot, Target, U256};
use serde::Deserialize;

use crate::support::{Hex, json};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    sha256: Vec<Case<Hex, Hex>>,
    hash256: Vec<Case<Hex, Hex>>,
    hash256_merkle_step: Vec<Case<[Hex; 2], Hex>>,
    #[serde(rename = "extractMerkleRootLE")]
    extract_merkle_root: Vec<Case<Hex, Hex>>,
    #[serde(rename = "extractPrevBlockLE")]
    extract_previous: Vec<Case<Hex, Hex>>,
    extract_target: Vec<Case<Hex, Hex>>,
    extract_timestamp: Vec<Case<Hex, u32>>,
    work: Vec<Case<Hex, String>>,
    work_hash: Vec<Case<Hex, Hex>>,
    validate_header_work: Vec<Case<DigestAndTarget, bool>>,
    validate_header_prev_hash: Vec<Case<HeaderAndPrevious, bool>>,
    validate_header_chain: Vec<Case<Hex, u64>>,
    validate_header_chain_error: Vec<BrokenChain>,
    #[serde(rename = "verifyHash256Merkle")]
    verify_merkle: Vec<Case<ProofFromLeafToRoot, bool>>,
    prove: Vec<Case<Proof, bool>>,
    retarget_algorithm: Vec<Retarget>,
}

#[derive(Deserialize)]
struct Case<I, O> {
    input: I,
    output: O,
}

#[derive(Deserialize)]
struct DigestAndTarget {
    digest: Hex,
    target: Hex,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HeaderAndPrevious {
    header: Hex,
    prev_hash: Hex,
}

#[derive(Deserialize)]
struct BrokenChain {
    comment: String,
    input: Hex,
}

#[derive(Deserialize)]
struct ProofFromLeafToRoot {
    proof: Hex,
    index: usize,
}

#[derive(Deserialize)]
struct Proof {
    #[serde(rename = "txIdLE")]
    leaf: Hex,
    #[serde(rename = "merkleRootLE")]
    root: Hex,
    proof: Hex,
    index: usize,
}

/// Two ends of a difficulty period and what follows. Only the headers are ours: our difficulty is another.
#[derive(Deserialize)]
struct Retarget {
    input: Vec<RealHeader>,
}

#[derive(Deserialize)]
struct RealHeader {
    hash: Hex,
    prev_block: Hex,
    merkle_root: Hex,
    timestamp: u32,
    nbits: Hex,
    hex: Hex,
}

fn file() -> File {
    json(include_str!("data/bitcoin/summa_testVectors.json"))
}

fn header(hex: &Hex) -> Header {
    Header::from_bytes(&hex.array())
}

#[test]
fn hashes_are_as_published() {
    let file = file();
    for Case { input, output } in &file.sha256 {
        assert_eq!(sha256(&input.0), output.array());
    }
    for Case { input, output } in &file.hash256 {
        assert_eq!(sha256d(&input.0), output.array());
    }
    for Case { input: [left, right], output } in &file.hash256_merkle_step {
        assert_eq!(sha256d(&[&left.0[..], &right.0].concat()), output.array());
    }
    assert_eq!([file.sha256.len(), file.hash256.len(), file.hash256_merkle_step.len()], [2, 2, 2]);
}

#[test]
fn header_fields_are_where_bitcoin_has_them() {
    let file = file();
    for Case { input, output } in &file.extract_merkle_root {
        assert_eq!(header(input).merkle_root, MerkleRoot::from_bytes(output.array()));
    }
    for Case { input, output } in &file.extract_previous {
        assert_eq!(header(input).previous, BlockHash::from_bytes(output.array()));
    }
    for Case { input, output } in &file.extract_target {
        let target = Target::from_number(U256::from_be_bytes(output.array::<32>())).expect("not zero");
        assert_eq!(Target::from_bits(header(input).bits), Ok(target));
    }
    for Case { input, output } in &file.extract_timestamp {
        assert_eq!(header(input).time.0, *output);
    }
    for Case { input, output } in &file.work_hash {
        assert_eq!(header(input).hash(), BlockHash::from_bytes(output.array()));
    }
    for Case { input, output } in &file.work {
        // By "work" Summa means the hash, read as the number that must not exceed the target.
        assert_eq!(U256::from_le_bytes(*header(input).hash().as_bytes()).to_string(), *output);
    }
    for Case { input: HeaderAndPrevious { header: bytes, prev_hash }, output } in
        &file.validate_header_prev_hash
    {
        assert_eq!(header(bytes).previous == BlockHash::from_bytes(prev_hash.array()), *output);
    }
    assert_eq!(file.validate_header_prev_hash.len(), 2);
}

#[test]
fn work_is_judged_as_published_but_for_a_hash_of_zero() {
    let cases = file().validate_header_work;
    let verdict = |DigestAndTarget { digest, target }: &DigestAndTarget| {
        let target = Target::from_number(U256::from_be_bytes(target.array::<32>())).expect("not zero");
        target.is_met_by(&BlockHash::from_bytes(digest.array()))
    };
    let verdicts: Vec<[bool; 2]> = cases.iter().map(|case| [verdict(&case.input), case.output]).collect();
    // Summa refuses a hash of zero by itself. Bitcoin and we do not: it is a number below every target.
    assert_eq!(verdicts, [[true, false], [false, false], [true, true]]);
}

#[test]
fn real_headers_of_nine_difficulty_periods_are_read_and_meet_their_targets() {
    let headers: Vec<RealHeader> =
        file().retarget_algorithm.into_iter().flat_map(|epoch| epoch.input).collect();
    let reversed = |hex: &Hex| {
        let mut bytes: Digest = hex.array();
        bytes.reverse();
        bytes
    };
    for real in &headers {
        let header = header(&real.hex);
        assert_eq!(header.to_bytes(), real.hex.array());
        assert_eq!(header.hash(), BlockHash::from_bytes(reversed(&real.hash)));
        assert_eq!(header.previous, BlockHash::from_bytes(reversed(&real.prev_block)));
        // Printed back to front in some and not in others.
        let merkle_roots = [real.merkle_root.array(), reversed(&real.merkle_root)];
        assert!(merkle_roots.contains(header.merkle_root.as_bytes()));
        assert_eq!(header.time.0, real.timestamp);
        assert_eq!(header.bits, Bits(u32::from_le_bytes(real.nbits.array())));
        let target = Target::from_bits(header.bits).expect("a target");
        assert_eq!(target.to_bits(), header.bits);
        assert!(target.is_met_by(&header.hash()));
    }
    assert_eq!(headers.len(), 27);
}

/// What is wrong with a run of headers, and with which.
#[derive(Debug, PartialEq, Eq)]
enum Fault {
    Length,
    Link(usize),
    Work(usize),
}

fn read_chain(bytes: &[u8]) -> Result<Vec<Header>, Fault> {
    let chunks = bytes.chunks(HEADER_BYTES);
    let headers: Vec<Header> = chunks.map(decode).collect::<Result<_, _>>().map_err(|_| Fault::Length)?;
    for (at, header) in headers.iter().enumerate() {
        if at > 0 && header.previous != headers[at - 1].hash() {
            return Err(Fault::Link(at));
        }
        let target = Target::from_bits(header.bits).map_err(|_| Fault::Work(at))?;
        if !target.is_met_by(&header.hash()) {
            return Err(Fault::Work(at));
        }
    }
    Ok(headers)
}

#[test]
fn valid_chain_is_read_and_adds_up_to_the_published_difficulty() {
    let easiest = Target::from_bits(Bits(0x1d00_ffff)).expect("a target").number();
    let difficulty = |header: &Header| easiest / Target::from_bits(header.bits).expect("a target").number();
    let chains = file().validate_header_chain;
    for Case { input, output } in &chains {
        let headers = read_chain(&input.0).expect("a valid chain");
        let total = headers.iter().map(difficulty).fold(U256::ZERO, |total, one| total + one);
        assert_eq!(total, U256::from(*output));
    }
    assert_eq!(chains.len(), 1);
}

#[test]
fn broken_chain_is_refused_for_the_published_reason() {
    let broken = file().validate_header_chain_error;
    let faults: Vec<(&str, Fault)> = broken
        .iter()
        .map(|chain| (chain.comment.as_str(), read_chain(&chain.input.0).expect_err("a broken chain")))
        .collect();
    let expected = [
        ("Header bytes not multiple of 80", Fault::Length),
        ("Header bytes not a valid chain", Fault::Link(1)),
        ("Header does not meet its own difficulty target", Fault::Work(2)),
    ];
    assert_eq!(faults, expected);
}

/// A path of Bitcoin's tree: it duplicates odd nodes, so each of its paths is one of a full tree of that depth.
fn leads(leaf: &Digest, siblings: &[Digest], index: usize, root: &Digest) -> bool {
    let path = Path { index, count: 1 << siblings.len(), siblings: siblings.to_vec() };
    path.root(leaf) == Some(*root)
}

fn digests(bytes: &[u8]) -> Option<&[Digest]> {
    let (digests, rest) = bytes.as_chunks();
    rest.is_empty().then_some(digests)
}

#[test]
fn merkle_paths_of_real_blocks_lead_to_their_roots() {
    let cases = file().verify_merkle;
    for Case { input: ProofFromLeafToRoot { proof, index }, output } in &cases {
        let found = match digests(&proof.0) {
            None | Some([]) => false,
            Some([lone]) => leads(lone, &[], *index, lone),
            Some([leaf, siblings @ .., root]) => leads(leaf, siblings, *index, root),
        };
        assert_eq!(found, *output, "{proof:?}");
    }
    assert_eq!(cases.len(), 8);
}

#[test]
fn transactions_are_proven_exactly_where_published() {
    let cases = file().prove;
    for Case { input: Proof { leaf, root, proof, index }, output } in &cases {
        let siblings = digests(&proof.0).expect("whole digests");
        assert_eq!(leads(&leaf.array(), siblings, *index, &root.array()), *output, "{leaf:?}");
    }
    assert_eq!(cases.len(), 3);
}
