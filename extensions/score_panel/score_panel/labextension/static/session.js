/**
 * What the panel knows: the last view, how long ago it was asked for, whether anyone answers,
 * and the one press of Score that is not acknowledged yet. Decides nothing; the service does.
 */

import { remaining, working } from "./clock.js";
import { recall, remember } from "./memory.js";

const CALM_MS = 15000;
const BUSY_MS = 1000; // a score is on its way, or the limit has just passed
const WAITING_MS = 4000; // nobody answers, paused, not started
const FORGET_MS = 10 * 60000; // a press nobody received is not sent again after this
const PAUSE_TAKES_MS = 5000; // a server that answers after this was not frozen, or thawed again
// Not at 0 itself: a file caught half written would be the last snapshot's.
const SAVE_AT_SECONDS = [5, 2];
const NO_ANSWER = "No answer just now. Score works again when one comes.";
const NOT_STARTED = "The clock has not started. Start it on the portal's page.";
const OVER = ["ending", "finished"];

export class Session {
  constructor(client, saveAll, memoryKey) {
    this.client = client;
    this.saveAll = saveAll; // open files to disk; resolves to false where one could not be saved
    this.memoryKey = memoryKey;
    this.view = null;
    this.askedAt = -Infinity; // performance.now() when the view was asked for
    this.connection = "waiting"; // waiting | ok | pages | lost | closed
    this.trouble = null; // the Problem behind `lost` and `closed`
    this.notice = ""; // answer to the last act, for the person
    this.pausing = 0; // performance.now() of a pause whose answer has not come, else 0
    this.pending = recall(memoryKey); // {nonce, at} of an unacknowledged press, or null
    this.reached = new Set(); // seconds before the limit that have been dealt with
    this.onchange = () => {};
    this.onentry = () => {};
  }

  start() {
    this.ticker = setInterval(() => this.tick(), 250);
    document.addEventListener("visibilitychange", () => document.hidden || this.sync());
    window.addEventListener("online", () => this.sync());
    return this.sync();
  }

  get elapsed() {
    return (performance.now() - this.askedAt) / 1000;
  }

  get remaining() {
    return this.view ? remaining(this.view, this.elapsed) : 0;
  }

  get working() {
    return this.view ? working(this.view, this.elapsed) : 0;
  }

  get isOver() {
    return OVER.includes(this.view?.state);
  }

  /** Requests whose entry is not written yet. */
  get inFlight() {
    const requests = this.view?.requests || [];
    return requests.filter((request) => ["queued", "running"].includes(request.status));
  }

  /** Why Score cannot be pressed now; "" when it can. */
  get blocked() {
    if (this.isOver) return "The attempt has ended.";
    if (this.connection === "closed") return this.trouble.message;
    if (!this.view) return this.trouble?.message || "Asking the portal for your attempt.";
    if (this.view.state === "paused") return "Paused: resume on the portal's page to score.";
    if (this.view.state !== "running") return NOT_STARTED;
    if (this.remaining <= 0) return "Time is up. The last score is taken by itself.";
    if (this.pending) return "Your request is on its way.";
    if (this.inFlight.length) return `Scoring #${this.inFlight[0].index}. One at a time.`;
    return this.connection === "ok" ? "" : NO_ANSWER;
  }

  /** One question to the portal, then the next one by itself. */
  async sync() {
    clearTimeout(this.timer);
    this.syncing ||= this.ask().finally(() => {
      this.syncing = null;
      this.timer = setTimeout(() => this.sync(), this.pace());
    });
    await this.syncing;
  }

  pace() {
    if (this.connection === "lost" || this.connection === "pages") return WAITING_MS;
    if (this.view?.state === "finished") return CALM_MS;
    if (this.pending || this.inFlight.length || this.view?.state === "ending") return BUSY_MS;
    if (this.view?.state === "running") return this.remaining > 0 ? CALM_MS : BUSY_MS;
    return WAITING_MS;
  }

  /** A frozen server does not answer: while paused the portal's pages are asked first. */
  async ask() {
    const frozen = this.pausing || this.view?.state === "paused";
    const ways = [() => this.client.state(), () => this.client.stateFromPages()];
    const names = ["ok", "pages"];
    const order = frozen ? [1, 0] : [0, 1];
    let trouble = null;
    for (const way of order) {
      const asked = performance.now();
      try {
        this.accept(await ways[way](), asked, names[way]);
        return this.sendAgain();
      } catch (problem) {
        if (way === 0) trouble = problem;
      }
    }
    this.trouble = trouble;
    this.connection = trouble.kind === "lost" ? "lost" : "closed";
    this.onchange();
  }

  accept(view, asked, connection) {
    if (asked < this.askedAt) return; // an older answer that came late
    const known = this.view ? this.view.entries.length : null;
    this.view = view;
    this.askedAt = asked;
    this.connection = connection;
    this.trouble = null;
    const awake = connection === "ok" && asked - this.pausing > PAUSE_TAKES_MS;
    if (view.state !== "running" || awake) this.pausing = 0;
    const nonces = [...view.requests, ...view.entries].map((row) => row.nonce);
    if (this.pending && nonces.includes(this.pending.nonce)) this.keep(null);
    this.onchange();
    if (known !== null) view.entries.slice(known).forEach((entry) => this.onentry(entry));
  }

  keep(pending) {
    this.pending = pending;
    remember(this.memoryKey, pending);
  }

  async score() {
    if (this.blocked) return;
    this.notice = "";
    this.keep({ nonce: freshNonce(), at: Date.now() });
    this.sending = true; // the files first: a sync meanwhile must not send it
    this.onchange();
    if (!(await this.saveAll())) {
      this.notice = "A file could not be saved. What is on disk is scored.";
    }
    await this.send();
  }

  /** The same nonce each time: the service scores it once, however often it arrives. */
  async send() {
    this.sending = true;
    const asked = performance.now();
    try {
      const view = await this.client.score(this.pending.nonce);
      this.keep(null);
      this.accept(view, asked, "ok");
    } catch (problem) {
      this.refuse(problem, "Your score request has not arrived yet. It is sent again by itself.");
      if (problem.kind === "refused") this.keep(null);
    } finally {
      this.sending = false;
    }
    this.onchange();
    this.sync();
  }

  async sendAgain() {
    if (!this.pending || this.sending || this.connection !== "ok") return;
    if (Date.now() - this.pending.at > FORGET_MS) {
      this.notice = "An earlier score request never arrived and is dropped. Press Score again.";
      this.keep(null);
      this.onchange();
      return;
    }
    await this.send();
  }

  refuse(problem, otherwise) {
    if (problem.kind === "refused") this.notice = [problem.message, problem.hint].join(" ").trim();
    else this.notice = otherwise;
  }

  async submit() {
    await this.saveAll();
    await this.act(() => this.client.submit(), "The answer is missing. Asking what happened.");
  }

  /** The answer may not come: a pause freezes the server that would bring it. */
  async pause(reason) {
    await this.saveAll();
    this.pausing = performance.now();
    setTimeout(() => this.pausing && this.sync(), 1500);
    await this.act(() => this.client.pause(reason), "");
  }

  async act(call, otherwise) {
    this.notice = "";
    this.onchange();
    const asked = performance.now();
    try {
      this.accept(await call(), asked, "ok");
    } catch (problem) {
      this.refuse(problem, otherwise);
      if (problem.kind === "refused") this.pausing = 0;
      this.onchange();
    }
    await this.sync();
  }

  tick() {
    this.saveNearLimit();
    this.onchange(true);
  }

  saveNearLimit() {
    if (this.view?.state !== "running") return;
    const left = this.remaining;
    if (left > SAVE_AT_SECONDS[0]) this.reached.clear(); // also after an extension
    for (const seconds of SAVE_AT_SECONDS) {
      if (left > 0 && left <= seconds && this.reach(seconds)) this.saveAll();
    }
    if (left <= 0 && this.reach(0)) this.sync();
  }

  /** True the first time. */
  reach(seconds) {
    const isNew = !this.reached.has(seconds);
    this.reached.add(seconds);
    return isNew;
  }
}

/** randomUUID exists only on https and localhost. */
function freshNonce() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
