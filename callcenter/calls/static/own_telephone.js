// A telephone that is not in the browser, worked by the node: what Asterisk says of it in, requests out.

/** @import { FromBrowser, State } from "types/protocol" */
/** @import { Happened } from "./telephone.js" */

export class OwnTelephone {
  /**
   * @param {(event: Happened) => void} report
   * @param {(message: FromBrowser) => boolean} say
   */
  constructor(report, say) {
    this.report = report;
    this.say = say;
    this.was = "";
    this.held = false;
  }

  /** @param {State} state */
  told({ presence, ringing, card, aside }) {
    const is = presence?.state === "ringing" || presence?.state === "talking" ? presence.state : "";
    const rings = ringing && "call" in ringing ? ringing : null;
    const call = is === "ringing" ? rings : card && !card.talk_ended_at ? card : null;
    // Until it is said who it is: what is still shown is the caller before.
    if (is !== this.was && (!is || this.was || call)) this.became(is, call?.caller ?? "");
    const held = Boolean(aside && "call" in aside && aside.phase === "held");
    if (held !== this.held) this.report({ type: held ? "held" : "unheld" });
    this.held = held;
  }

  /**
   * @param {"ringing" | "talking" | ""} is
   * @param {string} caller
   */
  became(is, caller) {
    if (!this.was) this.report({ type: "rang", caller, byItself: false });
    if (is === "talking") this.report({ type: "talking" });
    if (!is) this.report({ type: this.was === "ringing" ? "missed" : "ended" });
    this.was = is;
  }

  // Not every telephone obeys: it goes on ringing until Asterisk says otherwise.
  answer() {
    this.say({ type: "ring", answer: true });
  }

  reject() {
    this.say({ type: "ring", answer: false });
  }

  hangUp() {
    this.ask("hang_up");
  }

  /** @param {boolean} on */
  hold(on) {
    if (!this.ask(on ? "hold" : "back")) this.report({ type: on ? "unheld" : "held" });
  }

  /** @param {"hang_up" | "hold" | "back"} step */
  ask(step) {
    return this.say({ type: "talk", step, to: "", note: "" });
  }
}
