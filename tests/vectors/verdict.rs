//! Our one verdict on a signature of a published suite, asked for in every way in which a node asks.

use std::sync::LazyLock;

use cairn::crypto::{BatchSeed, Claim, Culprits, KeyError, PublicKey, SecretKey, Signature, verify_batch};

/// Key, signature and message as a suite gives them.
#[derive(Clone, Debug)]
pub struct Case {
    /// What should be a public key.
    pub key: [u8; 32],
    /// What should be a signature; suites try other lengths than 64.
    pub signature: Vec<u8>,
    /// What was signed.
    pub message: Vec<u8>,
}

/// How far a case gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The key is no key: no claim can be made.
    NotAKey(KeyError),
    /// Not 64 bytes: no claim can be made.
    NotASignature,
    /// The claim does not hold.
    Refused,
    /// The claim holds.
    Accepted,
}

impl Case {
    fn claim(&self) -> Result<Claim, Verdict> {
        let key = PublicKey::from_bytes(self.key).map_err(Verdict::NotAKey)?;
        let signature = <[u8; 64]>::try_from(&self.signature[..]).map_err(|_| Verdict::NotASignature)?;
        Ok(Claim::new(&key, &Signature(signature), &self.message))
    }
}

/// The verdicts on a suite, each the same alone, among copies of itself, among good signatures, and with all others.
pub fn judge(suite: &[Case]) -> Vec<Verdict> {
    let claims: Vec<Result<Claim, Verdict>> = suite.iter().map(Case::claim).collect();
    let verdicts: Vec<Verdict> = claims
        .iter()
        .enumerate()
        .map(|(at, claim)| match claim {
            Ok(claim) if verdict_in_all_company(claim, at) => Verdict::Accepted,
            Ok(_) => Verdict::Refused,
            Err(verdict) => *verdict,
        })
        .collect();

    let (together, culprits) = with_all_others(&claims, &verdicts);
    expect_culprits(&together, &culprits, "the suite in one batch");
    verdicts
}

fn with_all_others(claims: &[Result<Claim, Verdict>], verdicts: &[Verdict]) -> (Vec<Claim>, Vec<usize>) {
    let made =
        claims.iter().zip(verdicts).filter_map(|(claim, verdict)| Some((claim.as_ref().ok()?, verdict)));
    let (together, verdicts): (Vec<Claim>, Vec<Verdict>) = made.map(|(claim, v)| (claim.clone(), *v)).unzip();
    let culprits = (0..).zip(verdicts).filter(|(_, v)| *v == Verdict::Refused).map(|(at, _)| at).collect();
    (together, culprits)
}

/// Enough to be checked as a batch and not one by one.
const COMPANY: usize = 24;

static GOOD: LazyLock<Vec<Claim>> = LazyLock::new(|| {
    let good = |number: usize| {
        let secret = SecretKey::from_bytes(&[number as u8 + 1; 32]);
        Claim::new(&secret.public_key(), &secret.sign(b"good"), b"good")
    };
    (0..COMPANY).map(good).collect()
});

fn verdict_in_all_company(claim: &Claim, case: usize) -> bool {
    let holds = claim.holds();
    let culprits = |positions: std::ops::Range<usize>| if holds { Vec::new() } else { positions.collect() };
    expect_culprits(std::slice::from_ref(claim), &culprits(0..1), "alone");
    expect_culprits(&vec![claim.clone(); COMPANY], &culprits(0..COMPANY), "among copies of itself");
    for at in [0, case % COMPANY, COMPANY] {
        let mut company = GOOD.clone();
        company.insert(at, claim.clone());
        expect_culprits(&company, &culprits(at..at + 1), "among good signatures");
    }
    holds
}

fn expect_culprits(claims: &[Claim], culprits: &[usize], company: &str) {
    let expected = if culprits.is_empty() { Ok(()) } else { Err(Culprits(culprits.to_vec())) };
    for seed in [0, 0x5a, 0xff] {
        assert_eq!(verify_batch(claims, BatchSeed([seed; 32])), expected, "{company}, seed {seed}");
    }
}
