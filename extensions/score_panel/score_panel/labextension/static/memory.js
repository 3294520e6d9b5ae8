/** What this browser remembers. Storage may be forbidden or full: then it forgets. */

export function recall(key) {
  try {
    return JSON.parse(window.localStorage.getItem(key));
  } catch {
    return null;
  }
}

export function remember(key, value) {
  try {
    if (value === null) window.localStorage.removeItem(key);
    else window.localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Nothing to do: the panel works, it only forgets at the next visit.
  }
}
