// One tab has the telephone. The others show what it does, and what is pressed in them is passed on to it.

/** @import { Happened, Telephone } from "./telephone.js" */
/** @typedef {{ shown: Telephone, since: string } | { pressed: Happened } | { asked: true }} Said */

const NAME = "callcenter telephone";
/** What a person does, as far as it makes sense from another tab. */
const PRESSED = ["answer", "hang_up", "mute", "hold", "key", "consult", "back", "complete", "conference", "transfer"];

export class Mirror {
  /**
   * @param {() => Telephone} telephone of this tab
   * @param {() => string} since when it talks
   * @param {(event: Happened) => void} happened what was pressed in another tab
   * @param {(telephone: Telephone, since: string) => void} show what the telephone in another tab does
   */
  constructor(telephone, since, happened, show) {
    this.telephone = telephone;
    this.since = since;
    this.channel = new BroadcastChannel(NAME);
    this.channel.onmessage = ({ data }) => {
      const said = /** @type {Said} */ (data);
      if (this.here === ("shown" in said)) return;
      if ("shown" in said) show({ ...said.shown, line: "elsewhere" }, said.since);
      else if ("pressed" in said) happened(said.pressed);
      else this.tell();
    };
  }

  /** Whether this tab has it. */
  get here() {
    return !["off", "insecure", "elsewhere"].includes(this.telephone().line);
  }

  /** To the other tabs, after a change here. */
  tell() {
    if (this.here) this.say({ shown: this.telephone(), since: this.since() });
    else if (this.telephone().line === "elsewhere") this.say({ asked: true });
  }

  /**
   * Pass it on, if it is for the tab that has the telephone; whether it was.
   *
   * @param {Happened} event
   */
  passes(event) {
    if (this.telephone().line !== "elsewhere" || !PRESSED.includes(event.type)) return false;
    this.say({ pressed: event });
    return true;
  }

  /** @param {Said} said */
  say(said) {
    this.channel.postMessage(said);
  }
}
