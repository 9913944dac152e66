// What people do in the wallet's page, and what leaves it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { PATIENCE_MS, ask, give, mine, node } from "./stage.mjs";

const { wallets } = JSON.parse(readFileSync(new URL("vectors.json", import.meta.url), "utf8"));
export const [, payee] = wallets[0].accounts;

// These files may be run from a copy, beside the modules that others of them need.
const root = process.env.CAIRN_SOURCE ? pathToFileURL(`${process.env.CAIRN_SOURCE}/`) : new URL("../../", import.meta.url);

/** The page's own modules, by their text: what a file named .js is depends on the version of Node. */
export function moduleOf(name) {
  const source = readFileSync(new URL(`src/api/explorer/assets/${name}.js`, root));
  return import(`data:text/javascript;base64,${source.toString("base64")}`);
}

/** Blocks where the page looks: what others make is here a little later. */
export const block = (blocks = 1) => mine(blocks, 0);

export const accountOf = (address) => ask(`/v1/accounts/${address}`);

/** Until this holds. */
export async function until(holds) {
  const end = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    assert.ok(Date.now() < end, `it does not come to this: ${holds}`);
    await pause(50);
  }
}

/** One window: a person sees it, and whatever goes wrong in it and all that leaves it is noted. */
async function windowOf(context, url) {
  const page = await context.newPage();
  const part = (name) => page.locator(`#wallet-${name}`);
  const seen = { wrong: [], left: [], sockets: 0 };
  page.on("pageerror", (error) => seen.wrong.push(error.message));
  page.on("console", (line) => line.type() === "error" && seen.wrong.push(line.text()));
  page.on("request", (request) => seen.left.push(`${request.url()} ${request.postData() ?? ""}`));
  page.on("websocket", (socket) => {
    seen.sockets += 1;
    seen.left.push(socket.url());
    socket.on("framesent", ({ payload }) => seen.left.push(`${socket.url()} ${payload}`));
  });
  await page.goto(url);
  const reads = (name, pattern) => page.waitForFunction(
    ([id, source]) => {
      const element = document.getElementById(id);
      return element.checkVisibility() && new RegExp(source).test(element.innerText);
    },
    [`wallet-${name}`, pattern.source],
  );
  return { context, page, part, seen, reads };
}

export async function opened(browser, { prepare, url = `${node}/wallet`, ...options } = {}) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PATIENCE_MS);
  const close = context.close.bind(context);
  context.close = async () => {
    // Who closes it does not care what becomes of questions that are being answered.
    await context.unrouteAll({ behavior: "ignoreErrors" });
    return close();
  };
  await prepare?.(context);
  return windowOf(context, url);
}

/** Another window of the same browser. */
export const beside = ({ context }) => windowOf(context, `${node}/wallet`);

/** Makes a key, and gives its address. */
export async function created({ part }) {
  await part("create").click();
  await part("written").click();
  return part("address").textContent();
}

/** A key of its own with so many coins, in a page. */
export async function funded(browser, amount) {
  const it = await opened(browser);
  const address = await created(it);
  await give(address, String(amount * 100_000_000));
  await block();
  await it.reads("balance", new RegExp(`^${amount} CRN$`));
  return { ...it, address };
}

export async function fill({ part }, to, amount, more = {}) {
  await part("to").fill(to);
  if (amount === null) await part("all").check();
  else await part("amount").fill(amount);
  for (const [name, text] of Object.entries(more)) await part(name).fill(text);
  await part("send").getByRole("button", { name: "Review" }).click();
}

/** How everything begins that would give a key away, by its name: a part of it is as much as the whole. */
export async function startsOf(words) {
  const keys = await moduleOf("keys");
  const seed = await keys.seedOf(words.join(" "));
  const list = readFileSync(new URL("tests/vectors/data/wallet/bip39_english.txt", root), "utf8").trim().split("\n");
  const bits = words.map((word) => list.indexOf(word).toString(2).padStart(11, "0")).join("");
  const entropy = Uint8Array.from(bits.slice(0, 128).match(/.{8}/g), (byte) => parseInt(byte, 2));
  const starts = { words: new RegExp(words.slice(0, 3).join("[^a-z]{1,5}"), "i") };
  for (const [name, bytes] of Object.entries({ seed, entropy, key: await keys.accountSecret(seed, 0) })) {
    const [hex, base64] = ["hex", "base64"].map((how) => Buffer.from(bytes.slice(0, 9)).toString(how));
    const url = base64.replaceAll("+", "-").replaceAll("/", "_");
    const listed = [...bytes.slice(0, 5)].join("[, ]+");
    const literal = [base64, url].map((text) => text.replace(/[^\w]/g, "\\$&"));
    starts[name] = new RegExp([hex, hex.toUpperCase(), ...literal, listed].join("|"));
  }
  return starts;
}
