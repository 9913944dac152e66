// How the wallet's page puts things where a person sees them. What others wrote is put in as text.

// Strangers choose how many payments wait, and for how many things one payment is: so many of each are shown.
export const WAITING_MAX = 20;
const REFERENCES_MAX = 3;

export const app = document.getElementById("wallet");
export const at = (name) => document.getElementById(`wallet-${name}`);
export const on = (name, event, how) => at(name).addEventListener(event, how);

// What is wrong, as a sentence.
export const words = ({ message }) => `${message.charAt(0).toUpperCase()}${message.slice(1).trimEnd().replace(/\.?$/, ".")}`;

export function make(name, how, ...inside) {
  const element = document.createElement(name);
  for (const [attribute, value] of Object.entries(how)) element.setAttribute(attribute, value);
  element.append(...inside);
  return element;
}

// Puts a text where another may be; where it is the same, nobody is told it again.
export function put(name, text) {
  const node = at(name);
  if (node.textContent !== text) node.textContent = text;
  if ("shown" in node.dataset) node.hidden = text === "";
}

let isBusy = false;
export const isAtWork = () => isBusy;

// Does something that takes a while, and nothing else meanwhile. What goes wrong is said beside it.
export async function busy(error, how) {
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

// Puts elements where others may be. Those that are alike stay, and with them whoever stands on one of them.
export const replace = (name, elements) => renew(at(name), elements);

const isAlike = (old, fresh) => old.nodeName === fresh.nodeName && old.dataset?.key === fresh.dataset?.key;

function renew(parent, wanted) {
  let next = parent.firstChild;
  const leave = (until) => {
    while (next !== until) {
      const gone = next;
      next = gone.nextSibling;
      gone.remove();
    }
  };
  for (const fresh of wanted) {
    let old = next;
    while (old && !isAlike(old, fresh)) old = old.nextSibling;
    if (!old) {
      parent.insertBefore(fresh, next);
      continue;
    }
    leave(old);
    become(old, fresh);
    next = old.nextSibling;
  }
  leave(null);
}

function become(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeType !== 1) {
    old.nodeValue = fresh.nodeValue;
    return;
  }
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  renew(old, [...fresh.childNodes]);
}

// A way to another page, in a window of its own: this one would forget the key.
export const link = (path, ...inside) => make("a", { href: path, target: "_blank", rel: "noopener" }, ...inside);

const short = (name) => make("code", { title: name }, `${name.slice(0, 8)}…${name.slice(-6)}`);
export const whom = (address) => link(`/account/${address}`, short(address));

// What waits besides, and is told elsewhere: a node does not tell of all, either.
export function rest(count, path) {
  if (count === 0) return [];
  const cell = make("td", { colspan: "4" }, link(path, `and at least ${count} more`), " that wait for a block");
  return [make("tr", { "data-key": "rest" }, cell)];
}

function row(key, state, what, other, change) {
  const className = change.startsWith("+") ? "number in" : "number out";
  return make("tr", { "data-key": key }, make("td", {}, ...state), make("td", {}, ...what), make("td", {}, ...other),
    make("td", { class: className }, change));
}

// Rows of what happens to an account, by what is known of amounts and of what a node may say.
export function rows({ coins, quoted, bytesOf }, { whole, pebbles }) {
  // Apart from what is around it: letters that are written from right to left would take that with them.
  const quote = (hex) => make("bdi", {}, quoted(bytesOf(hex)));
  const reference = (hex) => (hex ? [" for ", quote(hex)] : []);

  function references(all) {
    const told = [...new Set(all)].filter(Boolean);
    const shown = told.slice(0, REFERENCES_MAX).flatMap(reference);
    return told.length > REFERENCES_MAX ? [...shown, ` and ${told.length - REFERENCES_MAX} more`] : shown;
  }

  const signed = (amount) => `${amount < 0n ? "−" : "+"}${coins(amount < 0n ? -amount : amount)}`;

  function happened(entry) {
    const [height, depth] = [whole(entry.height), whole(entry.depth)];
    const name = { in: "received", out: "sent", itself: "to itself", reward: "mined" }[entry.moved] ?? "something";
    const what = entry.txid ? link(`/tx/${entry.txid}`, name) : link(`/block/${height}`, name);
    const others = entry.others.flatMap((other) => [whom(other), " "]);
    if (entry.others_count > entry.others.length) others.push("…");
    const change = signed(pebbles(entry.received) - pebbles(entry.sent));
    const where = [link(`/block/${height}`, `block ${height}`), ` × ${depth}`];
    return row(entry.txid ?? `block ${height}`, where, [what, ...references(entry.references)], others, change);
  }

  function waiting({ txid, from, fee, actions }, own) {
    const isOut = from === own;
    const pays = actions.filter((action) => action.kind !== "note" && (isOut || action.to === own));
    const sum = pays.reduce((sum, { amount }) => sum + pebbles(amount ?? "0"), 0n);
    const isAll = pays.some((action) => action.kind === "pay_all");
    const change = isAll ? `${isOut ? "−" : "+"} all that is left` : signed(isOut ? -sum - pebbles(fee) : sum);
    const others = isOut ? pays.slice(0, 3).flatMap(({ to }) => [whom(to), " "]) : [whom(from)];
    const what = [link(`/tx/${txid}`, isOut ? "sent" : "received"), ...references(pays.map((action) => action.reference))];
    return row(txid, ["waits for a block"], what, others, change);
  }

  return { quote, reference, happened, waiting };
}
