//! Policies as text that people can type, and that is printed in one way only.
//!
//! ```text
//! policy := "key" HEX64 | HEX64 | NAME
//!         | "after" NUMBER
//!         | "sha256" HEX64
//!         | NUMBER "of" list | "all of" list | "any of" list
//! list   := "(" policy { "," policy } [ "," ] ")"
//! ```
//!
//! Spaces and line ends stand wherever one likes. `all of` and `any of` are short for as many as there are, and for one.

use crate::crypto::{Digest, KeyError, PublicKey};
use crate::types::{Height, POLICY_DEPTH_MAX, Policy, PolicyError};

/// Bytes of a policy's text: four times what the longest policy is printed in, so that there is room to lay it out.
pub const EXPRESSION_BYTES_MAX: usize = 16 << 10;

/// Whom the caller knows by name; what it answers stands for `key …`.
pub type NamedKeys<'a> = &'a dyn Fn(&str) -> Option<PublicKey>;

/// Why text is no policy, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at place {place}: {problem}")]
pub struct ExpressionError {
    /// The letter where it goes wrong, the first being 1.
    pub place: usize,
    /// What is wrong there.
    pub problem: ExpressionProblem,
}

/// What is wrong at some place of a policy's text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionProblem {
    /// Something else belongs here.
    #[error("expected {0}")]
    Expected(&'static str),
    /// A word that means nothing.
    #[error("`{0}` is no key, no name that is known here, and no word of a policy")]
    UnknownName(String),
    /// Not 32 bytes in hexadecimal digits.
    #[error("expected 64 hexadecimal digits")]
    Digits,
    /// 32 bytes that are no key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Beyond what a policy may be.
    #[error(transparent)]
    Bounds(#[from] PolicyError),
    /// Longer than any policy needs to be.
    #[error("longer than the {EXPRESSION_BYTES_MAX} bytes that any policy needs")]
    TooLong,
    /// The policy ended before.
    #[error("the policy is complete before this")]
    LeftOver,
}

impl ExpressionError {
    /// A line that points at the place, to stand below the text where that is one line.
    pub fn pointer(&self) -> String {
        format!("{}^", " ".repeat(self.place.saturating_sub(1)))
    }
}

/// Reads a policy.
///
/// # Errors
/// What is wrong with it, and where.
pub fn parse_policy(text: &str, named: NamedKeys<'_>) -> Result<Policy, ExpressionError> {
    let mut reader = Reader { text, at: 0, named };
    if text.len() > EXPRESSION_BYTES_MAX {
        return Err(reader.error(0, ExpressionProblem::TooLong));
    }
    let policy = reader.policy(POLICY_DEPTH_MAX)?;
    reader.space();
    if reader.at < text.len() {
        Err(reader.error(reader.at, ExpressionProblem::LeftOver))
    } else {
        Ok(policy)
    }
}

/// The text of a policy, on one line, which [`parse_policy`] reads as the same.
pub fn policy_text(policy: &Policy) -> String {
    match policy {
        Policy::Key(key) => format!("key {}", hex::encode(key.to_bytes())),
        Policy::After(height) => format!("after {height}"),
        Policy::Preimage(hash) => format!("sha256 {}", hex::encode(hash)),
        Policy::Threshold(threshold) => {
            let children: Vec<String> = threshold.children().iter().map(policy_text).collect();
            let required = match usize::from(threshold.required()) {
                all if all == children.len() => "all".to_owned(),
                1 => "any".to_owned(),
                some => some.to_string(),
            };
            format!("{required} of ({})", children.join(", "))
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    /// Bytes that were read.
    at: usize,
    named: NamedKeys<'a>,
}

impl<'a> Reader<'a> {
    fn error(&self, at: usize, problem: impl Into<ExpressionProblem>) -> ExpressionError {
        let place = 1 + self.text.get(..at).map_or(at, |before| before.chars().count());
        ExpressionError { place, problem: problem.into() }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// The next word, perhaps empty, and where it begins.
    fn word(&mut self) -> (usize, &'a str) {
        self.space();
        let (start, rest) = (self.at, self.rest());
        let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_' || c == '.';
        let word = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
        self.at += word.len();
        (start, word)
    }

    fn takes(&mut self, letter: char) -> bool {
        self.space();
        let is_next = self.rest().starts_with(letter);
        self.at += if is_next { letter.len_utf8() } else { 0 };
        is_next
    }

    /// Calls itself at most as deep as a policy can be.
    fn policy(&mut self, levels: usize) -> Result<Policy, ExpressionError> {
        let (start, word) = self.word();
        match word {
            "" => {
                Err(self
                    .error(start, ExpressionProblem::Expected("a key, a name, `after`, `sha256` or `of`")))
            }
            "key" => self.digest().and_then(|(at, bytes)| self.key(at, bytes)),
            "sha256" => self.digest().map(|(_, hash)| Policy::Preimage(hash)),
            "after" => self.height(),
            "all" | "any" => self.threshold(start, word, levels),
            _ if word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                let bytes = parse_digest(word).ok_or_else(|| self.error(start, ExpressionProblem::Digits))?;
                self.key(start, bytes)
            }
            _ if word.bytes().all(|byte| byte.is_ascii_digit()) => self.threshold(start, word, levels),
            name => (self.named)(name).map(Policy::Key).ok_or_else(|| {
                self.error(start, ExpressionProblem::UnknownName(name.chars().take(64).collect()))
            }),
        }
    }

    fn digest(&mut self) -> Result<(usize, Digest), ExpressionError> {
        let (start, word) = self.word();
        let bytes = parse_digest(word).ok_or_else(|| self.error(start, ExpressionProblem::Digits))?;
        Ok((start, bytes))
    }

    fn key(&self, at: usize, bytes: Digest) -> Result<Policy, ExpressionError> {
        PublicKey::from_bytes(bytes).map(Policy::Key).map_err(|error| self.error(at, error))
    }

    fn height(&mut self) -> Result<Policy, ExpressionError> {
        let (start, word) = self.word();
        let expected = ExpressionProblem::Expected("a height from 0 to 4294967295");
        let digits = word.bytes().all(|byte| byte.is_ascii_digit());
        let height = word.parse().ok().filter(|_| digits);
        height.map(|height| Policy::After(Height(height))).ok_or_else(|| self.error(start, expected))
    }

    fn threshold(&mut self, start: usize, required: &str, levels: usize) -> Result<Policy, ExpressionError> {
        let (of_at, of) = self.word();
        if of != "of" {
            return Err(self.error(of_at, ExpressionProblem::Expected("`of`")));
        }
        if !self.takes('(') {
            return Err(self.error(self.at, ExpressionProblem::Expected("`(`")));
        }
        let levels = levels.checked_sub(2).map(|below| below + 1);
        let levels = levels.ok_or_else(|| self.error(start, PolicyError::Depth))?;
        let mut children = Vec::new();
        loop {
            children.push(self.policy(levels)?);
            let comma = self.takes(',');
            if self.takes(')') {
                break;
            }
            if !comma {
                return Err(self.error(self.at, ExpressionProblem::Expected("`,` or `)`")));
            }
        }
        let required = match required {
            "all" => children.len(),
            "any" => 1,
            number => number.parse().unwrap_or(usize::MAX),
        };
        // More than there can be is refused as any other number that does not fit.
        let required = u8::try_from(required).unwrap_or(u8::MAX);
        Policy::threshold(required, children).map_err(|error| self.error(start, error))
    }
}

fn parse_digest(digits: &str) -> Option<Digest> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(digits, &mut bytes).ok()?;
    Some(bytes)
}
