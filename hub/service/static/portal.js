/** Makes the server's pages live. Every page works without it; then one loads it again by hand. */

import { startClocks, syncClocks } from "./clock.js";
import { drawCurves } from "./curves.js";
import { startForms } from "./forms.js";
import { rememberParts, startLive } from "./live.js";
import { arrangeTables, startTables } from "./table.js";
import { localTimes } from "./times.js";

function dress(root) {
  localTimes(root);
  syncClocks(root);
  drawCurves(root);
  arrangeTables();
}

rememberParts();
startForms();
startTables();
dress(document);
startClocks();
startLive(dress);
window.addEventListener("resize", () => drawCurves(document));
