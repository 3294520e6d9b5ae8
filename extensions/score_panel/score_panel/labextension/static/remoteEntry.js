/**
 * The container JupyterLab looks for, written by hand: no bundler, no build. It hands Lab's own
 * modules to index.js, which lies next to it.
 */
(() => {
  const NAME = "portal-score-panel";
  const NEEDS = {
    "@jupyterlab/application": 4,
    "@jupyterlab/coreutils": 6,
    "@jupyterlab/services": 7,
    "@jupyterlab/statusbar": 4,
    "@lumino/widgets": 2,
  };
  // Lab serves these as "immutable" for a year, meant for hashed names. Ours have none, so each
  // is asked for again first; the imports then find the fresh copy in the browser's cache.
  const FILES = ["acts.js", "client.js", "clock.js", "curve.js", "dom.js", "format.js"];
  const MORE = ["headline.js", "index.js", "log.js", "memory.js", "panel.js", "session.js"];
  const LAST = ["status.js", "panel.css"];
  const here = new URL(".", document.currentScript.src);
  let scope;

  async function take(name) {
    const versions = (scope || {})[name] || {};
    const found = Object.keys(versions).find((version) => parseInt(version, 10) === NEEDS[name]);
    if (!found) {
      const present = Object.keys(versions).join(", ") || "none";
      throw new Error(`${NAME} needs ${name} ${NEEDS[name]}.x; this JupyterLab has ${present}.`);
    }
    return (await versions[found].get())();
  }

  function refresh(file) {
    return fetch(new URL(file, here), { cache: "no-cache" });
  }

  async function load() {
    const names = Object.keys(NEEDS);
    const modules = await Promise.all(names.map(take));
    await Promise.all([...FILES, ...MORE, ...LAST].map(refresh));
    const { make } = await import(new URL("index.js", here).href);
    const plugins = make(Object.fromEntries(names.map((name, at) => [name, modules[at]])));
    return () => ({ __esModule: true, default: plugins });
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB[NAME] = {
    init: (shareScope) => {
      scope = shareScope;
    },
    get: (module) =>
      module === "./extension" ? load() : Promise.reject(new Error(`${NAME} has no ${module}.`)),
  };
})();
