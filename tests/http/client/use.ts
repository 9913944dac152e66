// What somebody does first with a client that was made of the document. It compiles only where the types say what is used
// here, and ends well only where the node answers so.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./cairn.js";

const [baseUrl, miner] = process.argv.slice(2);
const node = createClient<paths>({ baseUrl });

const status = await node.GET("/v1/status");
assert.ok(status.data);
const prefix: string = status.data.network.prefix;
assert.ok(miner.startsWith(prefix));

const account = await node.GET("/v1/accounts/{address}", { params: { path: { address: miner } } });
assert.ok(account.data);
const pebbles: bigint = BigInt(account.data.balance);
assert.ok(pebbles > 0n);

const wrong = await node.GET("/v1/accounts/{address}", { params: { path: { address: miner.slice(0, -1) + "x" } } });
const problem: components["schemas"]["Problem"] | undefined = wrong.error;
assert.equal(problem?.code, "bad_address");

const blocks = await node.GET("/v1/blocks", { params: { query: { limit: 2 } } });
assert.ok(blocks.data);
for (const block of blocks.data.blocks) {
  const hash: string = block.hash;
  assert.match(hash, /^[0-9a-f]{64}$/);
}

const refused = await node.POST("/v1/transactions", { body: { raw: "00" } });
assert.equal(refused.error?.code, "not_decodable");
console.log("a client made of the document works");
