// The telephone on the operator's page: hands what happens to `step`, does what it orders, shows what came of it.

import { $, since, telephone as grouped } from "/static/web/ui.js";
import { onKey } from "./keys.js";
import { Mirror } from "./mirror.js";
import { watchNetwork } from "./network.js";
import { quality, reading } from "./quality.js";
import { Sip } from "./sip.js";
import { Bell, openMicrophone, silence } from "./sound.js";
import { choice, offerDevices } from "./telephone_devices.js";
import { START, step } from "./telephone.js";

/** @import { TelephoneMessage } from "types/protocol" */
/** @import { TelephoneTexts } from "types/texts" */
/** @import { Happened, Order, Telephone } from "./telephone.js" */

const LOCK = "callcenter telephone";
const QUALITY_EVERY_MS = 2000;
const KEYS = /** @type {const} */ (["answer", "hang_up", "mute", "hold"]);

/** @type {TelephoneTexts} */
let texts;
let telephone = START;
let talkingSince = "";
const bell = new Bell();
const sip = new Sip(happened);
const mirror = new Mirror(() => telephone, () => talkingSince, happened, (elsewhere, since) => {
  talkingSince = since;
  show(elsewhere);
});

/**
 * Start it, if this page has one.
 *
 * @param {() => void} reconnect makes the page's other connection anew
 */
export function startTelephone(reconnect) {
  if (!document.getElementById("telephone")) return;
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
    const to = /** @type {HTMLSelectElement} */ ($("telephone-to")).value;
    if (to) happened({ type: "transfer", to });
  });
  for (const type of KEYS) onKey(type, () => happened({ type }));
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
  happened({ type: "renewed" });
}

/** @param {Happened} event */
function happened(event) {
  if (mirror.passes(event)) return;
  const before = telephone;
  /** @type {Order[]} */
  let orders;
  [telephone, orders] = step(telephone, event);
  if (telephone.call?.phase === "talking" && before.call?.phase !== "talking") talkingSince = new Date().toISOString();
  for (const order of orders) carryOut(order);
  if (telephone === before) return;
  show(telephone);
  mirror.tell();
}

/** @param {Order} order */
function carryOut(order) {
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
    case "reject": return sip.reject();
    case "hang_up": return sip.hangUp();
    case "ring": return bell.ring(choice().ringer);
    case "stop_ringing": return bell.stop();
    case "beep": return void bell.beep(choice().speaker);
    case "mute": return sip.mute(order.on);
    case "hold": return sip.hold(order.on);
    case "send": return sip.send(order.key);
    case "transfer": return sip.transfer(order.to);
  }
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
function show({ line, call, note }) {
  const place = $("telephone");
  place.dataset.line = line;
  place.dataset.phase = call?.phase ?? "";
  place.dataset.microphone = call?.deaf ? "gone" : "";
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
    answer: call?.phase === "ringing", hang_up: call !== null, mute: talking, hold: talking,
    echo: line === "ready" && !call, take: line === "taken" || line === "deaf",
  };
  for (const [name, is] of Object.entries(offered)) {
    for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (place.querySelectorAll(`[data-does="${name}"]`))) button.hidden = !is;
  }
  const button = (/** @type {string} */ name) => /** @type {HTMLButtonElement} */ (place.querySelector(`[data-does="${name}"]`));
  button("hang_up").firstChild?.replaceWith(`${call?.phase === "ringing" ? texts.reject : texts.hang_up} `);
  button("mute").setAttribute("aria-pressed", String(Boolean(call?.muted)));
  button("hold").setAttribute("aria-pressed", String(Boolean(call?.held)));
  $("telephone-more").hidden = !talking;
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
