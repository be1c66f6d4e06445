// The tickets of the call: a form for each, the similar ones that are open, a second one, or none with the reason.

import { Filing } from "/static/tickets/filing.js";
import { keyed, put } from "/static/web/inplace.js";
import { $, el, fill, moment, place, plural, texts } from "/static/web/ui.js";
import { labelKeys, onKey, written } from "./keys.js";

/** @import { CardDetails, NoTicketReason, OpenTicket } from "types/page" */
/** @import { CardMessage, TicketKey } from "types/protocol" */
/** @import { CardTexts } from "types/texts" */
/** @import { Details } from "./card_details.js" */

const SIMILAR = 3;
/** @type {NoTicketReason[]} in the order of their digits */
const REASONS = ["wrong_number", "silence", "answered", "advertising", "other_company"];

export class TicketForms {
  /**
   * @param {CardTexts} texts
   * @param {Details} details
   */
  constructor(texts, details) {
    this.texts = texts;
    this.details = details;
    /** @type {Map<number, Filing>} by the ticket's id */
    this.forms = new Map();
    this.active = 0;
    this.call = "";
    /** @type {TicketKey[]} of the call on the card */
    this.own = [];
    /** The one that is not needed. */
    this.needless = 0;
    /** @type {string | undefined} */
    this.zone = undefined;
    for (const ticket of place.drafts ?? []) this.form(ticket);
    this.bind();
    this.draw();
  }

  /** The form in front, unless no ticket is needed. */
  front() {
    const form = this.forms.get(this.active);
    return form && !form.element.hidden ? form : undefined;
  }

  /** Go on with the ticket. */
  focus() {
    this.front()?.subject.focus();
  }

  bind() {
    const inFront = (/** @type {(form: Filing) => boolean | void} */ act) => {
      const form = this.front();
      return form ? act(form) : false;
    };
    const dialog = /** @type {HTMLDialogElement} */ ($("without"));
    const without = (/** @type {NoTicketReason | null} */ reason) => {
      dialog.close();
      void this.details.without(reason);
    };
    $("without-reasons").replaceChildren(...REASONS.map((reason, index) => {
      const button = el("button", "quiet", el("kbd", "", String(index + 1)), " ", this.texts.no_ticket[reason]);
      button.type = "button";
      button.addEventListener("click", () => without(reason));
      return el("li", "", button);
    }));
    const ask = () => ($("without-open").hidden ? false : dialog.showModal());
    const another = () => ($("second-ticket").hidden ? false : void this.another());
    $("without-open").addEventListener("click", ask);
    $("needed-after-all").addEventListener("click", () => without(null));
    $("second-ticket").addEventListener("click", another);
    onKey("without", ask);
    onKey("second", another);
    onKey("category", (which) => {
      if (!dialog.open) return inFront((form) => form.pick(which));
      return REASONS[which - 1] ? without(REASONS[which - 1]) : false;
    });
    onKey("subject", () => inFront((form) => form.subject.focus()));
    onKey("save", () => inFront((form) => form.form.requestSubmit()));
    onKey("told", () => inFront((form) => void form.tell()));
    onKey("similar", () => inFront((form) => {
      const first = /** @type {HTMLElement | null} */ (form.element.querySelector(".similar button"));
      return first ? first.click() : false;
    }));
  }

  /** @param {TicketKey} ticket */
  form(ticket) {
    let form = this.forms.get(ticket.id);
    if (!form) {
      form = new Filing(ticket, () => this.draw());
      labelKeys(form.element);
      this.forms.set(ticket.id, form);
      $("forms").append(form.element);
    }
    return form;
  }

  /**
   * @param {CardMessage | undefined} card
   * @param {CardDetails | null} found
   */
  show(card, found) {
    const own = !card?.ticket ? [] : found?.tickets.some(({ id }) => id === card.ticket?.id) ? found.tickets : [card.ticket];
    const next = (card?.call ?? "") !== this.call;
    this.call = card?.call ?? "";
    if (next) this.leave();
    this.zone = place.lines[card?.did ?? ""]?.zone;
    const before = this.own;
    this.own = own;
    for (const ticket of own) this.form(ticket);
    const added = own.find(({ id }) => before.every((ticket) => ticket.id !== id));
    // A new call's ticket is in front, so is a second one; else whoever types is not disturbed.
    if (added && (next || before.length)) this.active = added.id;
    if (!this.forms.has(this.active)) this.active = own[0]?.id ?? 0;
    this.draw();
  }

  /** Another call: what was typed for the last one is saved. */
  leave() {
    for (const [id, form] of this.forms) if (form.dirty && id !== this.needless) void form.submit();
    this.needless = 0;
  }

  /**
   * The call is about a ticket that is open already; what was typed goes along.
   *
   * @param {Filing} form
   * @param {number} ticket
   */
  async join(form, ticket) {
    if (form.dirty) await form.submit();
    await this.details.join(ticket);
  }

  /** The caller is another, and with that the ticket's version. */
  refresh() {
    for (const { id } of this.own) void this.forms.get(id)?.load();
  }

  async another() {
    if (await this.details.another()) this.focus();
  }

  draw() {
    const found = this.details.found;
    for (const [id, form] of this.forms) {
      // One that is saved and not of this call has had its day.
      if (this.own.some((ticket) => ticket.id === id) || form.known === null || (form.dirty && id !== this.needless)) continue;
      form.element.remove();
      this.forms.delete(id);
    }
    if (!this.forms.has(this.active)) this.active = this.own[0]?.id ?? [...this.forms.keys()][0] ?? 0;
    const none = found?.no_ticket ?? null;
    if (found) this.needless = none === null ? 0 : this.own[0]?.id ?? 0;
    const ofCall = this.own.some(({ id }) => id === this.active);
    for (const [id, form] of this.forms) {
      const hidden = id !== this.active || id === this.needless;
      if (form.element.hidden !== hidden) form.element.hidden = hidden;
      this.showSimilar(form, ofCall && this.own[0]?.id === id ? found?.open_tickets ?? [] : []);
    }
    this.drawTabs();
    $("no-ticket").hidden = none === null;
    put($("no-ticket-reason"), none === null ? "" : fill(this.texts.without, { reason: this.texts.no_ticket[none] }));
    $("second-ticket").hidden = !this.own.length;
    $("without-open").hidden = !this.own.length || none !== null;
    $("ticket-panel").hidden = !this.forms.size;
  }

  drawTabs() {
    const tabs = $("form-tabs");
    tabs.hidden = this.forms.size < 2;
    keyed(tabs, [...this.forms.values()], ({ ticket }) => ticket.id, ({ ticket }) => {
      const button = el("button", "quiet", "");
      button.type = "button";
      button.addEventListener("click", () => {
        this.active = ticket.id;
        this.draw();
      });
      return button;
    }, (button, form) => {
      const name = fill(this.texts.form_of, { number: form.ticket.number });
      put(button, form.dirty ? `${name}: ${this.texts.unsaved}` : name);
      button.setAttribute("aria-pressed", String(form.ticket.id === this.active));
    });
  }

  /**
   * @param {Filing} form
   * @param {OpenTicket[]} open
   */
  showSimilar(form, open) {
    const chosen = form.category.value;
    const similar = open.filter((ticket) => !chosen || ticket.category_id === null || String(ticket.category_id) === chosen);
    form.find(".similar").hidden = !similar.length;
    put(form.find(".similar-count"), similar.length ? plural(this.texts.similar, similar.length) : "");
    keyed(form.find(".similar-list"), similar.slice(0, SIMILAR), ({ id }) => id, (ticket) => {
      const join = el("button", "quiet", this.texts.join, " ", el("kbd", "", ""));
      join.type = "button";
      join.addEventListener("click", () => void this.join(form, ticket.id));
      const link = el("a", "", fill(texts.ticket, { number: ticket.number }));
      Object.assign(link, { href: `/tickets/${ticket.id}`, target: "_blank", rel: "noopener" });
      return el("li", "", link, el("span", "what", ticket.subject || ticket.category || this.texts.places[ticket.place]),
        el("span", "muted", `${this.texts.places[ticket.place]}, ${moment(ticket.opened_at, this.zone)}`), join);
    });
    form.find(".similar-list").querySelectorAll("kbd").forEach((key, index) => {
      key.hidden = index > 0;
      put(key, written("similar"));
    });
  }
}
