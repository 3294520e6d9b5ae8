/** The side panel: clock, Score, curve, log, Pause and Submit, from top to bottom. */

import { Acts } from "./acts.js";
import { warning } from "./clock.js";
import { drawCurve } from "./curve.js";
import { el, say, setEnabled } from "./dom.js";
import { headline } from "./headline.js";
import { announcement, Log, Progress } from "./log.js";

const UNSAFE = "isolation: none. Nothing separates this server from others; for trying out only.";

export class Panel {
  constructor(session, preferences) {
    this.session = session;
    this.preferences = preferences;
    this.log = new Log();
    this.progress = new Progress();
    this.acts = new Acts(session);
    this.live = el("div", { class: "portal-live", "aria-live": "polite" });
    this.notice = el("p", { class: "portal-notice", role: "status", hidden: true });
    this.curve = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.curve.classList.add("portal-curve");
    this.node = el(
      "div",
      { class: "portal-panel" },
      this.makeHead(),
      this.makeScore(),
      this.curve,
      el("h2", {}, "Score log"),
      this.log.node,
      this.acts.node,
      this.live,
    );
  }

  makeHead() {
    this.title = el("h1", {});
    this.isolation = el("p", { class: "portal-isolation", hidden: true });
    this.clock = el("div", { class: "portal-clock", role: "timer" });
    this.line = el("p", { class: "portal-line", role: "status", hidden: true });
    this.link = el("a", { class: "portal-link", hidden: true }, "Open the portal's page");
    this.link.href = this.session.client.page || "#";
    this.warning = el("p", { class: "portal-warning", role: "status", hidden: true });
    const onchange = () => this.setMinutes(minutes.checked);
    const minutes = el("input", { type: "checkbox", onchange });
    minutes.checked = this.preferences.minutesOnly;
    this.minutes = el("label", { class: "portal-minutes" }, minutes, " minutes only");
    const top = el("div", { class: "portal-top" }, this.clock, this.minutes);
    const lines = [this.line, this.link, this.warning];
    return el("header", {}, this.title, this.isolation, top, ...lines);
  }

  makeScore() {
    const onclick = () => this.session.score();
    const attributes = { class: "jp-mod-styled jp-mod-accept portal-primary", onclick };
    this.button = el("button", { ...attributes, "aria-describedby": "portal-why" }, "Score");
    this.why = el("p", { class: "portal-why", id: "portal-why", hidden: true });
    const parts = [this.button, this.why, this.progress.node, this.notice];
    return el("section", { class: "portal-score" }, ...parts);
  }

  setMinutes(minutesOnly) {
    this.preferences.minutesOnly = minutesOnly;
    this.preferences.save();
    this.tick();
  }

  /** After each answer of the portal. */
  show() {
    const { view } = this.session;
    if (view) {
      say(this.title, view.title || view.environment);
      show(this.isolation, view.isolation === "none" ? UNSAFE : "");
      this.log.show(view);
      this.draw();
    }
    this.tick();
  }

  /** Four times a second: only what moves with time. */
  tick() {
    const { session } = this;
    const { clock, line, level } = headline(session, this.preferences.minutesOnly);
    say(this.clock, clock);
    this.clock.dataset.level = level;
    show(this.line, line);
    this.link.hidden = !line || !session.client.page;
    show(this.warning, session.view ? warning(session.view, session.remaining) : "");
    show(this.notice, session.notice);
    show(this.why, session.blocked);
    setEnabled(this.button, !session.blocked);
    this.progress.show(session);
    this.acts.show();
  }

  draw() {
    const { view } = this.session;
    if (!view || !this.curve.clientWidth) return;
    drawCurve(this.curve, { ...view, working_seconds: this.session.working });
  }

  arrived(entry) {
    this.log.highlight(entry);
    say(this.live, announcement(this.session.view, entry));
  }
}

function show(node, words) {
  say(node, words);
  node.hidden = !words;
}
