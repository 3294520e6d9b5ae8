/** The clock in the status bar. A press opens the panel. */

import { el, say } from "./dom.js";
import { shortHeadline } from "./headline.js";

export class StatusClock {
  constructor(session, preferences, open) {
    this.session = session;
    this.preferences = preferences;
    const attributes = { class: "portal-status", title: "Time left. Opens the score panel." };
    this.node = el("button", { ...attributes, onclick: open });
  }

  tick() {
    const { clock, level } = shortHeadline(this.session, this.preferences.minutesOnly);
    say(this.node, clock);
    this.node.dataset.level = level;
  }
}
