//! Headers that are kept between two runs.

use cairn::crypto::sha256;
use cairn::light::{Headers, HeadersError, SavedError};
use proptest::prelude::*;

use crate::stage::{Miner, asert_genesis, genesis, genesis_of};

fn followed() -> Headers {
    let mut miner = Miner::new(&asert_genesis());
    miner.pace = 33;
    miner.mine_empty(20);
    miner.followed()
}

/// Bytes whose checksum was made to fit, as whoever changes them on purpose would.
fn resealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let content = bytes.len() - 32;
    let checksum = sha256(&bytes[..content]);
    bytes[content..].copy_from_slice(&checksum);
    bytes
}

fn read(bytes: &[u8]) -> Result<Headers, SavedError> {
    Headers::from_bytes(bytes, &asert_genesis())
}

#[test]
fn headers_are_read_back_and_go_on() {
    let mut miner = Miner::new(&asert_genesis());
    miner.mine_empty(20);
    let headers = miner.followed();
    let bytes = headers.to_bytes();
    assert_eq!(bytes.len(), 40 + 20 * 48 + 32);
    let mut again = read(&bytes).unwrap();
    assert_eq!((again.tip(), again.work()), (headers.tip(), headers.work()));
    miner.mine_empty(2);
    again.accept(&miner.headers(), crate::stage::NOW).unwrap();
    assert_eq!(again.tip(), miner.chain.tip().hash);
    let fresh = Headers::new(&genesis());
    assert_eq!(Headers::from_bytes(&fresh.to_bytes(), &genesis()).unwrap().height(), fresh.height());
}

#[test]
fn whoever_writes_to_the_file_decides_nothing() {
    let bytes = followed().to_bytes();
    let mut forged = bytes.clone();
    let nonce_of_the_third = 40 + 2 * 48 + 44;
    forged[nonce_of_the_third] ^= 1;
    assert_eq!(read(&forged).unwrap_err(), SavedError::Damaged);
    let refused = read(&resealed(forged)).unwrap_err();
    assert!(matches!(refused, SavedError::Headers(HeadersError::Rule { index: 2, .. })), "{refused}");
    let elsewhere = Headers::from_bytes(&bytes, &genesis_of(|file| file.maturity += 1)).unwrap_err();
    assert!(matches!(elsewhere, SavedError::OtherChain { .. }));
    let mut later = bytes.clone();
    later[7] = 2;
    assert_eq!(read(&resealed(later)).unwrap_err(), SavedError::Form);
    let mut part = bytes;
    part.truncate(part.len() - 33);
    part.extend([0; 32]);
    assert_eq!(read(&resealed(part)).unwrap_err(), SavedError::Damaged);
    assert_eq!(read(b"").unwrap_err(), SavedError::Form);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn hostile_bytes_never_panic(cut in 0..200_usize, bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let mut hostile = Headers::new(&asert_genesis()).to_bytes();
        hostile.truncate(cut);
        hostile.extend(&bytes);
        let _ = read(&hostile);
        if hostile.len() >= 32 {
            let _ = read(&resealed(hostile));
        }
    }
}
