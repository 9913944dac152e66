//! Which headers are followed, and which are refused for what.

use cairn::consensus::HeaderError;
use cairn::light::{Accepted, Headers, HeadersError, RIVAL_HEADERS_MAX};
use cairn::types::{Bits, BlockHash, Header, Timestamp};
use proptest::prelude::*;

use crate::stage::{Miner, NOW, asert_genesis, genesis, height, work};

fn miner(blocks: usize) -> Miner {
    let mut miner = Miner::new(&genesis());
    miner.mine_empty(blocks);
    miner
}

/// A branch of nothing but headers on these, whatever their blocks might be; for long ones.
fn bare(on: &Headers, count: usize, salt: u8) -> Vec<Header> {
    let genesis = genesis();
    let mut previous = *on.header(on.height()).unwrap();
    let mut next = || {
        previous = Header {
            previous: previous.hash(),
            time: Timestamp(previous.time.0 + 1),
            merkle_root: cairn::types::MerkleRoot::from_bytes([salt; 32]),
            ..previous
        };
        work(&mut previous, &genesis);
        previous
    };
    (0..count).map(|_| next()).collect()
}

fn followed(fork: u32, dropped: u32, added: u32) -> Result<Accepted, HeadersError> {
    Ok(Accepted::Followed { fork: height(fork), dropped, added })
}

#[test]
fn headers_are_followed_as_a_node_follows_their_blocks() {
    for genesis in [genesis(), asert_genesis()] {
        let mut miner = Miner::new(&genesis);
        miner.pace = 17;
        miner.mine_empty(40);
        let headers = miner.followed();
        let tip = miner.chain.tip();
        assert_eq!((headers.tip(), headers.height(), headers.work()), (tip.hash, tip.height, tip.work));
        assert_eq!(headers.locator(), miner.chain.locator());
        for at in 0..=40 {
            let entry = miner.chain.at(height(at)).unwrap();
            assert_eq!(headers.hash(height(at)), Some(entry.hash));
            assert_eq!(headers.header(height(at)), Some(&entry.header));
            assert_eq!(headers.height_of(&entry.hash), Some(height(at)));
        }
        assert_eq!((headers.hash(height(41)), headers.header(height(41))), (None, None));
    }
}

#[test]
fn headers_come_in_any_pieces_and_more_than_once() {
    let all = miner(30).headers();
    let mut headers = Headers::new(&genesis());
    assert_eq!(headers.accept(&[], NOW), Ok(Accepted::Known));
    assert_eq!(headers.accept(&all[..7], NOW), followed(0, 0, 7));
    assert_eq!(headers.accept(&all[..7], NOW), Ok(Accepted::Known));
    assert_eq!(headers.accept(&all[2..20], NOW), followed(7, 0, 13));
    assert_eq!(headers.accept(&all[20..], NOW), followed(20, 0, 10));
    assert_eq!(headers.tip(), all[29].hash());
    assert_eq!(headers.accept(&[genesis().block().header], NOW), Ok(Accepted::Known));
}

#[test]
fn header_chain_that_skips_is_refused_whole() {
    let all = miner(10).headers();
    let mut headers = Headers::new(&genesis());
    let gap = [&all[..3], &all[4..]].concat();
    assert_eq!(headers.accept(&gap, NOW), Err(HeadersError::Skips { index: 3 }));
    assert_eq!(headers.height(), height(0), "nothing was taken");
    assert_eq!(headers.accept(&all[1..], NOW), Err(HeadersError::Unconnected { missing: all[0].hash() }));
    headers.accept(&all[..5], NOW).unwrap();
    // Known ones in front do not hide a step.
    let hidden = [&all[..2], &all[5..]].concat();
    assert_eq!(headers.accept(&hidden, NOW), Err(HeadersError::Skips { index: 2 }));
}

#[test]
fn header_without_its_work_is_refused() {
    let mut miner = Miner::new(&asert_genesis());
    miner.mine_empty(5);
    let mut all = miner.headers();
    all[3].nonce ^= 1;
    let mut headers = Headers::new(&asert_genesis());
    let refused = headers.accept(&all, NOW).unwrap_err();
    assert!(matches!(refused, HeadersError::Rule { index: 3, error: HeaderError::Work { .. } }), "{refused}");
    assert_eq!(headers.height(), height(0));
}

#[test]
fn easier_work_than_the_chain_asks_for_is_refused() {
    let genesis = asert_genesis();
    let mut easy = Header { previous: genesis.block().header.hash(), ..genesis.block().header };
    easy.bits = Bits(0x207f_ffff);
    work(&mut easy, &genesis);
    let refused = Headers::new(&genesis).accept(&[easy], NOW).unwrap_err();
    let expected = genesis.params().genesis_bits;
    let error = HeaderError::Difficulty { expected, found: easy.bits };
    assert_eq!(refused, HeadersError::Rule { index: 0, error });
}

#[test]
fn header_before_the_median_or_from_the_future_is_refused() {
    let miner = miner(12);
    let mut headers = miner.followed();
    let last = *headers.header(height(12)).unwrap();
    let mut old = Header { previous: last.hash(), time: Timestamp(last.time.0 - 60 * 6), ..last };
    work(&mut old, &genesis());
    let refused = headers.accept(&[old], NOW).unwrap_err();
    assert!(matches!(refused, HeadersError::Rule { index: 0, error: HeaderError::TimeTooOld { .. } }));

    let drift = genesis().params().future_drift;
    let mut fresh = Headers::new(&genesis());
    let latest = Timestamp(last.time.0 - drift);
    let refused = fresh.accept(&miner.headers(), Timestamp(latest.0 - 1)).unwrap_err();
    assert!(matches!(refused, HeadersError::TooEarly { index: 11, .. }), "{refused}");
    assert!(fresh.accept(&miner.headers(), latest).is_ok());
}

#[test]
fn branch_with_more_work_replaces_ours_and_one_with_as_much_does_not() {
    let common = miner(5);
    let (mut ours, mut theirs) = (common.other(1), common.other(2));
    ours.mine_empty(3);
    theirs.mine_empty(4);
    let mut headers = ours.followed();
    let rival = theirs.headers();
    let lighter = headers.accept(&rival[..8], NOW).unwrap();
    assert!(matches!(lighter, Accepted::Lighter { fork, work, ours } if fork == height(5) && work == ours));
    assert_eq!(headers.tip(), ours.chain.tip().hash);
    // What was kept of it goes on, header by header.
    assert_eq!(headers.accept(&rival[8..], NOW), followed(5, 3, 4));
    assert_eq!(headers.tip(), theirs.chain.tip().hash);
    for header in &ours.headers()[5..] {
        assert_eq!(headers.height_of(&header.hash()), None, "given up");
    }
    assert_eq!(headers.hash(height(9)), Some(rival[8].hash()));
    // And back, in one piece.
    ours.mine_empty(2);
    assert_eq!(headers.accept(&ours.headers(), NOW), followed(5, 4, 5));
    assert_eq!(headers.work(), ours.chain.tip().work);
}

#[test]
fn rival_outlives_growth_of_our_branch_but_not_its_own_fork() {
    let common = miner(5);
    let (mut ours, mut theirs) = (common.other(1), common.other(2));
    ours.mine_empty(3);
    theirs.mine_empty(6);
    let mut headers = ours.followed();
    let rival = theirs.headers();
    headers.accept(&rival[..7], NOW).unwrap();
    ours.mine_empty(1);
    assert_eq!(headers.accept(&ours.headers(), NOW), followed(8, 0, 1));
    assert_eq!(headers.accept(&rival[7..], NOW), followed(5, 4, 6));

    let mut headers = ours.followed();
    headers.accept(&rival[..7], NOW).unwrap();
    let mut deeper = miner(3).other(3);
    deeper.mine_empty(9);
    assert_eq!(headers.accept(&deeper.headers(), NOW), followed(3, 6, 9));
    let missing = rival[6].hash();
    assert_eq!(headers.accept(&rival[7..], NOW), Err(HeadersError::Unconnected { missing }));
}

#[test]
fn longer_branch_of_less_work_is_not_followed() {
    let genesis = asert_genesis();
    let mut quick = Miner::new(&genesis);
    quick.pace = 1;
    quick.mine_empty(60);
    let mut slow = Miner::new(&genesis).other(5);
    slow.pace = 600;
    while slow.chain.tip().height.0 < 61 {
        slow.mine_empty(1);
    }
    assert!(slow.chain.tip().work < quick.chain.tip().work, "fewer hashes in more blocks");
    let mut headers = quick.followed();
    assert!(matches!(headers.accept(&slow.headers(), NOW), Ok(Accepted::Lighter { .. })));
    assert_eq!(slow.followed().accept(&quick.headers(), NOW), followed(0, 61, 60));
}

#[test]
fn rival_beyond_what_is_kept_has_to_come_at_once() {
    let fresh = Headers::new(&genesis());
    let ours = bare(&fresh, RIVAL_HEADERS_MAX + 2, 1);
    let theirs = bare(&fresh, RIVAL_HEADERS_MAX + 3, 2);
    let mut headers = fresh;
    headers.accept(&ours, NOW).unwrap();
    assert!(headers.accept(&theirs[..RIVAL_HEADERS_MAX], NOW).is_ok());
    let one_more = &theirs[RIVAL_HEADERS_MAX..=RIVAL_HEADERS_MAX];
    assert_eq!(headers.accept(one_more, NOW), Err(HeadersError::RivalTooLong(RIVAL_HEADERS_MAX + 1)));
    let all = theirs.len() as u32;
    assert_eq!(headers.accept(&theirs, NOW), followed(0, all - 1, all));
    // Marks far below the tip lead to the same branches as the headers do.
    let at = headers.header(height(5000)).unwrap().hash();
    let mut again = Headers::new(&genesis());
    again.accept(&theirs[..5000], NOW).unwrap();
    assert_eq!(again.tip(), at);
    let fork = bare(&again, RIVAL_HEADERS_MAX, 3);
    assert_eq!(headers.accept(&fork, NOW), followed(5000, all - 5000, fork.len() as u32));
}

#[test]
fn no_branch_passes_a_checkpoint_by() {
    let common = miner(5);
    let (mut ours, mut theirs) = (common.other(1), common.other(2));
    ours.mine_empty(3);
    theirs.mine_empty(9);
    let expected = ours.headers()[6].hash();
    let found = theirs.headers()[6].hash();
    let wrong = HeadersError::Checkpoint { height: height(7), expected, found };
    let mut fresh = Headers::new(&genesis());
    fresh.add_checkpoint(height(7), expected).unwrap();
    assert_eq!(fresh.accept(&theirs.headers(), NOW), Err(wrong));
    assert_eq!(fresh.accept(&ours.headers(), NOW), followed(0, 0, 8));
    let below = HeadersError::BelowCheckpoint { fork: height(5), checkpoint: height(7) };
    assert_eq!(fresh.accept(&theirs.headers(), NOW), Err(below));
    assert_eq!(theirs.followed().add_checkpoint(height(7), expected), Err(wrong));
    assert!(fresh.add_checkpoint(height(100), BlockHash::ZERO).is_ok());
}

/// One miner goes on from where another is, or mines so many blocks, and shows its branch whole or only the last of it.
fn acts() -> impl Strategy<Value = Vec<(usize, Option<usize>, usize, bool)>> {
    proptest::collection::vec(
        (0..3_usize, proptest::option::of(0..3_usize), 0..4_usize, any::<bool>()),
        1..12,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn tip_is_the_first_of_the_heaviest_branches_that_were_shown(acts in acts()) {
        let mut miners: Vec<Miner> = (0..3).map(|salt| Miner::new(&genesis()).other(salt)).collect();
        let mut headers = Headers::new(&genesis());
        let mut best = (headers.work(), headers.tip());
        for (at, joins, blocks, whole) in acts {
            if let Some(other) = joins {
                miners[at] = miners[other].other(at as u64);
            }
            miners[at].mine_empty(blocks);
            let tip = miners[at].chain.tip();
            let all = miners[at].headers();
            let shown = if whole { &all[..] } else { &all[all.len() - blocks..] };
            match headers.accept(shown, NOW) {
                Ok(_) if !shown.is_empty() && tip.work > best.0 => best = (tip.work, tip.hash),
                Ok(_) => {}
                Err(error) => {
                    let unknown = matches!(error, HeadersError::Unconnected { .. });
                    prop_assert!(!whole && unknown, "{}", error);
                }
            }
            prop_assert_eq!((headers.work(), headers.tip()), best);
            prop_assert_eq!(headers.height_of(&headers.tip()), Some(headers.height()));
            let again = Headers::from_bytes(&headers.to_bytes(), &genesis()).unwrap();
            prop_assert_eq!(again.tip(), headers.tip());
        }
    }
}
