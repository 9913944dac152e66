// The wallet's page: what a person sees and does. What a key is and what is signed, `keys.js` knows.
//
// A secret is in this module alone, and in the browser's store where a person has it kept. What others wrote is put in as text.
// A payment is signed once: whatever happens then, the same bytes are sent again, which a chain takes once. What may become of
// them `sent.js` knows.

const app = document.getElementById("wallet");
const loaded = () => { document.getElementById("wallet-loading").hidden = true; };
const failed = ({ message }) => {
  loaded();
  const trouble = document.getElementById("wallet-trouble");
  trouble.textContent = `The wallet does not work: ${message}. Load the page again.`;
  trouble.hidden = false;
};

// Under names that change with them, which the page knows.
const part = (name) => import(app.querySelector(`link[href$="/${name}.js"]`).href);
const parts = Promise.all(["keys", "sent", "asked", "drawn"].map(part));
parts.catch(failed);
const [keys, sent, asked, drawn] = await parts;
const { ask, network, account, whole, pebbles, rateOf, oneAtATime } = asked;
const { at, words, make, put, replace, link, whom, rest } = drawn;
const { quote, reference, waiting, happened } = drawn.rows(keys, asked);

const PARTS = ["account", "send", "payments", "key"];
const GLANCE_MS = 2000; // between two looks at what is about to be paid to us, however much enters the pool
const QUIET_MS = 60_000; // without word of a change, after which this page looks by itself
const RETRY_MS = [1000, 2000, 5000, 15_000]; // the same where something was not answered

let list; // of all words
let secret = null; // words, passphrase and account, or a key
let own = null; // the account that is open: its key, its address as bytes and as text
let draft = null; // what is on the screen to be signed
let payments = []; // what was signed here, newest first
let rate = 0;
let seen = ""; // of the account, as it is shown
let place = { nonce: 0, next: 0 }; // of what it signs next, by the node
let whyApart = ""; // what other windows decided over what is kept
let [looked, unanswered, glance] = [0, 0, 0];
let [isKept, isUnwritten, isFeeTyped, isBusy] = [false, false, false, false];

function show(...parts) {
  for (const part of ["begin", "words", ...PARTS]) at(part).hidden = !parts.includes(part);
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

async function open(given, isChosen) {
  const bytes = given.key
    ? keys.readSecret(given.key)
    : await keys.accountSecret(await keys.seedOf(given.words, given.passphrase), given.account);
  const key = await keys.keyOf(bytes);
  bytes.fill(0);
  const address = await keys.addressOf(key.publicKey);
  const text = keys.addressText(address, app.dataset.prefix);
  secret = given;
  own = { ...key, address, text };
  await keep(isChosen).catch(() => {});
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
  hideSecret();
  put("balance", "…");
  seen = "";
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

const otherAccount = () => busy("key-error", () => open({ ...secret, account: at("number").valueAsNumber }, true))
  .finally(() => { at("number").value = secret.account; });

// What it takes besides the words: with another passphrase, or as another account, they are another key.
function besidesWords() {
  const { passphrase, account } = secret;
  const besides = [];
  if (passphrase) besides.push(["Passphrase", "their passphrase", passphrase]);
  if (account) besides.push(["Account of these words", `the account number ${account}`, String(account)]);
  return besides;
}

function showSecret() {
  const isShown = at("secret").open;
  put("secret-text", isShown ? secret.words ?? secret.key : "");
  const line = ([title, , text]) => make("div", {}, make("dt", {}, title), make("dd", {}, make("code", {}, text)));
  replace("secret-besides", isShown ? besidesWords().map(line) : []);
}

function hideSecret() {
  at("secret").open = false;
  showSecret();
}

// What brings the key back, and what is lost with it besides what it has.
function askToForget() {
  const needed = secret.words ? ["its words", ...besidesWords().map(([, name]) => name)] : ["the key itself"];
  put("sure-needs", `Without ${new Intl.ListFormat("en").format(needed)} nobody can ever spend what is paid to this address.`);
  const count = payments.filter(sent.isInDoubt).length;
  const lost = count === 1 ? "A payment is in doubt" : `${count} payments are in doubt`;
  put("sure-doubt", count ? `${lost}, and may still be made: what was signed is forgotten, too.` : "");
  at("sure").showModal();
}

const forget = () => busy("key-error", async () => {
  at("sure").close();
  if (isKept) await keepNothing();
  [secret, own, payments, draft, seen] = [null, null, [], null, ""];
  emptyForm();
  hideSecret();
  for (const name of ["said", "line"]) put(name, "");
  arrive("begin", "begin");
});

const setKept = (is) => { isKept = at("keep").checked = is; };

function keepNothing() {
  setKept(false);
  return sent.forget(secret);
}

const changeKeeping = () => busy("key-error", async () => {
  if (isKept) return keepNothing();
  take(await sent.begin(secret, payments));
  setKept(true);
}).finally(() => setKept(isKept));

// Keeps the key and what was signed, where that is wanted, and learns what other windows signed.
async function keep(isChosen) {
  if (!isKept) return;
  try {
    take(await sent.keep(secret, payments, isChosen));
  } catch (wrong) {
    apart(wrong);
    throw wrong;
  }
}

// Other windows decide over what is kept as well. Where they let go of this key it stays here, and somebody is told.
function apart(wrong) {
  setKept(false);
  whyApart = wrong.message;
  put("key-error", words(wrong));
}

// What was signed meanwhile stays, whatever else is on a list.
function take(others) {
  payments = sent.merged(payments, others);
  for (const payment of payments) payment.chain ??= app.dataset.chain;
  showPayments();
}

// Another window wrote what is kept. It is read and not answered, or two windows would write for ever.
function overhear() {
  if (!own || !isKept) return;
  const before = payments.length;
  try {
    take(sent.keptOf(secret).payments);
  } catch (wrong) {
    return apart(wrong);
  }
  if (payments.length > before) refresh();
}

async function openKept() {
  let kept;
  try {
    kept = sent.kept();
  } catch (wrong) {
    if (wrong instanceof sent.Unreadable) showUnreadable(wrong);
    return false;
  }
  if (!kept) return false;
  setKept(true);
  take(kept.payments);
  await open(kept.secret);
  return true;
}

function showUnreadable(wrong) {
  put("unreadable-text", wrong.text);
  at("unreadable").hidden = false;
  at("discard").addEventListener("click", async () => {
    await sent.discard(wrong.text);
    at("unreadable").remove();
  });
}

// What the account has.

const refresh = oneAtATime(async () => {
  if (!own) return;
  looked = Date.now();
  clearTimeout(glance);
  glance = 0;
  const { text } = own;
  try {
    const path = `/v1/accounts/${text}`;
    const has = await account(text);
    // While indexes are made there is no history, and all else there is.
    const past = ask(`${path}/history?limit=10`).catch((error) => ({ entries: [], error }));
    const answers = [ask(`${path}/pending`), ask("/v1/fees"), past, asked.unready(), followAll(has)];
    const [pending, fees, history, unready, isFollowed] = await Promise.all(answers);
    if (own?.text !== text) return;
    showBalance(has);
    const all = [...pending.transactions, ...pending.incoming];
    const waits = all.slice(0, drawn.WAITING_MAX).map((one) => waiting(one, text));
    const rows = [...waits, ...rest(all.length - waits.length, `/account/${text}`), ...history.entries.map(happened)];
    replace("history", rows);
    at("nothing").hidden = rows.length > 0;
    rate = rateOf(fees);
    suggestFee();
    showPayments();
    unanswered = isFollowed && !history.error ? 0 : unanswered + 1;
    const mayBeOld = unready && `What is shown may be old: ${unready.why}.`;
    put("line", [mayBeOld, history.error && words(history.error)].filter(Boolean).join(" "));
    await keep().catch(() => {});
  } catch (error) {
    unanswered += 1;
    put("line", `${words(error)} What is shown may be old.`);
  }
});

// Looks by itself where nothing is heard, and sooner where something was not answered.
function look() {
  const time = unanswered ? RETRY_MS[Math.min(unanswered, RETRY_MS.length) - 1] : QUIET_MS;
  if (!document.hidden && Date.now() - looked > time) refresh();
}

const placeOf = ({ nonce, next_nonce: next }) => ({ nonce: whole(nonce), next: whole(next) });
const shownOf = (has) => JSON.stringify([has.balance, has.spendable, has.incoming, has.outgoing, has.immature, has.next_nonce]);

// Something happened. This page asks for what concerns it, and needs not be made again by the node.
function hear(event) {
  const { type, from, txid, why } = event.detail;
  if (type === "hello") return;
  event.preventDefault();
  // What is mined leaves the pool, and its block is told of.
  if (!own || type === "heartbeat" || why === "mined") return;
  const isOurs = type !== "mempool" || from === own.text || payments.some((payment) => payment.txid === txid);
  if (isOurs) refresh();
  // Whom a transaction pays is not told: whether it is us, the account says.
  else glance ||= setTimeout(lookForUs, GLANCE_MS);
}

async function lookForUs() {
  glance = 0;
  const has = own && await account(own.text).catch(() => null);
  if (has && shownOf(has) !== seen) refresh();
}

function showBalance(has) {
  [seen, place] = [shownOf(has), placeOf(has)];
  for (const name of ["balance", "spendable", "incoming", "outgoing", "immature"]) {
    const amount = pebbles(has[name]);
    put(name, keys.coins(amount));
    at(name).parentElement.hidden = amount === 0n && name !== "balance" && name !== "spendable";
  }
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
    const { address, amount, reference } = keys.readLink(text) ?? {};
    if (address === undefined) return text.trim() && readTo(text);
    at("to").value = address;
    if (amount) [at("amount").value, at("all").checked] = [amount, false];
    if (reference) at("reference").value = reference;
    changed();
    return readTo(address);
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

function emptyForm() {
  at("send-form").reset();
  isFeeTyped = false;
  for (const name of ["to", "amount", "reference", "fee"]) {
    put(`${name}-error`, "");
    at(name).removeAttribute("aria-invalid");
  }
  put("send-error", "");
  changed();
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

// What was signed with the key that is open, for this chain.
const signed = () => payments.filter((payment) => payment.from === own.text && payment.chain === app.dataset.chain);

// All that there is to know about a payment before it is signed.
async function prepare({ to, amount, reference, fee: typedFee }) {
  const { publicKey, sign, text: from } = own;
  const isToBeKept = isKept;
  const toText = keys.addressText(to, app.dataset.prefix);
  await keep();
  const answers = [network(app.dataset), account(from), account(toText), ask("/v1/fees"), asked.unready()];
  const [rules, mine, theirs, fees, unready] = await Promise.all(answers);
  const wait = "Wait until it is, or ask another";
  keys.ensure(!unready?.isBehind, `the node is not ready, so nothing is paid by its word: ${unready?.why}. ${wait}`);
  await followAll(mine);
  const isOwn = toText === from;
  const isNew = !isOwn && pebbles(theirs.balance) === 0n && whole(theirs.nonce) === 0;
  const nonce = sent.nextNonce(signed(), placeOf(mine));
  const terms = { chain: rules.chain, publicKey, nonce, actions: [{ to, amount, reference }] };
  const usual = keys.feeAt(rateOf(fees), terms);
  const outbids = sent.outbidding(sent.rivals(signed(), nonce));
  const fee = isFeeTyped ? typedFee : usual > outbids ? usual : outbids;
  const body = keys.encodeBody({ ...terms, fee });
  const charge = isNew ? pebbles(rules.account_charge) : 0n;
  const spendable = pebbles(mine.spendable);
  const settled = keys.settle({ spendable, amount, fee, charge, isOwn });
  const bytes = body.length + keys.WITNESS_BYTES;
  const judged = keys.feeVerdict({ fee, bytes, sent: settled.paid, floor: whole(fees.floor), isOfNode: !isFeeTyped });
  keys.ensure(judged.verdict !== "low", `nodes do not take this in: they ask for a fee of ${keys.coins(judged.least)}`);
  const facts = { behind: unready?.why, to: toText, isAll: amount === null, hex: keys.hexOf(reference), fee, charge, isOwn, isNew, spendable };
  return { sign, body, from, nonce, unmined: whole(mine.tip.height), isToBeKept, ...facts, ...settled, ...judged };
}

// What a person may not have meant.
function doubts(order) {
  const { behind, cost, spendable, isAll, isOwn, isNew } = order;
  const found = [];
  if (behind) found.push(`The node may be behind: ${behind}. Where others have more blocks, ask one of those.`);
  if (isOwn) found.push("This pays the account that it comes from.");
  if (isNew) found.push("Nobody ever paid this address. Make sure that it is the right one.");
  if (!isAll && cost * 100n > spendable * 95n) found.push("This pays nearly everything. To pay all of it, say so.");
  return [...found, ...sent.doubtsAbout(order, signed(), keys.coins)];
}

function showReview(order) {
  const { to, paid, isAll, hex, fee, charge, left, isOwn, verdict, least } = order;
  const facts = [["To", make("code", {}, to)], ["Amount", keys.coins(paid)]];
  if (isAll) facts[1][1] += ", and whatever else is there when it is mined";
  if (isOwn) facts[0][1].append(" (your own)");
  if (hex) facts.push(["For", quote(hex)]);
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

const confirmReview = () => {
  // Taken away before anything else happens: a second click finds nothing to sign.
  const order = draft;
  draft = null;
  at("review").close();
  if (!order) return undefined;
  return busy("send-error", async () => {
    const payment = await signedAndKept(order);
    await submit(payment);
    // It may have been mined meanwhile.
    if (payment.state === "refused") await refresh();
    // What was typed stays, to be sent otherwise.
    const isTaken = payment.state !== "refused" && !sent.isOver(payment);
    const why = payment.why && `: ${payment.why}`;
    keys.ensure(isTaken, `${sent.stateOf(payment)[1]}${why}. See what is said of it below before you send another`);
    emptyForm();
    at("payments-title").focus();
    refresh();
  }).finally(showPayments);
};

// Signs, and has it kept before anybody hears of it.
async function signedAndKept({ sign, body, from, to, paid, hex, nonce, fee, unmined, isToBeKept }) {
  const unkept = (why) => new keys.Refused(`nothing was sent, as it could not be kept: ${why}`);
  // Other windows may have decided so since it was shown.
  if (isToBeKept && !isKept) throw unkept(whyApart);
  const txid = await keys.txidOf(body);
  const signature = await sign(await keys.signingMessage(app.dataset.chain, txid));
  const raw = keys.hexOf(keys.transactionOf(body, signature));
  const payment = { txid: keys.hexOf(txid), raw, from, to, paid, hex, nonce, fee, unmined };
  // Just this may have been signed before: it is one payment then.
  const before = payments.find(({ txid }) => txid === payment.txid);
  if (before) return before;
  const made = Date.now();
  Object.assign(payment, { chain: app.dataset.chain, made, asked: made, state: "sending" });
  payments.unshift(payment);
  try {
    await keep();
  } catch (wrong) {
    payments = payments.filter((one) => one !== payment);
    throw unkept(wrong.message);
  }
  return payment;
}

// Sends the bytes that were signed, for the first time or again. Whatever is answered but that it waits, others may have it.
async function submit(payment) {
  Object.assign(payment, { state: "sending", asked: Date.now(), why: "" });
  showPayments();
  try {
    await asked.submit(payment);
    payment.state = "pending";
  } catch (error) {
    sent.note(payment, { state: error.status === 422 ? "refused" : "doubt", why: error.detail ?? error.message });
  }
  tell(payment);
  await keep().catch(() => {});
}

// Asks what became of all that was signed, given what the account that is open has; whether all of it was answered.
async function followAll(has) {
  const accounts = new Map([[has.address, has]]);
  let base = null;
  const open = payments.filter((payment) => payment.chain === app.dataset.chain && !sent.isSettled(payment));
  const known = (from) => {
    if (!accounts.has(from)) accounts.set(from, account(from));
    return accounts.get(from);
  };
  const kept = () => (base ??= asked.base());
  const answered = await Promise.all(open.map((payment) => follow(payment, known, kept).catch(() => false)));
  return answered.every(Boolean);
}

// Asks what became of a payment. Its account is asked first, so that a nonce that is used was used when the payment is looked for.
async function follow(payment, known, kept) {
  const before = payment.state;
  if (before === "sending") return true;
  const has = await known(payment.from);
  const place = { nonce: whole(has.nonce), height: whole(has.tip.height) };
  const said = await asked.standing(payment);
  // What the node keeps does not matter before the nonce is used.
  place.base = place.nonce > payment.nonce && said?.status !== "confirmed" ? await kept() : 0;
  if (payment.state !== before) return true;
  sent.note(payment, sent.heard(payment, said, place));
  if (payment.state !== before) tell(payment);
  return true;
}

// For those who do not see it change.
function tell(payment) {
  if (own) put("said", `${keys.coins(payment.paid)} to ${payment.to.slice(0, 12)}: ${sent.stateOf(payment)[1]}`);
}

const sendAgain = ({ target }) => busy("send-error", async () => {
  const payment = payments.find(({ txid }) => txid === target.dataset.again);
  if (!payment) return;
  await submit(payment);
  refresh();
}).finally(() => {
  showPayments();
  // Where there is nothing to send any more, whoever stood on the button would be nowhere.
  if (document.activeElement === document.body) at("payments-title").focus();
});

function showPayments() {
  if (!own) return;
  const next = sent.nextNonce(signed(), place);
  replace("sent", signed().map((payment) => {
    const { txid, paid, to, hex, nonce, state, why, base } = payment;
    const [mood, text] = sent.stateOf(payment);
    const badge = make("span", { class: `state ${mood}` }, text);
    const what = [link(`/tx/${txid}`, keys.coins(paid)), " to ", whom(to), ...reference(hex)];
    const line = make("li", { "data-key": txid }, badge, " ", ...what);
    if (sent.isUntold(payment)) line.append(make("p", { class: "note" }, sent.whyUntold(base)));
    // While it is sent again the button stays, with whoever stands on it.
    if (!sent.isInDoubt(payment) && !(state === "sending" && payment.isDoubted)) return line;
    const again = make("button", { type: "button", "data-again": txid }, "Send the same again");
    const reason = why && `${words({ message: why })} `;
    const heir = nonce === next ? " What is sent next takes its place." : "";
    const note = `${reason}It may still be made, and once only.${heir}`;
    line.append(" ", again, make("p", { class: "note" }, note));
    return line;
  }));
}

// This node was replaced by another version, and what it serves goes with another page than this.
function outlive(event) {
  const fields = ["to", "amount", "reference", "typed", "passphrase"];
  const isTyped = isFeeTyped || fields.some((name) => at(name).value.trim() !== "");
  const isLost = own && !isKept;
  const isOpen = draft || isBusy || isUnwritten || at("sure").open || payments.some(sent.isInDoubt);
  if (!isTyped && !isLost && !isOpen) return;
  event.preventDefault();
  const first = isLost ? ", and its key is kept or its words are on paper" : "";
  put("old", `This page is of another version than its node. Load it again when nothing here is half done${first}.`);
}

// What leaving this page would lose.
const isAtStake = () => {
  const isUnsure = (payment) => sent.isInDoubt(payment) || payment.state === "sending";
  return isUnwritten || (own && !isKept && payments.some(isUnsure));
};

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
  on("keep", "change", changeKeeping);
  on("number", "change", otherAccount);
  on("secret", "toggle", showSecret);
  on("forget", "click", askToForget);
  on("sure-back", "click", () => at("sure").close());
  on("sure-forget", "click", forget);
  on("qr", "error", () => { at("qr").hidden = true; });
  on("qr", "load", () => { at("qr").hidden = false; });
  document.addEventListener("cairn:refresh", refresh);
  document.addEventListener("cairn:event", hear);
  document.addEventListener("cairn:outdated", outlive);
  sent.listen(overhear);
  setInterval(look, 1000);
  addEventListener("beforeunload", (event) => { if (isAtStake()) event.preventDefault(); });
}

async function begin() {
  const why = await keys.whyNot();
  if (why) {
    loaded();
    return put("trouble", why);
  }
  list = await keys.readList(await asked.text(app.dataset.words));
  await network(app.dataset);
  listen();
  show(...((await openKept()) ? PARTS : ["begin"]));
  loaded();
}

begin().catch(failed);
