// A list with a filter above it: fetched again while words are typed; other fields bring a whole page, with what belongs to
// them. The address says what is shown.

const TYPING_MS = 350;

// `path`: of the page; its list alone is at `path`/list. `shown` is called with the list each time it is new.
export function filteredList(path, shown = () => {}) {
  const list = document.getElementById("list");
  const filter = document.getElementById("filter");
  let asking = null;
  let typing = null;

  function address() {
    const given = [...new FormData(filter)].filter(([, value]) => value.trim());
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
      const focused = list.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
      list.replaceChildren(...piece.body.childNodes);
      if (focused) list.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
      shown(list);
    } catch {
      // Aborted, or no network: what comes next fetches again.
    }
  }

  document.getElementById("q").addEventListener("input", () => {
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
