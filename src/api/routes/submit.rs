//! Sending: transactions and blocks go through the same doors as a peer's.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::context::Context;
use crate::api::extract::{self, Json};
use crate::api::problem::{Code, Problem};
use crate::api::reply::{Answer, Reply};
use crate::api::routes::transactions::mined;
use crate::api::view::{
    ActionView, BlockSubmission, ContentView, Draft, Hex, Outcome, Outcomes, Placed, Prepared, Submission,
    Submissions, SubmittedBlock, SubmittedTransaction, Taken, TrialView, WitnessView,
};
use crate::codec::{List, decode, encode, encoded_len};
use crate::crypto::Signature;
use crate::mempool::{AdmitError, Standing, Trial};
use crate::node::{Reader, TransactionRefused, TransactionVerdict, Verdict};
use crate::types::{Action, Amount, Block, Body, Names, Note, Policy, Preimage, Transaction, Witness};

/// Transactions in one request.
const TRANSACTIONS_MAX: usize = 1000;
/// Bytes of a signature in a witness, and of what says how many there are.
const SIGNATURE_BYTES: usize = 64;
const WITNESS_BYTES: usize = 3;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(transactions))
        .routes(routes!(test))
        .routes(routes!(prepare))
        .routes(routes!(block))
}

/// Sends a transaction, or several
///
/// One is answered with 202 where it waits for a block now, and with a problem where it was refused. Several are taken in
/// their order and answered with 200 and an outcome for each. Sending the same again is safe: it says that it is known, or
/// mined.
#[utoipa::path(post, path = "/v1/transactions", tag = "transactions", operation_id = "submit_transactions",
    request_body = Submissions,
    responses((status = ACCEPTED, body = SubmittedTransaction, description = "One: it waits for a block"),
        (status = OK, body = Outcomes, description = "One that was known before, or several")))]
async fn transactions(State(context): State<Context>, Json(sent): Json<Submissions>) -> Response {
    match sent {
        Submissions::One(one) => match submit(&context, vec![one]).await.pop() {
            Some(Outcome::Accepted(taken)) => {
                let is_new = matches!(taken.taken, Taken::Ready | Taken::Waiting { .. });
                let status = if is_new { StatusCode::ACCEPTED } else { StatusCode::OK };
                (status, Reply::now(taken)).into_response()
            }
            Some(Outcome::Refused(problem)) => problem.into_response(),
            None => Problem::internal("no answer to what was sent").into_response(),
        },
        Submissions::Many(many) if many.len() > TRANSACTIONS_MAX => {
            let said = format!("{} transactions, and one request takes {TRANSACTIONS_MAX}", many.len());
            Problem::new(Code::TooLarge, said).into_response()
        }
        Submissions::Many(many) => Reply::now(Outcomes::Many(submit(&context, many).await)).into_response(),
    }
}

/// Submits some, in order, and waits for all verdicts.
async fn submit(context: &Context, sent: Vec<Submission>) -> Vec<Outcome> {
    let mut answers = Vec::with_capacity(sent.len());
    for submission in sent {
        answers.push(match read(&submission) {
            Ok(transaction) => {
                let names = transaction.names();
                Ok((names, context.node().submit_transaction(transaction).await))
            }
            Err(problem) => Err(problem),
        });
    }
    let mut outcomes = Vec::with_capacity(answers.len());
    for answer in answers {
        outcomes.push(match answer {
            Ok((names, pending)) => outcome(context, names, pending.answer().await).await,
            Err(problem) => Outcome::Refused(problem),
        });
    }
    outcomes
}

async fn outcome(context: &Context, names: Names, verdict: TransactionVerdict) -> Outcome {
    let taken = match verdict {
        Ok(admitted) => match admitted.standing {
            Standing::Ready => Taken::Ready,
            Standing::Waiting { expected } => Taken::Waiting { expected },
        },
        Err(TransactionRefused::Pool(AdmitError::Known)) => Taken::Known,
        Err(refused) => {
            // Whoever was cut off sends it again, and by then it may be mined.
            let is_old = matches!(refused, TransactionRefused::Pool(AdmitError::OldNonce { .. }));
            let found =
                if is_old { context.read(move |reader| mined(reader, &names.txid)).await } else { Ok(None) };
            match found {
                Ok(Some((found, _))) => Taken::Mined { height: found.place.height },
                Ok(None) | Err(_) => return Outcome::Refused(Problem::from(&refused)),
            }
        }
    };
    Outcome::Accepted(SubmittedTransaction { txid: names.txid, hash: names.hash, taken })
}

/// The transaction that was sent.
pub(super) fn read(submission: &Submission) -> Result<Transaction, Problem> {
    match submission {
        Submission::Raw(whole) => decoded("raw", &whole.raw),
        Submission::Signed(signed) => {
            let body: Body = decoded("body", &signed.body)?;
            Ok(Transaction { body, witness: witness(&signed.witness)? })
        }
    }
}

fn decoded<T: crate::codec::Canonical>(name: &str, digits: &Hex) -> Result<T, Problem> {
    let bytes = extract::bytes(name, &digits.0)?;
    decode(&bytes).map_err(|error| Problem::new(Code::NotDecodable, format!("`{name}`: {error}")))
}

fn witness(view: &WitnessView) -> Result<Witness, Problem> {
    let too_many = |_| Problem::new(Code::NotDecodable, "`witness` holds more than any policy asks for");
    let signature = |digits: &Hex| fixed::<64>("signatures", digits).map(Signature);
    let signatures: Result<Vec<Signature>, _> = view.signatures.iter().map(signature).collect();
    let preimages: Result<Vec<Preimage>, _> =
        view.preimages.iter().map(|digits| fixed::<32>("preimages", digits)).collect();
    Ok(Witness {
        choices: List::new(view.choices.clone()).map_err(too_many)?,
        signatures: List::new(signatures?).map_err(too_many)?,
        preimages: List::new(preimages?).map_err(too_many)?,
    })
}

fn fixed<const N: usize>(name: &str, digits: &Hex) -> Result<[u8; N], Problem> {
    let bytes = extract::bytes(name, &digits.0)?;
    bytes.try_into().map_err(|_| {
        Problem::new(Code::NotDecodable, format!("each of `{name}` is {} hexadecimal digits", 2 * N))
    })
}

/// Says what would become of a transaction if it were sent now
///
/// Nothing is kept of it. What would be refused is answered with the problem that sending it would be answered with.
#[utoipa::path(post, path = "/v1/transactions/test", tag = "transactions", operation_id = "test_transaction",
    request_body = Submission,
    responses((status = OK, body = TrialView)))]
async fn test(State(context): State<Context>, Json(sent): Json<Submission>) -> Answer<TrialView> {
    let transaction = read(&sent)?;
    let names = transaction.names();
    let trial = context.node().test_transaction(transaction).await.answer().await;
    let taken = match trial {
        Ok(Trial { standing: Standing::Ready, .. }) => Taken::Ready,
        Ok(Trial { standing: Standing::Waiting { expected }, .. }) => Taken::Waiting { expected },
        Err(TransactionRefused::Pool(AdmitError::Known)) => Taken::Known,
        Err(ref refused) => return Err(Problem::from(refused)),
    };
    let departed = trial.map(|trial| trial.departed).unwrap_or_default();
    let departs = departed.iter().map(|departure| departure.transaction.facts().txid).collect();
    let answer = SubmittedTransaction { txid: names.txid, hash: names.hash, taken };
    Ok(Reply::now(TrialView { answer, departs }))
}

/// Puts a transaction together, for whoever cannot encode one
///
/// It is given back encoded, with what is to be signed, and nothing is kept of it. Whoever signs trusts this node to have
/// encoded what was asked for; whoever does not, encodes it with code of their own.
#[utoipa::path(post, path = "/v1/transactions/prepare", tag = "transactions", operation_id = "prepare_transaction",
    request_body = Draft,
    responses((status = OK, body = Prepared)))]
async fn prepare(State(context): State<Context>, Json(draft): Json<Draft>) -> Answer<Prepared> {
    let params = context.params();
    let policy = Policy::try_from(&draft.policy).map_err(|error| Problem::bad_value("policy", "…", error))?;
    let sender = policy.address();
    let actions: Result<Vec<Action>, _> =
        draft.actions.iter().map(|action| action_of(action, &context)).collect();
    let count = draft.actions.len();
    let actions = List::new(actions?).map_err(|_| {
        Problem::bad_value("actions", &count.to_string(), "a transaction has 1 to 256 actions")
    })?;
    let witness_bytes = witness_bytes(&policy);
    let body = Body {
        chain: params.chain.tag(),
        policy,
        nonce: draft.nonce.unwrap_or_default(),
        fee: draft.fee.unwrap_or_default(),
        expiry: draft.expiry,
        actions,
    };
    let (at_hand, lacks_nonce, lacks_fee) = (context.clone(), draft.nonce.is_none(), draft.fee.is_none());
    let complete = move |reader: &Reader| {
        let mut body = body.clone();
        if lacks_nonce {
            body.nonce = reader.pending(&sender)?.0;
        }
        // A fee takes some bytes itself.
        let bytes = |body: &Body| encoded_len(body) + witness_bytes;
        if lacks_fee {
            let rate = at_hand.pool(reader)?.rates().next;
            body.fee = rate.fee_for(bytes(&body) + encoded_len(&Amount::from_pebbles(u64::MAX)));
        }
        let bytes = bytes(&body);
        Ok((body, bytes))
    };
    let (body, bytes) = context.read(complete).await?;
    let txid = body.txid();
    let encoded = Hex::of(encode(&body));
    let unsigned = Transaction { body, witness: Witness::default() };
    Ok(Reply::now(Prepared {
        txid,
        body: encoded,
        signing_message: Hex::of(txid.signing_message(&params.chain)),
        bytes,
        transaction: ContentView::new(&unsigned, None, &params.prefix),
    }))
}

fn action_of(view: &ActionView, context: &Context) -> Result<Action, Problem> {
    let prefix = &context.params().prefix;
    Ok(match view {
        ActionView::Pay { to, amount, reference } => Action::Pay {
            to: extract::address(&to.0, prefix)?,
            amount: *amount,
            reference: extract::reference(&reference.0)?,
        },
        ActionView::PayAll { to, reference, .. } => Action::PayAll {
            to: extract::address(&to.0, prefix)?,
            reference: extract::reference(&reference.0)?,
        },
        ActionView::Note { bytes, text } => {
            let bytes = extract::bytes("note", &bytes.0)?;
            let said = match text {
                Some(text) if bytes.is_empty() || bytes == text.as_bytes() => text.clone().into_bytes(),
                Some(text) => {
                    return Err(Problem::bad_value(
                        "text",
                        text,
                        "the `bytes` of this note say something else",
                    ));
                }
                None => bytes,
            };
            let note = Note::new(said);
            Action::Note(note.map_err(|_| Problem::bad_value("note", "…", "a note has at most 256 bytes"))?)
        }
    })
}

/// What a policy's witness takes, where the costliest of its children are chosen.
fn witness_bytes(policy: &Policy) -> usize {
    fn of(policy: &Policy) -> usize {
        match policy {
            Policy::Key(_) => SIGNATURE_BYTES,
            Policy::Preimage(_) => size_of::<Preimage>(),
            Policy::After(_) => 0,
            Policy::Threshold(threshold) => {
                let mut children: Vec<usize> = threshold.children().iter().map(of).collect();
                children.sort_unstable_by_key(|bytes| std::cmp::Reverse(*bytes));
                size_of::<u16>() + 1 + children.iter().take(threshold.required().into()).sum::<usize>()
            }
        }
    }
    WITNESS_BYTES + of(policy)
}

/// Submits a block
///
/// It is answered when it is durable, or refused.
#[utoipa::path(post, path = "/v1/blocks", tag = "mining", operation_id = "submit_block", request_body = BlockSubmission,
    responses((status = OK, body = SubmittedBlock)))]
async fn block(State(context): State<Context>, Json(sent): Json<BlockSubmission>) -> Answer<SubmittedBlock> {
    let block: Block = decoded("block", &sent.block)?;
    let hash = block.header.hash();
    let verdict = context.node().submit_block(block).await.answer().await;
    let placed = match verdict.map_err(|refused| Problem::from(&refused))? {
        Verdict::Known => Placed::Known,
        Verdict::Orphan { missing } => Placed::Orphan { missing },
        Verdict::Early { seconds } => Placed::Early { seconds },
        Verdict::Side => Placed::Side,
        Verdict::Followed { reverted } => Placed::Followed { reverted },
    };
    Ok(Reply::now(SubmittedBlock { hash, placed }))
}
