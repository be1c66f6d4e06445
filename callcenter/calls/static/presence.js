// What an operator is doing, and the buttons to be something else.

import { $, announce, left, place, since, texts, toast } from "/static/web/ui.js";
import { onKey } from "./keys.js";

/** @import { Presence, PresenceMessage, State } from "types/protocol" */
/** @import { Wire } from "/static/web/wire.js" */

/**
 * In words, with the reason if there is one.
 *
 * @param {Pick<PresenceMessage, "state"> & Partial<PresenceMessage>} presence
 */
export function named({ state, reason, pause }) {
  const given = state === "paused" ? pause : null;
  const why = reason ? texts.reasons[reason] : place.pauses?.find((each) => each.code === given)?.name;
  return why ? `${texts.states[state]}: ${why}` : texts.states[state];
}

/**
 * What the operator wants to be; in a call, what applies after it.
 *
 * @param {Pick<PresenceMessage, "state"> & Partial<PresenceMessage>} presence
 * @returns {Presence}
 */
export function wantedOf({ state, afterwards }) {
  return afterwards ?? (state === "paused" || state === "offline" ? state : "available");
}

/** @param {State} state of the screen */
export function showPresence(state) {
  if (!place.has_phone) return;
  const shown = state.presence ?? { state: /** @type {const} */ ("offline"), phone_reachable: false };
  const { state: now, phone_reachable: reachable, since: at, pause, until } = /** @type {PresenceMessage} */ (shown);
  const wanted = wantedOf(shown);
  for (const button of $("presence").querySelectorAll("button")) {
    // Before the first snapshot nothing can be requested, and no request can be shown.
    button.disabled = false;
    button.setAttribute("aria-pressed", String(button.dataset.wanted === wanted && now !== "wrap_up"));
    if (state["request/presence"]?.state !== "asked") button.classList.remove("asked");
  }
  $("state").className = `state ${now}`;
  announce($("state-name"), named(shown));
  $("state-since").replaceChildren(at ? since(at) : "");
  $("pause-reason").hidden = now === "wrap_up" || wanted !== "paused";
  reasons().value = pause ?? "";
  $("wrap-up").hidden = now !== "wrap_up";
  $("wrap-up-left").replaceChildren(until ? left(until) : "");
  $("phone").className = `phone ${reachable ? "reachable" : "unreachable"}`;
  $("phone").textContent = reachable ? texts.phone_reachable : texts.phone_unreachable;
}

const reasons = () => /** @type {HTMLSelectElement} */ ($("pause-reason").querySelector("select"));

/** @param {Wire} wire */
export function offerPresence(wire) {
  if (!place.has_phone) return;
  /** @type {(wanted: Presence, pause?: string) => boolean} */
  const ask = (wanted, pause) => {
    const said = wire.say({ type: "presence", wanted, operator: null, pause: pause || null });
    if (!said) toast(texts.not_saved);
    return said;
  };
  const does = { end: () => ask("available"), prolong: () => wire.say({ type: "wrap_up" }) || toast(texts.not_saved) };
  $("presence").addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (button && ask(/** @type {Presence} */ (button.dataset.wanted))) button.classList.add("asked");
  });
  reasons().addEventListener("change", () => ask("paused", reasons().value));
  for (const button of $("wrap-up").querySelectorAll("button")) {
    button.addEventListener("click", () => does[/** @type {keyof typeof does} */ (button.dataset.does)]());
  }
  const wrapUp = () => wire.state.presence?.state === "wrap_up";
  onKey("prolong", () => wrapUp() && void does.prolong());
  // The key that answers a call is also the one that asks for the next.
  addEventListener("keydown", (event) => {
    if (event.key !== "F2" || !wrapUp() || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    does.end();
  });
}
