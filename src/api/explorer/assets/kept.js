// What is open in the wallet's page: a key, and what was signed with it; and whether this browser keeps both.
//
// A secret is here alone, and in the browser's store where a person has it kept. Other windows write that store, too: `sent.js`
// knows how they go together.

// Under names that change with them, which the page knows.
const part = (name) => import(document.querySelector(`#wallet link[href$="/${name}.js"]`).href);
const [sent, drawn] = await Promise.all(["sent", "drawn"].map(part));
const { app, at, on, words, put, busy } = drawn;

export const held = {
  secret: null, // words, passphrase and account, or a key
  own: null, // the account that is open: its key, its address as bytes and as text
  payments: [], // what was signed here, newest first
  isKept: false,
  whyApart: "", // what other windows decided over what is kept
};

let tell = () => {};
// Has somebody told when payments may have been learnt of.
export const onPayments = (how) => { tell = how; };

// What was signed with the key that is open, for this chain.
export const signed = () =>
  held.payments.filter((payment) => payment.from === held.own.text && payment.chain === app.dataset.chain);

const setKept = (is) => { held.isKept = at("keep").checked = is; };

// Opens another key, or another account of the same.
export async function hold(secret, own, isChosen) {
  Object.assign(held, { secret, own });
  await keep(isChosen).catch(() => {});
}

// Forgets the key and what was signed with it, here and where it is kept.
export async function letGo() {
  if (held.isKept) await keepNothing();
  Object.assign(held, { secret: null, own: null, payments: [] });
}

function keepNothing() {
  setKept(false);
  return sent.forget(held.secret);
}

const changeKeeping = () => busy("key-error", async () => {
  if (held.isKept) return keepNothing();
  take(await sent.begin(held.secret, held.payments));
  setKept(true);
}).finally(() => setKept(held.isKept));

// Keeps the key and what was signed, where that is wanted, and learns what other windows signed.
export async function keep(isChosen) {
  if (!held.isKept) return;
  try {
    take(await sent.keep(held.secret, held.payments, isChosen));
  } catch (wrong) {
    fail(wrong);
    throw wrong;
  }
}

// What cannot be written now is kept all the same, as it was.
function fail(wrong) {
  if (wrong instanceof sent.Apart) apart(wrong);
  else put("key-error", words(wrong));
}

// Other windows decide over what is kept as well. Where they let go of this key it stays here, and somebody is told.
function apart(wrong) {
  setKept(false);
  held.whyApart = wrong.message;
  put("key-error", words(wrong));
}

// What was signed meanwhile stays, whatever else is on a list.
function take(others) {
  held.payments = sent.merged(held.payments, others);
  for (const payment of held.payments) payment.chain ??= app.dataset.chain;
  tell();
}

// Another window wrote what is kept; whether it signed something. It is read and not answered, or two windows would write for
// ever.
export function overhear() {
  if (!held.own || !held.isKept) return false;
  const before = held.payments.length;
  try {
    take(sent.keptOf(held.secret).payments);
  } catch (wrong) {
    fail(wrong);
    return false;
  }
  return held.payments.length > before;
}

// The key that is kept, to be opened with what it signed; nothing where none is, or none that can be read.
export function found() {
  let there;
  try {
    there = sent.kept();
  } catch (wrong) {
    if (wrong instanceof sent.Unreadable) showUnreadable(wrong);
    return null;
  }
  if (!there) return null;
  setKept(true);
  take(there.payments);
  return there.secret;
}

function showUnreadable(wrong) {
  put("unreadable-text", wrong.text);
  at("unreadable").hidden = false;
  on("discard", "click", async () => {
    await sent.discard(wrong.text);
    at("unreadable").remove();
  });
}

export const listen = () => on("keep", "change", changeKeeping);
