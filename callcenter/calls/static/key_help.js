// The help sheet: which key does what, drawn from the table that binds the keys.

import { $, el } from "/static/web/ui.js";
import { KEYS, onKey, written } from "./keys.js";

/** @import { CardTexts } from "types/texts" */

/** @param {CardTexts} texts */
export function startHelp(texts) {
  const sheet = /** @type {HTMLDialogElement} */ ($("key-help"));
  $("key-list").replaceChildren(
    ...KEYS.flatMap(({ does }) => [el("dt", "", el("kbd", "", written(does))), el("dd", "", texts.keys[does])]),
  );
  const turn = () => (sheet.open ? sheet.close() : sheet.showModal());
  onKey("help", turn);
  $("key-help-open").addEventListener("click", turn);
}
