/**
 * The score curve: time on the clock against the best score so far. The same drawing in the
 * panel, on the pages and in the report; depends on nothing but an <svg> element.
 *
 * `drawCurve(svg, view)` replaces what is in `svg`. `view` is an AttemptView: entries,
 * direction, budget_seconds, working_seconds, starting_score, reference_score, score_shown.
 * Colours come from --portal-human, --portal-reference, --portal-start, --portal-problem and
 * `currentColor`. Call it again when the view or the width changes.
 */

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = { top: 14, right: 12, bottom: 34, left: 34 };
const STRIP = 9; // px below the axis: the dots that have no number
const FLOOR = -0.5; // normalized scores below are drawn as triangles on this line
const STEPS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800];
const COLOUR = {
  human: "var(--portal-human, #0072b2)",
  reference: "var(--portal-reference, #009e73)",
  start: "var(--portal-start, #767676)",
  problem: "var(--portal-problem, #d55e00)",
};

export function drawCurve(svg, view) {
  const points = readPoints(view);
  const frame = makeFrame(svg, view, points);
  svg.setAttribute("viewBox", `0 0 ${frame.width} ${frame.height}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", inWords(points));
  svg.replaceChildren(
    ...axes(frame),
    ...referenceLines(frame, view),
    ...bestLine(frame, points),
    ...points.map((point) => mark(frame, point)),
    ...emptyHint(frame, points),
  );
}

/** Entries as points; `value` is null when there is no number to place. */
function readPoints(view) {
  const entries = [...(view.entries || [])].sort((a, b) => a.working_seconds - b.working_seconds);
  const normalized = entries.some((entry) => isNumber(entry.normalized_score));
  const sign = view.direction === "lower" ? -1 : 1;
  const valueOf = (entry) => {
    if (entry.status !== "valid" || entry.hidden) return null;
    const value = normalized ? entry.normalized_score : entry.score;
    if (!isNumber(value)) return null;
    return normalized ? value : sign * value; // up is always better
  };
  const points = entries.map((entry) => ({
    seconds: Math.max(0, entry.working_seconds),
    value: valueOf(entry),
    entry,
  }));
  return Object.assign(points, { normalized, sign });
}

function makeFrame(svg, view, points) {
  const width = Math.max(160, svg.clientWidth || 320);
  const height = Math.max(110, svg.clientHeight || 180);
  const last = points.length ? points[points.length - 1].seconds : 0;
  const end = Math.max(view.budget_seconds || 0, view.working_seconds || 0, last, 1);
  const [low, high] = valueRange(points);
  const bottom = height - MARGIN.bottom;
  const normalized = points.normalized || !points.some((point) => point.value !== null);
  return {
    width,
    height,
    bottom,
    end,
    low,
    high,
    normalized,
    sign: normalized ? 1 : points.sign,
    isEmpty: points.length > 0 && points.every((point) => point.value === null),
    now: Math.max(view.working_seconds || 0, last),
    x: (seconds) => MARGIN.left + (seconds / end) * (width - MARGIN.left - MARGIN.right),
    y: (value) => {
      const clipped = Math.min(high, Math.max(low, value));
      return bottom - ((clipped - low) / (high - low)) * (bottom - MARGIN.top);
    },
  };
}

/** Start and reference are always inside; one terrible score does not flatten the rest. */
function valueRange(points) {
  const values = points.map((point) => point.value).filter(isNumber);
  if (!points.normalized && values.length) {
    const room = (Math.max(...values) - Math.min(...values)) * 0.1 || 0.5;
    return [Math.min(...values) - room, Math.max(...values) + room];
  }
  const low = Math.max(FLOOR, Math.min(0, ...values));
  const high = Math.max(1, ...values);
  const room = (high - low) * 0.08;
  return [low - room, high + room];
}

function axes(frame) {
  const parts = [
    line(MARGIN.left, frame.bottom, frame.width - MARGIN.right, frame.bottom, "axis"),
    line(MARGIN.left, MARGIN.top, MARGIN.left, frame.bottom, "axis"),
  ];
  for (const value of valueTicks(frame)) {
    const y = frame.y(value);
    parts.push(line(MARGIN.left - 3, y, MARGIN.left, y, "axis"));
    parts.push(text(MARGIN.left - 6, y + 3.5, plain(frame.sign * value), "end"));
  }
  const { step, unit, size } = timeStep(frame.end, frame.width);
  for (let seconds = 0; seconds <= frame.end * 1.0001; seconds += step) {
    const x = frame.x(seconds);
    const isLast = seconds + step > frame.end * 1.0001;
    const label = plain(seconds / size) + (isLast ? `\u2009${unit}` : "");
    parts.push(line(x, frame.bottom, x, frame.bottom + 3, "axis"));
    parts.push(text(x, frame.height - 6, label, isLast && x > frame.width - 30 ? "end" : "middle"));
  }
  return parts;
}

function valueTicks(frame) {
  if (frame.isEmpty) return []; // no number may be read off a curve of hidden scores
  const span = frame.high - frame.low;
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step = [1, 2, 5, 10].map((k) => k * power).find((size) => span / size <= 5) || span;
  const ticks = [];
  for (let k = Math.ceil(frame.low / step); k * step <= frame.high; k += 1) ticks.push(k * step);
  return ticks;
}

function timeStep(end, width) {
  const most = Math.max(2, Math.min(9, Math.floor(width / 56)));
  const step = STEPS.find((size) => end / size <= most) || Math.ceil(end / most / 3600) * 3600;
  if (step >= 3600) return { step, unit: "h", size: 3600 };
  if (step >= 60) return { step, unit: "min", size: 60 };
  return { step, unit: "s", size: 1 };
}

/** Dashed lines for start (0) and reference (1), where the view holds them. */
function referenceLines(frame, view) {
  if (view.score_shown === false || !frame.normalized) return [];
  const parts = [];
  const add = (value, word, colour) => {
    const y = frame.y(value);
    const rule = line(MARGIN.left, y, frame.width - MARGIN.right, y, "rule");
    rule.style.stroke = colour;
    const label = text(frame.width - MARGIN.right, y - 3, word, "end");
    label.style.fill = colour;
    parts.push(rule, label);
  };
  if (isNumber(view.starting_score)) add(0, "start", COLOUR.start);
  if (isNumber(view.reference_score)) add(1, "reference", COLOUR.reference);
  return parts;
}

/** Best so far as a step line, carried on to now. */
function bestLine(frame, points) {
  let best = -Infinity;
  let path = "";
  for (const point of points) {
    if (point.value === null || point.value <= best) continue;
    const [x, y] = [frame.x(point.seconds).toFixed(1), frame.y(point.value).toFixed(1)];
    path += path ? `H${x}V${y}` : `M${x} ${y}`;
    best = point.value;
  }
  if (!path) return [];
  const step = element("path", { d: `${path}H${frame.x(frame.now).toFixed(1)}`, fill: "none" });
  step.style.stroke = COLOUR.human;
  step.style.strokeWidth = "2";
  return [step];
}

/** Valid: dot. Hidden: diamond, invalid: hollow, failed: cross, these three below the axis. */
function mark(frame, point) {
  const { entry, value } = point;
  const x = frame.x(point.seconds);
  const below = frame.bottom + STRIP;
  const shape = shapeOf(frame, entry, value, x, below);
  const title = element("title", {});
  title.textContent = describe(entry);
  shape.append(title);
  return shape;
}

function shapeOf(frame, entry, value, x, below) {
  if (value !== null && value < frame.low) {
    return painted(polygon([[x - 4, -4], [x + 4, -4], [x, 3]], frame.bottom), COLOUR.human, true);
  }
  if (value !== null) {
    return painted(element("circle", { cx: x, cy: frame.y(value), r: 3.5 }), COLOUR.human, true);
  }
  if (entry.status === "invalid") {
    return painted(element("circle", { cx: x, cy: below, r: 3.5 }), COLOUR.problem, false);
  }
  if (entry.status === "failed") {
    const d = `M${x - 3} ${below - 3}l6 6m0 -6l-6 6`;
    return painted(element("path", { d }), COLOUR.start, false);
  }
  return painted(polygon([[x - 4, 0], [x, -4], [x + 4, 0], [x, 4]], below), COLOUR.human, true);
}

function painted(shape, colour, filled) {
  shape.style.stroke = colour;
  shape.style.strokeWidth = "1.5";
  shape.style.fill = filled ? colour : "none";
  shape.setAttribute("pointer-events", "all");
  return shape;
}

function emptyHint(frame, points) {
  const words = points.length ? hiddenHint(points) : "Each score will be drawn here.";
  if (!words) return [];
  return [text((MARGIN.left + frame.width) / 2, (MARGIN.top + frame.bottom) / 2, words, "middle")];
}

function hiddenHint(points) {
  const hidden = points.some((point) => point.entry.hidden);
  return hidden && points.every((point) => point.value === null) ? "Scores are hidden." : "";
}

function describe(entry) {
  const number = isNumber(entry.normalized_score) ? ` · ${entry.normalized_score}` : "";
  const shown = entry.hidden ? " · hidden" : number;
  return `#${entry.index} · ${clockText(entry.working_seconds)} · ${entry.status}${shown}`;
}

function inWords(points) {
  const values = points.map((point) => point.value).filter(isNumber);
  if (!values.length) return `Score curve: ${points.length} scores, no number yet.`;
  const best = Math.max(...values) * (points.normalized ? 1 : points.sign);
  return `Score curve: best ${plain(best)} after ${points.length} scores.`;
}

function clockText(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number) => String(number).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

function plain(value) {
  return String(Number(value.toPrecision(3))).replace("-", "\u2212");
}

function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

function element(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function line(x1, y1, x2, y2, kind) {
  const node = element("line", { x1, y1, x2, y2 });
  node.style.stroke = "currentColor";
  if (kind === "axis") node.style.strokeOpacity = "0.45";
  else node.style.strokeDasharray = "4 3";
  return node;
}

function text(x, y, words, anchor) {
  const node = element("text", { x, y, "text-anchor": anchor, "font-size": 10.5 });
  node.style.fill = "currentColor";
  node.style.fontVariantNumeric = "tabular-nums";
  node.textContent = words;
  return node;
}

function polygon(corners, y) {
  return element("polygon", { points: corners.map(([x, dy]) => `${x},${y + dy}`).join(" ") });
}
