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

/** A page as a person sees it. It must not fail at anything, nor ask anybody but the network. */
export async function open(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("console", (line) => line.type() === "error" && wrong.push(line.text()));
  page.on("request", (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (hostname !== "127.0.0.1" && protocol !== "data:") wrong.push(`asked ${request.url()}`);
  });
  let loads = 0;
  page.on("load", () => { loads += 1; });
  const answer = await page.goto(url);
  return {
    page,
    answer,
    /** Until the page says this. */
    reads: (selector, text) => page.locator(selector, { hasText: text }).first().waitFor(),
    /** It was never loaded again, and nothing went wrong. */
    async close() {
      assert.deepEqual(wrong, []);
      await context.close();
    },
    loads: () => loads,
  };
}

const axe = readFileSync(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

/** What axe has against a page. The context it is in must let it in. */
export async function complaints(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((found) => found.html).slice(0, 3).join(" ")}`);
}
