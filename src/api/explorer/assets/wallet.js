// The wallet's page: what a person sees and does. What a key is and what is signed, `keys.js` knows.
//
// A secret is in this module alone, and in the browser's store where a person has it kept. What others wrote is put in as text.
// A payment is signed once: whatever happens then, the same bytes are sent again, which a chain takes once.

const app = document.getElementById("wallet");
const at = (name) => document.getElementById(`wallet-${name}`);

const STORE = "cairn-wallet";
const PARTS = ["account", "send", "payments", "key"];
const SETTLED_DEPTH = 30; // where a payment is watched no longer
const ANSWER_MS = 30_000; // for which a node is waited for
const QUIET_MS = 15_000; // without word of a change, after which this page looks by itself

let keys, list;
let secret = null; // words, passphrase and account, or a key
let own = null; // the account that is open: its key, its address as bytes and as text
let draft = null; // what is on the screen to be signed
let payments = []; // what was signed here, newest first
let rate = 0;
let looked = 0;
let [isUnwritten, isFeeTyped, isBusy] = [false, false, false];

// What a node says is wrong.
class Problem extends Error {
  constructor(status, said) {
    super(said?.detail ? `${said.detail}. ${said.advice ?? ""}` : `the node answers with ${status}`);
    this.status = status;
    this.code = said?.code;
  }
}

async function ask(path, sent) {
  const init = { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) };
  const headers = { "content-type": "application/json" };
  if (sent) Object.assign(init, { method: "POST", headers, body: JSON.stringify(sent) });
  let answer, said;
  try {
    answer = await fetch(path, init);
    said = await answer.json();
  } catch {
    throw new keys.Refused("the node does not answer");
  }
  if (!answer.ok) throw new Problem(answer.status, said);
  return said;
}

// The rules of the chain, where it is the one that this page is about.
async function network() {
  const said = await ask("/v1/network");
  const isIt = said.chain === app.dataset.chain && said.prefix === app.dataset.prefix;
  keys.ensure(isIt, "the node follows another chain than when this page came from it: load the page again");
  return said;
}

async function account(address) {
  const said = await ask(`/v1/accounts/${address}`);
  keys.ensure(said.address === address, "the node answered about another account");
  return said;
}

function whole(number) {
  keys.ensure(Number.isSafeInteger(number) && number >= 0, `the node says ${number} where a number is expected`);
  return number;
}

function pebbles(text) {
  keys.ensure(/^\d{1,20}$/.test(text), `the node says ${text} where an amount is expected`);
  return BigInt(text);
}

const isAbout = (said, payment) => keys.ensure(said.txid === payment.txid, "the node answered about another payment");

// Pebbles for a thousand bytes, for the next block.
const rateOf = (fees) => Math.max(whole(fees.next_block), whole(fees.floor));

const words = ({ message }) => `${message.charAt(0).toUpperCase()}${message.slice(1).trim().replace(/\.?$/, ".")}`;

function make(name, how, ...inside) {
  const element = document.createElement(name);
  for (const [attribute, value] of Object.entries(how)) element.setAttribute(attribute, value);
  element.append(...inside);
  return element;
}

// Puts a text where another may be; where it is the same, nobody is told it again.
function put(name, text) {
  const node = at(name);
  if (node.textContent !== text) node.textContent = text;
  if ("shown" in node.dataset) node.hidden = text === "";
}

// Puts elements where others may be; where they are the same, whoever stands on one of them stays there.
function replace(name, elements) {
  const node = at(name);
  const fresh = node.cloneNode();
  fresh.append(...elements);
  if (!node.isEqualNode(fresh)) node.replaceChildren(...elements);
}

// A way to another page, in a window of its own: this one would forget the key.
const link = (path, ...inside) => make("a", { href: path, target: "_blank", rel: "noopener" }, ...inside);

const short = (name) => make("code", { title: name }, `${name.slice(0, 8)}…${name.slice(-6)}`);
const whom = (address) => link(`/account/${address}`, short(address));
const reference = (hex) => (hex ? ` for ${keys.quoted(keys.bytesOf(hex))}` : "");

function show(...parts) {
  for (const part of ["begin", "words", ...PARTS]) at(part).hidden = !parts.includes(part);
}

// Once only at a time; whoever asks meanwhile has it done once more.
function oneAtATime(how) {
  let running = null;
  let again = null;
  return function run() {
    if (!running) running = how().finally(() => { running = null; });
    else again ??= running.then(() => { again = null; return run(); });
    return again ?? running;
  };
}

// Does something that takes a while, and nothing else meanwhile. What goes wrong is said beside it.
async function busy(error, how) {
  if (isBusy) return;
  isBusy = true;
  put(error, "");
  app.setAttribute("aria-busy", "true");
  try {
    await how();
  } catch (wrong) {
    put(error, words(wrong));
  } finally {
    isBusy = false;
    app.removeAttribute("aria-busy");
  }
}

// A key.

async function open(given) {
  const bytes = given.key
    ? keys.readSecret(given.key)
    : await keys.accountSecret(await keys.seedOf(given.words, given.passphrase), given.account);
  const key = await keys.keyOf(bytes);
  bytes.fill(0);
  const address = await keys.addressOf(key.publicKey);
  const text = keys.addressText(address, app.dataset.prefix);
  secret = given;
  own = { ...key, address, text };
  keep();
  showAccount();
}

function showAccount() {
  const { text } = own;
  put("address", text);
  at("copy").dataset.copy = text;
  at("qr").src = `/qr/${text}.svg`;
  const { desk } = document.body.dataset;
  at("coins").hidden = !desk;
  if (desk) at("coins-link").href = `${desk}?address=${text}#faucet`;
  at("public").hidden = secret.words !== keys.PUBLIC_WORDS;
  at("number-line").hidden = !secret.words;
  at("number").value = secret.account ?? 0;
  at("secret").open = false;
  put("balance", "…");
  for (const name of ["sent", "history"]) replace(name, []);
  showPayments();
  refresh();
}

// Shows these parts and no others, and takes a person there.
function arrive(first, ...parts) {
  show(...parts);
  at(`${first}-title`).focus();
}

const create = () => busy("begin-error", async () => {
  await open({ words: await keys.newWords(list), passphrase: "", account: 0 });
  isUnwritten = true;
  replace("words-list", secret.words.split(" ").map((word) => make("li", {}, word)));
  arrive("words", "words");
});

const restore = (event) => {
  event.preventDefault();
  return busy("restore-error", async () => {
    const typed = at("typed").value;
    const passphrase = at("passphrase").value;
    const isKey = /^\s*[0-9a-f]{64}\s*$/i.test(typed);
    keys.ensure(!isKey || !passphrase, "a key has no passphrase: words have one");
    await open(isKey ? { key: typed.trim() } : { words: await keys.readWords(typed, list), passphrase, account: 0 });
    event.target.reset();
    arrive("account", ...PARTS);
  });
};

function written() {
  isUnwritten = false;
  replace("words-list", []);
  arrive("account", ...PARTS);
}

const otherAccount = () => busy("key-error", () => open({ ...secret, account: at("number").valueAsNumber }))
  .finally(() => { at("number").value = secret.account; });

function forget() {
  at("sure").close();
  if (at("keep").checked) keepNothing();
  [secret, own, payments, draft] = [null, null, [], null];
  put("secret-text", "");
  arrive("begin", "begin");
}

function keepNothing() {
  at("keep").checked = false;
  localStorage.removeItem(STORE);
}

function beginToKeep() {
  if (!at("keep").checked) return keepNothing();
  return busy("key-error", async () => {
    at("keep").checked = false;
    // What is kept is open where this page is opened, so this is another.
    keys.ensure(!localStorage.getItem(STORE), "this browser keeps another key already, as another window was told to");
    localStorage.setItem(STORE, "{}");
    at("keep").checked = true;
    keep();
  });
}

// Keeps the key and what was signed, where that is wanted.
function keep() {
  if (!at("keep").checked) return;
  // Another window was told to forget it.
  if (!localStorage.getItem(STORE)) at("keep").checked = false;
  else localStorage.setItem(STORE, JSON.stringify({ secret, payments: payments.filter(isWatched) }, asText));
}

const asText = (_, value) => (typeof value === "bigint" ? String(value) : value);

// A payment that was kept. Where the page was closed while it sent it, nobody knows what came of it.
function woken(payment) {
  const woken = { ...payment, paid: BigInt(payment.paid) };
  return payment.state === "sending" ? { ...woken, state: "doubt", why: "it was cut off" } : woken;
}

async function openKept() {
  try {
    const kept = JSON.parse(localStorage.getItem(STORE));
    if (!kept) return false;
    at("keep").checked = true;
    payments = kept.payments.map(woken);
    await open(kept.secret);
    return true;
  } catch {
    at("keep").checked = false;
    payments = [];
    put("begin-error", "What this browser kept for this page cannot be read.");
    return false;
  }
}

// What the account has.

const refresh = oneAtATime(async () => {
  if (!own) return;
  looked = Date.now();
  const { text } = own;
  try {
    const path = `/v1/accounts/${text}`;
    // While indexes are made there is no history, and all else there is.
    const happened = ask(`${path}/history?limit=10`).catch((error) => ({ entries: [], error }));
    const follows = Promise.all(payments.filter(isWatched).map(follow));
    const asked = [account(text), ask(`${path}/pending`), ask("/v1/fees"), happened, follows];
    const [has, pending, fees, history] = await Promise.all(asked);
    if (own?.text !== text) return;
    showBalance(has);
    const rows = [...[...pending.incoming, ...pending.transactions].map(pendingRow), ...history.entries.map(historyRow)];
    replace("history", rows);
    at("nothing").hidden = rows.length > 0;
    rate = rateOf(fees);
    suggestFee();
    showPayments();
    keep();
    put("line", history.error ? words(history.error) : "");
  } catch (error) {
    put("line", `${words(error)} What is shown may be old.`);
  }
});

function showBalance(has) {
  for (const name of ["balance", "spendable", "incoming", "outgoing", "immature"]) {
    const amount = pebbles(has[name]);
    put(name, keys.coins(amount));
    at(name).parentElement.hidden = amount === 0n && name !== "balance" && name !== "spendable";
  }
}

function row(state, what, other, change, references) {
  const texts = [...new Set(references)].map(reference).join("");
  const className = change.startsWith("+") ? "number in" : "number out";
  return make("tr", {}, make("td", {}, ...state), make("td", {}, what, texts), make("td", {}, ...other),
    make("td", { class: className }, change));
}

const signed = (amount) => `${amount < 0n ? "−" : "+"}${keys.coins(amount < 0n ? -amount : amount)}`;

function historyRow(entry) {
  const [height, depth] = [whole(entry.height), whole(entry.depth)];
  const name = { in: "received", out: "sent", itself: "to itself", reward: "mined" }[entry.moved] ?? "something";
  const what = entry.txid ? link(`/tx/${entry.txid}`, name) : link(`/block/${height}`, name);
  const others = entry.others.flatMap((other) => [whom(other), " "]);
  if (entry.others_count > entry.others.length) others.push("…");
  const change = signed(pebbles(entry.received) - pebbles(entry.sent));
  const where = [link(`/block/${height}`, `block ${height}`), ` × ${depth}`];
  return row(where, what, others, change, entry.references);
}

function pendingRow({ txid, from, fee, actions }) {
  const isOut = from === own.text;
  const pays = actions.filter((action) => action.kind !== "note" && (isOut || action.to === own.text));
  const sum = pays.reduce((sum, { amount }) => sum + pebbles(amount ?? "0"), 0n);
  const isAll = pays.some((action) => action.kind === "pay_all");
  const change = isAll ? `${isOut ? "−" : "+"} all that is left` : signed(isOut ? -sum - pebbles(fee) : sum);
  const others = isOut ? pays.slice(0, 3).flatMap(({ to }) => [whom(to), " "]) : [whom(from)];
  const what = link(`/tx/${txid}`, isOut ? "sent" : "received");
  return row(["waits for a block"], what, others, change, pays.map((action) => action.reference));
}

// A payment, until it is signed.

// Reads a field; what is wrong with it is said beside it.
function field(name, read) {
  const input = at(name);
  let [value, wrong] = [undefined, ""];
  try { value = read(input.value); } catch (error) { wrong = words(error); }
  put(`${name}-error`, wrong);
  input.setAttribute("aria-invalid", wrong !== "");
  return value;
}

const readTo = (text) => keys.readAddress(text, app.dataset.prefix);

// Fills in what a payment link asks for.
function takeLink() {
  field("to", (text) => {
    const asked = keys.readLink(text);
    if (!asked) return text.trim() && readTo(text);
    at("to").value = asked.address;
    if (asked.amount) [at("amount").value, at("all").checked] = [asked.amount, false];
    if (asked.reference) at("reference").value = asked.reference;
    changed();
    return readTo(asked.address);
  });
}

function changed() {
  at("amount").disabled = at("all").checked;
  suggestFee();
}

// What the node says it takes, for as long as nobody says otherwise.
function suggestFee() {
  if (isFeeTyped || !own) return;
  const orElse = (name, read, none) => {
    try { return read(at(name).value); } catch { return none; }
  };
  const amount = at("all").checked ? null : orElse("amount", keys.readAmount, 0n);
  const action = { to: own.address, amount, reference: orElse("reference", keys.readReference, []) };
  const body = { chain: app.dataset.chain, publicKey: own.publicKey, nonce: 0, actions: [action] };
  at("fee").value = keys.amountText(keys.feeAt(rate, body));
}

const review = (event) => {
  event.preventDefault();
  return busy("send-error", async () => {
    takeLink();
    suggestFee();
    const order = {
      to: field("to", readTo),
      amount: at("all").checked ? null : field("amount", keys.readAmount),
      reference: field("reference", keys.readReference),
      fee: field("fee", keys.readAmount),
    };
    const wrong = at("send-form").querySelector("[aria-invalid=true]");
    if (wrong) return wrong.focus();
    draft = await prepare(order);
    showReview(draft);
  });
};

// All that there is to know about a payment before it is signed.
async function prepare({ to, amount, reference, fee: typedFee }) {
  const { publicKey, sign, text: from } = own;
  const toText = keys.addressText(to, app.dataset.prefix);
  const [rules, mine, theirs, fees] = await Promise.all([network(), account(from), account(toText), ask("/v1/fees")]);
  const isOwn = toText === from;
  const isNew = !isOwn && pebbles(theirs.balance) === 0n && whole(theirs.nonce) === 0;
  const nonce = whole(mine.next_nonce);
  const terms = { chain: rules.chain, publicKey, nonce, actions: [{ to, amount, reference }] };
  const fee = isFeeTyped ? typedFee : keys.feeAt(rateOf(fees), terms);
  const body = keys.encodeBody({ ...terms, fee });
  const charge = isNew ? pebbles(rules.account_charge) : 0n;
  const spendable = pebbles(mine.spendable);
  const settled = keys.settle({ spendable, amount, fee, charge, isOwn });
  const bytes = body.length + keys.WITNESS_BYTES;
  const judged = keys.feeVerdict({ fee, bytes, sent: settled.paid, floor: whole(fees.floor), isOfNode: !isFeeTyped });
  keys.ensure(judged.verdict !== "low", `nodes do not take this in: they ask for a fee of ${keys.coins(judged.least)}`);
  const facts = { to: toText, isAll: amount === null, hex: keys.hexOf(reference), fee, charge, isOwn, isNew, spendable };
  return { sign, body, from, nonce, ...facts, ...settled, ...judged };
}

// What a person may not have meant.
function doubts(order) {
  const { from, to, paid, hex, nonce, cost, spendable, isAll, isOwn, isNew } = order;
  const found = [];
  if (isOwn) found.push("This pays the account that it comes from.");
  if (isNew) found.push("Nobody ever paid this address. Make sure that it is the right one.");
  if (!isAll && cost * 100n > spendable * 95n) found.push("This pays nearly everything. To pay all of it, say so.");
  const open = payments.filter((payment) => payment.from === from && isOpen(payment));
  if (open.some((one) => one.to === to && one.hex === hex && one.paid === paid)) {
    found.push("Just this payment was sent before, and waits for a block or is in doubt.");
  }
  const instead = open.find((payment) => payment.nonce >= nonce);
  if (instead) found.push(`This takes the place of ${keys.coins(instead.paid)} to ${instead.to}, unknown to the node.`);
  return found;
}

function showReview(order) {
  const { to, paid, isAll, hex, fee, charge, left, isOwn, verdict, least } = order;
  const facts = [["To", make("code", {}, to)], ["Amount", keys.coins(paid)]];
  if (isAll) facts[1][1] += ", and whatever else is there when it is mined";
  if (isOwn) facts[0][1].append(" (your own)");
  if (hex) facts.push(["For", keys.quoted(keys.bytesOf(hex))]);
  facts.push(["Fee", keys.coins(fee)]);
  if (charge > 0n) facts.push(["New account", `${keys.coins(charge)}, burned once`]);
  facts.push(["Left", keys.coins(left)]);
  replace("review-facts", facts.map(([name, fact]) => make("div", {}, make("dt", {}, name), make("dd", {}, fact))));
  replace("review-notes", doubts(order).map((text) => make("li", {}, text)));
  at("high").hidden = verdict !== "high";
  at("mean").checked = false;
  put("high-text", `The fee is far more than it usually takes: ${keys.coins(least)} would do. I mean it`);
  mayConfirm();
  at("review").showModal();
}

const mayConfirm = () => { at("confirm").disabled = !at("high").hidden && !at("mean").checked; };

// A payment, once it is signed.

const isOpen = ({ state }) => ["sending", "pending", "doubt"].includes(state);
const isWatched = (payment) => isOpen(payment) || (payment.state === "confirmed" && payment.depth < SETTLED_DEPTH);

const confirmReview = () => {
  // Taken away before anything else happens: a second click finds nothing to sign.
  const order = draft;
  draft = null;
  at("review").close();
  if (!order) return undefined;
  return busy("send-error", async () => {
    const { sign, body, from, to, paid, hex, nonce } = order;
    const txid = await keys.txidOf(body);
    const signature = await sign(await keys.signingMessage(app.dataset.chain, txid));
    const raw = keys.hexOf(keys.transactionOf(body, signature));
    const payment = { txid: keys.hexOf(txid), raw, from, to, paid, hex, nonce };
    payments.unshift(payment);
    await submit(payment);
    if (payment.state === "refused") {
      payments = payments.filter((one) => one !== payment);
      throw new keys.Refused(payment.why);
    }
    at("send-form").reset();
    isFeeTyped = false;
    changed();
    at("payments-title").focus();
    await refresh();
  }).finally(showPayments);
};

// Sends the bytes that were signed, for the first time or again.
async function submit(payment) {
  Object.assign(payment, { state: "sending", why: "" });
  keep();
  showPayments();
  try {
    const said = await ask("/v1/transactions", { raw: payment.raw });
    isAbout(said, payment);
    payment.state = "pending";
  } catch (error) {
    Object.assign(payment, { state: error.status === 422 ? "refused" : "doubt", why: error.message });
  }
  tell(payment);
  keep();
}

// Asks what became of a payment.
async function follow(payment) {
  const before = payment.state;
  if (before === "sending") return;
  try {
    const said = await ask(`/v1/transactions/${payment.txid}`);
    if (payment.state !== before) return;
    isAbout(said, payment);
    const { status: state, depth = 0, ready = true, why = "" } = said;
    Object.assign(payment, { state, depth: whole(depth), ready, why });
  } catch (error) {
    const isUnknown = error.code === "transaction_unknown" && payment.state === before;
    if (isUnknown) Object.assign(payment, { state: "doubt", why: "the node does not know it" });
  }
  if (payment.state !== before) tell(payment);
}

function stateOf({ state, depth, ready, why }) {
  const waits = ready === false ? "waits for an earlier payment" : "waits for a block";
  const known = {
    __proto__: null,
    sending: ["waiting", "being sent"],
    pending: ["waiting", waits],
    confirmed: ["good", `confirmed × ${depth}`],
    doubt: ["bad", `in doubt: ${why}`],
    replaced: ["bad", "another payment took its place"],
    dropped: ["bad", `left the node's pool: ${why}`],
  };
  return known[state] ?? ["bad", why || state];
}

// For those who do not see it change.
function tell(payment) {
  put("said", `${keys.coins(payment.paid)} to ${payment.to.slice(0, 12)}: ${stateOf(payment)[1]}`);
}

const sendAgain = ({ target }) => busy("send-error", async () => {
  const payment = payments.find(({ txid }) => txid === target.dataset.again);
  if (!payment) return;
  await submit(payment);
  await refresh();
}).finally(showPayments);

function showPayments() {
  if (!own) return;
  const mine = payments.filter((payment) => payment.from === own.text);
  replace("sent", mine.map((payment) => {
    const { txid, paid, to, hex, state } = payment;
    const [mood, text] = stateOf(payment);
    const badge = make("span", { class: `state ${mood}` }, text);
    const line = make("li", {}, badge, " ", link(`/tx/${txid}`, keys.coins(paid)), " to ", whom(to), reference(hex));
    if (state === "doubt" || state === "dropped") {
      const again = make("button", { type: "button", "data-again": txid }, "Send the same again");
      line.append(" ", again, " It is made once, however often it is sent.");
    }
    return line;
  }));
}

function listen() {
  const on = (name, event, how) => at(name).addEventListener(event, how);
  on("create", "click", create);
  on("restore", "submit", restore);
  on("written", "click", written);
  on("send-form", "submit", review);
  on("send-form", "input", ({ target }) => {
    if (target === at("fee")) isFeeTyped = target.value.trim() !== "";
    else changed();
  });
  on("to", "change", takeLink);
  on("mean", "change", mayConfirm);
  on("confirm", "click", confirmReview);
  on("back", "click", () => at("review").close());
  on("review", "close", () => { draft = null; });
  on("sent", "click", sendAgain);
  on("keep", "change", beginToKeep);
  on("number", "change", otherAccount);
  on("secret", "toggle", () => put("secret-text", at("secret").open ? secret.words ?? secret.key : ""));
  on("forget", "click", () => at("sure").showModal());
  on("sure-back", "click", () => at("sure").close());
  on("sure-forget", "click", forget);
  on("qr", "error", () => { at("qr").hidden = true; });
  on("qr", "load", () => { at("qr").hidden = false; });
  document.addEventListener("cairn:refresh", refresh);
  setInterval(() => { if (!document.hidden && Date.now() - looked > QUIET_MS) refresh(); }, 1000);
  addEventListener("beforeunload", (event) => { if (isUnwritten) event.preventDefault(); });
}

async function begin() {
  keys = await import(app.dataset.keys);
  const why = await keys.whyNot();
  if (why) return put("trouble", why);
  const answer = await fetch(app.dataset.words);
  list = (await answer.text()).trim().split("\n");
  await network();
  listen();
  show(...((await openKept()) ? PARTS : ["begin"]));
}

begin().catch((error) => put("trouble", `The wallet does not work: ${error.message}. Load the page again.`));
