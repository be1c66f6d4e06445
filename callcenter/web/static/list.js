// A list with a filter above it: fetched again while words are typed; other fields load the whole page, whose choices
// depend on them. The address reflects what is shown.

const TYPING_MS = 350;

/**
 * @param {string} path of the page; its list alone is at `path`/list
 * @param {() => void} shown called each time the list is new
 */
export function filteredList(path, shown = () => {}) {
  const list = /** @type {HTMLElement} */ (document.getElementById("list"));
  const filter = /** @type {HTMLFormElement} */ (document.getElementById("filter"));
  /** @type {AbortController | null} */
  let asking = null;
  /** @type {number | undefined} */
  let typing;

  function address() {
    const given = [...new FormData(filter)].map(([name, value]) => [name, String(value)]).filter(([, value]) => value.trim());
    const query = new URLSearchParams(given).toString();
    return query ? `${path}?${query}` : path;
  }

  async function refresh() {
    asking?.abort();
    const mine = (asking = new AbortController());
    try {
      const answer = await fetch(`${path}/list${location.search}`, { headers: { Accept: "text/html" }, signal: mine.signal });
      if (answer.redirected || answer.status === 401) return location.assign("/login");
      if (!answer.ok && answer.status !== 400) return;
      // Rendered and escaped by the server.
      const piece = new DOMParser().parseFromString(await answer.text(), "text/html");
      const focused = list.contains(document.activeElement) ? document.activeElement?.getAttribute("href") : null;
      const chosen = new Set([.../** @type {NodeListOf<HTMLInputElement>} */ (list.querySelectorAll("input:checked"))].map((each) => each.value));
      const box = document.activeElement instanceof HTMLInputElement && list.contains(document.activeElement) ? document.activeElement.value : null;
      list.replaceChildren(...piece.body.childNodes);
      for (const each of /** @type {NodeListOf<HTMLInputElement>} */ (list.querySelectorAll("input[name]"))) {
        each.checked = chosen.has(each.value);
        if (each.value === box) each.focus();
      }
      if (focused) /** @type {HTMLElement | null} */ (list.querySelector(`a[href="${CSS.escape(focused)}"]`))?.focus();
      shown();
    } catch {
      // Aborted, or no network: the next change fetches again.
    }
  }

  document.getElementById("q")?.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => {
      history.replaceState(null, "", address());
      refresh();
    }, TYPING_MS);
  });
  for (const each of filter.querySelectorAll("select, input[type=date]")) {
    each.addEventListener("change", () => filter.requestSubmit());
  }
  filter.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(typing);
    location.assign(address());
  });
  return { list, refresh };
}
