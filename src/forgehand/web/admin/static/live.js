// Keeps the page as it is on the server. Without this script the page is complete, and a reload shows what is new.
"use strict";

const status = document.getElementById("live");
let fetching = false;
let again = false;

function listen() {
  const source = new EventSource(`/admin/events?seen=${document.body.dataset.change}`);
  source.addEventListener("open", () => say("on", "Live"));
  source.addEventListener("progress", refresh);
  source.addEventListener("error", () => {
    say("off", source.readyState === EventSource.CLOSED ? "Not live: reload" : "Reconnecting");
  });
  addEventListener("pagehide", () => source.close());
  // Back from the browser's page cache, the closed stream does not come back by itself.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}

function say(state, words) {
  status.dataset.state = state;
  if (status.textContent !== words) status.textContent = words;
}

async function refresh() {
  if (fetching) {
    again = true;
    return;
  }
  fetching = true;
  try {
    do {
      again = false;
      const answer = await fetch(location.href, { headers: { "X-Live": "1" }, redirect: "error" });
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const region of document.querySelectorAll("[data-live]")) {
        const wanted = page.getElementById(region.id);
        if (wanted) become(region, wanted);
      }
      say("on", "Live");
    } while (again);
  } catch {
    say("off", "Not live: reload");
  } finally {
    fetching = false;
  }
}

// Turns one element into the other in place, so that focus, opened details and a click under way survive.
function become(node, wanted) {
  for (const { name } of [...node.attributes]) {
    if (!wanted.hasAttribute(name) && name !== "open") node.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (name !== "open" && node.getAttribute(name) !== value) node.setAttribute(name, value);
  }
  // What a script drew here is its own.
  if (node.dataset.drawn !== undefined) return;
  let here = node.firstChild;
  for (const child of [...wanted.childNodes]) {
    const match = counterpart(node, here, child);
    if (!match) {
      node.insertBefore(fresh(child), here);
      continue;
    }
    if (match === here) here = here.nextSibling;
    else node.insertBefore(match, here);
    if (match.nodeType === Node.ELEMENT_NODE) become(match, child);
    else if (match.data !== child.data) match.data = child.data;
  }
  while (here) {
    const gone = here;
    here = here.nextSibling;
    gone.remove();
  }
}

function counterpart(node, here, child) {
  const key = keyOf(child);
  if (!key) return here && !keyOf(here) && here.nodeName === child.nodeName ? here : null;
  for (let each = here; each; each = each.nextSibling) if (keyOf(each) === key) return each;
  return null;
}

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.id || node.dataset.key || "" : "";
}

function fresh(child) {
  const copy = document.importNode(child, true);
  if (keyOf(copy)) copy.classList.add("fresh");
  return copy;
}

function tick() {
  const now = Date.now() / 1000;
  for (const time of document.querySelectorAll("time[data-at]")) {
    const words = relative(Number(time.dataset.at), now);
    if (time.textContent !== words) time.textContent = words;
  }
}

function relative(at, now) {
  const distance = Math.abs(now - at);
  for (const [unit, seconds] of [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]]) {
    if (distance >= seconds) {
      const amount = `${Math.floor(distance / seconds)} ${unit}`;
      return at <= now ? `${amount} ago` : `in ${amount}`;
    }
  }
  return "now";
}

// The slash leads to the search, unless somebody is writing.
function search(event) {
  const writing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || writing) return;
  event.preventDefault();
  document.getElementById("find").select();
}

if (status) {
  listen();
  setInterval(tick, 5000);
  addEventListener("keydown", search);
}
