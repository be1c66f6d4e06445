// Buttons that call somebody: `data-call-out` is the number, `data-ticket` the ticket that it is about. Whether the call may go
// out the service decides; a telephone in the browser is in the tab that has it, which is told.

const DIALS = "callcenter call out";
const ANSWERED_WITHIN_MS = 1000;

/** @typedef {{ number: string, allowed: boolean, words: string, here: boolean }} Answer */

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (button?.dataset.callOut) void callOut(button, button.dataset.callOut, button.dataset.ticket ?? "");
});

/**
 * @param {HTMLButtonElement} button
 * @param {string} number
 * @param {string} ticket
 */
async function callOut(button, number, ticket) {
  button.disabled = true;
  try {
    const answer = await fetch("/calls-out", { method: "POST", body: new URLSearchParams({ number, ticket }) });
    if (!answer.ok) return say(button, button.dataset.failed ?? "");
    /** @type {Answer} */
    const decided = await answer.json();
    if (!decided.allowed) say(button, decided.words);
    else if (!decided.here || (await dialled(decided.number))) say(button, "");
    else say(button, button.dataset.nowhere ?? "");
  } catch {
    say(button, button.dataset.failed ?? "");
  } finally {
    button.disabled = false;
  }
}

/**
 * @param {HTMLButtonElement} button
 * @param {string} words
 */
function say(button, words) {
  let place = button.nextElementSibling;
  if (!place?.matches(".call-out-says")) {
    place = document.createElement("span");
    place.className = "call-out-says";
    place.setAttribute("role", "alert");
    button.after(place);
  }
  place.textContent = words;
}

/** @type {(number: string) => Promise<boolean>} whether the tab with the telephone has taken it */
function dialled(number) {
  const channel = new BroadcastChannel(DIALS);
  return new Promise((resolve) => {
    const timer = setTimeout(() => done(false), ANSWERED_WITHIN_MS);
    const done = (/** @type {boolean} */ taken) => {
      clearTimeout(timer);
      channel.close();
      resolve(taken);
    };
    channel.addEventListener("message", ({ data }) => data.taken === number && done(true));
    channel.postMessage({ dial: number });
  });
}

/** @param {(number: string) => boolean} dial whether it does */
export function dialForButtons(dial) {
  const channel = new BroadcastChannel(DIALS);
  channel.addEventListener("message", ({ data }) => {
    if (data.dial && dial(data.dial)) channel.postMessage({ taken: data.dial });
  });
}
