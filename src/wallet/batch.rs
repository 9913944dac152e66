//! Payments on the lines of a file, as people and spreadsheets write them: `bob,12.5,INVOICE-42`.

use std::borrow::Cow;

use super::link::{ReferenceError, read_reference};
use crate::types::{Amount, AmountError, Reference};

/// Digits behind a comma that may be meant as decimals: a coin has no more.
const DECIMALS_MAX: usize = 8;

/// One payment, as it stands on a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BatchLine<'a> {
    /// Who is paid, as it was written.
    pub to: Cow<'a, str>,
    /// How much.
    pub amount: Amount,
    /// What for.
    pub reference: Reference,
}

/// Why a line is no payment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// Nothing stands behind who is paid.
    #[error("expected who is paid, a comma, and how much")]
    NoAmount,
    /// As spreadsheets write it where amounts have commas.
    #[error(
        "expected commas between who is paid, how much, and what for, not semicolons: `bob,12.5,INVOICE-42`"
    )]
    Semicolons,
    /// Quotation marks that do not enclose a part.
    #[error(
        "quotation marks stand around a whole part or not at all; one inside of such a part is written twice"
    )]
    Quotes,
    /// No amount.
    #[error("`{text}`: {error}")]
    Amount {
        /// What stands there.
        text: String,
        /// What is wrong with it.
        error: AmountError,
    },
    /// Two numbers with a comma between them: one amount, or an amount and what it is for?
    #[error(
        "is `{whole},{part}` one amount? Amounts have a point and no comma, as in 1.5 or 1500: write it so. Where `{part}` is what \
         the payment is for, write `{whole},\"{part}\"`"
    )]
    Comma {
        /// What stands before the comma.
        whole: String,
        /// What stands behind it.
        part: String,
    },
    /// A reference that a payment cannot carry.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
}

/// The payments in a text, with the numbers of their lines. Empty lines and those that begin with `#` are passed over.
pub fn read_batch(text: &str) -> impl Iterator<Item = (usize, Result<BatchLine<'_>, BatchError>)> {
    // What spreadsheets put in front, unseen.
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    let lines = lines.enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines.map(|(at, line)| (at + 1, read_line(line)))
}

fn read_line(line: &str) -> Result<BatchLine<'_>, BatchError> {
    let (to, rest) = take_part(line)?;
    if to.contains(';') {
        return Err(BatchError::Semicolons);
    }
    let (amount, what_for) = take_part(rest.ok_or(BatchError::NoAmount)?)?;
    if let Some(part) = what_for.and_then(|what_for| decimals(&amount, what_for)) {
        return Err(BatchError::Comma { whole: amount.into_owned(), part: part.to_owned() });
    }
    let amount = amount.parse().map_err(|error| BatchError::Amount { text: amount.into_owned(), error })?;
    let reference = what_for.map(|text| read_reference(&whole(text)?).map_err(BatchError::from));
    Ok(BatchLine { to, amount, reference: reference.transpose()?.unwrap_or_default() })
}

/// Takes the first part off a line, and gives what stands behind the comma. In quotation marks a part may have commas in it.
fn take_part(line: &str) -> Result<(Cow<'_, str>, Option<&str>), BatchError> {
    let line = line.trim_start();
    if !line.starts_with('"') {
        let (part, rest) = line.split_once(',').map_or((line, None), |(part, rest)| (part, Some(rest)));
        return Ok((part.trim_end().into(), rest));
    }
    let (part, rest) = unquote(line)?;
    match rest.strip_prefix(',') {
        None if !rest.is_empty() => Err(BatchError::Quotes),
        behind => Ok((part.into(), behind)),
    }
}

/// The last part: all that is there, commas too.
fn whole(text: &str) -> Result<Cow<'_, str>, BatchError> {
    let text = text.trim();
    if !text.starts_with('"') {
        return Ok(text.into());
    }
    match unquote(text)? {
        (part, "") => Ok(part.into()),
        _ => Err(BatchError::Quotes),
    }
}

/// What stands in the quotation marks that a text begins with, and what comes after them.
fn unquote(text: &str) -> Result<(String, &str), BatchError> {
    let mut part = String::new();
    let mut rest = &text[1..];
    loop {
        let (before, after) = rest.split_once('"').ok_or(BatchError::Quotes)?;
        part.push_str(before);
        match after.strip_prefix('"') {
            Some(after) => {
                part.push('"');
                rest = after;
            }
            None => return Ok((part, after.trim_start())),
        }
    }
}

/// What may be meant as the rest of an amount: digits right behind the comma after a number without a point, or with points before
/// each three digits.
///
/// # Security
/// Whoever writes `1,5` for one and a half, or `1.000,50` for a thousand and a half, would pay 1 and never be told. What is refused can be written so that nobody takes it
/// for something else.
fn decimals<'a>(amount: &str, behind: &'a str) -> Option<&'a str> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let part = behind.split(',').next().unwrap_or_default().trim_end();
    let digits = part.strip_suffix("CRN").map_or(part, str::trim_end);
    let (head, tail) = digits.split_once('.').unwrap_or((digits, "0"));
    let may_be = is_number(head) && head.len() <= DECIMALS_MAX && is_number(tail);
    let mut groups = amount.split('.');
    let is_first = groups.next().is_some_and(is_number);
    let is_whole = is_first && groups.all(|group| is_number(group) && group.len() == 3);
    (is_whole && may_be).then_some(part)
}
