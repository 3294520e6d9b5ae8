/** The countdown: pure functions of seconds. The server's clock counts, this one displays. */

const SOON = 30 * 60;
const LAST = 5 * 60;
const WARNINGS = [1, 5, 10, 30, 60]; // minutes left
const STALE = 2 * 3600; // working seconds without a better score

/** Seconds left now. `elapsed` = seconds since the view was asked for, so never too many. */
export function remaining(view, elapsed) {
  const left = view.remaining_seconds ?? 0;
  return Math.max(0, view.state === "running" ? left - elapsed : left);
}

export function working(view, elapsed) {
  const done = view.working_seconds ?? 0;
  return view.state === "running" ? Math.min(done + elapsed, done + remaining(view, 0)) : done;
}

/** `7:42:10`; rounds up, so 0:00:00 means that nothing is left. */
export function clockText(seconds) {
  const whole = Math.ceil(Math.max(0, seconds) - 1e-6);
  const two = (number) => String(number).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/** With `minutesOnly`, `7 h 42 min` as long as more than an hour is left. */
export function leftText(seconds, minutesOnly) {
  if (!minutesOnly || seconds <= 3600) return clockText(seconds);
  const minutes = Math.ceil(seconds / 60);
  const two = String(minutes % 60).padStart(2, "0");
  return `${Math.floor(minutes / 60)}\u2009h ${two}\u2009min`;
}

/** Changes once at 30 min and once at 5 min. */
export function level(seconds) {
  if (seconds <= LAST) return "last";
  return seconds <= SOON ? "soon" : "calm";
}

/** The quiet line, or "". */
export function warning(view, seconds) {
  if (view.state !== "running") return "";
  const minutes = WARNINGS.find((limit) => seconds <= limit * 60);
  if (minutes === undefined) return staleWarning(view);
  const left = minutes === 1 ? "Less than a minute" : `Less than ${minutes} minutes`;
  return `${left} left. At the limit your files are saved and solution/ is scored once more.`;
}

function staleWarning(view) {
  const since = (view.working_seconds ?? 0) - (view.best?.working_seconds ?? 0);
  if (!view.best || view.best.hidden || since < STALE) return "";
  return `No better score for ${clockText(since)}.`;
}
