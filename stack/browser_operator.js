// In the page of an operator of a surge, before its own scripts; stack/browsers.py says RING_MS and TALK_MS.

/** @type {{ caller: string, at: number }[]} */
const painted = [];
/** @type {{ caller: string, began: number, ended?: number }[]} */
const talks = [];
Object.assign(window, { seen: { painted, talks } });

const now = () => performance.timeOrigin + performance.now();

// What came by the socket is not on the page yet; the observer sees when it is.
/** @type {{ call: string, caller: string } | null} */
let coming = null;
let shown = "";

const Socket = window.WebSocket;
window.WebSocket = class extends Socket {
  /** @param {[string | URL, (string | string[])?]} given */
  constructor(...given) {
    super(...given);
    if (!String(given[0]).endsWith(location.host + "/ws")) return;
    this.addEventListener("message", ({ data }) => {
      const message = JSON.parse(data);
      const card = message.type === "delta" && message.kind === "card" ? message.body : null;
      if (card?.call && card.call !== shown) coming = { call: card.call, caller: card.caller };
    });
  }
};

/** @param {string} does */
const press = (does) => /** @type {HTMLElement | null} */ (document.querySelector(`[data-does="${does}"]`))?.click();

document.addEventListener("DOMContentLoaded", () => {
  const card = document.getElementById("card"), telephone = document.getElementById("telephone");
  if (!card || !telephone) return;
  new MutationObserver(() => {
    if (!coming) return;
    const { call, caller } = coming;
    [shown, coming] = [call, null];
    requestAnimationFrame(() => {
      // The frame is painted when this task is over; what is posted now comes after it.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => painted.push({ caller, at: now() });
      port2.postMessage(null);
    });
  }).observe(card, { childList: true, subtree: true });
  let phase = "";
  new MutationObserver(() => {
    if (telephone.dataset.phase === phase) return;
    if (phase === "talking") Object.assign(talks.at(-1) ?? {}, { ended: now() });
    phase = telephone.dataset.phase ?? "";
    if (phase === "ringing") setTimeout(press, RING_MS, "answer");
    if (phase !== "talking") return;
    const number = document.getElementById("telephone-caller")?.textContent ?? "";
    talks.push({ caller: `+${number.replace(/\D/g, "")}`, began: now() });
    setTimeout(press, TALK_MS, "hang_up");
  }).observe(telephone, { attributeFilter: ["data-phase"] });
});
