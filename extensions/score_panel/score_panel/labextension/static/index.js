/** The JupyterLab plugins: side panel, status-bar clock, and no dialog when the server is gone. */

import { makeClient } from "./client.js";
import { recall, remember } from "./memory.js";
import { Panel } from "./panel.js";
import { Session } from "./session.js";
import { StatusClock } from "./status.js";

const ID = "portal-score-panel";
const SAVE_MS = 5000; // a save that asks something in a dialog must not hold up a score
const MINUTES_KEY = "portal-minutes-only";

/** `libs` holds Lab's own modules by name, see remoteEntry.js. */
export function make(libs) {
  const { IConnectionLost } = libs["@jupyterlab/application"];
  const { IStatusBar } = libs["@jupyterlab/statusbar"];
  let session = null;
  return [
    {
      id: `${ID}:panel`,
      description: "Clock, Score button, score log and curve of the attempt.",
      autoStart: true,
      optional: [IStatusBar],
      activate: (app, statusBar) => {
        addStyle();
        session = makeSession(app, libs);
        addFaces(app, libs, statusBar, session);
        session.start();
      },
    },
    {
      id: `${ID}:connection-lost`,
      description: "The panel says that the server is gone; Lab's dialog would offer a restart.",
      autoStart: true,
      provides: IConnectionLost,
      activate: () => async () => session?.sync(),
    },
  ];
}

function makeSession(app, libs) {
  const { ServerConnection } = libs["@jupyterlab/services"];
  const { PageConfig } = libs["@jupyterlab/coreutils"];
  const settings = app.serviceManager.serverSettings;
  const request = (url, init) => ServerConnection.makeRequest(url, init, settings);
  const page = PageConfig.getOption("portalPage");
  const attempt = PageConfig.getOption("portalAttempt");
  const client = makeClient(request, settings.baseUrl, page, attempt);
  return new Session(client, () => saveChanged(app), `portal-press:${settings.baseUrl}`);
}

function addFaces(app, libs, statusBar, session) {
  const { Widget } = libs["@lumino/widgets"];
  const preferences = makePreferences();
  const panel = new Panel(session, preferences);
  const widget = new Widget({ node: panel.node });
  widget.id = ID;
  widget.title.label = "Score";
  widget.title.caption = "Clock, Score and score log";
  new ResizeObserver(() => panel.draw()).observe(panel.curve);
  app.shell.add(widget, "right", { rank: 1 });
  const open = () => app.shell.activateById(ID);
  app.restored.then(open);
  const clock = new StatusClock(session, preferences, open);
  const item = new Widget({ node: clock.node });
  statusBar?.registerStatusItem(`${ID}:clock`, { item, align: "middle", rank: 0, priority: 10 });
  session.onchange = (isTick) => {
    if (isTick) panel.tick();
    else panel.show();
    clock.tick();
  };
  session.onentry = (entry) => panel.arrived(entry);
}

function makePreferences() {
  const preferences = { minutesOnly: recall(MINUTES_KEY) === true };
  preferences.save = () => remember(MINUTES_KEY, preferences.minutesOnly);
  return preferences;
}

/**
 * What is on disk is scored, so open files go there first. False: at least one did not.
 * Only changed ones, unlike docmanager:save-all: a file that a terminal has rewritten meanwhile
 * must not be asked about, and a file being written must not meet a snapshot for nothing.
 */
async function saveChanged(app) {
  const late = new Promise((resolve) => setTimeout(resolve, SAVE_MS, false));
  const contexts = new Set(Array.from(app.shell.widgets("main"), (widget) => widget.context));
  const changed = [...contexts].filter(
    (context) => context?.model?.dirty && context.contentsModel?.writable,
  );
  const saved = Promise.all(changed.map((context) => context.save())).then(
    () => changed.every((context) => !context.model.dirty),
    () => false,
  );
  return Promise.race([saved, late]);
}

function addStyle() {
  const href = new URL("panel.css", import.meta.url).href;
  const link = document.createElement("link");
  Object.assign(link, { rel: "stylesheet", href });
  document.head.append(link);
}
