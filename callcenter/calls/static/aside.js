// Whom the caller is handed to or whom the operator asks first, and how far it is.

import { $, el, fill } from "/static/web/ui.js";

/** @import { TelephoneTexts } from "types/texts" */
/** @import { Aside } from "./telephone.js" */

const field = (/** @type {string} */ id) => /** @type {HTMLSelectElement} */ ($(id));

/** @type {(step: "consult" | "transfer") => { to: string, note: string }} */
export function chosen(step) {
  const option = field("telephone-to").selectedOptions[0];
  // A queue is whoever of the colleagues is free.
  const to = step === "consult" && option?.dataset.kind === "queue" ? "" : option?.value ?? "";
  return { to, note: field("telephone-handed-note").value.trim() };
}

/** @param {string} whom an account or a number */
function named(whom) {
  const option = [...field("telephone-to").options].find((each) => each.value === whom);
  return option?.textContent?.trim() || whom;
}

/**
 * @param {Aside | null} aside
 * @param {TelephoneTexts} texts
 */
export function showAside(aside, texts) {
  const place = $("telephone-aside");
  place.hidden = aside === null;
  $("telephone").dataset.aside = aside?.phase ?? "";
  if (!aside || aside.phase === "over") return;
  const says = fill(texts.asides[aside.phase], { whom: named(aside.whom) });
  // Said once to a screen reader, not at every other change.
  if ($("telephone-aside-says").textContent !== says) $("telephone-aside-says").replaceChildren(el("span", "", says));
  for (const button of place.querySelectorAll("button")) {
    const back = button.dataset.does === "back";
    button.hidden = back ? aside.phase === "conference" : aside.phase !== "asking";
  }
}
