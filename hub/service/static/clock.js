/**
 * Counts down from the seconds the server sent, on performance.now(), so the computer's own clock
 * does not matter. `data-remaining` holds the seconds, `data-runs` says that they run.
 */

const EARLY_SECONDS = 30 * 60;
const LATE_SECONDS = 5 * 60;
const TICK_MS = 250;

const received = new WeakMap(); // element -> { seconds, at }

/** Take over what the server just said. Called for everything new on the page. */
export function syncClocks(root) {
  const at = performance.now();
  for (const element of root.querySelectorAll("[data-remaining], [data-elapsed]")) {
    const seconds = Number(element.dataset.remaining ?? element.dataset.elapsed);
    received.set(element, { seconds, at });
  }
  showClocks();
}

export function startClocks() {
  setInterval(showClocks, TICK_MS);
  document.addEventListener("visibilitychange", showClocks);
}

export function clockText(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number) => String(number).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

function showClocks() {
  for (const element of document.querySelectorAll("[data-remaining]")) showRemaining(element);
  for (const element of document.querySelectorAll("[data-elapsed]")) {
    const { seconds, at } = received.get(element) ?? { seconds: 0, at: performance.now() };
    write(element, clockText(seconds + (performance.now() - at) / 1000));
  }
  const main = document.querySelector("[data-remaining]");
  for (const copy of document.querySelectorAll("[data-clock-copy]")) {
    if (main) write(copy, main.textContent);
  }
}

function showRemaining(element) {
  const { seconds, at } = received.get(element) ?? { seconds: 0, at: 0 };
  const gone = "runs" in element.dataset ? (performance.now() - at) / 1000 : 0;
  const left = Math.max(0, seconds - gone);
  write(element, clockText(left));
  element.classList.toggle("late", left <= LATE_SECONDS);
  element.classList.toggle("early", left > LATE_SECONDS && left <= EARLY_SECONDS);
}

function write(element, words) {
  if (element.textContent !== words) element.textContent = words;
}
