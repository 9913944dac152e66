// Payments of which nobody knows what becomes of them, and windows that keep one key together: no payment is made twice, and
// none is lost.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, node } from "./stage.mjs";
import { accountOf, beside, block, created, fill, funded, moduleOf, payee, until } from "./wallets.mjs";

const sent = await moduleOf("sent");
const coins = (pebbles) => `${pebbles / 100_000_000n} CRN`;
const AGAIN = "Send the same again";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** A payment as the page has it. */
const payment = (nonce, state, more = {}) =>
  ({ txid: `${nonce}${state}`, nonce, state, to: "cdev1x", hex: "", paid: 300_000_000n, fee: 1000n, ...more });

test("the nonce of what is in doubt is the next, and that of what waits is not", () => {
  const next = (payments, nonce = 4, next = 4) => sent.nextNonce(payments, { nonce, next });
  assert.equal(next([]), 4);
  for (const state of ["doubt", "refused", "dropped", "replaced", "expired"]) {
    assert.equal(next([payment(4, state)], 4, 5), 4, state);
    assert.equal(next([payment(5, state), payment(4, "pending")], 4, 5), 5, state);
    assert.equal(next([payment(3, state)]), 4, `${state}, and its nonce is used`);
  }
  assert.equal(next([payment(4, "pending"), payment(5, "sending")]), 6, "the node may not have them yet");
  assert.equal(next([payment(4, "refused"), payment(4, "pending")]), 5, "another has its place");
  assert.equal(next([payment(6, "dropped"), payment(4, "dropped")], 4, 5), 4);
  assert.equal(next([payment(4, "confirmed")], 5, 5), 5);
});

test("no word of a node ends a payment but that its nonce was used long ago", () => {
  const at = (nonce, height) => ({ nonce, height, base: 0 });
  for (const state of ["doubt", "refused", "dropped", "replaced", "pending", "confirmed"]) {
    for (const said of [null, ...["dropped", "replaced", "expired", "whatever"].map((status) => ({ status }))]) {
      const one = payment(4, state);
      sent.note(one, sent.heard(one, said, at(4, 100)));
      assert.ok(sent.isInDoubt(one) && !sent.isSettled(one), `${state}, ${said?.status}: ${one.state}`);
      sent.note(one, sent.heard(one, said, at(5, 101)));
      sent.note(one, sent.heard(one, said, at(5, 129)));
      assert.ok(one.state === "passed" && !sent.isSettled(one), `${one.state} × ${one.depth}`);
      sent.note(one, sent.heard(one, said, at(4, 130)));
      assert.ok(sent.isInDoubt(one), "that block was taken back");
      sent.note(one, sent.heard(one, said, at(5, 131)));
      sent.note(one, sent.heard(one, said, at(5, 160)));
      assert.ok(sent.isSettled(one));
      sent.note(one, sent.heard(one, { status: "confirmed", depth: 1 }, at(5, 160)));
      assert.ok(one.state === "confirmed" && !sent.isSettled(one) && one.isDoubted);
    }
  }
});

/** A payment of nonce 4 that was signed at a height, as a node has it that keeps nothing up to another and does not know it. */
function outrun({ unmined, base, state = "pending" }) {
  const one = payment(4, state, { unmined });
  sent.note(one, sent.heard(one, null, { nonce: 5, height: 2000, base }));
  return one;
}

test("whether a payment was made, a node cannot tell that does not keep the blocks it may be in", () => {
  for (const state of ["pending", "confirmed", "doubt", "refused", "passed"]) {
    for (const unmined of [undefined, 3, 1000, 1000 + sent.SETTLED_DEPTH - 1]) {
      const one = outrun({ unmined, base: 1000, state });
      assert.equal(one.state, "untold", `${state}, signed at ${unmined}`);
      assert.ok(sent.isOver(one) && !sent.isInDoubt(one) && one.isDoubted);
    }
    assert.equal(outrun({ unmined: 3, base: 0, state }).state, "passed", "it keeps all");
    assert.equal(outrun({ unmined: 1000 + sent.SETTLED_DEPTH, base: 1000, state }).state, "passed", "it keeps what came since");
  }
  const one = payment(4, "pending");
  sent.note(one, sent.heard(one, { status: "pending" }, { nonce: 4, height: 1500, base: 1000 }));
  sent.note(one, sent.heard(one, null, { nonce: 5, height: 2000, base: 1000 }));
  assert.equal(one.state, "passed", "it was seen unmined later than it was signed");
  assert.match(sent.whyUntold(1000), /this node cannot tell, as it keeps nothing before block 1,001\./);
});

test("what no node could tell of is told to whoever pays the same again, for long", (it) => {
  let time = 1_000_000;
  it.mock.method(Date, "now", () => time);
  const one = outrun({ base: 1000 });
  const hears = (height, base = 1000) => sent.note(one, sent.heard(one, null, { nonce: 5, height, base }));
  assert.match(sent.doubtsAbout(payment(7, ""), [one], coins).join(), /may have been made: this may make it once more/);
  assert.equal(sent.nextNonce([one], { nonce: 5, next: 5 }), 5);
  hears(2000 + sent.UNTOLD_DEPTH);
  assert.ok(!sent.isSettled(one), "it was deep too soon");
  time += sent.UNTOLD_MS;
  assert.ok(sent.isSettled(one));
  hears(2000 + sent.SETTLED_DEPTH);
  assert.ok(!sent.isSettled(one), "not deep enough");
  hears(2500, 0);
  assert.ok(one.state === "passed" && one.depth === 1, "a node that keeps all told");
});

test("whoever pays again is told what of it may have been made", () => {
  const told = (payments, nonce) => sent.doubtsAbout({ ...payment(nonce, "") }, payments, coins).join("; ");
  assert.equal(told([], 4), "");
  assert.match(told([payment(4, "pending")], 5), /^Just this payment was sent before, and waits/);
  assert.match(told([payment(4, "dropped")], 4), /before, and is in doubt.*takes the place of 3 CRN to cdev1x/);
  assert.match(told([payment(4, "passed")], 5), /may have been made/);
  assert.equal(told([payment(4, "confirmed")], 5), "");
  assert.match(told([payment(4, "confirmed", { isDoubted: true })], 5), /was in doubt before, and has been made/);
  assert.match(told([payment(4, "refused", { paid: 500_000_000n })], 4), /^This takes the place of 5 CRN/);
});

test("what takes another's place offers what nodes ask for it", () => {
  const least = (fee) => fee + (fee + 9n) / 10n;
  for (const fee of [1n, 9n, 10n, 11n, 999n, 1000n, 123_456_789n]) {
    assert.ok(sent.outbidding([payment(1, "doubt", { fee }), payment(1, "doubt", { fee: 1n })]) >= least(fee), String(fee));
  }
  assert.equal(sent.outbidding([]), 0n);
});

test("windows know together what each has signed", () => {
  const ours = [payment(4, "confirmed", { txid: "a", made: 1 }), payment(6, "sending", { txid: "c", made: 3 })];
  const theirs = [payment(5, "doubt", { txid: "b", made: 2 }), payment(4, "dropped", { txid: "a", made: 1, isDoubted: true })];
  const all = sent.merged(ours, theirs);
  assert.deepEqual(all.map(({ txid, state }) => txid + state), ["csending", "bdoubt", "aconfirmed"]);
  assert.ok(all[2] === ours[0] && all[2].isDoubted);
});

test("what one window sends is no doubt to another, until nothing was heard of it for long", async (it) => {
  const store = new Map();
  const localStorage = { getItem: (name) => store.get(name) ?? null, setItem: (name, text) => store.set(name, text) };
  const navigator = { locks: { request: async (_, how) => how() } };
  for (const [name, value] of Object.entries({ localStorage, navigator })) {
    const before = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { value, configurable: true });
    it.after(() => before ? Object.defineProperty(globalThis, name, before) : delete globalThis[name]);
  }
  let time = 1_000_000;
  it.mock.method(Date, "now", () => time);
  const secret = { key: "07" };
  const stateOf = ([{ state, isDoubted }]) => `${state}${isDoubted ? ", and was in doubt" : ""}`;
  const ours = [payment(4, "sending", { raw: "00", from: "cdev1y", made: time, asked: time })];
  await sent.begin(secret, ours);
  let theirs = await sent.keep(secret, sent.merged([], sent.keptOf(secret).payments));
  assert.equal(stateOf(theirs), "sending");
  sent.note(ours[0], { state: "pending" });
  await sent.keep(secret, ours);
  theirs = await sent.keep(secret, theirs);
  assert.equal(stateOf(theirs), "pending", "the window that sent it told so");
  assert.equal(stateOf(sent.merged(ours, sent.keptOf(secret).payments)), "pending");
  // Sent again by one that is closed meanwhile.
  time += 1000;
  await sent.keep(secret, [{ ...ours[0], state: "sending", asked: time }]);
  time += sent.SILENT_MS - 1;
  assert.equal(stateOf(sent.keptOf(secret).payments), "sending");
  assert.equal(stateOf(sent.kept().payments), "doubt, and was in doubt", "a page that opens had sent it");
  time += 1;
  assert.equal(stateOf(sent.keptOf(secret).payments), "doubt, and was in doubt");
});

const problem = (status, code, detail) => ({ status, json: { code, status, detail, advice: "Sign it again." } });
const tooLow = problem(422, "fee_too_low", "a fee of 1 is below the floor");
const unknown = problem(404, "transaction_unknown", "it is nowhere");

/**
 * Has the node say something else about payments: `takes` is what is answered to one that is sent, and `knows` to whoever
 * asks after it. `raws` are those that were sent; no node has them yet.
 */
async function lies({ context }, { takes, knows }) {
  const said = { takes, knows, raws: [] };
  await context.route(/\/v1\/transactions(\/\w+)?$/, async (route) => {
    const request = route.request();
    const isSent = request.method() === "POST";
    if (isSent) said.raws.push(request.postDataJSON().raw);
    const answer = isSent ? said.takes : said.knows;
    if (!answer) return route.continue();
    const txid = request.url().split("/").at(-1);
    return answer(route, txid);
  });
  return said;
}

const telling = (answer) => (route) => route.fulfill(answer);
const says = (status, more = {}) => (route, txid) => route.fulfill({ json: { txid, status, ...more } });

/** Takes a payment, tells its sender so, and passes it on to nobody. */
const swallows = async (route) => {
  const trial = await route.fetch({ url: `${node}/v1/transactions/test` });
  return route.fulfill({ status: 202, json: await trial.json() });
};

/** Somebody else has it, and hands it to a miner. */
async function passOn(raw) {
  const answer = await fetch(`${node}/v1/transactions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ raw }),
  });
  assert.ok(answer.ok, await answer.text());
}

const again = (it) => it.part("sent").getByRole("button", { name: AGAIN });

/** A key that is kept, with a payment of 3 that the node lost. */
async function lost(amount, knows, pattern) {
  const it = await funded(browser, amount);
  await it.part("keep").check();
  const said = await lies(it, { takes: swallows, knows });
  await fill(it, payee.address, "3");
  await it.part("confirm").click();
  await it.reads("sent", pattern);
  return { it, said };
}

test("a payment that a full pool dropped and refuses is kept and followed until it is mined, and not made twice", async () => {
  const { it, said } = await lost(30, says("dropped", { why: "evicted" }), /left the node's pool 3 CRN[^]*Evicted/);
  await it.page.reload();
  await it.reads("sent", /left the node's pool/);
  said.takes = telling(tooLow);
  await again(it).click();
  await it.reads("sent", /refused by the node 3 CRN[^]*A fee of 1 is below the floor\. It may still be made/);
  said.knows = telling(unknown);
  await it.page.reload();
  await it.reads("sent", /refused by the node 3 CRN[^]*A fee of 1 is below the floor\. It may still be made/);
  assert.equal(await again(it).count(), 1);
  await fill(it, payee.address, "3");
  await it.reads("review", /sent before, and is in doubt[^]*takes the place of 3 CRN/);
  await it.part("back").click();
  assert.deepEqual([...new Set(said.raws)].length, 1, "the same was sent, and nothing else");
  said.knows = null;
  await passOn(said.raws[0]);
  await block();
  await it.reads("sent", /^confirmed × 1 3 CRN/);
  await fill(it, payee.address, "3");
  await it.reads("review", /was in doubt before, and has been made: this makes it once more/);
  await it.part("back").click();
  assert.equal((await accountOf(it.address)).nonce, 1);
  await it.context.close();
});

test("what is sent after a payment that was replaced has its number, so that one of both is made", async () => {
  const { it, said } = await lost(30, says("replaced"), /the node has another in its place 3 CRN/);
  await it.page.reload();
  await it.reads("sent", /the node has another in its place/);
  assert.equal(await again(it).count(), 1);
  said.takes = null;
  await fill(it, payee.address, "4");
  await it.reads("review", /takes the place of 3 CRN to cdev1\w+…\w+: no more than one of both is made/);
  await it.part("confirm").click();
  await it.reads("sent", /the node has another in its place 4 CRN/);
  said.knows = null;
  await block();
  await it.reads("sent", /^confirmed × 1 4 CRN[^]*another payment was made in its place 3 CRN/);
  assert.equal(await again(it).count(), 0);
  assert.equal((await accountOf(it.address)).nonce, 1);
  await fill(it, payee.address, "3");
  await it.reads("review", /may have been made: this may make it once more/);
  await it.context.close();
});

test("a payment that a node passes on and refuses is not let go of", async () => {
  const it = await funded(browser, 10);
  const refuses = async (route) => {
    await route.fetch();
    return route.fulfill(tooLow);
  };
  const said = await lies(it, { takes: refuses, knows: telling(unknown) });
  await fill(it, payee.address, "3");
  await it.part("confirm").click();
  await it.reads("send-error", /Refused by the node: a fee of 1 is below the floor\. See what is said of it below/);
  await it.reads("sent", /refused by the node[^]*Send the same again[^]*may still be made/);
  assert.equal(await it.part("amount").inputValue(), "3", "it can be sent otherwise");
  await block();
  said.knows = null;
  await block();
  await it.reads("sent", /^confirmed × 2 3 CRN/);
  await it.context.close();
});

test("a payment that was mined while its node said that its number is used is known as made", async () => {
  const it = await funded(browser, 10);
  const isMinedFirst = async (route) => {
    await route.fetch();
    await block();
    return route.fulfill(problem(422, "nonce_used", "nonce 0 was used, the sender's next is 1"));
  };
  await lies(it, { takes: isMinedFirst, knows: null });
  await fill(it, payee.address, "3");
  await it.part("confirm").click();
  await it.reads("sent", /^confirmed × 1 3 CRN/);
  await until(async () => (await it.part("amount").inputValue()) === "");
  assert.equal(await it.part("send-error").isVisible(), false);
  await it.context.close();
});

/** Whether a page lets somebody leave it unasked. */
const leaves = ({ page }) => page.evaluate(() => dispatchEvent(new Event("beforeunload", { cancelable: true })));

test("a node that was pruned does not have a payment told as another's, and it is asked about when it is paid again", async () => {
  const it = await funded(browser, 30);
  await it.part("keep").check();
  await fill(it, payee.address, "3");
  await it.part("confirm").click();
  await it.reads("sent", /waits for a block/);
  const said = await lies(it, { takes: null, knows: telling(unknown) });
  await it.context.route("**/v1/status", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), base: 41_999 } });
  });
  await block();
  await it.reads("sent", /^its number was used 3 CRN[^]*whether by this payment this node cannot tell, as it keeps nothing before block 42,000/);
  assert.equal(await again(it).count(), 0);
  await it.page.reload();
  await it.reads("sent", /^its number was used 3 CRN/);
  await fill(it, payee.address, "3");
  await it.reads("review", /Just this payment was sent before, and may have been made: this may make it once more/);
  await it.part("back").click();
  await it.part("forget").click();
  await it.reads("sure-doubt", /^A payment may have been made, which this node cannot tell: that is forgotten, too\.$/);
  await it.part("sure-back").click();
  await it.part("keep").uncheck();
  await until(async () => !(await leaves(it)));
  said.knows = null;
  await block();
  await it.reads("sent", /^confirmed × 2 3 CRN/);
  await it.context.close();
});

test("whoever stands on a payment in doubt stays there when a block comes, and is somewhere when it is sent", async () => {
  const { it, said } = await lost(30, says("dropped", { why: "evicted" }), /left the node's pool/);
  await again(it).focus();
  await it.page.evaluate(() => { window.stood = document.activeElement; });
  await block();
  await it.reads("history", /× 2/);
  said.knows = telling(unknown);
  await block();
  await it.reads("sent", /in doubt[^]*The node does not know it/);
  assert.ok(await it.page.evaluate(() => document.activeElement === window.stood && window.stood.isConnected));
  [said.takes, said.knows] = [null, null];
  await it.page.keyboard.press("Enter");
  await it.reads("sent", /^waits for a block/);
  assert.equal(await it.page.evaluate(() => document.activeElement.id), "wallet-payments-title");
  await it.context.close();
});

test("forgetting a key names what is in doubt, and leaving its page asks first", async () => {
  const { it } = await lost(30, telling(unknown), /in doubt/);
  await it.part("forget").click();
  await it.reads("sure-doubt", /^A payment is in doubt, and may still be made/);
  await it.part("sure-back").click();
  assert.equal(await leaves(it), true, "it is kept");
  await it.part("keep").uncheck();
  await until(async () => !(await leaves(it)));
  await it.context.close();
});

const stored = ({ page }) => page.evaluate(() => localStorage.getItem("cairn-wallet"));

const isDeaf = () => addEventListener("storage", (event) => event.stopImmediatePropagation());

for (const [how, prepare] of [
  ["and heard of it", () => {}],
  ["and did not hear of it", (context) => context.addInitScript(isDeaf)],
]) {
  test(`what one window signs is not lost when another writes ${how}`, async () => {
    const it = await funded(browser, 20);
    await it.part("keep").check();
    await prepare(it.context);
    const other = await beside(it);
    await other.reads("balance", /^20 CRN$/);
    const said = await lies(it, { takes: () => {}, knows: telling(unknown) });
    await fill(it, payee.address, "3");
    await it.part("confirm").click();
    await it.reads("sent", /being sent/);
    await block();
    await other.reads("history", /× 2/);
    await other.reads("sent", /being sent 3 CRN/);
    // Closed at once, it would be let go on with what it sends.
    await it.page.goto("about:blank");
    await it.page.close();
    await block();
    await other.reads("history", /× 3/);
    await other.page.reload();
    await other.reads("sent", /in doubt 3 CRN[^]*The node does not know it/);
    await fill(other, payee.address, "3");
    await other.reads("review", /sent before, and is in doubt/);
    await other.part("back").click();
    [said.takes, said.knows] = [null, null];
    await again(other).click();
    await other.reads("sent", /waits for a block/);
    await block();
    await other.reads("sent", /confirmed × 1/);
    assert.equal((await accountOf(it.address)).nonce, 1);
    await it.context.close();
  });
}

test("a key that another window keeps is not written over", async () => {
  const it = await funded(browser, 20);
  await it.part("keep").check();
  const other = await beside(it);
  await other.reads("address", new RegExp(it.address));
  await other.part("forget").click();
  await other.part("sure-forget").click();
  await it.reads("key-error", /Another window had this browser forget this key/);
  assert.equal(await it.part("keep").isChecked(), false);
  await created(other);
  await other.part("keep").check();
  await until(async () => (await stored(it))?.includes("words"));
  const theirs = JSON.parse(await stored(it)).secret.words;
  await it.part("keep").click();
  await it.reads("key-error", /keeps another key already/);
  await fill(it, payee.address, "3");
  await it.part("confirm").click();
  await block();
  await it.reads("sent", /confirmed × 1/);
  assert.equal(JSON.parse(await stored(it)).secret.words, theirs);
  await it.context.close();
});

// Whether a page heard of it or not before it sends.
for (const [how, meanwhile] of [
  ["", () => {}],
  [", as was found out while it was looked over", async (it) => {
    await block();
    await until(async () => !(await it.part("keep").isChecked()));
  }],
]) test(`nothing is sent that could not be kept${how}`, async () => {
  const it = await funded(browser, 20);
  await it.part("keep").check();
  await until(() => stored(it));
  await fill(it, payee.address, "3");
  await it.part("review").waitFor();
  // Another window's, of which this one is not told.
  await it.page.evaluate(() => localStorage.setItem("cairn-wallet", '{"secret":{"words":"of another"},"payments":[]}'));
  await meanwhile(it);
  await it.part("confirm").click();
  await it.reads("send-error", /Nothing was sent, as it could not be kept: this browser keeps another key now/);
  assert.equal(await it.part("keep").isChecked(), false);
  assert.equal((await accountOf(it.address)).pending, 0);
  assert.match(await stored(it), /of another/);
  // Who was told so may send all the same.
  await fill(it, payee.address, "3");
  await it.part("confirm").click();
  await it.reads("sent", /waits for a block/);
  await it.context.close();
});
