// Every key of the workplace: one table, which binds them and from which the help sheet is drawn.
//
// A key is known by where it is (`event.code`), so all of them work in the Russian layout. Letters and digits stand for
// themselves outside of fields, and with Alt everywhere. Function keys type nothing: they work everywhere, since a call is
// answered in the middle of a word.

/** @typedef {{ does: Does, code: string, upTo?: number, shift?: true, ctrl?: true, sign?: string }} Key */
/**
 * @typedef {"answer" | "hang_up" | "mute" | "hold" | "prolong" | "category" | "subject" | "save" | "told" | "similar" | "second" | "without"
 *   | "candidate" | "search" | "outage" | "note" | "help"} Does
 */
/** @typedef {Pick<KeyboardEvent, "key" | "code" | "altKey" | "shiftKey" | "ctrlKey" | "metaKey">} Pressed */

/**
 * With `upTo` there are so many of it: `Digit` is `Digit1`, `Digit2` and so on. A `sign` is wherever the layout has it.
 *
 * @type {Key[]}
 */
export const KEYS = [
  { does: "answer", code: "F2" },
  { does: "hang_up", code: "F4" },
  { does: "mute", code: "F8" },
  { does: "hold", code: "F9" },
  { does: "prolong", code: "F2", shift: true },
  { does: "category", code: "Digit", upTo: 9 },
  { does: "subject", code: "KeyS" },
  { does: "save", code: "Enter", ctrl: true },
  { does: "told", code: "KeyR" },
  { does: "similar", code: "KeyJ" },
  { does: "second", code: "KeyN" },
  { does: "without", code: "KeyW" },
  { does: "candidate", code: "Digit", upTo: 4, shift: true },
  { does: "search", code: "KeyA" },
  { does: "outage", code: "KeyO" },
  { does: "note", code: "KeyM" },
  { does: "help", code: "Slash", shift: true, sign: "?" },
];

/** @param {string} code */
const isFunction = (code) => /^F\d+$/.test(code);

/**
 * Which one of several keys it is, from 1 on; 0 when it is none of them.
 *
 * @param {Key} key
 * @param {Pressed} event
 */
function pressed(key, event) {
  if (!key.upTo) return Number(event.code === key.code || (key.sign !== undefined && event.key === key.sign));
  const which = event.code.startsWith(key.code) ? Number(event.code.slice(key.code.length)) : 0;
  return which >= 1 && which <= key.upTo ? which : 0;
}

/**
 * What a key means, and which one of several, from 1 on.
 *
 * @param {Pressed} event
 * @param {boolean} typing whether the focus is in a field
 * @returns {{ does: Does, which: number } | null}
 */
export function meaning(event, typing) {
  for (const key of KEYS) {
    const which = pressed(key, event);
    if (!which) continue;
    if (Boolean(key.shift) !== event.shiftKey || Boolean(key.ctrl) !== (event.ctrlKey || event.metaKey)) continue;
    if (isFunction(key.code) ? event.altKey : typing && !key.ctrl && !event.altKey) continue;
    return { does: key.does, which };
  }
  return null;
}

/**
 * The key as it is written on buttons and in the help sheet: in the way that works everywhere.
 *
 * @param {Does} does
 * @param {number} [which] one of several
 */
export function written(does, which) {
  const key = /** @type {Key} */ (KEYS.find((each) => each.does === does));
  const name = key.sign ?? key.code.replace(/^Key/, "").replace(/^Digit/, which ? String(which) : `1…${key.upTo}`);
  const shift = key.shift && !key.sign ? ["Shift"] : [];
  const first = key.ctrl ? ["Ctrl"] : isFunction(key.code) || key.sign ? [] : ["Alt"];
  return [...first, ...shift, name].join("+");
}

/** @type {Map<Does, (which: number) => boolean | void>} */
const handlers = new Map();

/**
 * Bind what a key does. `handler(which)` returns false when there is nothing to be done now: the browser then gets the key.
 *
 * @param {Does} does
 * @param {(which: number) => boolean | void} handler
 */
export function onKey(does, handler) {
  handlers.set(does, handler);
}

/** Listen for the keys. */
export function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.repeat || event.isComposing) return;
    const field = event.target instanceof Element ? event.target.closest("input, select, textarea, [contenteditable]") : null;
    const found = meaning(event, field !== null && field.getAttribute("type") !== "checkbox");
    if (!found) return;
    // An open dialog has the keys to itself, but for those of the telephone.
    const dialog = /** @type {HTMLElement | null} */ (document.querySelector("dialog[open]"));
    if (dialog && !["answer", "hang_up", "mute", "hold"].includes(found.does) && dialog.dataset.keys !== found.does) return;
    if (handlers.get(found.does)?.(found.which) !== false && handlers.has(found.does)) event.preventDefault();
  });
}

/**
 * Write the keys on the buttons that have a place for them.
 *
 * @param {ParentNode} root
 */
export function labelKeys(root) {
  for (const place of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("kbd[data-key]"))) {
    place.textContent = written(/** @type {Does} */ (place.dataset.key));
  }
}
