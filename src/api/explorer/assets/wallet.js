// The wallet's page: a key, from when it is made or brought back until it is forgotten. All else is in other rooms: `kept.js`
// knows what is open, `followed.js` what that has and what becomes of payments, `paid.js` how one is made; `keys.js` what a key is
// and what is signed, `sent.js` what may become of that.
//
// What others wrote is put in as text. A payment is signed once: whatever happens then, the same bytes are sent again, which a
// chain takes once.

const loaded = () => { document.getElementById("wallet-loading").hidden = true; };
const failed = ({ message }) => {
  loaded();
  const trouble = document.getElementById("wallet-trouble");
  trouble.textContent = `The wallet does not work: ${message}. Load the page again.`;
  trouble.hidden = false;
};

// Under names that change with them, which the page knows.
const part = (name) => import(document.querySelector(`#wallet link[href$="/${name}.js"]`).href);
const parts = Promise.all(["keys", "sent", "asked", "drawn", "kept", "followed", "paid"].map(part));
parts.catch(failed);
const [keys, sent, asked, drawn, kept, followed, paid] = await parts;
const { app, at, on, make, put, replace, busy, isAtWork } = drawn;
const { held } = kept;

const PARTS = ["account", "send", "payments", "key"];

let list; // of all words
let isUnwritten = false;

function show(...parts) {
  for (const part of ["begin", "words", ...PARTS]) at(part).hidden = !parts.includes(part);
}

async function open(given, isChosen) {
  const bytes = given.key
    ? keys.readSecret(given.key)
    : await keys.accountSecret(await keys.seedOf(given.words, given.passphrase), given.account);
  const key = await keys.keyOf(bytes);
  bytes.fill(0);
  const address = await keys.addressOf(key.publicKey);
  const text = keys.addressText(address, app.dataset.prefix);
  await kept.hold(given, { ...key, address, text }, isChosen);
  showAccount();
}

function showAccount() {
  const { text } = held.own;
  put("address", text);
  at("copy").dataset.copy = text;
  at("qr").src = `/qr/${text}.svg`;
  const { desk } = document.body.dataset;
  at("coins").hidden = !desk;
  if (desk) at("coins-link").href = `${desk}?address=${text}#faucet`;
  at("public").hidden = held.secret.words !== keys.PUBLIC_WORDS;
  at("number-line").hidden = !held.secret.words;
  at("number").value = held.secret.account ?? 0;
  hideSecret();
  followed.begin();
}

// Shows these parts and no others, and takes a person there.
function arrive(first, ...parts) {
  show(...parts);
  at(`${first}-title`).focus();
}

const create = () => busy("begin-error", async () => {
  await open({ words: await keys.newWords(list), passphrase: "", account: 0 });
  isUnwritten = true;
  replace("words-list", held.secret.words.split(" ").map((word) => make("li", {}, word)));
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

const otherAccount = () => busy("key-error", () => open({ ...held.secret, account: at("number").valueAsNumber }, true))
  .finally(() => { at("number").value = held.secret.account; });

// What it takes besides the words: with another passphrase, or as another account, they are another key.
function besidesWords() {
  const { passphrase, account } = held.secret;
  const besides = [];
  if (passphrase) besides.push(["Passphrase", "their passphrase", passphrase]);
  if (account) besides.push(["Account of these words", `the account number ${account}`, String(account)]);
  return besides;
}

function showSecret() {
  const isShown = at("secret").open;
  put("secret-text", isShown ? held.secret.words ?? held.secret.key : "");
  const line = ([title, , text]) => make("div", {}, make("dt", {}, title), make("dd", {}, make("code", {}, text)));
  replace("secret-besides", isShown ? besidesWords().map(line) : []);
}

function hideSecret() {
  at("secret").open = false;
  showSecret();
}

// What brings the key back, and what is lost with it besides what it has.
function askToForget() {
  const needed = held.secret.words ? ["its words", ...besidesWords().map(([, name]) => name)] : ["the key itself"];
  put("sure-needs", `Without ${new Intl.ListFormat("en").format(needed)} nobody can ever spend what is paid to this address.`);
  const lost = (isMeant, one, many, what) => {
    const count = held.payments.filter(isMeant).length;
    return count ? `${count === 1 ? `A payment ${one}` : `${count} payments ${many}`}${what}` : "";
  };
  const doubts = [
    lost(sent.isInDoubt, "is in doubt", "are in doubt", ", and may still be made: what was signed is forgotten, too."),
    lost(sent.isUntold, "may", "may", " have been made, which this node cannot tell: that is forgotten, too."),
  ];
  put("sure-doubt", doubts.filter(Boolean).join(" "));
  at("sure").showModal();
}

const forget = () => busy("key-error", async () => {
  at("sure").close();
  await kept.letGo();
  paid.emptyForm();
  hideSecret();
  for (const name of ["said", "line"]) put(name, "");
  arrive("begin", "begin");
});

// This node was replaced by another version, and what it serves goes with another page than this.
function outlive(event) {
  const isTyped = paid.isBegun() || ["typed", "passphrase"].some((name) => at(name).value.trim() !== "");
  const isLost = held.own && !held.isKept;
  const isOpen = isAtWork() || isUnwritten || at("sure").open || held.payments.some(sent.isInDoubt);
  if (!isTyped && !isLost && !isOpen) return;
  event.preventDefault();
  const first = isLost ? ", and its key is kept or its words are on paper" : "";
  put("old", `This page is of another version than its node. Load it again when nothing here is half done${first}.`);
}

// What leaving this page would lose.
const isAtStake = () => {
  const isUnsure = (payment) => sent.isInDoubt(payment) || sent.isUntold(payment) || payment.state === "sending";
  return isUnwritten || (held.own && !held.isKept && held.payments.some(isUnsure));
};

function listen() {
  for (const room of [kept, followed, paid]) room.listen();
  on("create", "click", create);
  on("restore", "submit", restore);
  on("written", "click", written);
  on("number", "change", otherAccount);
  on("secret", "toggle", showSecret);
  on("forget", "click", askToForget);
  on("sure-back", "click", () => at("sure").close());
  on("sure-forget", "click", forget);
  on("qr", "error", () => { at("qr").hidden = true; });
  on("qr", "load", () => { at("qr").hidden = false; });
  document.addEventListener("cairn:outdated", outlive);
  addEventListener("beforeunload", (event) => { if (isAtStake()) event.preventDefault(); });
}

async function begin() {
  const why = await keys.whyNot();
  if (why) {
    loaded();
    return put("trouble", why);
  }
  list = await keys.readList(await asked.text(app.dataset.words));
  await asked.network(app.dataset);
  listen();
  const found = kept.found();
  if (found) await open(found);
  show(...(found ? PARTS : ["begin"]));
  loaded();
}

begin().catch(failed);
