/** Draws every curve on the page with the same drawing as the panel in JupyterLab. */

import { drawCurve } from "./panel/curve.js";

export function drawCurves(root) {
  for (const svg of root.querySelectorAll("svg[data-curve]")) {
    drawCurve(svg, JSON.parse(svg.dataset.curve));
  }
}
