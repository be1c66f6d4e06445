// The list is fetched again when a ticket changes, and when the filter does; the address says what is shown.

const list = /** @type {HTMLElement} */ (document.getElementById("list"));
const filter = /** @type {HTMLFormElement} */ (document.getElementById("filter"));
const q = /** @type {HTMLInputElement} */ (document.getElementById("q"));
const TYPING_MS = 350;
// What is late becomes so without a change.
const TIME_PASSES_MS = 60000;

/** @type {AbortController | null} */
let asking = null;
let lost = false;

/** @param {HTMLFormElement} form */
function addressOf(form) {
  const given = [...new FormData(form)].map(([name, value]) => [name, String(value)]).filter(([, value]) => value.trim());
  const query = new URLSearchParams(given).toString();
  return query ? `/tickets?${query}` : "/tickets";
}

/** @param {boolean} is */
function showLost(is) {
  lost = is;
  const note = list.querySelector(".link-lost");
  if (note) note.textContent = is ? document.querySelector("main")?.dataset.stale ?? "" : "";
}

async function refresh() {
  asking?.abort();
  const mine = (asking = new AbortController());
  try {
    const answer = await fetch(`/tickets/list${location.search}`, { headers: { Accept: "text/html" }, signal: mine.signal });
    if (answer.redirected || answer.status === 401) return location.assign("/login");
    if (!answer.ok && answer.status !== 400) return;
    // Rendered and escaped by the server.
    const piece = new DOMParser().parseFromString(await answer.text(), "text/html");
    const focused = list.contains(document.activeElement) ? document.activeElement?.getAttribute("href") : null;
    list.replaceChildren(...piece.body.childNodes);
    if (focused) /** @type {HTMLElement | null} */ (list.querySelector(`a[href="${CSS.escape(focused)}"]`))?.focus();
    showLost(lost);
  } catch {
    // Aborted, or no network: the feed says so, and what comes next fetches again.
  }
}

// Words are looked for while they are typed; other filters bring a whole page, with what belongs to them.
/** @type {number | undefined} */
let typing;
q.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => {
    history.replaceState(null, "", addressOf(filter));
    refresh();
  }, TYPING_MS);
});
for (const each of filter.querySelectorAll("select, input[type=date]")) {
  each.addEventListener("change", () => filter.requestSubmit());
}
filter.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(typing);
  location.assign(addressOf(filter));
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
