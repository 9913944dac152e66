//! Headers: bits, work, difficulty, time.

use cairn::consensus::{
    Blame, Branch, HeaderContext, HeaderError, MEDIAN_WINDOW, TooEarly, check_arrival, check_header,
    check_work,
};
use cairn::testkit::{Follower, Network, asert_file, devnet_file, mine};
use cairn::types::{Bits, BitsError, BlockHash, EffectiveTime, Header, Height, Target, Timestamp, Work};

use crate::stage::{Stage, miner};

/// An honest header on genesis.
fn honest(stage: &Stage) -> Header {
    stage.block(Vec::new()).header
}

/// An empty block that says it was made at this time.
fn mine_at(follower: &mut Follower, time: u32) {
    let mut draft = follower.draft(miner(), Vec::new());
    draft.time = Timestamp(time);
    let block = draft.mine(follower.params());
    follower.submit(block).unwrap();
}

fn context(follower: &Follower) -> HeaderContext {
    follower.chain.context_above(&follower.chain.tip().hash).unwrap()
}

#[test]
fn bits_that_stand_for_no_target_are_refused() {
    let stage = Stage::new();
    let checked = |bits| check_work(stage.params(), &Header { bits: Bits(bits), ..honest(&stage) });
    assert_breaks!(checked(0x1d80_0001), HeaderError::Bits(BitsError::Negative), Blame::Sender);
    for one_byte_too_wide in [0x2300_0001, 0x2200_0100, 0x2101_0000] {
        let found = checked(one_byte_too_wide);
        assert_breaks!(found, HeaderError::Bits(BitsError::Overflow), Blame::Sender);
    }
    assert_breaks!(checked(0x1d00_0000), HeaderError::Bits(BitsError::Zero), Blame::Sender);
    assert_breaks!(checked(0x0000_ffff), HeaderError::Bits(BitsError::Zero), Blame::Sender);
}

#[test]
fn largest_target_that_bits_can_stand_for_is_no_overflow() {
    let number = |bits| Target::from_bits(Bits(bits)).unwrap().number();
    assert_eq!(number(0x2200_00ff).byte_len(), 32);
    assert_eq!(number(0x2100_ffff).byte_len(), 32);
    assert_eq!(number(0x207f_ffff).byte_len(), 32);
}

#[test]
fn target_above_the_limit_is_refused() {
    let stage = Stage::new();
    let limit = stage.params().pow_limit;
    let bits = Bits(0x2100_8000);
    let target = Target::from_bits(bits).unwrap();
    let header = Header { bits, ..honest(&stage) };
    assert_breaks!(
        check_work(stage.params(), &header),
        HeaderError::AboveLimit { target, limit },
        Blame::Sender
    );
}

#[test]
fn target_of_exactly_the_limit_is_accepted() {
    let stage = Stage::new();
    let header = honest(&stage);
    assert_eq!(Target::from_bits(header.bits), Ok(stage.params().pow_limit));
    assert_eq!(check_work(stage.params(), &header), Ok(header.hash()));
}

#[test]
fn hash_above_its_target_is_refused() {
    let stage = Stage::new();
    let target = stage.params().pow_limit;
    let nonces = (0..).map(|nonce| Header { nonce, ..honest(&stage) });
    let header = nonces.into_iter().find(|header| !target.is_met_by(&header.hash())).unwrap();
    let hash = header.hash();
    assert_breaks!(check_work(stage.params(), &header), HeaderError::Work { hash, target }, Blame::Sender);
}

#[test]
fn bits_other_than_the_branch_asks_for_are_refused_even_where_they_are_harder() {
    let stage = Stage::new();
    let (expected, found) = (Bits(0x207f_ffff), Bits(0x203f_ffff));
    let mut header = Header { bits: found, ..honest(&stage) };
    mine(&mut header, stage.params());
    let checked = check_header(&header, &context(&stage.follower));
    assert_breaks!(checked, HeaderError::Difficulty { expected, found }, Blame::Block);
}

#[test]
fn bits_of_genesis_are_refused_where_the_chain_has_run_ahead_of_its_schedule() {
    let network = Network::from_file(&asert_file(1), 1);
    let mut follower = Follower::new(&network);
    follower.mine_empty(miner(), 1);
    assert_eq!(context(&follower).bits, network.params().genesis_bits, "the first gap counts as on schedule");
    follower.mine_empty(miner(), 1);
    let (asked, found) = (context(&follower), network.params().genesis_bits);
    let mut header = follower.draft(miner(), Vec::new()).mine(network.params()).header;
    assert_eq!(check_header(&header, &asked), Ok(()));
    header.bits = found;
    assert_breaks!(
        check_header(&header, &asked),
        HeaderError::Difficulty { expected: asked.bits, found },
        Blame::Block
    );
}

#[test]
fn time_before_the_median_of_the_last_eleven_is_refused() {
    let mut stage = Stage::new();
    let mut times = vec![stage.network.genesis.block().header.time.0];
    for step in [900, 100, 500, 300, 700, 200, 800, 400, 600, 1000, 1100, 1050, 950] {
        times.push(context(&stage.follower).median_time.0.max(times[0] + step));
        mine_at(&mut stage.follower, times[times.len() - 1]);
    }
    let mut last = times[times.len() - MEDIAN_WINDOW..].to_vec();
    last.sort_unstable();
    let median = Timestamp(last[MEDIAN_WINDOW / 2]);
    let asked = context(&stage.follower);
    assert_eq!(asked.median_time, median);

    let found = Timestamp(median.0 - 1);
    let header = Header { time: found, ..honest(&stage) };
    assert_breaks!(check_header(&header, &asked), HeaderError::TimeTooOld { median, found }, Blame::Block);
    assert_eq!(check_header(&Header { time: median, ..header }, &asked), Ok(()));
}

#[test]
fn median_of_an_even_number_of_blocks_is_the_later_of_the_middle_two() {
    let mut stage = Stage::new();
    let start = stage.network.genesis.block().header.time.0;
    for (step, median) in [(900, 900), (1000, 900), (1100, 1000)] {
        mine_at(&mut stage.follower, start + step);
        assert_eq!(context(&stage.follower).median_time, Timestamp(start + median));
    }
}

#[test]
fn header_above_the_last_height_is_refused() {
    let stage = Stage::new();
    let header = stage.block(Vec::new()).header;
    let branch =
        |height| Branch::resume(Height(height), Work::ZERO, EffectiveTime(0), [header.time; MEDIAN_WINDOW]);
    assert_eq!(branch(u32::MAX - 1).extend(&header, stage.params()).unwrap().height, Height(u32::MAX));
    let above = branch(u32::MAX).extend(&header, stage.params());
    assert_breaks!(above, HeaderError::EndOfChain, Blame::Block);
}

#[test]
fn any_number_of_blocks_may_share_a_second() {
    let mut stage = Stage::new();
    stage.follower.mine_empty(miner(), 30);
    assert_eq!(stage.follower.chain.tip().header.time, stage.network.genesis.block().header.time);
}

#[test]
fn old_genesis_is_no_head_start_for_the_first_block() {
    let network = Network::from_file(&asert_file(1), 1);
    let mut follower = Follower::new(&network);
    mine_at(&mut follower, network.genesis.block().header.time.0 + 1_000_000_000);
    assert_eq!(follower.chain.tip().effective_time, EffectiveTime(network.params().spacing.into()));
    assert_eq!(context(&follower).bits, network.params().genesis_bits);
}

#[test]
fn long_sleep_counts_for_one_capped_gap() {
    let network = Network::from_file(&devnet_file(1), 1);
    let mut follower = Follower::new(&network);
    let (start, spacing) = (network.genesis.block().header.time.0, network.params().spacing);
    (1..=20).for_each(|block| mine_at(&mut follower, start + block * spacing));
    let before = follower.chain.tip().effective_time;
    // The sixth block after the sleep is the middle one of the last eleven; until then the median creeps on.
    (0..6).for_each(|_| mine_at(&mut follower, start + 100_000_000));
    let slept = u64::from(5 * spacing + network.params().gap_max);
    assert_eq!(follower.chain.tip().effective_time, EffectiveTime(before.0 + slept));
    (0..6).for_each(|_| mine_at(&mut follower, start + 100_000_000));
    assert_eq!(follower.chain.tip().effective_time, EffectiveTime(before.0 + slept));
}

#[test]
fn header_of_any_version_is_accepted() {
    let stage = Stage::new();
    for version in [0, 2, 0x2000_0000, u32::MAX] {
        let mut header = Header { version, ..honest(&stage) };
        mine(&mut header, stage.params());
        assert!(check_work(stage.params(), &header).is_ok());
        assert_eq!(check_header(&header, &context(&stage.follower)), Ok(()));
    }
}

#[test]
fn header_from_beyond_the_drift_waits_and_nobody_is_to_blame() {
    let stage = Stage::new();
    let (now, drift) = (Timestamp(2_000_000_000), stage.params().future_drift);
    let arriving = |time| check_arrival(Timestamp(time), now, stage.params());
    assert_eq!(arriving(0), Ok(()));
    assert_eq!(arriving(now.0 + drift), Ok(()));
    assert_breaks!(arriving(now.0 + drift + 1), TooEarly { seconds_early: 1 }, Blame::Nobody);
    let seconds_early = u32::MAX - now.0 - drift;
    assert_breaks!(arriving(u32::MAX), TooEarly { seconds_early }, Blame::Nobody);
}

#[test]
fn time_far_ahead_is_no_fault_of_the_block_itself() {
    let mut stage = Stage::new();
    mine_at(&mut stage.follower, u32::MAX);
}

#[test]
fn work_is_not_asked_of_genesis() {
    let stage = Stage::new();
    let header = &stage.network.genesis.block().header;
    assert_eq!(stage.follower.chain.tip().hash, header.hash());
    assert_eq!(header.previous, BlockHash::ZERO);
}
