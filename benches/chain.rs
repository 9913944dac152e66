//! What it costs to take in headers, difficulty, median time and a place in the tree; and to recall those of blocks at a
//! start.

mod support;

use cairn::chain::Chain;
use cairn::testkit::{Network, asert_file};
use cairn::types::{BlockHash, Header, MerkleRoot, Timestamp};
use support::{figure, median, ratio, timed, yardstick};

const HEADERS: u32 = 100_000;
/// What a node must take in at least.
const WANTED_PER_SECOND: f64 = 10_000.0;

fn main() {
    yardstick();
    let network = Network::from_file(&asert_file(0), 0);
    // No nonce is searched for: who finds a block is drawn, everything else is as it is.
    let genesis = network.genesis.with_virtual_work();
    let headers = branch(&mut Chain::new(&genesis));

    let time = median(5, || {
        let mut chain = Chain::new(&genesis);
        timed(|| headers.iter().filter(|header| chain.accept_header(header).is_ok()).count())
    });
    let rate = f64::from(HEADERS) / time.as_secs_f64();
    figure("headers_accepted", rate, "headers/s");
    ratio("headers_over_wanted", rate / WANTED_PER_SECOND, "10,000 a second");

    let recalled = median(5, || {
        let mut chain = Chain::new(&genesis);
        timed(|| headers.iter().filter(|header| chain.recall(header).is_ok()).count())
    });
    figure("headers_recalled", f64::from(HEADERS) / recalled.as_secs_f64(), "headers/s");
    ratio("recalled_over_accepted", time.as_secs_f64() / recalled.as_secs_f64(), "headers accepted");
}

/// So many headers, a minute apart.
fn branch(chain: &mut Chain) -> Vec<Header> {
    let mut previous: BlockHash = chain.tip().hash;
    let mut headers = Vec::new();
    for height in 1..=HEADERS {
        let context = chain.context_above(&previous).expect("just added");
        let header = Header {
            version: 1,
            previous,
            merkle_root: MerkleRoot::ZERO,
            time: Timestamp(1_700_000_000 + 60 * height),
            bits: context.bits,
            nonce: 0,
        };
        chain.accept_header(&header).expect("an honest header");
        previous = header.hash();
        headers.push(header);
    }
    headers
}
