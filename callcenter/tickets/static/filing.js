// The two fields of a ticket that are filled in during the call: one form per ticket, which keeps what is typed in it
// however often the card is redrawn. docs/protocol.md describes the two requests behind it.

import { sessionEnded } from "/static/web/session.js";

/** @import { Filed, FilingAnswer } from "types/page" */
/** @import { TicketKey } from "types/protocol" */
/** @typedef {{ category: string, subject: string }} Typed */

const KEPT = 8;
/** @type {("category" | "subject")[]} */
const FIELDS = ["category", "subject"];
/** @type {Map<number, Filing>} */
const forms = new Map();

/**
 * The form for this ticket, the same each time.
 *
 * @param {TicketKey} ticket
 */
export function filing(ticket) {
  let form = forms.get(ticket.id);
  if (!form) {
    form = new Filing(ticket);
    forms.set(ticket.id, form);
    if (forms.size > KEPT) forms.delete([...forms.keys()][0]);
  }
  return form.element;
}

/**
 * Redraw by `draw()`, and keep the cursor's position in a form that stays.
 *
 * @param {() => void} draw
 */
export function keepingFocus(draw) {
  const field = /** @type {HTMLInputElement | null} */ (document.activeElement);
  const kept = field?.closest(".filing") ? { from: field.selectionStart, to: field.selectionEnd } : null;
  draw();
  if (!field || !kept || !field.isConnected || document.activeElement === field) return;
  field.focus({ preventScroll: true });
  if (typeof kept.from === "number") field.setSelectionRange(kept.from, kept.to);
}

class Filing {
  /** @param {TicketKey} ticket */
  constructor(ticket) {
    this.address = `/tickets/${ticket.id}/filing`;
    const blank = /** @type {HTMLTemplateElement} */ (document.getElementById("filing"));
    this.element = /** @type {HTMLElement} */ (blank.content.firstElementChild?.cloneNode(true));
    this.form = /** @type {HTMLFormElement} */ (this.find("form"));
    this.category = /** @type {HTMLSelectElement} */ (this.find("[name=category]"));
    this.subject = /** @type {HTMLInputElement} */ (this.find("[name=subject]"));
    this.button = /** @type {HTMLButtonElement} */ (this.find("button"));
    /** @type {Filed | null} */
    this.known = null;
    for (const name of FIELDS) {
      this[name].id = `${name}-${ticket.id}`;
      /** @type {HTMLLabelElement} */ (this.find(`[data-for=${name}]`)).htmlFor = `${name}-${ticket.id}`;
    }
    /** @type {HTMLAnchorElement} */ (this.find("a")).href = `/tickets/${ticket.id}`;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.known) this.save();
      else this.load();
    });
    this.form.addEventListener("input", () => this.say(""));
    // A select does not pass Enter on to the form.
    this.category.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.form.requestSubmit();
    });
    this.load();
  }

  /** @param {string} selector */
  find(selector) {
    return /** @type {HTMLElement} */ (this.element.querySelector(selector));
  }

  async load() {
    const [status, body] = await this.ask();
    if (status !== 200 || !body) {
      this.say("unreachable");
      return;
    }
    const choice = this.category;
    for (const { id, name } of body.categories) choice.append(new Option(name, String(id)));
    if (!choice.value) choice.value = String(body.category_id ?? "");
    if (!this.subject.value) this.subject.value = body.subject;
    this.say("");
    this.take(body);
  }

  async save() {
    const known = /** @type {Filed} */ (this.known);
    this.button.disabled = true;
    const typed = { category: this.category.value, subject: this.subject.value.trim() };
    const [status, body] = await this.ask({
      version: known.version,
      category_id: typed.category ? Number(typed.category) : null,
      subject: typed.subject,
    });
    this.button.disabled = false;
    if (status === 200 && body) {
      this.take(body);
      this.say("saved");
    } else if (status === 409 && body) {
      this.meet(known, body, typed);
    } else if (status === 422 && body) {
      this.say("refused", Object.values(body.problems).join(" "));
    } else {
      this.say("unreachable");
    }
  }

  // A conflict. Where nothing was typed the other person's value is taken; the rest is saved by the same key again.
  /**
   * @param {Filed} known
   * @param {Filed} body
   * @param {Typed} typed
   */
  meet(known, body, typed) {
    const theirs = { category: String(body.category_id ?? ""), subject: body.subject };
    const mine = { category: String(known.category_id ?? ""), subject: known.subject };
    const both = [];
    for (const name of FIELDS) {
      const field = this[name];
      if (typed[name] === mine[name]) field.value = theirs[name];
      else if (theirs[name] !== mine[name] && theirs[name] !== typed[name]) {
        both.push("options" in field ? [...field.options].find((one) => one.value === theirs[name])?.text ?? "" : theirs[name]);
      }
    }
    this.take(body);
    this.say("conflict", both.join(" · "));
  }

  /** @param {Filed} body */
  take(body) {
    this.known = body;
    this.find(".sentence").textContent = body.read_out;
    this.find(".sentence").lang = body.language;
    this.find(".read-out").hidden = false;
  }

  /** @param {string} what */
  say(what, more = "") {
    for (const line of /** @type {NodeListOf<HTMLElement>} */ (this.element.querySelectorAll("[data-message]"))) {
      line.hidden = line.dataset.message !== what;
      const blank = line.querySelector("b");
      if (blank) blank.textContent = more;
    }
  }

  /**
   * The status, 0 without a network, and the answer if it is one of ours.
   *
   * @param {{ version: number, category_id: number | null, subject: string }} [body]
   * @returns {Promise<[number, FilingAnswer | null]>}
   */
  async ask(body) {
    const request = body
      ? { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }
      : {};
    try {
      const answer = await fetch(this.address, { ...request, cache: "no-store" });
      if (answer.status === 401) void sessionEnded();
      const spoken = answer.headers.get("Content-Type")?.startsWith("application/json");
      return [answer.status, spoken ? await answer.json() : null];
    } catch {
      return [0, null];
    }
  }
}
