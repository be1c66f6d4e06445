// Shared by both pages: texts, times, numbers, and elements made of text, never of markup.
// Importing it has no effect: a page's script calls `readPage()` first, and `startClock()` if it shows durations.

/** @import { Place } from "types/page" */
/** @import { QueuesMessage } from "types/protocol" */
/** @import { Texts } from "types/texts" */

const TICK_MS = 500;

/**
 * An element that is on the page.
 *
 * @param {string} id
 */
export const $ = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const language = () => document.documentElement.lang;

/**
 * The texts of the page, from `readPage()` on.
 *
 * @type {Texts}
 */
export let texts;
/**
 * Where the page stands, from `readPage()` on.
 *
 * @type {Place}
 */
export let place;

/** Read the texts and the place that the server wrote into the page. */
export function readPage() {
  /** @param {string} id */
  const read = (id) => JSON.parse($(id).textContent ?? "");
  texts = read("texts");
  place = read("place");
}

/** @type {(text: string, values: Record<string, string | number>) => string} */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/**
 * @param {Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }} forms
 * @param {number} n
 */
export function plural(forms, n) {
  return fill(forms[new Intl.PluralRules(language()).select(n)] ?? forms.other, { n });
}

/**
 * An element with a class and children; strings become text. Empty children are left out.
 *
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} className
 * @param {...(Node | string | null | undefined)} children
 */
export function el(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  for (const child of children) if (child) made.append(child);
  return made;
}

/**
 * A Russian number in groups, any other as it is. Never wrapped between its digits.
 *
 * @param {string} number
 */
export function telephone(number) {
  const found = /^\+?7(\d{3})(\d{3})(\d{2})(\d{2})$/.exec(number);
  if (!found) return number;
  return `+7\u00a0${found[1]}\u00a0${found[2]}\u2011${found[3]}\u2011${found[4]}`;
}

/**
 * Milliseconds as `m:ss`, from an hour on `h:mm:ss`.
 *
 * @param {number} milliseconds
 */
export function lasting(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  /** @param {number} n */
  const two = (n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** @param {string} iso */
export function moment(iso, zone = place.zone) {
  return new Intl.DateTimeFormat(language(), {
    timeZone: zone, day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  }).format(new Date(iso));
}

/** @param {string | null} queue */
export function company(queue) {
  return place.lines[queue ?? ""]?.company ?? telephone(queue ?? "");
}

/**
 * A running duration, after `startClock()`. Never put one into a live region: it would be announced each second.
 *
 * @param {string} iso
 */
export function since(iso) {
  const made = el("time", "", lasting(Date.now() - Date.parse(iso)));
  made.dataset.since = iso;
  return made;
}

/**
 * A running time that is left, after `startClock()`; as `since`.
 *
 * @param {string} iso
 */
export function left(iso) {
  const made = el("time", "", remaining(iso));
  made.dataset.until = iso;
  return made;
}

/** @param {string} iso */
const remaining = (iso) => fill(texts.wrap_up_left, { left: lasting(Date.parse(iso) - Date.now()) });

/** Keep every duration on the page up to date. */
export function startClock() {
  setInterval(tick, TICK_MS);
}

function tick() {
  for (const each of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-until]"))) {
    each.textContent = remaining(each.dataset.until ?? "");
  }
  for (const each of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-since]"))) {
    const text = each.dataset.since ? lasting(Date.now() - Date.parse(each.dataset.since)) : "–";
    if (each.textContent !== text) each.textContent = text;
  }
}

/**
 * Put this into a live region. An unchanged text is left alone, so that it is announced once.
 *
 * @param {HTMLElement} region
 * @param {Node | string} child
 */
export function announce(region, child) {
  const text = typeof child === "string" ? child : child.textContent;
  if (region.textContent !== text) region.replaceChildren(child);
}

/**
 * The three figures at the top. Returns the queues for what the page shows beside them.
 *
 * @param {QueuesMessage | undefined} body
 */
export function showFigures(body) {
  const queues = Object.entries(body?.queues ?? {}).flatMap(([queue, row]) => row ? [{ queue, ...row }] : []);
  /** @param {"waiting" | "talking"} name */
  const sum = (name) => queues.reduce((total, queue) => total + queue[name], 0);
  const waiting = sum("waiting");
  const oldest = queues.map((queue) => queue.oldest).filter(Boolean).sort()[0] ?? "";
  $("waiting").textContent = String(waiting);
  $("waiting").parentElement?.classList.toggle("busy", waiting > 0);
  $("waiting-word").textContent = plural(texts.waiting, waiting);
  $("talking").textContent = String(sum("talking"));
  $("longest").dataset.since = oldest;
  tick();
  return queues;
}

/** @param {boolean} is */
export function showConnected(is) {
  $("disconnected").hidden = is;
  document.body.classList.toggle("stale", !is);
}

/** @type {number | undefined} */
let toastTimer;
/** @param {string} text */
export function toast(text) {
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => ($("toast").hidden = true), 6000);
}
