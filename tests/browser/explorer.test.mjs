// The explorer, as people go through it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  EVERYBODYS, ask, complaints, desk, exactly, give, launch, mine, network, node, open, order, pictures, written,
} from "./stage.mjs";

/** A page that is told where none is. */
const MISSING = "/block/99999999";
/** What the first page of a visit may bring over the line, with its style and its scripts. */
const PAGE_BYTES_MAX = 100_000;
/** Keys that may be pressed until the last link of the graph is reached. */
const TABS_MAX = 60;
let browser;
before(async () => {
  browser = await launch();
  await mine(3);
});
after(() => browser.close());

/** The last reorganizations, of which there is one. */
async function reorganizations() {
  const before = await ask("/v1/reorganizations");
  if (before.length > 0) return before;
  await order("/v1/reorganize", { depth: 1, node: 0 });
  return ask("/v1/reorganizations");
}

/** Opens one of them; of what is not there a browser says so too. */
const look = (name, url, options) => open(browser, url, { ...options, trouble: name === "missing" ? "404" : undefined });

/** All pages, by name; those of a block, a payment and an account are of some that are there. */
async function pages() {
  const txid = await give();
  await mine(1, 0);
  const [change] = await reorganizations();
  const all = {
    home: "/", blocks: "/blocks", block: "/block/1", transaction: `/tx/${txid}`, account: `/account/${EVERYBODYS}`,
    mempool: "/mempool", mining: "/mining", network: "/network", forks: "/forks", search: "/search?q=abcdef", wallet: "/wallet",
    story: `/forks/${change.step}`, missing: MISSING,
  };
  const here = Object.entries(all).map(([name, path]) => [name, `${node}${path}`]);
  return [...here, ["devnet", `${desk}/`], ["link", `${desk}/?link=0-1`]];
}

test("a block that is found lies on the cairn without a reload", async () => {
  const it = await open(browser, `${node}/`);
  const { height } = await ask("/v1/tip");
  await it.says(".stone strong", written(height));
  await it.page.evaluate(() => {
    window.arrived = [];
    const note = ({ target }) => {
      if (target.matches(".stone.arrived")) window.arrived.push(target.querySelector("strong").textContent);
    };
    new MutationObserver((changes) => changes.forEach(note))
      .observe(document.querySelector(".cairn"), { subtree: true, attributeFilter: ["class"] });
  });
  await mine(1);
  await it.says(".stone strong", written(height + 1));
  await it.page.locator(".arrived").waitFor({ state: "detached" });
  assert.deepEqual([...new Set(await it.page.evaluate("arrived"))], [written(height + 1)]);
  assert.equal(it.loads(), 1);
  await it.close();
});

test("a search leads to a block by its height, to a payment by its first digits, and says what was not found", async () => {
  const txid = await give();
  const it = await open(browser, `${node}/`);
  const search = async (text) => {
    await it.page.getByRole("searchbox").fill(text);
    await it.page.getByRole("searchbox").press("Enter");
  };
  await search("1");
  await it.page.waitForURL(/\/block\//);
  await it.reads("h1", "Block 1");
  await search(txid.slice(0, 12));
  await it.page.waitForURL(`${node}/tx/${txid}`);
  await search("nobody is called so");
  await it.reads(".lead", "Nothing here is called");
  await mine(1);
  await it.close();
});

test("a payment is followed from pending to confirmed, and each block makes it deeper", async () => {
  const it = await open(browser, `${node}/tx/${await give()}`);
  await it.reads("#standing", "pending");
  await mine(1);
  await it.reads("#standing", "confirmed");
  await mine(1);
  await it.reads("#standing", "2 blocks deep");
  assert.equal(it.loads(), 1);
  await it.close();
});

test("a fork appears while the network is parted, and what became of it is told when it is whole again", async () => {
  const forks = await open(browser, `${node}/forks`);
  const sides = forks.page.locator(".knot.side");
  const before = await sides.count();
  const it = await open(browser, `${desk}/`);
  await it.page.getByLabel("Groups").fill("0,1 | 2,3,4");
  await it.page.getByRole("button", { name: "Partition" }).click();
  await it.reads("#said", "The network is parted");
  await mine(1, 0);
  await mine(2, 2);
  await it.reads(".state", "behind");
  await it.page.getByRole("button", { name: "Heal all links" }).click();
  await it.reads("#said", "All links are as they should be");
  await it.page.locator(".state", { hasText: "behind" }).first().waitFor({ state: "detached" });
  // Whoever watched saw it come.
  await forks.reads(".state", "complete, with less work");
  assert.ok(await sides.count() > before, "the branch that was left is drawn");
  await forks.page.locator(".stories a").first().click();
  await forks.reads(".lead", "1 block had been followed");
  await forks.close();
  await it.close();
});

test("a link is cut by a click on the graph, and healed", async () => {
  const it = await open(browser, `${desk}/`);
  await it.page.locator("[data-key=link-0-1]").click({ force: true });
  await it.page.getByRole("button", { name: "Cut", exact: true }).click();
  await it.page.locator("[data-key=link-0-1] .wire.cut").waitFor();
  assert.deepEqual((await network()).links.map(({ a, b, cut }) => [a, b, cut]), [[0, 1, true]]);
  await it.page.getByRole("button", { name: "Heal", exact: true }).click();
  await it.page.locator("[data-key=link-0-1] .wire.cut").waitFor({ state: "detached" });
  assert.deepEqual((await network()).links, []);
  await it.close();
});

test("the faucet gives coins to whoever asks on its page, and says what is wrong with an address", async () => {
  const it = await open(browser, `${desk}/`);
  const ask = async (address) => {
    await it.page.getByLabel(/^Address/).fill(address);
    await it.page.getByRole("button", { name: "Get coins" }).click();
  };
  await ask(EVERYBODYS);
  await it.reads("#faucet-said", "are on their way");
  const mistyped = EVERYBODYS.replace("ethx", "ethy");
  await ask(mistyped);
  await it.page.locator("#faucet-said .bad").waitFor();
  assert.equal(await it.page.getByLabel(/^Address/).inputValue(), mistyped);
  await mine(1);
  await it.close();
});

test("the clock, the blocks and the nodes do as they are told on the page", async () => {
  const it = await open(browser, `${desk}/`);
  const button = (name) => it.page.getByRole("button", { name, exact: true });
  const { clock: { time }, nodes } = await network();
  await button("+1 d").click();
  await it.reads("#said", "86400 seconds later");
  assert.ok((await network()).clock.time >= time + 86_400);
  await button("Freeze").click();
  await it.reads("#clock", "frozen");
  await button("Resume").click();
  await it.reads("#said", "goes on");
  await it.page.getByLabel("How many").fill("4");
  await it.page.locator("form", { has: it.page.getByLabel("How many") }).getByRole("button").click();
  await it.reads("#said", "Mined 4 blocks");
  assert.equal((await network()).nodes[0].height, nodes[0].height + 4);
  const row = it.page.locator("tr[data-key='4']");
  await row.getByRole("button", { name: "Kill" }).click();
  await row.locator(".state", { hasText: "down" }).waitFor();
  await row.getByRole("button", { name: "Restart" }).click();
  await row.locator(".state", { hasText: "up" }).waitFor();
  await it.close();
});

test("a page says that its node is gone, and goes on by itself when it is back", async () => {
  const { nodes } = await network();
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${nodes[3].at.http}/`);
  await order("/v1/nodes/3/kill", {});
  await page.locator("#line", { hasText: "does not answer" }).waitFor();
  await order("/v1/nodes/3/restart", {});
  await page.locator("#line:empty").waitFor({ state: "attached" });
  const { height } = await ask("/v1/tip");
  await mine(1);
  await page.locator(".stone strong", { hasText: exactly(written(height + 1)) }).waitFor();
  await context.close();
});

test("what strangers write stays text", async () => {
  const wild = `<img src=x onerror="document.title='taken'"><b>bold</b> \u202Etxet`;
  const folder = mkdtempSync(join(tmpdir(), "cairn-browser-"));
  const wallet = (...words) => execFileSync(process.env.CAIRN, ["wallet", ...words], {
    env: { ...process.env, CAIRN_WALLET: join(folder, "wallet"), HOME: folder, CAIRN_NODE: node, CAIRN_URL: node },
    input: "test test test test test test test test test test test junk",
    encoding: "utf8",
  });
  const file = ["--wallet", join(folder, "keys")];
  wallet("restore", "--open", "--mnemonic-file", "-", "--node", node, ...file);
  const sent = JSON.parse(wallet("send", EVERYBODYS, "1", "--note", wild, "--reference", "<i>42</i>", "--yes", "--wait", "0", "--json", "--node", node, ...file));
  rmSync(folder, { recursive: true });
  const it = await open(browser, `${node}/tx/${sent.txid}`);
  await it.reads("q", wild);
  await it.reads("q", "<i>42</i>");
  assert.equal(await it.page.locator("main img, main b, main i").count(), 0);
  assert.notEqual(await it.page.title(), "taken");
  await mine(1);
  await it.reads("#standing", "confirmed");
  await it.close();
});

test("numbers that are too large are said to be so", async () => {
  const huge = "9".repeat(60);
  for (const [path, what] of [
    [`/block/${huge}`, /expected a height, a hash in 64 hexadecimal digits, or `tip`/],
    [`/search?q=${huge}`, /Nothing here is called/],
    [`/forks/${huge}`, /expected a number of a reorganization/],
  ]) {
    const it = await open(browser, `${node}${path}`, { trouble: "400" });
    assert.match(await it.page.locator("main").innerText(), what);
    assert.ok(await it.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${path} fits`);
    await it.close();
  }
  const it = await open(browser, `${desk}/?address=${EVERYBODYS}`);
  await it.page.getByLabel(/^Amount/).fill(huge);
  await it.page.getByRole("button", { name: "Get coins" }).click();
  await it.page.locator("#faucet-said .bad").waitFor();
  await it.close();
});

test("pages say what they say without scripts, and their forms work", async () => {
  const still = { javaScriptEnabled: false };
  for (const [name, url] of await pages()) {
    const it = await look(name, url, still);
    assert.ok((await it.page.locator("main").innerText()).length > 80, `${name} is empty without scripts`);
    assert.equal(await it.page.locator(".copy:visible").count(), 0, `${name} has buttons that do nothing`);
    await it.close();
  }
  const it = await open(browser, `${desk}/`, still);
  const { height } = await ask("/v1/tip");
  await it.page.locator("form", { has: it.page.getByLabel("How many") }).getByRole("button").click();
  await it.reads("#said", "Mined 10 blocks");
  assert.equal((await ask("/v1/tip")).height, height + 10);
  await it.page.locator("[data-key=link-1-2]").click({ force: true });
  await it.page.getByRole("button", { name: "200 ms late" }).click();
  await it.reads("#link h2", "200 ms");
  await it.page.getByRole("button", { name: "Heal", exact: true }).click();
  await it.close();
});

test("a table that goes on beyond the window shows it, until its end is seen", async () => {
  const it = await open(browser, `${node}/network`, { viewport: { width: 390, height: 844 } });
  const table = it.page.locator(".wide").last();
  await table.scrollIntoViewIfNeeded();
  const { x, y, width } = await table.boundingBox();
  // Above the words of the heading there is nothing but what shows it.
  const edge = () => it.page.screenshot({ clip: { x: x + width - 8, y: y + 1, width: 6, height: 3 } });
  const more = await edge();
  await table.evaluate((element) => { element.scrollLeft = element.scrollWidth; });
  assert.notDeepEqual(await edge(), more);
  const wide = await open(browser, `${node}/blocks`);
  const all = await wide.page.locator(".wide").first().boundingBox();
  const blank = await wide.page.screenshot({ clip: { x: all.x + all.width - 8, y: all.y + 1, width: 6, height: 3 } });
  assert.deepEqual(await edge(), blank, "nothing goes on here");
  await wide.close();
  await it.close();
});

test("all there is can be reached and used by keyboard", async () => {
  const it = await open(browser, `${node}/`);
  await it.page.keyboard.press("Tab");
  await it.page.keyboard.press("Enter");
  assert.equal(await it.page.evaluate(() => document.activeElement.id), "main");
  await it.page.goto(`${desk}/`);
  const focused = () => it.page.evaluate(() => document.activeElement.dataset.key);
  let tabs = 0;
  while ((await focused()) !== "link-2-3") {
    assert.ok(tabs < TABS_MAX, "the link is not reached");
    await it.page.keyboard.press("Tab");
    tabs += 1;
  }
  await it.page.keyboard.press("Enter");
  await it.page.waitForURL(/link=2-3/);
  await it.reads("h2", "Link 2 – 3");
  await it.close();
});

for (const [mode, width, height] of [["light", 1280, 900], ["dark", 1280, 900], ["light", 390, 844]]) {
  test(`every page is small, fits, and axe has nothing to say: ${mode}, ${width} wide`, async (told) => {
    // What looks at pages is no part of them, and would not be let in.
    const options = { viewport: { width, height }, colorScheme: mode, bypassCSP: true };
    for (const [name, url] of await pages()) {
      const it = await look(name, url, options);
      await it.page.waitForLoadState("networkidle");
      const bytes = await it.bytes();
      assert.ok(bytes < PAGE_BYTES_MAX, `${name} brings ${bytes} bytes`);
      const over = await it.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(over <= 0, `${name} is ${over} wider than the window`);
      assert.deepEqual(await complaints(it.page), [], name);
      const paint = await it.page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
      told.diagnostic(`${name}: ${bytes} bytes, painted after ${Math.round(paint)} ms`);
      await it.page.screenshot({ path: join(pictures, `${name}-${mode}-${width}.png`), fullPage: true });
      await it.close();
    }
  });
}
