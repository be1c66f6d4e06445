import {
  $, company, el, fill, moment, place, readPage, showConnected, showFigures, since, startClock, texts, toast,
} from "/static/web/ui.js";
import { showCrewAnswers } from "./crew_answers.js";
import { showNewLinks, showOutageFigures, showOutages } from "./outages.js";
import { named, wantedOf } from "./presence.js";
import { isRequest, showRequests } from "./requests.js";
import { Wire } from "/static/web/wire.js";

/** @import { DeadlinesMessage, OperatorMessage, Presence, SafetyMessage, TrunksMessage } from "types/protocol" */

const ORDER = ["ringing", "talking", "wrap_up", "available", "paused", "offline"];
/** @type {Presence[]} */
const WANTED = ["available", "paused", "offline"];
const SETTLE_MS = 1000;

readPage();
startClock();
showNewLinks();

/** @type {number | null} */
let fetching = null;
const wire = new Wire({
  changed(kind) {
    if (kind === null || kind === "queues") showQueues();
    if (kind === null || kind.startsWith("operator/")) showOperators();
    if (kind === null || kind === "outages") showOutages(wire.state, kind !== null);
    if (kind === "outage_figures") showOutageFigures(wire.state);
    if (kind === null || isRequest(kind)) showRequests(wire.state, kind);
    if (kind === null || kind === "deadlines") showDeadlines(kind !== null);
    if (kind === null || kind === "crews") showCrewAnswers(wire.state, kind !== null);
    if (kind === null || kind === "recordings") showSafety(kind !== null);
    if (kind === null) fetchCalls();
    if (kind === null || kind === "trunks") showTrunks();
    if (kind === "journal") fetching ??= setTimeout(fetchCalls, SETTLE_MS);
  },
  connected: showConnected,
  refused: () => toast(texts.not_saved),
});

function showQueues() {
  const busy = new Map(showFigures(wire.state.queues).map((queue) => [queue.queue, queue]));
  const shown = [...new Set([...Object.keys(place.lines), ...busy.keys()])].map((queue) => ({
    waiting: 0, talking: 0, oldest: null, ...busy.get(queue), name: company(queue),
  }));
  shown.sort((a, b) => b.waiting - a.waiting || a.name.localeCompare(b.name));
  $("queues").replaceChildren(...shown.map((queue) => el("tr", queue.waiting ? "busy" : "",
    el("td", "", queue.name),
    el("td", "number", String(queue.waiting)),
    el("td", "number", queue.oldest ? since(queue.oldest) : "–"),
    el("td", "number", String(queue.talking)))));
  if (!shown.length) {
    const cell = el("td", "empty-note", texts.no_queues);
    cell.colSpan = 4;
    $("queues").replaceChildren(el("tr", "", cell));
  }
}

function showOperators() {
  const shown = (place.people ?? []).map((person) => {
    /** @type {Partial<OperatorMessage>} */
    const { state = "offline", phone_reachable, since, reason, pause, afterwards } = wire.state[`operator/${person.id}`] ?? {};
    return { ...person, state, phone_reachable, since, reason, pause, afterwards };
  });
  shown.sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.name.localeCompare(b.name));
  $("ready").textContent = String(shown.filter((person) => person.state === "available" && person.phone_reachable).length);
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset : {};
  $("operators").replaceChildren(...shown.map((person) => {
    const unreachable = person.state !== "offline" && person.phone_reachable === false;
    return el("li", "",
      el("span", "operator-name", person.name),
      el("span", `state ${person.state}`, el("span", "", named(person)), person.since ? since(person.since) : ""),
      unreachable ? el("span", "phone unreachable", texts.phone_unreachable) : "",
      person.has_phone ? buttons(person) : "");
  }));
  if (focused.operator) {
    const again = `button[data-operator="${focused.operator}"][data-wanted="${focused.wanted}"]`;
    /** @type {HTMLElement | null} */ ($("operators").querySelector(again))?.focus({ preventScroll: true });
  }
  if (!shown.length) $("operators").replaceChildren(el("li", "empty-note", texts.no_operators));
}

/** @param {{ id: number, name: string } & Parameters<typeof wantedOf>[0]} person */
function buttons(person) {
  const now = wantedOf(person);
  const group = el("span", "presence", ...WANTED.map((wanted) => {
    const button = el("button", "", texts.wanted[wanted]);
    button.type = "button";
    button.dataset.operator = String(person.id);
    button.dataset.wanted = wanted;
    button.setAttribute("aria-pressed", String(wanted === now));
    button.setAttribute("aria-label", `${texts.wanted[wanted]}: ${person.name}`);
    return button;
  }));
  group.setAttribute("role", "group");
  return group;
}

$("operators").addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (!button) return;
  const wanted = /** @type {Presence} */ (button.dataset.wanted);
  if (wire.say({ type: "presence", wanted, operator: Number(button.dataset.operator), pause: null })) button.classList.add("asked");
  else toast(texts.not_saved);
});

let late = 0;

/** @param {boolean} isNews */
function showDeadlines(isNews) {
  /** @type {DeadlinesMessage} */
  const message = wire.state.deadlines ?? { late: 0, due_soon: 0, next: [] };
  $("late").textContent = String(message.late);
  $("due-soon").textContent = String(message.due_soon);
  if (isNews && message.late > late) toast(texts.limit_passed);
  late = message.late;
  $("deadlines").replaceChildren(...message.next.map((line) => {
    const link = el("a", "", fill(texts.ticket, { number: line.number }));
    link.href = `/tickets/${line.ticket}`;
    return el("li", line.late ? "late" : "",
      link,
      el("span", "", texts.limits[line.step]),
      el("span", "muted", [line.house, line.company].filter(Boolean).join(" · ")),
      el("span", "number", fill(line.late ? texts.due_at_passed : texts.due_at, { at: moment(line.due_at) })));
  }));
  if (!message.next.length) $("deadlines").replaceChildren(el("li", "empty-note", texts.nothing_due));
}

/** @param {boolean} isNews */
function showSafety(isNews) {
  /** @type {SafetyMessage} */
  const message = wire.state.recordings ?? { late: 0, missing: 0, altered: 0, disks: [], logs: [] };
  const problems = [
    message.altered ? fill(texts.recordings_altered, { n: message.altered }) : "",
    message.missing ? fill(texts.recordings_missing, { n: message.missing }) : "",
    message.late ? fill(texts.recordings_late, { n: message.late }) : "",
    ...message.logs.map((node) => fill(texts.log_disk_filling, { node })),
    ...message.disks.map((node) => fill(texts.disk_filling, { node })),
  ].filter(Boolean);
  $("safety").textContent = problems.join(" · ") || texts.recordings_safe;
  $("safety").className = problems.length ? "late" : "muted";
  if (isNews && problems.length) toast(texts.recordings_unsafe);
}

function showTrunks() {
  /** @type {TrunksMessage} */
  const message = wire.state.trunks ?? { down: [] };
  $("trunks").hidden = !message.down.length;
  $("trunks").textContent = message.down.length ? fill(texts.trunks_down, { names: message.down.join(", ") }) : "";
}

/**
 * @param {string} path
 * @param {string} id
 */
async function fetchPart(path, id) {
  const answer = await fetch(path, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  // Rendered and escaped by the server.
  const piece = new DOMParser().parseFromString(await answer.text(), "text/html");
  $(id).replaceChildren(...piece.body.childNodes);
}

async function fetchCalls() {
  clearTimeout(fetching ?? undefined);
  fetching = null;
  try {
    await Promise.all([fetchPart("/calls/list", "calls"), fetchPart("/reports/today", "today")]);
  } catch {
    // The banner says that there is no connection; the next delta or snapshot fetches again.
  }
}
