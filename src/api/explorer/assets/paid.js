// A payment in the wallet's page, from what is typed until it is signed: read, reviewed, signed once, and kept before anybody
// hears of it.

// Under names that change with them, which the page knows.
const part = (name) => import(document.querySelector(`#wallet link[href$="/${name}.js"]`).href);
const NAMES = ["keys", "sent", "asked", "drawn", "kept", "followed"];
const [keys, sent, asked, drawn, kept, followed] = await Promise.all(NAMES.map(part));
const { ask, network, account, whole, pebbles, rateOf } = asked;
const { app, at, on, words, make, put, replace, busy } = drawn;
const { quote } = drawn.rows(keys, asked);
const { held, keep, signed } = kept;

const FIELDS = ["to", "amount", "reference"];

let draft = null; // what is on the screen to be signed
let isFeeTyped = false;

// Whether something is typed, or to be signed, that would be lost.
export const isBegun = () => Boolean(draft) || isFeeTyped || FIELDS.some((name) => at(name).value.trim() !== "");

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
  if (isFeeTyped || !held.own) return;
  const orElse = (name, read, none) => {
    try { return read(at(name).value); } catch { return none; }
  };
  const amount = at("all").checked ? null : orElse("amount", keys.readAmount, 0n);
  const action = { to: held.own.address, amount, reference: orElse("reference", keys.readReference, []) };
  const body = { chain: app.dataset.chain, publicKey: held.own.publicKey, nonce: 0, actions: [action] };
  at("fee").value = keys.amountText(keys.feeAt(followed.rate, body));
}

export function emptyForm() {
  at("send-form").reset();
  [draft, isFeeTyped] = [null, false];
  for (const name of [...FIELDS, "fee"]) {
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

// All that there is to know about a payment before it is signed.
async function prepare({ to, amount, reference, fee: typedFee }) {
  const { publicKey, sign, text: from } = held.own;
  const isToBeKept = held.isKept;
  const toText = keys.addressText(to, app.dataset.prefix);
  await keep();
  const answers = [network(app.dataset), account(from), account(toText), ask("/v1/fees"), asked.unready()];
  const [rules, mine, theirs, fees, unready] = await Promise.all(answers);
  const wait = "Wait until it is, or ask another";
  keys.ensure(!unready?.isBehind, `the node is not ready, so nothing is paid by its word: ${unready?.why}. ${wait}`);
  await followed.followAll(mine);
  const isOwn = toText === from;
  const isNew = !isOwn && pebbles(theirs.balance) === 0n && whole(theirs.nonce) === 0;
  const nonce = sent.nextNonce(signed(), followed.placeOf(mine));
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
  const facts = { to: toText, isAll: amount === null, hex: keys.hexOf(reference), fee, charge, isOwn, isNew, spendable };
  const by = { behind: unready?.why, unmined: whole(mine.tip.height) };
  return { sign, body, from, nonce, isToBeKept, ...by, ...facts, ...settled, ...judged };
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

const confirmReview = () => {
  // Taken away before anything else happens: a second click finds nothing to sign.
  const order = draft;
  draft = null;
  at("review").close();
  if (!order) return undefined;
  return busy("send-error", async () => {
    const payment = await signedAndKept(order);
    await followed.submit(payment);
    // It may have been mined meanwhile.
    if (payment.state === "refused") await followed.refresh();
    // What was typed stays, to be sent otherwise.
    const isTaken = payment.state !== "refused" && !sent.isOver(payment);
    const why = payment.why && `: ${payment.why}`;
    keys.ensure(isTaken, `${sent.stateOf(payment)[1]}${why}. See what is said of it below before you send another`);
    emptyForm();
    at("payments-title").focus();
    followed.refresh();
  }).finally(followed.showPayments);
};

// Signs, and has it kept before anybody hears of it.
async function signedAndKept({ sign, body, from, to, paid, hex, nonce, fee, unmined, isToBeKept }) {
  const unkept = (why) => new keys.Refused(`nothing was sent, as it could not be kept: ${why}`);
  // Other windows may have decided so since it was shown.
  if (isToBeKept && !held.isKept) throw unkept(held.whyApart);
  const txid = await keys.txidOf(body);
  const signature = await sign(await keys.signingMessage(app.dataset.chain, txid));
  const raw = keys.hexOf(keys.transactionOf(body, signature));
  const payment = { txid: keys.hexOf(txid), raw, from, to, paid, hex, nonce, fee, unmined };
  // Just this may have been signed before: it is one payment then.
  const before = held.payments.find(({ txid }) => txid === payment.txid);
  if (before) return before;
  const made = Date.now();
  Object.assign(payment, { chain: app.dataset.chain, made, asked: made, state: "sending" });
  held.payments.unshift(payment);
  try {
    await keep();
  } catch (wrong) {
    held.payments = held.payments.filter((one) => one !== payment);
    throw unkept(wrong.message);
  }
  return payment;
}

export function listen() {
  followed.onFees(suggestFee);
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
}
