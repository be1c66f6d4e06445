// The list is fetched again while words are typed; J and K go through it, Enter opens, / goes to the search.

const list = /** @type {HTMLElement} */ (document.getElementById("list"));
const filter = /** @type {HTMLFormElement} */ (document.getElementById("filter"));
const q = /** @type {HTMLInputElement} */ (document.getElementById("q"));
const TYPING_MS = 350;

/** @type {AbortController | null} */
let asking = null;

function query() {
  const given = [...new FormData(filter)].map(([name, value]) => [name, String(value)]);
  return new URLSearchParams(given.filter(([, value]) => value.trim())).toString();
}

async function refresh() {
  asking?.abort();
  const mine = (asking = new AbortController());
  try {
    const answer = await fetch(`/listening/list${location.search}`, { headers: { Accept: "text/html" }, signal: mine.signal });
    if (answer.redirected || answer.status === 401) return location.assign("/login");
    if (!answer.ok && answer.status !== 400) return;
    // Rendered and escaped by the server.
    const piece = new DOMParser().parseFromString(await answer.text(), "text/html");
    list.replaceChildren(...piece.body.childNodes);
  } catch {
    // Aborted, or no network: what is typed next fetches again.
  }
}

/** @type {number | undefined} */
let typing;
q.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => {
    const asked = query();
    history.replaceState(null, "", asked ? `/listening?${asked}` : "/listening");
    refresh();
  }, TYPING_MS);
});
for (const each of filter.querySelectorAll("select, input[type=date]")) {
  each.addEventListener("change", () => filter.requestSubmit());
}
filter.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(typing);
  const asked = query();
  location.assign(asked ? `/listening?${asked}` : "/listening");
});

/** @param {number} step how many lines down */
function choose(step) {
  const links = [.../** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll(".no a"))];
  const now = links.findIndex((link) => link.classList.contains("chosen"));
  const next = links[Math.min(Math.max(now + step, 0), links.length - 1)];
  if (!next) return;
  links[now]?.classList.remove("chosen");
  next.classList.add("chosen");
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && event.target === q) return q.blur();
  if (event.target instanceof Element && event.target.closest("input, select, textarea")) return;
  // By the place of the key, so that it is the same one under a Russian layout.
  if (event.code === "KeyJ") choose(1);
  else if (event.code === "KeyK") choose(-1);
  else if (event.code === "Slash") { event.preventDefault(); q.focus(); q.select(); }
});
