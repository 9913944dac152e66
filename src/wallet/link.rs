//! Payment links: `cairn:ADDRESS?amount=12.5&reference=INVOICE-42&label=…`, as BIP 21 does it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::types::{Address, AddressError, Amount, AmountError, Prefix, Reference};

/// What links begin with, in small or in capital letters.
pub const LINK_SCHEME: &str = "cairn";
/// Bytes of a link: whatever a person scans or clicks is shorter.
pub const LINK_BYTES_MAX: usize = 2048;

/// Before the bytes of a reference that is no text, or whose text begins so itself.
const HEX: &str = "hex:";

/// What stands for itself in a link.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A request to be paid.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    /// Who wants to be paid.
    pub address: Address,
    /// How much; nothing where the payer decides.
    pub amount: Option<Amount>,
    /// What the payment must carry, so that it is recognized.
    pub reference: Reference,
    /// What whoever made the link calls it: show it as a stranger's word.
    pub label: Option<String>,
}

/// Why text is no payment link that can be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// No link.
    #[error("a payment link begins with `{LINK_SCHEME}:`")]
    NoLink,
    /// A link for something else, such as another currency.
    #[error(
        "this is a `{0}:` link, which asks for something else: payment links of this chain begin with `{LINK_SCHEME}:`"
    )]
    Scheme(String),
    /// Longer than any honest one.
    #[error("{0} bytes, but a payment link has at most {LINK_BYTES_MAX}")]
    TooLong(usize),
    /// It asks for payment on another network.
    #[error(
        "this link asks for payment on another network: its address begins with `{found}1`, and here they begin with `{expected}1`; \
         pay it from a wallet of that network"
    )]
    OtherNetwork {
        /// What its address begins with.
        found: String,
        /// What it would begin with here.
        expected: Prefix,
    },
    /// It asks for payment to no address.
    #[error("the link's address: {error}")]
    Address {
        /// What stands there.
        text: String,
        /// What is wrong with it.
        error: Box<AddressError>,
    },
    /// No amount.
    #[error("the link's amount: {0}")]
    Amount(AmountError),
    /// A reference that a payment cannot carry.
    #[error("the link's reference: {0}")]
    Reference(ReferenceError),
    /// Not text once it is decoded.
    #[error("the link's `{0}` is not text")]
    NotText(&'static str),
    /// Said twice: which of both is meant?
    #[error("the link says its `{0}` twice")]
    Twice(&'static str),
    /// Something that must be understood and is not.
    #[error("the link requires `{0}`, which this program does not know: it must not be paid by it")]
    Required(String),
}

impl From<AmountError> for LinkError {
    fn from(error: AmountError) -> Self {
        Self::Amount(error)
    }
}

impl From<ReferenceError> for LinkError {
    fn from(error: ReferenceError) -> Self {
        Self::Reference(error)
    }
}

/// Text that is no reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a reference has at most 32 bytes: text, or `{HEX}` and hexadecimal digits")]
pub struct ReferenceError;

impl Link {
    /// Reads a link on the network of this prefix. What it says beyond is ignored unless its name begins with `req-`.
    ///
    /// # Errors
    /// Why it cannot be followed.
    pub fn parse(text: &str, prefix: &Prefix) -> Result<Self, LinkError> {
        if text.len() > LINK_BYTES_MAX {
            return Err(LinkError::TooLong(text.len()));
        }
        let (scheme, rest) = text.trim().split_once(':').ok_or(LinkError::NoLink)?;
        if !scheme.eq_ignore_ascii_case(LINK_SCHEME) {
            let is_name = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
            let named = is_name && !scheme.is_empty();
            return Err(if named {
                LinkError::Scheme(scheme.to_ascii_lowercase())
            } else {
                LinkError::NoLink
            });
        }
        let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
        let parsed = Address::parse(address, prefix).map_err(|error| match error {
            AddressError::OtherNetwork { found, expected } => LinkError::OtherNetwork { found, expected },
            error => LinkError::Address { text: address.to_owned(), error: Box::new(error) },
        })?;
        let mut asked = Asked::default();
        query.split('&').filter(|part| !part.is_empty()).try_for_each(|part| asked.take(part))?;
        let amount = asked.amount.map(|text| text.parse()).transpose()?;
        let reference = asked.reference.map(|text| read_reference(&text)).transpose()?.unwrap_or_default();
        Ok(Self { address: parsed, amount, reference, label: asked.label })
    }

    /// The link's text, which [`Link::parse`] reads as the same.
    pub fn to_text(&self, prefix: &Prefix) -> String {
        let encoded = |text: &str| utf8_percent_encode(text, UNRESERVED).to_string();
        let mut query = Vec::new();
        if let Some(amount) = self.amount {
            query.push(format!("amount={}", amount.to_string().trim_end_matches(" CRN")));
        }
        if !self.reference.is_empty() {
            query.push(format!("reference={}", encoded(&reference_text(&self.reference))));
        }
        query.extend(self.label.iter().map(|label| format!("label={}", encoded(label))));
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{LINK_SCHEME}:{}{mark}{}", self.address.to_text(prefix), query.join("&"))
    }
}

/// The parameters that are known, as text.
#[derive(Default)]
struct Asked {
    amount: Option<String>,
    reference: Option<String>,
    label: Option<String>,
}

impl Asked {
    fn take(&mut self, part: &str) -> Result<(), LinkError> {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, slot) = match name {
            "amount" => ("amount", &mut self.amount),
            "reference" => ("reference", &mut self.reference),
            "label" => ("label", &mut self.label),
            _ if name.to_ascii_lowercase().starts_with("req-") => {
                return Err(LinkError::Required(name.chars().take(64).collect()));
            }
            _ => return Ok(()),
        };
        let value = percent_decode_str(value).decode_utf8().map_err(|_| LinkError::NotText(name))?;
        match slot.replace(value.into_owned()) {
            Some(_) => Err(LinkError::Twice(name)),
            None => Ok(()),
        }
    }
}

/// Reads what a payment is for, as people type it: text, or `hex:` and digits for any bytes.
///
/// # Errors
/// When it is longer than a payment carries.
pub fn read_reference(text: &str) -> Result<Reference, ReferenceError> {
    let bytes = match text.strip_prefix(HEX) {
        Some(digits) => hex::decode(digits).map_err(|_| ReferenceError)?,
        None => text.as_bytes().to_vec(),
    };
    Reference::new(bytes).map_err(|_| ReferenceError)
}

/// What [`read_reference`] reads as this reference.
pub fn reference_text(reference: &Reference) -> String {
    match std::str::from_utf8(reference) {
        Ok(text) if !text.starts_with(HEX) => text.to_owned(),
        Ok(_) | Err(_) => format!("{HEX}{}", hex::encode(&reference[..])),
    }
}
