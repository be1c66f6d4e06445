// What crews said by their links, until somebody at the desk has seen it.

import { $, fill, plural, texts, toast } from "/static/web/ui.js";

/** @import { CrewAnswersMessage, State } from "types/protocol" */

let newest = "";

/**
 * @param {State} state
 * @param {boolean} isNews
 */
export function showCrewAnswers(state, isNews) {
  /** @type {CrewAnswersMessage} */
  const message = state.crews ?? { count: 0, newest: [] };
  const first = message.newest[0];
  const link = /** @type {HTMLAnchorElement} */ ($("crew-answers"));
  link.hidden = !message.count;
  link.textContent = message.count ? plural(texts.crew_answers, message.count) : "";
  if (first && isNews && first.at > newest) {
    toast(`${fill(texts.ticket, { number: first.number })}: ${texts.crew_said[first.said]} (${first.crew})`);
  }
  newest = first?.at ?? "";
}
