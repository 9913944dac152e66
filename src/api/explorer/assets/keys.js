// What a wallet in a page knows of the chain: words, keys, addresses, amounts, and transactions down to their bytes.
//
// It knows no page and no node. What is signed is put together here from what a person asked for, so no node can have
// something else signed. `tests/browser/keys.test.mjs` holds all of it against what the program itself says.

// What a person must be told.
export class Refused extends Error {}

export function ensure(holds, otherwise) {
  if (!holds) throw new Refused(otherwise);
}

export const PEBBLES_PER_COIN = 100_000_000n;
// The witness of one key: no choices, one signature of 64 bytes, no preimages.
export const WITNESS_BYTES = 67;
// The words behind every devnet's accounts, which everybody has.
export const PUBLIC_WORDS = "test test test test test test test test test test test junk";

// SHA-256 of the list of words, one a line: with another list the same entropy would be other words.
const LIST_HASH = "187db04a869dd9bc7be80d21a86497d692c0db6abd3aa8cb6be5d618ff757fae";
const LIST_WORDS = 2048;
const UINT64_MAX = (1n << 64n) - 1n;
const ACCOUNTS_MAX = 2 ** 31;
const REFERENCE_BYTES_MAX = 32;
const DECIMALS = 8;

const utf8 = new TextEncoder();
const subtle = globalThis.crypto?.subtle;

// Bytes.

export const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export function bytesOf(hex) {
  ensure(/^([0-9a-f]{2})*$/i.test(hex), "these are no hexadecimal digits");
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function joined(...parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

// Bytes, or numbers of another width, as a text of bits; and back.
const bitsOf = (numbers, width = 8) => Array.from(numbers, (one) => one.toString(2).padStart(width, "0")).join("");
const numbersOf = (bits, width) => bits.match(new RegExp(`.{${width}}`, "g")).map((one) => parseInt(one, 2));

const sha256 = async (bytes) => new Uint8Array(await subtle.digest("SHA-256", bytes));

// H(H(tag) ‖ H(tag) ‖ bytes): a hash function of its own for each purpose.
async function tagged(purpose, bytes) {
  const tag = await sha256(utf8.encode(purpose));
  return sha256(joined(tag, tag, bytes));
}

async function hmac512(key, bytes) {
  const secret = await subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-512" }, false, ["sign"]);
  return new Uint8Array(await subtle.sign("HMAC", secret, bytes));
}

// Words, as BIP39 has them. `list` are the 2048 in their order, eleven bits each.

// The list of words as it was served. It is this one or none: of another, words would be made that bring nothing back.
export async function readList(text) {
  const list = text.trim().split("\n");
  const isIt = hexOf(await sha256(utf8.encode(list.join("\n")))) === LIST_HASH;
  ensure(isIt, "the list of words that came is not the one that keys are made of");
  return list;
}

// The words of 16 or 32 bytes of entropy: the first bits of their hash stand behind them.
export async function wordsOf(entropy, list) {
  // One word too few, or a page of an error, and many would be made the same words.
  ensure(new Set(list).size === LIST_WORDS && list.length === LIST_WORDS, `words are made of a list of ${LIST_WORDS}`);
  const bits = bitsOf(entropy) + bitsOf(await sha256(entropy)).slice(0, entropy.length / 4);
  return numbersOf(bits, 11).map((index) => list[index]).join(" ");
}

export const newWords = (list) => wordsOf(crypto.getRandomValues(new Uint8Array(16)), list);

// Words as a person typed them, in the one way of writing them.
export async function readWords(text, list) {
  const words = text.normalize("NFKD").toLowerCase().split(/\s+/).filter(Boolean);
  ensure([12, 24].includes(words.length), `12 or 24 words are expected, these are ${words.length}`);
  const unknown = words.findIndex((word) => !list.includes(word));
  ensure(unknown < 0, `word ${unknown + 1}, “${words[unknown]}”, is not on the list of words`);
  const bits = bitsOf(words.map((word) => list.indexOf(word)), 11);
  const entropy = Uint8Array.from(numbersOf(bits.slice(0, (words.length * 32) / 3), 8));
  const again = await wordsOf(entropy, list);
  ensure(again === words.join(" "), "the words do not belong together: one is wrong, or their order is");
  return again;
}

// Keys: BIP39's seed, then SLIP-0010 for Ed25519, where every step is hardened.

export async function seedOf(words, passphrase = "") {
  const [password, salt] = [words, `mnemonic${passphrase}`].map((text) => utf8.encode(text.normalize("NFKD")));
  const key = await subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-512", salt, iterations: 2048 };
  return new Uint8Array(await subtle.deriveBits(how, key, 512));
}

export async function derive(seed, path) {
  let node = await hmac512(utf8.encode("ed25519 seed"), seed);
  for (const step of path) {
    const number = new Uint8Array(4);
    new DataView(number.buffer).setUint32(0, (step | 0x80000000) >>> 0);
    node = await hmac512(node.slice(32), joined([0], node.slice(0, 32), number));
  }
  return node.slice(0, 32);
}

// The secret of an account, at m/44'/9333'/account', as `cairn wallet` has it.
export function accountSecret(seed, account) {
  const isOne = Number.isInteger(account) && account >= 0 && account < ACCOUNTS_MAX;
  ensure(isOne, "accounts are numbered from 0 to 2147483647");
  return derive(seed, [44, 9333, account]);
}

// A key from elsewhere, as `cairn wallet import` takes it.
export function readSecret(text) {
  ensure(/^[0-9a-f]{64}$/i.test(text.trim()), "a key has 64 hexadecimal digits");
  return bytesOf(text.trim());
}

// Before the 32 bytes of a secret: what says that they are an Ed25519 key, in PKCS#8.
const PKCS8 = bytesOf("302e020100300506032b657004220420");

// The public half of a secret, and a function that signs by it.
export async function keyOf(secret) {
  const pkcs8 = joined(PKCS8, secret);
  const open = await subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
  const { x } = await subtle.exportKey("jwk", open);
  const closed = await subtle.importKey("pkcs8", pkcs8, "Ed25519", false, ["sign"]);
  pkcs8.fill(0);
  const publicKey = Uint8Array.from(atob(x.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  return { publicKey, sign: async (message) => new Uint8Array(await subtle.sign("Ed25519", closed, message)) };
}

// Why no wallet works here; nothing where one does.
export async function whyNot() {
  if (!subtle) {
    return "Anybody between could have changed this page, so the browser lets it have no keys. " +
      "Open it over HTTPS, or, on the machine of the node itself, at http://localhost.";
  }
  try {
    await keyOf(new Uint8Array(32));
    return null;
  } catch {
    return "This browser cannot sign with Ed25519. Chrome and Edge can from version 137 on, Firefox from 129, " +
      "Safari from 17: update it, or take `cairn wallet`.";
  }
}

// Addresses: the hash of a policy, in bech32m.

const LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const DATA_LETTERS = 58;
const CHECKSUM = 0x2bc830a3;
const GENERATORS = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

const policyOf = (publicKey) => joined([0], publicKey);

export const addressOf = (publicKey) => tagged("cairn/address", policyOf(publicKey));

function polymod(prefix, values) {
  const codes = utf8.encode(prefix);
  let sum = 1;
  for (const value of [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31), ...values]) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    GENERATORS.forEach((generator, bit) => { if ((top >> bit) & 1) sum ^= generator; });
  }
  return sum;
}

export function addressText(address, prefix) {
  const values = numbersOf(`${bitsOf(address)}0000`, 5);
  const sum = polymod(prefix, [...values, 0, 0, 0, 0, 0, 0]) ^ CHECKSUM;
  for (let at = 0; at < 6; at += 1) values.push((sum >> (5 * (5 - at))) & 31);
  return `${prefix}1${values.map((value) => LETTERS[value]).join("")}`;
}

// The 32 bytes of an address in small letters; nothing where anything is wrong with it.
function wholeAddress(text, prefix) {
  const values = Array.from(text.slice(prefix.length + 1), (letter) => LETTERS.indexOf(letter));
  const isWhole = text.startsWith(`${prefix}1`) && values.length === DATA_LETTERS && !values.includes(-1);
  if (!isWhole || polymod(prefix, values) !== CHECKSUM) return null;
  const bits = bitsOf(values.slice(0, 52), 5);
  // 32 bytes leave four bits over, which are zero: one address, one text.
  return bits.endsWith("0000") ? Uint8Array.from(numbersOf(bits, 8)) : null;
}

// The 32 bytes of an address as a person typed it, or what is likely wrong with it.
export function readAddress(text, prefix) {
  const typed = text.trim();
  ensure(typed !== "", "whom to pay is missing");
  const small = typed.toLowerCase();
  const isMixed = typed !== small && typed !== typed.toUpperCase();
  ensure(!isMixed, "small and capital letters are mixed: an address has one kind");
  const address = wholeAddress(small, prefix);
  if (address) return address;
  ensure(small.startsWith(`${prefix}1`), ofAnother(small, prefix));
  const slips = likelySlips(small, prefix);
  ensure(slips.length < 2, `mistyped; one of these may be the reason: ${slips.join("; ")}`);
  throw new Refused(`mistyped: ${slips[0] ?? "more than one letter is wrong, so copy it again"}`);
}

function ofAnother(small, prefix) {
  const found = /^([a-z]{1,16})1[qpzry9x8gf2tvdw0s3jn54khce6mua7l]{58}$/.exec(small);
  if (!found) return `this is no address: here they begin with ${prefix}1`;
  return `an address of another network: it begins with ${found[1]}1, and here they begin with ${prefix}1`;
}

// The checksum could also mend a letter. It must not: where more than one is wrong, it would make another address of them,
// and the money is gone. So this only points.
function likelySlips(typed, prefix) {
  const whole = prefix.length + 1 + DATA_LETTERS;
  const missing = whole - typed.length;
  const places = Array.from(typed.slice(0, 128), (_, at) => at).slice(prefix.length + 1);
  const strange = places.filter((at) => !LETTERS.includes(typed[at]));
  if (strange.length > 0) return strange.map((at) => noSuchLetter(typed[at], at + 1));
  const fits = (from, part, to) => wholeAddress(typed.slice(0, from) + part + typed.slice(to), prefix) !== null;
  const letterFits = (from, to) => [...LETTERS].some((letter) => fits(from, letter, to));
  if (missing === 0) {
    const wrong = places.filter((at) => letterFits(at, at + 1));
    const swapped = places.filter((at) => fits(at, (typed[at + 1] ?? "") + typed[at], at + 2));
    return [
      ...wrong.map((at) => `the letter at place ${at + 1} is likely wrong`),
      ...swapped.map((at) => `the letters at places ${at + 1} and ${at + 2} are likely exchanged`),
    ];
  }
  const lacking = missing === 1 ? [...places, typed.length].find((at) => letterFits(at, at)) : undefined;
  if (lacking !== undefined) return [`a letter is likely missing before place ${lacking + 1}`];
  const extra = missing === -1 ? places.find((at) => fits(at, "", at + 1)) : undefined;
  if (extra !== undefined) return [`the letter at place ${extra + 1} is likely one too many`];
  return [`it has ${typed.length} letters instead of ${whole}`];
}

function noSuchLetter(letter, place) {
  const like = { 1: "l", i: "l", "|": "l", o: "0", b: "6 or 8" }[letter];
  return `no address has “${letter}” at place ${place}${like ? `, was it ${like}?` : ""}`;
}

// Amounts: pebbles in a BigInt. A float would lose some.

// An amount in coins as a person typed it: `12`, `12.5`, `.5`, each with or without `CRN` behind it.
export function readAmount(text) {
  const [, whole, part = ""] = /^(\d*)(?:\.(\d*))?\s*(?:CRN)?$/.exec(text.trim()) ?? [];
  ensure(whole || part, "an amount in coins is expected, such as 12.5, with a point and no comma");
  ensure(part.length <= DECIMALS, "a coin has no more than 8 decimals");
  const pebbles = BigInt(whole + part.padEnd(DECIMALS, "0"));
  ensure(pebbles <= UINT64_MAX, "this is more than there can be");
  return pebbles;
}

// An amount in coins, as it is typed.
export function amountText(pebbles) {
  const part = String(pebbles % PEBBLES_PER_COIN).padStart(DECIMALS, "0").replace(/0+$/, "");
  return `${pebbles / PEBBLES_PER_COIN}${part && `.${part}`}`;
}

// An amount for people, digits in threes.
export function coins(pebbles) {
  const [whole, part] = amountText(pebbles).split(".");
  return `${whole.replace(/\B(?=(\d{3})+$)/g, ",")}${part ? `.${part}` : ""} CRN`;
}

// What so many bytes cost at a rate in pebbles for a thousand bytes, rounded up.
export const feeFor = (rate, bytes) => (BigInt(rate) * BigInt(bytes) + 999n) / 1000n;

// The least fee that is no lower a rate. It takes part in the length it is for, so it is looked for from below.
export function feeAt(rate, body) {
  let fee = 0n;
  for (;;) {
    const next = feeFor(rate, encodeBody({ ...body, fee }).length + WITNESS_BYTES);
    if (next === fee) return fee;
    fee = next;
  }
}

// Whether a fee is `low`, so that nodes do not take it, or `high`, far more than it takes. As in src/wallet/warning.rs: a node
// that mines could name any, so it is believed up to 10,000 pebbles for a thousand bytes.
export function feeVerdict({ fee, bytes, sent, floor, isOfNode }) {
  const lowest = feeFor(floor, bytes);
  if (fee < lowest) return { verdict: "low", least: lowest };
  const least = feeFor(Math.min(Math.max(floor, 100), 10_000), bytes);
  const isBeyondBelief = isOfNode && fee > 100n * feeFor(10_000, bytes);
  const isManyTimes = fee > 100n * least && fee * 100n > sent;
  return { verdict: isBeyondBelief || isManyTimes ? "high" : "fine", least };
}

// What a payment does to an account. Without an amount everything is paid that is left. Money that the account pays itself
// does not help to cover the cost.
export function settle({ spendable, amount, fee, charge, isOwn }) {
  const besides = fee + charge;
  const cost = amount === null ? spendable : amount + besides;
  const paid = cost - besides;
  const besidesIt = charge > 0n ? "its fee and the new account" : "its fee";
  ensure(cost <= spendable, `this costs ${coins(cost)} with ${besidesIt}, and ${coins(spendable)} can be spent now`);
  ensure(paid > 0n, amount === null ? "nothing would be left to send beside the fee" : "at least a pebble is paid");
  return { paid, cost, left: spendable - cost + (isOwn ? paid : 0n) };
}

// What payments are for.

// A reference as people type it: text, or `hex:` and digits for any bytes.
export function readReference(text) {
  const bytes = text.startsWith("hex:") ? bytesOf(text.slice(4)) : utf8.encode(text);
  ensure(bytes.length <= REFERENCE_BYTES_MAX, `a reference has at most 32 bytes, this has ${bytes.length}`);
  return bytes;
}

// Bytes of somebody's choice: text in which nothing is invisible or turns the order of letters, or else digits.
export function quoted(bytes) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const shown = text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (letter) => `\\u{${letter.codePointAt(0).toString(16)}}`);
    return `“${shown}”`;
  } catch {
    return `hex:${hexOf(bytes)}`;
  }
}

// What a payment link asks for: `cairn:ADDRESS?amount=12.5&reference=INVOICE-42`. Nothing where the text is none.
export function readLink(text) {
  const [, address, query = ""] = /^cairn:([^?]*)(?:\?(.*))?$/is.exec(text.trim()) ?? [];
  if (address === undefined) return null;
  const link = { address };
  // A plus stands for itself.
  for (const [name, value] of new URLSearchParams(query.replaceAll("+", "%2B"))) {
    ensure(!/^req-/i.test(name), `the link requires “${name}”, which this page does not know`);
    if (name !== "amount" && name !== "reference") continue;
    ensure(!(name in link), `the link says its ${name} twice`);
    ensure(!value.includes("\ufffd"), `the link's ${name} is not text`);
    link[name] = value;
  }
  return link;
}

// Transactions: bincode's standard encoding, in which there is one way of writing each.

function number(value) {
  const given = BigInt(value);
  if (given < 0n || given > UINT64_MAX) throw new RangeError(`${given} is no number of 64 bits`);
  if (given < 251n) return Uint8Array.of(Number(given));
  const [mark, bytes] = given < 1n << 16n ? [251, 2] : given < 1n << 32n ? [252, 4] : [253, 8];
  return Uint8Array.of(mark, ...Array.from({ length: bytes }, (_, at) => Number((given >> BigInt(8 * at)) & 255n)));
}

const blob = (bytes) => joined(number(bytes.length), bytes);

// A payment of an amount, or, where that is null, of all that is left.
function encodeAction({ to, amount, reference }) {
  return amount === null ? joined([1], to, blob(reference)) : joined([0], to, number(amount), blob(reference));
}

// A chain's id in the order in which it was hashed; people see it back to front.
const chainBytes = (chain) => bytesOf(chain).reverse();

// What a transaction does: for which chain, by which key, which of its account's, the fee, no expiry, its actions.
export function encodeBody({ chain, publicKey, nonce, fee, actions }) {
  const begin = joined(chainBytes(chain).slice(0, 4), policyOf(publicKey), number(nonce), number(fee), [0]);
  return joined(begin, number(actions.length), ...actions.map(encodeAction));
}

export const txidOf = (body) => tagged("cairn/tx", body);

// What a key signs: it binds the whole of the chain's id.
export const signingMessage = (chain, txid) => tagged("cairn/sign", joined(chainBytes(chain), txid));

// A body and the witness of its one key: all bytes of a transaction.
export const transactionOf = (body, signature) => joined(body, [0, 1], signature, [0]);
