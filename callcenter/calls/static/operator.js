import { $, company, el, place, readPage, showConnected, showFigures, startClock, texts, toast } from "/static/web/ui.js";
import { Card } from "./card.js";
import { showCrewAnswers } from "./crew_answers.js";
import { Details } from "./card_details.js";
import { startNewResident, startSearch } from "./caller_search.js";
import { startHelp } from "./key_help.js";
import { labelKeys, startKeys } from "./keys.js";
import { showOutageFigures, showOutages } from "./outages.js";
import { showHanded } from "./handed.js";
import { offerPresence, showPresence } from "./presence.js";
import { isRequest, showRequests } from "./requests.js";
import { Ringing } from "./ringing.js";
import { renewTelephone, startTelephone, telephoneOpened, telephoneTold } from "./telephone_page.js";
import { TicketForms } from "./ticket_forms.js";
import { Wire } from "/static/web/wire.js";

/** @import { CallerChoice } from "types/page" */
/** @import { CardTexts } from "types/texts" */

readPage();
startClock();

/** @type {CardTexts} */
const words = JSON.parse($("card-texts").textContent ?? "");
const details = new Details(drawCard);
const view = new Card(words, details, () => wire);
const ringing = new Ringing(words);
const forms = place.files ? new TicketForms(words, details) : null;
const search = place.files ? startSearch(words, settle) : null;
const newcomer = place.files ? startNewResident(settle) : null;
startHelp(words);
labelKeys(document);
startKeys();

const wire = new Wire({
  changed(kind) {
    if (kind === null || kind === "queues") showQueues();
    if (kind === null || kind === "ringing") ringing.show(wire.state);
    if (kind === null || kind === "telephone") telephoneOpened(wire.state.telephone);
    if (kind === null || ["presence", "ringing", "card", "aside", "request/talk"].includes(kind)) telephoneTold(wire.state);
    if (kind === null || kind === "ringing" || kind === "card") showHanded(wire.state);
    if (kind === null || kind === "presence" || kind === "request/presence") showPresence(wire.state);
    if (kind === null || kind === "outages") showOutages(wire.state, kind !== null);
    if (kind === "outage_figures") showOutageFigures(wire.state);
    if (kind === null || kind === "crews") showCrewAnswers(wire.state, kind !== null);
    if (kind === null || isRequest(kind)) showRequests(wire.state, kind);
    if (kind === null || ["card", "recording", "presence", "outages"].includes(kind)) showCard();
  },
  connected: showConnected,
  entered: renewTelephone,
  refused: () => {
    toast(texts.not_saved);
    showPresence(wire.state);
  },
});

startTelephone((message) => wire.say(message), () => wire.renew());
offerPresence(wire);

function showQueues() {
  const busy = showFigures(wire.state.queues).filter((queue) => queue.waiting > 0);
  $("queues").replaceChildren(
    ...busy.map((queue) => el("li", "", el("span", "", company(queue.queue)), el("b", "", String(queue.waiting)))),
  );
}

function showCard() {
  const { card } = wire.state;
  if ((card?.call ?? "") !== details.call) search?.forCall(card?.company_id ?? null);
  details.follow(card);
  drawCard();
}

function drawCard() {
  view.show(wire.state);
  forms?.show(wire.state.card, details.found);
  newcomer?.show(details.found);
}

/** @param {CallerChoice} caller */
async function settle(caller) {
  if (!await details.settle(caller)) return false;
  forms?.refresh();
  // Somebody new of a flat is still to be named.
  if ($("new-resident").hidden) forms?.focus();
  else $("new-resident-name").focus();
  return true;
}
