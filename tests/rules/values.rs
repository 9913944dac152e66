//! Values as people and strangers write them: amounts, addresses, bytes.

use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32, Bech32m, Hrp};
use cairn::codec::{CodecError, decode, encode};
use cairn::types::{
    Address, AddressError, Amount, AmountError, BLOCK_BYTES_MAX, Block, HEADER_BYTES, Header, Prefix,
    Transaction,
};

use crate::stage::{Stage, address};

fn amount(text: &str) -> Result<Amount, AmountError> {
    text.parse()
}

#[test]
fn amount_that_is_no_number_is_refused() {
    for text in ["", ".", "CRN", "-1", "+1", "1e3", "1,5", "1.2.3", "1 2", "0x1", "1 BTC", "٣"] {
        assert_breaks!(amount(text), AmountError::NotANumber);
    }
}

#[test]
fn amount_finer_than_a_pebble_is_refused() {
    assert_eq!(amount("0.00000001"), Ok(Amount::from_pebbles(1)));
    assert_breaks!(amount("0.000000001"), AmountError::TooFine);
    assert_breaks!(amount("1.000000000"), AmountError::TooFine);
}

#[test]
fn amount_beyond_counting_is_refused() {
    assert_eq!(amount("184467440737.09551615"), Ok(Amount::from_pebbles(u64::MAX)));
    assert_breaks!(amount("184467440737.09551616"), AmountError::TooLarge);
    assert_breaks!(amount(&"9".repeat(1000)), AmountError::TooLarge);
}

fn prefix() -> Prefix {
    "ctest".parse().unwrap()
}

fn parse(text: &str) -> Result<Address, AddressError> {
    Address::parse(text, &prefix())
}

#[test]
fn mistyped_address_is_refused() {
    let good = address(1).to_text(&prefix());
    assert_eq!(parse(&good), Ok(address(1)));
    let last = if good.ends_with('q') { "p" } else { "q" };
    let one_letter = format!("{}{last}", &good[..good.len() - 1]);
    let mut mixed = good.clone();
    mixed.replace_range(..1, "C");
    let other_checksum =
        bech32::encode_lower::<Bech32>(Hrp::parse("ctest").unwrap(), address(1).as_bytes()).unwrap();
    for text in ["", "ctest", "ctest1", &good[..good.len() - 1], &one_letter, &mixed, &other_checksum] {
        let reason = CheckedHrpstring::new::<Bech32m>(text).unwrap_err();
        assert_breaks!(parse(text), AddressError::Mistyped(reason));
    }
}

#[test]
fn address_of_another_network_is_refused_by_name() {
    let text = address(1).to_text(&"cdev".parse().unwrap());
    for text in [text.to_uppercase(), text] {
        assert_breaks!(
            parse(&text),
            AddressError::OtherNetwork { found: "cdev".to_owned(), expected: prefix() }
        );
    }
}

#[test]
fn address_that_does_not_carry_32_bytes_is_refused() {
    for length in [0, 20, 31, 33] {
        let text = bech32::encode_lower::<Bech32m>(Hrp::parse("ctest").unwrap(), &vec![1; length]).unwrap();
        assert_breaks!(parse(&text), AddressError::Length);
    }
}

#[test]
fn bytes_longer_than_their_type_are_refused_unread() {
    let bytes = vec![0xff; BLOCK_BYTES_MAX + 1];
    assert_breaks!(
        decode::<Block>(&bytes),
        CodecError::TooLong { bytes: BLOCK_BYTES_MAX + 1, bytes_max: BLOCK_BYTES_MAX }
    );
    assert_breaks!(decode::<Header>(&[0; 81]), CodecError::TooLong { bytes: 81, bytes_max: HEADER_BYTES });
}

#[test]
fn bytes_that_end_early_are_refused() {
    let bytes = encode(&Stage::new().block(Vec::new()).header);
    assert!(decode::<Header>(&bytes).is_ok());
    assert_breaks!(decode::<Header>(&bytes[..79]), CodecError::Malformed("ends 1 bytes early".to_owned()));
}

#[test]
fn bytes_after_a_value_are_refused() {
    let transaction = Stage::new().pay(0, 0, 1, 5, 1);
    let mut bytes = encode(&transaction);
    assert_eq!(decode(&bytes), Ok(transaction));
    bytes.extend([0, 0]);
    assert_breaks!(decode::<Transaction>(&bytes), CodecError::Trailing(2));
}

#[test]
fn another_way_of_writing_the_same_value_is_refused() {
    let transaction = Stage::new().pay(0, 0, 1, 5, 1);
    let bytes = encode(&transaction);
    // Chain tag and policy, then the nonce in one byte; 251 announces a number of two bytes.
    let nonce = 4 + 33;
    assert_eq!(bytes[nonce], 0);
    let mut padded = bytes;
    padded.splice(nonce..=nonce, [251, 0, 0]);
    assert_breaks!(decode::<Transaction>(&padded), CodecError::NotCanonical);
}
