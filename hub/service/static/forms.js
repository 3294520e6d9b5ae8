/** Forms: nothing is sent twice, a choice may fill another field, Escape closes an open act. */

export function startForms() {
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post") return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
  });
  document.addEventListener("change", (event) => fill(event.target));
  document.addEventListener("keydown", (event) => {
    const act = event.key === "Escape" && event.target.closest?.("details.act[open]");
    if (!act) return;
    act.open = false;
    act.querySelector("summary").focus();
  });
  // The browser's Back brings a page from its cache with the marks still on it.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
}

function fill(select) {
  const target = select.dataset?.fills && document.getElementById(select.dataset.fills);
  const value = select.selectedOptions?.[0]?.dataset.fill;
  if (target && value) target.value = value;
}
