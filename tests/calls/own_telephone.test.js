// A telephone that is not in the browser, as the page hears of it. `node --test 'tests/**/*.test.js'`.

import assert from "node:assert/strict";
import { test } from "node:test";

import { OwnTelephone } from "../../callcenter/calls/static/own_telephone.js";

const BEFORE = { call: "1", caller: "+79160000001", talk_ended_at: "2026-11-28T06:00:00Z" };
const RINGING = { call: "2", caller: "+79160000002" };

function telephone() {
  const made = { events: [], said: [] };
  made.own = new OwnTelephone((event) => made.events.push(event), (message) => made.said.push(message));
  return made;
}

test("who rings is the caller who rings, not the one whose card is still shown", () => {
  const { own, events } = telephone();
  own.told({ presence: { state: "ringing" }, ringing: {}, card: BEFORE, aside: {} });
  assert.deepEqual(events, [], "it is not said yet who it is");
  own.told({ presence: { state: "ringing" }, ringing: RINGING, card: BEFORE, aside: {} });
  assert.deepEqual(events, [{ type: "rang", caller: RINGING.caller, byItself: false }]);
});

test("a page that is loaded in a talk shows whose it is", () => {
  const { own, events } = telephone();
  own.told({ presence: { state: "talking" }, ringing: {}, card: BEFORE, aside: {} });
  own.told({ presence: { state: "talking" }, ringing: {}, card: { ...RINGING, talk_ended_at: null }, aside: {} });
  assert.deepEqual(events, [{ type: "rang", caller: RINGING.caller, byItself: false }, { type: "talking" }]);
});

test("what is pressed while it rings is asked of the node", () => {
  const { own, said } = telephone();
  own.answer();
  own.reject();
  assert.deepEqual(said, [{ type: "ring", answer: true }, { type: "ring", answer: false }]);
});
