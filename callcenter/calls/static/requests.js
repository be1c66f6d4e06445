// What was asked of the telephone server: that it has not answered yet, and why it did not do it.

import { $, toast, words } from "../web/ui.js";

const PATIENCE_MS = 1000;
const open = new Set(); // ids
let timer = null;

/** The newest request of each kind, `request/KIND` in the state; `kind` is null when everything is new. */
export function showRequests(state, kind) {
  const requests = Object.keys(state).filter((name) => name.startsWith("request/")).map((name) => state[name]);
  for (const request of kind === null ? requests : [state[kind]]) {
    if (request.state === "asked") open.add(request.id);
    else if (open.delete(request.id)) explain(request);
  }
  // What a snapshot does not tell of any more is over.
  if (kind === null) keepOnly(requests.map((request) => request.id));
  clearTimeout(timer);
  if (open.size === 0) $("asked").textContent = "";
  else if (!$("asked").textContent) timer = setTimeout(() => ($("asked").textContent = words.request_waiting), PATIENCE_MS);
}

function keepOnly(ids) {
  for (const id of open) if (!ids.includes(id)) open.delete(id);
}

function explain({ state, reason }) {
  if (state === "done" || reason === "superseded") return;
  toast(reason ? words.request_refused[reason] : words.request_expired);
}
