// Keeps a page up to date. Whenever something happened that the page is about, the same page is asked for again, and what is
// different is put in. Without this script everything is still there, as of when the page was opened.
"use strict";
{
  const AGAIN_MS = 400; // between two looks, however much happens
  const ANSWER_MS = 10_000; // for which a node is waited for
  const QUIET_MS = 40_000; // without a word, after which a socket is dead: a node says something every 15 s
  const RETRY_MS = [500, 1000, 2000, 5000];
  const APART_S = 1.5; // by how much clocks may be apart before ours is set: seconds do not step back for less
  const COPIED_MS = 1500;
  const LOADED_MS = 60_000; // between two loads: two nodes of different versions may answer in turn

  const retryTime = (failed) => RETRY_MS[Math.min(failed, RETRY_MS.length) - 1];

  // The clock of the chain may be another than this machine's, and may be held. The page says so, and when to ask again.
  let ahead = null;
  let held = null;
  let events = "";
  let every = 0;
  const learn = ({ dataset }) => {
    const [now, wasHeld] = [Number(dataset.now), held !== null];
    const apart = now - Date.now() / 1000;
    held = "frozen" in dataset ? now : null;
    if (ahead === null || wasHeld || Math.abs(apart - ahead) > APART_S) ahead = apart;
    every = Number(dataset.every) * 1000;
    if (events === dataset.events) return;
    events = dataset.events;
    hangUp();
    listen();
  };

  const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const span = (seconds) => {
    const at = Math.max(0, UNITS.findIndex(([size]) => seconds >= size));
    const [size, name] = seconds < 1 ? UNITS[3] : UNITS[at];
    const rest = UNITS[at + 1] && seconds >= 60 ? Math.floor((seconds % size) / UNITS[at + 1][0]) : 0;
    return `${Math.floor(seconds / size)} ${name}` + (rest ? ` ${rest} ${UNITS[at + 1][1]}` : "");
  };
  const tell = () => {
    const now = held ?? Date.now() / 1000 + ahead;
    for (const time of document.querySelectorAll("time.ago")) {
      const seconds = Math.round(now - Date.parse(time.dateTime) / 1000);
      const text = seconds < 0 ? `in ${span(-seconds)}` : seconds < 1 ? "just now" : `${span(seconds)} ago`;
      if (time.textContent !== text) time.textContent = text;
    }
  };

  // What is said beside a chart of whatever is pointed at, and what the page itself says there.
  let shown = null;
  const point = (hit) => {
    if (shown) shown.output.textContent = shown.last;
    const output = hit?.closest("figure").querySelector("output");
    shown = output ? { output, last: output.textContent } : null;
    if (shown) output.textContent = hit.firstElementChild.textContent;
  };

  // Makes one element like another. What has a name is recognized by it, what has none by its kind and its order. What stays
  // is never moved, since it would lose its focus, its place and what is selected in it.
  const name = (node) => (node.nodeType === 1 ? node.dataset.key || node.id : "") || "";
  const alike = (a, b) => a.nodeName === b.nodeName && name(a) === name(b);
  const keeps = (element, attribute) =>
    (element.nodeName === "DETAILS" && attribute === "open") || (element.matches(".copy") && attribute === "hidden");

  // Of two lists of nodes the most that stand in both in the same order: to each of the second its one of the first.
  const staying = (old, fresh) => {
    const pairs = new Map();
    let [from, oldEnd, freshEnd] = [0, old.length, fresh.length];
    while (from < Math.min(oldEnd, freshEnd) && alike(old[from], fresh[from])) pairs.set(fresh[from], old[from++]);
    while (Math.min(oldEnd, freshEnd) > from && alike(old[oldEnd - 1], fresh[freshEnd - 1])) pairs.set(fresh[--freshEnd], old[--oldEnd]);
    const [ours, theirs] = [old.slice(from, oldEnd), fresh.slice(from, freshEnd)];
    const most = Array.from({ length: ours.length + 1 }, () => new Array(theirs.length + 1).fill(0));
    for (let a = ours.length - 1; a >= 0; a--) {
      for (let b = theirs.length - 1; b >= 0; b--) {
        most[a][b] = alike(ours[a], theirs[b]) ? most[a + 1][b + 1] + 1 : Math.max(most[a + 1][b], most[a][b + 1]);
      }
    }
    for (let [a, b] = [0, 0]; a < ours.length && b < theirs.length;) {
      if (alike(ours[a], theirs[b])) pairs.set(theirs[b++], ours[a++]);
      else if (most[a + 1][b] >= most[a][b + 1]) a++;
      else b++;
    }
    return pairs;
  };

  const renew = (parent, wanted) => {
    const [old, fresh] = [[...parent.childNodes], [...wanted.childNodes]];
    const pairs = staying(old, fresh);
    const stays = new Set(pairs.values());
    const hadNames = old.some(name);
    for (const node of old) {
      if (stays.has(node)) continue;
      const twin = name(node) && fresh.find((child) => !pairs.has(child) && alike(node, child));
      if (twin) pairs.set(twin, node);
      else node.remove();
    }
    let next = null;
    for (const child of fresh.reverse()) {
      const node = pairs.get(child) ?? child;
      if (!stays.has(node)) parent.insertBefore(node, next);
      if (node !== child) become(node, child);
      else if (hadNames && name(child)) arrive(child);
      next = node;
    }
  };

  // New among what has names: it can be seen to come, for as long as the style takes to show it.
  const arrive = (element) => {
    element.classList.add("arrived");
    const shows = element.getAnimations().map((animation) => animation.finished);
    Promise.allSettled(shows).then(() => element.classList.remove("arrived"));
  };

  const become = (old, fresh) => {
    if (old.nodeType !== 1) {
      if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
      return;
    }
    if (old.matches("[data-own], .copied")) return;
    if (old === shown?.output) { shown.last = fresh.textContent; return; }
    if (old.classList.contains("arrived")) fresh.classList.add("arrived");
    for (const { name: attribute, value } of [...fresh.attributes]) {
      if (!keeps(old, attribute) && old.getAttribute(attribute) !== value) old.setAttribute(attribute, value);
    }
    for (const { name: attribute } of [...old.attributes]) {
      if (!keeps(old, attribute) && !fresh.hasAttribute(attribute)) old.removeAttribute(attribute);
    }
    if (!old.matches("time.ago, input, textarea, select")) renew(old, fresh);
  };

  // Stands there empty and unhidden from the beginning: only what changes in such a line is read out.
  const line = document.getElementById("line");
  line.hidden = false;
  const say = (text) => { if (line.textContent !== text) line.textContent = text; };

  // The page as it is now, or why there is none.
  const look = async () => {
    const init = { headers: { accept: "text/html" }, signal: AbortSignal.timeout(ANSWER_MS) };
    let response, text;
    try {
      response = await fetch(location.href, init);
      text = await response.text();
    } catch {
      throw new Error("The node does not answer. This page goes on by itself when it does.");
    }
    const page = new DOMParser().parseFromString(text, "text/html");
    const { status } = response;
    // What was not found is an answer, and stays one; other trouble passes, and is no reason to lose what is here.
    const isTrouble = status === 409 || status >= 429 || !page.getElementById("main");
    const why = page.querySelector("#main > .lead")?.textContent ?? `The node answers with ${status}.`;
    if (isTrouble) throw new Error(`${why} What is shown may be old.`);
    return page;
  };
  const put = (page) => {
    learn(page.body);
    document.title = page.title;
    become(document.getElementById("main"), page.getElementById("main"));
    ready();
    document.dispatchEvent(new CustomEvent("cairn:refresh"));
  };

  // What pages are made with is elsewhere in each version. Where the node is of another now, this window would show the pages of
  // that with the style and the scripts of its own for as long as it is open.
  const parts = (page) => {
    const found = page.querySelectorAll("link[href^='/assets/'], script[src^='/assets/']");
    const paths = Array.from(found, (part) => part.getAttribute("src") ?? part.getAttribute("href"));
    return new Map(paths.map((path) => [path.split("/").at(-1), path]));
  };
  const made = parts(document);
  const isOld = (page) => [...parts(page)].some(([name, path]) => made.has(name) && made.get(name) !== path);
  const reload = () => {
    // A page that would lose something says so, and stays.
    if (!document.dispatchEvent(new CustomEvent("cairn:outdated", { cancelable: true }))) return false;
    if (document.activeElement?.matches("input, textarea, select")) {
      document.addEventListener("focusout", refresh, { once: true });
      return false;
    }
    try {
      if (Date.now() - Number(sessionStorage.getItem("cairn-loaded")) < LOADED_MS) return false;
      sessionStorage.setItem("cairn-loaded", Date.now());
    } catch {
      return false; // or it would be loaded again and again
    }
    location.reload();
    return true;
  };

  let isAsking = false;
  let again = false;
  let unanswered = 0; // how often, one after the other
  let timer = 0;
  const refresh = async () => {
    if (isAsking) { again = true; return; }
    clearTimeout(timer);
    isAsking = true;
    again = false;
    const begun = Date.now();
    try {
      const page = await look();
      if (isOld(page) && reload()) return;
      put(page);
      unanswered = 0;
      say("");
    } catch ({ message }) {
      unanswered += 1;
      say(message);
    }
    setTimeout(goOn, Math.max(0, AGAIN_MS - (Date.now() - begun)));
  };
  const goOn = () => {
    isAsking = false;
    const time = again ? 1 : unanswered ? retryTime(unanswered) : every;
    if (time) timer = setTimeout(() => { if (!document.hidden) refresh(); }, time);
  };

  const ready = () => {
    for (const button of document.querySelectorAll(".copy[hidden]")) button.hidden = false;
    tell();
  };

  // A WebSocket, since a browser keeps few streams of the other kind open to one node, and many windows may be.
  let socket = null;
  let heard = 0;
  let lost = 0; // how often, one after the other
  const hangUp = () => {
    if (!socket) return;
    socket.onmessage = socket.onclose = null;
    socket.close();
    socket = null;
  };
  const listen = () => {
    if (socket || !events || document.hidden) return;
    const url = new URL(`/v1/events/socket?types=${events}`, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    socket = new WebSocket(url);
    heard = Date.now();
    socket.onmessage = ({ data }) => {
      heard = Date.now();
      lost = 0;
      const event = JSON.parse(data);
      // A page that has its own way with what happens takes it. What happened before the first word was told to nobody.
      const isTaken = !document.dispatchEvent(new CustomEvent("cairn:event", { detail: event, cancelable: true }));
      if (event.type !== "heartbeat" && !isTaken) refresh();
    };
    socket.onclose = () => {
      hangUp();
      lost += 1;
      setTimeout(listen, retryTime(lost));
      refresh();
    };
  };
  // A machine that slept finds its socket as it was, and nobody at the other end.
  const check = () => {
    if (!socket || Date.now() - heard < QUIET_MS) return;
    hangUp();
    listen();
    refresh();
  };

  // Over plain http browsers give no clipboard, but let what is selected be copied. Where not even that, it is selected.
  const copy = async (button) => {
    const text = button.dataset.copy;
    try {
      await navigator.clipboard.writeText(text);
      return "Copied";
    } catch {
      const code = button.previousElementSibling?.closest("code") ?? button.parentElement.querySelector("code");
      if (!code) return "Not copied";
      getSelection().selectAllChildren(code);
      const give = (event) => { event.clipboardData.setData("text/plain", text); event.preventDefault(); };
      document.addEventListener("copy", give, { once: true });
      const isCopied = document.execCommand("copy");
      document.removeEventListener("copy", give);
      if (isCopied) return "Copied";
      code.textContent = text; // it may have been shortened
      getSelection().selectAllChildren(code);
      return "Selected";
    }
  };
  // The name that is read out says so too.
  const answer = async (button) => {
    const said = await copy(button);
    if (button.matches(".copied")) return;
    const { textContent, ariaLabel } = button;
    button.classList.add("copied");
    Object.assign(button, { textContent: said, ariaLabel: said });
    setTimeout(() => {
      Object.assign(button, { textContent, ariaLabel });
      button.classList.remove("copied");
    }, COPIED_MS);
  };

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { hangUp(); return; }
    if (events || every) refresh();
    listen();
  });
  document.addEventListener("click", ({ target }) => {
    const button = target.closest(".copy");
    if (button) answer(button);
  });
  document.addEventListener("pointerover", ({ target }) => point(target.closest(".hit")));
  document.addEventListener("pointerout", ({ pointerType }) => { if (pointerType !== "touch") point(null); });

  // The newest stands at the right.
  for (const drawn of document.querySelectorAll(".tree")) drawn.scrollLeft = drawn.scrollWidth;
  learn(document.body);
  ready();
  setInterval(() => { tell(); check(); }, 1000);
  goOn();
}
