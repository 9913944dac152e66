//! The beginning of an address, as somebody types it who looks for it.

use bech32::Fe32;

use super::{Address, Prefix};
use crate::crypto::{Digest, ZERO_DIGEST};

/// Bits that a letter says.
const BITS: usize = 5;
/// Bits of an address.
const ADDRESS_BITS: usize = 256;

/// The first letters of an address behind its network's prefix: enough that not all others begin with them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FirstLetters {
    /// The lowest that begins so.
    low: Digest,
    count: usize,
}

impl FirstLetters {
    /// Fewer would be the beginning of too many.
    pub const LETTERS_MIN: usize = 3;
    /// With more, text is a whole address or none.
    pub const LETTERS_MAX: usize = 57;

    /// Letters that say nothing but bits of the address. Half a letter and the checksum follow, which are left to whoever has
    /// the text of those that begin so.
    const WHOLE_LETTERS: usize = ADDRESS_BITS / BITS;

    /// Reads them, with the prefix in front; nothing where this is the beginning of no address, or a whole one.
    pub fn parse(text: &str, prefix: &Prefix) -> Option<Self> {
        let text = if text.chars().any(char::is_lowercase) { text.to_owned() } else { text.to_lowercase() };
        let letters = text.strip_prefix(prefix.as_str())?.strip_prefix('1')?;
        let count = letters.chars().count();
        if !(Self::LETTERS_MIN..=Self::LETTERS_MAX).contains(&count) {
            return None;
        }
        let mut low = ZERO_DIGEST;
        for (at, letter) in letters.chars().enumerate() {
            let number = Fe32::from_char(letter).ok().filter(|_| !letter.is_uppercase())?.to_u8();
            if at < Self::WHOLE_LETTERS {
                (0..BITS)
                    .filter(|bit| number >> (BITS - 1 - bit) & 1 == 1)
                    .for_each(|bit| set(&mut low, at * BITS + bit));
            }
        }
        Some(Self { low, count: count.min(Self::WHOLE_LETTERS) })
    }

    /// The lowest and the highest address that begin so, as bytes.
    pub fn range(&self) -> (Digest, Digest) {
        let mut high = self.low;
        (self.count * BITS..ADDRESS_BITS).for_each(|bit| set(&mut high, bit));
        (self.low, high)
    }

    /// Whether this address begins so.
    pub fn begin(&self, address: &Address) -> bool {
        let (low, high) = self.range();
        (low..=high).contains(address.as_bytes())
    }
}

fn set(bytes: &mut Digest, bit: usize) {
    bytes[bit / 8] |= 0x80 >> (bit % 8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix() -> Prefix {
        "cdev".parse().unwrap()
    }

    fn read(text: &str) -> Option<FirstLetters> {
        FirstLetters::parse(text, &prefix())
    }

    #[test]
    fn an_address_begins_with_each_of_its_beginnings_and_no_other_does() {
        for address in [[0x00; 32], [0xff; 32], [0xa5; 32], std::array::from_fn(|at| at as u8 * 7)] {
            let text = Address::from_bytes(address).to_text(&prefix());
            for count in FirstLetters::LETTERS_MIN..=FirstLetters::WHOLE_LETTERS {
                let letters = read(&text[..5 + count]).unwrap();
                assert!(letters.begin(&Address::from_bytes(address)), "{count} of {text}");
                let mut other = address;
                let last_bit = count * BITS - 1;
                other[last_bit / 8] ^= 0x80 >> (last_bit % 8);
                assert!(!letters.begin(&Address::from_bytes(other)), "{count} of {text}");
                assert_eq!(read(&text[..5 + count].to_uppercase()), Some(letters));
            }
        }
    }

    #[test]
    fn an_address_that_lacks_some_of_its_last_letters_is_one_of_two() {
        let text = Address::from_bytes([0xa5; 32]).to_text(&prefix());
        let two = read(&text[..5 + FirstLetters::WHOLE_LETTERS]).unwrap();
        for count in FirstLetters::WHOLE_LETTERS..=FirstLetters::LETTERS_MAX {
            assert_eq!(read(&text[..5 + count]), Some(two), "{count} of {text}");
        }
        assert_eq!(text.len(), 5 + FirstLetters::LETTERS_MAX + 1, "{text} is whole");
    }

    #[test]
    fn whole_addresses_too_few_letters_and_other_signs_begin_none() {
        let whole = Address::from_bytes([1; 32]).to_text(&prefix());
        for text in
            ["", "cdev", "cdev1", "cdev1qq", "cdev1qqb", "cdev1qqé", "cdev1qqQ", "cairn1qqq", "qqqqq", &whole]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
