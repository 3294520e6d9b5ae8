/**
 * The only place that speaks HTTP. A call returns an AttemptView or throws a Problem:
 *   lost     nothing or nonsense came back; asking again may help
 *   closed   something else answered: this JupyterLab is stopped, or the login has expired
 *   refused  the portal said no, with a sentence
 */

const STATE_MS = 12000;
const ACT_MS = 65000;
const TRY_AGAIN = [502, 503, 504]; // a proxy's page about a server that is restarting

export class Problem extends Error {
  constructor(kind, message, hint = "") {
    super(message);
    this.kind = kind;
    this.hint = hint;
  }
}

/** `request(url, init)` is Lab's ServerConnection.makeRequest: it adds XSRF and credentials. */
export function makeClient(request, baseUrl, page, attempt) {
  const local = (name, init, timeout) => ask(request, `${baseUrl}portal/${name}`, init, timeout);
  const act = (name, body) =>
    local(name, { method: "POST", body: JSON.stringify(body) }, ACT_MS);
  return {
    page,
    state: () => local("state", { method: "GET" }, STATE_MS),
    score: (nonce) => act("score", { nonce }),
    submit: () => act("submit", {}),
    pause: (reason) => act("pause", { reason }),
    /** The portal itself, with the cookie of its pages: a frozen or stopped server cannot tell. */
    stateFromPages: () => {
      if (!page || !attempt) throw new Problem("lost", "The portal's page is not known here.");
      const init = { method: "GET", redirect: "manual", credentials: "same-origin" };
      const plainFetch = (url, options) => window.fetch(url, options);
      return ask(plainFetch, `${page}api/attempts/${attempt}`, init, STATE_MS);
    },
  };
}

async function ask(request, url, init, timeout) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeout);
  try {
    return await read(await request(url, { ...init, signal: abort.signal }));
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem("lost", "The connection is lost.");
  } finally {
    clearTimeout(timer);
  }
}

async function read(response) {
  const isJson = (response.headers.get("content-type") || "").startsWith("application/json");
  if (TRY_AGAIN.includes(response.status)) {
    const error = isJson ? (await response.json()).error : null;
    throw new Problem("lost", error?.message || "The portal does not answer.", error?.hint);
  }
  if (!isJson) throw new Problem("closed", "This JupyterLab session is closed.");
  const body = await response.json();
  if (response.ok) return body;
  if (body.error) throw new Problem("refused", body.error.message, body.error.hint);
  throw new Problem("closed", "You are signed out. Sign in again on the portal's page.");
}
