// Requests to the telephone server: shows those without an answer yet, and why one was refused.

import { $, texts, toast } from "/static/web/ui.js";

/** @import { RequestMessage, State } from "types/protocol" */

const PATIENCE_MS = 1000;
/** @type {Set<number>} */
const open = new Set(); // ids
/** @type {number | undefined} */
let timer;

/** @typedef {Extract<keyof State, `request/${string}`>} RequestKind */

/** @type {(kind: string) => kind is RequestKind} */
export const isRequest = (kind) => kind.startsWith("request/");

/**
 * The newest request of each kind, `request/KIND` in the state; `kind` is null when everything is new.
 *
 * @param {State} state
 * @param {RequestKind | null} kind
 */
export function showRequests(state, kind) {
  const requests = Object.keys(state).filter(isRequest).map((name) => state[name]).filter((request) => request !== undefined);
  for (const request of kind === null ? requests : [state[kind]]) {
    if (!request) continue;
    if (request.state === "asked") open.add(request.id);
    else if (open.delete(request.id)) explain(request);
  }
  // A request that is missing in the snapshot is over.
  if (kind === null) keepOnly(requests.map((request) => request.id));
  clearTimeout(timer);
  if (open.size === 0) $("asked").textContent = "";
  else if (!$("asked").textContent) timer = setTimeout(() => ($("asked").textContent = texts.request_waiting), PATIENCE_MS);
}

/** @param {number[]} ids */
function keepOnly(ids) {
  for (const id of open) if (!ids.includes(id)) open.delete(id);
}

/** @param {RequestMessage} request */
function explain({ state, reason }) {
  if (state === "done" || reason === "superseded") return;
  toast(reason ? texts.request_refused[reason] : texts.request_expired);
}
