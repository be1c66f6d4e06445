import { filing, keepingFocus } from "/static/tickets/filing.js";
import {
  $, announce, company, el, fill, lasting, moment, place, plural, readPage, showConnected, showFigures, since, startClock, telephone,
  texts, toast,
} from "/static/web/ui.js";
import { cardOutage, listenForJoin, offered, outageLine, showOutageFigures, showOutages } from "./outages.js";
import { offerPresence, showPresence } from "./presence.js";
import { isRequest, showRequests } from "./requests.js";
import { renewTelephone, startTelephone, telephoneOpened } from "./telephone_page.js";
import { Wire } from "/static/web/wire.js";

/** @import { CardMessage, Presence, PresenceMessage, Outcome } from "types/protocol" */

readPage();
startClock();
listenForJoin();
const title = document.title;

const wire = new Wire({
  changed(kind) {
    if (kind === null || kind === "queues") showQueues();
    if (kind === null || kind === "ringing") showRinging();
    if (kind === null || kind === "telephone") telephoneOpened(wire.state.telephone);
    if (kind === null || kind === "presence" || kind === "request/presence") showPresence(wire.state);
    if (kind === null || kind === "outages") showOutages(wire.state, kind !== null);
    if (kind === "outages" && offered(wire.state.card, wire.state) !== offer) showCard();
    if (kind === "outage_figures") showOutageFigures(wire.state);
    if (kind === null || isRequest(kind)) showRequests(wire.state, kind);
    if (kind === null || kind === "card" || kind === "recording" || (kind === "presence" && !wire.state.card)) showCard();
  },
  connected: showConnected,
  entered: renewTelephone,
  refused: () => {
    toast(texts.not_saved);
    showPresence(wire.state);
  },
});

startTelephone(() => wire.renew());
offerPresence(wire);

function showQueues() {
  const busy = showFigures(wire.state.queues).filter((queue) => queue.waiting > 0);
  $("queues").replaceChildren(
    ...busy.map((queue) => el("li", "", el("span", "", company(queue.queue)), el("b", "", String(queue.waiting)))),
  );
}

function showRinging() {
  const ringing = wire.state.ringing;
  if (!ringing || !("call" in ringing)) {
    $("ringing-call").replaceChildren();
    $("ringing-since").replaceChildren();
    document.title = title;
    return;
  }
  const number = ringing.caller ? telephone(ringing.caller) : texts.no_number;
  document.title = `☎ ${fill(texts.ringing_title, { number })}`;
  announce($("ringing-call"),
    el("p", "notice", el("span", "bell"), el("span", "", texts.states.ringing), " ", el("b", "", number), " ",
      el("span", "called", company(ringing.queue)), " ",
      el("span", "off-told", outageLine(ringing.outage, ringing.queue))));
  $("ringing-since").replaceChildren(since(ringing.since));
}

let offer = "";

function showCard() {
  const card = wire.state.card;
  offer = offered(card, wire.state);
  keepingFocus(() => $("card").replaceChildren(card?.call ? filled(card) : empty()));
}

function empty() {
  /** @type {Partial<PresenceMessage>} */
  const { state = "offline", phone_reachable: reachable = false } = wire.state.presence ?? {};
  /** @type {Presence | "no_phone" | "unreachable" | "wrap_up"} */
  let why = state === "paused" || state === "offline" || state === "wrap_up" ? state : "available";
  if (!place.has_phone) why = "no_phone";
  else if (!reachable && why === "available") why = "unreachable";
  return el("div", "panel nothing", el("h1", "", texts[`empty_${why}`]), el("p", "", texts[`empty_${why}_hint`]));
}

/** @param {CardMessage} card */
function filled(card) {
  const line = place.lines[card.did];
  const zone = line?.zone;
  return el("article", `card ${card.talk_ended_at ? "over" : ""}`,
    el("div", "panel who", talk(card), cardOutage(card, wire.state), caller(card)),
    card.ticket && place.files ? filing(card.ticket) : "",
    el("div", "panel", el("h2", "", texts.open_tickets), tickets(card, zone)),
    el("div", "panel", el("h2", "", texts.past_calls), past(card, zone)));
}

/** @param {CardMessage} card */
function talk(card) {
  const ticket = card.ticket
    ? el("span", "ticket", fill(texts.ticket_opened, { number: card.ticket.number }))
    : el("span", "ticket none", texts.no_ticket);
  const begun = card.answered_at;
  const ended = card.talk_ended_at;
  const timer = ended
    ? el("span", "timer", el("span", "", texts.talk_ended), begun ? el("b", "", lasting(Date.parse(ended) - Date.parse(begun))) : "")
    : el("span", "timer", el("span", "", texts.talking_for), begun ? since(begun) : "");
  const paused = ended ? null : pausedSince(card);
  return el("div", paused ? "talk unrecorded" : "talk", timer, ended ? "" : recording(paused), ticket);
}

// Shows what Asterisk did, not what was requested.
/** @param {CardMessage} card */
function pausedSince(card) {
  const paused = wire.state.recording;
  return paused?.call === card.call && paused.paused_since && paused.paused_since >= card.answered_at ? paused.paused_since : null;
}

/** @param {string | null} paused since when */
function recording(paused) {
  const button = el("button", "quiet", paused ? texts.resume_recording : texts.pause_recording);
  button.type = "button";
  button.addEventListener("click", () => {
    if (!wire.say({ type: "recording", paused: !paused })) toast(texts.not_saved);
  });
  return el("span", "recorded", paused ? el("b", "", texts.recording_paused) : "", paused ? since(paused) : "", button);
}

/** @param {CardMessage} card */
function caller(card) {
  const number = el("span", "telephone", card.caller ? telephone(card.caller) : texts.no_number);
  const top = el("p", "over-name", el("span", "", card.company || company(card.did)), number);
  if (!card.resident) {
    return el("div", "caller unknown", top, el("h1", "", texts.unknown), el("p", "hint", texts.no_address));
  }
  return el("div", "caller", top, el("h1", "", card.resident),
    el("p", "address", el("span", "", card.address), card.flat ? el("span", "flat", fill(texts.flat, { flat: card.flat })) : ""),
    card.others ? el("p", "others", plural(texts.others, card.others)) : "");
}

/**
 * @param {CardMessage} card
 * @param {string | undefined} zone
 */
function tickets(card, zone) {
  if (!card.open_tickets.length) return el("p", "empty-note", texts.no_open_tickets);
  return el("ul", "list", ...card.open_tickets.map((ticket) => el("li", "",
    el("b", "", fill(texts.ticket, { number: ticket.number })),
    el("span", ticket.subject ? "what" : "what muted", ticket.subject || texts.no_subject),
    el("span", "muted when", moment(ticket.opened_at, zone)))));
}

/**
 * @param {CardMessage} card
 * @param {string | undefined} zone
 */
function past(card, zone) {
  if (!card.past_calls.length) return el("p", "empty-note", texts.no_past_calls);
  return el("ul", "list", ...card.past_calls.map((call) => el("li", "",
    el("span", `tag ${call.outcome}`, call.outcome in texts.outcomes ? texts.outcomes[/** @type {Outcome} */ (call.outcome)] : ""),
    el("span", "what", call.operator),
    el("span", "muted when", moment(call.at, zone)))));
}
