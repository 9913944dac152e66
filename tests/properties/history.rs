//! The mountain range over headers is its definition, and proves each of them.

use cairn::ledger::{History, HistoryError, HistoryLeaf};
use cairn::testkit::strategies;
use cairn::types::{Bits, BlockHash, EffectiveTime, Height, HistoryRoot, Work};
use proptest::prelude::*;

const BITS: [Bits; 3] = [Bits(0x207f_ffff), Bits(0x1f0f_ffff), Bits(0x1d00_ffff)];

fn leaf(height: u32) -> HistoryLeaf {
    let block = BlockHash::from_bytes(cairn::crypto::sha256(&height.to_le_bytes()));
    let time = EffectiveTime(u64::from(height) * 60);
    HistoryLeaf::new(block, Height(height), time, BITS[height as usize % 3]).unwrap()
}

fn history(count: u32) -> History {
    let mut history = History::default();
    (0..count).for_each(|height| history.push(&leaf(height)));
    history
}

#[test]
fn every_header_of_every_length_is_proven_with_the_sums_over_all() {
    let whole = history(70);
    for count in 1..=70 {
        let root = history(count).root();
        assert_eq!(whole.summary(count).root(), root, "earlier roots stay at hand");
        let work = (0..count).fold(Work::ZERO, |sum, height| sum.saturating_add(leaf(height).work));
        for height in 0..count {
            let proof = whole.prove(Height(height), count).unwrap();
            let all = proof.verify(&root, &leaf(height)).unwrap();
            assert_eq!((all.count, all.work), (count, work), "header {height} of {count}");
            assert_eq!(
                (all.first_time, all.last_time),
                (leaf(0).effective_time, leaf(count - 1).effective_time)
            );
            assert_eq!((all.first_bits, all.last_bits), (leaf(0).bits, leaf(count - 1).bits));
        }
    }
}

#[test]
fn taking_headers_off_leads_back_to_earlier_roots() {
    let mut shrinking = history(40);
    for count in (0..40).rev() {
        shrinking.pop();
        assert_eq!(shrinking.root(), history(count).root());
        assert_eq!(shrinking.len(), count);
    }
    assert_eq!(shrinking.root(), HistoryRoot::ZERO);
    shrinking.pop();
    assert!(shrinking.is_empty());
}

#[test]
fn no_root_is_that_of_another_length() {
    let roots: Vec<HistoryRoot> = (0..70).map(|count| history(count).root()).collect();
    for (at, root) in roots.iter().enumerate() {
        assert!(!roots[..at].contains(root));
    }
}

proptest! {
    #![proptest_config(strategies::cases(256))]

    #[test]
    fn another_header_is_not_proven(count in 1..200_u32, at in any::<prop::sample::Index>(), field in 0..5) {
        let height = at.index(count as usize) as u32;
        let whole = history(count);
        let proof = whole.prove(Height(height), count).unwrap();
        let mut other = leaf(height);
        match field {
            0 => other.block = BlockHash::ZERO,
            1 => other.work = other.work.saturating_add(other.work),
            2 => other.effective_time.0 += 1,
            3 => other.bits.0 += 1,
            _ => other.height = Height(height ^ 1),
        }
        prop_assert!(proof.verify(&whole.root(), &other).is_err());
        prop_assert_eq!(proof.verify(&HistoryRoot::ZERO, &leaf(height)), Err(HistoryError::Root));
    }
}
