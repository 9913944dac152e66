// Writes vectors.json, which keys.js is held against: node tests/browser/vectors.mjs target/debug/cairn > tests/browser/vectors.json
//
// Everything in it is said by the program itself: by `cairn wallet` what follows from words and keys, and which bytes it signs
// and sends; by the API how transactions are encoded that no wallet would make, at the edges where numbers take more bytes.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const program = process.argv[2];
const folder = mkdtempSync(join(tmpdir(), "cairn-vectors-"));

const WALLETS = [
  { words: "test test test test test test test test test test test junk", passphrase: "" },
  { words: "legal winner thank year wave sausage worth useful legal winner thank yellow", passphrase: "café ﬁ" },
  {
    words:
      "void come effort suffer camp survey warrior heavy shoot primary clutch crush open amazing screen patrol group space point " +
      "ten exist slush involve unfold",
    passphrase: "",
  },
];
const SECRETS = ["9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "00".repeat(32), "ff".repeat(32)];
const EDGES = [1n, 250n, 251n, 65535n, 65536n, 4294967295n, 4294967296n, 18446744073709551615n];

/** A devnet of one node that makes no blocks; resolves to where its node is asked. */
function devnet() {
  const options = ["devnet", "--ephemeral", "--port", "0", "--nodes", "1", "--mining", "manual"];
  const child = spawn(program, options, { stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve, reject) => {
    let said = "";
    child.on("exit", () => reject(new Error(`the devnet ended: ${said}`)));
    child.stdout.on("data", (text) => {
      said += text;
      const found = /^0 +(http:\S+)/m.exec(said);
      if (found && said.includes("ready after")) resolve({ child, node: found[1] });
    });
  });
}

/** What a wallet command answers. */
function wallet(node, name, ...words) {
  const options = ["wallet", "--json", "--node", node, "--wallet", join(folder, `${name}.json`), ...words];
  return JSON.parse(execFileSync(program, options, { encoding: "utf8" }));
}

/** A file with one line of text. */
function file(name, text) {
  const path = join(folder, name);
  writeFileSync(path, `${text}\n`);
  return path;
}

function restored(node, { words, passphrase }, at) {
  const options = ["--open", "--accounts", "3", "--mnemonic-file", file(`words-${at}`, words)];
  if (passphrase) options.push("--passphrase-file", file(`passphrase-${at}`, passphrase));
  const { accounts } = wallet(node, `w${at}`, "restore", ...options);
  const shown = accounts.slice(0, 3).map(({ name, number, address, policy }) => {
    const { key } = wallet(node, `w${at}`, "export", name, "--yes");
    return { number, secret: key, publicKey: policy.key, address };
  });
  return { words, passphrase, accounts: shown };
}

function imported(node, secret, at) {
  wallet(node, "w0", "import", `imported-${at}`, "--key-file", file(`key-${at}`, secret));
  const { key, address } = wallet(node, "w0", "key", `imported-${at}`);
  return { secret, publicKey: key, address };
}

/** What the wallet of the first words sent, down to its bytes. */
async function sent(node, said) {
  const bytes = await (await fetch(`${node}/v1/transactions/${said.txid}/raw`)).arrayBuffer();
  const { transaction } = await (await fetch(`${node}/v1/transactions/${said.txid}`)).json();
  const { nonce, fee, actions } = transaction;
  return { nonce, fee, actions, txid: said.txid, raw: Buffer.from(bytes).toString("hex") };
}

/** What a node makes of a transaction that nobody signed. */
async function prepared(node, order) {
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(order) };
  const { body, signing_message, txid } = await (await fetch(`${node}/v1/transactions/prepare`, init)).json();
  return { publicKey: order.policy.key, nonce: order.nonce, fee: order.fee, actions: order.actions, body, signing_message, txid };
}

async function vectors(node) {
  const { chain, prefix } = await (await fetch(`${node}/v1/network`)).json();
  const wallets = WALLETS.map((one, at) => restored(node, one, at));
  const keys = SECRETS.map((one, at) => imported(node, one, at));
  const [payer, payee] = wallets[0].accounts;
  const paid = (...words) => sent(node, wallet(node, "w0", ...words, "--yes", "--wait", "0"));
  const signed = [
    await paid("send", payee.address, "12.5", "--reference", "INVOICE-42", "--fee", "0.0001"),
    await paid("send", keys[0].address, "0.00000001", "--reference", "hex:00ff"),
    await paid("send", payee.address, "9000", "--reference", "ü".repeat(16), "--fee", "0.5"),
    await paid("sweep", payee.address, "--fee", "0.001"),
  ];
  const policy = { kind: "key", key: payer.publicKey };
  const pay = (amount) => ({ kind: "pay", to: payee.address, amount: String(amount), reference: "" });
  const all = { kind: "pay_all", to: payee.address, reference: "494e564f4943452d3432" };
  const orders = EDGES.map((edge) => ({ policy, nonce: 0, fee: "0", actions: [pay(edge)] }));
  orders.push({ policy, nonce: 300, fee: "18446744073709551615", actions: [pay(7), all] });
  orders.push({ policy, nonce: 70000, fee: "65536", actions: [all] });
  const unsigned = [];
  for (const order of orders) unsigned.push(await prepared(node, order));
  return { chain, prefix, wallets, keys, signed, unsigned };
}

const { child, node } = await devnet();
try {
  console.log(JSON.stringify(await vectors(node), null, 1));
} finally {
  child.removeAllListeners("exit");
  child.kill("SIGINT");
  rmSync(folder, { recursive: true });
}
