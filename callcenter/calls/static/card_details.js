// The rest of the card, which is fetched once the card is on the screen: docs/protocol.md, "The rest of the card".

import { texts, toast } from "/static/web/ui.js";

/** @import { CallerChoice, CardDetails } from "types/page" */
/** @import { CardMessage } from "types/protocol" */
/** @import { NoTicketReason } from "types/page" */

const AGAIN_MS = 2000;

export class Details {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    /** @type {string} */
    this.call = "";
    /** @type {CardDetails | null} of this call */
    this.found = null;
    this.wanted = "";
    this.asked = 0;
  }

  /**
   * Fetch what belongs to this card, unless it is there.
   *
   * @param {CardMessage | undefined} card
   */
  follow(card) {
    const call = card?.call ?? "";
    if (call !== this.call) this.found = null;
    this.call = call;
    // Another ticket, or another caller: what is open is another, too.
    const wanted = card?.call ? JSON.stringify([call, card.ticket?.id, card.resident, card.address, card.flat]) : "";
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    if (call) void this.load();
  }

  async load() {
    const call = this.call;
    const turn = ++this.asked;
    try {
      const answer = await fetch(`/workplace/calls/${call}`, { cache: "no-store" });
      if (turn !== this.asked || call !== this.call) return;
      // Of a number of no company nothing is known.
      if (answer.ok) this.take(await answer.json());
      else if (answer.status >= 500) this.later(turn);
    } catch {
      this.later(turn);
    }
  }

  /** @param {number} turn */
  later(turn) {
    setTimeout(() => turn === this.asked && void this.load(), AGAIN_MS);
  }

  /** @param {CardDetails} found */
  take(found) {
    this.found = found;
    this.changed();
  }

  /** @param {CallerChoice} caller */
  settle(caller) {
    return this.post("caller", caller);
  }

  /** @param {number} ticket */
  join(ticket) {
    return this.post("join", { ticket });
  }

  /** @param {NoTicketReason | null} reason */
  without(reason) {
    return this.post("without-ticket", { reason });
  }

  /** @param {string} note */
  note(note) {
    return this.post("note", { note });
  }

  another() {
    return this.post("tickets", {});
  }

  /**
   * Whether it was done; otherwise the page says that it was not.
   *
   * @param {string} what
   * @param {object} body
   */
  async post(what, body) {
    const call = this.call;
    try {
      const answer = await fetch(`/workplace/calls/${call}/${what}`, {
        method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" },
      });
      if (answer.ok) {
        this.asked++;
        if (answer.status === 200 && call === this.call) this.take(await answer.json());
        else if (answer.status === 201) await this.load();
        return true;
      }
      toast(answer.status === 409 ? texts.not_possible : texts.not_saved);
      if (answer.status === 409) void this.load();
    } catch {
      toast(texts.not_saved);
    }
    return false;
  }
}
