//! The bytes of a book.

use cairn::crypto::Tag;
use cairn::protocol::{AddressBook, BookError, BookSecret};
use cairn::testkit::strategies;
use proptest::collection::vec;
use proptest::prelude::*;

use super::{NOW, at, book, place, tell, varied};

#[test]
fn fullest_book_is_read_back() {
    let mut book = book();
    for teller in 0..600 {
        tell(&mut book, teller, (0..500).map(|number| place(number, teller)));
    }
    for group in 0..3000 {
        book.connected(place(group % 500, group / 5), NOW);
    }
    assert_eq!(AddressBook::from_bytes(&book.to_bytes(), false), Ok(book));
}

#[test]
fn every_flipped_bit_and_every_cut_is_found() {
    let mut book = book();
    tell(&mut book, 1, (0..5).map(|group| place(group, 1)));
    book.connected(place(1, 1), NOW);
    let bytes = book.to_bytes();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            let error = AddressBook::from_bytes(&damaged, false).unwrap_err();
            assert!(matches!(error, BookError::Damaged | BookError::Version(_)), "{error}");
        }
        assert!(AddressBook::from_bytes(&bytes[..at], false).is_err());
    }
    assert_eq!(AddressBook::from_bytes(&[], false), Err(BookError::Length(0)));
    assert_eq!(AddressBook::from_bytes(&[1, 2, 3], false), Err(BookError::Length(3)));
    assert_eq!(AddressBook::from_bytes(&[9], false), Err(BookError::Version(9)));
}

#[test]
fn book_of_a_lab_is_none_elsewhere() {
    let mut book = AddressBook::new(BookSecret([7; 32]), true);
    let address = at("127.0.0.1:1");
    book.connected(address, NOW);
    assert_eq!(AddressBook::from_bytes(&book.to_bytes(), true), Ok(book.clone()));
    assert_eq!(AddressBook::from_bytes(&book.to_bytes(), false), Err(BookError::Misplaced(address)));
}

/// Bytes with a hash that fits them: somebody made them so.
fn sealed(content: &[u8]) -> Vec<u8> {
    [&[1][..], &Tag::new("cairn/book").hash(content), content].concat()
}

#[test]
fn address_that_stands_twice_is_out_of_place() {
    let address = place(1, 1);
    let mut heard = book();
    tell(&mut heard, 1, [address]);
    // The secret, no connection, how many are new, the one, none tried, no anchor.
    let content = heard.to_bytes().split_off(33);
    let entry = &content[34..content.len() - 2];
    let twice = [&content[..33], &[2], entry, entry, &[0, 0]].concat();
    let once = [&content[..33], &[1], entry, &[0, 0]].concat();
    assert_eq!(AddressBook::from_bytes(&sealed(&once), false), Ok(heard));
    assert_eq!(AddressBook::from_bytes(&sealed(&twice), false), Err(BookError::Misplaced(address)));

    let mut reached = book();
    reached.connected(address, NOW);
    // The secret, when that was, none new, how many are tried, the one, no anchor.
    let content = reached.to_bytes().split_off(33);
    let entry = &content[40..content.len() - 1];
    let once = [&content[..38], &[0, 1], entry, &[0]].concat();
    let both = [&content[..38], &[1], entry, &[1], entry, &[0]].concat();
    assert_eq!(AddressBook::from_bytes(&sealed(&once), false), Ok(reached));
    assert_eq!(AddressBook::from_bytes(&sealed(&both), false), Err(BookError::Misplaced(address)));
}

proptest! {
    #![proptest_config(strategies::cases(64))]

    #[test]
    fn book_is_read_back_from_its_bytes(secret in any::<[u8; 32]>()) {
        let book = varied(secret);
        prop_assert_eq!(AddressBook::from_bytes(&book.to_bytes(), false), Ok(book));
    }

    #[test]
    fn any_bytes_are_one_book_or_an_error(bytes in vec(any::<u8>(), 0..300), seal in any::<bool>()) {
        let bytes = if seal { sealed(&bytes) } else { bytes };
        if let Ok(book) = AddressBook::from_bytes(&bytes, true) {
            prop_assert_eq!(book.to_bytes(), bytes);
        }
    }

    #[test]
    fn altered_book_is_another_book_or_an_error(
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), cut in any::<Option<prop::sample::Index>>(),
    ) {
        let mut book = book();
        tell(&mut book, 1, (0..20).map(|group| place(group, 1)));
        book.connected(place(1, 1), NOW);
        let mut content = book.to_bytes().split_off(33);
        for (at, byte) in changes {
            let at = at.index(content.len());
            content[at] = byte;
        }
        if let Some(cut) = cut {
            content.truncate(cut.index(content.len()));
        }
        let bytes = sealed(&content);
        if let Ok(book) = AddressBook::from_bytes(&bytes, false) {
            prop_assert_eq!(book.to_bytes(), bytes);
        }
    }
}
