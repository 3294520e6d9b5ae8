/** Elements in one call. Children are nodes or texts; texts never become markup. */

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** Write only what changed: screen readers and selections are left in peace. */
export function say(node, words) {
  if (node.textContent !== words) node.textContent = words;
}

/** Disabled in a way that keeps the focus and can be read out with its reason. */
export function setEnabled(button, enabled) {
  button.setAttribute("aria-disabled", String(!enabled));
}

export function isEnabled(button) {
  return button.getAttribute("aria-disabled") !== "true";
}
