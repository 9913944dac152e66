// How pages keep up to date: what stays where it was, what is said when a node has trouble, and who may give orders.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import {
  EVERYBODYS, PATIENCE_MS, asAnother, ask, desk, exactly, give, launch, mine, network, node, open, order, written,
} from "./stage.mjs";

let browser;
before(async () => {
  browser = await launch();
  await mine(3);
});
after(() => browser.close());

/** Blocks where the pages look: what others make is here a little later. */
const block = (blocks = 1) => mine(blocks, 0);

/** Until a page has been asked for again. */
const renewed = (page) => page.evaluate(() => new Promise((told) => {
  document.addEventListener("cairn:refresh", () => told(), { once: true });
}));

/** Somebody is on a link while a block comes, which changes the page. */
async function staysFocused(url, link, prepare) {
  await prepare?.();
  const it = await open(browser, url);
  const found = it.page.locator(link).first();
  await found.focus();
  const href = await found.getAttribute("href");
  await it.page.evaluate(() => { window.focused = document.activeElement; });
  const changed = renewed(it.page);
  await block();
  await changed;
  await pause(1000);
  const [isFocused, isIt] = await it.page.evaluate(() => [document.activeElement === window.focused, document.activeElement.getAttribute("href")]);
  assert.ok(isFocused, "the focus went elsewhere");
  assert.equal(isIt, href, "another link is there now");
  await it.close();
}

test("whoever stands on a block of the tree stays there when another comes", async () => {
  const { height } = await ask("/v1/tip");
  // As many as the tree has room for, so that one falls off with each that comes.
  if (height < 30) await block(30 - height);
  await staysFocused(`${node}/forks`, ".tree a:nth-of-type(20)");
});

test("whoever stands in an account's table stays there when what waits is confirmed", async () => {
  await give();
  await block();
  await staysFocused(`${node}/account/${EVERYBODYS}`, "tbody a[href^='/tx/']", () => give());
});

test("what waits is counted as it enters the pool, and no more when it is mined", async () => {
  await block();
  const it = await open(browser, `${node}/mempool`);
  const ready = it.page.locator(".facts strong").first();
  const count = async () => Number.parseInt(await ready.textContent(), 10);
  const before = await count();
  const txid = await give();
  await it.reads(".facts strong", exactly(before === 0 ? "1 transaction" : `${before + 1} transactions`));
  await it.page.locator(`main a[href='/tx/${txid}']`).waitFor();
  await block();
  await it.page.locator(`main a[href='/tx/${txid}']`).waitFor({ state: "detached" });
  assert.equal(it.loads(), 1);
  await it.close();
});

test("who is connected is shown as it comes and goes", async () => {
  const { nodes } = await network();
  const it = await open(browser, `${node}/network`);
  const rows = it.page.locator("tbody tr");
  const peers = await rows.count();
  const goneTo = (count) => it.page.waitForFunction(
    (wanted) => document.querySelectorAll("tbody tr").length === wanted, count, { timeout: PATIENCE_MS },
  );
  const other = nodes[0].peers[0];
  await order(`/v1/nodes/${other}/kill`, {});
  await goneTo(peers - 1);
  await order(`/v1/nodes/${other}/restart`, {});
  await goneTo(peers);
  assert.equal(it.loads(), 1);
  await it.close();
});

test("pages of a node that catches up say so, for as long as it does", async () => {
  const { nodes } = await network();
  const slow = nodes.length - 1;
  await order(`/v1/nodes/${slow}/kill`, {});
  await block(300);
  for (let a = 0; a < slow; a += 1) await order("/v1/links", { a, b: slow, bytes_per_second: 8000 });
  await order(`/v1/nodes/${slow}/restart`, {});
  const it = await open(browser, `${nodes[slow].at.http}/blocks`);
  await it.reads("h1 + .behind", /^This node is catching up: \d+ blocks are missing up to height [\d,]+\. What is here may be old\.$/);
  await order("/v1/heal", {});
  await it.page.locator(".behind").waitFor({ state: "detached" });
  await it.reads("tbody th", exactly(written((await ask("/v1/tip")).height)));
  assert.equal(it.loads(), 1);
  await it.close();
});

test("a button is no other under somebody's finger when its node comes up", async () => {
  await order("/v1/nodes/4/kill", {});
  const it = await open(browser, `${desk}/`);
  await it.page.getByRole("button", { name: "Restart node 4", exact: true }).focus();
  await order("/v1/nodes/4/restart", {});
  await it.page.getByRole("button", { name: "Kill node 4", exact: true }).waitFor();
  assert.equal(await it.page.evaluate(() => document.activeElement.tagName), "BODY");
  await it.close();
});

test("what a chart says is renewed, but not while somebody points at it", async () => {
  const it = await open(browser, `${node}/mining`);
  const chart = it.page.locator(".chart", { has: it.page.locator("output") }).first();
  const said = chart.locator("output");
  const last = async () => `at block ${written((await ask("/v1/tip")).height)}`;
  await block();
  await it.reads(".chart output", await last());
  const hit = chart.locator(".hit").first();
  const pointed = await hit.locator("title").textContent();
  await hit.hover();
  assert.equal(await said.textContent(), pointed);
  await block();
  await it.reads(".ends", `block ${written((await ask("/v1/tip")).height)}`);
  assert.match(await said.textContent(), /at block/);
  assert.ok(!(await said.textContent()).endsWith(await last()), "it changed under the pointer");
  await it.page.mouse.move(0, 0);
  await it.reads(".chart output", await last());
  await it.close();
});

test("a page that has no timer says that its node was killed, and goes on when it is back", async () => {
  const { nodes } = await network();
  const url = `${nodes[3].at.http}/block/1`;
  const context = await browser.newContext();
  const page = await context.newPage();
  // On a devnet all have one, for the clock.
  await page.route(url, async (route) => {
    const response = await route.fetch().catch(() => null);
    if (!response) return route.abort();
    return route.fulfill({ response, body: (await response.text()).replace(/data-every="\d+"/, 'data-every="0"') });
  });
  await page.goto(url);
  await order("/v1/nodes/3/kill", {});
  await page.locator("#line", { hasText: "does not answer" }).waitFor({ timeout: PATIENCE_MS });
  await order("/v1/nodes/3/restart", {});
  await page.locator("#line:empty").waitFor({ state: "attached", timeout: PATIENCE_MS });
  await context.close();
});

test("a node in trouble does not take the page away", async () => {
  const it = await open(browser, `${node}/`, { trouble: "the server responded with a status of" });
  const stones = await it.page.locator(".stone").count();
  for (const [status, body, said] of [
    [503, `<main id="main"><p class="lead">Too much is going on.</p></main>`, "Too much is going on."],
    [409, `<main id="main"><p class="lead">The chain went on.</p></main>`, "The chain went on."],
    [429, `{"detail":"slower"}`, "The node answers with 429."],
    [200, "<p>Log in to this network</p>", "The node answers with 200."],
  ]) {
    await it.page.route(`${node}/`, (route) => route.fulfill({ status, body, contentType: "text/html" }));
    await it.reads("#line", `${said} What is shown may be old.`);
    assert.equal(await it.page.locator(".stone").count(), stones);
    await it.page.unroute(`${node}/`);
    await it.page.locator("#line:empty").waitFor({ state: "attached" });
  }
  assert.equal(it.loads(), 1);
  await it.close();
});

test("what is not there yet is on the page as soon as it is", async () => {
  const { height } = await ask("/v1/tip");
  const it = await open(browser, `${node}/block/${height + 1}`, { trouble: "404" });
  await it.reads("h1", "Not here");
  await block();
  await it.says("h1", `Block ${written(height + 1)}`);
  await block();
  await it.reads(".lead", "2 blocks deep");
  assert.equal(it.loads(), 1);
  await it.close();
});

test("a window whose node becomes another version loads its page again, once, and not under anybody's hands", async () => {
  const url = `${node}/blocks`;
  const it = await open(browser, url);
  const next = async () => {
    const changed = renewed(it.page);
    await block();
    await changed;
    await pause(500);
    return it.loads();
  };
  await it.page.getByRole("searchbox").fill("ab");
  await asAnother(it.page, url, "explorer.css");
  assert.equal(await next(), 1, "somebody is typing");
  const loaded = it.page.waitForEvent("load");
  await it.page.getByRole("searchbox").blur();
  await loaded;
  assert.equal(await next(), 2, "two versions answer in turn, and it is not loaded each time");
  await it.reads("tbody th", exactly(written((await ask("/v1/tip")).height)));
  await it.close();
});

test("nothing counts on while the clock of the chain is held", async () => {
  const it = await open(browser, `${node}/blocks`);
  const time = it.page.locator("tbody time.ago").first();
  await order("/v1/clock/freeze", {});
  // The first may have been asked for before.
  await renewed(it.page);
  await renewed(it.page);
  const before = await time.textContent();
  await pause(2500);
  assert.equal(await time.textContent(), before);
  await order("/v1/clock/warp", { seconds: 7200 });
  await it.reads("tbody time.ago", "2 h");
  await order("/v1/clock/resume", {});
  const changed = renewed(it.page);
  await block();
  await changed;
  const after = await time.textContent();
  const goesOn = (text) => document.querySelector("tbody time.ago").textContent !== text;
  await it.page.waitForFunction(goesOn, after, { timeout: PATIENCE_MS });
  await it.close();
});

for (const [where, prepare] of [
  ["where browsers have a clipboard", async (context) => context.grantPermissions(["clipboard-read", "clipboard-write"])],
  ["over plain http too", async (context) => context.addInitScript(() => {
    Object.defineProperty(navigator, "clipboard", { value: undefined });
    document.addEventListener("copy", (event) => setTimeout(() => { window.copied = event.clipboardData.getData("text/plain"); }));
  })],
]) {
  test(`a name is copied by its button, which says so to eyes and ears, ${where}`, async () => {
    const context = await browser.newContext();
    await prepare(context);
    const page = await context.newPage();
    await page.goto(`${node}/block/1`);
    const hash = await page.locator(".whole code").first().textContent();
    await page.locator(".whole .copy").first().click();
    await page.getByRole("button", { name: "Copied", exact: true }).waitFor({ timeout: PATIENCE_MS });
    const read = () => (navigator.clipboard ? navigator.clipboard.readText() : String(getSelection()));
    assert.equal(await page.evaluate(read), hash);
    await page.getByRole("button", { name: `Copy ${hash}`, exact: true }).waitFor({ timeout: PATIENCE_MS });
    await context.close();
  });
}

test("two windows keep one stream of events each, however many blocks come", async () => {
  const windows = await Promise.all([open(browser, `${node}/`), open(browser, `${node}/`)]);
  for (let blocks = 0; blocks < 30; blocks += 1) await block();
  const { height } = await ask("/v1/tip");
  for (const it of windows) {
    await it.says(".stone strong", written(height));
    assert.deepEqual(it.sockets(), [1, 1]);
    assert.equal(it.loads(), 1);
    await it.close();
  }
});

for (const [who, url, origin] of [
  ["another site", "http://elsewhere.example/", "http://elsewhere.example"],
  ["a page that hides where it is from", "data:text/html,", "null"],
]) {
  test(`an order from ${who} is refused`, async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const form = `<form method="post" action="${desk}/orders/mine"><input name="blocks" value="1"><button>Go</button></form>`;
    await page.route("http://elsewhere.example/", (route) => route.fulfill({ contentType: "text/html", body: form }));
    await page.goto(url.startsWith("data:") ? `${url}${encodeURIComponent(form)}` : url);
    const { height } = await ask("/v1/tip");
    const answered = page.waitForResponse(`${desk}/orders/mine`);
    await page.getByRole("button").click();
    const answer = await answered;
    assert.equal((await answer.request().allHeaders()).origin, origin);
    assert.equal(answer.status(), 403);
    assert.equal((await ask("/v1/tip")).height, height);
    await context.close();
  });
}
