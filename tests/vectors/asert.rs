//! The published runs of `aserti3-2d`, as Bitcoin Cash ships them with its specification.
//!
//! They test the function alone. What a chain feeds it here (effective time, a median) is ours and tested elsewhere.

use cairn::consensus::{Asert, asert};
use cairn::types::{Bits, Target, U256};

const RUNS: [(&str, &str); 10] = [
    ("run01", include_str!("data/asert/run01.txt")),
    ("run02", include_str!("data/asert/run02.txt")),
    ("run03", include_str!("data/asert/run03.txt")),
    ("run04", include_str!("data/asert/run04.txt")),
    ("run05", include_str!("data/asert/run05.txt")),
    ("run07", include_str!("data/asert/run07.txt")),
    ("run08", include_str!("data/asert/run08.txt")),
    ("run09", include_str!("data/asert/run09.txt")),
    ("run10", include_str!("data/asert/run10.txt")),
    ("run11", include_str!("data/asert/run11.txt")),
];

/// One run: an anchor, and what must follow from it.
struct Run {
    anchor_height: u64,
    anchor_parent_time: i64,
    anchor_bits: Bits,
    iterations: usize,
    rows: Vec<Row>,
}

struct Row {
    height: u64,
    time: i64,
    bits: Bits,
}

impl Run {
    fn read(text: &str) -> Self {
        let header = |names: &[&str]| {
            let value = |line: &str| {
                let (name, value) = line.strip_prefix("##")?.trim().split_once(": ")?;
                names.contains(&name).then(|| value.trim().to_owned())
            };
            text.lines().find_map(value).unwrap_or_else(|| panic!("no header line {names:?}"))
        };
        Self {
            anchor_height: header(&["anchor height"]).parse().expect("a height"),
            // The same thing under two names.
            anchor_parent_time: header(&["anchor parent time", "anchor ancestor time"])
                .parse()
                .expect("a time"),
            anchor_bits: read_bits(&header(&["anchor nBits"])),
            iterations: header(&["iterations"]).parse().expect("a number"),
            rows: text
                .lines()
                .filter(|line| !line.is_empty() && !line.starts_with('#'))
                .map(Row::read)
                .collect(),
        }
    }
}

impl Row {
    fn read(line: &str) -> Self {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, height, time, bits] = fields[..] else { panic!("four fields: {line}") };
        Self {
            height: height.parse().expect("a height"),
            time: time.parse().expect("a time"),
            bits: read_bits(bits),
        }
    }
}

fn read_bits(text: &str) -> Bits {
    text.strip_prefix("0x").expect("0x").parse().expect("eight digits")
}

#[test]
fn every_row_of_every_run_is_met() {
    let pow_limit = Target::from_number(U256::MAX >> 32).expect("not zero");
    let mut rows = 0;
    for (name, text) in RUNS {
        let run = Run::read(text);
        let anchor = Target::from_bits(run.anchor_bits).expect("a target");
        let chain = Asert { anchor, pow_limit, spacing: 600, halflife: 172_800 };
        assert_eq!(run.rows.len(), run.iterations, "{name}");
        for Row { height, time, bits } in &run.rows {
            let height_delta = u32::try_from(height - run.anchor_height).expect("near the anchor");
            let found = asert(&chain, time - run.anchor_parent_time, height_delta);
            assert_eq!(found, *bits, "{name} at height {height}");
        }
        rows += run.rows.len();
    }
    assert_eq!(rows, 3000);
}
