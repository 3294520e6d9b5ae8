/** Scores for people. Full precision stays in titles, in the opened row and in what is copied. */

const THIN = "\u2009";
const NONE = "\u2013";

/** The raw score as `display` wants it: "exp:ms" makes 0.48 read `1.62 ms`. */
export function shownScore(view, score) {
  if (!isNumber(score)) return NONE;
  if (!isExponential(view)) return rawScore(view, score);
  const value = Math.exp(score);
  const unit = view.display.slice("exp:".length);
  return `${rounded(value, spread(view) * value)}${THIN}${unit}`;
}

/** The environment's own number, no more digits than its spread justifies. */
export function rawScore(view, score) {
  if (!isNumber(score)) return NONE;
  const unit = !isExponential(view) && view.unit ? THIN + view.unit : "";
  return minus(rounded(score, spread(view))) + unit;
}

export function isExponential(view) {
  return (view.display || "").startsWith("exp:");
}

export function normalizedScore(score) {
  if (!isNumber(score)) return NONE;
  return minus((Math.abs(score) < 0.005 ? 0 : score).toFixed(2));
}

export function exact(score) {
  return isNumber(score) ? String(score) : "";
}

export function firstLine(message) {
  return (message || "").trim().split("\n", 1)[0];
}

function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

function spread(view) {
  return isNumber(view.score_spread) ? view.score_spread : 0;
}

/** No digit finer than the spread; three significant ones where the spread is unknown. */
function rounded(value, uncertainty) {
  const size = Math.abs(value) || 1;
  const unknown = 2 - Math.floor(Math.log10(size));
  const known = Math.floor(-Math.log10(uncertainty || 1));
  const digits = uncertainty > 0 ? Math.max(known, 0) : unknown;
  return value.toFixed(Math.min(8, Math.max(0, digits)));
}

function minus(digits) {
  return digits.replace("-", "\u2212");
}
