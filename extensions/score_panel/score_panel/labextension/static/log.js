/** The score log: one row per entry, newest on top. A row opens to the whole message. */

import { clockText } from "./clock.js";
import { el, say } from "./dom.js";
import * as format from "./format.js";

const SHAPES = {
  valid: "\u25cf",
  invalid: "\u25cb",
  failed: "\u00d7",
  queued: "\u2026",
  scoring: "\u25d4",
  hidden: "\u25c6",
};
const KINDS = { starting: "Starting solution", final: "Last score, taken at the end" };

export class Log {
  constructor() {
    this.rows = new Map(); // index of the entry -> <li>
    this.list = el("ol", { class: "portal-log", oncopy: (event) => this.copy(event) });
    this.empty = el("p", { class: "portal-empty" }, "Your scores will appear here, newest on top.");
    this.head = makeHead();
    this.node = el("div", {}, this.empty, this.head, this.list);
    this.lines = new Map(); // <li> -> the entry's exact numbers, for the clipboard
  }

  /** Entries never change once written, so rows are only added: what is open stays open. */
  show(view) {
    this.empty.hidden = view.entries.length > 0;
    this.head.hidden = !this.empty.hidden;
    for (const entry of view.entries) {
      if (this.rows.has(entry.index)) continue;
      const row = makeRow(view, entry);
      this.rows.set(entry.index, row);
      this.lines.set(row, exactLine(entry));
      this.list.insertBefore(row, this.after(entry.index));
    }
  }

  after(index) {
    const older = [...this.rows.keys()].filter((other) => other < index);
    return older.length ? this.rows.get(Math.max(...older)) : null;
  }

  highlight(entry) {
    this.rows.get(entry.index)?.classList.add("portal-new");
  }

  /** Rows that are copied carry full precision; a piece of a message is copied as it is. */
  copy(event) {
    const selection = document.getSelection();
    const message = selection.anchorNode?.parentElement?.closest(".portal-more");
    if (message && message.contains(selection.focusNode)) return;
    const rows = [...this.lines].filter(([row]) => selection.containsNode(row, true));
    if (!rows.length) return;
    const lines = [...this.list.children].map((row) => new Map(rows).get(row)).filter(Boolean);
    event.clipboardData.setData("text/plain", lines.join("\n"));
    event.preventDefault();
  }
}

export function chip(status) {
  const shape = el("span", { "aria-hidden": "true" }, SHAPES[status] || "");
  return el("span", { class: `portal-chip portal-${status}` }, shape, status);
}

/** The words read aloud when an entry arrives. */
export function announcement(view, entry) {
  const head = `Score ${entry.index}: ${entry.status}.`;
  if (entry.hidden) return `${head} The number is hidden.`;
  if (entry.status !== "valid") return `${head} ${format.firstLine(entry.message)}`;
  const value = format.shownScore(view, entry.score);
  return `${head} ${value}, normalized ${format.normalizedScore(entry.normalized_score)}.`;
}

function makeHead() {
  const words = ["#", "clock", "status", "score", "norm."];
  const cells = words.map((word) => el("span", {}, word));
  return el("div", { class: "portal-row portal-columns", "aria-hidden": "true" }, ...cells);
}

function makeRow(view, entry) {
  const summary = el(
    "summary",
    { class: "portal-row" },
    el("span", { class: "portal-index" }, `#${entry.index}`),
    el("span", { class: "portal-time", title: "Time on the clock" }, timeOf(entry)),
    chip(entry.status),
    ...numbers(view, entry),
    el("span", { class: "portal-second" }, firstLine(entry), raw(view, entry)),
  );
  return el("li", {}, el("details", {}, summary, opened(view, entry)));
}

function timeOf(entry) {
  return clockText(Math.floor(entry.working_seconds));
}

function numbers(view, entry) {
  if (entry.hidden) return [el("span", { class: "portal-value portal-wide" }, chip("hidden"))];
  if (entry.status !== "valid") return [];
  return [
    number("portal-value", "score", entry.score, format.shownScore(view, entry.score)),
    number(
      "portal-normalized",
      "normalized",
      entry.normalized_score,
      format.normalizedScore(entry.normalized_score),
    ),
  ];
}

function number(style, word, score, shown) {
  return el("span", { class: style, title: `${word} ${format.exact(score)}` }, shown);
}

function firstLine(entry) {
  return el("span", { class: "portal-first" }, format.firstLine(entry.message));
}

/** The environment's own number, where the row shows it in another unit. */
function raw(view, entry) {
  if (!format.isExponential(view) || !format.exact(entry.score)) return null;
  const shown = `raw ${format.rawScore(view, entry.score)}`;
  return number("portal-raw", "score", entry.score, shown);
}

function opened(view, entry) {
  const facts = [
    ["score", entry.hidden ? "hidden" : withUnit(view, entry)],
    ["normalized", entry.hidden ? "hidden" : format.exact(entry.normalized_score)],
    ["kind", KINDS[entry.kind] || ""],
    ["scoring took", entry.scoring_seconds ? clockText(entry.scoring_seconds) : ""],
    ["snapshot", (entry.snapshot || "").slice(0, 16), entry.snapshot],
  ].filter(([, value]) => value);
  const rows = facts.flatMap(([name, value, title]) => [
    el("dt", {}, name),
    el("dd", { title: title || null }, value),
  ]);
  return el(
    "div",
    { class: "portal-more" },
    el("p", { class: "portal-message" }, entry.message || "No message."),
    el("dl", {}, ...rows),
  );
}

function withUnit(view, entry) {
  const value = format.exact(entry.score);
  return value && view.unit ? `${value} ${view.unit}` : value;
}

function exactLine(entry) {
  const cells = [entry.score, entry.normalized_score].map(format.exact);
  const first = format.firstLine(entry.message);
  return [entry.index, timeOf(entry), entry.status, ...cells, first].join("\t");
}

/** The row of a request that is queued or being scored. */
export class Progress {
  constructor() {
    this.bar = el("progress", { max: 1, "aria-label": "Scoring" });
    this.chip = el("span", {});
    this.words = el("span", { class: "portal-stage" });
    this.times = el("span", { class: "portal-elapsed" });
    this.node = el("div", { class: "portal-progress", hidden: true });
    this.node.append(this.chip, this.words, this.times, this.bar);
  }

  show(session) {
    const [request] = session.inFlight;
    this.node.hidden = !request && !session.pending;
    if (this.node.hidden) return;
    const status = request?.status === "running" ? "scoring" : "queued";
    if (this.chip.textContent.includes(status) === false) this.chip.replaceChildren(chip(status));
    say(this.words, stage(request));
    this.measure(request, session.elapsed);
  }

  measure(request, since) {
    const elapsed = request ? (request.elapsed_seconds ?? 0) + since : 0;
    const expected = request?.expected_seconds;
    const about = expected ? ` of about ${clockText(expected)}` : "";
    say(this.times, request ? clockText(Math.floor(elapsed)) + about : "");
    if (expected) this.bar.value = Math.min(0.98, elapsed / expected);
    else this.bar.removeAttribute("value");
  }
}

function stage(request) {
  if (!request) return "Saving your files and asking";
  const doing = request.status === "queued" ? "waiting for a scorer" : request.stage || "scoring";
  return `#${request.index} ${doing}`;
}
