//! The word by which an operator is known.

use crate::crypto::sha256;

/// Characters that a word has at least: whoever guesses has all the time there is.
pub const TOKEN_CHARACTERS_MIN: usize = 16;

/// A word that was settled; only its hash is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 32]);

/// Why a text is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "a word has {TOKEN_CHARACTERS_MIN} characters at least, all of them plain: letters, digits and signs without spaces"
)]
pub struct TokenError;

impl Token {
    /// Settles this word. What stands around it in a file does not count.
    ///
    /// # Errors
    /// When it could be guessed, or not be sent in a header.
    pub fn new(word: &str) -> Result<Self, TokenError> {
        let word = word.trim();
        let is_good = word.len() >= TOKEN_CHARACTERS_MIN && word.bytes().all(|byte| byte.is_ascii_graphic());
        if is_good { Ok(Self(sha256(word.as_bytes()))) } else { Err(TokenError) }
    }

    /// Whether this is the word.
    ///
    /// # Security
    /// How long it takes says nothing about the word: hashes are compared, and all of them always.
    pub fn is(&self, said: &str) -> bool {
        let said = sha256(said.as_bytes());
        let differs = self.0.iter().zip(said).fold(0, |differs, (own, other)| differs | (own ^ other));
        std::hint::black_box(differs) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_word_is_the_word() {
        let token = Token::new(" 0123456789abcdef\n").unwrap();
        assert!(token.is("0123456789abcdef"));
        for other in ["", "0123456789abcde", "0123456789abcdef0", "0123456789abcdeF", " 0123456789abcdef"] {
            assert!(!token.is(other), "{other}");
        }
        for bad in ["", "short", "0123456789 abcdef", "0123456789abcde\u{e9}"] {
            assert!(Token::new(bad).is_err(), "{bad}");
        }
    }
}
