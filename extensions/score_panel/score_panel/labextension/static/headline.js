/** What the clock says, in the panel and in the status bar alike. */

import { leftText, level } from "./clock.js";

const NOT_STARTED = {
  assigned: "Not prepared yet",
  preparing: "Being prepared",
  ready: "Ready, not started",
};
const ENDINGS = {
  submitted: "submitted",
  time_up: "time is up",
  gave_up: "given up",
  ended_by_admin: "ended by an admin",
};

const UNKNOWN = "\u2013:\u2013\u2013:\u2013\u2013";

/** `clock`: the words in large; `line`: the sentence below, or ""; `level`: colour, pause sign. */
export function headline(session, minutesOnly) {
  const { view, connection } = session;
  if (!view) return calm(UNKNOWN, noView(session));
  if (session.isOver) return ended(view);
  if (connection === "closed") return calm("Session closed", closed(session));
  const left = `${leftText(session.remaining, minutesOnly)} left`;
  const isPaused = view.state === "paused";
  if (isPaused || session.pausing) {
    const line = isPaused ? paused(view) : pausing;
    return { clock: left, line, level: "paused" };
  }
  if (NOT_STARTED[view.state]) return calm(left, `${NOT_STARTED[view.state]}.`);
  return running(session, left);
}

function calm(clock, line) {
  return { clock, line, level: "calm" };
}

const pausing =
  "Pausing. While the attempt is paused nothing here answers; resume on the portal's page.";

function running(session, left) {
  const colour = level(session.remaining);
  if (session.remaining <= 0) return { clock: "Time is up", line: overSoon, level: colour };
  if (session.connection === "lost") return { clock: left, line: lost(session), level: colour };
  if (session.connection === "pages") return { clock: left, line: onlyPages, level: colour };
  return { clock: left, line: "", level: colour };
}

const overSoon = "Your files are saved. The last score is taken by itself.";
const onlyPages = "JupyterLab does not answer just now. The time shown comes from the portal.";

function lost(session) {
  const why = session.trouble?.message || "Connection lost.";
  return `${why} This clock keeps counting; the server's clock counts. Trying again.`;
}

function paused(view) {
  const reason = view.pause?.reason ? `: ${view.pause.reason}` : "";
  return `Paused${reason}. Everything here is frozen; resume on the portal's page.`;
}

function ended(view) {
  const how = ENDINGS[view.ending] || "over";
  const isDone = view.state === "finished";
  const line = isDone ? "The last score is in the log." : "The last score is being taken.";
  return calm(isDone ? "Finished" : "Ending", `The attempt has ended: ${how}. ${line}`);
}

function closed(session) {
  return `${session.trouble.message} ${session.trouble.hint || goOn}`;
}

const goOn = "Your files and scores are safe. Go on from the portal's page.";

function noView(session) {
  return session.connection === "waiting" ? "Asking the portal." : closed(session);
}

/** The same in one line, for the status bar. */
export function shortHeadline(session, minutesOnly) {
  const { clock, level: colour } = headline(session, minutesOnly);
  const isPaused = session.view?.state === "paused"; // then only the pages answer
  const words = isPaused ? `${clock} · paused` : clock;
  const silent = isPaused ? ["lost"] : ["lost", "pages"];
  const isLost = !session.isOver && silent.includes(session.connection);
  return { clock: isLost ? `${words} · connection lost` : words, level: colour };
}
