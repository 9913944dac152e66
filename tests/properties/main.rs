//! What holds whatever happens: values drawn at random, and models to compare with.

mod chains;
mod history;
mod orders;
mod tree;
mod values;
