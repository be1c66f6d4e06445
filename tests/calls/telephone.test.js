// The telephone's rules, as scripts of what happened and what was to be done. `node --test 'tests/**/*.test.js'`.

import assert from "node:assert/strict";
import { test } from "node:test";

import { quality, reading } from "../../callcenter/calls/static/quality.js";
import { START, step } from "../../callcenter/calls/static/telephone.js";

/** Play these events; the telephone after them, and what it ordered at the last one. */
function after(...events) {
  let state = START;
  let orders = [];
  for (const event of events) [state, orders] = step(state, typeof event === "string" ? { type: event } : event);
  return { ...state, orders: orders.map((order) => order.do), last: orders.at(-1) };
}

const READY = ["started", "claimed", "microphone_given", "opened", "registered"];
const RANG = { type: "rang", caller: "+79001234567", byItself: false };
const TALK = [...READY, RANG, "answer", "talking"];

test("it claims the telephone, asks for the microphone, opens, registers", () => {
  assert.deepEqual(after("started").orders, ["claim"]);
  assert.deepEqual(after("started", "claimed").orders, ["ask_microphone"]);
  assert.deepEqual(after("started", "claimed", "microphone_given").orders, ["open"]);
  assert.deepEqual(after("started", "claimed", "microphone_given", "opened").orders, ["register"]);
  assert.equal(after(...READY).line, "ready");
});

test("a second tab waits, and takes over when the first is closed", () => {
  assert.equal(after("started", "claimed_elsewhere").line, "elsewhere");
  assert.deepEqual(after("started", "claimed_elsewhere", "claimed").orders, ["ask_microphone"]);
});

test("without a microphone it says so, and asks again when told to", () => {
  assert.equal(after("started", "claimed", "microphone_refused").line, "deaf");
  assert.deepEqual(after("started", "claimed", "microphone_refused", "take").orders, ["ask_microphone"]);
});

test("an account that Asterisk does not know yet is tried again; one that it knew is in use elsewhere", () => {
  const opened = READY.slice(0, -1);
  const early = after(...opened, "refused");
  assert.deepEqual([early.line, early.orders], ["registering", ["retry"]]);
  assert.deepEqual(after(...opened, "refused", "retried").orders, ["register"]);
  const taken = after(...READY, "refused");
  assert.deepEqual([taken.line, taken.orders], ["taken", ["close"]]);
  assert.deepEqual(after(...READY, "refused", "take").orders, ["open"]);
  assert.equal(after(...READY, "refused", "take", "opened", "refused").line, "registering");
});

test("a telephone that another session has opened is closed at once", () => {
  const taken = after(...READY, "taken_over");
  assert.deepEqual([taken.line, taken.orders], ["taken", ["close"]]);
  assert.equal(after("started", "claimed", "taken_over").line, "asking");
});

test("a lost connection leaves the talk alone, and is over when it registers again", () => {
  const lost = after(...TALK, "disconnected");
  assert.deepEqual([lost.line, lost.call.phase], ["lost", "talking"]);
  assert.equal(after(...TALK, "disconnected", "registered").line, "ready");
});

test("a service that is away is asked again", () => {
  assert.deepEqual(after("started", "claimed", "microphone_given", "not_opened").orders, ["retry"]);
  assert.deepEqual(after("started", "claimed", "microphone_given", "not_opened", "retried").orders, ["open"]);
});

test("it rings until it is answered", () => {
  assert.deepEqual(after(...READY, RANG).orders, ["ring"]);
  const answered = after(...READY, RANG, "answer");
  assert.deepEqual([answered.call.phase, answered.orders], ["answering", ["stop_ringing", "answer"]]);
  assert.equal(after(...TALK).call.phase, "talking");
});

test("it answers by itself with a tone when told to, or when Asterisk brings a caller back", () => {
  assert.deepEqual(after({ type: "answers", byItself: true }, ...READY, RANG).orders, ["beep", "answer"]);
  assert.deepEqual(after(...READY, { ...RANG, byItself: true }).orders, ["beep", "answer"]);
});

test("a call that rings is rejected, one that is answered is hung up", () => {
  assert.deepEqual(after(...READY, RANG, "hang_up").orders, ["reject"]);
  assert.deepEqual(after(...TALK, "hang_up").orders, ["hang_up"]);
  assert.equal(after(...TALK, "hang_up", "ended").call, null);
});

test("a caller who hangs up while it rings was missed", () => {
  const missed = after(...READY, RANG, "missed");
  assert.deepEqual([missed.call, missed.note, missed.orders], [null, "missed", ["stop_ringing"]]);
  assert.equal(after(...READY, RANG, "answer", "missed").note, "");
});

test("a microphone that fails at the answer gives the caller to somebody else", () => {
  const failed = after(...READY, RANG, "answer", "microphone_failed");
  assert.deepEqual([failed.call, failed.note, failed.orders], [null, "no_microphone", ["reject"]]);
});

test("a microphone that is unplugged in a talk is looked for, then and whenever the devices change", () => {
  const gone = after(...TALK, "microphone_gone");
  assert.deepEqual([gone.call.phase, gone.call.deaf, gone.orders], ["talking", true, ["find_microphone"]]);
  assert.deepEqual(after(...TALK, "microphone_gone", "devices_changed").orders, ["find_microphone"]);
  assert.equal(after(...TALK, "microphone_gone", "microphone_found").call.deaf, false);
  assert.deepEqual(after(...TALK, "devices_changed").orders, []);
});

test("a new session's account is asked for at once, in a talk after it", () => {
  const idle = after(...READY, "renewed");
  assert.deepEqual([idle.line, idle.known, idle.orders], ["opening", false, ["open"]]);
  const talking = after(...TALK, "renewed");
  assert.deepEqual([talking.line, talking.call.phase, talking.orders], ["ready", "talking", []]);
  const ended = after(...TALK, "renewed", "ended");
  assert.deepEqual([ended.line, ended.orders], ["opening", ["stop_ringing", "open"]]);
  assert.deepEqual(after("started", "claimed_elsewhere", "renewed").orders, []);
  assert.equal(step(START, { type: "renewed" })[0], START);
});

test("mute is immediate, hold is what Asterisk has done", () => {
  assert.deepEqual(after(...TALK, "mute").last, { do: "mute", on: true });
  assert.deepEqual(after(...TALK, "mute", "mute").last, { do: "mute", on: false });
  const asked = after(...TALK, "hold");
  assert.deepEqual([asked.call.held, asked.last], [false, { do: "hold", on: true }]);
  assert.deepEqual(after(...TALK, "hold", "hold").orders, []);
  assert.equal(after(...TALK, "hold", "held").call.held, true);
  assert.deepEqual(after(...TALK, "hold", "held", "hold").last, { do: "hold", on: false });
});

test("keys are sent and shown in a talk only", () => {
  const keyed = after(...TALK, { type: "key", key: "4" }, { type: "key", key: "#" });
  assert.deepEqual([keyed.call.keys, keyed.last], ["4#", { do: "send", key: "#" }]);
  assert.deepEqual(after(...READY, RANG, { type: "key", key: "4" }).orders, []);
});

test("a transfer that fails leaves the caller with the operator", () => {
  const to = { type: "transfer", to: "op-02", note: "" };
  assert.deepEqual(after(...TALK, to).last, { do: "ask", step: "transfer", to: "op-02", note: "" });
  assert.deepEqual(after(...TALK, to, to).orders, []);
  const back = after(...TALK, to, "not_transferred");
  assert.deepEqual([back.call.phase, back.note], ["talking", "not_transferred"]);
  assert.deepEqual(after(...TALK, to, "not_transferred", to).orders, ["ask"]);
});

const aside = (phase, why = "") => ({ type: "aside", aside: { phase, whom: "op-02", why } });
const CONSULT = { type: "consult", to: "op-02", note: "просит мастера" };

test("a colleague is asked, and then has the caller, or all three talk, or nobody is asked any more", () => {
  assert.deepEqual(after(...TALK, CONSULT).last, { do: "ask", step: "consult", to: "op-02", note: "просит мастера" });
  assert.deepEqual(after(...TALK, aside("ringing"), "complete").orders, []);
  assert.equal(after(...TALK, aside("ringing"), "back").last.step, "back");
  for (const step of ["complete", "conference", "back"]) assert.equal(after(...TALK, aside("asking"), step).last.step, step);
  assert.deepEqual(after(...TALK, aside("conference"), "back").orders, []);
  assert.equal(after(...TALK, aside("asking"), { type: "aside", aside: null }).aside, null);
});

test("without a caller who waits nobody is handed over, and while one waits nobody else is asked", () => {
  for (const step of ["complete", "conference", "back"]) assert.deepEqual(after(...TALK, step).orders, []);
  for (const phase of ["ringing", "asking", "conference"]) assert.deepEqual(after(...TALK, aside(phase), CONSULT).orders, []);
  assert.deepEqual(after(...TALK, aside("asking"), { type: "transfer", to: "op-03", note: "" }).orders, []);
  assert.deepEqual(after(...TALK, aside("held"), CONSULT).orders, ["ask"]);
  assert.deepEqual(after(...READY, CONSULT).orders, []);
});

test("who did not answer is said, and the talk goes on", () => {
  const busy = after(...TALK, aside("ringing"), aside("over", "BUSY"));
  assert.deepEqual([busy.aside, busy.note, busy.call.phase], [null, "busy", "talking"]);
  assert.equal(after(...TALK, aside("ringing"), aside("over", "NOANSWER")).note, "no_answer");
  assert.equal(after(...TALK, aside("asking"), aside("over")).note, "");
  assert.equal(after(...TALK, aside("asking"), "ended").aside, null);
});

test("a number is dialled when the telephone is ready and in no call", () => {
  const dial = { type: "dial", number: "+79001234567" };
  const calling = after(...READY, dial);
  assert.deepEqual([calling.last, calling.call.phase, calling.call.caller], [{ do: "dial", number: "+79001234567" }, "calling", "+79001234567"]);
  assert.deepEqual(after(...READY, dial, "hang_up").orders, ["hang_up"]);
  assert.equal(after(...READY, dial, "failed").note, "failed");
  assert.deepEqual(after(...TALK, dial).orders, []);
  assert.deepEqual(after("started", dial).orders, []);
});

test("what does not fit changes nothing", () => {
  for (const type of ["registered", "answer", "hang_up", "mute", "hold", "held", "talking", "ended", "echo", "retried"]) {
    assert.equal(step(START, { type })[0], START, type);
  }
  const ringing = after(...READY, RANG);
  assert.deepEqual(after(...READY, RANG, "mute").call, ringing.call);
  assert.deepEqual(after(...READY, RANG, "echo").orders, []);
});

test("the quality is said by what was lost, late or uneven since the last reading", () => {
  const before = { received: 1000, lost: 50, jitter: 0.001, roundTrip: 0.02 };
  const now = { ...before, received: 1100 };
  assert.equal(quality(before, now), "good");
  assert.equal(quality(before, { ...now, lost: 52 }), "fair");
  assert.equal(quality(before, { ...now, jitter: 0.04 }), "fair");
  assert.equal(quality(before, { ...now, roundTrip: 0.7 }), "bad");
  assert.equal(quality(before, { ...now, lost: 60 }), "bad");
  assert.equal(quality(before, before), "silent");
});

test("a reading takes the sound that comes and the way that is used", () => {
  const report = new Map([
    ["a", { type: "inbound-rtp", kind: "audio", packetsReceived: 5, packetsLost: 1, jitter: 0.002 }],
    ["b", { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.1 }],
    ["c", { type: "candidate-pair", nominated: false, currentRoundTripTime: 9 }],
  ]);
  assert.deepEqual(reading(report), { received: 5, lost: 1, jitter: 0.002, roundTrip: 0.1 });
  assert.deepEqual(reading(new Map()), { received: 0, lost: 0, jitter: 0, roundTrip: 0 });
});
