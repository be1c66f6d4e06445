// Whose call it is that a colleague hands on or asks about, with the colleague's note: while it rings, and beside the card.

import { $, announce, el, fill, place, texts } from "/static/web/ui.js";

/** @import { State } from "types/protocol" */

/** @param {State} state */
export function showHanded({ ringing, card }) {
  const rings = ringing && "call" in ringing ? ringing : null;
  const shown = rings ?? (card?.talk_ended_at ? null : card);
  if (!shown?.handed) return $("handed").replaceChildren();
  const { by, note } = shown.handed;
  const name = place.colleagues?.[by] ?? "";
  const where = [shown.resident || texts.unknown, shown.address, shown.flat && fill(texts.flat, { flat: shown.flat })];
  announce($("handed"), el("p", "handed", el("b", "", fill(texts.handed_by, { name })), " ",
    rings ? el("span", "", where.filter(Boolean).join(", ")) : "", note ? el("q", "", note) : ""));
}
