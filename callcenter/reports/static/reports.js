// The list of files is fetched again while one of them is being made.
const EVERY_MS = 1500;

/**
 * Screen readers announce the list when it changes, so an unchanged one is left alone.
 *
 * @param {HTMLElement} list
 * @param {HTMLElement} fresh
 */
function show(list, fresh) {
  list.toggleAttribute("data-working", fresh.hasAttribute("data-working"));
  if (list.innerHTML === fresh.innerHTML) return;
  const at = document.activeElement?.getAttribute("href");
  list.replaceChildren(...fresh.childNodes);
  if (at) /** @type {HTMLElement | null} */ (list.querySelector(`a[href="${CSS.escape(at)}"]`))?.focus();
}

async function refresh() {
  const list = document.getElementById("orders");
  if (!list?.hasAttribute("data-working")) return;
  try {
    const answer = await fetch(list.dataset.from ?? "/reports/exports", { headers: { Accept: "text/html" } });
    if (answer.redirected || answer.status === 401) return location.assign("/login");
    if (answer.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      show(list, /** @type {HTMLElement} */ (page.getElementById("orders")));
    }
  } catch {
    // The server is unavailable; the list stays as it is until it returns.
  }
  setTimeout(refresh, EVERY_MS);
}

setTimeout(refresh, EVERY_MS);
