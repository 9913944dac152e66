//! The scenarios that are part of the program.

/// A scenario that is part of the program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shipped {
    /// By which it is called.
    pub name: &'static str,
    /// Its file.
    pub text: &'static str,
}

macro_rules! files {
    ($($name:literal)*) => {
        &[$(Shipped { name: $name, text: include_str!(concat!("../scenarios/", $name, ".toml")) }),*]
    };
}

const FILES: &[Shipped] = files![
    "partition"
    "one-way"
    "world"
    "hasty"
    "blackout"
    "clocks"
    "newcomer"
    "secession"
    "full-disk"
    "congestion"
    "lossy"
    "churn"
    "selfish"
    "double-spend"
    "eclipse"
    "flood"
];

/// All of them, the easiest to understand first.
pub fn shipped() -> &'static [Shipped] {
    FILES
}
