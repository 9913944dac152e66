// What the wallet's page asks the node, and what it makes of an answer before it believes any of it.

const ANSWER_MS = 30_000; // for which a node is waited for

// What a node says is wrong.
class Problem extends Error {
  constructor(status, said) {
    const detail = said?.detail ?? `the node answers with ${status}`;
    super(said?.advice ? `${detail}. ${said.advice}` : detail);
    Object.assign(this, { status, detail, code: said?.code });
  }
}

function ensure(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}

export async function ask(path, sent) {
  const init = { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) };
  const headers = { "content-type": "application/json" };
  if (sent) Object.assign(init, { method: "POST", headers, body: JSON.stringify(sent) });
  let answer, said;
  try {
    answer = await fetch(path, init);
    said = await answer.json();
  } catch {
    throw new Error("the node does not answer");
  }
  if (!answer.ok) throw new Problem(answer.status, said);
  return said;
}

// What pages are made with. What an error says is none of it.
export async function text(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(ANSWER_MS) }).catch(() => null);
  const said = await answer?.text().catch(() => null);
  ensure(answer && said !== null, "the node does not answer");
  ensure(answer.ok, `the node answers with ${answer.status}`);
  return said;
}

// The rules of the chain, where it is the one that this page is about.
export async function network({ chain, prefix }) {
  const said = await ask("/v1/network");
  const isIt = said.chain === chain && said.prefix === prefix;
  ensure(isIt, "the node follows another chain than when this page came from it: load the page again");
  return said;
}

export async function account(address) {
  const said = await ask(`/v1/accounts/${address}`);
  ensure(said.address === address, "the node answered about another account");
  return said;
}

// Sends what was signed, or says why it is not known to wait for a block.
export async function submit({ txid, raw }) {
  isAbout(await ask("/v1/transactions", { raw }), txid);
}

// What became of a payment; nothing where it is not known.
export async function standing({ txid }) {
  let said;
  try {
    said = await ask(`/v1/transactions/${txid}`);
  } catch (error) {
    if (error.code === "transaction_unknown") return null;
    throw error;
  }
  isAbout(said, txid);
  if (said.status === "confirmed") whole(said.depth);
  return said;
}

// Up to which height the node keeps no blocks.
export const base = async () => whole((await ask("/v1/status")).base);

// Why the node says that it is not ready, if it does; and whether it lacks blocks, or takes nothing in. Where it only has heard of
// no block for long, nobody may have mined one, and it is as good as any: as src/cli/wallet/hearing.rs has it.
export async function unready() {
  try {
    await ask("/ready");
    return null;
  } catch ({ code, detail: why }) {
    // Whoever hides that it is not lies about the rest as well.
    if (code !== "not_ready") return null;
    const { sync, stopped } = await ask("/v1/status");
    return { why, isBehind: sync?.state !== "synced" || Boolean(stopped) };
  }
}

const isAbout = (said, txid) => ensure(said.txid === txid, "the node answered about another payment");

export function whole(number) {
  ensure(Number.isSafeInteger(number) && number >= 0, `the node says ${number} where a number is expected`);
  return number;
}

export function pebbles(text) {
  ensure(/^\d{1,20}$/.test(text), `the node says ${text} where an amount is expected`);
  return BigInt(text);
}

// Pebbles for a thousand bytes, for the next block.
export const rateOf = (fees) => Math.max(whole(fees.next_block), whole(fees.floor));

// Once only at a time; whoever asks meanwhile has it done once more.
export function oneAtATime(how) {
  let running = null;
  let again = null;
  return function run() {
    if (!running) running = how().finally(() => { running = null; });
    else again ??= running.then(() => { again = null; return run(); });
    return again ?? running;
  };
}
