/** Tables: sorted by a click on a heading, filtered on top, the address bar keeps both. */

const collator = new Intl.Collator(undefined, { numeric: true });

export function startTables() {
  const table = document.querySelector("table[data-table]");
  if (!table) return;
  const filters = document.getElementById("filters");
  const asked = new URLSearchParams(location.search);
  for (const field of filters.elements) if (field.name) field.value = asked.get(field.name) ?? "";
  filters.addEventListener("input", () => remember(filters));
  filters.addEventListener("submit", (event) => event.preventDefault());
  table.tHead.addEventListener("click", (event) => sortBy(event.target.closest("th")));
  table.addEventListener("click", openRow);
  table.addEventListener("keydown", openRow);
}

/** Puts the rows as the address bar says. Called again when the server sent new ones. */
export function arrangeTables() {
  const table = document.querySelector("table[data-table]");
  if (!table) return;
  const asked = new URLSearchParams(location.search);
  sortRows(table, asked.get("sort"), asked.get("order") === "down" ? -1 : 1);
  filterRows(table, (asked.get("q") ?? "").toLowerCase(), asked.get("state") ?? "");
}

function sortRows(table, key, sign) {
  const heads = [...table.tHead.rows[0].cells];
  const column = heads.findIndex((head) => head.dataset.key === key);
  heads.forEach((head, i) => {
    if (i === column) head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    else head.removeAttribute("aria-sort");
  });
  if (column < 0) return;
  const body = table.tBodies[0];
  const rows = [...body.rows].sort((a, b) => compare(a.cells[column], b.cells[column], sign));
  if (rows.some((row, i) => row !== body.rows[i])) moveRows(body, rows);
}

/** Moving a row takes the focus from it. */
function moveRows(body, rows) {
  const focused = document.activeElement;
  body.append(...rows);
  if (body.contains(focused)) focused.focus();
}

/** Cells without a value come last, whichever way. */
function compare(a, b, sign) {
  const [x, y] = [a, b].map((cell) => cell.dataset.value ?? cell.textContent.trim());
  if (x === "" || y === "") return (x === "") - (y === "");
  const numbers = [x, y].map(Number);
  if (numbers.every(Number.isFinite)) return sign * (numbers[0] - numbers[1]);
  return sign * collator.compare(x, y);
}

function filterRows(table, words, state) {
  const rows = [...table.tBodies[0].rows];
  for (const row of rows) {
    const fits = state === "open" ? row.dataset.state !== "finished" : !state || row.dataset.state === state;
    row.hidden = !fits || !row.textContent.toLowerCase().includes(words);
  }
  const shown = rows.filter((row) => !row.hidden).length;
  document.getElementById("shown").textContent = shown === rows.length ? "" : `${shown} of ${rows.length}`;
}

function sortBy(head) {
  if (!head?.dataset.key) return;
  const asked = new URLSearchParams(location.search);
  const down = asked.get("sort") === head.dataset.key && asked.get("order") !== "down";
  asked.set("sort", head.dataset.key);
  asked.set("order", down ? "down" : "up");
  show(asked);
}

function remember(filters) {
  const asked = new URLSearchParams(location.search);
  for (const [name, value] of new FormData(filters)) {
    if (value) asked.set(name, value);
    else asked.delete(name);
  }
  show(asked);
}

function show(asked) {
  history.replaceState(null, "", asked.size ? `?${asked}` : location.pathname);
  arrangeTables();
}

function openRow(event) {
  const row = event.target.closest("tr[data-href]");
  if (!row || event.target.closest("a, button")) return;
  if (event.type === "click" || event.key === "Enter") location.assign(row.dataset.href);
}
