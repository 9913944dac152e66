//! Figures for whoever watches the node, in the text form of Prometheus.
//!
//! Every figure stands in one table, [`FIGURES`], with its kind and its line of help; `docs/metrics.md` says the same, and a
//! test compares them. They are read when they are asked for: a node that nobody watches pays for none.

mod figures;
mod folder;
mod page;
mod process;

pub use figures::{FIGURES, Figure, Kind};
pub(super) use folder::Folder;
pub(super) use page::page;
