/** Pause and Submit: each says what will happen and wants a second press. */

import { clockText } from "./clock.js";
import { el, isEnabled, say, setEnabled } from "./dom.js";

export class Acts {
  constructor(session) {
    this.session = session;
    this.opener = { pause: this.makeOpener("pause"), submit: this.makeOpener("submit") };
    this.form = { pause: this.pauseForm(), submit: this.submitForm() };
    this.why = el("p", { class: "portal-why", id: "portal-acts-why" });
    const buttons = el("div", { class: "portal-buttons" }, ...Object.values(this.opener));
    const forms = Object.values(this.form);
    this.node = el("footer", { class: "portal-acts" }, buttons, this.why, ...forms);
  }

  makeOpener(name) {
    const attributes = { class: "jp-mod-styled", "aria-describedby": "portal-acts-why" };
    const words = { pause: "Pause…", submit: "Submit…" }[name];
    return el("button", { ...attributes, onclick: () => this.open(name) }, words);
  }

  show() {
    const why = this.blocked();
    say(this.why, why);
    this.why.hidden = !why;
    for (const button of Object.values(this.opener)) setEnabled(button, !why);
    if (why) this.close();
    const unused = clockText(this.session.remaining);
    say(
      this.consequence,
      `Saves your files, stops this server and takes a last score. ${unused} remain unused. ` +
        "This cannot be undone.",
    );
  }

  blocked() {
    const { session } = this;
    if (session.isOver) return "The attempt has ended.";
    if (session.view?.state === "paused") return "Paused: resume on the portal's page first.";
    if (session.view?.state !== "running") return "Pause and Submit come with the running clock.";
    if (session.remaining <= 0) return "Time is up.";
    return session.connection === "ok" ? "" : "Pause and Submit wait for an answer of the portal.";
  }

  open(name) {
    if (!isEnabled(this.opener[name])) return;
    this.close();
    this.form[name].hidden = false;
    this.opener[name].setAttribute("aria-expanded", "true");
    this.form[name].querySelector("input, .portal-keep").focus();
    this.form[name].scrollIntoView({ block: "nearest" });
  }

  close() {
    for (const [name, form] of Object.entries(this.form)) {
      form.hidden = true;
      this.opener[name].setAttribute("aria-expanded", "false");
    }
  }

  cancel(name) {
    this.close();
    this.opener[name].focus();
  }

  pauseForm() {
    this.reason = el("input", {
      type: "text",
      class: "jp-mod-styled",
      id: "portal-reason",
      maxlength: 2000,
      autocomplete: "off",
      oninput: () => setEnabled(this.confirmPause, this.reason.value.trim() !== ""),
    });
    this.confirmPause = el("button", { class: "jp-mod-styled", type: "submit" }, "Pause the clock");
    setEnabled(this.confirmPause, false);
    return this.makeForm(
      "pause",
      () => this.pauseNow(),
      el("p", {}, "The clock stops and all that runs here is frozen. Resume on the portal's page."),
      el("label", { for: "portal-reason" }, "Reason, needed"),
      this.reason,
      el("div", { class: "portal-buttons" }, this.confirmPause, this.keepButton("pause")),
    );
  }

  pauseNow() {
    const reason = this.reason.value.trim();
    if (!reason) return this.reason.focus();
    this.reason.value = "";
    this.cancel("pause");
    return this.session.pause(reason);
  }

  submitForm() {
    this.consequence = el("p", {});
    const attributes = { class: "jp-mod-styled jp-mod-warn", type: "submit" };
    const confirm = el("button", attributes, "Submit now");
    return this.makeForm(
      "submit",
      () => this.submitNow(),
      this.consequence,
      el("div", { class: "portal-buttons" }, confirm, this.keepButton("submit")),
    );
  }

  submitNow() {
    this.cancel("submit");
    return this.session.submit();
  }

  keepButton(name) {
    const attributes = { class: "jp-mod-styled jp-mod-reject portal-keep", type: "button" };
    return el("button", { ...attributes, onclick: () => this.cancel(name) }, "Keep working");
  }

  makeForm(name, act, ...children) {
    const onsubmit = (event) => {
      event.preventDefault();
      act();
    };
    const onkeydown = (event) => event.key === "Escape" && this.cancel(name);
    return el("form", { class: "portal-confirm", hidden: true, onsubmit, onkeydown }, ...children);
  }
}
