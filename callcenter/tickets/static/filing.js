// The two fields in which a ticket is filed while the caller talks: one form a ticket, kept with what is typed in it
// however often the card is drawn anew. docs/protocol.md has the two requests behind it.

const KEPT = 8;
const forms = new Map();

/** The form for this ticket, the same each time. */
export function filing(ticket) {
  let form = forms.get(ticket.id);
  if (!form) {
    form = new Filing(ticket);
    forms.set(ticket.id, form);
    if (forms.size > KEPT) forms.delete(forms.keys().next().value);
  }
  return form.element;
}

/** Draw anew by `draw()`, leaving the cursor where it was in a form that stays. */
export function keepingFocus(draw) {
  const field = document.activeElement;
  const kept = field?.closest(".filing") ? [field.selectionStart, field.selectionEnd] : null;
  draw();
  if (!kept || !field.isConnected || document.activeElement === field) return;
  field.focus({ preventScroll: true });
  if (typeof kept[0] === "number") field.setSelectionRange(...kept);
}

class Filing {
  constructor(ticket) {
    this.address = `/tickets/${ticket.id}/filing`;
    this.element = document.getElementById("filing").content.firstElementChild.cloneNode(true);
    this.form = this.find("form");
    this.known = null;
    for (const name of ["category", "subject"]) {
      this.find(`[name=${name}]`).id = `${name}-${ticket.id}`;
      this.find(`[data-for=${name}]`).htmlFor = `${name}-${ticket.id}`;
    }
    this.find("a").href = `/tickets/${ticket.id}`;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.known) this.save();
      else this.load();
    });
    this.form.addEventListener("input", () => this.say(""));
    // A select keeps Enter to itself.
    this.find("[name=category]").addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.form.requestSubmit();
    });
    this.load();
  }

  find(selector) {
    return this.element.querySelector(selector);
  }

  async load() {
    const [status, body] = await this.ask();
    if (status !== 200) {
      this.say("unreachable");
      return;
    }
    const choice = this.find("[name=category]");
    for (const { id, name } of body.categories) choice.append(new Option(name, id));
    if (!choice.value) choice.value = body.category_id ?? "";
    if (!this.find("[name=subject]").value) this.find("[name=subject]").value = body.subject;
    this.say("");
    this.take(body);
  }

  async save() {
    this.find("button").disabled = true;
    const typed = { category: this.find("[name=category]").value, subject: this.find("[name=subject]").value.trim() };
    const [status, body] = await this.ask({
      version: this.known.version,
      category_id: typed.category ? Number(typed.category) : null,
      subject: typed.subject,
    });
    this.find("button").disabled = false;
    if (status === 200) {
      this.take(body);
      this.say("saved");
    } else if (status === 409) {
      this.meet(body, typed);
    } else if (status === 422) {
      this.say("refused", Object.values(body.problems).join(" "));
    } else {
      this.say("unreachable");
    }
  }

  // Somebody else was quicker. Where nothing else was typed their value stands; the rest is saved by the same key again.
  meet(body, typed) {
    const theirs = { category: String(body.category_id ?? ""), subject: body.subject };
    const mine = { category: String(this.known.category_id ?? ""), subject: this.known.subject };
    const both = [];
    for (const name of ["category", "subject"]) {
      const field = this.find(`[name=${name}]`);
      if (typed[name] === mine[name]) field.value = theirs[name];
      else if (theirs[name] !== mine[name] && theirs[name] !== typed[name]) {
        both.push(field.options ? [...field.options].find((one) => one.value === theirs[name])?.text ?? "" : theirs[name]);
      }
    }
    this.take(body);
    this.say("conflict", both.join(" · "));
  }

  take(body) {
    this.known = body;
    this.find(".sentence").textContent = body.read_out;
    this.find(".sentence").lang = body.language;
    this.find(".read-out").hidden = false;
  }

  say(what, more = "") {
    for (const line of this.element.querySelectorAll("[data-said]")) {
      line.hidden = line.dataset.said !== what;
      const blank = line.querySelector("b");
      if (blank) blank.textContent = more;
    }
  }

  async ask(body) {
    const request = body
      ? { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }
      : {};
    try {
      const answer = await fetch(this.address, { ...request, cache: "no-store" });
      if (answer.status === 401) location.assign("/login");
      const spoken = answer.headers.get("Content-Type")?.startsWith("application/json");
      return [answer.status, spoken ? await answer.json() : null];
    } catch {
      return [0, null];
    }
  }
}
