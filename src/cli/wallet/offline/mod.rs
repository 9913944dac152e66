//! `cairn wallet prepare`, `sign`, `combine` and `submit`: payments that are signed where no node is, or by several.
//!
//! What travels is [`crate::wallet::OfflineFile`]; here it is read, shown, signed and handed on.

mod carried;
mod gather;
mod prepare;
mod sign;

pub(super) use gather::{Combine, Submit};
pub(super) use prepare::Prepare;
pub(super) use sign::Sign;
