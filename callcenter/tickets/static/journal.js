// The list is fetched again when a ticket changes, and when the filter does.

import { filteredList } from "/static/web/list.js";
import { startChoosing } from "./choosing.js";

// A ticket becomes late without a change.
const TIME_PASSES_MS = 60000;

let lost = false;
const { list, refresh } = filteredList("/tickets", () => {
  showLost(lost);
  showChosen();
});
const showChosen = startChoosing(list);

/** @param {boolean} is */
function showLost(is) {
  lost = is;
  const note = list.querySelector(".link-lost");
  if (note) note.textContent = is ? document.querySelector("main")?.dataset.stale ?? "" : "";
}

// An incident is opened and closed in its place; what is open is in the address, and so in what is fetched again.
list.addEventListener("click", async (event) => {
  const fold = event.target instanceof Element ? event.target.closest("a.fold") : null;
  if (!(fold instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  history.replaceState(null, "", fold.href);
  await refresh();
  document.getElementById(fold.id)?.focus();
});

function listen() {
  const feed = new EventSource("/tickets/live");
  feed.onopen = () => showLost(false);
  feed.addEventListener("changed", refresh);
  feed.addEventListener("ended", () => location.assign("/login"));
  feed.onerror = () => {
    showLost(true);
    if (feed.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
  };
  addEventListener("pagehide", () => feed.close(), { once: true });
}
listen();
addEventListener("pageshow", (event) => event.persisted && location.reload());
setInterval(() => document.hidden || refresh(), TIME_PASSES_MS);
