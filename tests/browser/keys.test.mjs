// Holds keys.js against what the program itself says (vectors.json, made by vectors.mjs) and against published vectors:
// node --test tests/browser/keys.test.mjs
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

// These files may be run from a copy, beside the modules that others of them need.
const root = process.env.CAIRN_SOURCE ? pathToFileURL(`${process.env.CAIRN_SOURCE}/`) : new URL("../../", import.meta.url);
const read = (path) => readFileSync(new URL(path, root), "utf8");
// By its text: what a file named .js is depends on the version of Node.
const source = Buffer.from(read("src/api/explorer/assets/keys.js")).toString("base64");
const keys = await import(`data:text/javascript;base64,${source}`);
const { hexOf, bytesOf } = keys;

const list = read("tests/vectors/data/wallet/bip39_english.txt").trim().split("\n");
const published = JSON.parse(read("tests/vectors/data/wallet/bip39_trezor_vectors.json")).english;
const slip10 = JSON.parse(read("tests/vectors/data/wallet/slip0010_ed25519.json"));
const { chain, prefix, wallets, keys: imported, signed, unsigned } = JSON.parse(read("tests/browser/vectors.json"));

/** What a person is told, where something is refused. */
function told(attempt) {
  try {
    attempt();
  } catch (error) {
    if (error instanceof keys.Refused) return error.message;
    throw error;
  }
  assert.fail("nothing was refused");
}

const toldLater = (promise) => promise.then(() => assert.fail("nothing was refused"), (error) => {
  if (error instanceof keys.Refused) return error.message;
  throw error;
});

const action = ({ to, amount, reference, kind }) => ({
  to: keys.readAddress(to, prefix),
  amount: kind === "pay_all" ? null : BigInt(amount),
  reference: bytesOf(reference),
});

const bodyOf = ({ nonce, fee, actions }, publicKey) =>
  keys.encodeBody({ chain, publicKey: bytesOf(publicKey), nonce, fee: BigInt(fee), actions: actions.map(action) });

test("entropy becomes the published words and words the published seed", async () => {
  const ours = published.filter(([, words]) => words.split(" ").length !== 18);
  assert.equal(ours.length, 16);
  for (const [entropy, words, seed] of ours) {
    assert.equal(await keys.wordsOf(bytesOf(entropy), list), words);
    assert.equal(await keys.readWords(`\n ${words.toUpperCase().replaceAll(" ", "\t ")} `, list), words);
    assert.equal(hexOf(await keys.seedOf(words, "TREZOR")), seed);
  }
});

test("new words differ and are read back", async () => {
  const [one, other] = [await keys.newWords(list), await keys.newWords(list)];
  assert.equal(one.split(" ").length, 12);
  assert.notEqual(one, other);
  assert.equal(await keys.readWords(one, list), one);
});

test("words are made of the one list and of no other", async () => {
  const served = list.join("\n");
  assert.deepEqual(await keys.readList(served), list);
  assert.deepEqual(await keys.readList(`${served}\n`), list);
  const error = '{"status":429,"detail":"too many requests"}';
  const exchanged = ["ability", "abandon", ...list.slice(2)];
  for (const text of ["", error, list.slice(1).join("\n"), `${served}\nzoo`, exchanged.join("\n")]) {
    assert.match(await toldLater(keys.readList(text)), /is not the one that keys are made of/);
  }
  const short = list.slice(0, 2047);
  for (const wrong of [[error], short, [...list, "zoo"], [...short, "abandon"]]) {
    assert.match(await toldLater(keys.newWords(wrong)), /made of a list of 2048/);
    assert.match(await toldLater(keys.wordsOf(new Uint8Array(16), wrong)), /made of a list of 2048/);
  }
  assert.match(await toldLater(keys.readWords(keys.PUBLIC_WORDS, [...new Set(keys.PUBLIC_WORDS.split(" "))])), /list of 2048/);
});

test("wrong words are told apart", async () => {
  const wrong = (text) => toldLater(keys.readWords(text, list));
  assert.match(await wrong("test junk"), /12 or 24 words are expected, these are 2/);
  assert.match(await wrong(published.find(([, words]) => words.split(" ").length === 18)[1]), /these are 18/);
  assert.match(await wrong(keys.PUBLIC_WORDS.replace("junk", "jnuk")), /word 12, “jnuk”, is not on the list/);
  assert.match(await wrong(keys.PUBLIC_WORDS.replace("junk", "test")), /do not belong together/);
});

test("published seeds give the published keys at each path", async () => {
  assert.equal(slip10.length, 12);
  for (const { seed, path, private: secret, public: publicKey } of slip10) {
    const steps = path.split("/").slice(1).map((step) => parseInt(step, 10));
    const derived = await keys.derive(bytesOf(seed), steps);
    assert.equal(hexOf(derived), secret, path);
    assert.equal(`00${hexOf((await keys.keyOf(derived)).publicKey)}`, publicKey, path);
  }
});

test("words give the accounts that the command line's wallet has of them", async () => {
  for (const { words, passphrase, accounts } of wallets) {
    const seed = await keys.seedOf(await keys.readWords(words, list), passphrase);
    for (const { number, secret, publicKey, address } of accounts) {
      const derived = await keys.accountSecret(seed, number);
      assert.equal(hexOf(derived), secret);
      const key = await keys.keyOf(derived);
      assert.equal(hexOf(key.publicKey), publicKey);
      assert.equal(keys.addressText(await keys.addressOf(key.publicKey), prefix), address);
    }
  }
});

test("passphrase is the same however its letters are composed", async () => {
  const seed = async (passphrase) => hexOf(await keys.seedOf(keys.PUBLIC_WORDS, passphrase));
  assert.equal(await seed("caf\u{e9}"), await seed("cafe\u{301}"));
  assert.notEqual(await seed("caf\u{e9}"), await seed("cafe"));
});

test("account that no path can name is refused", () => {
  for (const account of [-1, 0.5, NaN, 2 ** 31]) {
    assert.match(told(() => keys.accountSecret(new Uint8Array(64), account)), /numbered from 0 to 2147483647/);
  }
});

test("imported keys have the addresses that the command line's wallet gives them", async () => {
  for (const { secret, publicKey, address } of imported) {
    const key = await keys.keyOf(keys.readSecret(`  ${secret.toUpperCase()}\n`));
    assert.equal(hexOf(key.publicKey), publicKey);
    assert.equal(keys.addressText(await keys.addressOf(key.publicKey), prefix), address);
  }
  for (const wrong of ["", "00", `${"0".repeat(63)}g`, "0".repeat(65)]) {
    assert.match(told(() => keys.readSecret(wrong)), /64 hexadecimal digits/);
  }
});

test("transactions that the wallet sent are made again to the byte", async () => {
  assert.equal(signed.length, 4);
  const [{ secret, publicKey }] = wallets[0].accounts;
  const { sign } = await keys.keyOf(bytesOf(secret));
  for (const sent of signed) {
    const body = bodyOf(sent, publicKey);
    const txid = await keys.txidOf(body);
    assert.equal(hexOf(txid), sent.txid);
    const transaction = keys.transactionOf(body, await sign(await keys.signingMessage(chain, txid)));
    assert.equal(hexOf(transaction), sent.raw);
    assert.equal(transaction.length, body.length + keys.WITNESS_BYTES);
  }
});

test("numbers at every edge of the encoding are written as a node writes them", async () => {
  assert.equal(unsigned.length, 10);
  for (const prepared of unsigned) {
    const body = bodyOf(prepared, prepared.publicKey);
    assert.equal(hexOf(body), prepared.body);
    const txid = await keys.txidOf(body);
    assert.equal(hexOf(txid), prepared.txid);
    assert.equal(hexOf(await keys.signingMessage(chain, txid)), prepared.signing_message);
  }
  const one = { ...unsigned[0], actions: [{ ...unsigned[0].actions[0], amount: String(1n << 64n) }] };
  assert.throws(() => bodyOf(one, one.publicKey), RangeError);
});

const [mine] = wallets[0].accounts;

test("every single slip in an address is noticed and pointed at", () => {
  const { address } = mine;
  assert.equal(keys.addressText(keys.readAddress(` ${address.toUpperCase()} `, prefix), prefix), address);
  for (let at = prefix.length + 1; at < address.length; at += 1) {
    for (const letter of "qp0l") {
      if (letter === address[at]) continue;
      const typed = address.slice(0, at) + letter + address.slice(at + 1);
      assert.match(told(() => keys.readAddress(typed, prefix)), new RegExp(`at place ${at + 1} is likely wrong`));
    }
  }
});

test("a mistyped address says what is wrong with it", () => {
  const { address } = mine;
  const wrong = (text) => told(() => keys.readAddress(text, prefix));
  assert.match(wrong(""), /missing/);
  assert.match(wrong("bob"), /no address: here they begin with cdev1/);
  assert.match(wrong(address.replace("cdev", "cdve")), /of another network: it begins with cdve1/);
  assert.match(wrong(keys.addressText(new Uint8Array(32), "cairn")), /begins with cairn1, and here .* cdev1/);
  assert.match(wrong(address.replace("c", "C")), /capital letters are mixed/);
  assert.match(wrong(`${address.slice(0, 9)}b${address.slice(10)}`), /no address has “b” at place 10, was it 6 or 8\?/);
  assert.match(wrong(`${address.slice(0, 9)}${address.slice(10)}`), /a letter is likely missing before place (9|10)/);
  assert.match(wrong(`${address.slice(0, 9)}q${address.slice(9)}`), /place 10 is likely one too many/);
  assert.match(wrong(address.slice(0, -5)), /58 letters instead of 63/);
  // Its checksum holds, and one of the bits that carry nothing is set.
  assert.match(wrong("cdev1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqp233erw"), /mistyped/);
  const swapped = address.slice(0, 10) + address[11] + address[10] + address.slice(12);
  assert.match(wrong(swapped), /places 11 and 12 are likely exchanged/);
  const two = `${address.slice(0, 9)}${address[9] === "q" ? "p" : "q"}${address.slice(10, 30)}${address[30] === "q" ? "p" : "q"}`;
  assert.match(wrong(two + address.slice(31)), /more than one letter is wrong/);
});

test("amounts are read in coins and never rounded", () => {
  for (const text of ["12.5", "12.5CRN", "12.5 CRN", " 12.50 ", "012.5"]) assert.equal(keys.readAmount(text), 1250000000n);
  assert.equal(keys.readAmount(".5"), 50000000n);
  assert.equal(keys.readAmount("0.1") + keys.readAmount("0.2"), keys.readAmount("0.3"));
  assert.equal(keys.readAmount("184467440737.09551615"), 18446744073709551615n);
  assert.match(told(() => keys.readAmount("184467440737.09551616")), /more than there can be/);
  assert.match(told(() => keys.readAmount("0.000000001")), /no more than 8 decimals/);
  for (const text of ["", ".", "1.2.3", "-1", "+1", "1e3", "CRN", "1 BTC", "１", "1,5", "0x10", "∞"]) {
    assert.match(told(() => keys.readAmount(text)), /a point and no comma/, text);
  }
});

test("amounts are shown to the last pebble", () => {
  const shown = [0n, 1n, 1250000000n, 100000000000n, 18446744073709551615n].map(keys.coins);
  assert.deepEqual(shown, ["0 CRN", "0.00000001 CRN", "12.5 CRN", "1,000 CRN", "184,467,440,737.09551615 CRN"]);
  assert.equal(keys.amountText(123456789000000001n), "1234567890.00000001");
});

test("a fee is the least that is no lower a rate", () => {
  const body = { ...unsigned[0], publicKey: bytesOf(mine.publicKey), chain, actions: unsigned[0].actions.map(action) };
  const length = (fee) => keys.encodeBody({ ...body, fee }).length + keys.WITNESS_BYTES;
  for (const rate of [0, 1, 100, 1000, 10_000, 3_000_000]) {
    const fee = keys.feeAt(rate, body);
    assert.ok(fee >= keys.feeFor(rate, length(fee)), `rate ${rate}`);
    assert.ok(fee === 0n || fee - 1n < keys.feeFor(rate, length(fee - 1n)), `rate ${rate}`);
  }
  assert.equal(keys.feeFor(1000, 143), 143n);
  assert.equal(keys.feeFor(1, 1), 1n);
});

test("a fee beyond reason is told from a large one of a large payment", () => {
  const judge = (fee, sent, more) => keys.feeVerdict({ fee, sent, bytes: 1000, floor: 0, isOfNode: false, ...more }).verdict;
  assert.equal(judge(10_000n, 1n), "fine");
  assert.equal(judge(10_001n, 1n), "high");
  assert.equal(judge(10_001n, 1_000_100n), "fine");
  assert.equal(judge(1_000_001n, 1_000_000_000n, { isOfNode: true }), "high");
  assert.equal(judge(1_000_001n, 1_000_000_000n), "fine");
  assert.equal(judge(999n, 1n, { floor: 1000 }), "low");
  assert.equal(judge(1000n, 1n, { floor: 1000 }), "fine");
});

test("what a payment costs and leaves adds up", () => {
  const facts = { spendable: 1000n, amount: 900n, fee: 20n, charge: 30n, isOwn: false };
  assert.deepEqual(keys.settle(facts), { paid: 900n, cost: 950n, left: 50n });
  assert.deepEqual(keys.settle({ ...facts, amount: 950n }), { paid: 950n, cost: 1000n, left: 0n });
  assert.deepEqual(keys.settle({ ...facts, amount: null }), { paid: 950n, cost: 1000n, left: 0n });
  assert.deepEqual(keys.settle({ ...facts, charge: 0n, isOwn: true }), { paid: 900n, cost: 920n, left: 980n });
  assert.match(told(() => keys.settle({ ...facts, amount: 951n })), /costs 0.00001001 CRN .* 0.00001 CRN can be spent/);
  assert.match(told(() => keys.settle({ ...facts, amount: 990n, charge: 0n, isOwn: true })), /can be spent/);
  assert.match(told(() => keys.settle({ ...facts, amount: null, fee: 970n })), /nothing would be left/);
  assert.match(told(() => keys.settle({ ...facts, amount: 0n })), /at least a pebble/);
});

test("references are read as the command line's wallet reads them, and shown with nothing hidden", () => {
  assert.equal(hexOf(keys.readReference("INVOICE-42")), "494e564f4943452d3432");
  assert.equal(hexOf(keys.readReference("hex:00FF")), "00ff");
  assert.equal(keys.readReference("").length, 0);
  assert.match(told(() => keys.readReference("ü".repeat(17))), /at most 32 bytes, this has 34/);
  assert.match(told(() => keys.readReference("hex:0")), /no hexadecimal digits/);
  const shown = (text) => keys.quoted(new TextEncoder().encode(text));
  assert.equal(shown("<b>Grüße</b>"), "“<b>Grüße</b>”");
  assert.equal(shown("a\u202eb\u200bc\nd"), "“a\\u{202e}b\\u{200b}c\\u{a}d”");
  assert.equal(shown("\ufeffa"), "“\\u{feff}a”");
  assert.equal(keys.quoted(bytesOf("00ff")), "hex:00ff");
});

test("payment links are read, and those that ask for something unknown are refused", () => {
  const link = keys.readLink(`CAIRN:${mine.address}?amount=12.5&reference=INVOICE%2042&label=x`);
  assert.deepEqual(link, { address: mine.address, amount: "12.5", reference: "INVOICE 42" });
  assert.equal(keys.readLink("cairn:x?reference=a+b%2Bc").reference, "a+b+c");
  assert.equal(keys.readLink(mine.address), null);
  assert.match(told(() => keys.readLink("cairn:x?req-now=1")), /requires “req-now”/);
  assert.match(told(() => keys.readLink("cairn:x?amount=1&amount=2")), /twice/);
  assert.match(told(() => keys.readLink("cairn:x?reference=%ff")), /not text/);
});
