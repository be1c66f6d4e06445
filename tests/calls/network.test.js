// When the page suspects that its network is gone or another one. `node --test 'tests/**/*.test.js'`.

import assert from "node:assert/strict";
import { test } from "node:test";

import { watchNetwork } from "../../callcenter/calls/static/network.js";

/** A watched page: `received` is what the browser says of the sound, `pass` lets half-seconds go by. */
function watched(t) {
  t.mock.timers.enable({ apis: ["setInterval", "Date"], now: 1_000_000 });
  const page = { received: 0, suspected: 0, listeners: {} };
  globalThis.addEventListener = (name, listener) => (page.listeners[name] = listener);
  watchNetwork(async () => page.received, () => (page.suspected += 1));
  page.pass = async (halves, packets = 0) => {
    for (let n = 0; n < halves; n += 1) {
      if (page.received !== null) page.received += packets;
      t.mock.timers.tick(500);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return page;
}

test("a silence is suspected once, and the next one again", async (t) => {
  const page = watched(t);
  await page.pass(10, 25);
  assert.equal(page.suspected, 0);
  await page.pass(3);
  assert.equal(page.suspected, 0, "a second and a half may be lost");
  await page.pass(10);
  assert.equal(page.suspected, 1);
  await page.pass(2, 25);
  await page.pass(5);
  assert.equal(page.suspected, 2);
});

test("where no sound need come, nothing is suspected", async (t) => {
  const page = watched(t);
  page.received = null;
  await page.pass(20);
  assert.equal(page.suspected, 0);
});

test("a browser that is on-line again may be so by another network", (t) => {
  const page = watched(t);
  page.listeners.online();
  assert.equal(page.suspected, 1);
});
