// The caller's card. Its elements are always there; what changes is what stands in them, so that nothing jumps and the
// focus stays.

import { keyed, put } from "/static/web/inplace.js";
import { $, company, el, fill, lasting, moment, place, plural, since, telephone, texts, toast } from "/static/web/ui.js";
import { onKey, written } from "./keys.js";
import { cardOutage, offered } from "./outages.js";

/** @import { CardDetails } from "types/page" */
/** @import { CardMessage, Outcome, Presence, PresenceMessage, State } from "types/protocol" */
/** @import { CardTexts } from "types/texts" */
/** @import { Details } from "./card_details.js" */
/** @import { Wire } from "/static/web/wire.js" */
/** @typedef {{ number: number, subject: string, opened_at: string, id?: number, category?: string, place?: "flat" | "house" | "caller" }} OpenRow */
/** @typedef {{ at: string, outcome: string, operator: string, recordings?: number[] }} PastRow */

const NOTE_MS = 600;

export class Card {
  /**
   * @param {CardTexts} words
   * @param {Details} details
   * @param {() => Wire} wire
   */
  constructor(words, details, wire) {
    this.words = words;
    this.details = details;
    this.outage = "";
    this.times = "";
    $("card-pause").addEventListener("click", () => {
      if (!wire().say({ type: "recording", paused: $("card-pause").dataset.paused !== "true" })) toast(texts.not_saved);
    });
    onKey("candidate", (which) => {
      const button = /** @type {HTMLElement | undefined} */ ($("candidates").querySelectorAll("button")[which - 1]);
      if (!button || $("candidates").hidden) return false;
      button.click();
    });
    onKey("outage", () => {
      const first = /** @type {HTMLElement | null} */ (document.querySelector(".off-join"));
      if (!first) return false;
      first.click();
    });
    this.bindNote();
  }

  bindNote() {
    const field = /** @type {HTMLTextAreaElement} */ ($("note"));
    /** @type {number | undefined} */
    let timer;
    this.noteTouched = false;
    field.addEventListener("input", () => {
      this.noteTouched = true;
      $("note-saved").hidden = true;
      clearTimeout(timer);
      const call = this.details.call;
      timer = setTimeout(async () => {
        const text = field.value;
        if (call !== this.details.call || !await this.details.note(text) || field.value !== text) return;
        this.noteTouched = false;
        $("note-saved").hidden = false;
      }, NOTE_MS);
    });
    onKey("note", () => ($("note-panel").hidden ? false : field.focus()));
  }

  /** @param {State} state */
  show(state) {
    const card = state.card?.call ? state.card : undefined;
    $("caller-card").hidden = !card;
    $("no-card").hidden = Boolean(card);
    if (!card) return this.showNone(state);
    const found = this.details.found;
    $("caller-card").classList.toggle("over", Boolean(card.talk_ended_at));
    this.showTalk(card, state);
    this.showOutage(card, state);
    this.showCaller(card, found);
    this.showCandidates(found);
    this.showNote(found);
    showHouseNotes(found);
    const zone = place.lines[card.did]?.zone;
    this.showTickets(found?.open_tickets ?? card.open_tickets, zone);
    this.showPast(found?.past_calls ?? card.past_calls, zone);
  }

  /** @param {State} state */
  showNone(state) {
    /** @type {Partial<PresenceMessage>} */
    const { state: is = "offline", phone_reachable: reachable = false } = state.presence ?? {};
    /** @type {Presence | "no_phone" | "unreachable" | "wrap_up"} */
    let why = is === "paused" || is === "offline" || is === "wrap_up" ? is : "available";
    if (!place.has_phone) why = "no_phone";
    else if (!reachable && why === "available") why = "unreachable";
    put($("no-card").querySelector("h1"), texts[`empty_${why}`]);
    put($("no-card").querySelector("p"), texts[`empty_${why}_hint`]);
  }

  /**
   * @param {CardMessage} card
   * @param {State} state
   */
  showTalk(card, state) {
    const { answered_at: begun, talk_ended_at: ended } = card;
    const paused = ended ? null : pausedSince(card, state);
    $("card-talk").classList.toggle("unrecorded", Boolean(paused));
    const times = JSON.stringify([card.call, begun, ended, paused]);
    if (times !== this.times) {
      this.times = times;
      $("card-timer").replaceChildren(...(ended
        ? [el("span", "", texts.talk_ended), el("b", "", lasting(Date.parse(ended) - Date.parse(begun))),
          el("span", "", this.words.wrap_up), since(ended)]
        : [el("span", "", texts.talking_for), begun ? since(begun) : ""]));
      $("card-paused").replaceChildren(...(paused ? [el("b", "", texts.recording_paused), " ", since(paused)] : []));
    }
    $("card-pause").hidden = Boolean(ended);
    $("card-pause").dataset.paused = String(Boolean(paused));
    put($("card-pause"), paused ? texts.resume_recording : texts.pause_recording);
    $("card-ticket").classList.toggle("none", !card.ticket);
    const none = this.details.found?.no_ticket;
    const opened = card.ticket ? fill(texts.ticket_opened, { number: card.ticket.number }) : texts.no_ticket;
    put($("card-ticket"), none ? fill(this.words.without, { reason: this.words.no_ticket[none] }) : opened);
  }

  /**
   * @param {CardMessage} card
   * @param {State} state
   */
  showOutage(card, state) {
    const now = JSON.stringify([card.call, card.outage, offered(card, state)]);
    if (now === this.outage) return;
    this.outage = now;
    $("card-outage").replaceChildren(cardOutage(card, state));
  }

  /**
   * @param {CardMessage} card
   * @param {CardDetails | null} found
   */
  showCaller(card, found) {
    const who = found ?? card;
    const part = (/** @type {string} */ name, /** @type {string} */ text) => put($("caller-card").querySelector(`[data-card=${name}]`), text);
    part("company", card.company || company(card.did));
    part("number", card.caller ? telephone(card.caller) : texts.no_number);
    part("resident", who.resident || texts.unknown);
    part("address", who.address);
    part("flat", who.flat ? fill(texts.flat, { flat: who.flat }) : "");
    part("others", card.others && (found?.candidates.length ?? 0) < 2 ? plural(texts.others, card.others) : "");
    const strange = who.address ? (found?.settled ? "" : this.words.remembered_place) : texts.no_address;
    part("hint", who.resident ? "" : strange);
    $("card-caller").classList.toggle("unknown", !who.resident);
    this.showCallBack(card);
  }

  /** @param {CardMessage} card */
  showCallBack(card) {
    const button = /** @type {HTMLButtonElement | null} */ ($("caller-card").querySelector("[data-call-out]"));
    if (!button) return;
    button.hidden = !card.caller || !card.talk_ended_at;
    Object.assign(button.dataset, { callOut: card.caller, ticket: card.ticket ? String(card.ticket.id) : "" });
  }

  /** @param {CardDetails | null} found */
  showCandidates(found) {
    const several = found && found.candidates.length > 1 ? found.candidates : [];
    $("candidates").hidden = !several.length;
    keyed($("candidates"), several, ({ id }) => id, ({ id, name, address, flat }) => {
      const button = el("button", "quiet", el("kbd", "", ""), " ", name, ", ", address, ", ", fill(texts.flat, { flat }));
      button.type = "button";
      button.addEventListener("click", () => void this.details.settle({ resident_id: id }));
      return button;
    }, (button, { id }) => button.setAttribute("aria-pressed", String(id === found?.resident_id)));
    $("candidates").querySelectorAll("kbd").forEach((key, index) => put(key, written("candidate", index + 1)));
  }

  /** @param {CardDetails | null} found */
  showNote(found) {
    const field = /** @type {HTMLTextAreaElement} */ ($("note"));
    const of = `${this.details.call}/${found?.resident_id ?? ""}`;
    $("note-panel").hidden = !found?.resident_id;
    if (field.dataset.of !== of) {
      this.noteTouched = false;
      $("note-saved").hidden = true;
      field.dataset.of = of;
    }
    if (!this.noteTouched && field.value !== (found?.note ?? "")) field.value = found?.note ?? "";
  }

  /**
   * @param {OpenRow[]} rows
   * @param {string | undefined} zone
   */
  showTickets(rows, zone) {
    $("no-open-tickets").hidden = rows.length > 0;
    keyed($("open-tickets"), rows, ({ number }) => number, () => el("li", "", el("b", "", ""), el("span", "what", ""), el("span", "muted when", "")),
      (item, row) => {
        const [number, what, when] = item.children;
        const title = fill(texts.ticket, { number: row.number });
        if (!row.id) put(number, title);
        else if (!number.querySelector("a")) {
          const link = el("a", "", title);
          Object.assign(link, { href: `/tickets/${row.id}`, target: "_blank", rel: "noopener" });
          number.replaceChildren(link);
        }
        what.classList.toggle("muted", !row.subject && !row.category);
        put(what, row.subject || row.category || texts.no_subject);
        put(when, [row.place ? this.words.places[row.place] : "", moment(row.opened_at, zone)].filter(Boolean).join(", "));
      });
  }

  /**
   * @param {PastRow[]} rows
   * @param {string | undefined} zone
   */
  showPast(rows, zone) {
    $("no-past-calls").hidden = rows.length > 0;
    keyed($("past-calls"), rows, ({ at }) => Date.parse(at), ({ at, outcome }) => el("li", "",
      el("span", `tag ${outcome}`, outcome in texts.outcomes ? texts.outcomes[/** @type {Outcome} */ (outcome)] : ""),
      el("span", "what", ""), el("span", "muted when", moment(at, zone))),
    (item, { operator, recordings = [] }) => {
      const what = item.children[1];
      if (what.childElementCount === recordings.length && what.textContent?.startsWith(operator)) return;
      what.replaceChildren(operator, ...recordings.flatMap((id) => {
        const link = el("a", "", this.words.listen);
        Object.assign(link, { href: `/listening/${id}`, target: "_blank", rel: "noopener" });
        return [" ", link];
      }));
    });
  }
}

/**
 * What Asterisk did, not what was requested.
 *
 * @param {CardMessage} card
 * @param {State} state
 */
function pausedSince(card, state) {
  const paused = state.recording;
  return paused?.call === card.call && paused.paused_since && paused.paused_since >= card.answered_at ? paused.paused_since : null;
}

/** @param {CardDetails | null} found */
function showHouseNotes(found) {
  $("house-notes").hidden = !found?.house_notes;
  put($("house-notes").querySelector("span"), found?.house_notes ?? "");
}
