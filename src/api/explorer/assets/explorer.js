// Keeps a page up to date. Whenever something happened that the page is about, the same page is asked for again, and what is
// different is put in. Without this script everything is still there, as of when the page was opened.
"use strict";
{
  const AGAIN_MS = 400; // between two looks, however much happens
  const RETRY_MS = [500, 1000, 2000, 5000, 10000];

  // The clock of the chain may be another than this machine's, and may stand still.
  let ahead = 0;
  const learn = (body) => { ahead = Number(body.dataset.now) - Date.now() / 1000; };

  const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const span = (seconds) => {
    const at = Math.max(0, UNITS.findIndex(([size]) => seconds >= size));
    const [size, name] = seconds < 1 ? UNITS[3] : UNITS[at];
    const rest = UNITS[at + 1] && seconds >= 60 ? Math.floor((seconds % size) / UNITS[at + 1][0]) : 0;
    return `${Math.floor(seconds / size)} ${name}` + (rest ? ` ${rest} ${UNITS[at + 1][1]}` : "");
  };
  const tell = () => {
    const now = Date.now() / 1000 + ahead;
    for (const time of document.querySelectorAll("time.ago")) {
      const seconds = Math.round(now - Date.parse(time.dateTime) / 1000);
      const text = seconds < 0 ? `in ${span(-seconds)}` : seconds < 1 ? "just now" : `${span(seconds)} ago`;
      if (time.textContent !== text) time.textContent = text;
    }
  };

  // Makes one element like another. What has a name is recognized by it, so that what stays keeps its focus, its place and
  // whether it is open, and what is new can be seen to arrive.
  const name = (node) => (node.nodeType === 1 ? node.dataset.key || node.id : "") || "";
  const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && name(a) === name(b);
  const keeps = (element, attribute) =>
    (element.nodeName === "DETAILS" && attribute === "open") || (element.matches(".copy") && attribute === "hidden");
  const become = (old, fresh) => {
    if (old.nodeType !== 1) {
      if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
      return;
    }
    if (old.hasAttribute("data-own")) return;
    for (const { name: attribute, value } of [...fresh.attributes]) {
      if (!keeps(old, attribute) && old.getAttribute(attribute) !== value) old.setAttribute(attribute, value);
    }
    for (const { name: attribute } of [...old.attributes]) {
      if (!keeps(old, attribute) && !fresh.hasAttribute(attribute)) old.removeAttribute(attribute);
    }
    if (old.matches("time.ago, output, input, textarea, select")) return;
    const known = new Map();
    for (const child of old.childNodes) if (name(child)) known.set(name(child), child);
    let at = old.firstChild;
    for (const child of [...fresh.childNodes]) {
      const same = name(child) ? known.get(name(child)) : at && alike(at, child) ? at : null;
      if (same && same.nodeName === child.nodeName) {
        if (same === at) at = at.nextSibling;
        else old.insertBefore(same, at);
        become(same, child);
      } else {
        if (name(child) && known.size) child.classList.add("arrived");
        old.insertBefore(child, at);
      }
    }
    while (at) {
      const next = at.nextSibling;
      if (!name(at) || at.parentNode === old) at.remove();
      at = next;
    }
  };

  const line = document.getElementById("line");
  const say = (text) => { line.textContent = text; line.hidden = !text; };

  let asking = false;
  let again = false;
  const refresh = async () => {
    if (asking) { again = true; return; }
    asking = true;
    again = false;
    const begun = Date.now();
    try {
      const response = await fetch(location.href, { headers: { accept: "text/html" } });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = page.getElementById("main");
      if (fresh) {
        learn(page.body);
        document.title = page.title;
        become(document.getElementById("main"), fresh);
        ready();
        document.dispatchEvent(new CustomEvent("cairn:refresh"));
        say("");
      }
    } catch {
      say("The node does not answer. This page goes on by itself when it does.");
    }
    setTimeout(() => { asking = false; if (again) refresh(); }, Math.max(0, AGAIN_MS - (Date.now() - begun)));
  };

  const ready = () => {
    for (const button of document.querySelectorAll(".copy[hidden]")) if (navigator.clipboard) button.hidden = false;
    tell();
  };

  // A WebSocket, since a browser keeps few streams of the other kind open to one node, and many windows may be.
  const { events, every } = document.body.dataset;
  let socket = null;
  let failed = 0;
  const listen = () => {
    if (socket || !events || document.hidden) return;
    const url = new URL(`/v1/events/socket?types=${events}`, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    socket = new WebSocket(url);
    socket.onmessage = ({ data }) => {
      const { type } = JSON.parse(data);
      if (type === "hello" && failed === 0) return;
      failed = 0;
      if (type !== "heartbeat") refresh();
    };
    socket.onclose = () => {
      socket = null;
      if (!document.hidden) setTimeout(listen, RETRY_MS[Math.min(failed++, RETRY_MS.length - 1)]);
    };
  };

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { socket?.close(); return; }
    refresh();
    listen();
  });
  document.addEventListener("click", async ({ target }) => {
    const button = target.closest(".copy");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  document.addEventListener("pointerover", ({ target }) => {
    if (!target.matches?.(".hit")) return;
    const output = target.closest("figure").querySelector("output");
    output.textContent = target.firstElementChild.textContent;
  });

  // The newest stands at the right.
  for (const drawn of document.querySelectorAll(".tree")) drawn.scrollLeft = drawn.scrollWidth;
  learn(document.body);
  ready();
  setInterval(tell, 1000);
  if (Number(every)) setInterval(() => { if (!document.hidden) refresh(); }, every * 1000);
  listen();
}
