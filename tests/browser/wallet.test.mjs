// The wallet's page, as people use it; `keys.test.mjs` holds what it signs to the byte.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { asAnother, ask, complaints, give, launch, node, order } from "./stage.mjs";
import { accountOf, block, created, fill, funded, opened, payee, startsOf, until } from "./wallets.mjs";

const { wallets, keys } = JSON.parse(readFileSync(new URL("vectors.json", import.meta.url), "utf8"));
const [everybodys, another] = wallets;

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

async function restored(secret) {
  const it = await opened(browser);
  await it.part("typed").fill(secret);
  await it.part("restore").getByRole("button", { name: "Restore" }).click();
  await it.part("account").waitFor();
  return it;
}

test("a key is made, paid, and pays, and never leaves the page", async () => {
  const it = await opened(browser);
  await it.part("create").click();
  const words = await it.part("words-list").locator("li").allTextContents();
  assert.equal(words.length, 12);
  await it.part("written").click();
  assert.equal(await it.part("words-list").locator("li").count(), 0);
  const address = await it.part("address").textContent();
  await it.part("qr").waitFor();
  assert.equal(await it.part("coins-link").getAttribute("href"), `/devnet?address=${address}#faucet`);
  await give(address, "10000000000");
  await it.reads("incoming", /^100 CRN$/);
  await it.reads("payments", /waits for a block\s+received for “faucet”/);
  await block();
  await it.reads("balance", /^100 CRN$/);
  await fill(it, payee.address, "12.5", { reference: "INVOICE-42" });
  await it.part("review").waitFor();
  const review = await it.part("review").innerText();
  for (const said of [payee.address, "12.5 CRN", "“INVOICE-42”", "Fee", "87.5 CRN"]) assert.ok(review.includes(said), said);
  await it.part("confirm").dblclick();
  await it.reads("sent", /^waits for a block 12\.5 CRN/);
  await it.reads("spendable", /^87\.5 CRN$/);
  await block();
  await it.reads("sent", /^confirmed × 1 12\.5 CRN/);
  await block(2);
  await it.reads("sent", /^confirmed × 3 12\.5 CRN/);
  assert.equal((await accountOf(address)).nonce, 1, "it was sent once");
  const txid = (await it.part("sent").locator("a").first().getAttribute("href")).split("/").at(-1);
  const payment = await ask(`/v1/transactions/${txid}`);
  assert.deepEqual(payment.transaction.actions, [
    { kind: "pay", to: payee.address, amount: "1250000000", reference: "494e564f4943452d3432" },
  ]);
  const secrets = await startsOf(words);
  assert.ok(it.seen.left.some((left) => left.includes(address)), "what leaves is seen");
  assert.ok(it.seen.sockets > 0, "and what goes through sockets");
  for (const left of it.seen.left) {
    assert.match(left, new RegExp(`^${node.replace("http", "(http|ws)")}/`), "nothing goes elsewhere");
    for (const [name, start] of Object.entries(secrets)) {
      assert.ok(!start.test(left) && !start.test(decodeURIComponent(left.replaceAll("+", " "))), `${name} leaves by ${left}`);
    }
  }
  assert.deepEqual(it.seen.wrong, []);
  await it.context.close();
});

test("words and keys are brought back as the command line's wallet has them", async () => {
  const it = await opened(browser);
  const refused = async (typed, pattern) => {
    await it.part("typed").fill(typed);
    await it.part("restore").getByRole("button", { name: "Restore" }).click();
    await it.reads("restore-error", pattern);
  };
  await refused("one two", /12 or 24 words are expected, these are 2/);
  await refused(everybodys.words.replace("junk", "jnuk"), /Word 12, “jnuk”, is not on the list/);
  await refused(everybodys.words.replace("junk", "test"), /do not belong together/);
  await it.part("typed").fill(` ${another.words.toUpperCase()}\n`);
  await it.page.getByText("The words have a passphrase").click();
  await it.part("passphrase").fill(another.passphrase);
  await it.part("restore").getByRole("button", { name: "Restore" }).click();
  await it.reads("address", new RegExp(another.accounts[0].address));
  assert.equal(await it.part("typed").inputValue(), "", "the words are off the screen");
  await it.part("number").fill("2");
  await it.part("number").press("Tab");
  await it.reads("address", new RegExp(another.accounts[2].address));
  await it.part("number").fill("-1");
  await it.part("number").press("Tab");
  await it.reads("key-error", /numbered from 0/);
  assert.equal(await it.part("public").isVisible(), false);
  await it.context.close();
  for (const { secret, address } of keys) {
    const other = await restored(secret);
    await other.reads("address", new RegExp(address));
    assert.equal(await other.part("number-line").isVisible(), false);
    await other.context.close();
  }
  const open = await restored(everybodys.words);
  await open.part("public").waitFor();
  await open.context.close();
});

for (const [what, answer, why] of [
  ["too many requests", { status: 429, json: { detail: "too many requests" } }, /The wallet does not work: the node answers with 429\. Load the page again\./],
  ["a gateway's error", { status: 502, body: "<h1>Bad Gateway</h1>" }, /answers with 502\. Load the page again\./],
  ["an error that looks like success", { body: "<h1>Sorry</h1>" }, /is not the one that keys are made of\. Load the page again\./],
]) test(`no key is made of ${what} instead of the words`, async () => {
  const it = await opened(browser, { prepare: (context) => context.route("**/words.txt", (route) => route.fulfill(answer)) });
  await it.reads("trouble", why);
  assert.equal(await it.part("create").isVisible(), false);
  await it.part("create").dispatchEvent("click");
  await pause(500);
  assert.equal(await it.part("words-list").locator("li").count(), 0);
  await it.context.unrouteAll();
  await it.page.reload();
  await created(it);
  await it.context.close();
});

test("a passphrase and an account's number are shown with the words that they go with, and named before they are forgotten", async () => {
  const it = await opened(browser);
  const passphrase = " <i>correct</i>  horse ";
  await it.part("typed").fill(everybodys.words);
  await it.page.getByText("The words have a passphrase").click();
  await it.part("passphrase").fill(passphrase);
  await it.part("restore").getByRole("button", { name: "Restore" }).click();
  await it.part("account").waitFor();
  const besides = () => it.part("secret-besides").locator("div").allTextContents();
  const show = () => it.page.getByText("Show what brings it back").click();
  const needs = async () => {
    await it.part("forget").click();
    const text = await it.part("sure-needs").textContent();
    await it.part("sure-back").click();
    return text.replace(" nobody can ever spend what is paid to this address.", "");
  };
  await show();
  await it.reads("secret-text", new RegExp(`^${everybodys.words}$`));
  assert.deepEqual(await besides(), [`Passphrase${passphrase}`]);
  assert.equal(await it.part("secret-besides").locator("code").innerText(), passphrase, "with its spaces");
  assert.equal(await needs(), "Without its words and their passphrase");
  await it.part("number").fill("7");
  await it.part("number").press("Tab");
  await it.part("secret-text").waitFor({ state: "hidden" });
  assert.deepEqual([await it.part("secret-text").textContent(), await besides()], ["", []], "it is shown to whoever asks");
  await show();
  await until(async () => (await besides()).length === 2);
  assert.deepEqual(await besides(), [`Passphrase${passphrase}`, "Account of these words7"]);
  assert.equal(await needs(), "Without its words, their passphrase, and the account number 7");
  await it.part("forget").click();
  await it.part("sure-forget").click();
  await it.part("create").waitFor();
  assert.ok(!(await it.page.content()).includes("horse"), "it is off the page");
  await created(it);
  assert.equal(await needs(), "Without its words");
  await it.context.close();
  const other = await restored(keys[0].secret);
  await other.part("forget").click();
  await other.reads("sure-needs", /^Without the key itself nobody can/);
  await other.context.close();
});

test("what is wrong with a payment is said before it is signed", async () => {
  const it = await funded(browser, 50);
  const refused = async (name, pattern, ...words) => {
    await fill(it, ...words);
    await it.reads(`${name}-error`, pattern);
    assert.equal(await it.part("review").isVisible(), false);
  };
  const slip = payee.address.slice(0, 20) + (payee.address[20] === "q" ? "p" : "q") + payee.address.slice(21);
  await refused("to", /the letter at place 21 is likely wrong/, slip, "1");
  await refused("to", /of another network: it begins with cairn1/, payee.address.replace("cdev1", "cairn1"), "1");
  await refused("to", /Whom to pay is missing/, "", "1");
  await refused("amount", /a point and no comma/, payee.address, "1,5");
  await refused("amount", /no more than 8 decimals/, payee.address, "0.123456789");
  await refused("send", /At least a pebble/, payee.address, "0");
  await refused("send", /costs 50\.00000001 CRN with its fee, and 50 CRN can be spent/, payee.address, "50.00000001");
  await refused("reference", /at most 32 bytes, this has 33/, payee.address, "1", { reference: "x".repeat(33) });
  assert.equal(await it.part("reference").getAttribute("aria-invalid"), "true");
  await fill(it, it.address, "1", { reference: "" });
  await it.reads("review", /\(your own\)[^]*Left\s+50 CRN[^]*pays the account that it comes from/);
  await it.page.keyboard.press("Escape");
  await fill(it, payee.address, "1", { fee: "0.5" });
  await it.reads("review", /fee is far more than it usually takes/);
  assert.equal(await it.part("confirm").isDisabled(), true);
  await it.part("mean").check();
  assert.equal(await it.part("confirm").isDisabled(), false);
  await it.part("back").click();
  await fill(it, payee.address, "49", { fee: "0" });
  await it.reads("review", /pays nearly everything/);
  await it.part("back").click();
  assert.equal((await accountOf(it.address)).pending, 0, "nothing was sent");
  assert.deepEqual(it.seen.wrong, []);
  await it.context.close();
});

test("everything is sent to an address that nobody ever paid", async () => {
  const it = await funded(browser, 30);
  const nobody = await opened(browser);
  await nobody.part("create").click();
  await nobody.part("written").click();
  const to = await nobody.part("address").textContent();
  await fill(it, `cairn:${to}?reference=last%20one`, null);
  assert.equal(await it.part("to").inputValue(), to, "the link was taken apart");
  await it.reads("review", /29\.99999 CRN, and whatever else is there[^]*“last one”[^]*New account\s+0\.00001 CRN[^]*Nobody ever paid/);
  await it.part("confirm").click();
  await it.reads("sent", /waits for a block/);
  await block();
  await it.reads("sent", /confirmed × 1/);
  await it.reads("balance", /^0 CRN$/);
  await nobody.reads("balance", /^29\.99999 CRN$/);
  await Promise.all([it.context.close(), nobody.context.close()]);
});

test("a payment that was cut off is made once, however often it is sent", async () => {
  const it = await funded(browser, 20);
  let cut = "before";
  await it.context.route("**/v1/transactions", async (route) => {
    if (cut === "after") await route.fetch();
    if (cut) await route.abort();
    else await route.continue();
  });
  await fill(it, payee.address, "3");
  await it.part("confirm").click();
  await it.reads("sent", /in doubt[^]*The node does not know it/);
  await fill(it, payee.address, "3");
  await it.reads("review", /Just this payment was sent before[^]*takes the place of 3 CRN/);
  await it.part("back").click();
  cut = "";
  await it.part("sent").getByRole("button", { name: "Send the same again" }).click();
  await it.reads("sent", /^waits for a block 3 CRN/);
  await block();
  await it.reads("sent", /^confirmed × 1 3 CRN/);
  cut = "after";
  await fill(it, payee.address, "3");
  await it.part("confirm").click();
  await it.reads("sent", /^waits for a block 3 CRN/);
  await block();
  await it.reads("sent", /^confirmed × 1 3 CRN/);
  const { nonce, balance } = await accountOf(it.address);
  assert.deepEqual({ nonce, balance }, { nonce: 2, balance: "1400000000" });
  await it.context.close();
});

test("a node that answers about something else is not believed", async () => {
  const it = await funded(browser, 10);
  const lie = async (pattern, change, doing) => {
    await it.context.route(pattern, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: change(await response.json()) });
    });
    await doing();
    // What is being answered just now is answered to its end.
    await it.context.unrouteAll({ behavior: "wait" });
  };
  await lie("**/v1/network", (said) => ({ ...said, chain: "00".repeat(32) }), async () => {
    await fill(it, payee.address, "1");
    await it.reads("send-error", /follows another chain/);
  });
  await lie(`**/v1/accounts/${it.address}`, (said) => ({ ...said, address: payee.address }), async () => {
    await fill(it, payee.address, "1");
    await it.reads("send-error", /about another account/);
  });
  await lie("**/v1/fees", (said) => ({ ...said, next_block: 100_000_000 }), async () => {
    await fill(it, payee.address, "1");
    await it.reads("review", /fee is far more than it usually takes/);
    await it.part("back").click();
  });
  await lie(/v1\/transactions/, (said) => ({ ...said, txid: "00".repeat(32) }), async () => {
    await fill(it, payee.address, "1");
    await it.part("confirm").click();
    await it.reads("sent", /in doubt[^]*The node answered about another payment/);
  });
  await block();
  await it.reads("sent", /confirmed × 1/);
  await it.context.close();
});

/** Has the node say that it is not ready, and how it is. */
async function notReady({ context }, why, how) {
  const json = { code: "not_ready", status: 503, title: "The node is not ready", detail: why, advice: "Wait until /ready says so." };
  await context.route("**/ready", (route) => route.fulfill({ status: 503, json }));
  await context.route("**/v1/status", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), ...how } });
  });
}

for (const [what, why, how] of [
  ["catches up", "it catches up: 900 blocks are missing up to height 1000", { sync: { state: "fetching", to: 1000, missing: 900 } }],
  ["asks what came", "its tip is 9000 seconds old, and it asks others what came since", { sync: { state: "asking" } }],
  ["takes nothing in", "it takes nothing in: the disk is full", { sync: { state: "synced" }, stopped: "the disk is full" }],
]) test(`nothing is signed by the word of a node that ${what}`, async () => {
  const it = await funded(browser, 7);
  await notReady(it, why, how);
  await block();
  await it.reads("behind", new RegExp(`^What is shown may be old: ${why}\\.$`));
  await fill(it, payee.address, "1");
  await it.reads("send-error", new RegExp(`^The node is not ready, so nothing is paid by its word: ${why}\\. Wait until it is, or ask another\\.$`));
  assert.equal(await it.part("review").isVisible(), false);
  assert.equal(await it.part("sent").locator("li").count(), 0);
  assert.ok(!it.seen.left.some((left) => left.includes('"raw"')), "nothing was sent");
  await it.context.unrouteAll();
  await fill(it, payee.address, "1");
  await it.part("review").waitFor();
  await block();
  await it.part("behind").waitFor({ state: "hidden" });
  await it.context.close();
});

test("a node that heard of no block for long is as good as any, and says so", async () => {
  const it = await funded(browser, 7);
  const why = "its tip is 9000 seconds old, and none of the 3 connected has a newer one";
  await notReady(it, why, { sync: { state: "synced" }, stopped: null });
  await fill(it, payee.address, "1");
  await it.reads("review", new RegExp(`The node may be behind: ${why}\\. Where others have more blocks`));
  await it.part("confirm").click();
  await it.reads("sent", /waits for a block/);
  await it.reads("behind", /^What is shown may be old: its tip is 9000 seconds old/);
  await block();
  await it.context.close();
});

const hexOf = (text) => Buffer.from(text).toString("hex");

test("strangers make the page no longer by what they send, and turn no text around by what they write", async () => {
  const it = await funded(browser, 9);
  // As much as a transaction may do, as often as a node tells of one.
  const things = Array.from({ length: 256 }, (_, at) => hexOf(`${at}`.padEnd(32, "x")));
  const incoming = Array.from({ length: 100 }, (_, at) => ({
    txid: String(at).padStart(64, "0"), from: payee.address, fee: "1",
    actions: things.map((reference) => ({ kind: "pay", to: it.address, amount: "1", reference })),
  }));
  await it.context.route("**/pending", (route) => route.fulfill({ json: { transactions: [], incoming } }));
  await it.context.route("**/history?limit=10", async (route) => {
    const response = await route.fetch();
    const said = await response.json();
    for (const entry of said.entries) entry.references = things;
    await route.fulfill({ response, json: said });
  });
  await block();
  await it.reads("history", /and at least 80 more that wait for a block/);
  const rows = it.part("history").locator("tr");
  assert.equal(await rows.count(), 22, "20 that wait, what waits besides, and what was mined");
  for (const row of [rows.first(), rows.last()]) {
    assert.match(await row.innerText(), /received for “0x+” for “1x+” for “2x+” and 253 more\s/);
  }
  const { length } = await it.part("history").innerText();
  assert.ok(length < 10_000, `${length} letters`);
  assert.equal(await rows.nth(20).locator("a").getAttribute("href"), `/account/${it.address}`);
  await it.context.unrouteAll({ behavior: "wait" });
  await fill(it, payee.address, "1", { reference: "שלום 5" });
  await it.part("review").waitFor();
  await it.part("confirm").click();
  await it.reads("sent", /waits for a block/);
  await it.reads("history", /waits for a block\s+sent for “שלום 5”/);
  for (const name of ["review-facts", "sent", "history"]) {
    const quote = it.part(name).locator("bdi").first();
    assert.equal(await quote.textContent(), "“שלום 5”", name);
    assert.equal(await quote.evaluate((element) => getComputedStyle(element).unicodeBidi), "isolate");
  }
  await block();
  await it.context.close();
});

test("a payment whose block is taken off waits again", async () => {
  const it = await funded(browser, 6);
  await fill(it, payee.address, "1");
  await it.part("confirm").click();
  await it.reads("sent", /waits for a block/);
  await block();
  await it.reads("sent", /confirmed × 1/);
  const { hash } = await ask("/v1/tip");
  await order(`/v1/blocks/${hash}/invalidate`, {});
  await it.reads("sent", /waits for a block/);
  await block(2);
  await it.reads("sent", /confirmed × 2/);
  await it.context.close();
});

test("a payment that was settled is asked about again where its block is gone", async () => {
  const it = await funded(browser, 6);
  await fill(it, payee.address, "1");
  await it.part("confirm").click();
  await it.reads("sent", /waits for a block/);
  await block();
  const { hash } = await ask("/v1/tip");
  await block(30);
  await it.reads("sent", /confirmed × 3\d or more/);
  await order(`/v1/blocks/${hash}/invalidate`, {});
  await it.reads("sent", /waits for a block/);
  await block();
  await it.reads("sent", /confirmed × 1/);
  await it.context.close();
});

test("another account has none of the sums of the one before", async () => {
  const it = await restored(everybodys.words);
  await it.reads("spendable", /CRN$/);
  let isDeaf = true;
  await it.context.route(/\/v1\/accounts\//, (route) => (isDeaf ? route.abort() : route.continue()));
  await it.part("number").fill("77");
  await it.part("number").dispatchEvent("change");
  await it.reads("line", /does not answer/);
  assert.deepEqual(await Promise.all(["balance", "spendable"].map((name) => it.part(name).textContent())), ["…", "…"]);
  isDeaf = false;
  await block();
  await it.reads("spendable", /^0 CRN$/);
  await it.reads("nothing", /^Nothing yet\.$/);
  await it.context.close();
});

test("a key is kept where that is wanted, and forgotten where not", async () => {
  const it = await funded(browser, 5);
  await it.page.reload();
  await it.part("create").waitFor();
  assert.equal(await it.part("account").isVisible(), false, "it is gone");
  await it.part("create").click();
  await it.part("written").click();
  const address = await it.part("address").textContent();
  await it.part("keep").check();
  await it.page.reload();
  await it.reads("address", new RegExp(address));
  assert.equal(await it.part("keep").isChecked(), true);
  await it.page.getByText("Show what brings it back").click();
  await it.reads("secret-text", /^(\w+ ){11}\w+$/);
  const kept = () => it.page.evaluate(() => localStorage.length);
  await it.part("keep").uncheck();
  await until(async () => (await kept()) === 0);
  const window = await it.context.newPage();
  await window.goto(`${node}/wallet`);
  await window.locator("#wallet-create").click();
  await window.locator("#wallet-written").click();
  await it.part("keep").check();
  await window.locator("#wallet-keep").click();
  await window.getByText("keeps another key already").waitFor();
  assert.equal(await window.locator("#wallet-keep").isChecked(), false);
  assert.ok((await it.page.evaluate(() => localStorage.getItem("cairn-wallet"))).includes("words"), "the first is kept");
  await it.part("forget").click();
  await it.part("sure-forget").click();
  await it.part("create").waitFor();
  assert.equal(await kept(), 0);
  await it.page.reload();
  await it.part("create").waitFor();
  await it.context.close();
});

test("what was being written with a key is forgotten with it", async () => {
  const it = await funded(browser, 4);
  const usual = await it.part("fee").inputValue();
  await fill(it, payee.address, "x", { reference: "rent", fee: "0.5" });
  await it.reads("amount-error", /is expected/);
  await it.part("forget").click();
  await it.part("sure-forget").click();
  await created(it);
  for (const name of ["to", "amount", "reference"]) assert.equal(await it.part(name).inputValue(), "", name);
  assert.equal(await it.part("amount").getAttribute("aria-invalid"), null);
  await until(async () => (await it.part("fee").inputValue()) === usual);
  await it.context.close();
});

test("what cannot be read is shown, and makes room when somebody throws it away", async () => {
  const it = await opened(browser);
  await it.page.evaluate(() => localStorage.setItem("cairn-wallet", '{"secret":"twelve words"}'));
  await it.page.reload();
  await it.part("unreadable").waitFor();
  await created(it);
  await it.part("keep").click();
  await it.reads("key-error", /cannot be read, so nothing is written over it/);
  await it.page.getByText("Show what is kept").click();
  assert.equal(await it.part("unreadable-text").textContent(), '{"secret":"twelve words"}');
  await it.part("discard").click();
  await it.part("unreadable").waitFor({ state: "detached" });
  await it.part("keep").check();
  await until(() => it.page.evaluate(() => localStorage.getItem("cairn-wallet")?.includes("words")));
  assert.deepEqual(it.seen.wrong, []);
  await it.context.close();
});

test("a page that has nothing to tell asks nothing, and what others are paid makes it ask little", async () => {
  const it = await funded(browser, 3);
  await pause(2500);
  const before = it.seen.left.length;
  await pause(4000);
  assert.deepEqual(it.seen.left.slice(before), []);
  await give(payee.address);
  await pause(3500);
  assert.deepEqual(it.seen.left.slice(before).map((left) => left.trim()), [`${node}/v1/accounts/${it.address}`]);
  await give(it.address);
  await it.reads("incoming", /^1 CRN$/);
  assert.ok(!it.seen.left.slice(before).some((left) => left.startsWith(`${node}/wallet`)), "the page was made again");
  await block();
  await it.context.close();
});

test("a payment that a page was sending when it was closed is followed on", async () => {
  const it = await funded(browser, 8);
  await it.part("keep").check();
  let isCut = true;
  await it.context.route("**/v1/transactions", async (route) => { if (!isCut) await route.continue(); });
  await fill(it, payee.address, "2");
  await it.part("confirm").click();
  await it.reads("sent", /being sent/);
  isCut = false;
  await it.page.reload();
  await it.reads("sent", /in doubt[^]*The node does not know it/);
  await it.part("sent").getByRole("button", { name: "Send the same again" }).click();
  await it.reads("sent", /waits for a block/);
  await it.context.close();
});

test("a page that holds something is not loaded again for another version of its node, and says so", async () => {
  const it = await opened(browser);
  const address = await created(it);
  let loads = 0;
  it.page.on("load", () => { loads += 1; });
  // As when somebody comes back to the window.
  const comesBack = () => it.page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await asAnother(it.page, `${node}/wallet`, "sent.js");
  await comesBack();
  await it.reads("old", /of another version than its node.*and its key is kept or its words are on paper/);
  await it.part("keep").check();
  await until(() => it.page.evaluate(() => localStorage.length === 1));
  await it.part("to").fill("cdev1");
  await it.part("to").blur();
  await comesBack();
  await it.reads("old", /half done\.$/);
  assert.equal(loads, 0);
  await it.part("to").fill("");
  await it.part("to").blur();
  await comesBack();
  await until(() => loads === 1);
  await it.reads("address", new RegExp(address));
  await comesBack();
  await pause(1000);
  assert.deepEqual([loads, await it.part("old").isVisible()], [1, false]);
  assert.deepEqual(it.seen.wrong, []);
  await it.context.close();
});

test("a browser that cannot have keys is told so", async () => {
  const withoutEd25519 = () => {
    const { importKey } = SubtleCrypto.prototype;
    SubtleCrypto.prototype.importKey = function only(...how) {
      return how[2] === "Ed25519" ? Promise.reject(new DOMException("", "NotSupportedError")) : importKey.apply(this, how);
    };
  };
  const old = await opened(browser, { prepare: (context) => context.addInitScript(withoutEd25519) });
  await old.reads("trouble", /cannot sign with Ed25519\. Chrome/);
  assert.equal(await old.part("loading").isVisible(), false);
  assert.equal(await old.part("create").isVisible(), false);
  await old.context.close();
  // By a name that is not this machine's, and without TLS.
  const far = "http://cairn.test";
  const answered = async (route) => {
    const url = route.request().url().replace(far, node);
    await route.fulfill({ response: await route.fetch({ url, headers: {} }) });
  };
  const insecure = await opened(browser, { prepare: (context) => context.route(`${far}/**`, answered), url: `${far}/wallet` });
  await insecure.reads("trouble", /Open it over HTTPS, or[^]*http:\/\/localhost/);
  await insecure.context.close();
  const bare = await opened(browser, { javaScriptEnabled: false });
  await bare.page.locator("noscript pre").waitFor();
  assert.match(await bare.page.locator("noscript").innerText(), /needs scripts[^]*cairn wallet send ADDRESS 12\.5/);
  assert.equal(await bare.part("create").isVisible(), false);
  assert.equal(await bare.part("loading").isVisible(), false, "nothing is loaded there");
  await bare.context.close();
});

for (const part of ["wallet", "sent"]) test(`a wallet whose ${part}.js does not come says so`, async () => {
  const fails = (context) => context.route(`**/${part}.js`, (route) => route.fulfill({ status: 502, body: "Bad Gateway" }));
  const it = await opened(browser, { prepare: fails });
  const line = part === "wallet" ? "loading" : "trouble";
  await it.reads(line, /[Ll]oad the page again\.$/);
  assert.equal(await it.part("create").isVisible(), false);
  assert.equal(await it.part("loading").isVisible(), part === "wallet");
  await it.context.unrouteAll();
  await it.page.reload();
  await it.part("create").waitFor();
  assert.equal(await it.part("loading").isVisible(), false);
  await it.part("trouble").waitFor({ state: "hidden" });
  await it.context.close();
});

test("it is used by the keyboard alone, and fits a small screen", async () => {
  const it = await opened(browser, { viewport: { width: 360, height: 740 } });
  // Until its script is ready there is no such button.
  await it.part("create").waitFor();
  await it.part("create").focus();
  await it.page.keyboard.press("Enter");
  await it.part("words").waitFor();
  const focused = () => it.page.evaluate(() => document.activeElement.id);
  assert.equal(await focused(), "wallet-words-title");
  await it.page.keyboard.press("Tab");
  await it.page.keyboard.press("Enter");
  assert.equal(await focused(), "wallet-account-title");
  const address = await it.part("address").textContent();
  await give(address, "10000000000");
  await block();
  await it.reads("balance", /^100 CRN$/);
  await it.part("to").focus();
  await it.page.keyboard.type(payee.address);
  await it.page.keyboard.press("Tab");
  await it.page.keyboard.type("1.5");
  await it.page.keyboard.press("Enter");
  await it.part("review").waitFor();
  assert.equal(await focused(), "wallet-back");
  await it.page.keyboard.press("Tab");
  await it.page.keyboard.press("Enter");
  await it.reads("sent", /waits for a block/);
  assert.equal(await focused(), "wallet-payments-title");
  await it.reads("said", /1\.5 CRN to cdev1ethx5cz: waits for a block/);
  const wide = await it.page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 360, `${wide} pixels wide`);
  const unnamed = await it.page.evaluate(() => [...document.querySelectorAll("#wallet input, #wallet textarea")]
    .filter((input) => input.labels.length === 0).map((input) => input.id));
  assert.deepEqual(unnamed, []);
  await it.context.close();
});

test("axe has nothing to say against any step, in light and in dark", async () => {
  for (const colorScheme of ["light", "dark"]) {
    // What looks at pages is no part of them, and would not be let in.
    const it = await opened(browser, { colorScheme, bypassCSP: true });
    const fine = async (step) => assert.deepEqual(await complaints(it.page), [], `${step}, ${colorScheme}`);
    await it.part("create").waitFor();
    await fine("no key");
    await it.part("create").click();
    await it.part("written").waitFor();
    await fine("words");
    await it.part("written").click();
    const address = await it.part("address").textContent();
    await give(address, "10000000000");
    await block();
    await it.reads("balance", /^100 CRN$/);
    await fill(it, "cdev1", "1,5");
    await it.reads("to-error", /Mistyped: it has 5 letters/);
    await fine("mistakes");
    await fill(it, payee.address, "1.5", { fee: "0.5" });
    await it.part("review").waitFor();
    await fine("review");
    await it.part("mean").check();
    await it.part("confirm").click();
    await it.reads("sent", /waits for a block/);
    await fine("sent");
    await it.part("forget").click();
    await fine("forget");
    await block();
    await it.context.close();
  }
});
