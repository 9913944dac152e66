//! Payment links, as shops make them and strangers write them.

use cairn::types::{AddressError, Prefix, Reference};
use cairn::wallet::{LINK_BYTES_MAX, Link, LinkError, ReferenceError, read_reference, reference_text};
use proptest::prelude::*;

use crate::people::{address, pebbles, reference};

fn prefix() -> Prefix {
    "ctest".parse().unwrap()
}

fn parse(text: &str) -> Result<Link, LinkError> {
    Link::parse(text, &prefix())
}

fn to_text(number: u8) -> String {
    address(number).to_text(&prefix())
}

fn bare() -> Link {
    Link { address: address(1), amount: None, reference: Reference::default(), label: None }
}

#[test]
fn link_asks_for_an_amount_with_a_reference_and_a_label() {
    let text = format!("cairn:{}?amount=12.5&reference=INVOICE-42&label=Caf%C3%A9%20%E2%9B%B0", to_text(1));
    let link = Link {
        amount: Some(pebbles(1_250_000_000)),
        reference: reference("INVOICE-42"),
        label: Some("Café ⛰".to_owned()),
        ..bare()
    };
    assert_eq!(parse(&text), Ok(link.clone()));
    assert_eq!(link.to_text(&prefix()), text);
    assert_eq!(parse(&format!("cairn:{}", to_text(1))), Ok(bare()));
    assert_eq!(parse(&format!(" CAIRN:{}? ", to_text(1).to_uppercase())), Ok(bare()));
}

#[test]
fn what_is_unknown_is_ignored_unless_it_is_required() {
    let link = |query: &str| parse(&format!("cairn:{}?{query}", to_text(1)));
    assert_eq!(link("colour=red&&size"), Ok(bare()));
    assert_eq!(link("req-escrow=1"), Err(LinkError::Required("req-escrow".to_owned())));
    assert_eq!(link("REQ-escrow"), Err(LinkError::Required("REQ-escrow".to_owned())));
    assert_eq!(link("amount=1&amount=2"), Err(LinkError::Twice("amount")));
    assert!(matches!(link("amount=-1"), Err(LinkError::Amount(_))));
    assert!(matches!(link("amount"), Err(LinkError::Amount(_))));
    assert_eq!(link("label=%ff"), Err(LinkError::NotText("label")));
    assert_eq!(link(&format!("reference={}", "r".repeat(33))), Err(ReferenceError.into()));
}

#[test]
fn what_is_no_link_here_is_refused() {
    assert_eq!(parse(&to_text(1)), Err(LinkError::NoLink));
    assert_eq!(parse(": nothing"), Err(LinkError::NoLink));
    assert_eq!(parse("Bitcoin:bc1qar0?amount=1"), Err(LinkError::Scheme("bitcoin".to_owned())));
    assert_eq!(
        parse(&format!("cairn:{}", "a".repeat(LINK_BYTES_MAX))),
        Err(LinkError::TooLong(6 + LINK_BYTES_MAX))
    );
    let elsewhere = address(1).to_text(&"cairn".parse().unwrap());
    let (found, expected) = ("cairn".to_owned(), prefix());
    assert_eq!(
        parse(&format!("cairn:{elsewhere}?amount=1")),
        Err(LinkError::OtherNetwork { found, expected })
    );
    let mistyped = parse("cairn:ctest1x");
    assert!(
        matches!(mistyped, Err(LinkError::Address { error, .. }) if matches!(*error, AddressError::Mistyped(_)))
    );
}

#[test]
fn reference_is_text_or_digits() {
    assert_eq!(read_reference("INVOICE-42"), Ok(reference("INVOICE-42")));
    assert_eq!(read_reference("hex:00ff"), Ok(Reference::new([0, 0xff]).unwrap()));
    assert_eq!(reference_text(&reference("hex:00")), "hex:6865783a3030");
    assert_eq!(read_reference("hex:0"), Err(ReferenceError));
    assert_eq!(read_reference("ä".repeat(17).as_str()), Err(ReferenceError));
}

proptest! {
    #[test]
    fn link_is_read_as_it_was_written(
        amount in proptest::option::of(any::<u64>()),
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..=32),
            "(hex:)?[ -~é⛰]{0,8}".prop_map(String::into_bytes),
        ],
        label in proptest::option::of("\\PC{0,40}"),
    ) {
        let reference = Reference::new(bytes).unwrap();
        prop_assert_eq!(read_reference(&reference_text(&reference)), Ok(reference.clone()));
        let link = Link { amount: amount.map(pebbles), reference, label, ..bare() };
        prop_assert_eq!(parse(&link.to_text(&prefix())), Ok(link));
    }

    #[test]
    fn hostile_link_never_panics(query in "\\PC{0,60}", address in "\\PC{0,20}") {
        let _ = parse(&format!("cairn:{}?{query}", to_text(1)));
        let _ = parse(&format!("cairn:{address}?{query}"));
        let _ = parse(&query);
    }
}
