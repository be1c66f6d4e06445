// What both pages need: words, times, numbers, and elements made of text, never of markup.
// To import it does nothing: a page's script calls `readPage()` before all else, and `startClock()` if it shows durations.

const TICK_MS = 500;

export const $ = (id) => document.getElementById(id);
const language = () => document.documentElement.lang;

/** What the page says and where it stands, from `readPage()` on. */
export let words = null;
export let place = null;

/** Take over the words and the place that the server wrote into the page. */
export function readPage() {
  const read = (id) => JSON.parse($(id).textContent);
  words = read("words");
  place = read("place");
}

export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export function plural(forms, n) {
  return fill(forms[new Intl.PluralRules(language()).select(n)] ?? forms.other, { n });
}

/** An element with a class and children; strings become text. Empty children are left out. */
export function el(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

/** A Russian number in groups, any other as it is. Never wrapped between its digits. */
export function telephone(number) {
  const found = /^\+?7(\d{3})(\d{3})(\d{2})(\d{2})$/.exec(number);
  if (!found) return number;
  return `+7\u00a0${found[1]}\u00a0${found[2]}\u2011${found[3]}\u2011${found[4]}`;
}

/** Milliseconds as `m:ss`, from an hour on `h:mm:ss`. */
export function lasting(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

export function moment(iso, zone = place.zone) {
  return new Intl.DateTimeFormat(language(), {
    timeZone: zone, day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  }).format(new Date(iso));
}

export function company(queue) {
  return place.lines[queue]?.company ?? telephone(queue);
}

/** A ticking duration, once `startClock()` was called. None belongs into a live region: it would be spoken each second. */
export function since(iso) {
  const made = el("time", "", lasting(Date.now() - new Date(iso)));
  made.dataset.since = iso;
  return made;
}

/** Keep every duration on the page up to date. */
export function startClock() {
  setInterval(tick, TICK_MS);
}

function tick() {
  for (const each of document.querySelectorAll("[data-since]")) {
    const text = each.dataset.since ? lasting(Date.now() - new Date(each.dataset.since)) : "–";
    if (each.textContent !== text) each.textContent = text;
  }
}

/** Put this into a live region. What it says already is left as it is, so that it is spoken once. */
export function announce(region, ...children) {
  if (region.textContent !== children.map((child) => child.textContent ?? child).join("")) region.replaceChildren(...children);
}

/** The three figures at the top. Returns the queues for what the page shows beside them. */
export function showFigures(body) {
  const queues = body?.queues ?? [];
  const sum = (name) => queues.reduce((total, queue) => total + queue[name], 0);
  const waiting = sum("waiting");
  const oldest = queues.map((queue) => queue.oldest).filter(Boolean).sort()[0] ?? "";
  $("waiting").textContent = waiting;
  $("waiting").parentElement.classList.toggle("busy", waiting > 0);
  $("waiting-word").textContent = plural(words.waiting, waiting);
  $("talking").textContent = sum("talking");
  $("longest").dataset.since = oldest;
  tick();
  return queues;
}

export function showConnected(is) {
  $("disconnected").hidden = is;
  document.body.classList.toggle("stale", !is);
}

let toastTimer;
export function toast(text) {
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => ($("toast").hidden = true), 6000);
}
