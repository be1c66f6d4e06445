// Who calls, when the directory does not know the number: an address or a name as one types, somebody new, another telephone.

import { $, el, fill } from "/static/web/ui.js";
import { keyed, put } from "/static/web/inplace.js";
import { onKey } from "./keys.js";

/** @import { CallerChoice, CardDetails, Lookup } from "types/page" */
/** @import { CardTexts } from "types/texts" */
/** @typedef {{ key: string, text: string, caller: CallerChoice }} Choice */

const PAUSE_MS = 200;

/**
 * @param {CardTexts} texts
 * @param {(caller: CallerChoice) => Promise<boolean>} settle
 */
export function startSearch(texts, settle) {
  const field = /** @type {HTMLInputElement} */ ($("lookup-query"));
  const list = $("lookup-found");
  let company = 0;
  /** @type {number | undefined} */
  let timer;
  let turn = 0;

  const clear = () => {
    turn++;
    field.value = "";
    list.replaceChildren();
    put($("lookup-said"), "");
  };
  const choose = async (/** @type {CallerChoice} */ caller) => {
    if (await settle(caller)) clear();
  };
  const look = async () => {
    const mine = ++turn;
    const query = field.value.trim();
    if (query.length < 2) {
      list.replaceChildren();
      put($("lookup-said"), "");
      return;
    }
    try {
      const answer = await fetch(`/directory/lookup?${new URLSearchParams({ q: query, company: String(company) })}`);
      if (mine !== turn || !answer.ok) return;
      show(await answer.json());
    } catch {
      // No network: the next letter asks again.
    }
  };
  const show = (/** @type {Lookup} */ found) => {
    const choices = choicesOf(found, texts);
    keyed(list, choices, (choice) => choice.key, (choice) => {
      const button = el("button", "quiet", choice.text);
      button.type = "button";
      button.addEventListener("click", () => void choose(choice.caller));
      return el("li", "", button);
    });
    put($("lookup-said"), choices.length ? (found.more ? texts.lookup_more : "") : texts.lookup_none);
  };

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => void look(), PAUSE_MS);
  });
  $("lookup").addEventListener("submit", (event) => {
    event.preventDefault();
    list.querySelector("button")?.click();
  });
  $("lookup").addEventListener("keydown", (event) => walk(event, field, list));
  onKey("search", () => field.focus());

  return {
    /** @param {number | null} of for callers of which company */
    forCall: (of) => {
      company = of ?? 0;
      clear();
    },
  };
}

/**
 * Up and down go from the field through what was found.
 *
 * @param {KeyboardEvent} event
 * @param {HTMLElement} field
 * @param {HTMLElement} list
 */
function walk(event, field, list) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const stops = [field, ...list.querySelectorAll("button")];
  const next = stops[stops.indexOf(/** @type {HTMLElement} */ (document.activeElement)) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

/**
 * People with their flats, each flat also for somebody new, houses.
 *
 * @param {Lookup} found
 * @param {CardTexts} texts
 * @returns {Choice[]}
 */
function choicesOf(found, texts) {
  /** @type {Choice[]} */
  const choices = [];
  for (const { resident_id: resident, premises_id: premises, name, address, flat } of found.people) {
    const place = `${address}, ${fill(texts.flat, { flat })}`;
    if (resident) choices.push({ key: `r${resident}`, text: `${place} · ${name}`, caller: { resident_id: resident } });
    if (choices.every((choice) => choice.caller.premises_id !== premises)) {
      choices.push({ key: `p${premises}`, text: `${place} · ${texts.lookup_new}`, caller: { premises_id: premises } });
    }
  }
  // Those who live there come before the flats for somebody new.
  choices.sort((a, b) => Number("premises_id" in a.caller) - Number("premises_id" in b.caller));
  for (const { house_id: house, address } of found.houses) {
    choices.push({ key: `h${house}`, text: `${address} · ${texts.lookup_house}`, caller: { house_id: house } });
  }
  return choices;
}

/**
 * The field for the name of somebody new, which is there when a flat is known and nobody of it.
 *
 * @param {(caller: CallerChoice) => Promise<boolean>} settle
 */
export function startNewResident(settle) {
  const field = /** @type {HTMLInputElement} */ ($("new-resident-name"));
  let premises = 0;
  $("new-resident").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (field.value.trim() && await settle({ premises_id: premises, name: field.value })) field.value = "";
  });
  return {
    /** @param {CardDetails | null} found */
    show: (found) => {
      const unnamed = found && !found.resident_id && found.premises_id ? found.premises_id : 0;
      if (unnamed !== premises) field.value = "";
      premises = unnamed;
      $("new-resident").hidden = !unnamed;
    },
  };
}
