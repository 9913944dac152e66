//! How long a peer waits that sends too much.

use cairn::codec::List;
use cairn::protocol::{Allowance, Budget, GetHeaders, Message, Rate, cost_of};
use cairn::types::{BlockHash, TxHash};

const MIB: u64 = 1 << 20;

fn usual() -> Budget {
    Budget::new(1000, Allowance::USUAL)
}

/// How many such messages are read in so many seconds, by a port that waits as it is told.
fn read_within(seconds: u64, bytes: u64, cost: u32) -> u64 {
    let (mut budget, mut millis, mut read) = (usual(), 1000, 0);
    while millis < 1000 + seconds * 1000 {
        millis += budget.take(millis, bytes, cost);
        read += 1;
    }
    read
}

fn get_blocks(count: usize) -> Message {
    Message::GetBlocks(List::new(vec![BlockHash::from_bytes([1; 32]); count]).unwrap())
}

fn get_transactions(count: usize) -> Message {
    Message::GetTransactions(List::new(vec![TxHash::from_bytes([1; 32]); count]).unwrap())
}

#[test]
fn whoever_keeps_below_all_rates_never_waits() {
    let mut budget = usual();
    for second in 0..100 {
        for message in 0..1000 {
            assert_eq!(budget.take(1000 + second * 1000 + message, 60_000, u32::from(message % 5 == 0)), 0);
        }
    }
}

#[test]
fn each_of_the_three_holds_a_peer_to_its_rate() {
    let (seconds, usual) = (20, Allowance::USUAL);
    let most = |rate: Rate| rate.burst + seconds * rate.per_second;
    let near = |read: u64, most: u64| assert!(read.abs_diff(most) * 100 <= most, "{read} of {most}");
    near(read_within(seconds, MIB, 0) * MIB, most(usual.bytes));
    near(read_within(seconds, 10, 0), most(usual.messages));
    near(read_within(seconds, 10, 10) * 10, most(usual.cost));
}

#[test]
fn a_debt_is_waited_off_to_the_millisecond_and_no_quiet_saves_more_than_a_burst() {
    let rate = Rate { per_second: 10, burst: 5 };
    let generous = Rate { per_second: 1_000_000, burst: 1_000_000 };
    let mut budget = Budget::new(0, Allowance { bytes: generous, messages: rate, cost: generous });
    for _ in 0..5 {
        assert_eq!(budget.take(1_000_000, 1, 1), 0);
    }
    assert_eq!(budget.take(1_000_000, 1, 1), 100);
    assert_eq!(budget.take(1_000_050, 1, 1), 150);
    assert_eq!(budget.take(1_000_300, 1, 1), 0);
    assert_eq!(budget.take(0, 1, 1), 100, "a clock that runs back gives nothing, and takes nothing");
}

#[test]
fn the_largest_amounts_overflow_nothing() {
    let all = Rate { per_second: u64::MAX, burst: u64::MAX };
    let mut budget = Budget::new(0, Allowance { bytes: all, messages: all, cost: all });
    for _ in 0..10 {
        budget.take(u64::MAX, u64::MAX, u32::MAX);
    }
    let none = Rate { per_second: 0, burst: 0 };
    let mut budget = Budget::new(0, Allowance { bytes: none, messages: none, cost: none });
    assert!(budget.take(0, u64::MAX, u32::MAX) > 0);
}

#[test]
fn thousands_of_tiny_blocks_a_second_can_be_asked_for_and_sent() {
    let asked = read_within(10, 515, cost_of(&get_blocks(16))) * 16;
    let one_by_one = read_within(10, 35, cost_of(&get_blocks(1)));
    assert!(one_by_one >= 10 * 3000, "{one_by_one} in ten seconds");
    assert!(asked >= 10 * 3000, "{asked} in ten seconds");
    let sent = read_within(10, 400, 0);
    assert!(sent >= 10 * 10_000, "{sent} in ten seconds");
}

#[test]
fn what_makes_us_work_costs_and_what_does_not_is_free() {
    let locator = List::new(vec![BlockHash::from_bytes([0; 32])]).unwrap();
    let get_headers = cost_of(&Message::GetHeaders(GetHeaders { locator }));
    assert!(get_headers > cost_of(&get_blocks(16)));
    let per_second = Allowance::USUAL.cost.per_second;
    assert!(50 * u64::from(get_headers) <= per_second, "a hundred thousand headers a second");
    assert!(cost_of(&Message::GetPool(())) > 0 && cost_of(&Message::GetAddresses(())) > 0);
    assert!(cost_of(&Message::GetCompact(BlockHash::from_bytes([0; 32]))) > 0);
    assert_eq!(cost_of(&Message::Ping(1)), 0);
    assert_eq!(cost_of(&get_transactions(20)), 0);
    let many = cost_of(&get_transactions(1000));
    assert!(many > 0 && 100 * u64::from(many) <= per_second, "a hundred thousand transactions a second");
}
