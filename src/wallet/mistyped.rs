//! Where an address was probably mistyped.
//!
//! The checksum could also mend a single wrong letter. It must not: where more than one letter is wrong, what it would make of
//! them is another valid address, and money would go to nobody. So this only points, and whoever typed looks again.

use std::fmt;

use super::checksum::{HOLDS, left, shares};
use crate::types::{Address, AddressError, Prefix};

/// The letters of bech32.
const LETTERS: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
/// Letters behind the prefix and its `1`: 32 bytes and the checksum.
pub(super) const DATA_LETTERS: usize = 58;
/// Letters that are looked at; the longest address has 75.
const TYPED_LETTERS_MAX: usize = 128;

/// What is likely wrong with a mistyped address. Places count letters, the first being 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slip {
    /// It does not begin as the addresses of this network do.
    Beginning,
    /// A letter that no address has there.
    NoSuchLetter {
        /// Where.
        place: usize,
        /// Which.
        letter: char,
        /// What it is easily taken for.
        like: Option<&'static str>,
    },
    /// Another letter there would make it whole.
    Letter {
        /// Where.
        place: usize,
    },
    /// This letter and the next, exchanged, would make it whole.
    Swapped {
        /// Where the first of them is.
        place: usize,
    },
    /// A letter more there would make it whole.
    Missing {
        /// Before which letter.
        place: usize,
    },
    /// Without that letter it would be whole.
    Extra {
        /// Which.
        place: usize,
    },
    /// Small and capital letters side by side.
    MixedCase,
    /// Too short or too long, and not by one letter alone.
    Length {
        /// How many letters it has.
        found: usize,
        /// How many it should have.
        expected: usize,
    },
}

/// Where an address of this network was likely mistyped: nothing where it is fine, or where more is wrong than can be told; several
/// where several slips would explain it.
///
/// # Security
/// A node does this for strangers: no letter is tried by reading all of it again, as long as the checksum says that it does not fit.
pub fn likely(text: &str, prefix: &Prefix) -> Vec<Slip> {
    let text = text.trim();
    let typed: Vec<char> = text.chars().take(TYPED_LETTERS_MAX).collect();
    let begins = prefix.as_str().len() + 1;
    let expected = begins + DATA_LETTERS;
    if is_whole(&typed, prefix) {
        return Vec::new();
    }
    let (lower, upper) =
        (typed.iter().any(char::is_ascii_lowercase), typed.iter().any(char::is_ascii_uppercase));
    if lower && upper {
        return vec![Slip::MixedCase];
    }
    let typed: Vec<char> = typed.iter().map(char::to_ascii_lowercase).collect();
    if !text.to_lowercase().starts_with(&format!("{prefix}1")) {
        return vec![Slip::Beginning];
    }
    let strange: Vec<Slip> = (begins..typed.len()).filter_map(|at| no_such_letter(&typed, at)).collect();
    if !strange.is_empty() {
        return strange;
    }
    let found = text.chars().count();
    match found {
        _ if found == expected => {
            let letters = substitutions(&typed, begins, prefix).into_iter();
            letters.chain(swaps(&typed, begins, prefix)).collect()
        }
        _ if found + 1 == expected => or_length(missing(&typed, begins, prefix), found, expected),
        _ if found == expected + 1 => or_length(extra(&typed, begins, prefix), found, expected),
        _ => vec![Slip::Length { found, expected }],
    }
}

fn is_whole(letters: &[char], prefix: &Prefix) -> bool {
    Address::parse(&letters.iter().collect::<String>(), prefix).is_ok()
}

fn no_such_letter(typed: &[char], at: usize) -> Option<Slip> {
    let letter = typed[at];
    if LETTERS.contains(letter) {
        return None;
    }
    let like = match letter {
        '1' | 'i' | '|' => Some("l"),
        'o' => Some("0"),
        'b' => Some("6 or 8"),
        _ => None,
    };
    Some(Slip::NoSuchLetter { place: at + 1, letter, like })
}

/// The values of letters that all are some of bech32's.
fn values(letters: &[char]) -> Vec<u32> {
    letters.iter().filter_map(|letter| LETTERS.find(*letter)).map(|value| value as u32).collect()
}

/// The letter with this value.
fn letter(value: usize) -> char {
    char::from(LETTERS.as_bytes()[value])
}

/// The checksum says which letter would do, if any; whether that makes it whole is found out as with any address.
fn substitutions(typed: &[char], begins: usize, prefix: &Prefix) -> Vec<Slip> {
    let values = values(&typed[begins..]);
    let (left, shares) = (left(prefix.as_str(), &values), shares(values.len()));
    let would_be_whole = |at: &usize| {
        let (value, shares) = (values[*at], shares[values.len() - 1 - at]);
        let fits = |other: &usize| left ^ shares[value as usize] ^ shares[*other] == HOLDS;
        (0..LETTERS.len()).filter(fits).any(|other| {
            let mut tried = typed.to_vec();
            tried[begins + at] = letter(other);
            is_whole(&tried, prefix)
        })
    };
    (0..values.len()).filter(would_be_whole).map(|at| Slip::Letter { place: begins + at + 1 }).collect()
}

fn swaps(typed: &[char], begins: usize, prefix: &Prefix) -> impl Iterator<Item = Slip> {
    (begins..typed.len() - 1)
        .filter(move |at| {
            let mut tried = typed.to_vec();
            tried.swap(*at, at + 1);
            is_whole(&tried, prefix)
        })
        .map(|at| Slip::Swapped { place: at + 1 })
}

/// A letter that is missing in a run of equal ones could stand before each of them: the first place is named.
fn missing(typed: &[char], begins: usize, prefix: &Prefix) -> Vec<Slip> {
    let mut seen: Vec<Vec<char>> = Vec::new();
    let mut slips = Vec::new();
    let values = values(&typed[begins..]);
    let shares = shares(values.len() + 1);
    for at in 0..=values.len() {
        let mut longer = values.clone();
        // The letter of no value adds nothing.
        longer.insert(at, 0);
        let left = left(prefix.as_str(), &longer);
        let shares = shares[values.len() - at];
        for value in (0..LETTERS.len()).filter(|value| left ^ shares[*value] == HOLDS) {
            let mut tried = typed.to_vec();
            tried.insert(begins + at, letter(value));
            if is_whole(&tried, prefix) && !seen.contains(&tried) {
                seen.push(tried);
                slips.push(Slip::Missing { place: begins + at + 1 });
            }
        }
    }
    slips
}

fn extra(typed: &[char], begins: usize, prefix: &Prefix) -> Vec<Slip> {
    let is_extra = |at: &usize| {
        let mut tried = typed.to_vec();
        tried.remove(*at);
        // Of equal neighbours the first is named.
        is_whole(&tried, prefix) && (*at == begins || typed[*at] != typed[at - 1])
    };
    (begins..typed.len()).filter(is_extra).map(|at| Slip::Extra { place: at + 1 }).collect()
}

fn or_length(slips: Vec<Slip>, found: usize, expected: usize) -> Vec<Slip> {
    if slips.is_empty() { vec![Slip::Length { found, expected }] } else { slips }
}

impl fmt::Display for Slip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Beginning => write!(f, "it does not begin as addresses of this network do"),
            Self::NoSuchLetter { place, letter, like } => {
                write!(f, "no address has {letter:?} at place {place}")?;
                like.map_or(Ok(()), |like| write!(f, ", was it {like}?"))
            }
            Self::Letter { place } => write!(f, "the letter at place {place} is likely wrong"),
            Self::Swapped { place } => {
                write!(f, "the letters at places {place} and {} are likely exchanged", place + 1)
            }
            Self::Missing { place } => write!(f, "a letter is likely missing before place {place}"),
            Self::Extra { place } => write!(f, "the letter at place {place} is likely one too many"),
            Self::MixedCase => write!(f, "small and capital letters are mixed: an address has one kind"),
            Self::Length { found, expected } => write!(f, "it has {found} letters instead of {expected}"),
        }
    }
}

/// What to tell whoever typed an address that [`Address::parse`] refused: the error, and where to look; what one looks like, where
/// it is nothing like one.
pub fn explain_mistyped(text: &str, error: &AddressError, prefix: &Prefix) -> String {
    let slips = likely(text, prefix);
    let look = format!("on this chain one is `{prefix}1` and {DATA_LETTERS} small letters and digits");
    match slips.as_slice() {
        [] => error.to_string(),
        // It says itself what this one begins with, and what others do.
        [Slip::Beginning] if matches!(error, AddressError::OtherNetwork { .. }) => error.to_string(),
        [Slip::Beginning] => format!("not an address: {look}"),
        [length @ Slip::Length { .. }] => format!("not an address, or mistyped: {length}; {look}"),
        [one] => format!("{error}; {one}"),
        several => {
            let several: Vec<String> = several.iter().map(Slip::to_string).collect();
            format!("{error}; one of these may be the reason: {}", several.join("; "))
        }
    }
}

/// A text that is no address of a network: why not, and where to look.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoAddress(String);

/// Reads an address of the network with this prefix.
///
/// # Errors
/// When it is none, with what to tell whoever typed it.
pub fn read_address(text: &str, prefix: &Prefix) -> Result<Address, NoAddress> {
    Address::parse(text, prefix).map_err(|error| NoAddress(explain_mistyped(text, &error, prefix)))
}
