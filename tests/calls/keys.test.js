// What a key means depends on where it is and whether somebody types, and on nothing else.

import assert from "node:assert/strict";
import { test } from "node:test";
import { KEYS, meaning, written } from "../../callcenter/calls/static/keys.js";

const press = (code, more = {}) => ({ code, key: "", altKey: false, shiftKey: false, ctrlKey: false, metaKey: false, ...more });

test("a letter stands for itself outside of fields, and with Alt everywhere", () => {
  assert.deepEqual(meaning(press("KeyS"), false), { does: "subject", which: 1 });
  assert.deepEqual(meaning(press("KeyS", { altKey: true }), false), { does: "subject", which: 1 });
  assert.deepEqual(meaning(press("KeyS", { altKey: true }), true), { does: "subject", which: 1 });
  assert.equal(meaning(press("KeyS"), true), null);
});

test("nothing but function keys means anything while somebody types without a modifier", () => {
  const typing = KEYS.flatMap(({ code, upTo }) => (upTo ? [`${code}1`] : [code]))
    .filter((code) => meaning(press(code), true) ?? meaning(press(code, { shiftKey: true }), true));
  assert.deepEqual([...new Set(typing)], ["F2", "F4", "F8", "F9"]);
});

test("the key's place counts, not the letter of the layout", () => {
  assert.deepEqual(meaning(press("KeyN", { key: "т" }), false), { does: "second", which: 1 });
  assert.equal(meaning(press("Comma", { key: "n" }), false), null);
});

test("digits choose a category, with Shift somebody on the number", () => {
  assert.deepEqual(meaning(press("Digit3"), false), { does: "category", which: 3 });
  assert.deepEqual(meaning(press("Digit3", { shiftKey: true }), false), { does: "candidate", which: 3 });
  assert.deepEqual(meaning(press("Digit3", { shiftKey: true, altKey: true }), true), { does: "candidate", which: 3 });
  for (const code of ["Digit0", "Digit", "Digit11"]) assert.equal(meaning(press(code), false), null);
  assert.equal(meaning(press("Digit5", { shiftKey: true }), false), null);
});

test("the question mark is wherever the layout has it", () => {
  assert.equal(meaning(press("Slash", { shiftKey: true, key: "?" }), false)?.does, "help");
  assert.equal(meaning(press("Digit7", { shiftKey: true, key: "?" }), false)?.does, "help");
  assert.equal(meaning(press("Digit7", { shiftKey: true, key: "?" }), true), null);
});

test("what the browser has for itself is left to it", () => {
  for (const code of ["KeyS", "KeyN", "KeyW", "KeyR", "KeyJ", "KeyO", "KeyA", "F4"]) assert.equal(meaning(press(code, { ctrlKey: true }), false), null);
  assert.equal(meaning(press("F4", { altKey: true }), false), null);
});

test("no two keys are the same, and each is written as it works everywhere", () => {
  const names = KEYS.map(({ does }) => written(does));
  assert.equal(new Set(names).size, KEYS.length);
  assert.deepEqual([written("answer"), written("save"), written("subject"), written("help"), written("candidate", 2), written("category")],
    ["F2", "Ctrl+Enter", "Alt+S", "?", "Alt+Shift+2", "Alt+1…9"]);
});
