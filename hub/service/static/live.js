/**
 * Keeps a page live: the server says that an attempt changed, the page asks for itself again and
 * takes over those `data-live` parts that differ. What is being typed or is open stays so.
 */

const POLL_MS = 30_000; // also without events, so that clocks stay right to the second
const SOON_MS = 150; // several changes at once are one request

let dress = () => {};
let asking = false;
let again = false;

/** Remembers what the server sent, before anything on the page is dressed. */
export function rememberParts() {
  for (const part of document.querySelectorAll("[data-live]")) part.plainBefore = plain(part);
}

export function startLive(dressPart) {
  const address = document.body.dataset.events;
  if (!address || !document.querySelector("[data-live]")) return;
  dress = dressPart;
  const source = new EventSource(address);
  source.addEventListener("attempt", () => setTimeout(refresh, SOON_MS));
  source.addEventListener("open", () => say(""));
  source.addEventListener("error", () => say("Connection lost. The server's clock counts."));
  setInterval(refresh, POLL_MS);
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
}

async function refresh() {
  if (asking) {
    again = true;
    return;
  }
  asking = true;
  try {
    await load();
    say("");
  } catch {
    say("Connection lost. The server's clock counts.");
  }
  asking = false;
  if (again) {
    again = false;
    refresh();
  }
}

async function load() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (answer.redirected || !answer.ok) {
    if (answer.ok) location.reload(); // another page is in place now, or a login
    throw new Error(`status ${answer.status}`);
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (isAnotherScene(page)) location.reload();
  else for (const part of page.querySelectorAll("[data-live]")) takeOver(part);
}

/** Before, during and after the work are different pages; parts cannot be exchanged one by one. */
function isAnotherScene(page) {
  const scene = (root) => [...root.querySelectorAll("[data-live]")].map((part) => part.id).join();
  return scene(page) !== scene(document);
}

function takeOver(fresh) {
  const old = document.getElementById(fresh.id);
  if (plain(fresh) === old.plainBefore) {
    copyClocks(fresh, old);
    dressClocks(old);
    return;
  }
  const kept = keep(old);
  fresh = document.importNode(fresh, true);
  fresh.plainBefore = plain(fresh);
  old.replaceWith(fresh);
  dress(document);
  bringBack(kept);
}

/** The server's HTML without what differs each time by the running clocks alone. */
function plain(part) {
  const copy = part.cloneNode(true);
  for (const clock of copy.querySelectorAll("[data-remaining], [data-elapsed]")) {
    clock.replaceWith(clock.dataset.runs ?? "-");
  }
  for (const value of copy.querySelectorAll("[data-left]")) delete value.dataset.value;
  return copy.outerHTML;
}

function copyClocks(fresh, old) {
  const clocks = "[data-remaining], [data-elapsed]";
  const targets = old.querySelectorAll(clocks);
  fresh.querySelectorAll(clocks).forEach((clock, i) => {
    Object.assign(targets[i].dataset, clock.dataset);
  });
}

function dressClocks(part) {
  if (part.querySelector("[data-remaining], [data-elapsed]")) dress(part);
}

/** What the person has open, typed or focused, by id. */
function keep(part) {
  const fields = [...part.querySelectorAll("input[id], select[id], textarea[id]")];
  return {
    open: [...part.querySelectorAll("details[id][open]")].map((details) => details.id),
    values: fields.map(({ id, value, checked }) => ({ id, value, checked })),
    focus: part.contains(document.activeElement) ? document.activeElement.id : "",
  };
}

function bringBack({ open, values, focus }) {
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  for (const { id, value, checked } of values) {
    const field = document.getElementById(id);
    if (field) Object.assign(field, field.type === "file" ? {} : { value, checked });
  }
  if (focus) document.getElementById(focus)?.focus();
}

function say(words) {
  const place = document.getElementById("connection");
  if (place.textContent !== words) place.textContent = words;
}
