// What was signed in the wallet's page, what may yet become of it, and how a browser keeps it.
//
// A node may be wrong about a payment, may have forgotten it, or may refuse it while others have it. Its word moves a payment
// from one state to another, and never off the list: only a block does that which uses its nonce. Until then what is signed next
// has the same nonce, so that the chain takes one of both at most.

// Blocks, from the one that used a nonce, after which none is expected to be taken back.
export const SETTLED_DEPTH = 30;
// Blocks and time after which nobody means any more what nobody could tell of: as long as the command line's wallet waits.
export const UNTOLD_DEPTH = 300;
export const UNTOLD_MS = 7 * 24 * 3_600_000;
// Without word of what is being sent, after which nobody sends it any more: `asked.js` waits less long for a node.
export const SILENT_MS = 35_000;

const LEFT = ["dropped", "replaced", "expired"];

// It waits for a block, by the word of the node.
export const waits = ({ state }) => state === "sending" || state === "pending";
export const isMined = ({ state }) => state === "confirmed";
// Its nonce is used, and by the word of the node not by it.
const isPassed = ({ state }) => state === "passed";
// Its nonce is used, and the node keeps too little to say whether by it.
export const isUntold = ({ state }) => state === "untold";
// Its nonce is used, and not by it as far as is known: to send it again is of no use.
export const isOver = (payment) => isPassed(payment) || isUntold(payment);
// It may be mined, and may not.
export const isInDoubt = (payment) => !waits(payment) && !isMined(payment) && !isOver(payment);

export function isSettled(payment) {
  if (isUntold(payment)) return payment.depth >= UNTOLD_DEPTH && Date.now() - payment.told >= UNTOLD_MS;
  return (isMined(payment) || isPassed(payment)) && payment.depth >= SETTLED_DEPTH;
}

// Notes what became of a payment. That somebody was told of a doubt stays true.
export function note(payment, change) {
  Object.assign(payment, change);
  payment.isDoubted ||= isInDoubt(payment) || isOver(payment);
}

// What is made of a node's word. `said` is its answer about the payment, or nothing where it does not know it; `nonce` is how
// many of its account were mined, `height` the tip's, and up to `base` the node keeps no blocks.
export function heard(payment, said, { nonce, height, base }) {
  const { status, depth, ready = true, why = "" } = said ?? {};
  if (status === "confirmed") return { state: status, depth, why };
  const isOpen = nonce <= payment.nonce;
  // Where it is mined later, it is in a block above this one.
  const seen = isOpen ? { unmined: height } : {};
  if (status === "pending") return { state: status, ready, why, ...seen };
  if (!isOpen) return outrun(payment, { height, base });
  // Why it left before is old by now. It may have been kept by whoever said that it is refused.
  if (payment.state === "refused") return seen;
  const left = LEFT.includes(status) ? { state: status, why } : { state: "doubt", why: "the node does not know it" };
  return { ...left, ...seen };
}

// Its nonce is used, and it is in no block that the node keeps. Where it may be in one below, nobody here can tell. Blocks that
// may have been taken back since do not count as seen.
function outrun(payment, { height, base }) {
  const isKept = base === 0 || (payment.unmined ?? 0) - SETTLED_DEPTH >= base;
  const state = isKept ? "passed" : "untold";
  const isOld = payment.state === state;
  const since = Math.min(isOld ? payment.since : height, height);
  const told = isOld ? payment.told : Date.now();
  return { state, since, told, base, depth: height - since + 1, why: "" };
}

// The nonce of what is signed next, where a node says that `nonce` of the account were mined and names `next`: that of a
// payment in doubt comes first.
export function nextNonce(payments, { nonce, next }) {
  const open = payments.filter((payment) => payment.nonce >= nonce && !isMined(payment));
  const held = new Set(open.filter(waits).map((payment) => payment.nonce));
  const doubtful = open.map((payment) => payment.nonce).filter((one) => !held.has(one));
  let free = next;
  while (held.has(free)) free += 1;
  return Math.min(free, ...doubtful);
}

// What was signed for this nonce and may be mined instead.
export const rivals = (payments, nonce) => payments.filter((payment) => payment.nonce === nonce && !isMined(payment));

// The least fee with which nodes that have one of these take another instead: a tenth more, as src/mempool/admit.rs has it.
export const outbidding = (payments) =>
  payments.map(({ fee }) => fee + (fee / 10n || 1n) + 1n).reduce((most, fee) => (fee > most ? fee : most), 0n);

// Why a payment may be one too many, or stand in the way of another.
export function doubtsAbout({ to, hex, paid, nonce }, payments, coins) {
  const isSame = (payment) => payment.to === to && payment.hex === hex && payment.paid === paid;
  const found = new Set();
  for (const payment of payments.filter(isSame)) {
    if (waits(payment)) found.add("Just this payment was sent before, and waits for a block.");
    else if (payment.nonce === nonce) found.add("Just this payment was sent before, and is in doubt.");
    else if (!isMined(payment)) found.add("Just this payment was sent before, and may have been made: this may make it once more.");
    else if (payment.isDoubted) found.add("Just this payment was in doubt before, and has been made: this makes it once more.");
  }
  for (const payment of rivals(payments, nonce)) {
    const whom = `${payment.to.slice(0, 12)}…${payment.to.slice(-6)}`;
    found.add(`This takes the place of ${coins(payment.paid)} to ${whom}: no more than one of both is made.`);
  }
  return [...found];
}

// How a payment stands, and whether that is good. Why it does is told apart.
export function stateOf({ state, depth, ready }) {
  const known = {
    __proto__: null,
    sending: ["waiting", "being sent"],
    pending: ["waiting", ready === false ? "waits for an earlier payment" : "waits for a block"],
    confirmed: ["good", `confirmed × ${depth}${depth >= SETTLED_DEPTH ? " or more" : ""}`],
    refused: ["bad", "refused by the node"],
    replaced: ["bad", "the node has another in its place"],
    dropped: ["bad", "left the node's pool"],
    passed: ["bad", "another payment was made in its place"],
    untold: ["bad", "its number was used"],
  };
  return known[state] ?? ["bad", "in doubt"];
}

// Why nobody here can tell whether a payment was made, by a node that keeps no blocks up to this height.
export function whyUntold(base) {
  const first = (base + 1).toLocaleString("en-US");
  return "Its number was used; whether by this payment this node cannot tell, as it keeps nothing before " +
    `block ${first}. Ask one that keeps all blocks before you pay the same once more.`;
}

// One list of two, newest first. What this window knows of a payment counts, and that anybody was told of a doubt. What came of
// one that another window sends, that window knows.
export function merged(ours, theirs) {
  const others = new Map(theirs.map((payment) => [payment.txid, payment]));
  for (const payment of ours) {
    const other = others.get(payment.txid);
    const isDoubted = payment.isDoubted || other?.isDoubted;
    if (payment.state === "sending" && other?.asked >= payment.asked) Object.assign(payment, other);
    payment.isDoubted = isDoubted;
    others.delete(payment.txid);
  }
  return [...ours, ...others.values()].sort((one, other) => (other.made ?? 0) - (one.made ?? 0));
}

// The browser's store: one key, and what it signed. Several windows write it, so each waits for the others and looks again
// before it does: what another has signed stays, and the key of another is not written over.

const STORE = "cairn-wallet";

// Something is kept that this page cannot read.
export class Unreadable extends Error {
  constructor(text) {
    super("what this browser kept for this page cannot be read, so nothing is written over it");
    this.text = text;
  }
}

const alone = (how) => navigator.locks.request(STORE, how);
const isSameKey = (one, other) => ["words", "passphrase", "key"].every((name) => (one[name] ?? "") === (other[name] ?? ""));

// Nobody sends it any more: whoever did would have told by now what came of it.
const isSilent = ({ asked }) => !(Math.abs(Date.now() - asked) < SILENT_MS);

// A payment that was kept. Where it was cut off while it was sent, nobody knows what came of it.
function woken(payment, isCutOff) {
  const { txid, raw, from, to, hex, nonce, state } = payment;
  const isWhole = [txid, raw, from, to, hex, state].every((text) => typeof text === "string") && Number.isSafeInteger(nonce);
  if (!isWhole) throw new TypeError("no payment");
  const woken = { ...payment, paid: BigInt(payment.paid), fee: BigInt(payment.fee ?? 0) };
  if (state === "sending" && isCutOff(payment)) note(woken, { state: "doubt", why: "it was cut off" });
  return woken;
}

// What is kept, for a page that opens; nothing where nothing is. What this page sent before is cut off.
export const kept = () => read(() => true);

// What is kept, for a page that is open. What another window sends, that window tells of.
const keptMeanwhile = () => read(isSilent);

function read(isCutOff) {
  const text = localStorage.getItem(STORE);
  if (text === null) return null;
  try {
    const { secret, payments } = JSON.parse(text);
    if (typeof (secret.words ?? secret.key) !== "string") throw new TypeError("no key");
    return { secret, payments: payments.map((payment) => woken(payment, isCutOff)) };
  } catch {
    throw new Unreadable(text);
  }
}

const asText = (_, value) => (typeof value === "bigint" ? String(value) : value);

function write(secret, payments) {
  const open = payments.filter((payment) => !isSettled(payment));
  localStorage.setItem(STORE, JSON.stringify({ secret, payments: open }, asText));
  return payments;
}

// Begins to keep a key, and gives all that it signed as far as this browser knows.
export const begin = (secret, payments) => alone(() => {
  const there = keptMeanwhile();
  // What is kept is open where this page is opened.
  const isFree = !there || isSameKey(there.secret, secret);
  if (!isFree) throw new Error("this browser keeps another key already, as another window was told to");
  return write(secret, merged(payments, there?.payments ?? []));
});

// Other windows had this browser keep another key, or none.
export class Apart extends Error {}

// What is kept of this key. Where it is another by now, or none, other windows were told so.
export function keptOf(secret) {
  const there = keptMeanwhile();
  if (!there) throw new Apart("another window had this browser forget this key: it is in this page alone now");
  if (!isSameKey(there.secret, secret)) throw new Apart("this browser keeps another key now: this one is in this page alone");
  return there;
}

// Keeps what was signed, and which account of the key is open where somebody chose that here.
export const keep = (secret, payments, isChosen) => alone(() => {
  const there = keptOf(secret);
  return write(isChosen ? secret : there.secret, merged(payments, there.payments));
});

// Forgets a key, where it is this one that is kept.
export const forget = (secret) => alone(() => {
  const there = keptMeanwhile();
  if (there && isSameKey(there.secret, secret)) localStorage.removeItem(STORE);
});

// Throws away what cannot be read.
export const discard = (text) => alone(() => {
  if (localStorage.getItem(STORE) === text) localStorage.removeItem(STORE);
});

// Has somebody told when another window wrote.
export function listen(told) {
  addEventListener("storage", ({ key }) => { if (key === STORE || key === null) told(); });
}
