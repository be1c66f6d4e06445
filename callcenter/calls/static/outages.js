// Outages on the board and on the workplace: suspected ones to confirm or dismiss, and the figures of those that are known.

import { sessionEnded } from "/static/web/session.js";
import { $, el, fill, moment, place, plural, texts, toast } from "/static/web/ui.js";
import { written } from "./keys.js";

/** @import { CallOutage, CardMessage, OutageFiguresRow, OutageRow, State } from "types/protocol" */

/**
 * A row stays the same element while its outage stays what it is: figures and evidence change each second, and whoever is
 * about to press a button must not lose it.
 *
 * @type {Map<string, HTMLElement>}
 */
let rows = new Map();
/** @type {Set<number>} */
const known = new Set(); // ids of suspected outages

/**
 * @param {State} state
 * @param {boolean} isNews
 */
export function showOutages(state, isNews) {
  const { outages = [], not_shown: more = 0 } = state.outages ?? {};
  /** @type {Map<string, HTMLElement>} */
  const fresh = new Map();
  for (const outage of outages) {
    const key = [outage.id, outage.state, outage.kind, outage.addresses.length === 0].join("/");
    const row = rows.get(key) ?? blank(outage);
    put(row, "where", where(outage));
    put(row, "evidence", evidence(outage));
    put(row, "times", times(outage));
    put(row, "unspoken", outage.unspoken ? texts.outage_unspoken : "");
    fresh.set(key, row);
    if (outage.state === "suspected" && !known.has(outage.id)) {
      known.add(outage.id);
      if (isNews) toast(texts.outage_news);
    }
  }
  const wanted = [...fresh.values()];
  if (more) wanted.push(el("li", "empty-note", plural(texts.outage_more, more)));
  if (!wanted.length) wanted.push(el("li", "empty-note", texts.outage_none));
  const shown = [...$("off").children];
  if (wanted.length !== shown.length || wanted.some((row, index) => row !== shown[index])) $("off").replaceChildren(...wanted);
  rows = fresh;
  showOutageFigures(state);
}

/** @param {State} state */
export function showOutageFigures(state) {
  const figures = state.outage_figures?.figures ?? [];
  for (const [key, row] of rows) {
    const [id, kind] = key.split("/");
    const found = figures.find((each) => each.id === Number(id));
    put(row, "figures", kind === "suspected" ? "" : figuresText(found ?? { id: 0, calls: 0, hearing: 0, helped: 0, waiting: 0, tickets: 0 }));
  }
}

/** @param {OutageFiguresRow} row */
function figuresText(row) {
  return [
    plural(texts.outage_calls, row.calls),
    `${texts.outage_hearing}: ${row.hearing}`,
    `${texts.outage_helped}: ${row.helped}`,
    `${texts.outage_waiting}: ${row.waiting}`,
    `${texts.outage_tickets}: ${row.tickets}`,
  ].join(" · ");
}

/**
 * @param {HTMLElement} row
 * @param {string} part
 * @param {string} text
 */
function put(row, part, text) {
  const found = row.querySelector(`[data-part=${part}]`);
  if (found && found.textContent !== text) found.textContent = text;
}

/** @param {OutageRow} outage */
function blank(outage) {
  const suspected = outage.state === "suspected";
  /** @type {(name: string, className: string) => HTMLElement} */
  const part = (name, className) => {
    const made = el("span", className, "");
    made.dataset.part = name;
    return made;
  };
  const name = el("a", "off-name", suspected ? texts.outage_suspected : kindName(outage.kind));
  name.href = `/outages/${outage.id}`;
  return el("li", suspected ? "off-row suspected" : "off-row",
    el("span", "", name, " ", part("where", "off-where"), " ", el("span", "muted", outage.company)),
    part("evidence", "off-more off-evidence"), part("times", "off-more"), part("unspoken", "off-more off-unspoken"),
    part("figures", "off-more"),
    suspected ? choices(outage) : "");
}

/** @param {string | null} code */
function kindName(code) {
  return place.kinds?.find((kind) => kind.code === code)?.name ?? code ?? texts.outage_suspected;
}

/** @param {OutageRow} outage */
function where(outage) {
  const more = outage.more_houses > 0 ? ` ${plural(texts.outage_houses, outage.more_houses)}` : "";
  return outage.addresses.join("; ") + more;
}

/** @param {OutageRow} outage */
function evidence({ state, evidence: found, addresses, company: name }) {
  if (state !== "suspected" || !found) return "";
  const language = document.documentElement.lang;
  return fill(texts.outage_evidence, {
    calls: plural(texts.outage_calls, found.calls),
    flats: plural(texts.outage_flats, found.flats),
    where: addresses.join("; ") || name,
    minutes: plural(texts.outage_minutes, Math.max(1, Math.round(found.seconds / 60))),
    usual: new Intl.NumberFormat(language, { maximumFractionDigits: found.usual < 1 ? 2 : 0 }).format(found.usual),
  });
}

/** @param {OutageRow} outage */
function times({ since, until, zone }) {
  const parts = [fill(texts.outage_since, { at: moment(since, zone) })];
  if (until) parts.push(fill(texts.outage_until, { at: moment(until, zone) }));
  return parts.join(", ");
}

/** @param {OutageRow} outage */
function choices(outage) {
  /** @type {HTMLElement[]} */
  const ways = [];
  // One of which no house is known is opened in the form.
  if (outage.addresses.length) {
    for (const { code, name } of place.kinds ?? []) ways.push(button(name, "quiet", () => post(outage.id, "confirm", { kind: code })));
  } else {
    ways.push(formLink(outage.company_id, null, texts.outage_open));
  }
  ways.push(button(texts.outage_dismiss, "quiet danger", () => post(outage.id, "dismiss", {})));
  const group = el("span", "off-choices", ...ways);
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", texts.outage_kind);
  return group;
}

/**
 * A button that can be pressed again only if it did not work.
 *
 * @param {string} text
 * @param {string} className
 * @param {() => Promise<boolean>} act
 */
function button(text, className, act) {
  const made = el("button", className, text);
  made.type = "button";
  made.addEventListener("click", async () => {
    made.disabled = true;
    made.disabled = await act();
  });
  return made;
}

/**
 * Whether it was done; otherwise the page says why not.
 *
 * @param {number} id of the outage
 * @param {"confirm" | "dismiss" | "join"} what
 * @param {Record<string, string>} form
 */
async function post(id, what, form) {
  try {
    const answer = await fetch(`/outages/${id}/${what}`, { method: "POST", body: new URLSearchParams(form) });
    if (answer.ok) return true;
    if (answer.status === 401) void sessionEnded();
    toast(answer.status === 409 || answer.status === 404 ? texts.outage_moved : texts.not_saved);
  } catch {
    toast(texts.not_saved);
  }
  return false;
}

/**
 * A link to the form of a new outage.
 *
 * @param {number} companyId
 * @param {number | null} houseId
 * @param {string} text
 */
export function formLink(companyId, houseId, text) {
  const made = el("a", "play", text);
  made.href = `/outages/new?company=${companyId}${houseId ? `&house=${houseId}` : ""}`;
  return made;
}

/** On the board: a link for each company, since an outage is one company's. */
export function showNewLinks() {
  const companies = new Map(Object.values(place.lines).map((line) => [line?.company_id ?? 0, line?.company ?? ""]));
  const sorted = [...companies].sort((a, b) => a[1].localeCompare(b[1]));
  $("off-new").replaceChildren(
    el("span", "muted", `${texts.outage_open}:`), ...sorted.map(([id, name]) => formLink(id, null, name)));
}

/**
 * The outage of a caller in one line.
 *
 * @param {CallOutage | null} outage
 * @param {string | null} queue
 */
export function outageLine(outage, queue) {
  if (!outage) return "";
  const zone = place.lines[queue ?? ""]?.zone;
  const calls = plural(texts.outage_calls, outage.calls);
  if (!outage.kind) return `${texts.outage_suspected}: ${calls}`;
  const off = outage.until ? fill(texts.outage_until, { at: moment(outage.until, zone) }) : texts.outage_off;
  const ticket = outage.ticket ? fill(texts.outage_ticket, { number: outage.ticket.number }) : "";
  return `${kindName(outage.kind)}: ${[off, calls, ticket].filter(Boolean).join(", ")}`;
}

/**
 * The same on the card, with what attaches the call to it: the key is the first of the buttons.
 *
 * @param {CardMessage} card
 * @param {State} state
 */
export function cardOutage(card, state) {
  const outage = newest(card, state);
  const line = outageLine(outage, card.did);
  const joins = joinable(card, state).map(({ id, text }, index) => {
    const made = button(text, "quiet off-join", () => post(id, "join", { call: card.call }));
    if (index === 0) made.append(" ", el("kbd", "", written("outage")));
    return made;
  });
  const suspected = suspectedOf(card, state);
  const fresh = outage || card.company_id === null ? "" : formLink(card.company_id, card.house_id, texts.outage_open);
  if (fresh) fresh.target = "_blank";
  if (!line && !joins.length && !fresh) return "";
  return el("div", line ? "off-line" : "off-line none",
    line ? el("b", "", line) : "", suspected ? choices(suspected) : "", ...joins, fresh);
}

/**
 * The card's outage, which may have been confirmed since the card came.
 *
 * @param {CardMessage} card
 * @param {State} state
 */
function newest(card, state) {
  const row = state.outages?.outages.find((outage) => outage.id === card.outage?.id);
  return card.outage && { ...card.outage, kind: card.outage.kind ?? row?.kind ?? null };
}

/**
 * The outages that the call may be attached to: the caller's own, or of an unknown caller's company.
 *
 * @param {CardMessage} card
 * @param {State} state
 */
function joinable(card, state) {
  if (!card.ticket || !place.files) return [];
  const outage = newest(card, state);
  if (outage) {
    const impossible = !outage.kind || outage.ticket?.id === card.ticket.id;
    return impossible ? [] : [{ id: outage.id, text: texts.outage_join }];
  }
  return (state.outages?.outages ?? [])
    .filter((outage) => outage.company_id === card.company_id && outage.state !== "suspected")
    .map((outage) => ({ id: outage.id, text: `${texts.outage_join}: ${kindName(outage.kind)}, ${where(outage)}` }));
}

/**
 * @param {CardMessage} card
 * @param {State} state
 */
function suspectedOf(card, state) {
  return state.outages?.outages.find((outage) => outage.id === card.outage?.id && outage.state === "suspected");
}

/**
 * Changes when the card offers something else: only then it has to be drawn again for the outages.
 *
 * @param {CardMessage | undefined} card
 * @param {State} state
 */
export function offered(card, state) {
  return card ? JSON.stringify([suspectedOf(card, state)?.id, joinable(card, state)]) : "";
}
