// The two fields of a ticket that are filled in during the call: one form per ticket. What is typed is kept on the server
// as it is typed, and outlives the page. docs/protocol.md describes the requests behind it.

import { keyed } from "/static/web/inplace.js";
import { sessionEnded } from "/static/web/session.js";

/** @import { Filed, FilingAnswer } from "types/page" */
/** @import { TicketKey } from "types/protocol" */
/** @typedef {{ category: string, subject: string }} Typed */

const DRAFT_MS = 400;
const KEYS = 9;
/** @type {("category" | "subject")[]} */
const FIELDS = ["category", "subject"];

export class Filing {
  /**
   * @param {TicketKey} ticket
   * @param {() => void} changed what is typed, or saved
   */
  constructor(ticket, changed) {
    this.ticket = ticket;
    this.changed = changed;
    this.address = `/tickets/${ticket.id}`;
    const blank = /** @type {HTMLTemplateElement} */ (document.getElementById("filing"));
    this.element = /** @type {HTMLElement} */ (blank.content.firstElementChild?.cloneNode(true));
    this.form = /** @type {HTMLFormElement} */ (this.find("form"));
    this.category = /** @type {HTMLSelectElement} */ (this.find("[name=category]"));
    this.subject = /** @type {HTMLInputElement} */ (this.find("[name=subject]"));
    this.button = /** @type {HTMLButtonElement} */ (this.find("button.main"));
    this.hints = this.find(".category-keys");
    /** @type {Filed | null} */
    this.known = null;
    /** @type {number | undefined} */
    this.timer = undefined;
    for (const name of FIELDS) {
      this[name].id = `${name}-${ticket.id}`;
      /** @type {HTMLLabelElement} */ (this.find(`[data-for=${name}]`)).htmlFor = `${name}-${ticket.id}`;
    }
    /** @type {HTMLAnchorElement} */ (this.find("a")).href = this.address;
    this.listen();
    this.load();
  }

  listen() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.submit();
    });
    this.form.addEventListener("input", () => {
      this.say("");
      this.showCategory();
      clearTimeout(this.timer);
      this.timer = setTimeout(() => void this.keep(), DRAFT_MS);
      this.changed();
    });
    // A select does not pass Enter on to the form.
    this.category.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.form.requestSubmit();
    });
    this.find("[data-part=tell]").addEventListener("click", () => void this.tell());
    addEventListener("pagehide", () => this.timer !== undefined && void this.keep());
  }

  /** @param {string} selector */
  find(selector) {
    return /** @type {HTMLElement} */ (this.element.querySelector(selector));
  }

  /** @returns {Typed} */
  typed() {
    return { category: this.category.value, subject: this.subject.value.trim() };
  }

  /** Whether something is typed that is not saved. */
  get dirty() {
    const { category, subject } = this.typed();
    return category !== String(this.known?.category_id ?? "") || subject !== (this.known?.subject ?? "");
  }

  /**
   * Choose the category in this place, from 1 on; again: none.
   *
   * @param {number} which
   */
  pick(which) {
    const option = this.category.options[which];
    if (!option) return false;
    this.category.value = option.selected ? "" : option.value;
    this.category.dispatchEvent(new Event("input", { bubbles: true }));
    return true;
  }

  async submit() {
    if (!this.known) await this.load();
    if (this.known) await this.save();
  }

  async load() {
    const [status, body] = await this.ask("filing");
    if (status !== 200 || !body) {
      this.say("unreachable");
      return;
    }
    const fresh = this.known === null;
    // Whatever was typed before the answer came stays.
    const untouched = fresh ? !this.category.value && !this.subject.value : !this.dirty;
    if (fresh) this.offer(body.categories);
    if (untouched) this.fill(body.draft ?? body);
    this.take(body);
    this.showTold(body.told);
    if (fresh) this.say(untouched && body.draft ? "draft" : "");
    this.changed();
  }

  /** @param {FilingAnswer["categories"]} categories */
  offer(categories) {
    // All of them have a key: then there is nothing in the list that is not before it.
    this.find(".all-categories").hidden = categories.length <= KEYS;
    for (const { id, name } of categories) this.category.append(new Option(name, String(id)));
    keyed(this.hints, categories.slice(0, KEYS), ({ id }) => id, ({ id, name }) => {
      const hint = document.createElement("button");
      hint.type = "button";
      const key = document.createElement("kbd");
      key.textContent = String(categories.findIndex((each) => each.id === id) + 1);
      hint.append(key, ` ${name}`);
      hint.addEventListener("click", () => this.pick(Number(key.textContent)));
      return hint;
    });
  }

  /** @param {{ category_id: number | null, subject: string }} values */
  fill({ category_id: category, subject }) {
    this.category.value = String(category ?? "");
    this.subject.value = subject;
    this.showCategory();
  }

  showCategory() {
    for (const hint of /** @type {HTMLCollectionOf<HTMLElement>} */ (this.hints.children)) {
      hint.setAttribute("aria-pressed", String(hint.dataset.key === this.category.value));
    }
  }

  async keep() {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { category, subject } = this.typed();
    const [status] = await this.ask("draft", { category_id: category ? Number(category) : null, subject });
    if (status === 204 && this.dirty && this.timer === undefined) this.say("draft");
  }

  async save(again = true) {
    const known = /** @type {Filed} */ (this.known);
    clearTimeout(this.timer);
    this.timer = undefined;
    this.button.disabled = true;
    const typed = this.typed();
    const [status, body] = await this.ask("filing", {
      version: known.version,
      category_id: typed.category ? Number(typed.category) : null,
      subject: typed.subject,
    });
    this.button.disabled = false;
    if (status === 200 && body) {
      this.take(body);
      this.say(this.dirty ? "" : "saved");
    } else if (status === 409 && body) {
      const untouched = body.category_id === known.category_id && body.subject === known.subject;
      if (untouched && again) {
        // Something else of the ticket was changed, such as its flat.
        this.take(body);
        await this.save(false);
      } else this.meet(known, body, typed);
    } else if (status === 422 && body) {
      this.say("refused", Object.values(body.problems).join(" "));
    } else {
      this.say("unreachable");
    }
    this.changed();
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
    this.showCategory();
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

  /** Note that the sentence was read out. */
  async tell() {
    if (this.find("[data-part=tell]").hidden) return;
    const [status] = await this.ask("told", {});
    if (status === 204) this.showTold(true);
    else this.say("unreachable");
  }

  /** @param {boolean} is */
  showTold(is) {
    this.find("[data-part=tell]").hidden = is;
    this.find("[data-part=told]").hidden = !is;
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
   * @param {"filing" | "draft" | "told"} what
   * @param {object} [body]
   * @returns {Promise<[number, FilingAnswer | null]>}
   */
  async ask(what, body) {
    const request = body
      ? { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" }, keepalive: true }
      : {};
    try {
      const answer = await fetch(`${this.address}/${what}`, { ...request, cache: "no-store" });
      if (answer.status === 401) void sessionEnded();
      const spoken = answer.headers.get("Content-Type")?.startsWith("application/json");
      return [answer.status, spoken ? await answer.json() : null];
    } catch {
      return [0, null];
    }
  }
}
