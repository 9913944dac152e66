//! Values survive being written down and read again.

use cairn::codec::{Canonical, decode, encode, encoded_len};
use cairn::crypto::{BatchSeed, Claim, Culprits, SecretKey, Signature, verify_batch};
use cairn::ledger::Entry;
use cairn::testkit::strategies;
use cairn::types::{Address, Amount, Bits, Header, Prefix, Target, U256};
use proptest::collection::vec;
use proptest::prelude::*;

fn survives<T: Canonical + PartialEq + std::fmt::Debug>(value: &T) {
    let bytes = encode(value);
    assert_eq!(encoded_len(value), bytes.len());
    assert_eq!(decode::<T>(&bytes).as_ref(), Ok(value));
}

proptest! {
    #![proptest_config(strategies::cases(256))]

    #[test]
    fn encodings_are_read_back(
        transaction in strategies::transaction(),
        block in strategies::block(),
        policy in strategies::policy(),
        entry in strategies::entry(),
    ) {
        survives(&transaction);
        survives(&transaction.body);
        survives(&block);
        survives(&block.coinbase);
        survives(&policy);
        survives::<Entry>(&entry);
        prop_assert_eq!(Header::from_bytes(&block.header.to_bytes()), block.header);
        prop_assert_eq!(transaction.names().txid, transaction.body.txid());
    }

    #[test]
    fn texts_are_read_back(pebbles in any::<u64>(), bytes in any::<[u8; 32]>(), prefix in "[a-z]{1,16}") {
        let amount = Amount::from_pebbles(pebbles);
        prop_assert_eq!(amount.to_string().parse(), Ok(amount));
        prop_assert_eq!(serde_json::from_str::<Amount>(&serde_json::to_string(&amount).unwrap()).unwrap(), amount);
        let prefix: Prefix = prefix.parse().unwrap();
        let address = Address::from_bytes(bytes);
        prop_assert_eq!(Address::parse(&address.to_text(&prefix), &prefix), Ok(address));
    }

    #[test]
    fn compact_form_rounds_down_and_keeps_three_bytes(bytes in any::<[u8; 32]>(), shift in 0..255_usize) {
        let number = U256::from_be_bytes(bytes) >> shift;
        let Some(target) = Target::from_number(number) else { return Ok(()) };
        let kept = Target::from_bits(target.to_bits()).unwrap();
        prop_assert!(kept <= target);
        prop_assert_eq!(kept.to_bits(), target.to_bits());
        prop_assert!(target.number() - kept.number() <= target.number() >> 15);
        prop_assert!(kept.work() >= target.work());
    }

    #[test]
    fn any_bits_are_refused_or_stand_for_one_target(bits in any::<u32>()) {
        if let Ok(target) = Target::from_bits(Bits(bits)) {
            prop_assert_eq!(Target::from_bits(target.to_bits()), Ok(target));
        }
    }

    #[test]
    fn batch_says_of_each_signature_what_it_says_alone(
        damages in vec(prop::option::weighted(0.3, (0..96_usize, 1..=255_u8)), 1..60),
        seed in any::<[u8; 32]>(),
    ) {
        let claim = |(number, damage): (usize, &Option<(usize, u8)>)| {
            let secret = SecretKey::from_bytes(&[number as u8; 32]);
            let (mut message, Signature(mut signature)) = ([5; 32], secret.sign(&[5; 32]));
            match damage {
                Some((at, flip)) if *at < 64 => signature[*at] ^= flip,
                Some((at, flip)) => message[at - 64] ^= flip,
                None => {}
            }
            Claim::new(&secret.public_key(), &Signature(signature), &message)
        };
        let claims: Vec<Claim> = damages.iter().enumerate().map(claim).collect();
        let broken: Vec<usize> = (0..claims.len()).filter(|at| !claims[*at].holds()).collect();
        let expected = if broken.is_empty() { Ok(()) } else { Err(Culprits(broken)) };
        prop_assert_eq!(verify_batch(&claims, BatchSeed(seed)), expected);
        prop_assert_eq!(damages.iter().all(Option::is_none), claims.iter().all(Claim::holds));
    }
}
