// What these tests begin with: a browser, a devnet that makes blocks to order alone, and what people do in pages.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

export const node = process.env.CAIRN_NODE;
export const desk = process.env.CAIRN_DESK;
export const pictures = process.env.CAIRN_PICTURES;
export const PATIENCE_MS = 20_000;

const QUIET = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

export const launch = () => chromium.launch({ executablePath: "/usr/bin/chromium", args: QUIET });

/** An order to the whole network, or a question. */
export async function order(path, body) {
  const init = body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(`${desk}${path}`, init);
  assert.ok(answer.ok, `${path}: ${await answer.clone().text()}`);
  return answer.json();
}

export const mine = (blocks, at) => order("/v1/mine", { blocks, node: at });
export const network = () => order("/v1/network");
export const ask = async (path) => (await fetch(`${node}${path}`)).json();

/** Somebody who was never paid. */
export const EVERYBODYS = "cdev1ethx5czv90r92vtrhw2x67c8wzx82ch4x3kamkgknlqmar6ltgnspawamt";

export const give = async (address = EVERYBODYS, amount = "100000000") =>
  (await order("/v1/faucet", { address, amount })).txid;

/** A number as pages write it. */
export const written = (number) => number.toLocaleString("en-US");

/** This text and nothing else. */
export const exactly = (text) => new RegExp(`^\\s*${text.replace(/[^\w\s]/g, "\\$&")}\\s*$`);

/** A page as a person sees it. It must not fail at anything but the trouble that is made, nor ask anybody but the network. */
export async function open(browser, url, { trouble, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const wrong = [];
  const isWrong = (text) => !trouble || !text.includes(trouble);
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("console", (line) => line.type() === "error" && isWrong(line.text()) && wrong.push(line.text()));
  page.on("request", (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (hostname !== "127.0.0.1" && protocol !== "data:") wrong.push(`asked ${request.url()}`);
  });
  const sizes = new Map();
  page.on("requestfinished", (request) => {
    // A page may be closed before it is known.
    const size = request.sizes().catch(() => ({ responseBodySize: 0 }));
    if (!sizes.has(request.url())) sizes.set(request.url(), size);
  });
  const sockets = [];
  page.on("websocket", (socket) => sockets.push(socket));
  let loads = 0;
  page.on("load", () => { loads += 1; });
  const answer = await page.goto(url);
  return {
    page,
    answer,
    /** Until the page says this. */
    reads: (selector, text) => page.locator(selector, { hasText: text }).first().waitFor(),
    /** Until the page says this, and nothing else. */
    says: (selector, text) => page.locator(selector, { hasText: exactly(text) }).first().waitFor(),
    /** What came over the line, each once: answers without their heads, compressed where they came so. */
    bytes: async () => (await Promise.all(sizes.values())).reduce((sum, { responseBodySize }) => sum + responseBodySize, 0),
    /** Streams of events that were ever opened, and of these those that are. */
    sockets: () => [sockets.length, sockets.filter((socket) => !socket.isClosed()).length],
    /** It was never loaded again, and nothing went wrong. */
    async close() {
      assert.deepEqual(wrong, []);
      await context.close();
    },
    loads: () => loads,
  };
}

/** Has a node that is asked for its page again serve it as another version would, which has this part elsewhere. */
export const asAnother = (page, url, part) => page.route(url, async (route) => {
  if (route.request().isNavigationRequest()) return route.continue();
  const response = await route.fetch();
  const text = await response.text();
  return route.fulfill({ response, body: text.replace(new RegExp(`/assets/\\w+/${part}`), `/assets/000000000000/${part}`) });
});

const axe = readFileSync(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

/** What axe has against a page. The context it is in must let it in. */
export async function complaints(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((found) => found.html).slice(0, 3).join(" ")}`);
}
