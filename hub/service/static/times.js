/** `<time>` elements in the viewer's zone, with the zone named; UTC stays on hover. */

const parts = {
  month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit",
  hourCycle: "h23", timeZoneName: "short",
};
const thisYear = new Intl.DateTimeFormat(undefined, parts);
const anyYear = new Intl.DateTimeFormat(undefined, { year: "numeric", ...parts });

export function localTimes(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const format = at.getFullYear() === new Date().getFullYear() ? thisYear : anyYear;
    element.textContent = format.format(at);
  }
}
