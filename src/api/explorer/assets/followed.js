// What the account has that is open in the wallet's page, and what becomes of all that was signed there: asked of the node
// whenever something happened, and shown.

// Under names that change with them, which the page knows.
const part = (name) => import(document.querySelector(`#wallet link[href$="/${name}.js"]`).href);
const [keys, sent, asked, drawn, kept] = await Promise.all(["keys", "sent", "asked", "drawn", "kept"].map(part));
const { ask, account, whole, pebbles, rateOf, oneAtATime } = asked;
const { app, at, on, words, make, put, replace, link, whom, rest, busy } = drawn;
const { reference, waiting, happened } = drawn.rows(keys, asked);
const { held, keep, signed } = kept;

const GLANCE_MS = 2000; // between two looks at what is about to be paid to us, however much enters the pool
const QUIET_MS = 60_000; // without word of a change, after which this page looks by itself
const RETRY_MS = [1000, 2000, 5000, 15_000]; // the same where something was not answered

const SUMS = ["balance", "spendable", "incoming", "outgoing", "immature"];

export let rate = 0; // pebbles for a thousand bytes, for the next block
let seen = ""; // of the account, as it is shown
let place = { nonce: 0, next: 0 }; // of what it signs next, by the node
let [looked, unanswered, glance] = [0, 0, 0];

let tellFees = () => {};
// Has somebody told what fees are by now.
export const onFees = (how) => { tellFees = how; };

// What the account has.

// Another account is open, of which nothing is known yet.
export function begin() {
  [seen, place] = ["", { nonce: 0, next: 0 }];
  for (const name of SUMS) showSum(name, "…", name === "balance" || name === "spendable");
  at("nothing").hidden = true;
  for (const name of ["sent", "history"]) replace(name, []);
  showPayments();
  refresh();
}

export const refresh = oneAtATime(async () => {
  if (!held.own) return;
  looked = Date.now();
  clearTimeout(glance);
  glance = 0;
  const { text } = held.own;
  try {
    const path = `/v1/accounts/${text}`;
    const has = await account(text);
    // While indexes are made there is no history, and all else there is.
    const past = ask(`${path}/history?limit=10`).catch((error) => ({ entries: [], error }));
    const answers = [ask(`${path}/pending`), ask("/v1/fees"), past, asked.unready(), followAll(has)];
    const [pending, fees, history, unready, isFollowed] = await Promise.all(answers);
    if (held.own?.text !== text) return;
    showBalance(has);
    const all = [...pending.transactions, ...pending.incoming];
    const waits = all.slice(0, drawn.WAITING_MAX).map((one) => waiting(one, text));
    const rows = [...waits, ...rest(all.length - waits.length, `/account/${text}`), ...history.entries.map(happened)];
    replace("history", rows);
    put("nothing", rows.length || history.error ? "" : await whyNothing(has));
    rate = rateOf(fees);
    tellFees();
    showPayments();
    unanswered = isFollowed && !history.error ? 0 : unanswered + 1;
    put("behind", unready ? `What is shown may be old: ${unready.why}.` : "");
    put("line", history.error ? words(history.error) : "");
    await keep().catch(() => {});
  } catch (error) {
    unanswered += 1;
    put("line", `${words(error)} What is shown may be old.`);
  }
});

// Why nothing is known to have happened.
async function whyNothing({ balance }) {
  const base = await asked.base();
  if (base > 0) return `Nothing that this node knows of: before block ${base + 1} it keeps nothing.`;
  return pebbles(balance) > 0n ? "Nothing since it began with what it has." : "Nothing yet.";
}

// Looks by itself where nothing is heard, and sooner where something was not answered.
function look() {
  const time = unanswered ? RETRY_MS[Math.min(unanswered, RETRY_MS.length) - 1] : QUIET_MS;
  if (!document.hidden && Date.now() - looked > time) refresh();
}

export const placeOf = ({ nonce, next_nonce: next }) => ({ nonce: whole(nonce), next: whole(next) });
const shownOf = (has) => JSON.stringify([has.balance, has.spendable, has.incoming, has.outgoing, has.immature, has.next_nonce]);

// Something happened. This page asks for what concerns it, and needs not be made again by the node.
function hear(event) {
  const { type, from, txid, why } = event.detail;
  if (type === "hello") return;
  event.preventDefault();
  // What is mined leaves the pool, and its block is told of.
  if (!held.own || type === "heartbeat" || why === "mined") return;
  const isOurs = type !== "mempool" || from === held.own.text || held.payments.some((payment) => payment.txid === txid);
  if (isOurs) refresh();
  // Whom a transaction pays is not told: whether it is us, the account says.
  else glance ||= setTimeout(lookForUs, GLANCE_MS);
}

async function lookForUs() {
  glance = 0;
  const has = held.own && await account(held.own.text).catch(() => null);
  if (has && shownOf(has) !== seen) refresh();
}

function showBalance(has) {
  [seen, place] = [shownOf(has), placeOf(has)];
  for (const name of SUMS) {
    const amount = pebbles(has[name]);
    showSum(name, keys.coins(amount), amount > 0n || name === "balance" || name === "spendable");
  }
}

function showSum(name, text, isShown) {
  put(name, text);
  at(name).parentElement.hidden = !isShown;
}

// What was signed.

// Sends the bytes that were signed, for the first time or again. Whatever is answered but that it waits, others may have it.
export async function submit(payment) {
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
export async function followAll(has) {
  const accounts = new Map([[has.address, has]]);
  let base = null;
  // Its block may be gone, however deep it was: a devnet goes back to where it was before.
  const isBack = ({ from, nonce }) => from === has.address && whole(has.nonce) <= nonce;
  const isOpen = (payment) => !sent.isSettled(payment) || isBack(payment);
  const open = held.payments.filter((payment) => payment.chain === app.dataset.chain && isOpen(payment));
  const known = (from) => {
    if (!accounts.has(from)) accounts.set(from, account(from));
    return accounts.get(from);
  };
  const begins = () => (base ??= asked.base());
  const answered = await Promise.all(open.map((payment) => follow(payment, known, begins).catch(() => false)));
  return answered.every(Boolean);
}

// Asks what became of a payment. Its account is asked first, so that a nonce that is used was used when the payment is looked for.
async function follow(payment, known, begins) {
  const before = payment.state;
  if (before === "sending") return true;
  const has = await known(payment.from);
  const place = { nonce: whole(has.nonce), height: whole(has.tip.height) };
  const said = await asked.standing(payment);
  // What the node keeps does not matter before the nonce is used.
  place.base = place.nonce > payment.nonce && said?.status !== "confirmed" ? await begins() : 0;
  if (payment.state !== before) return true;
  sent.note(payment, sent.heard(payment, said, place));
  if (payment.state !== before) tell(payment);
  return true;
}

// For those who do not see it change.
function tell(payment) {
  if (held.own) put("said", `${keys.coins(payment.paid)} to ${payment.to.slice(0, 12)}: ${sent.stateOf(payment)[1]}`);
}

const sendAgain = ({ target }) => busy("send-error", async () => {
  const payment = held.payments.find(({ txid }) => txid === target.dataset.again);
  if (!payment) return;
  await submit(payment);
  refresh();
}).finally(() => {
  showPayments();
  // Where there is nothing to send any more, whoever stood on the button would be nowhere.
  if (document.activeElement === document.body) at("payments-title").focus();
});

// A payment that was signed here, how it stands, and what can be done about it.
function line(payment, next) {
  const { txid, paid, to, hex, nonce, state, why, base } = payment;
  const [mood, text] = sent.stateOf(payment);
  const badge = make("span", { class: `state ${mood}` }, text);
  const what = [link(`/tx/${txid}`, keys.coins(paid)), " to ", whom(to), ...reference(hex)];
  const item = make("li", { "data-key": txid }, badge, " ", ...what);
  if (sent.isUntold(payment)) item.append(make("p", { class: "note" }, sent.whyUntold(base)));
  // While it is sent again the button stays, with whoever stands on it.
  if (!sent.isInDoubt(payment) && !(state === "sending" && payment.isDoubted)) return item;
  const again = make("button", { type: "button", "data-again": txid }, "Send the same again");
  const reason = why && `${words({ message: why })} `;
  const heir = nonce === next ? " What is sent next takes its place." : "";
  const note = `${reason}It may still be made, and once only.${heir}`;
  item.append(" ", again, make("p", { class: "note" }, note));
  return item;
}

export function showPayments() {
  if (!held.own) return;
  const next = sent.nextNonce(signed(), place);
  replace("sent", signed().map((payment) => line(payment, next)));
}

export function listen() {
  kept.onPayments(showPayments);
  on("sent", "click", sendAgain);
  document.addEventListener("cairn:refresh", refresh);
  document.addEventListener("cairn:event", hear);
  sent.listen(() => { if (kept.overhear()) refresh(); });
  setInterval(look, 1000);
}
