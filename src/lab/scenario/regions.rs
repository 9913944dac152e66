//! Where Bitcoin's nodes are, how long the ways between six regions of the world are, and how fast lines there are.
//!
//! The numbers are those that Banno and Shudo give with SimBlock ("Simulating a blockchain network with SimBlock", 2019),
//! gathered from measurements of 2015 and of 2019.

use super::form::{Geography, Region};
use crate::lab::clock::MILLISECOND;
use crate::lab::links::Access;

/// Milliseconds one way, by region, in the order of [`Region`].
const DELAYS_2015: [[u64; 6]; 6] = [
    [36, 119, 255, 310, 154, 208],
    [119, 12, 221, 242, 266, 350],
    [255, 221, 137, 347, 256, 269],
    [310, 242, 347, 99, 172, 278],
    [154, 266, 256, 172, 9, 163],
    [208, 350, 269, 278, 163, 22],
];
const DELAYS_2019: [[u64; 6]; 6] = [
    [32, 124, 184, 198, 151, 189],
    [124, 11, 227, 237, 252, 294],
    [184, 227, 88, 325, 301, 322],
    [198, 237, 325, 85, 58, 198],
    [151, 252, 301, 58, 12, 126],
    [189, 294, 322, 198, 126, 16],
];
/// Which share of all nodes is where.
const SHARES_2015: [f64; 6] = [0.3869, 0.5159, 0.0113, 0.0574, 0.0119, 0.0166];
const SHARES_2019: [f64; 6] = [0.3316, 0.4998, 0.0090, 0.1177, 0.0224, 0.0195];
/// Bits a second, up and down.
const LINES_2015: [(u64, u64); 6] = [
    (4_700_000, 25_000_000),
    (8_100_000, 24_000_000),
    (1_800_000, 6_500_000),
    (5_300_000, 10_000_000),
    (3_400_000, 17_500_000),
    (5_200_000, 14_000_000),
];
const LINES_2019: [(u64, u64); 6] = [
    (19_200_000, 52_000_000),
    (20_700_000, 40_000_000),
    (5_800_000, 18_000_000),
    (15_700_000, 22_800_000),
    (10_200_000, 22_800_000),
    (11_300_000, 29_900_000),
];

impl Region {
    /// Its place in every table.
    pub(super) fn number(self) -> u8 {
        self as u8
    }
}

impl Geography {
    /// Microseconds from each region to each.
    pub(super) fn delays(self) -> Vec<Vec<u64>> {
        let of = match self {
            Self::Bitcoin2015 => DELAYS_2015,
            Self::Bitcoin2019 => DELAYS_2019,
        };
        of.iter().map(|row| row.iter().map(|millis| millis * MILLISECOND).collect()).collect()
    }

    /// The region that a number between 0 and 1 falls to.
    pub(super) fn region_at(self, mut unit: f64) -> u8 {
        let shares = match self {
            Self::Bitcoin2015 => SHARES_2015,
            Self::Bitcoin2019 => SHARES_2019,
        };
        for (number, share) in shares.iter().enumerate() {
            unit -= share;
            if unit < 0.0 {
                return number as u8;
            }
        }
        Region::Europe.number()
    }

    /// How fast lines in a region are.
    pub(super) fn access(self, region: u8) -> Access {
        let of = match self {
            Self::Bitcoin2015 => LINES_2015,
            Self::Bitcoin2019 => LINES_2019,
        };
        let (up, down) = of[usize::from(region)];
        bits(up, down)
    }
}

/// A line of so many bits a second.
pub(super) fn bits(up: u64, down: u64) -> Access {
    Access { up: Some((up / 8).max(1)), down: Some((down / 8).max(1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_as_long_there_as_back_and_shares_make_one() {
        for geography in [Geography::Bitcoin2015, Geography::Bitcoin2019] {
            let delays = geography.delays();
            for (from, row) in delays.iter().enumerate() {
                row.iter().enumerate().for_each(|(to, delay)| assert_eq!(*delay, delays[to][from]));
            }
            assert_eq!(geography.region_at(0.0), Region::NorthAmerica.number());
            assert_eq!(geography.region_at(0.6), Region::Europe.number());
            assert_eq!(geography.region_at(0.9999), Region::Australia.number());
        }
        for shares in [SHARES_2015, SHARES_2019] {
            assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-3);
        }
    }
}
