// The telephone as a function: what happened in, what is to be done out. It knows neither SIP nor the page; both are in
// the modules that feed it.

/**
 * How the page stands to Asterisk.
 *
 * `insecure`: the page did not come by https, so browsers give it no microphone. `elsewhere`: another tab of this browser
 * has the telephone. `deaf`: no microphone. `taken`: another browser has it. `lost`: no connection, tried again.
 *
 * @typedef {"off" | "insecure" | "elsewhere" | "asking" | "deaf" | "opening" | "registering" | "ready" | "lost" | "taken"} Line
 */
/**
 * @typedef {object} Call
 * @property {"ringing" | "answering" | "calling" | "talking"} phase
 * @property {string} caller
 * @property {boolean} muted
 * @property {boolean} held what the other side's music says; `holding` is what was asked for and not done yet
 * @property {boolean} holding
 * @property {boolean} deaf the microphone was unplugged, and there is no other
 * @property {boolean} transferring
 * @property {string} keys those pressed
 */
/**
 * What Asterisk says that the operator does while the caller waits; `whom`: who is asked, empty for nobody.
 *
 * @typedef {{ phase: "held" | "ringing" | "asking" | "conference" | "over", whom: string, why: string }} Aside
 */
/**
 * `known`: Asterisk has accepted the account once. `tries`: how often it did not yet. `old`: the account is of a session
 * that has ended, and is asked for anew when nobody is on the line.
 *
 * @typedef {{
 *   line: Line, call: Call | null, aside: Aside | null, known: boolean, tries: number, old: boolean, answers: boolean, note: Note,
 * }} Telephone
 */
/** @typedef {"" | "missed" | "not_transferred" | "busy" | "no_answer" | "no_microphone" | "failed"} Note */
/** @typedef {"consult" | "back" | "complete" | "conference" | "transfer"} Step what the node is asked to do with the caller */
/**
 * @typedef {{ type:
 *   "started" | "insecure" | "claimed" | "claimed_elsewhere" | "microphone_given" | "microphone_refused" | "opened" | "not_opened"
 *   | "no_account" | "registered" | "refused" | "renewed" | "taken_over" | "disconnected" | "retried" | "answered" | "talking" | "ended"
 *   | "missed" | "failed" | "microphone_failed" | "microphone_gone" | "microphone_found" | "devices_changed" | "held" | "unheld"
 *   | "transferred" | "not_transferred" | "answer" | "hang_up" | "mute" | "hold" | "echo" | "take" | "back" | "complete" | "conference" }
 *   | { type: "rang", caller: string, byItself: boolean }
 *   | { type: "answers", byItself: boolean }
 *   | { type: "key", key: string }
 *   | { type: "dial", number: string }
 *   | { type: "aside", aside: Aside | null }
 *   | { type: "consult" | "transfer", to: string, note: string }} Happened
 */
/**
 * @typedef {{ do: "claim" | "ask_microphone" | "open" | "register" | "close" | "answer" | "reject" | "hang_up" | "ring" | "stop_ringing" | "beep" | "echo" | "find_microphone" }
 *   | { do: "retry", in: number }
 *   | { do: "mute", on: boolean }
 *   | { do: "hold", on: boolean }
 *   | { do: "send", key: string }
 *   | { do: "dial", number: string }
 *   | { do: "ask", step: Step, to: string, note: string }} Order
 */

/** @type {Telephone} */
export const START = { line: "off", call: null, aside: null, known: false, tries: 0, old: false, answers: false, note: "" };

// Asterisk learns a new secret from the node within a second; a node that is away catches up when it is back.
const NOT_KNOWN_YET_MS = 500;
const OPEN_AGAIN_MS = 3000;
const TRIES = 240;

/** @type {Record<string, { from: Line[], to: Line, then: Order[] }>} */
const LINES = {
  started: { from: ["off"], to: "elsewhere", then: [{ do: "claim" }] },
  insecure: { from: ["off"], to: "insecure", then: [] },
  claimed_elsewhere: { from: ["elsewhere"], to: "elsewhere", then: [] },
  claimed: { from: ["elsewhere"], to: "asking", then: [{ do: "ask_microphone" }] },
  microphone_refused: { from: ["asking"], to: "deaf", then: [] },
  microphone_given: { from: ["asking"], to: "opening", then: [{ do: "open" }] },
  not_opened: { from: ["opening"], to: "opening", then: [{ do: "retry", in: OPEN_AGAIN_MS }] },
  no_account: { from: ["opening"], to: "off", then: [] },
  opened: { from: ["opening"], to: "registering", then: [{ do: "register" }] },
  registered: { from: ["registering", "lost", "ready"], to: "ready", then: [] },
  taken_over: { from: ["registering", "ready", "lost"], to: "taken", then: [{ do: "close" }] },
  disconnected: { from: ["registering", "ready", "lost"], to: "lost", then: [] },
};

/** @type {Line[]} */
const OPENED = ["opening", "registering", "ready", "lost", "taken"];

/**
 * @param {Telephone} telephone
 * @param {Happened} event
 * @returns {[Telephone, Order[]]} what does not fit the state changes nothing
 */
export function step(telephone, event) {
  if (event.type === "renewed" && !OPENED.includes(telephone.line)) return [telephone, []];
  const [after, orders] = event.type === "renewed" ? [{ ...telephone, old: true }, []] : moved(telephone, event);
  if (!after.old || after.call) return [after, orders];
  return [{ ...after, line: "opening", known: false, tries: 0, old: false }, [...orders, { do: "open" }]];
}

/**
 * @param {Telephone} telephone
 * @param {Happened} event
 * @returns {[Telephone, Order[]]}
 */
function moved(telephone, event) {
  const row = LINES[event.type];
  if (row) {
    if (!row.from.includes(telephone.line)) return [telephone, []];
    const known = event.type === "registered" || (event.type !== "opened" && telephone.known);
    return [{ ...telephone, line: row.to, known, tries: known ? 0 : telephone.tries }, row.then];
  }
  switch (event.type) {
    case "refused":
      return refused(telephone);
    case "retried":
      return [telephone, telephone.line === "opening" ? [{ do: "open" }] : telephone.line === "registering" ? [{ do: "register" }] : []];
    case "take":
      if (telephone.line === "taken") return [{ ...telephone, line: "opening", known: false, tries: 0 }, [{ do: "open" }]];
      if (telephone.line === "deaf") return [{ ...telephone, line: "asking" }, [{ do: "ask_microphone" }]];
      return [telephone, []];
    case "aside":
      return besides(telephone, event.aside);
    case "answers":
      return [{ ...telephone, answers: event.byItself }, []];
    default:
      return telephone.call ? inCall(telephone, telephone.call, event) : withoutCall(telephone, event);
  }
}

/**
 * @param {Telephone} telephone
 * @returns {[Telephone, Order[]]}
 */
function refused(telephone) {
  if (telephone.known || telephone.tries >= TRIES) return [{ ...telephone, line: "taken" }, [{ do: "close" }]];
  return [{ ...telephone, line: "registering", tries: telephone.tries + 1 }, [{ do: "retry", in: NOT_KNOWN_YET_MS }]];
}

/** @type {Record<string, Note>} in Asterisk's words: why nobody answered */
const WHY = { BUSY: "busy", CHANUNAVAIL: "busy", CONGESTION: "busy", NOANSWER: "no_answer" };

/**
 * @param {Telephone} telephone
 * @param {Aside | null} aside
 * @returns {[Telephone, Order[]]}
 */
function besides(telephone, aside) {
  const over = aside === null || aside.phase === "over";
  const note = aside && over ? WHY[aside.why] ?? "" : telephone.note;
  const now = over ? null : aside;
  const same = now?.phase === telephone.aside?.phase && now?.whom === telephone.aside?.whom && note === telephone.note;
  return [same ? telephone : { ...telephone, aside: now, note }, []];
}

/**
 * @param {Telephone} telephone
 * @param {Happened} event
 * @returns {[Telephone, Order[]]}
 */
function withoutCall(telephone, event) {
  const fresh = { muted: false, held: false, holding: false, deaf: false, transferring: false, keys: "" };
  switch (event.type) {
    case "rang": {
      const byItself = event.byItself || telephone.answers;
      /** @type {Call} */
      const call = { ...fresh, phase: byItself ? "answering" : "ringing", caller: event.caller };
      return [{ ...telephone, call, note: "" }, byItself ? [{ do: "beep" }, { do: "answer" }] : [{ do: "ring" }]];
    }
    case "echo":
      if (telephone.line !== "ready") return [telephone, []];
      return [{ ...telephone, call: { ...fresh, phase: "calling", caller: "" }, note: "" }, [{ do: "echo" }]];
    case "dial":
      if (telephone.line !== "ready") return [telephone, []];
      return [{ ...telephone, call: { ...fresh, phase: "calling", caller: event.number }, note: "" }, [{ do: "dial", number: event.number }]];
    default:
      return [telephone, []];
  }
}

/**
 * @param {Telephone} telephone
 * @param {Call} call
 * @param {Happened} event
 * @returns {[Telephone, Order[]]}
 */
function inCall(telephone, call, event) {
  /** @type {(change: Partial<Call>, ...orders: Order[]) => [Telephone, Order[]]} */
  const keep = (change, ...orders) => [{ ...telephone, call: { ...call, ...change } }, orders];
  /** @type {(note: Note) => [Telephone, Order[]]} */
  const over = (note) => [{ ...telephone, call: null, aside: null, note }, [{ do: "stop_ringing" }]];
  /** @type {(when: boolean, step: Step) => [Telephone, Order[]]} */
  const ask = (when, step) => [telephone, when ? [{ do: "ask", step, to: "", note: "" }] : []];
  const talking = call.phase === "talking";
  switch (event.type) {
    case "answer":
      return call.phase === "ringing" ? keep({ phase: "answering" }, { do: "stop_ringing" }, { do: "answer" }) : [telephone, []];
    case "hang_up":
      return [telephone, [{ do: call.phase === "ringing" ? "reject" : "hang_up" }]];
    case "talking":
      return keep({ phase: "talking" });
    case "ended":
      return over("");
    case "missed":
      return over(call.phase === "ringing" ? "missed" : "");
    case "failed":
      return over("failed");
    case "microphone_failed":
      return [{ ...telephone, call: null, note: "no_microphone" }, [{ do: "reject" }]];
    case "microphone_gone":
      return keep({ deaf: true }, { do: "find_microphone" });
    case "microphone_found":
      return keep({ deaf: false });
    case "devices_changed":
      return call.deaf ? [telephone, [{ do: "find_microphone" }]] : [telephone, []];
    case "mute":
      return talking ? keep({ muted: !call.muted }, { do: "mute", on: !call.muted }) : [telephone, []];
    case "hold":
      return talking && !call.holding ? keep({ holding: true }, { do: "hold", on: !call.held }) : [telephone, []];
    case "held":
      return keep({ held: true, holding: false });
    case "unheld":
      return keep({ held: false, holding: false });
    case "key":
      return talking ? keep({ keys: call.keys + event.key }, { do: "send", key: event.key }) : [telephone, []];
    case "transfer":
      if (!talking || call.transferring || telephone.aside) return [telephone, []];
      return keep({ transferring: true }, { do: "ask", step: "transfer", to: event.to, note: event.note });
    case "consult":
      if (!talking || (telephone.aside && telephone.aside.phase !== "held")) return [telephone, []];
      return [{ ...telephone, note: "" }, [{ do: "ask", step: "consult", to: event.to, note: event.note }]];
    case "back":
      return ask(telephone.aside !== null && telephone.aside.phase !== "conference", "back");
    case "complete":
    case "conference":
      return ask(telephone.aside?.phase === "asking", event.type);
    case "not_transferred":
      return [{ ...telephone, call: { ...call, transferring: false }, note: "not_transferred" }, []];
    default:
      return [telephone, []];
  }
}
