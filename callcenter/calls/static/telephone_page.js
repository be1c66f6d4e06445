// The telephone on the operator's page: hands what happens to `step`, does what it orders, shows what came of it.

import { dialForButtons } from "/static/web/call_out.js";
import { $, since, telephone as grouped } from "/static/web/ui.js";
import { chosen, showAside } from "./aside.js";
import { onKey } from "./keys.js";
import { Mirror } from "./mirror.js";
import { watchNetwork } from "./network.js";
import { OwnTelephone } from "./own_telephone.js";
import { quality, reading } from "./quality.js";
import { Sip } from "./sip.js";
import { Bell, openMicrophone, silence } from "./sound.js";
import { choice, offerDevices } from "./telephone_devices.js";
import { START, step } from "./telephone.js";

/** @import { FromBrowser, State, TelephoneMessage } from "types/protocol" */
/** @import { TelephoneTexts } from "types/texts" */
/** @import { Happened, Order, Telephone } from "./telephone.js" */

const LOCK = "callcenter telephone";
const QUALITY_EVERY_MS = 2000;
/** What the node does for a telephone that is not here; it rings by itself and has keys and a microphone of its own. */
const OF_OWN = new Set(["reject", "hang_up", "hold", "ask"]);
const KEYS = /** @type {const} */ (["answer", "hang_up", "mute", "hold"]);

/** @type {TelephoneTexts} */
let texts;
let telephone = START;
let talkingSince = "";
const bell = new Bell();
const sip = new Sip(happened);
/** @type {Telephone | null} what the telephone in another tab does */
let elsewhere = null;
const mirror = new Mirror(() => telephone, () => talkingSince, happened, (shown, since) => {
  elsewhere = shown;
  talkingSince = since;
  draw();
});
/** @type {OwnTelephone | null} instead of the one in the browser */
let own = null;
/** @type {(message: FromBrowser) => boolean} */
let say = () => false;

/**
 * Start it, if this page has one.
 *
 * @param {(message: FromBrowser) => boolean} tell tells the service; false when there is no connection
 * @param {() => void} reconnect makes the page's other connection anew
 */
export function startTelephone(tell, reconnect) {
  const place = document.getElementById("telephone");
  if (!place) return;
  say = tell;
  texts = JSON.parse($("telephone-texts").textContent ?? "");
  telephone = { ...telephone, answers: choice().answers };
  for (const button of $("telephone").querySelectorAll("button[data-does]")) {
    button.addEventListener("click", () => happened(/** @type {Happened} */ ({ type: /** @type {HTMLElement} */ (button).dataset.does })));
  }
  for (const button of $("telephone-keys").querySelectorAll("button")) {
    button.addEventListener("click", () => happened({ type: "key", key: button.textContent ?? "" }));
  }
  $("telephone-transfer").addEventListener("submit", (event) => {
    event.preventDefault();
    const step = event.submitter?.dataset.step === "consult" ? "consult" : "transfer";
    happened({ type: step, ...chosen(step) });
  });
  for (const type of KEYS) onKey(type, () => happened({ type }));
  if (place.dataset.own !== undefined) {
    own = new OwnTelephone(happened, tell);
    telephone = { ...telephone, line: "ready" };
    return show(telephone);
  }
  dialForButtons((number) => {
    happened({ type: "dial", number });
    return telephone.call?.phase === "calling" && telephone.call.caller === number;
  });
  navigator.mediaDevices?.addEventListener("devicechange", () => happened({ type: "devices_changed" }));
  offerDevices(bell, sip, texts, (answers) => happened({ type: "answers", byItself: answers }));
  setInterval(() => void showQuality(), QUALITY_EVERY_MS);
  watchNetwork(received, () => {
    sip.reconnect();
    reconnect();
  });
  const allowed = window.isSecureContext && navigator.mediaDevices && navigator.locks;
  happened({ type: allowed ? "started" : "insecure" });
}

let mark = "";

/** @param {TelephoneMessage | undefined} message whose the telephone is now */
export function telephoneOpened(message) {
  if (message && mark && message.mark !== mark) happened({ type: "taken_over" });
}

/** The session is another one, and with it the account's secret. */
export function renewTelephone() {
  if (!own) happened({ type: "renewed" });
}

/** @param {State} state what the service says of the caller who waits, of a request, and of a telephone that is not here */
export function telephoneTold(state) {
  if (!texts) return;
  own?.told(state);
  const aside = state.aside && "call" in state.aside ? state.aside : null;
  happened({ type: "aside", aside });
  const asked = state["request/talk"]?.state;
  if (telephone.call?.transferring && (asked === "refused" || asked === "expired")) happened({ type: "not_transferred" });
}

/** @param {Happened} event */
function happened(event) {
  if (mirror.passes(event)) return;
  if (own && event.type === "answer") return void (telephone.call?.phase === "ringing" && own.answer());
  const before = telephone;
  /** @type {Order[]} */
  let orders;
  [telephone, orders] = step(telephone, event);
  if (telephone.call?.phase === "talking" && before.call?.phase !== "talking") talkingSince = new Date().toISOString();
  for (const order of orders) carryOut(order);
  if (telephone === before) return;
  draw();
  mirror.tell();
}

function draw() {
  show(telephone.line === "elsewhere" && elsewhere ? elsewhere : telephone);
}

/** @param {Order} order */
function carryOut(order) {
  if (own && !OF_OWN.has(order.do)) return;
  switch (order.do) {
    case "claim": return void claim();
    case "ask_microphone": return void askMicrophone();
    case "open": return void open();
    case "retry": return void setTimeout(() => happened({ type: "retried" }), order.in);
    case "register": return sip.register();
    case "close": return sip.close();
    case "answer": return void withMicrophone((microphone) => sip.answer(microphone));
    case "echo": return void withMicrophone((microphone) => sip.call("echo", microphone));
    case "find_microphone": return void findMicrophone();
    case "dial": return void withMicrophone((microphone) => sip.call(order.number, microphone));
    case "reject": return own ? own.reject() : sip.reject();
    case "hang_up": return own ? own.hangUp() : sip.hangUp();
    case "ring": return bell.ring(choice().ringer);
    case "stop_ringing": return bell.stop();
    case "beep": return void bell.beep(choice().speaker);
    case "mute": return sip.mute(order.on);
    case "hold": return own ? own.hold(order.on) : sip.hold(order.on);
    case "send": return sip.send(order.key);
    case "ask": return ask(order);
  }
}

/** @param {Extract<Order, { do: "ask" }>} order */
function ask({ step, to, note }) {
  if (say({ type: "talk", step, to, note }) || own) return;
  // Without the service the telephone itself sends the caller on, and knows no more than that.
  if (step === "transfer" && to) sip.transfer(to);
}

// The browser itself lets one tab have it, and the next one when that tab is closed.
async function claim() {
  const held = async (/** @type {Lock | null} */ lock) => {
    if (!lock) return;
    happened({ type: "claimed" });
    await new Promise(() => {});
  };
  await navigator.locks.request(LOCK, { ifAvailable: true }, held);
  happened({ type: "claimed_elsewhere" });
  await navigator.locks.request(LOCK, held);
}

async function askMicrophone() {
  try {
    (await openMicrophone(choice().microphone)).getTracks().forEach((track) => track.stop());
    happened({ type: "microphone_given" });
  } catch {
    happened({ type: "microphone_refused" });
  }
}

async function open() {
  try {
    const answer = await fetch("/workplace/telephone", { method: "POST" });
    if (answer.status === 404) return happened({ type: "no_account" });
    if (!answer.ok) return happened({ type: "not_opened" });
    const account = await answer.json();
    mark = account.mark;
    sip.open(account);
    happened({ type: "opened" });
  } catch {
    happened({ type: "not_opened" });
  }
}

/** @param {(microphone: MediaStream) => void} use */
async function withMicrophone(use) {
  try {
    use(await openMicrophone(choice().microphone));
  } catch {
    happened({ type: "microphone_failed" });
  }
}

// Any that there is now; else silence, until the devices change.
async function findMicrophone() {
  try {
    await sip.speakInto(await openMicrophone(choice().microphone));
    happened({ type: "microphone_found" });
  } catch {
    await sip.speakInto(silence());
  }
}

/** @param {Telephone} shown */
function show({ line, call, aside, note }) {
  const place = $("telephone");
  place.dataset.line = line;
  place.dataset.phase = call?.phase ?? "";
  place.dataset.microphone = call?.deaf ? "gone" : "";
  // What its operator is doing is said above already.
  place.hidden = own !== null && !call;
  showAside(aside, texts);
  const phase = call?.deaf ? texts.microphone_gone : call?.held ? texts.on_hold : call?.muted ? texts.muted : call ? texts.phases[call.phase] : "";
  $("telephone-line").textContent = call ? phase : texts.lines[line];
  $("telephone-hint").textContent = call ? "" : texts.hints[line] ?? "";
  $("telephone-caller").textContent = call?.caller ? grouped(call.caller) : "";
  $("telephone-since").replaceChildren(call?.phase === "talking" ? since(talkingSince) : "");
  $("telephone-note").textContent = note ? texts.notes[note] : "";
  $("telephone-keys-sent").textContent = call?.keys ?? "";
  const talking = call?.phase === "talking";
  /** @type {Record<string, boolean>} */
  const offered = {
    answer: call?.phase === "ringing", hang_up: call !== null, mute: !own && talking, hold: talking,
    echo: !own && line === "ready" && !call, take: line === "taken" || line === "deaf",
  };
  for (const [name, is] of Object.entries(offered)) {
    for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (place.querySelectorAll(`[data-does="${name}"]`))) button.hidden = !is;
  }
  const button = (/** @type {string} */ name) => /** @type {HTMLButtonElement} */ (place.querySelector(`[data-does="${name}"]`));
  button("hang_up").firstChild?.replaceWith(`${call?.phase === "ringing" ? texts.reject : texts.hang_up} `);
  button("mute").setAttribute("aria-pressed", String(Boolean(call?.muted)));
  button("hold").setAttribute("aria-pressed", String(Boolean(call?.held)));
  $("telephone-more").hidden = !talking;
  $("telephone-transfer").hidden = aside !== null && aside.phase !== "held";
  if (!talking) $("telephone-quality").textContent = "";
}

async function received() {
  const { call } = telephone;
  // Who is on hold is sent nothing.
  const report = call?.phase === "talking" && !call.held ? await sip.stats() : null;
  return report && reading(report).received;
}

/** @type {import("./quality.js").Reading | null} */
let last = null;

async function showQuality() {
  const report = telephone.call?.phase === "talking" ? await sip.stats() : null;
  if (!report) {
    last = null;
    return;
  }
  const now = reading(report);
  if (last) {
    const found = quality(last, now);
    $("telephone-quality").dataset.quality = found;
    $("telephone-quality").textContent = texts.qualities[found];
  }
  last = now;
}
