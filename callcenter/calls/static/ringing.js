// A call that rings: who and where in one line, in the title of the tab, and as a notification when nobody looks at the page.

import { $, announce, company, el, fill, since, telephone, texts } from "/static/web/ui.js";
import { outageLine } from "./outages.js";

/** @import { RingingMessage, State } from "types/protocol" */
/** @import { CardTexts } from "types/texts" */

export class Ringing {
  /** @param {CardTexts} words */
  constructor(words) {
    this.words = words;
    this.title = document.title;
    /** @type {Notification | null} */
    this.notification = null;
    this.notified = "";
    this.offer();
    document.addEventListener("visibilitychange", () => document.hidden || this.forget());
  }

  // Browsers ask only after a click.
  offer() {
    const button = $("notify");
    if (!("Notification" in window) || !window.isSecureContext) return;
    button.hidden = Notification.permission !== "default";
    button.addEventListener("click", async () => {
      await Notification.requestPermission();
      button.hidden = Notification.permission !== "default";
    });
  }

  /** @param {State} state */
  show({ ringing }) {
    if (!ringing || !("call" in ringing)) {
      $("ringing-call").replaceChildren();
      $("ringing-since").replaceChildren();
      document.title = this.title;
      this.notified = "";
      this.forget();
      return;
    }
    const number = ringing.caller ? telephone(ringing.caller) : texts.no_number;
    const who = this.who(ringing);
    document.title = `☎ ${fill(texts.ringing_title, { number: who || number })}`;
    announce($("ringing-call"),
      el("p", "notice", el("span", "bell", ""), el("span", "", texts.states.ringing), " ", el("b", "", who || texts.unknown), " ",
        el("span", "called", number), " ", el("span", "called", company(ringing.queue)), " ",
        el("span", "off-told", outageLine(ringing.outage, ringing.queue))));
    $("ringing-since").replaceChildren(since(ringing.since));
    this.notify(ringing, [who || number, company(ringing.queue)].join("\n"));
  }

  /** @param {RingingMessage} ringing */
  who({ resident, address, flat }) {
    return [resident, address, flat ? fill(texts.flat, { flat }) : ""].filter(Boolean).join(", ");
  }

  /**
   * @param {RingingMessage} ringing
   * @param {string} body
   */
  notify(ringing, body) {
    if (!document.hidden || this.notified === ringing.call) return;
    if (!("Notification" in window) || Notification.permission !== "granted") return;
    this.notified = ringing.call;
    this.notification = new Notification(this.words.notification, { body, tag: "ringing", requireInteraction: true });
    this.notification.onclick = () => window.focus();
  }

  forget() {
    this.notification?.close();
    this.notification = null;
  }
}
